/*
 * feature/passage_int.h: answers: pieces of an author's text that stand alone.
 *
 * A passage is a verbatim range of the scrubbed text, cut at the end of a
 * paragraph, of code, or of a sentence, and judged for whether it can be an
 * answer at all. Block quotes are never part of it: it begins behind them, and ends
 * before the next one.
 */
#ifndef TW_FEATURE_PASSAGE_INT_H
#define TW_FEATURE_PASSAGE_INT_H

#include "feature/outline_int.h"

struct passage_limits {
	int64_t max_chars; /* bytes of the answer */
	int64_t min_words; /* of the author's own prose: no code, quotes, bare lists of links */
};

struct passage {
	size_t start, end;
};

/* The passage that begins with block `first`, over at most n blocks. False when no usable one does. */
bool tw_passage(struct passage *out, const char *s, const struct outline *o, size_t first, size_t n,
		const struct passage_limits *limits, struct tw_arena *a);

#endif
