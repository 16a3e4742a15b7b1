/* Writing rows: the stale documents of a view, or all of a view at once. */
#include <string.h>

#include "base/map.h"
#include "store/write_int.h"

enum tw_status tw_fs_commit(struct tw_feature_store *fs, const char *view,
			    const struct tw_doc_rows *docs, size_t n, int64_t watermark,
			    struct tw_err *err)
{
	struct tw_view_write w;
	enum tw_status st = tw_view_write_begin(&w, fs, view, err);

	if (st != TW_OK)
		return st;
	for (size_t i = 0; st == TW_OK && i < n; i++) {
		const struct tw_doc_rows *d = &docs[i];
		st = tw_view_write_doc(&w, d->doc, d->input_digest ? d->input_digest : "", d->rows,
				       0, d->rows ? d->rows->n : 0, err);
	}
	return tw_view_write_finish(&w, watermark, st, err);
}

/* --- a view as a whole --- */

static enum tw_status write_groups(struct tw_view_write *w, const struct tw_rows *rows,
				   struct tw_map *seen, struct tw_err *err)
{
	enum tw_status st = TW_OK;
	size_t n;

	for (size_t from = 0; st == TW_OK && from < rows->n; from += n) {
		const char *doc = rows->at[from].doc;
		for (n = 1; from + n < rows->n && strcmp(rows->at[from + n].doc, doc) == 0; n++)
			;
		if (tw_map_has(seen, doc))
			return tw_fail(err, TW_BAD_USE,
				       "view %s: rows of document %s do not stand together",
				       w->t->name, doc);
		tw_map_set_int(seen, doc, 1);
		st = tw_view_write_doc(w, doc, TW_INPUT_ALL, rows, from, n, err);
	}
	return st;
}

struct names TW_VEC_BODY(const char *);

static enum tw_status find_others(struct names *out, struct tw_view_write *w,
				  const struct tw_map *seen, struct tw_arena *a, struct tw_err *err)
{
	struct tw_stmt *q;
	enum tw_status st = tw_sql_query(&q, w->c, err, "SELECT doc FROM view_docs WHERE view = $1",
					 V_INT(w->t->id));

	if (st != TW_OK)
		return st;
	while ((st = tw_sql_step(q, err)) == TW_OK)
		if (!tw_map_has(seen, tw_col_text(q, 0).data))
			tw_vec_push(out, tw_col_str(q, 0, a));
	tw_sql_end(q);
	return st == TW_DONE ? TW_OK : st;
}

static enum tw_status remove_others(struct tw_view_write *w, const struct tw_map *seen,
				    struct tw_err *err)
{
	struct names docs = {0};
	struct tw_arena a;

	tw_arena_init(&a);
	enum tw_status st = find_others(&docs, w, seen, &a, err);
	for (size_t i = 0; st == TW_OK && i < docs.n; i++)
		st = tw_view_write_doc(w, docs.at[i], "", NULL, 0, 0, err);
	tw_vec_release(&docs);
	tw_arena_release(&a);
	return st;
}

enum tw_status tw_fs_replace(struct tw_feature_store *fs, const char *view,
			     const struct tw_rows *rows, int64_t watermark, int64_t *changed,
			     struct tw_err *err)
{
	struct tw_map seen = TW_MAP_INIT;
	struct tw_view_write w;
	enum tw_status st = tw_view_write_begin(&w, fs, view, err);

	if (changed)
		*changed = 0;
	if (st != TW_OK)
		return st;
	st = write_groups(&w, rows, &seen, err);
	if (st == TW_OK)
		st = remove_others(&w, &seen, err);
	st = tw_view_write_finish(&w, watermark, st, err);
	if (st == TW_OK && changed)
		*changed = w.changed;
	tw_map_release(&seen);
	return st;
}
