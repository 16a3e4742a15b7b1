/*
 * llm/llm_llama_int.h: the handle of the llama backend, shared by its files. The
 * vocabulary and the weights come when they are first needed.
 */
#ifndef TW_LLM_LLM_LLAMA_INT_H
#define TW_LLM_LLM_LLAMA_INT_H

#include "core/llm.h"
#include "llm/chat_int.h"
#include "llm/kv_int.h"

struct tw_llama {
	struct tw_arena arena;
	struct tw_model_file file;
	const char *adapter_path; /* NULL: none */
	const char *
		weights_path; /* what writes: the model that `file` is of, or one trained from it */
	int context, threads;
	struct tw_vocab vocab;
	struct tw_specials specials;
	bool specials_known;
	struct llama_model *model; /* NULL until used */
	struct tw_kv kv;
};

TW_MUST_USE enum tw_status tw_llama_format(struct tw_chat_format *out, struct tw_llama *l,
					   struct tw_err *err);
TW_MUST_USE enum tw_status tw_llama_weights(struct tw_llama *l, struct tw_err *err);

/* tw_llm_type.score */
TW_MUST_USE enum tw_status tw_llama_score(double *nll, size_t *n, void *ctx,
					  const struct tw_tokens *t, struct tw_err *err);

/* Free with llama_sampler_free(). The last prompt tokens count for the repetition penalty. */
struct llama_sampler *tw_sampler_new(const struct tw_gen_params *p, const struct llama_vocab *vocab,
				     const llama_token *prompt, size_t n);

#endif
