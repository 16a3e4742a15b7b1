/* Reading documents, and the two ways in which they leave without being erased: a tombstone, a retired source. */
#include "core/document_store.h"

#include <string.h>

#include "base/time.h"
#include "store/fs_int.h"

#define ID_LEN	   16
#define PREFIX_MIN 6

#define META                                                                                \
	"d.doc, d.source, d.key, d.fingerprint, r.revision, r.digest, r.deleted, r.title, " \
	"r.author, r.url, r.lang, r.media, r.extra, r.created_ms, r.modified_ms"
#define BODY 15 /* the column behind META */

static const char *or_null(const char *s)
{
	return s && s[0] ? s : NULL;
}

static void read_meta(struct tw_document *d, struct tw_stmt *q, struct tw_arena *a)
{
	struct tw_bytes digest = tw_col_text(q, 5);

	*d = (struct tw_document){
		.id = tw_col_str(q, 0, a),
		.source = tw_col_str(q, 1, a),
		.key = tw_col_str(q, 2, a),
		.fingerprint = tw_col_str(q, 3, a),
		.revision = tw_col_int(q, 4),
		.deleted = tw_col_int(q, 6) != 0,
		.title = tw_col_str(q, 7, a),
		.author = tw_col_str(q, 8, a),
		.url = or_null(tw_col_str(q, 9, a)),
		.lang = or_null(tw_col_str(q, 10, a)),
		.media = tw_col_str(q, 11, a),
		.extra = or_null(tw_col_str(q, 12, a)),
		.created_ms = tw_col_int(q, 13),
		.modified_ms = tw_col_int(q, 14),
	};
	if (digest.len == TW_DIGEST_LEN)
		memcpy(d->digest.hex, digest.data, TW_DIGEST_LEN);
}

/* --- listing --- */

static enum tw_status list(struct tw_documents *out, struct tw_conn *c,
			   const struct tw_document_filter *f, struct tw_arena *a,
			   struct tw_err *err)
{
	TW_VEC(struct tw_document) all = {0};
	struct tw_stmt *q;
	enum tw_status st =
		tw_sql_query(&q, c, err,
			     "SELECT " META " FROM documents d "
			     "JOIN revisions r ON r.doc = d.doc AND r.revision = d.revision "
			     "WHERE ($1 = '' OR d.source = $1) AND d.deleted <= $2 "
			     "ORDER BY r.created_ms DESC, d.doc LIMIT $3",
			     V_TEXT(f->source ? f->source : ""), V_INT(f->deleted),
			     V_INT(f->limit ? (int64_t)f->limit : INT64_MAX));

	if (st != TW_OK)
		return st;
	while ((st = tw_sql_step(q, err)) == TW_OK) {
		struct tw_document d;
		read_meta(&d, q, a);
		tw_vec_push(&all, d);
	}
	tw_sql_end(q);
	*out = (struct tw_documents){tw_copy_array(a, all.at, all.n, sizeof(*all.at)), all.n,
				     all.n};
	tw_vec_release(&all);
	return st == TW_DONE ? TW_OK : st;
}

static enum tw_status count(size_t *out, struct tw_conn *c, const struct tw_document_filter *f,
			    struct tw_err *err)
{
	int64_t n = 0;
	enum tw_status st = tw_sql_int(&n, c, err,
				       "SELECT count(*) FROM documents "
				       "WHERE ($1 = '' OR source = $1) AND deleted <= $2",
				       V_TEXT(f->source ? f->source : ""), V_INT(f->deleted));

	*out = (size_t)n;
	return st;
}

enum tw_status tw_fs_documents(struct tw_documents *out, struct tw_feature_store *fs,
			       const struct tw_document_filter *filter, struct tw_arena *a,
			       struct tw_err *err)
{
	struct tw_conn *c;
	enum tw_status st = tw_db_read(&c, fs->db, err);

	if (st != TW_OK)
		return st;
	st = list(out, c, filter, a, err);
	if (st == TW_OK && filter->limit)
		st = count(&out->total, c, filter, err);
	tw_db_read_end(c);
	return st;
}

/* --- one document --- */

/* The first two ids that a query gives: the second tells that the reference was not exact enough. */
struct found {
	const char *id, *second;
};

