/*
 * training/training.h: the trainers and trackers that this folder supplies, for app/plugins.c.
 */
#ifndef TW_TRAINING_TRAINING_H
#define TW_TRAINING_TRAINING_H

#include "core/tracker.h"
#include "core/trainer.h"

extern const struct tw_trainer_type
	tw_trainer_native; /* LoRA SFT in C; GGUFs of the Llama family */
extern const struct tw_trainer_type tw_trainer_command; /* another program, as TRL on a GPU */
extern const struct tw_trainer_type tw_trainer_none;	/* the base as it is */

extern const struct tw_tracker_type tw_tracker_mlflow; /* an MLflow server */
extern const struct tw_tracker_type tw_tracker_none;

/* What the matrix products of training run on, for people: "OpenBLAS Haswell", "plain C". */
const char *tw_training_kernels(void);

#endif
