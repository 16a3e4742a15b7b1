/* The vector index of a view in memory: brought up to a reader's snapshot, then searched. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/vector_int.h"

struct tw_vector_index *tw_vector_index_new(struct tw_db *db)
{
	struct tw_vector_index *x = tw_xcalloc(1, sizeof(*x));
	const char *path = tw_db_path(db);

	x->db = db;
	x->bits_min = TW_SEGMENT_BITS_MIN;
	x->dir = tw_xmalloc(strlen(path) + 16);
	strcpy(x->dir, path);
	strcat(x->dir, ".vectors");
	pthread_mutex_init(&x->lock, NULL);
	pthread_mutex_init(&x->growing, NULL);
	return x;
}

static void release_segments(struct tw_listed_segments *s)
{
	for (size_t i = 0; i < s->n; i++)
		tw_segment_release(&s->at[i].seg);
	tw_vec_release(s);
}

void tw_vector_index_free(struct tw_vector_index *x)
{
	if (!x)
		return;
	while (x->first) {
		struct tw_view_vectors *v = x->first;
		x->first = v->next;
		release_segments(&v->segments);
		tw_vec_release(&v->rest_rids);
		tw_vec_release(&v->rest);
		pthread_rwlock_destroy(&v->lock);
		free(v);
	}
	pthread_mutex_destroy(&x->lock);
	pthread_mutex_destroy(&x->growing);
	free(x->dir);
	free(x);
}

static struct tw_view_vectors *vectors_of(struct tw_vector_index *x, int64_t table)
{
	struct tw_view_vectors *v;

	pthread_mutex_lock(&x->lock);
	for (v = x->first; v && v->table != table; v = v->next)
		;
	if (!v) {
		v = tw_xcalloc(1, sizeof(*v));
		v->table = table;
		v->indexed = -1;
		pthread_rwlock_init(&v->lock, NULL);
		v->next = x->first;
		x->first = v;
	}
	pthread_mutex_unlock(&x->lock);
	return v;
}

bool tw_vector_index_take_damage(int64_t *indexed, struct tw_vector_index *x, int64_t table)
{
	struct tw_view_vectors *v = vectors_of(x, table);
	bool damaged;

	pthread_rwlock_wrlock(&v->lock);
	damaged = v->damaged;
	*indexed = v->indexed;
	v->damaged = false;
	pthread_rwlock_unlock(&v->lock);
	return damaged;
}

/* --- following a snapshot --- */

enum tw_status tw_segments_list(struct tw_listed_segments *out, struct tw_conn *c, int64_t table,
				struct tw_err *err)
{
	struct tw_stmt *q;
	enum tw_status st = tw_sql_query(&q, c, err,
					 "SELECT id, first, last, checksum, n FROM segments "
					 "WHERE tbl = $1 ORDER BY first",
					 V_INT(table));

	if (st != TW_OK)
		return st;
	while ((st = tw_sql_step(q, err)) == TW_OK) {
		const struct tw_listed_segment s = {.id = tw_col_int(q, 0),
						    .first = tw_col_int(q, 1),
						    .last = tw_col_int(q, 2),
						    .checksum = (uint64_t)tw_col_int(q, 3),
						    .n = tw_col_int(q, 4)};
		tw_vec_push(out, s);
	}
	tw_sql_end(q);
	return st == TW_DONE ? TW_OK : st;
}

static void open_segment(struct tw_view_vectors *v, const struct tw_vector_index *x,
			 struct tw_listed_segment *s)
{
	struct tw_err why = TW_ERR_INIT;
	struct tw_arena a;
	char name[80];

	tw_arena_init(&a);
	tw_segment_name(name, v->table, s->checksum);
	if (tw_segment_open(&s->seg, tw_path_join(&a, x->dir, name), v->dim, s->checksum, &why) !=
	    TW_OK) {
		tw_debug("vector index: %s; its rows are read from the store", why.msg);
		v->damaged = true;
	}
	tw_arena_release(&a);
}

