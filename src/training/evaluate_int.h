/*
 * training/evaluate_int.h: one evaluation and its parts.
 */
#ifndef TW_TRAINING_EVALUATE_INT_H
#define TW_TRAINING_EVALUATE_INT_H

#include "training/evaluate.h"

enum metric {
	TEST_LOSS_BASE,
	TEST_LOSS,
	TEST_LOSS_RATIO,
	PERPLEXITY_BASE,
	PERPLEXITY,
	STYLE_DELTA_BASE,
	STYLE_DELTA,
	STYLE_DELTA_RATIO,
	STYLE_DELTA_BASE_LOW,
	STYLE_DELTA_BASE_HIGH,
	STYLE_DELTA_LOW,
	STYLE_DELTA_HIGH,
	STYLE_DELTA_RATIO_LOW,
	STYLE_DELTA_RATIO_HIGH,
	STYLE_NGRAMS_BASE,
	STYLE_NGRAMS,
	HIT1,
	HIT5,
	MRR,
	METRICS,
};

struct evaluation {
	const struct tw_evaluation_job *job;
	const struct tw_evaluation_options *o;
	struct tw_examples train, valid, test;
	struct tw_arena *a; /* lives as long as the evaluation */
	double value[METRICS];
	bool has[METRICS];
};

void tw_eval_set(struct evaluation *e, enum metric m, double value);

/* Each measures its part, or nothing where the options ask for none of it. */
TW_MUST_USE enum tw_status tw_eval_loss(struct evaluation *e, struct tw_err *err);
TW_MUST_USE enum tw_status tw_eval_style(struct evaluation *e, struct tw_err *err);
TW_MUST_USE enum tw_status tw_eval_retrieval(struct evaluation *e, struct tw_err *err);

/* At most n examples, one of each document before a second of any, and among these the lowest hash of seed and row: the
 * same ones each time, and most of them still when documents were added. In that order. */
struct tw_examples tw_eval_sample(const struct tw_examples *from, size_t n, int64_t seed,
				  struct tw_arena *a);

/* Those that are asked without passages; all of them when there are none. */
struct tw_examples tw_eval_plain(const struct tw_examples *from, struct tw_arena *a);

struct eval_chat {
	struct tw_message *at; /* the last is the assistant's */
	size_t n;
};
TW_MUST_USE enum tw_status tw_eval_messages(struct eval_chat *out, const struct tw_example *e,
					    struct tw_arena *a, struct tw_err *err);

#endif
