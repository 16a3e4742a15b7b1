/* How likely the model holds a text: the sum that perplexity is made of. */
#include <math.h>
#include <stdlib.h>

#include "llm/llm_llama_int.h"

struct sum {
	const llama_token *tokens;
	int vocab;
	double nll;
	size_t n;
};

/* -log softmax(logits)[next], in nats. */
static void add(void *ctx, size_t i, const float *logits)
{
	struct sum *s = ctx;
	float most = logits[0];
	double total = 0;
	for (int k = 1; k < s->vocab; k++)
		most = logits[k] > most ? logits[k] : most;
	for (int k = 0; k < s->vocab; k++)
		total += (double)expf(logits[k] - most);
	s->nll += log(total) + (double)most - (double)logits[s->tokens[i + 1]];
	s->n++;
}

enum tw_status tw_llama_score(double *nll, size_t *n, void *ctx, const struct tw_tokens *t,
			      struct tw_err *err)
{
	struct tw_llama *l = ctx;
	*nll = 0;
	*n = 0;
	enum tw_status st = tw_llama_weights(l, err);
	if (st != TW_OK || t->n < 2)
		return st;
	uint8_t *wanted = tw_xcalloc(t->n, 1);
	size_t last = 0;
	for (size_t i = 1; i < t->n; i++)
		if (!t->answer || t->answer[i]) {
			wanted[i - 1] = 1;
			last = i;
		}
	struct sum s = {.tokens = t->at,
			.vocab = llama_vocab_n_tokens(llama_model_get_vocab(l->model))};
	/* Nothing behind the last scored token matters, and it itself need not be evaluated; but ids must be the model's. */
	for (size_t i = 0; i < t->n && st == TW_OK; i++)
		if (t->at[i] < 0 || t->at[i] >= s.vocab)
			st = tw_fail(err, TW_BAD_USE, "token %d is none of this model", t->at[i]);
	if (st == TW_OK && last)
		st = tw_kv_prompt(&l->kv, t->at, last, wanted, add, &s, err);
	free(wanted);
	*nll = s.nll;
	*n = s.n;
	return st;
}