static enum tw_status two_ids(struct found *out, struct tw_stmt *q, struct tw_arena *a,
			      struct tw_err *err)
{
	enum tw_status st = tw_sql_step(q, err);

	*out = (struct found){NULL, NULL};
	if (st == TW_OK) {
		out->id = tw_col_str(q, 0, a);
		st = tw_sql_step(q, err);
	}
	if (st == TW_OK)
		out->second = tw_col_str(q, 0, a);
	tw_sql_end(q);
	return st == TW_DONE ? TW_OK : st;
}

static enum tw_status by_key(struct found *out, struct tw_conn *c, const char *ref, int deleted,
			     struct tw_arena *a, struct tw_err *err)
{
	struct tw_stmt *q;
	enum tw_status st =
		tw_sql_query(&q, c, err,
			     "SELECT doc FROM documents WHERE key = $1 AND deleted = $2 "
			     "ORDER BY doc LIMIT 2",
			     V_TEXT(ref), V_INT(deleted));

	return st == TW_OK ? two_ids(out, q, a, err) : st;
}

static enum tw_status by_prefix(struct found *out, struct tw_conn *c, const char *ref,
				struct tw_arena *a, struct tw_err *err)
{
	struct tw_stmt *q;
	enum tw_status st = tw_sql_query(&q, c, err,
					 "SELECT doc FROM documents WHERE doc >= $1 AND doc < $2 "
					 "ORDER BY doc LIMIT 2",
					 V_TEXT(ref), V_TEXT(tw_sprintf(a, "%sg", ref)));

	return st == TW_OK ? two_ids(out, q, a, err) : st;
}

static bool is_prefix(const char *s)
{
	size_t len = strlen(s);

	return len >= PREFIX_MIN && len <= ID_LEN && strspn(s, "0123456789abcdef") == len;
}

enum tw_status tw_document_resolve(const char **id, struct tw_conn *c, const char *ref,
				   struct tw_arena *a, struct tw_err *err)
{
	struct found f = {NULL, NULL};
	enum tw_status st = TW_OK;

	if (strlen(ref) == ID_LEN && is_prefix(ref))
		st = by_prefix(&f, c, ref, a, err);
	if (st == TW_OK && !f.id)
		st = by_key(&f, c, ref, 0, a, err);
	if (st == TW_OK && !f.id)
		st = by_key(&f, c, ref, 1, a, err);
	if (st == TW_OK && !f.id && is_prefix(ref))
		st = by_prefix(&f, c, ref, a, err);
	if (st != TW_OK)
		return st;
	if (!f.id)
		return tw_fail(
			err, TW_NOT_FOUND,
			"there is no document \"%s\"; `twin show documents` lists ids and keys",
			ref);
	if (f.second)
		return tw_fail(err, TW_BAD_USE,
			       "\"%s\" names more than one document (%s, %s, …); give an id", ref,
			       f.id, f.second);
	*id = f.id;
	return TW_OK;
}

static enum tw_status read_one(struct tw_document *out, struct tw_conn *c, const char *ref,
			       int64_t revision, struct tw_arena *a, struct tw_err *err)
{
	const char *id;
	struct tw_stmt *q;
	enum tw_status st = tw_document_resolve(&id, c, ref, a, err);

	if (st == TW_OK)
		st = tw_sql_query(&q, c, err,
				  "SELECT " META ", r.body FROM documents d "
				  "JOIN revisions r ON r.doc = d.doc WHERE d.doc = $1 "
				  "AND r.revision = CASE WHEN $2 = 0 THEN d.revision ELSE $2 END",
				  V_TEXT(id), V_INT(revision));
	if (st != TW_OK)
		return st;
	st = tw_sql_step(q, err);
	if (st == TW_OK) {
		struct tw_bytes body = tw_col_text(q, BODY);
		read_meta(out, q, a);
		out->body = (struct tw_bytes){tw_strndup(a, body.data, body.len), body.len};
	}
	tw_sql_end(q);
	if (st == TW_DONE)
		return tw_fail(err, TW_NOT_FOUND, "document %s has no revision %lld", id,
			       (long long)revision);
	return st;
}

