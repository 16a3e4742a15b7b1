/*
 * trainer/reference_int.h: log-probabilities of answers under the model that training is measured against.
 *
 * They are computed once and kept in the work folder, next to the checkpoints: a run that goes
 * on reads them. `training.reference` says which model: `start` is the one that training begins with (with
 * an adapter from `init`, that one), `base` the one without any adapter. Without `init` they are the same.
 */
#ifndef TW_TRAINER_REFERENCE_INT_H
#define TW_TRAINER_REFERENCE_INT_H

#include "base/err.h"

struct tw_train_loop;

/* Fills l->train.reference and l->valid_pairs.reference. TW_CANCELLED. */
TW_MUST_USE enum tw_status tw_reference_prepare(struct tw_train_loop *l, struct tw_err *err);

#endif
