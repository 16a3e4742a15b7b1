/*
 * training/dataset_int.h: a dataset while it is being built.
 *
 * dataset.c reads the label views into candidates and stores what is left of
 * them; dataset_split.c says who goes where; dataset_overlap.c keeps text of
 * the test split out of training; dataset_ground.c asks as serving asks; dataset_stats.c counts.
 */
#ifndef TW_TRAINING_DATASET_INT_H
#define TW_TRAINING_DATASET_INT_H

#include <stdbool.h>

#include "base/map.h"
#include "base/vec.h"
#include "training/dataset.h"

enum left_out {
	OUT_NOT,    /* it stays */
	OUT_STATUS, /* the label view says that it is no use */
	OUT_EMPTY,  /* no instruction or no answer */
	OUT_LEAK,   /* the instruction holds the answer */
	OUT_SHARED, /* its text is in a split that is kept apart from it */
	OUT_CAPPED, /* more than max_examples */
	OUT_N,
};

/* A row of a label view on its way to an example. */
struct candidate {
	struct tw_example e;
	const char *instruction, *title;
	struct tw_bytes answer;
	size_t chars; /* of instruction and answer, code points */
	enum left_out out;
};

struct candidates TW_VEC_BODY(struct candidate);

/* Gives every candidate its split by its group. TW_BLOCKED when there are fewer groups than splits. */
TW_MUST_USE enum tw_status tw_dataset_split(struct candidates *c,
					    const struct tw_dataset_options *o, struct tw_err *err);

/* Leaves out the candidates of a split beyond max_examples: those with the highest hash of seed and row. */
void tw_dataset_cap(struct candidates *c, const struct tw_dataset_options *o);

/* Leaves out what repeats the text of a split that is kept apart: valid against test, train against both. */
void tw_dataset_part(struct candidates *c);

/* TW_BAD_DATA when a promise is broken: a group in two splits, an example without answer. */
TW_MUST_USE enum tw_status tw_dataset_check(const struct candidates *c, struct tw_err *err);

/* JSON: system, user and assistant, in the arena. */
char *tw_dataset_messages(const char *system, struct tw_bytes instruction, struct tw_bytes answer,
			  struct tw_arena *a);

/* Gives a share of the examples passages to answer from, pairs never: see dataset_ground.c. */
void tw_dataset_ground(struct candidates *all, const struct tw_dataset_options *o,
		       const char *system, struct tw_arena *a);

/* JSON: examples, documents, groups, characters and kinds by split, and what was left out and why. */
char *tw_dataset_stats(const struct candidates *c, struct tw_arena *a);

#endif