enum tw_status tw_fs_document(struct tw_document *out, struct tw_feature_store *fs, const char *ref,
			      int64_t revision, struct tw_arena *a, struct tw_err *err)
{
	struct tw_conn *c;
	enum tw_status st = tw_db_read(&c, fs->db, err);

	if (st != TW_OK)
		return st;
	st = read_one(out, c, ref, revision, a, err);
	tw_db_read_end(c);
	return st;
}

/* --- tombstones --- */

/* A revision of its own, which keeps title and dates so that a list can say what it was. */
enum tw_status tw_document_bury(struct tw_conn *c, const char *doc, int64_t now, struct tw_err *err)
{
	enum tw_status st = tw_sql_exec(
		c, err,
		"INSERT INTO revisions (doc, revision, digest, deleted, stored_ms, created_ms, "
		"modified_ms, title, author, url, lang, media, extra, body) "
		"SELECT r.doc, r.revision + 1, '', 1, $1, r.created_ms, r.modified_ms, r.title, "
		"r.author, r.url, r.lang, r.media, '', '' FROM documents d JOIN revisions r "
		"ON r.doc = d.doc AND r.revision = d.revision WHERE d.doc = $2 AND d.deleted = 0",
		V_INT(now), V_TEXT(doc));

	if (st == TW_OK && tw_sql_changes(c) == 0)
		return TW_OK; /* another process was faster */
	if (st == TW_OK)
		st = tw_sql_exec(c, err,
				 "UPDATE documents SET revision = revision + 1, deleted = 1, "
				 "digest = '', fingerprint = NULL WHERE doc = $1",
				 V_TEXT(doc));
	return st == TW_OK ? tw_change_add(c, TW_DOCUMENTS_ID, doc, err) : st;
}

static bool is_in(const char *s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], s) == 0)
			return true;
	return false;
}

struct orphans TW_VEC_BODY(const char *);

/* Live documents of sources that are not kept. */
static enum tw_status find_orphans(struct orphans *docs, struct tw_conn *c, const char *const *keep,
				   size_t n, struct tw_arena *a, struct tw_err *err)
{
	struct tw_stmt *q;
	enum tw_status st =
		tw_sql_query(&q, c, err, "SELECT source, doc FROM documents WHERE deleted = 0");

	if (st != TW_OK)
		return st;
	while ((st = tw_sql_step(q, err)) == TW_OK)
		if (!is_in(tw_col_text(q, 0).data, keep, n))
			tw_vec_push(docs, tw_col_str(q, 1, a));
	tw_sql_end(q);
	return st == TW_DONE ? TW_OK : st;
}

/* Without it, a source that comes back would be asked only for what is new since. */
static enum tw_status drop_state(struct tw_conn *c, const char *const *docs, size_t n,
				 struct tw_err *err)
{
	enum tw_status st = TW_OK;

	for (size_t i = 0; st == TW_OK && i < n; i++)
		st = tw_sql_exec(c, err,
				 "DELETE FROM source_state WHERE source = "
				 "(SELECT source FROM documents WHERE doc = $1)",
				 V_TEXT(docs[i]));
	return st;
}

static enum tw_status retire(struct tw_feature_store *fs, const char *const *docs, size_t n,
			     struct tw_err *err)
{
	struct tw_conn *c;
	int64_t now = tw_now_ms();
	enum tw_status st = tw_db_write(&c, fs->db, err);

	if (st != TW_OK)
		return st;
	for (size_t i = 0; st == TW_OK && i < n; i++)
		st = tw_document_bury(c, docs[i], now, err);
	if (st == TW_OK)
		st = drop_state(c, docs, n, err);
	return tw_db_finish(c, st, err);
}

enum tw_status tw_fs_retire_sources(struct tw_feature_store *fs, const char *const *keep, size_t n,
				    int64_t *removed, struct tw_err *err)
{
	struct orphans docs = {0};
	struct tw_arena a;
	struct tw_conn *c;
	enum tw_status st = tw_db_read(&c, fs->db, err);

	*removed = 0;
	if (st != TW_OK)
		return st;
	tw_arena_init(&a);
	st = find_orphans(&docs, c, keep, n, &a, err);
	tw_db_read_end(c);
	if (st == TW_OK && docs.n)
		st = retire(fs, docs.at, docs.n, err);
	if (st == TW_OK)
		*removed = (int64_t)docs.n;
	tw_vec_release(&docs);
	tw_arena_release(&a);
	return st;
}
