/*
 * base/talk.h: another process says what this one has to say.
 *
 * What goes through log.h and progress.h is handed to `talk` in place of standard error, so that lines and bars of two
 * processes never mix. For a child, once, before it says anything.
 */
#ifndef TW_BASE_TALK_H
#define TW_BASE_TALK_H

#include <stdint.h>

#include "base/log.h"

/* All required. */
struct tw_talk {
	void (*line)(void *ctx, enum tw_log_level level, const char *text);
	void (*bar_begin)(void *ctx, const char *label, const char *unit, int64_t total);
	void (*bar_at)(void *ctx, int64_t done); /* ten times a second at most */
	void (*bar_end)(void *ctx);
	void *ctx;
};

void tw_talk_through(const struct tw_talk *talk); /* which stays; NULL: standard error */

#endif
