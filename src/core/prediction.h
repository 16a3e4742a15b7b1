/*
 * core/prediction.h: answers that were given, kept in the feature store with
 * what they were made from: the end of the lineage.
 */
#ifndef TW_CORE_PREDICTION_H
#define TW_CORE_PREDICTION_H

#include "core/feature_store.h"

struct tw_prediction {
	const char *id;	    /* filled by put: 16 hexadecimal digits */
	const char *batch;  /* name of the batch, "" for a single answer */
	int64_t deployment; /* revision */
	const char *question, *answer;
	const char *sources; /* JSON: [{"n","doc","row_id","title","url","date","score"}] */
	int64_t created_ms;
};
struct tw_predictions {
	const struct tw_prediction *at; /* newest first */
	size_t n;
};

TW_MUST_USE enum tw_status tw_fs_prediction_put(struct tw_prediction *p,
						struct tw_feature_store *fs, struct tw_arena *a,
						struct tw_err *err);
TW_MUST_USE enum tw_status tw_fs_prediction(struct tw_prediction *out, struct tw_feature_store *fs,
					    const char *id, struct tw_arena *a, struct tw_err *err);
/* batch NULL: all; limit 0: all. */
TW_MUST_USE enum tw_status tw_fs_predictions(struct tw_predictions *out,
					     struct tw_feature_store *fs, const char *batch,
					     size_t limit, struct tw_arena *a, struct tw_err *err);

#endif
