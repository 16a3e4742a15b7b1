/*
 * store/dialect.h: what engines spell differently: the schemas of the two
 * databases, the tables of a view, and full-text search.
 *
 * A view has a table number T: rows are in vT, the full-text index is fT. A number
 * is used once, so whatever is kept by it (lengths, vectors) can't be mixed up.
 */
#ifndef TW_STORE_DIALECT_H
#define TW_STORE_DIALECT_H

#include "base/str.h"
#include "core/row.h"
#include "store/db.h"

extern const struct tw_db_schema tw_features_schema;
extern const struct tw_db_schema tw_registry_schema;

/* Scripts; `name`@v`version` becomes an SQL view for other programs. */
void tw_dialect_create(struct tw_str *sql, int64_t table, const char *name, int version,
		       const struct tw_field *schema);
void tw_dialect_drop(struct tw_str *sql, int64_t table, const char *name, int version,
		     const struct tw_field *schema);

/* One statement each; $1 is a document: takes its rows into the full-text index, or out (before they go from the table). */
void tw_dialect_index(struct tw_str *sql, int64_t table, const struct tw_field *schema);
void tw_dialect_unindex(struct tw_str *sql, int64_t table, const struct tw_field *schema);
/* Merges the index, so that nothing of erased rows is left in it. */
void tw_dialect_compact(struct tw_str *sql, int64_t table);

/* Gives (rid, score) of each row that matches $1, in no order. */
void tw_dialect_search(struct tw_str *sql, int64_t table, const struct tw_field *schema);
/* Gives rid of each row that matches $1, in no order, $2 of them at most. */
void tw_dialect_find(struct tw_str *sql, int64_t table, const struct tw_field *schema);
/* The value of $1: any of the words, which hold letters and digits only. */
void tw_dialect_match(struct tw_str *out, const char *const *words, size_t n);

bool tw_schema_searchable(const struct tw_field *schema);

#endif
