/*
 * llm/openai_int.h: a client of an OpenAI-compatible server, shared by the LLM
 * and the embedder: spec, key, requests with retries, the server's identity.
 *
 * The key comes from TWIN_OPENAI_API_KEY or OPENAI_API_KEY; it goes into one
 * header and nowhere else, and is taken out of what a server sends back.
 */
#ifndef TW_LLM_OPENAI_INT_H
#define TW_LLM_OPENAI_INT_H

#include "base/hash.h"
#include "base/json.h"
#include "core/llm.h"

struct tw_openai {
	struct tw_arena arena;
	const char *url;  /* without a slash at the end: "http://127.0.0.1:8080/v1" */
	const char *host; /* for messages */
	const char *model;
	char *key;		 /* NULL: none */
	struct tw_http *http;	 /* own, of the caller's policy */
	struct tw_digest digest; /* of URL, model and what the server says of the model */
	int context;		 /* tokens, as the server says; 0: it doesn't */
};

struct tw_openai_answer {
	int status;
	struct tw_str body;
};

/* Takes the body of a 200 as it comes; false ends the transfer. `content_type` is the header's. */
typedef bool (*tw_openai_body_fn)(void *ctx, const char *content_type, const char *data,
				  size_t len);

/* Parses "URL#MODEL" and asks the server who it is; an answer of earlier stands in when it can't be reached.
 * TW_BAD_USE, TW_UNSUPPORTED (adapter), TW_NETWORK. On failure nothing to close. */
TW_MUST_USE enum tw_status tw_openai_open(struct tw_openai *c, const char *rest,
					  const struct tw_llm_options *o, struct tw_err *err);
void tw_openai_close(struct tw_openai *c);

/* POST of JSON, or GET when `body` is NULL, to url + path; 408, 409, 429 and 5xx are retried as the server asks.
 * TW_OK for a 2xx, the body in *out; other statuses are errors in the server's words, *out filled too. With `fn` a 2xx
 * body goes there, and once it has begun nothing is retried. Release *out in any case. */
TW_MUST_USE enum tw_status tw_openai_call(struct tw_openai_answer *out, struct tw_openai *c,
					  const char *path, const struct tw_str *body,
					  tw_openai_body_fn fn, void *fn_ctx, struct tw_err *err);
void tw_openai_answer_release(struct tw_openai_answer *a);

/* The message of an error object, or the start of the text, without the key; in the arena. */
const char *tw_openai_error_text(struct tw_openai *c, const char *body, size_t len,
				 struct tw_arena *a);

/* Estimate from above: tokens of byte-level vocabularies hold two bytes or more on any prose. */
int tw_openai_count(const char *text, size_t len);

void tw_openai_hosts(const char *rest, struct tw_str *out);

/* A number kept in the cache folder under the client's digest and `name`; -1: none. */
int64_t tw_openai_recall(struct tw_openai *c, const char *name);
void tw_openai_remember(struct tw_openai *c, const char *name, int64_t value);

#endif
