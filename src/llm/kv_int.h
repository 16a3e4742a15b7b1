/*
 * llm/kv_int.h: a context with its KV cache, fed with tokens of one sequence.
 *
 * A prompt is evaluated in pieces of TW_KV_PIECE tokens that begin at multiples of it, and
 * what a later prompt shares with it is kept in whole pieces only. So each
 * piece goes through the same arithmetic whether it was kept or not, and what
 * was asked before never changes an answer, not by a bit.
 */
#ifndef TW_LLM_KV_INT_H
#define TW_LLM_KV_INT_H

#include "llm/llama_int.h"

#define TW_KV_PIECE 128

struct tw_kv {
	struct llama_context *ctx;
	int n_ctx;
	bool any_threads;	  /* as many as are idle */
	struct tw_token_vec kept; /* what is in the cache in whole pieces */
	int used;		  /* positions in the cache */
};

/* `adapter` may be NULL. */
TW_MUST_USE enum tw_status tw_kv_open(struct tw_kv *out, struct llama_model *model,
				      struct llama_adapter_lora *adapter, int n_ctx, int threads,
				      struct tw_err *err);
void tw_kv_close(struct tw_kv *kv);

/* Logits (vocabulary) behind token i of the prompt. */
typedef void (*tw_logits_fn)(void *ctx, size_t i, const float *logits);

/*
 * Evaluates n > 0 tokens from position 0. wanted[i] asks for the logits behind token i, given to `fn` in order; NULL:
 * behind the last, which stay in kv->ctx for the sampler. TW_BAD_USE when they don't fit the context, TW_CANCELLED by tw_stopping().
 */
TW_MUST_USE enum tw_status tw_kv_prompt(struct tw_kv *kv, const llama_token *tokens, size_t n,
					const uint8_t *wanted, tw_logits_fn fn, void *fn_ctx,
					struct tw_err *err);

/* One more token. The caller checks kv->used < kv->n_ctx. */
TW_MUST_USE enum tw_status tw_kv_add(struct tw_kv *kv, llama_token token, struct tw_err *err);

#endif
