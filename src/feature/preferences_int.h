/*
 * feature/preferences_int.h: judging the answer that an LLM wrote beside the author's.
 */
#ifndef TW_FEATURE_PREFERENCES_INT_H
#define TW_FEATURE_PREFERENCES_INT_H

#include <stdbool.h>

#include "base/mem.h"

/* What of the generated text can stand as an answer: without space around it and, when it was cut off, without the
 * sentence and the code block that have no end. A range of `text`. */
struct tw_bytes tw_preference_text(const char *text, bool cut, struct tw_arena *a);

/* "ok", or why the pair is no use. */
const char *tw_preference_status(struct tw_bytes rejected, struct tw_bytes author, bool cut,
				 struct tw_arena *a);

#endif
