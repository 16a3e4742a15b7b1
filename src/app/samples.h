/*
 * app/samples.h: what the model answers while it is trained: the same prompts at each evaluation.
 *
 * Greedily, so that what differs between two evaluations is what was learnt in between. Costs about a second an
 * evaluation, of which the metric "sample_seconds" keeps account. A failure is said once and stops nothing.
 */
#ifndef TW_APP_SAMPLES_H
#define TW_APP_SAMPLES_H

#include "app/app.h"
#include "core/dataset.h"

struct tw_asker; /* opaque */

/* Keys of `training:` that belong here, not to the trainer. */
extern const struct tw_opt tw_sample_opts[];
TW_MUST_USE enum tw_status tw_asker_check(const struct tw_config *conf, struct tw_err *err);

/* *out is NULL when there is nothing to ask: `samples: []`, or no validation split. `base` and `valid` outlive it. */
TW_MUST_USE enum tw_status tw_asker_new(struct tw_asker **out, struct tw_app *app,
					struct tw_llm *base, const struct tw_examples *valid,
					struct tw_err *err);
void tw_asker_free(struct tw_asker *s); /* NULL is fine */

/* Asks the base under the adapter, and keeps the answers with the run. `excerpt`, in the arena: the beginning of the
 * first, for people; NULL when there is none. Returns the seconds that it took. */
double tw_asker_ask(const char **excerpt, struct tw_asker *s, int64_t run, int64_t step,
		    const char *adapter, struct tw_arena *a);

#endif
