/*
 * training/sft_int.h: supervised fine-tuning: steps, validation, checkpoints. What a step is made of
 * lies in the other files; here is the order of things.
 */
#ifndef TW_TRAINING_SFT_INT_H
#define TW_TRAINING_SFT_INT_H

#include "core/trainer.h"
#include "training/checkpoint_int.h"
#include "training/net_int.h"
#include "training/optim_int.h"

struct tw_sft_options { /* of `training:`, as trainer_native.c lists them */
	int64_t rank, max_steps, batch, sequence, checkpoint_every, eval_every, max_valid;
	double alpha, learning_rate, warmup, weight_decay, beta1, beta2, eps, max_grad_norm, epochs;
	const char *schedule;
	struct tw_strings targets;
};

struct tw_sft {
	const struct tw_sft_options *o;
	const struct tw_train_job *job;
	struct tw_arena arena;
	struct tw_weights w;
	struct tw_lora lora;
	struct tw_compute c;
	struct tw_net net;
	struct tw_batch batch;
	struct tw_state state;
	struct tw_pack train, valid;
	struct tw_schedule schedule;
	const char *checkpoint; /* path */
	size_t *order;		/* rows of the current epoch */
	int64_t epoch;		/* that `order` is for; -1: none */
	int64_t total_rows;	/* rows in all epochs together */
	double saved_at;	/* monotonic */
};

/* On failure nothing is left to release. */
TW_MUST_USE enum tw_status tw_sft_init(struct tw_sft *s, const struct tw_sft_options *o,
				       const struct tw_train_job *job, struct tw_err *err);
void tw_sft_release(struct tw_sft *s);

/* From where the state stands to the last step. */
TW_MUST_USE enum tw_status tw_sft_run(struct tw_sft *s, struct tw_err *err);

#endif
