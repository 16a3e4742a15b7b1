/*
 * Writing segments of vectors. A new one takes in the segments before it that
 * are not much larger than it, so that n rows lie in about log2(n) segments,
 * and those in which many rows are dead.
 *
 * What fails here costs speed alone: the rows are in the store.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/map.h"
#include "store/vector_int.h"

struct plan {
	int64_t first, last;		  /* row numbers */
	struct tw_listed_segments absorb; /* that it takes the place of */
	int64_t rows;
	int64_t indexed; /* of the view, as the snapshot has it */
	int dim;
};

static enum tw_status count_dead(int64_t *out, struct tw_conn *c, int64_t table,
				 const struct tw_listed_segment *s, struct tw_err *err)
{
	return tw_sql_int(
		out, c, err,
		"SELECT count(*) FROM dead_rows WHERE tbl = $1 AND rid >= $2 AND rid <= $3",
		V_INT(table), V_INT(s->first), V_INT(s->last));
}

/* From which segment on everything is written anew; listed.n: only what is new. */
static enum tw_status choose(size_t *from, struct tw_conn *c, int64_t table,
			     const struct tw_listed_segments *listed, int64_t fresh,
			     struct tw_err *err)
{
	int64_t rows = fresh;
	size_t i = listed->n;

	while (i > 0 && listed->at[i - 1].n <= 2 * rows)
		rows += listed->at[--i].n;
	for (size_t k = 0; k < i; k++) {
		int64_t dead = 0;
		bool gap = listed->at[k].first > (k ? listed->at[k - 1].last + 1 : 0);
		enum tw_status st = count_dead(&dead, c, table, &listed->at[k], err);
		if (st != TW_OK)
			return st;
		if (gap || dead * 3 > listed->at[k].n)
			i = k;
	}
	*from = i;
	return TW_OK;
}

static enum tw_status view_state(struct plan *p, struct tw_conn *c, int64_t table,
				 struct tw_err *err)
{
	int64_t dim = 0;
	enum tw_status st = tw_sql_int(&p->indexed, c, err,
				       "SELECT indexed FROM views WHERE tbl = $1", V_INT(table));

	if (st == TW_OK)
		st = tw_sql_int(&dim, c, err, "SELECT dim FROM views WHERE tbl = $1", V_INT(table));
	p->dim = (int)dim;
	return st;
}

/* TW_DONE when there is nothing worth doing. */
static enum tw_status make_plan(struct plan *p, struct tw_conn *c, const struct tw_view_table *t,
				struct tw_err *err)
{
	struct tw_listed_segments listed = {0};
	size_t from = 0;
	enum tw_status st = view_state(p, c, t->table, err);

	if (st == TW_OK)
		st = tw_sql_int(&p->last, c, err, t->sql_last);
	if (st == TW_OK)
		st = tw_segments_list(&listed, c, t->table, err);
	int64_t covered = listed.n ? listed.at[listed.n - 1].last : 0;
	int64_t fresh = p->last > covered ? p->last - covered : 0;
	if (st == TW_OK)
		st = choose(&from, c, t->table, &listed, fresh, err);
	if (st == TW_OK && from == listed.n && fresh < TW_SEGMENT_ROWS_MIN)
		st = TW_DONE;
	if (st == TW_OK && from < listed.n && fresh < TW_SEGMENT_ROWS_MIN &&
	    listed.at[from].n <= 2 * fresh)
		st = TW_DONE; /* a little more for a small segment: it can wait */
	p->first = from ? listed.at[from - 1].last + 1 : 0;
	if (p->last < covered)
		p->last = covered;
	for (size_t i = from; i < listed.n; i++)
		tw_vec_push(&p->absorb, listed.at[i]);
	tw_vec_release(&listed);
	return st;
}

static enum tw_status copy_rows(struct tw_segment_writer *w, struct tw_conn *c,
				const struct tw_view_table *t, const struct plan *p,
				struct tw_err *err)
{
	struct tw_stmt *q;
	enum tw_status st =
		tw_sql_query(&q, c, err, t->sql_vectors, V_INT(p->first), V_INT(p->last));
	float *aligned = tw_xmalloc((size_t)p->dim * sizeof(float));

