/*
 * Erasing a document: its revisions, rows, vectors, examples and the answers
 * that cite it, in one transaction. Then the files: vectors that were in
 * segments are written over, the database is written anew and its log emptied.
 * `forgotten` remembers that this is still to be done, and which datasets held
 * the document, so that a forgetting that was cut short can be finished.
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

struct tw_digest tw_forgotten_digest(const char *source, const char *key)
{
	struct tw_hasher *h = tw_hasher_new();

	tw_digest_str(h, "forgotten");
	tw_digest_str(h, source);
	tw_digest_str(h, key);
	return tw_hasher_end(h);
}

/* Not of title and dates: a renamed file has others. */
struct tw_digest tw_forgotten_text_digest(const char *body, size_t len)
{
	struct tw_hasher *h = tw_hasher_new();

	tw_digest_str(h, "forgotten text");
	tw_digest_bytes(h, body, len);
	return tw_hasher_end(h);
}

static enum tw_status count(int64_t *n, const struct forgetting *f, const char *sql)
{
	return tw_sql_int(n, f->c, f->err, sql, V_TEXT(f->doc));
}

/* The key alone, too: who was cut short asks again with what he asked with. */
static struct tw_digest key_digest(const char *key)
{
	struct tw_hasher *h = tw_hasher_new();

	tw_digest_str(h, "forgotten key");
	tw_digest_str(h, key);
	return tw_hasher_end(h);
}

static enum tw_status insert(const struct forgetting *f, const char *source, const char *key)
{
	struct tw_digest both = tw_forgotten_digest(source, key), alone = key_digest(key);
	struct tw_str datasets = TW_STR_INIT;

	tw_strings_to_json(&datasets, f->out->datasets, f->out->n_datasets);
	enum tw_status st = tw_sql_exec(
		f->c, f->err,
		"INSERT INTO forgotten (digest, doc, at_ms, key_digest, datasets, settled) "
		"VALUES ($1, $2, $3, $4, $5, 0) ON CONFLICT (digest) DO UPDATE SET "
		"doc = excluded.doc, datasets = excluded.datasets, settled = 0",
		V_TEXT(both.hex), V_TEXT(f->doc), V_INT(tw_now_ms()), V_TEXT(alone.hex),
		V_TEXT(tw_str_c(&datasets)));
	tw_str_release(&datasets);
	return st;
}

struct digests TW_VEC_BODY(const char *);

/* Bodies without text are nothing to know a document by. */
static enum tw_status text_digests(struct digests *out, const struct forgetting *f)
{
	struct tw_stmt *q;
	enum tw_status st = tw_sql_query(&q, f->c, f->err,
					 "SELECT body FROM revisions WHERE doc = $1 AND "
					 "trim(body, char(9, 10, 13, 32)) <> ''",
					 V_TEXT(f->doc));

	while (st == TW_OK && (st = tw_sql_step(q, f->err)) == TW_OK) {
		struct tw_bytes body = tw_col_text(q, 0);
		tw_vec_push(out,
			    tw_strdup(f->a, tw_forgotten_text_digest(body.data, body.len).hex));
	}
	tw_sql_end(q);
	return st == TW_DONE ? TW_OK : st;
}

static enum tw_status remember_texts(const struct forgetting *f)
{
	struct digests texts = {0};
	enum tw_status st = text_digests(&texts, f);

	for (size_t i = 0; st == TW_OK && i < texts.n; i++)
		st = tw_sql_exec(f->c, f->err,
				 "INSERT INTO forgotten_texts (digest) VALUES ($1) "
				 "ON CONFLICT DO NOTHING",
				 V_TEXT(texts.at[i]));
	tw_vec_release(&texts);
	return st;
}

static enum tw_status remember(const struct forgetting *f)
{
	const char *source = "", *key = "";
	struct tw_stmt *q;
	enum tw_status st =
		tw_sql_query(&q, f->c, f->err, "SELECT source, key FROM documents WHERE doc = $1",
			     V_TEXT(f->doc));

	if (st != TW_OK)
		return st;
	st = tw_sql_step(q, f->err);
	if (st == TW_OK) {
		source = tw_col_str(q, 0, f->a);
		key = tw_col_str(q, 1, f->a);
	}
	tw_sql_end(q);
	if (st == TW_OK)
		st = insert(f, source, key);
	return st == TW_OK ? remember_texts(f) : st;
}

/* A document that is gone already: which, and which datasets held it. TW_NOT_FOUND when it never was. */
static enum tw_status recall(struct forgetting *f, const char *ref)
{
	struct tw_stmt *q;
	char *datasets = NULL;
	enum tw_status st = tw_sql_query(&q, f->c, f->err,
					 "SELECT doc, datasets FROM forgotten "
					 "WHERE key_digest = $1 OR (length($2) >= 6 AND "
					 "substr(doc, 1, length($2)) = $2) ORDER BY at_ms DESC",
					 V_TEXT(key_digest(ref).hex), V_TEXT(ref));

