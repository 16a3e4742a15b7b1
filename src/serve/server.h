/*
 * serve/server.h: the deployed twin over HTTP.
 *
 * An OpenAI-compatible API under /v1, retrieval, features and lineage under
 * /api, /metrics, /healthz, and one page. Borrows the environment (stores,
 * configuration), owns sockets, threads and the opened deployment. A promotion
 * or rollback by another process is served from the next request on.
 *
 * Guards that are always on: loopback unless there is a token; Host from the
 * allow-list; foreign Origin refused; no CORS headers; application/json
 * required; one request a connection; bounds and deadlines on everything that a client sends.
 */
#ifndef TW_SERVE_SERVER_H
#define TW_SERVE_SERVER_H

#include "core/inbox.h"
#include "core/opt.h"
#include "inference/deployment.h"

struct tw_serve_options { /* section `serve:` */
	const char *address;
	int64_t port; /* 0: any free one */
	const char *token_file;
	struct tw_strings hosts; /* further names that requests may ask for */
	int64_t queue;		 /* answers that wait */
	int64_t max_body;	 /* bytes */
	int64_t max_connections;
	int64_t header_timeout, body_timeout, drain_timeout; /* seconds */
	const struct tw_inbox
		*inbox; /* no option: the caller's to set, and borrowed; NULL: takes no documents */
};
extern const struct tw_opt tw_serve_opts[];

/* Serves until SIGTERM, SIGINT or tw_stopping(), finishes the answers that have begun, returns TW_OK.
 * The token is TWIN_TOKEN or the content of token_file. `ref` as in tw_deployment_open(); with NULL it follows the
 * active deployment. TW_BAD_USE: address without token, or none; TW_IO: port taken. */
TW_MUST_USE enum tw_status tw_serve(const struct tw_inference_env *env,
				    const struct tw_serve_options *o, const char *ref,
				    struct tw_err *err);

/* The same in pieces, for a process that has other things to do. Signals are the caller's then. */
struct tw_server; /* opaque */
TW_MUST_USE enum tw_status tw_server_start(struct tw_server **out,
					   const struct tw_inference_env *env,
					   const struct tw_serve_options *o, const char *ref,
					   struct tw_err *err);
const char *tw_server_url(const struct tw_server *s); /* "http://127.0.0.1:8117/" */
void tw_server_stop(struct tw_server *s);	      /* drains, ends, frees; NULL is fine */

#endif
