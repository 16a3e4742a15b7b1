/*
 * serve/server_int.h: what the files of the API share.
 *
 * A call is one request on its way to its answer. It lives in the exchange's
 * arena; each handler ends it with exactly one of tw_call_*() below, or takes
 * over the exchange and tells the metrics with tw_call_done().
 */
#ifndef TW_SERVE_SERVER_INT_H
#define TW_SERVE_SERVER_INT_H

#include <stdatomic.h>

#include "inference/answer.h"
#include "serve/access.h"
#include "serve/chat_request.h"
#include "serve/current.h"
#include "serve/http_server.h"
#include "serve/lane.h"
#include "serve/metrics.h"
#include "serve/server.h"

struct tw_server {
	const struct tw_inference_env *env; /* the caller's, who outlives the server */
	struct tw_serve_options options;
	struct tw_access access;
	struct tw_http_server *http;
	struct tw_current *current;
	struct tw_lane *chat;  /* answers, one at a time */
	struct tw_lane *light; /* search, embeddings, features, lineage */
	struct tw_metrics *metrics;
	struct tw_arena arena;
	const char *url, *model_id, *embedder_id;
	int64_t started_ms;
	double started_s;
	atomic_bool draining; /* new requests are refused */
	atomic_bool cancel;   /* running answers end */
};

struct tw_call;

struct tw_route {
	const char *method, *path; /* a path that ends in '/' is a prefix, "/" alone is not */
	void (*fn)(struct tw_call *call); /* on the server's thread: must not wait */
};

struct tw_call {
	struct tw_server *server;
	struct tw_exchange *x;
	const struct tw_route *route;
	const char *rest; /* of the path behind a prefix */
	void *state;	  /* of the handler */
};

void tw_call_reply(struct tw_call *c, int status, const char *type, const void *data, size_t len);
/* Releases *json. */
void tw_call_json(struct tw_call *c, int status, struct tw_str *json);
void tw_call_error(struct tw_call *c, int status, const char *param, const char *code,
		   const char *fmt, ...) TW_PRINTF(5, 6);
void tw_call_api_error(struct tw_call *c, const struct tw_api_error *e);
/* A failed function: status by its code; details of faults of ours go to the log. */
void tw_call_failed(struct tw_call *c, const struct tw_err *err);
int tw_http_status(enum tw_status st);

/* For a stream: headers before it, and the metrics behind it. */
void tw_call_headers(struct tw_call *c);
void tw_call_done(struct tw_call *c, int status);

/* What a request asks of the sampling, over the deployment's settings. */
void tw_call_sampling(struct tw_gen_params *gen, const struct tw_chat_request *q,
		      const struct tw_answer_options *o);
/* Whether the name means the twin; else answers 404. */
bool tw_call_knows_model(struct tw_call *c, const char *model);

/* Puts `run` on a lane; a full one answers 429. */
void tw_call_enqueue(struct tw_call *c, struct tw_lane *lane, void (*run)(void *call));

extern const struct tw_route tw_routes[]; /* ended by {0} */

void tw_api_chat(struct tw_call *c);
void tw_api_completions(struct tw_call *c);
void tw_api_embeddings(struct tw_call *c);
void tw_api_models(struct tw_call *c);
void tw_api_model(struct tw_call *c);
void tw_api_search(struct tw_call *c);
void tw_api_features(struct tw_call *c);
void tw_api_lineage(struct tw_call *c);
void tw_api_about(struct tw_call *c);
void tw_api_documents(struct tw_call *c);
void tw_api_examples(struct tw_call *c);
void tw_api_health(struct tw_call *c);
void tw_api_metrics(struct tw_call *c);
void tw_api_page(struct tw_call *c);

#endif
