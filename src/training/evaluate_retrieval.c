/*
 * Whether retrieval brings the document that a question was made from. Any
 * document will do, also one that was trained on: the retriever learns nothing.
 */
#include <string.h>

#include "base/map.h"
#include "base/progress.h"
#include "base/stop.h"
#include "training/dataset.h"
#include "training/evaluate_int.h"

/* Passages asked for: ranks beyond are worth nothing. */
#define DEPTH 10

/* 1-based among the documents of the passages, each counted where it comes first; 0 when it is not there. */
static size_t rank_of(const struct tw_passages *found, const char *doc)
{
	struct tw_map seen = TW_MAP_INIT;
	size_t rank = 0;
	for (size_t i = 0; !rank && i < found->n; i++) {
		const char *d = found->at[i].doc;
		tw_map_set_int(&seen, d, 1);
		if (strcmp(d, doc) == 0)
			rank = seen.n;
	}
	tw_map_release(&seen);
	return rank;
}

static enum tw_status find_one(size_t *rank, struct evaluation *e, const struct tw_example *x,
			       struct tw_arena *a, struct tw_err *err)
{
	struct tw_retriever *r = e->job->retriever;
	struct tw_passages found = {0};
	struct eval_chat chat;
	enum tw_status st = tw_eval_messages(&chat, x, a, err);
	if (st == TW_OK)
		st = r->search(&found, r, chat.at[chat.n - 2].content, DEPTH, a, err);
	*rank = st == TW_OK ? rank_of(&found, x->doc) : 0;
	return st;
}

static struct tw_examples all_examples(const struct evaluation *e)
{
	const struct tw_examples *const splits[] = {&e->train, &e->valid, &e->test};
	struct tw_example *at =
		TW_NEW_ARRAY(e->a, e->train.n + e->valid.n + e->test.n, struct tw_example);
	size_t n = 0;
	for (size_t k = 0; k < 3; k++)
		for (size_t i = 0; i < splits[k]->n; i++)
			at[n++] = splits[k]->at[i];
	return (struct tw_examples){at, n};
}

/* A reply answers another, and says nothing that a reader would look for. */
static struct tw_examples without_replies(struct tw_examples from, struct tw_arena *a)
{
	struct tw_example *at = TW_NEW_ARRAY(a, from.n, struct tw_example);
	size_t n = 0;
	for (size_t i = 0; i < from.n; i++)
		if (strcmp(from.at[i].kind, TW_REPLY) != 0)
			at[n++] = from.at[i];
	return (struct tw_examples){at, n};
}

enum tw_status tw_eval_retrieval(struct evaluation *e, struct tw_err *err)
{
	const struct tw_examples all = without_replies(all_examples(e), e->a);
	const struct tw_examples plain = tw_eval_plain(&all, e->a);
	const struct tw_examples q =
		tw_eval_sample(&plain, (size_t)e->o->n_questions, e->o->seed, e->a);
	if (!q.n || !e->job->retriever)
		return TW_OK;
	struct tw_progress *progress = tw_progress_new("search", "questions", (int64_t)q.n);
	double first = 0, five = 0, reciprocal = 0;
	enum tw_status st = TW_OK;
	struct tw_arena one;
	tw_arena_init(&one);
	for (size_t i = 0; st == TW_OK && i < q.n; i++) {
		size_t rank = 0;
		st = tw_stopping() ? tw_fail(err, TW_CANCELLED, "stopped")
				   : find_one(&rank, e, &q.at[i], &one, err);
		first += rank == 1;
		five += rank && rank <= 5;
		reciprocal += rank ? 1.0 / (double)rank : 0;
		tw_progress_add(progress, 1);
		tw_arena_reset(&one);
	}
	tw_arena_release(&one);
	tw_progress_free(progress);
	if (st != TW_OK)
		return st;
	tw_eval_set(e, HIT1, first / (double)q.n);
	tw_eval_set(e, HIT5, five / (double)q.n);
	tw_eval_set(e, MRR, reciprocal / (double)q.n);
	return TW_OK;
}