/* Segments that were mapped before stay mapped. */
static enum tw_status follow_segments(struct tw_view_vectors *v, const struct tw_vector_index *x,
				      struct tw_conn *c, struct tw_err *err)
{
	struct tw_listed_segments now = {0};
	enum tw_status st = tw_segments_list(&now, c, v->table, err);

	v->damaged = false;
	for (size_t i = 0; st == TW_OK && i < now.n; i++) {
		for (size_t k = 0; k < v->segments.n && !now.at[i].seg.n; k++) {
			struct tw_listed_segment *old = &v->segments.at[k];
			if (old->id != now.at[i].id)
				continue;
			now.at[i].seg = old->seg;
			old->seg = (struct tw_segment){.n = 0};
			/* This snapshot may be older than the last one that was followed. */
			tw_segment_revive(&now.at[i].seg);
		}
		if (!now.at[i].seg.n)
			open_segment(v, x, &now.at[i]);
	}
	release_segments(&v->segments);
	v->segments = now;
	return st;
}

static enum tw_status follow_dead(struct tw_view_vectors *v, struct tw_conn *c, struct tw_err *err)
{
	struct tw_stmt *q;
	enum tw_status st = tw_sql_query(&q, c, err, "SELECT rid FROM dead_rows WHERE tbl = $1",
					 V_INT(v->table));

	if (st != TW_OK)
		return st;
	while ((st = tw_sql_step(q, err)) == TW_OK)
		for (size_t i = 0; i < v->segments.n; i++)
			tw_segment_bury(&v->segments.at[i].seg, tw_col_int(q, 0));
	tw_sql_end(q);
	return st == TW_DONE ? TW_OK : st;
}

static enum tw_status read_rest(struct tw_view_vectors *v, struct tw_conn *c,
				const struct tw_view_table *t, int64_t first, int64_t last,
				struct tw_err *err)
{
	size_t width = tw_vec_width(v->dim), bytes = (size_t)v->dim * sizeof(float);
	struct tw_stmt *q;
	enum tw_status st = tw_sql_query(&q, c, err, t->sql_vectors, V_INT(first), V_INT(last));

	if (st != TW_OK)
		return st;
	while ((st = tw_sql_step(q, err)) == TW_OK) {
		struct tw_bytes b = tw_col_blob(q, 1);
		if (b.len != bytes)
			continue;
		tw_vec_push(&v->rest_rids, tw_col_int(q, 0));
		tw_vec_reserve(&v->rest, v->rest.n + width);
		memset(v->rest.at + v->rest.n, 0, width * sizeof(float));
		memcpy(v->rest.at + v->rest.n, b.data, bytes);
		v->rest.n += width;
	}
	tw_sql_end(q);
	return st == TW_DONE ? TW_OK : st;
}

/* The rows of every gap between usable segments, and behind the last. */
static enum tw_status follow_rest(struct tw_view_vectors *v, struct tw_conn *c,
				  const struct tw_view_table *t, struct tw_err *err)
{
	int64_t from = 0;
	enum tw_status st = TW_OK;

	tw_vec_release(&v->rest); /* it may have held a whole view */
	tw_vec_release(&v->rest_rids);
	for (size_t i = 0; st == TW_OK && i < v->segments.n; i++) {
		const struct tw_listed_segment *s = &v->segments.at[i];
		if (!s->seg.n)
			continue;
		if (s->first > from)
			st = read_rest(v, c, t, from, s->first - 1, err);
		from = s->last + 1;
	}
	return st == TW_OK ? read_rest(v, c, t, from, INT64_MAX, err) : st;
}

static enum tw_status follow(struct tw_view_vectors *v, const struct tw_vector_index *x,
			     struct tw_conn *c, const struct tw_view_table *t, int64_t indexed,
			     int dim, struct tw_err *err)
{
	v->indexed = -1; /* until all of it is there */
	v->dim = dim;
	enum tw_status st = follow_segments(v, x, c, err);
	if (st == TW_OK)
		st = follow_dead(v, c, err);
	if (st == TW_OK)
		st = follow_rest(v, c, t, err);
	if (st == TW_OK)
		v->indexed = indexed;
	return st;
}

