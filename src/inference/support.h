/*
 * inference/support.h: how much of an answer stands in what it was made from.
 *
 * A small model invents, fluently. The share of the answer's words of content
 * that the passages or the question hold tells that apart without a second
 * model: of 48 answers of SmolLM2-135M that were read one by one, those that
 * quote lie at 0.95 or more, those that mix quotes with inventions between 0.65
 * and 0.85, those that are made up below 0.65, but for one at 0.74. It is no proof:
 * words of the passages can be put together to something untrue.
 */
#ifndef TW_INFERENCE_SUPPORT_H
#define TW_INFERENCE_SUPPORT_H

#include "inference/answer.h"

/* Below it, a reader should be told to check. */
#define TW_SUPPORT_LOW 0.65

/* 0 to 1; -1 when the answer has no word that could be looked for, or there is no source. */
double tw_support(const char *answer, const char *question, const struct tw_answer_source *s,
		  size_t n, struct tw_arena *a);

#endif
