/* The tables of a view, and the SQL that reads and writes them, kept for the life of the handle. */
#include <inttypes.h>
#include <string.h>

#include "store/dialect.h"
#include "store/fs_int.h"

/* "doc, ord, row_id, fields …" */
static char *columns(const struct tw_field *schema, struct tw_arena *a)
{
	struct tw_str s = TW_STR_INIT;

	tw_str_adds(&s, "doc, ord, row_id");
	for (int i = 0; schema[i].name; i++)
		tw_str_addf(&s, ", \"%s\"", schema[i].name);
	char *out = tw_str_dup(&s, a);
	tw_str_release(&s);
	return out;
}

static char *insert(const struct tw_view_table *t, const char *cols, struct tw_arena *a)
{
	struct tw_str s = TW_STR_INIT;

	tw_str_addf(&s, "INSERT INTO v%" PRId64 " (%s) VALUES ($1, $2, $3", t->table, cols);
	for (int i = 0; i < t->n_fields; i++)
		tw_str_addf(&s, ", $%d", i + 4);
	tw_str_adds(&s, ")");
	char *out = tw_str_dup(&s, a);
	tw_str_release(&s);
	return out;
}

static const char *dialect(void (*write)(struct tw_str *, int64_t, const struct tw_field *),
			   const struct tw_view_table *t, struct tw_arena *a)
{
	struct tw_str s = TW_STR_INIT;

	write(&s, t->table, t->schema);
	char *out = tw_str_dup(&s, a);
	tw_str_release(&s);
	return out;
}

static void compact(struct tw_str *s, int64_t table, const struct tw_field *schema)
{
	(void)schema;
	tw_dialect_compact(s, table);
}

static void set_search_sql(struct tw_view_table *t, struct tw_arena *a)
{
	if (!t->searchable)
		return;
	t->sql_index = dialect(tw_dialect_index, t, a);
	t->sql_unindex = dialect(tw_dialect_unindex, t, a);
	t->sql_compact = dialect(compact, t, a);
	t->sql_search = dialect(tw_dialect_search, t, a);
	t->sql_find = dialect(tw_dialect_find, t, a);
}

static void set_sql(struct tw_view_table *t, struct tw_arena *a)
{
	const char *cols = columns(t->schema, a);
	const int64_t n = t->table;

	t->sql_doc =
		tw_sprintf(a, "SELECT %s FROM v%" PRId64 " WHERE doc = $1 ORDER BY ord", cols, n);
	t->sql_row = tw_sprintf(a, "SELECT %s FROM v%" PRId64 " WHERE row_id = $1", cols, n);
	t->sql_all = tw_sprintf(a, "SELECT %s FROM v%" PRId64 " ORDER BY doc, ord", cols, n);
	t->sql_insert = insert(t, cols, a);
	t->sql_delete = tw_sprintf(a, "DELETE FROM v%" PRId64 " WHERE doc = $1", n);
	t->sql_place = tw_sprintf(a, "SELECT doc, ord, row_id FROM v%" PRId64 " WHERE rid = $1", n);
	t->sql_rids = tw_sprintf(a, "SELECT rid FROM v%" PRId64 " WHERE doc = $1", n);
	t->sql_last = tw_sprintf(a, "SELECT max(rid) FROM v%" PRId64, n);
	if (t->vector < 0)
		t->sql_bury = NULL;
	else
		t->sql_bury = tw_sprintf(a,
					 "INSERT INTO dead_rows (tbl, rid) SELECT %" PRId64
					 ", rid FROM v%" PRId64 " WHERE doc = $1 AND rid <= "
					 "(SELECT coalesce(max(last), 0) FROM segments "
					 "WHERE tbl = %" PRId64 ")",
					 n, n, n);
	if (t->vector >= 0)
		t->sql_vectors = tw_sprintf(a,
					    "SELECT rid, \"%s\" FROM v%" PRId64
					    " WHERE rid >= $1 AND rid <= $2 ORDER BY rid",
					    t->schema[t->vector].name, n);
	set_search_sql(t, a);
}

static void set_schema(struct tw_view_table *t, const struct tw_field *schema)
{
	t->schema = schema;
	t->n_fields = tw_schema_count(schema);
	t->vector = -1;
	for (int i = 0; i < t->n_fields; i++)
		if (schema[i].type == TW_FIELD_VECTOR)
			t->vector = i;
	t->searchable = tw_schema_searchable(schema);
}

