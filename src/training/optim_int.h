/*
 * training/optim_int.h: from gradients to parameters.
 */
#ifndef TW_TRAINING_OPTIM_INT_H
#define TW_TRAINING_OPTIM_INT_H

#include <stdint.h>

#include "training/gemm_int.h"

struct tw_adamw {
	double lr, beta1, beta2, eps, weight_decay;
};

/* One step of AdamW (Loshchilov & Hutter 2019, algorithm 2) on n parameters p with moments m and v and gradients
 * scale g. `step` counts from 1. */
void tw_adamw_step(const struct tw_compute *c, float *p, float *m, float *v, const float *g,
		   size_t n, float scale, int64_t step, const struct tw_adamw *o);

/* Euclidean norm; the order of the sum does not depend on threads. */
double tw_norm(const struct tw_compute *c, const float *g, size_t n);

enum tw_schedule_kind { TW_SCHEDULE_LINEAR, TW_SCHEDULE_COSINE, TW_SCHEDULE_CONSTANT };

struct tw_schedule {
	enum tw_schedule_kind kind;
	double peak;
	int64_t warmup, total; /* steps */
};

/* Learning rate of step 0, 1, …, total - 1: up to the peak in `warmup` steps, then down towards 0 at `total`. */
double tw_schedule_lr(const struct tw_schedule *s, int64_t step);

#endif
