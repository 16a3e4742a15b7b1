/*
 * training/training.h: the trainers that this folder supplies, for app/plugins.c.
 */
#ifndef TW_TRAINING_TRAINING_H
#define TW_TRAINING_TRAINING_H

#include "core/trainer.h"

extern const struct tw_trainer_type tw_trainer_native; /* LoRA SFT in C, Llama-family GGUF */
extern const struct tw_trainer_type tw_trainer_none;   /* the base as it is */

#endif
