/*
 * base/http.h: the one function that fetches.
 *
 * Over libcurl. Only http and https, no proxy, TLS checked, redirects (at most
 * 5) checked like the first URL, bodies bounded. The address that was really
 * connected to is checked: private, loopback, link-local, multicast, mapped,
 * 6to4 and Teredo addresses are refused unless the client allows private
 * hosts. A client in offline mode refuses everything with TW_NETWORK.
 * A client may be used by one thread at a time.
 */
#ifndef TW_BASE_HTTP_H
#define TW_BASE_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"

struct tw_http; /* opaque */

struct tw_http_policy {
	bool offline;		/* refuse all */
	bool allow_private;	/* loopback and private addresses are fine */
	const char *user_agent; /* NULL: "twin/VERSION" */
};

struct tw_http_request {
	const char *url;
	const char *method;	    /* NULL: GET, or POST with a body */
	const char *const *headers; /* "Name: value", NULL-terminated; NULL for none */
	const char *body;
	size_t body_len;
	int timeout_s;	   /* whole call; 0: 60 */
	int64_t max_body;  /* bytes; 0: 32 MiB */
	bool to_the_end;   /* goes on when tw_stopping(): for what is told at the end */
	bool no_redirects; /* a redirect is an answer too, with response.location */
	/* Optional: takes the body as it comes instead of response.body; false ends the transfer (TW_CANCELLED).
	 * The headers are in the response by then. */
	bool (*on_data)(void *ctx, const char *data, size_t len);
	void *ctx;
};

struct tw_http_response {
	int status;
	struct tw_str body;
	struct tw_str url;	    /* after redirects */
	struct tw_str content_type; /* header, "" when absent; likewise below */
	struct tw_str etag, last_modified, retry_after;
	struct tw_str location;		     /* as written */
	struct tw_str robots_tag;	     /* X-Robots-Tag, each of several on a line */
	struct tw_str link;		     /* Link (RFC 8288), likewise */
	struct tw_str rate_left, rate_reset; /* [X-]RateLimit-Remaining and -Reset */
};

TW_MUST_USE enum tw_status tw_http_new(struct tw_http **out, const struct tw_http_policy *policy,
				       struct tw_err *err);
void tw_http_free(struct tw_http *h);

/* Who fetches in place of a process that has no network. Slots as the functions below; all required. */
struct tw_http_carrier {
	struct tw_http_policy policy; /* that it keeps to */
	enum tw_status (*fetch)(struct tw_http_response *out, void *ctx,
				const struct tw_http_request *req, struct tw_err *err);
	enum tw_status (*check_host)(void *ctx, const char *host, struct tw_err *err);
	void *ctx;
};
/* A client that leaves all to the carrier, which outlives it. */
struct tw_http *tw_http_through(const struct tw_http_carrier *carrier);

/* What it was made with; user_agent is borrowed. */
struct tw_http_policy tw_http_policy_of(const struct tw_http *h);

/* For protocols that are not fetched here (ssh): TW_NETWORK when offline, or when the name does not resolve or has an
 * address that the policy refuses. Weaker than a fetch, which checks the address that it connects to. */
TW_MUST_USE enum tw_status tw_http_check_host(const struct tw_http *h, const char *host,
					      struct tw_err *err);

/* TW_OK for every HTTP status: the caller judges response->status. TW_NETWORK otherwise, naming host and reason.
 * Start *out from zeros, end it with tw_http_response_release(). */
TW_MUST_USE enum tw_status tw_http_fetch(struct tw_http_response *out, struct tw_http *h,
					 const struct tw_http_request *req, struct tw_err *err);
void tw_http_response_release(struct tw_http_response *r);

/* Resolves `ref` against `base` (RFC 3986, section 5). NULL when either is no URL. */
char *tw_url_resolve(struct tw_arena *a, const char *base, const char *ref);
char *tw_url_host(struct tw_arena *a,
		  const char *url); /* lower case with port when given; NULL when none */

#endif
