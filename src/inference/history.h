/*
 * inference/history.h: the turns of one conversation, for `twin chat`.
 *
 * Copies what it is given. The prompt cuts the oldest turns by tokens; here the
 * number of turns alone is bounded.
 */
#ifndef TW_INFERENCE_HISTORY_H
#define TW_INFERENCE_HISTORY_H

#include "base/vec.h"
#include "core/llm.h"

#define TW_HISTORY_MAX 64 /* messages */

struct tw_history {
	TW_VEC(struct tw_message) messages;
};

#define TW_HISTORY_INIT   \
	{                 \
		{         \
			0 \
		}         \
	}

void tw_history_add(struct tw_history *h, const char *question, const char *answer);
void tw_history_clear(struct tw_history *h);
void tw_history_release(struct tw_history *h);

#endif
