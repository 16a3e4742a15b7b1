/*
 * training/evaluate.h: a model version against its base, on text that neither has seen, and the gate of promotion.
 */
#ifndef TW_TRAINING_EVALUATE_H
#define TW_TRAINING_EVALUATE_H

#include "core/dataset.h"
#include "core/llm.h"
#include "core/opt.h"
#include "core/retriever.h"

struct tw_evaluation_options { /* section `evaluation` */
	int64_t n_generate, max_tokens, n_questions, seed;
	double max_test_loss_ratio, max_style_ratio, min_hit5; /* the gate; 0: not asked */
};
extern const struct tw_opt tw_evaluation_opts[];

struct tw_evaluation_job {
	struct tw_feature_store *fs;
	const char *dataset; /* id */
	struct tw_llm *base, *adapted;
	struct tw_retriever *retriever; /* as it will serve */
};

struct tw_metric {
	const char *name, *help;
	double value;
	bool lower_is_better;
};
struct tw_metric_list {
	const struct tw_metric *at;
	size_t n;
};

TW_MUST_USE enum tw_status tw_evaluate(struct tw_metric_list *out,
				       const struct tw_evaluation_job *job,
				       const struct tw_evaluation_options *o, struct tw_arena *a,
				       struct tw_err *err);

/* TW_BLOCKED names each figure that failed, with its value and its limit. */
TW_MUST_USE enum tw_status tw_gate_check(const struct tw_metric_list *metrics,
					 const struct tw_evaluation_options *gate,
					 struct tw_err *err);

#endif
