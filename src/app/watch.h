/*
 * app/watch.h: what is done with a training while it runs: its metrics are recorded and tracked, its evaluations told,
 * and the model asked the same prompts at each. The trainer knows nothing of it.
 */
#ifndef TW_APP_WATCH_H
#define TW_APP_WATCH_H

#include "app/graph.h"
#include "core/trainer.h"

struct tw_watch; /* opaque */

/* Begins, for a run that has begun. `job` gets the callbacks and their ctx; all that is given outlives the watch. */
TW_MUST_USE enum tw_status tw_watch_new(struct tw_watch **out, struct tw_graph *g,
					const struct tw_step_run *r, struct tw_train_job *job,
					struct tw_err *err);
/* `st`: how it ended. `adapter`: path of what it made, may be NULL. Frees w; NULL is fine. Where it was tracked, "" for
 * nowhere, in the app's arena. */
const char *tw_watch_end(struct tw_watch *w, enum tw_status st, const char *adapter);

#endif
