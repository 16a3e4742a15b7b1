/*
 * training/evaluate.h: a model version against its base, on text that neither has seen, and the gate of promotion.
 *
 * Four questions, a metric or more each: how well the model foretells the
 * author's held-out answers (loss, perplexity), how far from the author's style
 * it writes (style.h), and whether retrieval brings the document that a
 * question came from. What could not be measured is not in the list.
 */
#ifndef TW_TRAINING_EVALUATE_H
#define TW_TRAINING_EVALUATE_H

#include "core/dataset.h"
#include "core/llm.h"
#include "core/opt.h"
#include "core/retriever.h"

/* Raise it when the same model would get other figures. */
#define TW_EVALUATION_CODE_VERSION 3

struct tw_evaluation_options { /* section `evaluation` */
	int64_t n_score, n_generate, max_tokens, n_questions, seed;
	double max_test_loss_ratio, max_style_ratio, min_hit5; /* the gate; 0: not asked */
};
extern const struct tw_opt tw_evaluation_opts[];

struct tw_evaluation_job {
	struct tw_feature_store *fs;
	const char *dataset;	       /* id */
	struct tw_llm *base, *adapted; /* the same handle when there is no adapter: measured once */
	struct tw_retriever *retriever; /* as it will serve; NULL: retrieval is not measured */
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

/* Every metric that there is, with value 0: names and help for people. */
struct tw_metric_list tw_evaluation_metrics(void);

/* *out is in the arena. TW_BLOCKED when the dataset has no test split; TW_CANCELLED. */
TW_MUST_USE enum tw_status tw_evaluate(struct tw_metric_list *out,
				       const struct tw_evaluation_job *job,
				       const struct tw_evaluation_options *o, struct tw_arena *a,
				       struct tw_err *err);

/* TW_BLOCKED names each figure that failed, with its value and its limit. A figure that is asked for and missing or no
 * number fails. */
TW_MUST_USE enum tw_status tw_gate_check(const struct tw_metric_list *metrics,
					 const struct tw_evaluation_options *gate,
					 struct tw_err *err);

#endif
