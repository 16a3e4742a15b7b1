/*
 * Erasing a document: its revisions, rows, vectors, examples and the answers
 * that cite it. Pages are overwritten (secure_delete), indexes that may still
 * hold its words are written anew, the write-ahead log is emptied.
 */
#include <string.h>

#include "base/log.h"
#include "base/time.h"
#include "store/fs_int.h"

struct forgetting {
	struct tw_forgotten *out;
	struct tw_feature_store *fs;
	struct tw_conn *c;
	const char *doc;
	TW_VEC(const struct tw_view_table *) views; /* that hold its rows or once did */
	struct tw_arena *a;
	struct tw_err *err;
};

static enum tw_status count(int64_t *n, const struct forgetting *f, const char *sql)
{
	return tw_sql_int(n, f->c, f->err, sql, V_TEXT(f->doc));
}

static enum tw_status remember(const struct forgetting *f)
{
	struct tw_stmt *q;
	struct tw_digest d = {""};
	enum tw_status st =
		tw_sql_query(&q, f->c, f->err, "SELECT source, key FROM documents WHERE doc = $1",
			     V_TEXT(f->doc));

	if (st != TW_OK)
		return st;
	st = tw_sql_step(q, f->err);
	if (st == TW_OK)
		d = tw_forgotten_digest(tw_col_text(q, 0).data,
					tw_strdup(f->a, tw_col_text(q, 1).data));
	tw_sql_end(q);
	if (st != TW_OK)
		return st;
	return tw_sql_exec(f->c, f->err,
			   "INSERT INTO forgotten (digest, doc, at_ms) VALUES ($1, $2, $3) "
			   "ON CONFLICT DO NOTHING",
			   V_TEXT(d.hex), V_TEXT(f->doc), V_INT(tw_now_ms()));
}

/* The log names every view that ever had a row of it. */
static enum tw_status find_views(struct forgetting *f)
{
	TW_VEC(const char *) digests = {0};
	struct tw_stmt *q;
	enum tw_status st = tw_sql_query(&q, f->c, f->err,
					 "SELECT digest FROM views WHERE id IN "
					 "(SELECT view FROM changes WHERE doc = $1)",
					 V_TEXT(f->doc));

	while (st == TW_OK && (st = tw_sql_step(q, f->err)) == TW_OK)
		tw_vec_push(&digests, tw_col_str(q, 0, f->a));
	tw_sql_end(q);
	if (st == TW_DONE)
		st = TW_OK;
	for (size_t i = 0; st == TW_OK && i < digests.n; i++) {
		const struct tw_view_table *t;
		st = tw_view_table_find(&t, f->fs, f->c, digests.at[i], f->err);
		if (st == TW_OK)
			tw_vec_push(&f->views, t);
	}
	tw_vec_release(&digests);
	return st;
}

static enum tw_status erase_rows(struct forgetting *f, const struct tw_view_table *t)
{
	int64_t n = 0;
	enum tw_status st =
		tw_sql_int(&n, f->c, f->err, "SELECT n FROM view_docs WHERE view = $1 AND doc = $2",
			   V_INT(t->id), V_TEXT(f->doc));

	if (st == TW_OK && n) {
		st = tw_view_erase_doc(f->c, t, f->doc, f->err);
		if (st == TW_OK)
			st = tw_change_add(f->c, t->id, f->doc, f->err);
		if (st == TW_OK)
			st = tw_sql_exec(f->c, f->err,
					 "UPDATE views SET docs = docs - 1, rows = rows - $1, "
					 "indexed = indexed + 1 WHERE id = $2",
					 V_INT(n), V_INT(t->id));
		f->out->rows += n;
	}
	if (st == TW_NOT_FOUND)
		st = TW_OK;
	/* Words of rows that were replaced long ago may be left in an index. */
	if (st == TW_OK && t->searchable)
		st = tw_sql_exec(f->c, f->err, t->sql_reindex);
	if (st == TW_OK && t->vector >= 0)
		st = tw_vector_index_unlist(f->c, t, f->err);
	return st;
}

