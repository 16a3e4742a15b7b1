/*
 * base/progress.h: a progress bar on a terminal, plain lines elsewhere.
 *
 * On a terminal one line is redrawn at most ten times a second:
 *	embed  ━━━━━━━━━─────────  512/1024  38.2 chunks/s  0:14 left
 * It fits the terminal: the rate goes first, then the bar gets short. Without UTF-8 it is of # and dots.
 * Elsewhere a line is written at the start, every ten seconds, and at the end.
 * Silent below log level INFO. Thread-safe for tw_progress_add().
 */
#ifndef TW_BASE_PROGRESS_H
#define TW_BASE_PROGRESS_H

#include <stdint.h>

#include "base/err.h"

struct tw_progress; /* opaque */

/* total 0: unknown, counts only. `unit` is plural: "chunks", "tokens". */
struct tw_progress *tw_progress_new(const char *label, const char *unit, int64_t total);
void tw_progress_add(struct tw_progress *p, int64_t done); /* NULL is fine */
void tw_progress_set(struct tw_progress *p, int64_t done);
/* A short text behind the bar: "loss 2.31". */
void tw_progress_note(struct tw_progress *p, const char *fmt, ...) TW_PRINTF(2, 3);
void tw_progress_free(struct tw_progress *p); /* draws the last state; NULL is fine */

/* For the log: takes a drawn bar off the line before other text is written. */
void tw_progress_hide(void);

#endif
