/*
 * inference/deployment.h: what serves, resolved by version and never by "latest".
 *
 * alias -> model version -> feature service -> view digests. Owns the opened
 * LLM (base and adapter) and the embedder; borrows stores and configuration,
 * which outlive it. Everything is checked by digest when it is opened: a base
 * model, an embedder or a chat template other than the one that the version
 * was made with is TW_CONFLICT, and the message says what to do.
 *
 * Threads: one thread may use the LLM while another one retrieves. Two threads
 * that retrieve wait for each other.
 */
#ifndef TW_INFERENCE_DEPLOYMENT_H
#define TW_INFERENCE_DEPLOYMENT_H

#include "core/blob_store.h"
#include "core/config.h"
#include "core/embedder.h"
#include "core/feature_store.h"
#include "core/llm.h"
#include "core/model_registry.h"
#include "core/retriever.h"
#include "inference/options.h"

struct tw_inference_env {
	struct tw_feature_store *fs;
	struct tw_model_registry *mr;
	struct tw_blob_store *blobs;
	const struct tw_llm_type *const *llms;
	const struct tw_embedder_type *const *embedders;
	const struct tw_config *conf;
	struct tw_http *http;
	int threads; /* 0: all cores */
	struct tw_http
		*embed_http; /* of the embedder when it works beside the LLM (serve); NULL: http */
};

struct tw_serving; /* opaque */

struct tw_serving_info {
	int64_t revision;    /* of the deployment; 0: none (a version on trial, or base) */
	int model;	     /* version; 0: base */
	const char *label;   /* for people: "v3 (revision 5)", "v2", "base" */
	const char *service; /* digest; "" for base */
	const char *chunks, *embeddings;	 /* view digests */
	const char *chunks_ref, *embeddings_ref; /* "chunks@v3" */
	const char *llm_spec, *adapter;		 /* adapter: blob digest, "" for none */
	const char *settings;			 /* JSON */
};

/*
 * `ref`: NULL is the active deployment, and before the first one "base" with a note in the log; "v2", "2" or an
 * alias is that model version with the settings of twin.yaml; "base" is the configured LLM without an adapter over
 * the newest views, and needs no deployment. The LLM is opened at its first use (tw_serving_llm()).
 * TW_NOT_FOUND: no such version, or nothing collected yet. TW_CONFLICT: models differ. TW_BLOCKED: views not computed.
 * On TW_OK the caller owns *out and ends it with tw_serving_close().
 */
TW_MUST_USE enum tw_status tw_deployment_open(struct tw_serving **out,
					      const struct tw_inference_env *env, const char *ref,
					      struct tw_err *err);
void tw_serving_close(struct tw_serving *s); /* NULL is fine */

/* Borrowed from `s`. */
const struct tw_serving_info *tw_serving_info(const struct tw_serving *s);
const struct tw_inference_env *tw_serving_env(const struct tw_serving *s);
const struct tw_retrieval_options *tw_serving_retrieval(const struct tw_serving *s);
const struct tw_answer_options *tw_serving_answer_options(const struct tw_serving *s);
const char *tw_serving_system_prompt(const struct tw_serving *s);
struct tw_retriever *tw_serving_retriever(struct tw_serving *s);

TW_MUST_USE enum tw_status tw_serving_llm(struct tw_llm **out, struct tw_serving *s,
					  struct tw_err *err);

/* Vectors of n texts, (n, dim) in the arena; waits while another thread embeds. */
TW_MUST_USE enum tw_status tw_serving_embed(float **out, int *dim, struct tw_serving *s,
					    const struct tw_bytes *texts, size_t n,
					    struct tw_arena *a, struct tw_err *err);
const struct tw_embedder_info *tw_serving_embedder_info(const struct tw_serving *s);
int tw_serving_count_embed(struct tw_serving *s, const char *text, size_t len); /* tokens */

/* The settings that a promotion stores with its revision: {"retrieval": …, "answer": …, "system": …}, canonical JSON. */
TW_MUST_USE enum tw_status tw_serving_settings(char **out, const struct tw_config *conf,
					       struct tw_arena *a, struct tw_err *err);

/* Revision that is active now (0: none yet); cheap enough for every request. */
TW_MUST_USE enum tw_status tw_deployment_active(int64_t *revision, struct tw_model_registry *mr,
						struct tw_err *err);

#endif
