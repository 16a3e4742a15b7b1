#include "training/dataset.h"
#include "training/evaluate_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/map.h"

#define LOWER(name, help)           \
	{                           \
		name, help, 0, true \
	}
#define HIGHER(name, help)           \
	{                            \
		name, help, 0, false \
	}

static const struct tw_metric described[METRICS] = {
	[TEST_LOSS_BASE] = LOWER("test_loss_base", "loss of the base model, nats a token"),
	[TEST_LOSS] = LOWER("test_loss", "loss of the adapted model, nats a token of the answers"),
	[TEST_LOSS_RATIO] = LOWER("test_loss_ratio", "test_loss / test_loss_base"),
	[PERPLEXITY_BASE] = LOWER("perplexity_base", "exp(test_loss_base)"),
	[PERPLEXITY] = LOWER("perplexity", "exp(test_loss)"),
	[STYLE_DELTA_BASE] = LOWER("style_delta_base", "Burrows's Delta, base model to author"),
	[STYLE_DELTA] = LOWER("style_delta", "Burrows's Delta, adapted model to author"),
	[STYLE_DELTA_RATIO] = LOWER("style_delta_ratio", "style_delta / style_delta_base"),
	[STYLE_DELTA_BASE_LOW] = LOWER("style_delta_base_low", "its 95 % interval over titles"),
	[STYLE_DELTA_BASE_HIGH] = LOWER("style_delta_base_high", "likewise, the upper end"),
	[STYLE_DELTA_LOW] = LOWER("style_delta_low", "likewise, of style_delta"),
	[STYLE_DELTA_HIGH] = LOWER("style_delta_high", "likewise, the upper end"),
	[STYLE_DELTA_RATIO_LOW] = LOWER("style_delta_ratio_low", "likewise, of the ratio"),
	[STYLE_DELTA_RATIO_HIGH] = LOWER("style_delta_ratio_high", "likewise, the upper end"),
	[STYLE_NGRAMS_BASE] = LOWER("style_ngrams_base", "by 3-grams, base model to author"),
	[STYLE_NGRAMS] = LOWER("style_ngrams", "by 3-grams, adapted model to author"),
	[HIT1] = HIGHER("hit1", "share of questions whose document is found first"),
	[HIT5] = HIGHER("hit5", "share of questions whose document is among the first five"),
	[MRR] = HIGHER("mrr", "mean of 1 / rank of the question's document"),
};

struct tw_metric_list tw_evaluation_metrics(void)
{
	return (struct tw_metric_list){described, METRICS};
}

void tw_eval_set(struct evaluation *e, enum metric m, double value)
{
	e->value[m] = value;
	e->has[m] = true;
}

/* --- examples --- */

struct ranked {
	const struct tw_example *e;
	int64_t round; /* how many of its document come before it */
	uint64_t rank;
};

static int by_rank(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	if (x->round != y->round)
		return x->round < y->round ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return strcmp(x->e->row_id, y->e->row_id);
}

static void count_rounds(struct ranked *all, size_t n)
{
	struct tw_map seen = TW_MAP_INIT;
	for (size_t i = 0; i < n; i++) {
		const char *doc = all[i].e->doc;
		all[i].round = tw_map_at(&seen, doc, strlen(doc))->v.i++;
	}
	tw_map_release(&seen);
}

struct tw_examples tw_eval_sample(const struct tw_examples *from, size_t n, int64_t seed,
				  struct tw_arena *a)
{
	struct ranked *all = TW_NEW_ARRAY(a, from->n, struct ranked);
	struct tw_example *at = TW_NEW_ARRAY(a, from->n, struct tw_example);
	for (size_t i = 0; i < from->n; i++) {
		const char *id = from->at[i].row_id;
		const uint64_t rank = tw_hash64(id, strlen(id), (uint64_t)seed);
		all[i] = (struct ranked){&from->at[i], 0, rank};
	}
	if (from->n) {
		qsort(all, from->n, sizeof(*all), by_rank);
		count_rounds(all, from->n);
		qsort(all, from->n, sizeof(*all), by_rank);
	}
	if (n > from->n)
		n = from->n;
	for (size_t i = 0; i < n; i++)
		at[i] = *all[i].e;
	return (struct tw_examples){at, n};
}

struct tw_examples tw_eval_plain(const struct tw_examples *from, struct tw_arena *a)
{
	struct tw_example *at = TW_NEW_ARRAY(a, from->n, struct tw_example);
	size_t n = 0;
	for (size_t i = 0; i < from->n; i++)
		if (strcmp(from->at[i].kind, TW_GROUNDED) != 0)
			at[n++] = from->at[i];
	return n ? (struct tw_examples){at, n} : *from;
}

enum tw_status tw_eval_messages(struct eval_chat *out, const struct tw_example *e,
				struct tw_arena *a, struct tw_err *err)
{
	struct tw_json *v;
	enum tw_status st = tw_json_parse(&v, e->messages, strlen(e->messages), a, err);
	if (st != TW_OK)
		return tw_wrap(err, st, "example of row %s", e->row_id);
	*out = (struct eval_chat){TW_NEW_ARRAY(a, v->n, struct tw_message), 0};
	for (const struct tw_json *m = v->child; m; m = m->next)
		out->at[out->n++] = (struct tw_message){
			tw_json_str(tw_json_get(m, "role"), ""),
			tw_json_str(tw_json_get(m, "content"), ""),
		};
	if (out->n < 2 || strcmp(out->at[out->n - 1].role, "assistant") != 0)
		return tw_fail(err, TW_BAD_DATA, "example of row %s does not end with an answer",
			       e->row_id);
	return TW_OK;
}

static enum tw_status read_examples(struct evaluation *e, struct tw_err *err)
{
	struct tw_feature_store *fs = e->job->fs;
	const char *id = e->job->dataset;
	enum tw_status st = tw_fs_examples(&e->train, fs, id, TW_TRAIN, e->a, err);
	if (st == TW_OK)
		st = tw_fs_examples(&e->valid, fs, id, TW_VALID, e->a, err);
	if (st == TW_OK)
		st = tw_fs_examples(&e->test, fs, id, TW_TEST, e->a, err);
	if (st == TW_OK && !e->test.n)
		return tw_fail(err, TW_BLOCKED,
			       "dataset %s has no test split to evaluate on: set "
			       "training.dataset.test above 0, then `twin dataset`",
			       id);
	return st;
}

/* --- the whole --- */

static struct tw_metric_list list_of(const struct evaluation *e, struct tw_arena *a)
{
	struct tw_metric *at = TW_NEW_ARRAY(a, METRICS, struct tw_metric);
	size_t n = 0;
	for (int i = 0; i < METRICS; i++) {
		if (!e->has[i])
			continue;
		at[n] = described[i];
		at[n++].value = e->value[i];
	}
	return (struct tw_metric_list){at, n};
}

enum tw_status tw_evaluate(struct tw_metric_list *out, const struct tw_evaluation_job *job,
			   const struct tw_evaluation_options *o, struct tw_arena *a,
			   struct tw_err *err)
{
	struct tw_arena work;
	struct evaluation e = {.job = job, .o = o, .a = &work};
	tw_arena_init(&work);
	enum tw_status st = read_examples(&e, err);
	if (st == TW_OK)
		st = tw_eval_retrieval(&e, err);
	if (st == TW_OK)
		st = tw_eval_loss(&e, err);
	if (st == TW_OK)
		st = tw_eval_style(&e, err);
	if (st == TW_OK)
		*out = list_of(&e, a);
	tw_arena_release(&work);
	return st;
}
