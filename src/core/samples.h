/*
 * core/samples.h: what a model answers while it is trained: the same prompts at each evaluation.
 *
 * Kept with the run in the model registry, one row as soon as it is written, so that a run that
 * is killed keeps what it has. They quote documents: tw_mr_taint() removes those of every run on
 * the dataset. Implemented in store/.
 */
#ifndef TW_CORE_SAMPLES_H
#define TW_CORE_SAMPLES_H

#include "core/model_registry.h"

struct tw_run_sample {
	int64_t step;	      /* 0: before the first */
	int64_t item;	      /* 0, 1, …: which prompt */
	const char *prompt;   /* what the user asks */
	const char *expected; /* what the author wrote; "" when nobody knows */
	const char *text;     /* what the model answered */
};
struct tw_run_samples {
	const struct tw_run_sample *at; /* by item, then step */
	size_t n;
};

TW_MUST_USE enum tw_status
tw_mr_run_sample(struct tw_model_registry *mr, int64_t run, const struct tw_run_sample *s,
		 struct tw_err *err); /* the same step and item again: replaced */
TW_MUST_USE enum tw_status tw_mr_run_samples(struct tw_run_samples *out,
					     struct tw_model_registry *mr, int64_t run,
					     struct tw_arena *a, struct tw_err *err);

#endif
