/*
 * store/fs_int.h: what the files of the feature store share.
 *
 * A `struct tw_view_table` is what never changes about a view and its tables,
 * with the SQL that reads and writes them; it lives as long as the handle.
 */
#ifndef TW_STORE_FS_INT_H
#define TW_STORE_FS_INT_H

#include <pthread.h>

#include "base/vec.h"
#include "core/document_store.h"
#include "core/feature_store.h"
#include "store/db.h"

struct tw_vector_index;

#define TW_DOCUMENTS_ID 0 /* the view "documents" in the change log */
#define TW_FIELDS_MAX	60

struct tw_view_table {
	int64_t id;    /* in the change log; TW_DOCUMENTS_ID */
	int64_t table; /* number of its tables, 0 for documents */
	const char *digest, *name;
	int version;
	const struct tw_field *schema;
	int n_fields;
	int vector; /* index of its vector field, -1 when none */
	bool searchable;
	const char *sql_doc, *sql_row,
		*sql_all;	/* SELECT doc, ord, row_id, fields …; $1: document, row id */
	const char *sql_insert; /* $1 doc, $2 ord, $3 row_id, then the fields */
	const char *sql_delete; /* $1: document */
	const char *sql_bury; /* $1: document; its rows that a segment may hold go into dead_rows */
	const char *sql_index, *sql_unindex, *sql_compact, *sql_search,
		*sql_find;	 /* dialect.h; NULL when not searchable */
	const char *sql_place;	 /* doc, ord, row_id of the row with number $1 */
	const char *sql_vectors; /* rid, vector of rows $1 … $2 in order; NULL without vectors */
	const char *sql_rids;	 /* numbers of the rows of document $1 */
	const char *sql_last;	 /* the largest number of a row, NULL when none */
	struct tw_view_table *next;
};

struct tw_feature_store {
	struct tw_db *db;
	struct tw_vector_index *vectors;
	pthread_mutex_t lock; /* guards tables and arena */
	struct tw_view_table *tables;
	struct tw_view_table *documents;
	struct tw_arena arena; /* of the tables */
};

/* view_table.c */
struct tw_view_table *tw_view_table_documents(struct tw_feature_store *fs);
/* By any reference; TW_NOT_FOUND says what there is. */
TW_MUST_USE enum tw_status tw_view_table_find(const struct tw_view_table **out,
					      struct tw_feature_store *fs, struct tw_conn *c,
					      const char *ref, struct tw_err *err);
/* Makes or drops the tables themselves. */
TW_MUST_USE enum tw_status tw_view_table_create(struct tw_conn *c, int64_t table, const char *name,
						int version, const struct tw_field *schema,
						struct tw_err *err);
TW_MUST_USE enum tw_status tw_view_table_drop(struct tw_conn *c, const struct tw_view_table *t,
					      struct tw_err *err);

/* view_ref.c: the digest that a reference means; borrowed from `a`. */
TW_MUST_USE enum tw_status tw_view_resolve(const char **digest, struct tw_conn *c, const char *ref,
					   struct tw_arena *a, struct tw_err *err);

/* schema_json.c */
void tw_schema_to_json(struct tw_str *out, const struct tw_field *schema);
TW_MUST_USE enum tw_status tw_schema_from_json(const struct tw_field **out, const char *json,
					       size_t len, struct tw_arena *a, struct tw_err *err);
/* Names that can be columns; at most one vector. TW_BAD_USE. */
TW_MUST_USE enum tw_status tw_schema_check(const char *view, const struct tw_field *schema,
					   struct tw_err *err);
const struct tw_field *tw_schema_copy(const struct tw_field *schema, struct tw_arena *a);
/* A JSON array of strings, both ways. */
void tw_strings_to_json(struct tw_str *out, const char *const *s, size_t n);
TW_MUST_USE enum tw_status tw_strings_from_json(const char *const **out, size_t *n,
						const char *json, struct tw_arena *a,
						struct tw_err *err);

/* row_codec.c: the current row of a query (doc, ord, row_id, fields …) as a new last row of `out`. */
TW_MUST_USE enum tw_status tw_row_read(struct tw_rows *out, struct tw_stmt *q, struct tw_err *err);
TW_MUST_USE enum tw_status tw_row_insert(struct tw_conn *c, const struct tw_view_table *t,
					 const struct tw_rows *rows, size_t i, const char *row_id,
					 struct tw_err *err);

/* write_rows.c: takes all rows of a document out of a view and its indexes. */
TW_MUST_USE enum tw_status tw_view_erase_doc(struct tw_conn *c, const struct tw_view_table *t,
					     const char *doc, struct tw_err *err);

/* changes.c */
TW_MUST_USE enum tw_status tw_change_add(struct tw_conn *c, int64_t view, const char *doc,
					 struct tw_err *err);
TW_MUST_USE enum tw_status tw_change_last(int64_t *seq, struct tw_conn *c, struct tw_err *err);

/* documents.c: the id that `ref` means. */
TW_MUST_USE enum tw_status tw_document_resolve(const char **id, struct tw_conn *c, const char *ref,
					       struct tw_arena *a, struct tw_err *err);
/* A tombstone for a live document, in the change log too. */
TW_MUST_USE enum tw_status tw_document_bury(struct tw_conn *c, const char *doc, int64_t now,
					    struct tw_err *err);
/* What is remembered of a document that was forgotten: this, and one digest for the body of each of its revisions. */
struct tw_digest tw_forgotten_digest(const char *source, const char *key);
struct tw_digest tw_forgotten_text_digest(const char *body, size_t len);

/* forget.c */
TW_MUST_USE enum tw_status tw_is_forgotten(bool *out, struct tw_conn *c, const char *doc,
					   struct tw_err *err);
/* Takes out of the files what was deleted by forgetting and may still lie there; immediate when there is nothing. */
void tw_forget_settle(struct tw_feature_store *fs);

/* vector_index.c */
struct tw_vector_index *tw_vector_index_new(struct tw_db *db);
void tw_vector_index_free(struct tw_vector_index *x);
/* Writes what rows have gathered since the last segment into a new one when that is worth it; never fails a commit. */
void tw_vector_index_grow(struct tw_vector_index *x, const struct tw_view_table *t);
/* Takes the view's segments off the manifest; the next commit writes new ones. */
TW_MUST_USE enum tw_status tw_vector_index_unlist(struct tw_conn *c, const struct tw_view_table *t,
						  struct tw_err *err);
/* Removes files that the manifest does not name; all but UNNAMED write over them first. */
enum tw_sweep {
	TW_SWEEP_UNNAMED,
	TW_SWEEP_WIPE,
	TW_SWEEP_ALONE /* nobody else has the store open: half-written ones too */
};
void tw_vector_index_sweep(struct tw_vector_index *x, enum tw_sweep how);

#endif
