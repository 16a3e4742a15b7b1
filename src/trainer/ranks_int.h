/*
 * trainer/ranks_int.h: how a step is divided among ranks, and put together again.
 *
 * The rows of a step lie in blocks, one a rank. Each rank has all rows' tokens, and draws what is random by a row's place in
 * the step, so that the sum over ranks is what one rank computes alone, but for rounding. Parameters spread from rank 0
 * and gradients come back to it along a tree, in an order that is always the same: the same number of ranks gives the
 * same bytes. The optimiser, validation and all files are rank 0's, so a checkpoint knows nothing of ranks.
 */
#ifndef TW_TRAINER_RANKS_INT_H
#define TW_TRAINER_RANKS_INT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "trainer/objective_int.h"

struct tw_train_loop;

/* Rows [from, end) of rank `rank` of `size`; blocks differ by one row at most, and may be empty. */
struct tw_block_of_rows {
	int64_t from, end;
};
struct tw_block_of_rows tw_ranks_block(int64_t from, int64_t end, int rank, int size);
int64_t tw_ranks_most_rows(int64_t rows, int size); /* of any block */

/* The tree: rank 0 is its root, and a rank's children are rank + 1, rank + 2, rank + 4, … below its own lowest bit. */
int tw_ranks_parent(int rank);
int tw_ranks_child(int rank, int i, int size); /* -1: there is no i-th */

/* Rank 0's bytes, to all. */
TW_MUST_USE enum tw_status tw_ranks_spread(void *data, size_t bytes, struct tw_err *err);
/* To rank 0's sums and gradient (l->lora.g) adds those of all. */
TW_MUST_USE enum tw_status tw_ranks_add(struct tw_train_loop *l, struct tw_sums *sums,
					struct tw_err *err);

/* --- what rank 0 says; with one rank they do nothing --- */

/* All that the others need to know of a training that is ready for its first step. */
TW_MUST_USE enum tw_status tw_ranks_share(struct tw_train_loop *l, struct tw_err *err);
/* Computes their part of the step that comes, with the parameters of now. */
TW_MUST_USE enum tw_status tw_ranks_begin_step(struct tw_train_loop *l, struct tw_err *err);
/* The training is over: they wait for the next one; when it failed, they end. */
void tw_ranks_dismiss(enum tw_status st);

#endif