/* The raw documents look like a view of one row a document. */
struct tw_view_table *tw_view_table_documents(struct tw_feature_store *fs)
{
	static const char select[] =
		"SELECT d.doc, 0, substr(r.digest, 1, 32), r.title, r.author, r.url, r.lang, "
		"r.media, r.extra, r.created_ms, r.modified_ms, d.source, d.key, r.body "
		"FROM documents d JOIN revisions r ON r.doc = d.doc AND r.revision = d.revision "
		"WHERE d.deleted = 0 ";
	struct tw_view_table *t = TW_NEW(&fs->arena, struct tw_view_table);

	set_schema(t, tw_documents_schema);
	t->id = TW_DOCUMENTS_ID;
	t->digest = t->name = TW_DOCUMENTS_VIEW;
	t->sql_doc = tw_sprintf(&fs->arena, "%sAND d.doc = $1", select);
	t->sql_row =
		tw_sprintf(&fs->arena, "%sAND substr(r.digest, 1, 32) = $1 ORDER BY d.doc", select);
	t->sql_all = tw_sprintf(&fs->arena, "%sORDER BY d.doc", select);
	return t;
}

static struct tw_view_table *cached(struct tw_feature_store *fs, int64_t table)
{
	struct tw_view_table *t;

	pthread_mutex_lock(&fs->lock);
	for (t = fs->tables; t && t->table != table; t = t->next)
		;
	pthread_mutex_unlock(&fs->lock);
	return t;
}

/* The columns of q: id, tbl, digest, name, version, fields. Two threads may both add one: harmless. */
static enum tw_status add(const struct tw_view_table **out, struct tw_feature_store *fs,
			  struct tw_stmt *q, struct tw_err *err)
{
	pthread_mutex_lock(&fs->lock);
	struct tw_view_table *t = TW_NEW(&fs->arena, struct tw_view_table);
	struct tw_bytes fields = tw_col_text(q, 5);
	const struct tw_field *schema;
	enum tw_status st = tw_schema_from_json(&schema, fields.data, fields.len, &fs->arena, err);
	if (st == TW_OK) {
		t->id = tw_col_int(q, 0);
		t->table = tw_col_int(q, 1);
		t->digest = tw_col_str(q, 2, &fs->arena);
		t->name = tw_col_str(q, 3, &fs->arena);
		t->version = (int)tw_col_int(q, 4);
		set_schema(t, schema);
		set_sql(t, &fs->arena);
		t->next = fs->tables;
		fs->tables = t;
		*out = t;
	}
	pthread_mutex_unlock(&fs->lock);
	return st;
}

static enum tw_status by_digest(const struct tw_view_table **out, struct tw_feature_store *fs,
				struct tw_conn *c, const char *digest, struct tw_err *err)
{
	struct tw_stmt *q;
	enum tw_status st = tw_sql_query(&q, c, err,
					 "SELECT id, tbl, digest, name, version, fields "
					 "FROM views WHERE digest = $1",
					 V_TEXT(digest));

	if (st != TW_OK)
		return st;
	st = tw_sql_step(q, err);
	if (st == TW_OK) {
		*out = cached(fs, tw_col_int(q, 1));
		if (!*out)
			st = add(out, fs, q, err);
	}
	tw_sql_end(q);
	return st == TW_DONE ? TW_NOT_FOUND : st;
}

enum tw_status tw_view_table_find(const struct tw_view_table **out, struct tw_feature_store *fs,
				  struct tw_conn *c, const char *ref, struct tw_err *err)
{
	struct tw_arena a;
	const char *digest;
	enum tw_status st;

	if (strcmp(ref, TW_DOCUMENTS_VIEW) == 0) {
		*out = fs->documents;
		return TW_OK;
	}
	st = by_digest(out, fs, c, ref, err);
	if (st != TW_NOT_FOUND)
		return st;
	tw_arena_init(&a);
	st = tw_view_resolve(&digest, c, ref, &a, err);
	if (st == TW_OK)
		st = by_digest(out, fs, c, digest, err);
	tw_arena_release(&a);
	return st;
}

enum tw_status tw_view_table_create(struct tw_conn *c, int64_t table, const char *name, int version,
				    const struct tw_field *schema, struct tw_err *err)
{
	struct tw_str sql = TW_STR_INIT;

	tw_dialect_create(&sql, table, name, version, schema);
	enum tw_status st = tw_sql_script(c, tw_str_c(&sql), err);
	tw_str_release(&sql);
	return st;
}

enum tw_status tw_view_table_drop(struct tw_conn *c, const struct tw_view_table *t,
				  struct tw_err *err)
{
	struct tw_str sql = TW_STR_INIT;

	tw_dialect_drop(&sql, t->table, t->name, t->version, t->schema);
	enum tw_status st = tw_sql_script(c, tw_str_c(&sql), err);
	tw_str_release(&sql);
	return st;
}
