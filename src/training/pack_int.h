/*
 * training/pack_int.h: examples as tokens, packed into rows of `sequence` tokens.
 *
 * Short examples share a row, so that no time goes into padding; each stays a
 * document of its own: positions start at 0 and attention ends at its bounds.
 * Only tokens of answers carry loss.
 */
#ifndef TW_TRAINING_PACK_INT_H
#define TW_TRAINING_PACK_INT_H

#include "core/dataset.h"
#include "core/llm.h"

struct tw_sample { /* one example */
	const int32_t *tokens;
	const uint8_t *answer;
	int n;
};

struct tw_pack_row {
	size_t first, n; /* in tw_pack.order */
	int tokens;
};

struct tw_pack {
	struct tw_sample *sample;
	size_t n_samples;
	size_t *order; /* samples, row by row */
	struct tw_pack_row *row;
	size_t n_rows;
	int longest; /* sample, in tokens */
	int64_t tokens, loss_tokens;
	size_t n_cut, n_dropped; /* too long; and without an answer token in what was left */
};

/* Reads messages and asks the model for their tokens; everything lies in the arena. TW_CANCELLED; TW_BAD_DATA names the row. */
TW_MUST_USE enum tw_status tw_pack_read(struct tw_pack *out, struct tw_llm *llm,
					const struct tw_examples *examples, int sequence,
					struct tw_arena *a, struct tw_err *err);

/* Puts samples into rows: shuffled by the seed, each into the first row among the latest that has room. */
void tw_pack_rows(struct tw_pack *p, int sequence, uint64_t seed, struct tw_arena *a);

/* What is left of t: cut to `sequence` tokens and to the last that carries loss. n = 0: nothing to learn. */
struct tw_sample tw_sample_cut(const struct tw_tokens *t, int sequence);
int tw_sample_loss_tokens(const struct tw_sample *s);

/* A permutation of n, by Fisher and Yates, of this seed. */
void tw_shuffle(size_t *order, size_t n, uint64_t seed);

/* Documents side by side, as a pass of the model takes them. */
struct tw_batch {
	int cap, cap_docs; /* tokens, documents */
	int T, n_docs, n_loss;
	int32_t *tokens, *pos;	/* (T) */
	int32_t *doc;		/* (n_docs + 1): first token of each, and T */
	int32_t *from, *target; /* (n_loss): the token that predicts, and what it should say */
};
TW_MUST_USE enum tw_status tw_batch_init(struct tw_batch *b, int cap, struct tw_err *err);
void tw_batch_release(struct tw_batch *b);
void tw_batch_clear(struct tw_batch *b);
void tw_batch_add(struct tw_batch *b, const struct tw_sample *s); /* there must be room */

#endif
