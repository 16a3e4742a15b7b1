/*
 * serve/access.h: who may ask what: Host, Origin, content type, token.
 *
 * A plain function of a request's headers. Host against DNS rebinding, Origin
 * and Sec-Fetch-Site against other pages in the user's browser, the content
 * type against forms, the token against everybody else.
 */
#ifndef TW_SERVE_ACCESS_H
#define TW_SERVE_ACCESS_H

#include <stdbool.h>

#include "base/hash.h"
#include "core/opt.h"

struct tw_access {
	const char *address;	 /* that the server listens on */
	struct tw_strings hosts; /* further names */
	bool has_token;
	struct tw_digest token; /* of the token: the token itself is not kept */
};

struct tw_access_request { /* NULL: no such header */
	const char *method, *path, *host, *origin, *fetch_site, *content_type, *authorization;
};

void tw_access_set_token(struct tw_access *a, const char *token);

/* 0, or the HTTP status to refuse with; *why is for the client. */
int tw_access_check(const struct tw_access *a, const struct tw_access_request *r, const char **why);

/* What the page itself is made of, and /healthz: nothing that needs a token. */
bool tw_access_is_public(const char *path);

#endif
