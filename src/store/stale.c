/*
 * Which documents of a view are out of date.
 *
 * A document's input digest is made of the output digests that its rows in the
 * inputs have now. It is compared with the one that the view's rows were made
 * from. The change log narrows the question to documents that were touched
 * since the watermark; nothing touched, nothing asked.
 */
#include <inttypes.h>
#include <string.h>

#include "store/fs_int.h"

#define INPUTS_MAX 32

struct question {
	struct tw_feature_store *fs;
	struct tw_conn *c;
	const struct tw_view_table *t;
	int64_t watermark;	   /* of the view */
	int64_t input[INPUTS_MAX]; /* ids in the change log */
	size_t n;
	int64_t last; /* change of an input */
	struct tw_arena *a;
	struct tw_err *err;
};

static enum tw_status load_view(struct question *q, const char *view)
{
	const char *const *inputs = NULL;
	char *json = NULL;
	struct tw_stmt *s;
	enum tw_status st = tw_view_table_find(&q->t, q->fs, q->c, view, q->err);

	if (st == TW_OK && q->t->id == TW_DOCUMENTS_ID)
		st = tw_fail(q->err, TW_BAD_USE, "documents have no inputs to be stale against");
	if (st == TW_OK)
		st = tw_sql_query(&s, q->c, q->err,
				  "SELECT watermark, inputs FROM views WHERE id = $1",
				  V_INT(q->t->id));
	if (st != TW_OK)
		return st;
	st = tw_sql_step(s, q->err);
	if (st == TW_OK) {
		q->watermark = tw_col_int(s, 0);
		json = tw_col_str(s, 1, q->a);
	}
	tw_sql_end(s);
	if (st == TW_OK)
		st = tw_strings_from_json(&inputs, &q->n, json, q->a, q->err);
	if (st == TW_OK && q->n > INPUTS_MAX)
		st = tw_fail(q->err, TW_UNSUPPORTED, "view %s has more than %d inputs", q->t->name,
			     INPUTS_MAX);
	for (size_t i = 0; st == TW_OK && i < q->n; i++) {
		const struct tw_view_table *in;
		st = tw_view_table_find(&in, q->fs, q->c, inputs[i], q->err);
		if (st == TW_OK)
			q->input[i] = in->id;
	}
	return st;
}

static enum tw_status last_change(struct question *q)
{
	enum tw_status st = TW_OK;

	for (size_t i = 0; st == TW_OK && i < q->n; i++) {
		int64_t seq = 0;
		st = tw_sql_int(&seq, q->c, q->err, "SELECT max(seq) FROM changes WHERE view = $1",
				V_INT(q->input[i]));
		if (seq > q->last)
			q->last = seq;
	}
	return st;
}

/* The documents that the inputs have, of input `i`. */
static void documents_of(struct tw_str *sql, int64_t view)
{
	if (view == TW_DOCUMENTS_ID)
		tw_str_adds(sql, "SELECT doc FROM documents WHERE deleted = 0");
	else
		tw_str_addf(sql,
			    "SELECT doc FROM view_docs WHERE view = %" PRId64
			    " AND n > 0 AND doc <> ''",
			    view);
}

static void all_documents(struct tw_str *sql, const struct question *q)
{
	for (size_t i = 0; i < q->n; i++) {
		tw_str_adds(sql, i ? " UNION " : "");
		documents_of(sql, q->input[i]);
	}
}

static enum tw_status total(size_t *out, const struct question *q)
{
	struct tw_str sql = TW_STR_INIT;
	int64_t n = 0;

	if (q->n == 1 && q->input[0] != TW_DOCUMENTS_ID) {
		tw_str_addf(&sql, "SELECT docs FROM views WHERE id = %" PRId64, q->input[0]);
	} else {
		tw_str_adds(&sql, "SELECT count(*) FROM (");
		all_documents(&sql, q);
		tw_str_adds(&sql, ") AS d");
	}
	enum tw_status st = q->n ? tw_sql_int(&n, q->c, q->err, tw_str_c(&sql)) : TW_OK;
	*out = (size_t)n;
	tw_str_release(&sql);
	return st;
}

