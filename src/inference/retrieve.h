/*
 * inference/retrieve.h: from a question to passages, by words and by meaning.
 *
 * Implements core/retriever.h over two views of one deployment: BM25 over the
 * chunks and cosine over their embeddings, fused by reciprocal rank (Cormack,
 * Clarke and Buettcher 2009): score = sum of 1 / (rrf_k + rank). Then the
 * cut-off decides what is evidence at all, and neighbouring chunks of a
 * document are joined into one passage.
 */
#ifndef TW_INFERENCE_RETRIEVE_H
#define TW_INFERENCE_RETRIEVE_H

#include "core/feature_store.h"
#include "core/retriever.h"
#include "inference/options.h"

/* How a retriever gets vectors: its owner locks the embedder. */
typedef enum tw_status (*tw_embed_fn)(void *ctx, float **out, int *dim, const char *text,
				      struct tw_arena *a, struct tw_err *err);

struct tw_retrieve_env {
	struct tw_feature_store *fs;
	const char *chunks, *embeddings; /* view digests */
	const struct tw_retrieval_options *options;
	tw_embed_fn embed;
	void *embed_ctx;
	int (*count)(void *ctx, const char *text, size_t len); /* tokens, for max_tokens */
};

/* On TW_OK the caller owns *out and ends it with tw_hybrid_retriever_free(); what `env` points to outlives it. */
TW_MUST_USE enum tw_status tw_hybrid_retriever_new(struct tw_retriever **out,
						   const struct tw_retrieve_env *env,
						   struct tw_err *err);
void tw_hybrid_retriever_free(struct tw_retriever *r); /* NULL is fine */

#endif
