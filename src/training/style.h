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

/* The same from counts, which add up over texts: tw_style_size() numbers, of the author's words and, last, of all words. */
size_t tw_style_size(const struct tw_style *s);
void tw_style_count(double *counts, const struct tw_style *s, struct tw_bytes text); /* adds */
double tw_style_distance(const struct tw_style *s, const double *x, const double *y);

/* Two models' answers to the same n titles: counts of each, one title after another, and those of the author's text. */
struct tw_style_answers {
	const struct tw_style *style;
	size_t n;
	const double *base, *adapted, *author;
};
struct tw_style_figure {
	double value, low, high; /* the 95 % interval; NaN with fewer than five titles */
};
enum { TW_STYLE_BASE, TW_STYLE_ADAPTED, TW_STYLE_RATIO, TW_STYLE_FIGURES };

/* Distance of each model to the author, and adapted / base. */
void tw_style_compare(struct tw_style_figure out[TW_STYLE_FIGURES],
		      const struct tw_style_answers *c, uint64_t seed);

/* Cosine distance of the frequencies of character 3-grams, case folded, white space as one blank (after Kešelj et al.
 * 2003, "N-gram-based author profiles"): 0 for the same text, at most 1. NaN when one is empty. */
double tw_style_ngrams(struct tw_bytes x, struct tw_bytes y);

/* Words of the text, and the length in bytes of its first n words. */
size_t tw_style_words(struct tw_bytes text);
size_t tw_style_prefix(struct tw_bytes text, size_t n);

#endif
