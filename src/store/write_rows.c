/* Replaces the rows of documents in a view, its indexes and the change log. */
#include <math.h>
#include <string.h>

#include "store/write_int.h"

/* --- beginning and end --- */

static enum tw_status load_state(struct tw_view_write *w, struct tw_err *err)
{
	struct tw_stmt *q;
	enum tw_status st = tw_sql_query(
		&q, w->c, err, "SELECT watermark, dim FROM views WHERE id = $1", V_INT(w->t->id));

	if (st != TW_OK)
		return st;
	st = tw_sql_step(q, err);
	if (st == TW_OK) {
		w->watermark = tw_col_int(q, 0);
		w->dim = tw_col_int(q, 1);
	}
	tw_sql_end(q);
	return st;
}

enum tw_status tw_view_write_begin(struct tw_view_write *w, struct tw_feature_store *fs,
				   const char *view, struct tw_err *err)
{
	*w = (struct tw_view_write){.fs = fs};
	enum tw_status st = tw_db_write(&w->c, fs->db, err);
	if (st != TW_OK)
		return st;
	st = tw_view_table_find(&w->t, fs, w->c, view, err);
	if (st == TW_OK && w->t->id == TW_DOCUMENTS_ID)
		st = tw_fail(err, TW_BAD_USE, "documents are written by a collection pass");
	if (st == TW_OK)
		st = load_state(w, err);
	return st == TW_OK ? TW_OK : tw_db_finish(w->c, st, err);
}

static enum tw_status store_state(struct tw_view_write *w, int64_t watermark, struct tw_err *err)
{
	if (watermark < w->watermark)
		watermark = w->watermark;
	if (watermark == w->watermark && w->changed == 0)
		return TW_OK;
	return tw_sql_exec(w->c, err,
			   "UPDATE views SET watermark = $1, dim = $2, docs = docs + $3, "
			   "rows = rows + $4, indexed = indexed + $5 WHERE id = $6",
			   V_INT(watermark), V_INT(w->dim), V_INT(w->docs), V_INT(w->rows),
			   V_INT(w->changed ? 1 : 0), V_INT(w->t->id));
}

enum tw_status tw_view_write_finish(struct tw_view_write *w, int64_t watermark, enum tw_status st,
				    struct tw_err *err)
{
	if (st == TW_OK)
		st = store_state(w, watermark, err);
	st = tw_db_finish(w->c, st, err);
	if (st == TW_OK && w->t->vector >= 0 && w->changed)
		tw_vector_index_grow(w->fs->vectors, w->t);
	return st;
}

/* --- digests --- */

/* Vectors differ in their last bits between machines, so they count by what they were computed from. */
static struct tw_digest output_digest(const struct tw_view_table *t, const char *input,
				      const struct tw_rows *rows, size_t from, size_t n)
{
	struct tw_digest cells = tw_rows_digest(rows, from, n);
	struct tw_hasher *h;

	if (t->vector < 0)
		return cells;
	h = tw_hasher_new();
	tw_digest_str(h, cells.hex);
	tw_digest_str(h, input);
	for (size_t i = from; i < from + n && strcmp(input, TW_INPUT_ALL) == 0; i++) {
		const struct tw_cell *v = &rows->at[i].cells[t->vector];
		tw_digest_bytes(h, v->vec, (size_t)v->dim * sizeof(float));
	}
	return tw_hasher_end(h);
}

static void row_id(char out[33], const struct tw_view_table *t, const struct tw_rows *rows,
		   size_t i)
{
	struct tw_hasher *h = tw_hasher_new();

	tw_digest_str(h, t->digest);
	tw_digest_str(h, rows->at[i].doc);
	tw_digest_i64(h, rows->at[i].ord);
	tw_digest_str(h, tw_rows_digest(rows, i, 1).hex);
	struct tw_digest d = tw_hasher_end(h);
	memcpy(out, d.hex, 32);
	out[32] = '\0';
}

/* --- checks --- */

static bool same_schema(const struct tw_field *a, const struct tw_field *b)
{
	int i;

	if (a == b)
		return true;
	for (i = 0; a[i].name && b[i].name; i++)
		if (strcmp(a[i].name, b[i].name) != 0 || a[i].type != b[i].type)
			return false;
	return !a[i].name && !b[i].name;
}

static enum tw_status check_vector(struct tw_view_write *w, const struct tw_row *r,
				   struct tw_err *err)
{
	const struct tw_cell *v = &r->cells[w->t->vector];

	if (v->dim <= 0)
		return tw_fail(err, TW_BAD_DATA, "view %s, document %s: a row has no vector",
			       w->t->name, r->doc);
	if (w->dim == 0)
		w->dim = v->dim;
	if (v->dim != w->dim)
		return tw_fail(err, TW_BAD_DATA,
			       "view %s, document %s: a vector of %d dimensions, the view has %lld",
			       w->t->name, r->doc, v->dim, (long long)w->dim);
	for (int i = 0; i < v->dim; i++)
		if (!isfinite(v->vec[i]))
			return tw_fail(err, TW_BAD_DATA,
				       "view %s, document %s: a vector holds %g at %d", w->t->name,
				       r->doc, (double)v->vec[i], i);
	return TW_OK;
}

static enum tw_status check_rows(struct tw_view_write *w, const char *doc,
				 const struct tw_rows *rows, size_t from, size_t n,
				 struct tw_err *err)
{
	enum tw_status st = TW_OK;