	if (st != TW_OK)
		return st;
	st = tw_sql_step(q, f->err);
	if (st == TW_OK) {
		f->doc = tw_col_str(q, 0, f->a);
		datasets = tw_col_str(q, 1, f->a);
	}
	tw_sql_end(q);
	if (st != TW_OK)
		return st == TW_DONE ? TW_NOT_FOUND : st;
	return tw_strings_from_json(&f->out->datasets, &f->out->n_datasets, datasets, f->a, f->err);
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
	/* The index only marked its words, and those of rows that were replaced long ago, as gone. */
	if (st == TW_OK && t->searchable)
		st = tw_sql_exec(f->c, f->err, t->sql_compact);
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

static enum tw_status erase(struct forgetting *f)
{
	enum tw_status st = find_views(f);

	for (size_t i = 0; st == TW_OK && i < f->views.n; i++)
		st = erase_rows(f, f->views.at[i]);
	if (st == TW_OK)
		st = erase_examples(f);
	if (st == TW_OK)
		st = erase_predictions(f);
	if (st == TW_OK)
		st = remember(f);
	return st == TW_OK ? erase_document(f) : st;
}

static enum tw_status forget(struct forgetting *f, const char *ref)
{
	struct tw_err why = TW_ERR_INIT;
	enum tw_status st = tw_document_resolve(&f->doc, f->c, ref, f->a, &why);

	if (st == TW_OK)
		return erase(f);
	if (st == TW_NOT_FOUND && recall(f, ref) == TW_OK)
		return TW_OK;
	return tw_fail(f->err, st, "%s", why.msg);
}

/* --- the files --- */

static enum tw_status unsettled(struct digests *out, struct tw_feature_store *fs,
				struct tw_arena *a, struct tw_err *err)
{
	struct tw_conn *c;
	struct tw_stmt *q;
	enum tw_status st = tw_db_read(&c, fs->db, err);

	if (st != TW_OK)
		return st;
	st = tw_sql_query(&q, c, err, "SELECT digest FROM forgotten WHERE settled = 0");
	while (st == TW_OK && (st = tw_sql_step(q, err)) == TW_OK)
		tw_vec_push(out, tw_col_str(q, 0, a));
	tw_sql_end(q);
	tw_db_read_end(c);
	return st == TW_DONE ? TW_OK : st;
}

static enum tw_status mark_settled(const struct digests *d, struct tw_feature_store *fs,
				   struct tw_err *err)
{
	struct tw_conn *c;
	enum tw_status st = tw_db_write(&c, fs->db, err);

	if (st != TW_OK)
		return st;
	for (size_t i = 0; st == TW_OK && i < d->n; i++)
		st = tw_sql_exec(c, err, "UPDATE forgotten SET settled = 1 WHERE digest = $1",
				 V_TEXT(d->at[i]));
	return tw_db_finish(c, st, err);
}

void tw_forget_settle(struct tw_feature_store *fs)
{
	struct tw_err why = TW_ERR_INIT;
	struct digests left = {0};
	struct tw_arena a;

	tw_arena_init(&a);
	enum tw_status st = unsettled(&left, fs, &a, &why);
	if (st == TW_OK && left.n) {
		tw_vector_index_sweep(fs->vectors, TW_SWEEP_WIPE);
		st = tw_db_settle(fs->db, &why);
		if (st == TW_OK)
			st = mark_settled(&left, fs, &why);
	}
	if (st != TW_OK)
		tw_warn("what was forgotten is not yet gone from the files: %s; the next `twin "
			"forget`, or Twin when it is next started alone, takes it out",
			why.msg);
	tw_vec_release(&left);
	tw_arena_release(&a);
}

enum tw_status tw_is_forgotten(bool *out, struct tw_conn *c, const char *doc, struct tw_err *err)
{
	int64_t n = 0;
	enum tw_status st = tw_sql_int(&n, c, err, "SELECT count(*) FROM forgotten WHERE doc = $1",
				       V_TEXT(doc));

	*out = n > 0;
	return st;
}

enum tw_status tw_fs_forget(struct tw_forgotten *out, struct tw_feature_store *fs, const char *doc,
			    struct tw_arena *a, struct tw_err *err)
{
	struct forgetting f = {.out = out, .fs = fs, .a = a, .err = err};
	enum tw_status st = tw_db_write(&f.c, fs->db, err);

	*out = (struct tw_forgotten){.doc = NULL};
	if (st != TW_OK)
		return st;
	st = tw_db_finish(f.c, forget(&f, doc), err);
	out->doc = f.doc;
	if (st == TW_OK) {
		tw_forget_settle(fs);
		for (size_t i = 0; i < f.views.n; i++)
			if (f.views.at[i]->vector >= 0)
				tw_vector_index_grow(fs->vectors, f.views.at[i]);
	}
	tw_vec_release(&f.views);
	return st;
}
