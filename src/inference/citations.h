/*
 * inference/citations.h: keeps the citations of an answer true while it streams.
 *
 * A citation is "[2]" or "[1, 3]" that is not attached to a word (an index like
 * a[0] is none) and not inside `code`. Numbers out of 1 .. n_sources are taken
 * out, likewise one that the citations right before it named already, and so is the bracket when nothing is left in
 * it. Everything else passes unchanged; at most a few bytes are held back.
 */
#ifndef TW_INFERENCE_CITATIONS_H
#define TW_INFERENCE_CITATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define TW_CITATIONS_MAX 64

struct tw_citations {
	int n_sources;
	uint64_t cited; /* bit n - 1: [n] was seen */
	uint64_t row;	/* the same, since the last other text */
	int repeats;	/* taken out since the last other text: many of them are a loop */
	struct tw_str held;
	int ticks; /* length of the run of backquotes that opened code; 0: not in code */
	int run;   /* backquotes in the run being read */
	char last; /* last byte given out */
};

void tw_citations_init(struct tw_citations *c, int n_sources);
void tw_citations_release(struct tw_citations *c);

/* Appends to `out` what is certain by now. */
void tw_citations_feed(struct tw_citations *c, struct tw_str *out, const char *text, size_t len);
void tw_citations_end(struct tw_citations *c, struct tw_str *out);

#endif
