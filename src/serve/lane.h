/*
 * serve/lane.h: one thread and a bounded queue of work for it.
 *
 * Work that nobody waits for any more (its client left) makes room when the
 * queue is full.
 */
#ifndef TW_SERVE_LANE_H
#define TW_SERVE_LANE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct tw_lane; /* opaque */

struct tw_job {
	void (*run)(void *ctx);
	void (*drop)(void *ctx); /* instead of run: the lane ends, or gone() said yes */
	bool (*gone)(void *ctx);
	void *ctx;
};

/* limit: jobs that wait, beside the one that runs. */
TW_MUST_USE enum tw_status tw_lane_new(struct tw_lane **out, size_t limit, struct tw_err *err);
bool tw_lane_push(struct tw_lane *l, const struct tw_job *job); /* false: full, or ending */
size_t tw_lane_waiting(struct tw_lane *l);
bool tw_lane_busy(struct tw_lane *l);

/* Takes nothing new and waits until all is done, at most `seconds`: then drops what still waits. True when all was done. */
bool tw_lane_drain(struct tw_lane *l, double seconds, bool (*hurry)(void *ctx), void *ctx);
void tw_lane_free(struct tw_lane *l); /* waits for the running job; NULL is fine */

#endif
