/*
 * support/web_server.h: a server on loopback whose answers a test decides.
 *
 * One thread takes one connection after another and closes each. The handler
 * runs on that thread.
 */
#ifndef TEST_SUPPORT_WEB_SERVER_H
#define TEST_SUPPORT_WEB_SERVER_H

#include <stddef.h>

#include "base/str.h"

struct web_request {
	const char *method, *path; /* path with query */
	const char *headers;	   /* as they came */
	const char *body;
	size_t body_len;
};

struct web_answer {
	int status;	    /* 200 at first */
	const char *type;   /* "text/html" at first */
	char headers[512];  /* more of them, each with its line end */
	struct tw_str body; /* released by the server */
};

typedef void (*web_handler)(struct web_answer *out, const struct web_request *req, void *ctx);

struct web_server; /* opaque */

struct web_server *web_server_start(web_handler handler, void *ctx);
void web_server_stop(struct web_server *s);
int web_server_port(const struct web_server *s);

#endif
