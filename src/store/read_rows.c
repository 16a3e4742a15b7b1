/* Reading rows of views, and of the documents as if they were one. */
#include <stdlib.h>
#include <string.h>

#include "store/fs_int.h"

static enum tw_status read_all(struct tw_rows *out, struct tw_conn *c, const char *sql,
			       const char *arg, struct tw_err *err)
{
	struct tw_stmt *q;
	enum tw_status st = tw_sql_query(&q, c, err, sql, V_TEXT(arg));

	if (st != TW_OK)
		return st;
	while ((st = tw_sql_step(q, err)) == TW_OK) {
		st = tw_row_read(out, q, err);
		if (st != TW_OK)
			break;
	}
	tw_sql_end(q);
	return st == TW_DONE ? TW_OK : st;
}

static enum tw_status start(struct tw_rows *out, const struct tw_view_table **t,
			    struct tw_feature_store *fs, struct tw_conn *c, const char *view,
			    struct tw_arena *a, struct tw_err *err)
{
	enum tw_status st = tw_view_table_find(t, fs, c, view, err);

	if (st == TW_OK)
		tw_rows_init(out, tw_schema_copy((*t)->schema, a), a);
	return st;
}

enum tw_status tw_fs_rows(struct tw_rows *out, struct tw_feature_store *fs, const char *view,
			  const char *doc, struct tw_arena *a, struct tw_err *err)
{
	const struct tw_view_table *t;
	struct tw_conn *c;
	enum tw_status st = tw_db_read(&c, fs->db, err);

	if (st != TW_OK)
		return st;
	st = start(out, &t, fs, c, view, a, err);
	if (st == TW_OK)
		st = read_all(out, c, t->sql_doc, doc, err);
	tw_db_read_end(c);
	return st;
}

enum tw_status tw_fs_row(struct tw_rows *out, struct tw_feature_store *fs, const char *view,
			 const char *row_id, struct tw_arena *a, struct tw_err *err)
{
	const struct tw_view_table *t;
	struct tw_conn *c;
	enum tw_status st = tw_db_read(&c, fs->db, err);

	if (st != TW_OK)
		return st;
	st = start(out, &t, fs, c, view, a, err);
	if (st == TW_OK)
		st = read_all(out, c, t->sql_row, row_id, err);
	if (st == TW_OK && out->n == 0)
		st = tw_fail(err, TW_NOT_FOUND, "%s has no row %s", t->name, row_id);
	tw_db_read_end(c);
	return st;
}

/* --- all of them, a document at a time --- */

struct reader {
	struct tw_row_reader base;
	const struct tw_view_table *t;
	struct tw_conn *c;
	struct tw_stmt *q;
	bool ahead; /* q stands on a row that was not handed out */
	bool ended;
};

static enum tw_status advance(struct reader *r, struct tw_err *err)
{
	enum tw_status st = tw_sql_step(r->q, err);

	r->ahead = st == TW_OK;
	r->ended = st == TW_DONE;
	return st == TW_DONE ? TW_OK : st;
}

static bool same_doc(const struct reader *r, const struct tw_rows *out)
{
	struct tw_bytes doc = tw_col_text(r->q, 0);
	const char *first = out->at[0].doc;

	return strlen(first) == doc.len && memcmp(first, doc.data, doc.len) == 0;
}

static enum tw_status next(struct tw_row_reader *base, struct tw_rows *out, struct tw_arena *a,
			   struct tw_err *err)
{
	struct reader *r = (struct reader *)base;
	enum tw_status st = TW_OK;

	if (!r->ahead && !r->ended)
		st = advance(r, err);
	if (st == TW_OK && r->ended)
		return TW_DONE;
	tw_rows_init(out, tw_schema_copy(r->t->schema, a), a);
	while (st == TW_OK && !r->ended && (out->n == 0 || same_doc(r, out))) {
		st = tw_row_read(out, r->q, err);
		if (st == TW_OK)
			st = advance(r, err);
	}
	return st;
}

enum tw_status tw_fs_reader(struct tw_row_reader **out, struct tw_feature_store *fs,
			    const char *view, struct tw_err *err)
{
	struct reader *r = tw_xcalloc(1, sizeof(*r));
	enum tw_status st = tw_db_read(&r->c, fs->db, err);

	r->base.next = next;
	if (st == TW_OK)
		st = tw_view_table_find(&r->t, fs, r->c, view, err);
	if (st == TW_OK)
		st = tw_sql_query(&r->q, r->c, err, r->t->sql_all);
	if (st == TW_OK)
		*out = &r->base;
	else
		tw_fs_reader_close(&r->base);
	return st;
}

void tw_fs_reader_close(struct tw_row_reader *base)
{
	struct reader *r = (struct reader *)base;

	if (!r)
		return;
	tw_sql_end(r->q);
	tw_db_read_end(r->c);
	free(r);
}
