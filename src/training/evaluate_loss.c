/*
 * How well a model foretells the author's held-out answers: mean -log p a token
 * of the answers, their end marks included, as training counts it.
 */
#include <math.h>

#include "base/progress.h"
#include "base/stop.h"
#include "training/evaluate_int.h"

struct loss {
	struct evaluation *e;
	struct tw_examples examples;
	struct tw_progress *progress;
};

static enum tw_status score_one(double *nll, size_t *n, struct tw_llm *llm,
				const struct tw_example *x, struct tw_arena *a, struct tw_err *err)
{
	struct eval_chat chat;
	struct tw_tokens t;
	enum tw_status st = tw_eval_messages(&chat, x, a, err);
	if (st == TW_OK)
		st = tw_llm_chat_tokens(&t, llm, chat.at, chat.n, false, a, err);
	if (st != TW_OK)
		return st;
	const int context = tw_llm_info(llm)->context;
	if (context > 0 && t.n > (size_t)context)
		t.n = (size_t)context;
	return tw_llm_score(nll, n, llm, &t, err);
}

/* NaN when there was no token to score. */
static enum tw_status mean_loss(double *out, struct loss *l, struct tw_llm *llm, struct tw_err *err)
{
	enum tw_status st = TW_OK;
	double sum = 0;
	size_t tokens = 0;
	struct tw_arena one;
	tw_arena_init(&one);
	for (size_t i = 0; st == TW_OK && i < l->examples.n; i++) {
		double nll = 0;
		size_t n = 0;
		st = tw_stopping() ? tw_fail(err, TW_CANCELLED, "stopped")
				   : score_one(&nll, &n, llm, &l->examples.at[i], &one, err);
		sum += nll;
		tokens += n;
		tw_progress_add(l->progress, 1);
		tw_arena_reset(&one);
	}
	tw_arena_release(&one);
	*out = tokens ? sum / (double)tokens : NAN;
	return st;
}

static enum tw_status measure(struct loss *l, struct tw_err *err)
{
	const struct tw_evaluation_job *job = l->e->job;
	double base, adapted;
	enum tw_status st = mean_loss(&base, l, job->base, err);
	if (st != TW_OK)
		return st;
	adapted = base;
	if (job->adapted != job->base)
		st = mean_loss(&adapted, l, job->adapted, err);
	if (st != TW_OK)
		return st;
	tw_eval_set(l->e, TEST_LOSS_BASE, base);
	tw_eval_set(l->e, TEST_LOSS, adapted);
	tw_eval_set(l->e, TEST_LOSS_RATIO, adapted / base);
	tw_eval_set(l->e, PERPLEXITY_BASE, exp(base));
	tw_eval_set(l->e, PERPLEXITY, exp(adapted));
	return TW_OK;
}

enum tw_status tw_eval_loss(struct evaluation *e, struct tw_err *err)
{
	struct loss l = {.e = e};
	struct tw_err why = TW_ERR_INIT;
	const bool same = e->job->adapted == e->job->base;
	l.examples = tw_eval_sample(&e->test, (size_t)e->o->n_score, e->o->seed, e->a);
	if (!l.examples.n)
		return TW_OK;
	l.progress = tw_progress_new("score", "examples", (int64_t)l.examples.n * (same ? 1 : 2));
	enum tw_status st = measure(&l, &why);
	tw_progress_free(l.progress);
	if (st != TW_OK && st != TW_UNSUPPORTED)
		return tw_fail(err, st, "%s", why.msg);
	/* A server that gives no probabilities: still a model is as good as itself. */
	if (st == TW_UNSUPPORTED && same)
		tw_eval_set(e, TEST_LOSS_RATIO, 1);
	return TW_OK;
}
