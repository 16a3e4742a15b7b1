/*
 * trainer/trainers.h: the trainers that this folder supplies, for app/plugins.c.
 */
#ifndef TW_TRAINER_TRAINERS_H
#define TW_TRAINER_TRAINERS_H

#include "core/trainer.h"

extern const struct tw_trainer_type
	tw_trainer_native; /* LoRA SFT in C; GGUFs of the Llama family */
extern const struct tw_trainer_type tw_trainer_command; /* another program, as TRL on a GPU */
extern const struct tw_trainer_type tw_trainer_none;	/* the base as it is */

/* Whether `training.method` of the native trainer learns from pairs of a better and a worse answer. */
bool tw_method_takes_pairs(const char *method);

/* What the matrix products of training run on, for people: "OpenBLAS Haswell", "plain C". */
const char *tw_training_kernels(void);
/* What `device: cuda` would run on, or why it can't. */
const char *tw_training_gpu(struct tw_arena *a);

#endif
