/* The tables of a view and full-text search, as SQLite spells them. */
#include "store/dialect.h"

#include <inttypes.h>

static bool searchable(const struct tw_field *f)
{
	return f->type == TW_FIELD_TEXT && f->search_weight > 0;
}

bool tw_schema_searchable(const struct tw_field *schema)
{
	for (int i = 0; schema[i].name; i++)
		if (searchable(&schema[i]))
			return true;
	return false;
}

static const char *type_name(enum tw_field_type t)
{
	switch (t) {
	case TW_FIELD_TEXT:
		return "TEXT";
	case TW_FIELD_INT:
		return "INTEGER";
	case TW_FIELD_REAL:
		return "REAL"; /* NULL stands for NaN */
	default:
		return "BLOB"; /* float32, little-endian */
	}
}

/* ", "a", "b"" of the fields in the full-text index. */
static void add_searchable(struct tw_str *sql, const struct tw_field *schema, const char *sep)
{
	for (int i = 0; schema[i].name; i++) {
		if (!searchable(&schema[i]))
			continue;
		tw_str_addf(sql, "%s\"%s\"", sep, schema[i].name);
		sep = ", ";
	}
}

static void create_index(struct tw_str *sql, int64_t t, const struct tw_field *schema)
{
	tw_str_addf(sql, "CREATE VIRTUAL TABLE f%" PRId64 " USING fts5(", t);
	add_searchable(sql, schema, "");
	tw_str_addf(sql,
		    ", content = 'v%" PRId64 "', content_rowid = 'rid', "
		    "tokenize = 'porter unicode61');\n",
		    t);
}

void tw_dialect_create(struct tw_str *sql, int64_t t, const char *name, int version,
		       const struct tw_field *schema)
{
	tw_str_addf(sql,
		    "CREATE TABLE v%" PRId64 " (rid INTEGER PRIMARY KEY AUTOINCREMENT, "
		    "doc TEXT NOT NULL, ord INTEGER NOT NULL, row_id TEXT NOT NULL",
		    t);
	for (int i = 0; schema[i].name; i++)
		tw_str_addf(sql, ", \"%s\" %s%s", schema[i].name, type_name(schema[i].type),
			    schema[i].type == TW_FIELD_REAL ? "" : " NOT NULL");
	tw_str_addf(sql,
		    ") STRICT;\nCREATE UNIQUE INDEX v%" PRId64 "_doc ON v%" PRId64 " (doc, ord);\n",
		    t, t);
	tw_str_addf(sql, "CREATE INDEX v%" PRId64 "_row ON v%" PRId64 " (row_id);\n", t, t);
	tw_str_addf(sql, "CREATE VIEW \"%s@v%d\" AS SELECT doc, ord, row_id", name, version);
	for (int i = 0; schema[i].name; i++)
		tw_str_addf(sql, ", \"%s\"", schema[i].name);
	tw_str_addf(sql, " FROM v%" PRId64 ";\n", t);
	if (tw_schema_searchable(schema))
		create_index(sql, t, schema);
}

void tw_dialect_drop(struct tw_str *sql, int64_t t, const char *name, int version,
		     const struct tw_field *schema)
{
	tw_str_addf(sql, "DROP VIEW \"%s@v%d\";\n", name, version);
	if (tw_schema_searchable(schema))
		tw_str_addf(sql, "DROP TABLE f%" PRId64 ";\n", t);
	tw_str_addf(sql, "DROP TABLE v%" PRId64 ";\n", t);
}

void tw_dialect_index(struct tw_str *sql, int64_t t, const struct tw_field *schema)
{
	tw_str_addf(sql, "INSERT INTO f%" PRId64 " (rowid", t);
	add_searchable(sql, schema, ", ");
	tw_str_adds(sql, ") SELECT rid");
	add_searchable(sql, schema, ", ");
	tw_str_addf(sql, " FROM v%" PRId64 " WHERE doc = $1", t);
}

/* The index keeps no text of its own: to take a row out it must be told what is in it. */
void tw_dialect_unindex(struct tw_str *sql, int64_t t, const struct tw_field *schema)
{
	tw_str_addf(sql, "INSERT INTO f%" PRId64 " (f%" PRId64 ", rowid", t, t);
	add_searchable(sql, schema, ", ");
	tw_str_adds(sql, ") SELECT 'delete', rid");
	add_searchable(sql, schema, ", ");
	tw_str_addf(sql, " FROM v%" PRId64 " WHERE doc = $1", t);
}

/* One segment, the oldest: neither entries nor marks of rows that are gone are carried over. */
void tw_dialect_compact(struct tw_str *sql, int64_t t)
{
	tw_str_addf(sql, "INSERT INTO f%" PRId64 " (f%" PRId64 ") VALUES ('optimize')", t, t);
}

void tw_dialect_search(struct tw_str *sql, int64_t t, const struct tw_field *schema)
{
	tw_str_addf(sql, "SELECT rowid, twin_bm25(f%" PRId64 ", %" PRId64, t, t);
	for (int i = 0; schema[i].name; i++)
		if (searchable(&schema[i]))
			tw_str_addf(sql, ", %.17g", schema[i].search_weight);
	tw_str_addf(sql, ") FROM f%" PRId64 " WHERE f%" PRId64 " MATCH $1", t, t);
}

void tw_dialect_find(struct tw_str *sql, int64_t t, const struct tw_field *schema)
{
	(void)schema;
	tw_str_addf(sql, "SELECT rowid FROM f%" PRId64 " WHERE f%" PRId64 " MATCH $1 LIMIT $2", t,
		    t);
}

void tw_dialect_match(struct tw_str *out, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		tw_str_addf(out, "%s\"%s\"", i ? " OR " : "", words[i]);
}