static enum tw_status view_state(int64_t *indexed, int *dim, struct tw_conn *c, int64_t table,
				 struct tw_err *err)
{
	struct tw_stmt *q;
	enum tw_status st = tw_sql_query(
		&q, c, err, "SELECT indexed, dim FROM views WHERE tbl = $1", V_INT(table));

	if (st != TW_OK)
		return st;
	st = tw_sql_step(q, err);
	if (st == TW_OK) {
		*indexed = tw_col_int(q, 0);
		*dim = (int)tw_col_int(q, 1);
	}
	tw_sql_end(q);
	return st == TW_DONE ? TW_NOT_FOUND : st;
}

/* --- searching --- */

static enum tw_status scan(struct tw_vec_top *top, struct tw_view_vectors *v,
			   const struct tw_vec_query *q, struct tw_err *err)
{
	enum tw_status st = TW_OK;

	for (size_t i = 0; st == TW_OK && i < v->segments.n; i++)
		if (v->segments.at[i].seg.n)
			st = tw_segment_search(top, &v->segments.at[i].seg, q, err);
	for (size_t i = 0; st == TW_OK && i < v->rest_rids.n; i++)
		tw_vec_top_add(top, q->k->dot_f32(v->rest.at + i * q->width, q->vec, q->width),
			       v->rest_rids.at[i]);
	return st;
}

/* Segments whose vectors turned out damaged are left out, and their rows read from the store. */
static void distrust(struct tw_view_vectors *v)
{
	for (size_t i = 0; i < v->segments.n; i++)
		tw_segment_release(&v->segments.at[i].seg);
	v->damaged = true;
}

static enum tw_status search_again(struct tw_vec_top *top, struct tw_view_vectors *v,
				   struct tw_conn *c, const struct tw_view_table *t,
				   const struct tw_vec_query *q, struct tw_err *err)
{
	tw_err_clear(err);
	top->n = 0;
	pthread_rwlock_wrlock(&v->lock);
	distrust(v);
	enum tw_status st = follow_rest(v, c, t, err);
	if (st == TW_OK)
		st = scan(top, v, q, err);
	pthread_rwlock_unlock(&v->lock);
	return st;
}

enum tw_status tw_vector_index_search(struct tw_vec_top *top, struct tw_vector_index *x,
				      struct tw_conn *c, const struct tw_view_table *t,
				      const float *vec, int dim, bool *damaged, struct tw_arena *a,
				      struct tw_err *err)
{
	struct tw_view_vectors *v = vectors_of(x, t->table);
	struct tw_vec_query q;
	int64_t indexed = 0;
	int stored = 0;
	enum tw_status st = view_state(&indexed, &stored, c, t->table, err);

	if (st != TW_OK || stored == 0)
		return st == TW_NOT_FOUND ? TW_OK : st; /* no rows yet */
	if (stored != dim)
		return tw_fail(err, TW_BAD_USE,
			       "view %s holds vectors of %d dimensions, the query has %d; was it "
			       "made by another embedder?",
			       t->name, stored, dim);
	tw_vec_query_init(&q, vec, dim, a);
	pthread_rwlock_rdlock(&v->lock);
	if (v->indexed != indexed) {
		pthread_rwlock_unlock(&v->lock);
		pthread_rwlock_wrlock(&v->lock);
		if (v->indexed != indexed)
			st = follow(v, x, c, t, indexed, dim, err);
	}
	if (st == TW_OK)
		st = scan(top, v, &q, err);
	*damaged = v->damaged || st == TW_BAD_DATA;
	pthread_rwlock_unlock(&v->lock);
	return st == TW_BAD_DATA ? search_again(top, v, c, t, &q, err) : st;
}
