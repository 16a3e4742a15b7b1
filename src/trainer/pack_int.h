/*
 * trainer/pack_int.h: examples as tokens, packed into rows of `sequence` tokens.
 *
 * Short examples share a row, so that no time goes into padding; each stays a
 * document of its own: positions start at 0 and attention ends at its bounds.
 * Only tokens of answers carry loss, unless options say otherwise.
 */
#ifndef TW_TRAINER_PACK_INT_H
#define TW_TRAINER_PACK_INT_H

#include "core/dataset.h"
#include "core/llm.h"
#include "net/batch.h"

struct tw_pack_row {
	size_t first, n; /* in tw_pack.order */
	int tokens;
};

/* Samples lie in groups that stay together: group i is samples [i group, (i + 1) group). */
struct tw_pack {
	int group; /* 1; 2: a better answer and a worse one to the same */
	struct tw_sample *sample;
	size_t n_samples;
	double *reference; /* (n_samples): log-probabilities under a reference model; NULL: none */
	size_t *order;	   /* groups, row by row */
	struct tw_pack_row *row;
	size_t n_rows;
	int longest; /* sample, in tokens */
	int64_t tokens, loss_tokens;
	size_t n_cut, n_dropped; /* too long; and without an answer token in what was left */
	size_t n_single;	 /* examples without a worse answer, where pairs were asked for */
};

/* Which tokens carry loss. */
enum tw_loss_on {
	TW_LOSS_ASSISTANT, /* all that the assistant says */
	TW_LOSS_LAST,	   /* the last thing that it says */
	TW_LOSS_ALL	   /* everything, the template's own words included */
};

struct tw_pack_options {
	int sequence,
		group; /* tokens of a sample at most; 2: pairs, whose loss is on the last answers */
	enum tw_loss_on loss_on;
};

/* Reads messages and asks the model for their tokens; everything lies in the arena. TW_CANCELLED; TW_BAD_DATA names the row. */
TW_MUST_USE enum tw_status tw_pack_read(struct tw_pack *out, struct tw_llm *llm,
					const struct tw_examples *examples,
					const struct tw_pack_options *o, struct tw_arena *a,
					struct tw_err *err);

/* Puts groups into rows of group x sequence tokens: shuffled by the seed, each into the first row among the latest
 * that has room. */
void tw_pack_rows(struct tw_pack *p, int sequence, uint64_t seed, struct tw_arena *a);

/* Tokens of a group. */
int tw_pack_group_tokens(const struct tw_pack *p, size_t group);

/* Changes `answer` to the tokens that carry loss. */
void tw_loss_mask(struct tw_tokens *t, enum tw_loss_on on);

/* What is left of t: cut to `sequence` tokens and to the last that carries loss. n = 0: nothing to learn. */
struct tw_sample tw_sample_cut(const struct tw_tokens *t, int sequence);
int tw_sample_loss_tokens(const struct tw_sample *s);

/* A permutation of n, by Fisher and Yates, of this seed. */
void tw_shuffle(size_t *order, size_t n, uint64_t seed);

#endif