	while (st == TW_OK && (st = tw_sql_step(q, err)) == TW_OK) {
		struct tw_bytes b = tw_col_blob(q, 1);
		if (b.len != (size_t)p->dim * sizeof(float)) {
			st = tw_fail(err, TW_BAD_DATA, "a stored vector has %zu bytes", b.len);
			break;
		}
		memcpy(aligned, b.data, b.len);
		st = tw_segment_add(w, tw_col_int(q, 0), aligned, err);
	}
	free(aligned);
	tw_sql_end(q);
	return st == TW_DONE ? TW_OK : st;
}

static enum tw_status count_rows(struct plan *p, struct tw_conn *c, const struct tw_view_table *t,
				 struct tw_err *err)
{
	struct tw_arena a;
	struct tw_stmt *q = NULL;

	tw_arena_init(&a);
	enum tw_status st = tw_sql_query(
		&q, c, err, tw_sprintf(&a, "SELECT count(*) FROM (%s) AS r", t->sql_vectors),
		V_INT(p->first), V_INT(p->last));
	if (st == TW_OK)
		st = tw_sql_step(q, err);
	if (st == TW_OK)
		p->rows = tw_col_int(q, 0);
	tw_sql_end(q);
	tw_arena_release(&a);
	return st;
}

static enum tw_status write_file(struct tw_segment_file *out, const struct tw_vector_index *x,
				 struct tw_conn *c, const struct tw_view_table *t,
				 const struct plan *p, struct tw_err *err)
{
	struct tw_segment_writer *w;
	enum tw_status st = tw_mkdirs(x->dir, err);

	if (st == TW_OK)
		st = tw_segment_begin(&w, x->dir, p->dim, (size_t)p->rows, x->bits_min, err);
	if (st != TW_OK)
		return st;
	st = copy_rows(w, c, t, p, err);
	if (st == TW_OK)
		return tw_segment_end(out, w, t->table, err);
	tw_segment_abort(w);
	return st;
}

static enum tw_status touch(struct tw_conn *c, int64_t table, struct tw_err *err)
{
	return tw_sql_exec(c, err, "UPDATE views SET indexed = indexed + 1 WHERE tbl = $1",
			   V_INT(table));
}

/* Only if no row has changed since the snapshot that the file was written from. */
static enum tw_status list_file(const struct tw_segment_file *f, struct tw_conn *c,
				const struct tw_view_table *t, const struct plan *p,
				struct tw_err *err)
{
	int64_t indexed = -1;
	enum tw_status st = tw_sql_int(&indexed, c, err, "SELECT indexed FROM views WHERE tbl = $1",
				       V_INT(t->table));

	if (st == TW_OK && indexed != p->indexed)
		return tw_fail(err, TW_CONFLICT, "the view changed meanwhile");
	for (size_t i = 0; st == TW_OK && i < p->absorb.n; i++)
		st = tw_sql_exec(c, err, "DELETE FROM segments WHERE id = $1",
				 V_INT(p->absorb.at[i].id));
	if (st == TW_OK)
		st = tw_sql_exec(c, err,
				 "DELETE FROM dead_rows WHERE tbl = $1 AND rid >= $2 AND rid <= $3",
				 V_INT(t->table), V_INT(p->first), V_INT(p->last));
	if (st == TW_OK && p->rows)
		st = tw_sql_exec(c, err,
				 "INSERT INTO segments (tbl, first, last, n, size, checksum) "
				 "VALUES ($1, $2, $3, $4, $5, $6)",
				 V_INT(t->table), V_INT(p->first), V_INT(p->last), V_INT(p->rows),
				 V_INT(f->size), V_INT((int64_t)f->checksum));
	return st == TW_OK ? touch(c, t->table, err) : st;
}

/* --- files that nobody names any more --- */

static enum tw_status named_files(struct tw_map *out, struct tw_vector_index *x)
{
	struct tw_conn *c;
	struct tw_stmt *q;
	char name[80];
	enum tw_status st = tw_db_read(&c, x->db, NULL);

	if (st != TW_OK)
		return st;
	st = tw_sql_query(&q, c, NULL, "SELECT tbl, checksum FROM segments");
	while (st == TW_OK && (st = tw_sql_step(q, NULL)) == TW_OK) {
		tw_segment_name(name, tw_col_int(q, 0), (uint64_t)tw_col_int(q, 1));
		tw_map_set_int(out, name, 1);
	}
	tw_sql_end(q);
	tw_db_read_end(c);
	return st == TW_DONE ? TW_OK : st;
}

