/*
 * core/grounding.h: passages and a question as one message.
 *
 * Training examples and serving write it here, so that a model is asked in the words
 * that it was trained on.
 */
#ifndef TW_CORE_GROUNDING_H
#define TW_CORE_GROUNDING_H

#include "base/str.h"
#include "core/retriever.h"

/* Adds "[2] Title: Heading (2022-01-16)", the text on the next line, and an empty line. Of `p` all but the text is used. */
void tw_grounding_passage(struct tw_str *out, size_t n, const struct tw_passage *p,
			  const char *text, size_t len);

/* Adds the whole message: what the passages are, the passages (as written above), what to do with them, the question. */
void tw_grounding_message(struct tw_str *out, const char *const *passages, size_t n,
			  const char *question);

#endif