static enum tw_status erase_examples(struct forgetting *f)
{
	TW_VEC(const char *) ids = {0};
	struct tw_stmt *q;
	enum tw_status st = tw_sql_query(&q, f->c, f->err,
					 "SELECT id FROM datasets WHERE number IN "
					 "(SELECT dataset FROM examples WHERE doc = $1) "
					 "ORDER BY number",
					 V_TEXT(f->doc));

	while (st == TW_OK && (st = tw_sql_step(q, f->err)) == TW_OK)
		tw_vec_push(&ids, tw_col_str(q, 0, f->a));
	tw_sql_end(q);
	if (st == TW_DONE)
		st = tw_sql_exec(f->c, f->err, "DELETE FROM examples WHERE doc = $1",
				 V_TEXT(f->doc));
	if (st == TW_OK)
		f->out->dataset_rows = tw_sql_changes(f->c);
	f->out->datasets = tw_copy_array(f->a, ids.at, ids.n, sizeof(*ids.at));
	f->out->n_datasets = ids.n;
	tw_vec_release(&ids);
	return st;
}

static enum tw_status erase_predictions(struct forgetting *f)
{
	enum tw_status st =
		tw_sql_exec(f->c, f->err, "DELETE FROM predictions WHERE sources LIKE $1",
			    V_TEXT(tw_sprintf(f->a, "%%\"%s\"%%", f->doc)));

	if (st == TW_OK)
		f->out->predictions = tw_sql_changes(f->c);
	return st;
}

static enum tw_status erase_document(struct forgetting *f)
{
	enum tw_status st =
		count(&f->out->revisions, f, "SELECT count(*) FROM revisions WHERE doc = $1");

	if (st == TW_OK)
		st = tw_sql_exec(f->c, f->err, "DELETE FROM revisions WHERE doc = $1",
				 V_TEXT(f->doc));
	if (st == TW_OK)
		st = tw_sql_exec(f->c, f->err, "DELETE FROM view_docs WHERE doc = $1",
				 V_TEXT(f->doc));
	if (st == TW_OK)
		st = tw_sql_exec(f->c, f->err, "DELETE FROM documents WHERE doc = $1",
				 V_TEXT(f->doc));
	return st == TW_OK ? tw_change_add(f->c, TW_DOCUMENTS_ID, f->doc, f->err) : st;
}

static enum tw_status forget(struct forgetting *f, const char *ref)
{
	enum tw_status st = tw_document_resolve(&f->doc, f->c, ref, f->a, f->err);

	if (st == TW_OK)
		st = remember(f);
	if (st == TW_OK)
		st = find_views(f);
	for (size_t i = 0; st == TW_OK && i < f->views.n; i++)
		st = erase_rows(f, f->views.at[i]);
	if (st == TW_OK)
		st = erase_examples(f);
	if (st == TW_OK)
		st = erase_predictions(f);
	return st == TW_OK ? erase_document(f) : st;
}

enum tw_status tw_fs_forget(struct tw_forgotten *out, struct tw_feature_store *fs, const char *doc,
			    struct tw_arena *a, struct tw_err *err)
{
	struct forgetting f = {.out = out, .fs = fs, .a = a, .err = err};
	enum tw_status st = tw_db_write(&f.c, fs->db, err);

	*out = (struct tw_forgotten){.revisions = 0};
	if (st != TW_OK)
		return st;
	st = tw_db_finish(f.c, forget(&f, doc), err);
	if (st == TW_OK) {
		tw_vector_index_sweep(fs->vectors, TW_SWEEP_WIPE);
		for (size_t i = 0; i < f.views.n; i++)
			if (f.views.at[i]->vector >= 0)
				tw_vector_index_grow(fs->vectors, f.views.at[i]);
		if (!tw_db_settle(fs->db))
			tw_warn("another process is reading %s: the text that was erased goes from "
				"its write-ahead log when that process ends",
				tw_db_path(fs->db));
	}
	tw_vec_release(&f.views);
	return st;
}
