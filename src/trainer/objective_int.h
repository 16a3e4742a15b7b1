/*
 * trainer/objective_int.h: what a step minimises: the seam between the training loop and its methods.
 *
 * The loop owns the order of things: rows, passes, steps, validation, checkpoints. An objective says what rows
 * hold, and computes a pass's loss, metrics and gradient. It keeps no state between passes, and reports sums alone:
 * those of several passes (or machines) add up, and are divided at the end.
 *
 * To add one: objective_x.c, its extern here, its name in train_setup.c and among the choices of `method`,
 * and in options.c what it takes no notice of.
 */
#ifndef TW_TRAINER_OBJECTIVE_INT_H
#define TW_TRAINER_OBJECTIVE_INT_H

#include "trainer/options_int.h"
#include "trainer/pack_int.h"

struct tw_train_loop;

enum {
	TW_SUMS = 8,
	TW_SUM_ACCURACY = 3 /* where there are pairs: of those put in the right order */
};
struct tw_sums {
	double units;	    /* what means are over: tokens that carry loss, or pairs */
	double tokens;	    /* that went through the model */
	double at[TW_SUMS]; /* as `metrics` names them; at[0]: the loss */
};

struct tw_objective {
	const char *name; /* `method:` */
	int group;	  /* samples that belong together: 1; 2: a better answer, a worse one */
	double learning_rate, beta; /* where the options say 0 */
	/* Names of the means of tw_sums.at, for the log; NULL-terminated, the first is "loss". */
	const char *const *metrics;

	/* Optional. Before the first pass, when all else is ready; also of a run that goes on. */
	enum tw_status (*prepare)(struct tw_train_loop *l, struct tw_err *err);

	/* Required. Units of a row. */
	int (*units)(const struct tw_pack *p, size_t row);

	/* Required. Adds the sums of l->batch, which holds rows of p; with scale other than 0 also scale times the
	 * gradient of the sum of losses to l->lora.g. */
	void (*pass)(struct tw_sums *sums, struct tw_train_loop *l, const struct tw_pack *p,
		     float scale);
};

extern const struct tw_objective tw_objective_sft; /* loss: -log p of answers' tokens */
/* Answers that are better than others: objective_preference.c. */
extern const struct tw_objective tw_objective_dpo, tw_objective_orpo, tw_objective_simpo;

#endif
