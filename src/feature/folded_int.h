/*
 * feature/folded_int.h: the words of a text without case, as hashes: for comparing what an LLM wrote with what it read.
 */
#ifndef TW_FEATURE_FOLDED_INT_H
#define TW_FEATURE_FOLDED_INT_H

#include <stdint.h>

#include "base/mem.h"

struct tw_folded {    /* in the arena */
	uint64_t *at; /* n hashes */
	size_t n;
	const char *text; /* in lower case */
};
struct tw_folded tw_folded_words(struct tw_bytes text, struct tw_arena *a);

#endif