/* Which documents to look at: those that the log names, or all when the view was never computed. */
static void candidates(struct tw_str *sql, const struct question *q)
{
	if (q->watermark < 0) {
		all_documents(sql, q);
		tw_str_addf(sql,
			    "%sSELECT doc FROM view_docs WHERE view = %" PRId64 " AND doc <> ''",
			    q->n ? " UNION " : "", q->t->id);
		return;
	}
	tw_str_addf(sql, "SELECT DISTINCT doc FROM changes WHERE seq > %" PRId64 " AND view IN (",
		    q->watermark);
	for (size_t i = 0; i < q->n; i++)
		tw_str_addf(sql, "%s%" PRId64, i ? ", " : "", q->input[i]);
	tw_str_adds(sql, ") AND doc <> ''");
}

/* doc, the view's input digest, then the output digest of each input; NULL where there are no rows. */
static void comparison(struct tw_str *sql, const struct question *q)
{
	tw_str_adds(sql, "SELECT c.doc, v.input_digest");
	for (size_t i = 0; i < q->n; i++)
		tw_str_addf(sql, ", i%zu.%s", i,
			    q->input[i] == TW_DOCUMENTS_ID ? "digest" : "output_digest");
	tw_str_adds(sql, " FROM (");
	candidates(sql, q);
	tw_str_addf(sql, ") AS c LEFT JOIN view_docs v ON v.view = %" PRId64 " AND v.doc = c.doc",
		    q->t->id);
	for (size_t i = 0; i < q->n; i++) {
		if (q->input[i] == TW_DOCUMENTS_ID)
			tw_str_addf(sql,
				    " LEFT JOIN documents i%zu ON i%zu.doc = c.doc "
				    "AND i%zu.deleted = 0",
				    i, i, i);
		else
			tw_str_addf(sql,
				    " LEFT JOIN view_docs i%zu ON i%zu.view = %" PRId64
				    " AND i%zu.doc = c.doc AND i%zu.n > 0",
				    i, i, q->input[i], i, i);
	}
	tw_str_adds(sql, " ORDER BY c.doc");
}

static struct tw_digest input_digest(struct tw_stmt *s, size_t n)
{
	struct tw_hasher *h = tw_hasher_new();
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		int column = (int)i + 2;
		bool absent = tw_col_null(s, column);
		any = any || !absent;
		tw_digest_str(h, absent ? NULL : tw_col_text(s, column).data);
	}
	struct tw_digest d = tw_hasher_end(h);
	return any ? d : (struct tw_digest){""};
}

static enum tw_status compare(struct tw_stale *out, const struct question *q)
{
	TW_VEC(struct tw_stale_doc) docs = {0};
	struct tw_str sql = TW_STR_INIT;
	struct tw_stmt *s;

	comparison(&sql, q);
	enum tw_status st = tw_sql_query(&s, q->c, q->err, tw_str_c(&sql));
	tw_str_release(&sql);
	if (st != TW_OK)
		return st;
	while ((st = tw_sql_step(s, q->err)) == TW_OK) {
		struct tw_digest now = input_digest(s, q->n);
		bool known = !tw_col_null(s, 1);
		if (known ? strcmp(tw_col_text(s, 1).data, now.hex) == 0 : !now.hex[0])
			continue;
		const struct tw_stale_doc d = {tw_col_str(s, 0, q->a), tw_strdup(q->a, now.hex)};
		tw_vec_push(&docs, d);
	}
	tw_sql_end(s);
	out->at = tw_copy_array(q->a, docs.at, docs.n, sizeof(*docs.at));
	out->n = docs.n;
	tw_vec_release(&docs);
	return st == TW_DONE ? TW_OK : st;
}

enum tw_status tw_fs_stale(struct tw_stale *out, struct tw_feature_store *fs, const char *view,
			   struct tw_arena *a, struct tw_err *err)
{
	struct question q = {.fs = fs, .a = a, .err = err};
	enum tw_status st = tw_db_read(&q.c, fs->db, err);

	*out = (struct tw_stale){.at = NULL};
	if (st != TW_OK)
		return st;
	st = load_view(&q, view);
	if (st == TW_OK)
		st = last_change(&q);
	out->watermark = q.last;
	out->changed = q.watermark < q.last;
	if (st == TW_OK && out->changed)
		st = total(&out->total, &q);
	if (st == TW_OK && out->changed)
		st = compare(out, &q);
	tw_db_read_end(q.c);
	return st;
}
