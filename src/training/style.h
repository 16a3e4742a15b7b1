/*
 * training/style.h: how far one text is from another in style.
 *
 * Burrows's Delta (Burrows 2002, "Delta: a measure of stylistic difference"):
 * the mean difference of z-scores of the relative frequencies of the author's
 * most frequent words, which are mostly words of grammar and say how somebody
 * writes, not about what. Standard deviations come from pieces of the author's
 * own text. 0 for the same text; comparable only under the same author, and
 * between texts of about the same length.
 */
#ifndef TW_TRAINING_STYLE_H
#define TW_TRAINING_STYLE_H

#include "base/mem.h"

struct tw_style; /* an author's words and how much they vary; in the arena */

/* Learns from the author's text. Never NULL; too short a text gives distances that are NaN. */
struct tw_style *tw_style_new(struct tw_bytes text, struct tw_arena *a);

/* Delta between x and y as the author's words measure it. NaN when one of them has no words. */
double tw_style_delta(const struct tw_style *s, struct tw_bytes x, struct tw_bytes y);

/* Cosine distance of the frequencies of character 3-grams, case folded, white space as one blank (after Kešelj et al.
 * 2003, "N-gram-based author profiles"): 0 for the same text, at most 1. NaN when one is empty. */
double tw_style_ngrams(struct tw_bytes x, struct tw_bytes y);

/* Words of the text, and the length in bytes of its first n words. */
size_t tw_style_words(struct tw_bytes text);
size_t tw_style_prefix(struct tw_bytes text, size_t n);

#endif
