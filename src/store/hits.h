/*
 * store/hits.h: from row numbers with scores to hits.
 */
#ifndef TW_STORE_HITS_H
#define TW_STORE_HITS_H

#include "store/fs_int.h"

struct tw_scored {
	double score;
	int64_t rid;
};
struct tw_scored_rows TW_VEC_BODY(struct tw_scored);

/* The best k of rows that are in the snapshot of c, ties by document and ord. Reorders `rows`. */
TW_MUST_USE enum tw_status tw_hits_make(struct tw_hits *out, struct tw_conn *c,
					const struct tw_view_table *t, struct tw_scored_rows *rows,
					size_t k, struct tw_arena *a, struct tw_err *err);

#endif
