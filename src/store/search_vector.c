/* The nearest rows of a view by meaning. */
#include <math.h>

#include "store/hits.h"
#include "store/vector_int.h"

/* More than are wanted: rows with the same vector tie, and a row may be gone from the snapshot. */
#define SLACK 16

static enum tw_status check(const struct tw_view_table *t, const float *query, int dim,
			    struct tw_err *err)
{
	if (t->vector < 0)
		return tw_fail(err, TW_BAD_USE, "view %s has no vectors", t->name);
	for (int i = 0; i < dim; i++)
		if (!isfinite(query[i]))
			return tw_fail(err, TW_BAD_USE, "the query's vector holds %g at %d",
				       (double)query[i], i);
	return TW_OK;
}

/* Of length one, so that the scores are cosines. */
static const float *unit(const float *query, int dim, struct tw_arena *a)
{
	float *u = TW_NEW_ARRAY(a, (size_t)dim + 1, float);
	double sum = 0;

	for (int i = 0; i < dim; i++)
		sum += (double)query[i] * (double)query[i];
	for (int i = 0; i < dim; i++)
		u[i] = sum > 0 ? (float)((double)query[i] / sqrt(sum)) : 0;
	return u;
}

static enum tw_status search(struct tw_hits *out, struct tw_feature_store *fs, struct tw_conn *c,
			     const struct tw_view_table *t, const float *query, int dim, size_t k,
			     bool *damaged, struct tw_arena *a, struct tw_err *err)
{
	struct tw_scored_rows rows = {0};
	struct tw_vec_top top = {.want = k + SLACK};

	top.at = TW_NEW_ARRAY(a, top.want, struct tw_vec_hit);
	enum tw_status st =
		tw_vector_index_search(&top, fs->vectors, c, t, query, dim, damaged, a, err);
	for (size_t i = 0; st == TW_OK && i < top.n; i++) {
		const struct tw_scored s = {(double)top.at[i].score, top.at[i].rid};
		tw_vec_push(&rows, s);
	}
	if (st == TW_OK)
		st = tw_hits_make(out, c, t, &rows, k, a, err);
	tw_vec_release(&rows);
	return st;
}

enum tw_status tw_fs_search_vector(struct tw_hits *out, struct tw_feature_store *fs,
				   const char *view, const float *query, int dim, size_t k,
				   struct tw_arena *a, struct tw_err *err)
{
	const struct tw_view_table *t;
	struct tw_conn *c;
	bool damaged = false;
	enum tw_status st = tw_db_read(&c, fs->db, err);

	*out = (struct tw_hits){NULL, 0};
	if (st != TW_OK)
		return st;
	st = tw_view_table_find(&t, fs, c, view, err);
	if (st == TW_OK)
		st = check(t, query, dim, err);
	if (st == TW_OK && k)
		st = search(out, fs, c, t, unit(query, dim, a), dim, k, &damaged, a, err);
	tw_db_read_end(c);
	if (damaged)
		tw_vector_index_repair(fs->vectors, t);
	return st;
}
