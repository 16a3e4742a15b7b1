/*
 * inference/followup.h: what to search for when a question leans on the one before.
 *
 * "And how long does that take?" names nothing that a search could find. When a
 * question has at most two words of content and points back ("it", "that", "and …"),
 * the question before it is searched with it. A question that names its own
 * subject stands alone, so a change of subject finds only the new one.
 * Knows English; in other languages questions stand alone.
 */
#ifndef TW_INFERENCE_FOLLOWUP_H
#define TW_INFERENCE_FOLLOWUP_H

#include "core/llm.h"

bool tw_is_followup(const char *question, struct tw_arena *a);

/* The question itself, or with the last user's message of the history in front. In the arena, or `question`. */
const char *tw_search_query(const char *question, const struct tw_message *history, size_t n,
			    struct tw_arena *a);

#endif
