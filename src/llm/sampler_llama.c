/* Logits to the next token: penalties, then truncation, then temperature, then the draw. */
#include "llm/llm_llama_int.h"

#define REPEAT_WINDOW 64 /* tokens */

/* libllama's generator takes 32 bits, and one value of them means "random". */
static uint32_t seed_of(uint64_t seed)
{
	uint32_t s = (uint32_t)(seed ^ seed >> 32);
	return s == LLAMA_DEFAULT_SEED ? 0 : s;
}

struct llama_sampler *tw_sampler_new(const struct tw_gen_params *p, const struct llama_vocab *vocab,
				     const llama_token *prompt, size_t n)
{
	struct llama_sampler_chain_params cp = {.no_perf = true};
	struct llama_sampler *s = llama_sampler_chain_init(cp);
	if (p->repeat_penalty > 0 && (p->repeat_penalty < 1 || p->repeat_penalty > 1))
		llama_sampler_chain_add(
			s, llama_sampler_init_penalties(llama_vocab_n_tokens(vocab), REPEAT_WINDOW,
							(float)p->repeat_penalty, 0, 0));
	if (p->temperature > 0) {
		if (p->top_k > 0)
			llama_sampler_chain_add(s, llama_sampler_init_top_k(p->top_k));
		if (p->top_p > 0 && p->top_p < 1)
			llama_sampler_chain_add(s, llama_sampler_init_top_p((float)p->top_p, 1));
		if (p->min_p > 0)
			llama_sampler_chain_add(s, llama_sampler_init_min_p((float)p->min_p, 1));
		llama_sampler_chain_add(s, llama_sampler_init_temp((float)p->temperature));
		llama_sampler_chain_add(s, llama_sampler_init_dist(seed_of(p->seed)));
	} else {
		llama_sampler_chain_add(s, llama_sampler_init_greedy());
	}
	for (size_t i = n > REPEAT_WINDOW ? n - REPEAT_WINDOW : 0; i < n; i++)
		llama_sampler_accept(s, prompt[i]);
	return s;
}
