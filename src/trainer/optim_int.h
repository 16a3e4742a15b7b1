/*
 * trainer/optim_int.h: from gradients to parameters.
 *
 * An optimiser is a struct of functions over matrices that lie in one array. What it remembers from step to step is
 * a block of bytes that the checkpoint holds; it begins as zeros. Each matrix is one thread's work and each sum has its
 * order, so results do not depend on threads.
 *
 * To add one: a file of its name, its extern here, its name in optim.c and in trainer_native.c's table.
 */
#ifndef TW_TRAINER_OPTIM_INT_H
#define TW_TRAINER_OPTIM_INT_H

#include <stddef.h>
#include <stdint.h>

#include "net/lora.h"

struct tw_optim_options {
	double beta1, beta2, eps, weight_decay;
};

struct tw_optim_step {
	float *p;
	const float *g;
	float scale; /* of the gradients: they are read as scale g */
	double lr;
	int64_t step; /* from 1 */
	const struct tw_optim_options *o;
};

struct tw_optim {
	const char *name;
	size_t (*bytes)(const struct tw_params *ps);
	/* `state`: bytes() of them, for floats. */
	void (*step)(const struct tw_compute *c, void *state, const struct tw_params *ps,
		     const struct tw_optim_step *s);
};

/* Loshchilov & Hutter 2019, algorithm 2. Two floats a parameter. */
extern const struct tw_optim tw_optim_adamw;
/* The same with both moments in 8 bits, in blocks of 256 (Dettmers et al. 2022). About two bytes a parameter. */
extern const struct tw_optim tw_optim_adamw_8bit;
/* Shazeer & Stern 2018, without a first moment, at the given learning rate. Of a matrix a float for each row and column. */
extern const struct tw_optim tw_optim_adafactor;

const struct tw_optim *tw_optim_by_name(const char *name); /* NULL: none */

/* What AdamW's formula takes that is the same for all of a matrix. */
struct tw_adamw_rates {
	float scale, beta1, beta2, size, root, keep, eps;
};
struct tw_adamw_rates tw_adamw_rates_of(const struct tw_optim_step *s, double rate);
/* One step of n parameters p with their moments m and v and gradients g. */
void tw_adamw_update(float *p, float *m, float *v, const float *g, size_t n,
		     const struct tw_adamw_rates *r);

/* Calls fn(ctx, i) for each matrix, on all threads. */
void tw_for_params(const struct tw_compute *c, const struct tw_params *ps,
		   void (*fn)(void *ctx, size_t i), void *ctx);

/* Euclidean norm; the order of the sum does not depend on threads. */
double tw_norm(const struct tw_compute *c, const float *g, size_t n);

enum tw_schedule_kind {
	TW_SCHEDULE_LINEAR,
	TW_SCHEDULE_COSINE,
	TW_SCHEDULE_CONSTANT,
	TW_SCHEDULE_WSD /* warmup, stable, decay: falls (as a cosine) in its last `decay` steps alone */
};

struct tw_schedule {
	enum tw_schedule_kind kind;
	double peak;
	int64_t warmup, total; /* steps */
	int64_t decay;	       /* steps; of WSD */
	double least;	       /* share of the peak that it falls to */
};

/* Learning rate of step 0, 1, …, total - 1: up to the peak in `warmup` steps, then down towards peak x least at `total`. */
double tw_schedule_lr(const struct tw_schedule *s, int64_t step);

#endif