	if (n && !same_schema(rows->schema, w->t->schema))
		return tw_fail(err, TW_BAD_USE, "view %s: these rows have another view's schema",
			       w->t->name);
	for (size_t i = from; st == TW_OK && i < from + n; i++) {
		if (strcmp(rows->at[i].doc, doc) != 0)
			return tw_fail(err, TW_BAD_USE,
				       "view %s: a row of document %s among those of %s",
				       w->t->name, rows->at[i].doc, doc);
		if (w->t->vector >= 0)
			st = check_vector(w, &rows->at[i], err);
	}
	return st;
}

/* --- writing --- */

enum tw_status tw_view_doc_read(struct tw_view_doc *out, struct tw_view_write *w, const char *doc,
				struct tw_err *err)
{
	struct tw_stmt *q;
	enum tw_status st = tw_sql_query(&q, w->c, err,
					 "SELECT n, input_digest, output_digest FROM view_docs "
					 "WHERE view = $1 AND doc = $2",
					 V_INT(w->t->id), V_TEXT(doc));

	*out = (struct tw_view_doc){.found = false};
	if (st != TW_OK)
		return st;
	st = tw_sql_step(q, err);
	if (st == TW_OK) {
		out->found = true;
		out->n = tw_col_int(q, 0);
		strncpy(out->input, tw_col_text(q, 1).data, TW_DIGEST_LEN);
		strncpy(out->output, tw_col_text(q, 2).data, TW_DIGEST_LEN);
	}
	tw_sql_end(q);
	return st == TW_DONE ? TW_OK : st;
}

/* Indexes first: both find the rows through the table. */
enum tw_status tw_view_erase_doc(struct tw_conn *c, const struct tw_view_table *t, const char *doc,
				 struct tw_err *err)
{
	enum tw_status st = TW_OK;

	if (t->searchable)
		st = tw_sql_exec(c, err, t->sql_unindex, V_TEXT(doc));
	if (st == TW_OK && t->vector >= 0)
		st = tw_sql_exec(c, err, t->sql_bury, V_TEXT(doc));
	return st == TW_OK ? tw_sql_exec(c, err, t->sql_delete, V_TEXT(doc)) : st;
}

static enum tw_status insert_rows(struct tw_view_write *w, const char *doc,
				  const struct tw_rows *rows, size_t from, size_t n,
				  struct tw_err *err)
{
	enum tw_status st = TW_OK;

	for (size_t i = from; st == TW_OK && i < from + n; i++) {
		char id[33];
		row_id(id, w->t, rows, i);
		st = tw_row_insert(w->c, w->t, rows, i, id, err);
	}
	if (st == TW_OK && n && w->t->searchable)
		st = tw_sql_exec(w->c, err, w->t->sql_index, V_TEXT(doc));
	return st;
}

/* The whole-view document "" is none of the documents that are counted. */
static void count(struct tw_view_write *w, const char *doc, int64_t before, int64_t now)
{
	w->changed++;
	w->rows += now - before;
	if (doc[0])
		w->docs += (now > 0) - (before > 0);
}

static enum tw_status exchange(struct tw_view_write *w, const char *doc, int64_t before,
			       const struct tw_rows *rows, size_t from, size_t n,
			       struct tw_err *err)
{
	enum tw_status st = TW_OK;

	if (before == 0 && n == 0)
		return TW_OK;
	if (before)
		st = tw_view_erase_doc(w->c, w->t, doc, err);
	if (st == TW_OK)
		st = insert_rows(w, doc, rows, from, n, err);
	if (st == TW_OK)
		st = tw_change_add(w->c, w->t->id, doc, err);
	count(w, doc, before, (int64_t)n);
	return st;
}

static enum tw_status remove_doc(struct tw_view_write *w, const char *doc,
				 const struct tw_view_doc *old, struct tw_err *err)
{
	enum tw_status st;

	if (!old->found)
		return TW_OK;
	st = exchange(w, doc, old->n, NULL, 0, 0, err);
	if (st == TW_OK)
		st = tw_sql_exec(w->c, err, "DELETE FROM view_docs WHERE view = $1 AND doc = $2",
				 V_INT(w->t->id), V_TEXT(doc));
	return st;
}

static enum tw_status remember(struct tw_view_write *w, const char *doc, const char *input,
			       const char *output, size_t n, struct tw_err *err)
{
	return tw_sql_exec(w->c, err,
			   "INSERT INTO view_docs (view, doc, input_digest, output_digest, n) "
			   "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (view, doc) DO UPDATE SET "
			   "input_digest = excluded.input_digest, "
			   "output_digest = excluded.output_digest, n = excluded.n",
			   V_INT(w->t->id), V_TEXT(doc), V_TEXT(input), V_TEXT(output),
			   V_INT((int64_t)n));
}

enum tw_status tw_view_write_doc(struct tw_view_write *w, const char *doc, const char *input,
				 const struct tw_rows *rows, size_t from, size_t n,
				 struct tw_err *err)
{
	struct tw_view_doc old;
	bool forgotten = false;
	enum tw_status st = tw_view_doc_read(&old, w, doc, err);

	/* Its rows were being computed while it was erased. */
	if (st == TW_OK)
		st = tw_is_forgotten(&forgotten, w->c, doc, err);
	if (st == TW_OK && (forgotten || !input[0]))
		return remove_doc(w, doc, &old, err);
	if (st == TW_OK)
		st = check_rows(w, doc, rows, from, n, err);
	if (st != TW_OK)
		return st;
	struct tw_digest out = {""};
	if (n)
		out = output_digest(w->t, input, rows, from, n);
	bool same = old.found && (old.n > 0) == (n > 0) && strcmp(old.output, out.hex) == 0;
	if (!same)
		st = exchange(w, doc, old.n, rows, from, n, err);
	if (st == TW_OK && (!same || strcmp(old.input, input) != 0))
		st = remember(w, doc, input, out.hex, n, err);
	return st;
}
