/*
 * trainer/options_int.h: what `training:` says to the native trainer. trainer_native.c lists the options with
 * their defaults and limits; here is where their values go.
 *
 * To add one: a member here, a row there; where it has an effect with some settings alone, a row in options.c.
 */
#ifndef TW_TRAINER_OPTIONS_INT_H
#define TW_TRAINER_OPTIONS_INT_H

#include "core/opt.h"

struct tw_train_options {
	const char *method, *loss_on;
	int64_t rank, max_steps, batch, sequence, checkpoint_every, save_total_limit, eval_every,
		early_stopping_patience, max_valid, seed;
	double alpha, learning_rate, warmup, weight_decay, beta1, beta2, eps, max_grad_norm, epochs;
	double label_smoothing, neftune_noise_alpha;
	const char *schedule, *optim;
	double decay, min_lr_rate, loraplus_lr_ratio;
	double lora_dropout;
	bool gradient_checkpointing;
	int64_t max_memory;
	const char *precision, *device;
	bool use_rslora, use_dora;
	struct tw_strings targets, layers_to_transform;
	/* preference methods */
	const char *loss_type, *reference;
	double beta, rpo_alpha, simpo_gamma;
	bool length_normalized;
};

/* TW_BAD_USE for options without effect, and for those that do not go together. `table` lists the options. */
TW_MUST_USE enum tw_status tw_train_options_check(const struct tw_train_options *o,
						  const struct tw_opt *table, struct tw_err *err);

#endif
