/*
 * core/tracker.h: a tracker shows trainings elsewhere, while they run: an MLflow server, for example.
 *
 * Neither slows nor fails what it watches. Everything is sent by a thread of its own, in batches; a place that does
 * not answer is warned about once and tried again, and what was measured meanwhile is sent when it answers; what it
 * refuses is warned about once, too.
 *
 * To add one: training/tracker_x.c, its extern in training/trackers.h, one line in app/plugins.c, one row in
 * tests/contract/test_tracker.c.
 */
#ifndef TW_CORE_TRACKER_H
#define TW_CORE_TRACKER_H

#include "base/http.h"
#include "core/config.h"
#include "core/model_registry.h"

struct tw_tracker; /* opaque */

struct tw_pair {
	const char *name, *value;
};
struct tw_pairs {
	const struct tw_pair *at;
	size_t n;
};

/* What is known of a run when it begins. Copied where it is needed longer than the call. */
struct tw_tracked_run {
	const char *name; /* for people */
	int64_t started_ms;
	struct tw_pairs params, tags;
	const char *dataset; /* digest, may be NULL */
};

/* All slots that reach a place: TW_NETWORK when it does not answer and may later, TW_BAD_DATA when it refuses. */
struct tw_tracker_type {
	const char *name; /* `tracker:` under `tracking:` */
	const char *help;
	const struct tw_opt *opts; /* written into ctx, zeroed before */
	size_t ctx_size;

	/* Optional: without it nothing is ever sent. Called again, on the same ctx, until it succeeds. */
	enum tw_status (*begin)(void *ctx, struct tw_http *http, const struct tw_tracked_run *r,
				struct tw_err *err);
	/* Required with begin, likewise below. At most TW_TRACKER_BATCH points. */
	enum tw_status (*log)(void *ctx, struct tw_http *http, const struct tw_metric_point *p,
			      size_t n, struct tw_err *err);
	/* Optional: a file that the run made. Not called when the options say no. */
	enum tw_status (*file)(void *ctx, struct tw_http *http, const char *name, const char *path,
			       struct tw_err *err);
	/* `status`: "done", "failed", "interrupted". */
	enum tw_status (*end)(void *ctx, struct tw_http *http, const char *status, int64_t ended_ms,
			      struct tw_err *err);
	/* After begin: where a person can look at the run. */
	void (*page)(const void *ctx, struct tw_str *out);
	/* Host that it talks to. */
	void (*hosts)(const void *ctx, struct tw_str *out);
	/* Optional. */
	void (*close)(void *ctx);
};

#define TW_TRACKER_BATCH 1000

/* As `tracking:` says: `tracker` picks the type, the list's first when it is not named. Without the section *out is
 * NULL, with which every call below does nothing. On TW_OK the caller owns *out. TW_BAD_USE. */
TW_MUST_USE enum tw_status tw_tracker_new(struct tw_tracker **out,
					  const struct tw_tracker_type *const *types,
					  const struct tw_config *conf, struct tw_err *err);
void tw_tracker_free(struct tw_tracker *t); /* one that begun and did not end was interrupted */

/* Appends the host that it would reach. */
void tw_tracker_hosts(struct tw_str *out, const struct tw_tracker *t);

/* Starts the thread, and says the page on stderr once there is one. Sends as `policy` allows; nothing when offline. */
void tw_tracker_begin(struct tw_tracker *t, const struct tw_http_policy *policy,
		      const struct tw_tracked_run *r);
void tw_tracker_metric(struct tw_tracker *t, const char *name, int64_t step, double value);
/* `status` as of tw_mr_run_end(). `path`: a file to send along as `name`; NULL for none. Waits for what is on its way;
 * a place that does not answer is tried once more, which takes seconds at most. */
void tw_tracker_end(struct tw_tracker *t, const char *status, const char *name, const char *path);

/* Copied to the arena; "" as long as there is none. */
const char *tw_tracker_page(struct tw_tracker *t, struct tw_arena *a);

#endif