/* Vectors tell something of a text: its file is written over before the disk gets it back. */
static void wipe(int dir, const char *name)
{
	static const char zeros[1 << 16];
	struct stat sb;
	int fd = openat(dir, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return;
	if (fstat(fd, &sb) == 0 && S_ISREG(sb.st_mode))
		for (off_t at = 0; at < sb.st_size;) {
			size_t left = (size_t)(sb.st_size - at);
			ssize_t n =
				pwrite(fd, zeros, left < sizeof(zeros) ? left : sizeof(zeros), at);
			if (n <= 0)
				break;
			at += n;
		}
	fsync(fd);
	close(fd);
}

static void sweep(struct tw_vector_index *x, enum tw_sweep how)
{
	struct tw_map named = TW_MAP_INIT;
	const struct dirent *e;
	DIR *d = opendir(x->dir);

	if (!d)
		return;
	if (named_files(&named, x) == TW_OK)
		while ((e = readdir(d))) {
			bool segment = tw_ends_with(e->d_name, ".seg");
			bool half = how == TW_SWEEP_ALONE && tw_starts_with(e->d_name, ".tmp-");
			if (!half && (!segment || tw_map_has(&named, e->d_name)))
				continue;
			if (how != TW_SWEEP_UNNAMED)
				wipe(dirfd(d), e->d_name);
			unlinkat(dirfd(d), e->d_name, 0);
		}
	closedir(d);
	tw_map_release(&named);
}

void tw_vector_index_sweep(struct tw_vector_index *x, enum tw_sweep how)
{
	pthread_mutex_lock(&x->growing);
	sweep(x, how);
	pthread_mutex_unlock(&x->growing);
}

/* --- */

static enum tw_status grow(struct tw_vector_index *x, const struct tw_view_table *t,
			   struct tw_err *err)
{
	struct tw_segment_file file = {.size = 0};
	struct plan p = {.rows = 0};
	struct tw_conn *c;
	enum tw_status st = tw_db_read(&c, x->db, err);

	if (st != TW_OK)
		return st;
	st = make_plan(&p, c, t, err);
	if (st == TW_OK)
		st = count_rows(&p, c, t, err);
	if (st == TW_OK && p.rows)
		st = write_file(&file, x, c, t, &p, err);
	tw_db_read_end(c);
	if (st == TW_OK)
		st = tw_db_write(&c, x->db, err);
	if (st == TW_OK)
		st = tw_db_finish(c, list_file(&file, c, t, &p, err), err);
	if (st == TW_OK)
		sweep(x, TW_SWEEP_UNNAMED);
	tw_vec_release(&p.absorb);
	return st;
}

void tw_vector_index_grow(struct tw_vector_index *x, const struct tw_view_table *t)
{
	struct tw_err why = TW_ERR_INIT;

	pthread_mutex_lock(&x->growing);
	enum tw_status st = grow(x, t, &why);
	pthread_mutex_unlock(&x->growing);
	if (st != TW_OK && st != TW_DONE)
		tw_debug("vector index of %s: %s", t->name, why.msg);
}

enum tw_status tw_vector_index_unlist(struct tw_conn *c, const struct tw_view_table *t,
				      struct tw_err *err)
{
	enum tw_status st =
		tw_sql_exec(c, err, "DELETE FROM segments WHERE tbl = $1", V_INT(t->table));

	if (st == TW_OK)
		st = tw_sql_exec(c, err, "DELETE FROM dead_rows WHERE tbl = $1", V_INT(t->table));
	return st == TW_OK ? touch(c, t->table, err) : st;
}

/* Segments of another state may be gone with good reason: those of now are left alone. */
static enum tw_status unlist_damaged(struct tw_conn *c, const struct tw_view_table *t,
				     int64_t indexed, struct tw_err *err)
{
	int64_t now = -1;
	enum tw_status st = tw_sql_int(&now, c, err, "SELECT indexed FROM views WHERE tbl = $1",
				       V_INT(t->table));

	if (st == TW_OK && now != indexed)
		return TW_DONE;
	return st == TW_OK ? tw_vector_index_unlist(c, t, err) : st;
}

void tw_vector_index_repair(struct tw_vector_index *x, const struct tw_view_table *t)
{
	struct tw_conn *c;
	int64_t indexed;

	if (!tw_vector_index_take_damage(&indexed, x, t->table))
		return; /* another thread does it */
	if (tw_db_write(&c, x->db, NULL) != TW_OK)
		return;
	if (tw_db_finish(c, unlist_damaged(c, t, indexed, NULL), NULL) == TW_OK)
		tw_vector_index_grow(x, t);
}
