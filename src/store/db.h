/*
 * store/db.h: the one seam between the stores and a database engine.
 *
 * Owns connections, transactions, statements and what an engine's errors mean.
 * One connection writes, behind a mutex; readers come from a pool, so that a
 * search never waits for a writer. Every read is a snapshot. What SQLite and
 * PostgreSQL spell differently stands in dialect.h; all other SQL is shared:
 * parameters are $1, $2, … in order of first use, no engine's own functions.
 *
 * A struct tw_db may be used by several threads, a struct tw_conn and its
 * statements by one at a time. A thread that holds the writer must not ask for it again.
 *
 * To add an engine: db_x.c and dialect_x.c with these functions.
 */
#ifndef TW_STORE_DB_H
#define TW_STORE_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

struct tw_db;	/* opaque */
struct tw_conn; /* opaque; a connection inside a transaction */
struct tw_stmt; /* opaque */

/* What a database must hold. Migration i brings version i to i + 1; never edit one that was released. */
struct tw_db_schema {
	const char *what; /* "feature store": for messages */
	int32_t application_id;
	const char *const *migrations;
	int version; /* how many migrations there are */
};

/* TW_UNSUPPORTED when a newer Twin wrote it, TW_BAD_DATA when it is damaged or another program's. */
TW_MUST_USE enum tw_status tw_db_open(struct tw_db **out, const char *path,
				      const struct tw_db_schema *schema, struct tw_err *err);
void tw_db_close(struct tw_db *db); /* NULL is fine; nothing may be in use */
const char *tw_db_path(const struct tw_db *db);
/* Nobody else had it open at the moment of tw_db_open(). */
bool tw_db_was_alone(const struct tw_db *db);

/* Waits for the writer; TW_CONFLICT when another process keeps it too long. */
TW_MUST_USE enum tw_status tw_db_write(struct tw_conn **out, struct tw_db *db, struct tw_err *err);
/* Commits when st is TW_OK, else undoes. Returns st, or why the commit failed. On TW_OK the data is on disk. */
enum tw_status tw_db_finish(struct tw_conn *c, enum tw_status st, struct tw_err *err);

TW_MUST_USE enum tw_status tw_db_read(struct tw_conn **out, struct tw_db *db, struct tw_err *err);
void tw_db_read_end(struct tw_conn *c);

/* Writes the database anew and empties its side files, so that nothing of what was deleted is left in any of them.
 * TW_CONFLICT: another process was in the way. */
TW_MUST_USE enum tw_status tw_db_settle(struct tw_db *db, struct tw_err *err);

/* --- statements --- */

enum tw_val_type { TW_VAL_NULL, TW_VAL_INT, TW_VAL_REAL, TW_VAL_TEXT, TW_VAL_BLOB };

struct tw_val {
	enum tw_val_type type;
	int64_t i;
	double r;
	const void *p; /* borrowed until the statement ends */
	size_t len;
};

struct tw_val tw_v_text(const char *s); /* NULL is SQL's */
#define V_INT(x)	((struct tw_val){.type = TW_VAL_INT, .i = (x)})
#define V_REAL(x)	((struct tw_val){.type = TW_VAL_REAL, .r = (x)})
#define V_TEXT(s)	tw_v_text(s)
#define V_TEXTN(s, n)	((struct tw_val){.type = TW_VAL_TEXT, .p = (s), .len = (n)})
#define V_BLOB(data, n) ((struct tw_val){.type = TW_VAL_BLOB, .p = (data), .len = (n)})

/* Values follow the SQL: tw_sql_exec(c, err, "DELETE FROM t WHERE a = $1", V_INT(3)). */
#define TW_VALS_(...)                                                                   \
	((const struct tw_val[]){{.type = TW_VAL_NULL}, ##__VA_ARGS__} + 1),            \
		sizeof((const struct tw_val[]){{.type = TW_VAL_NULL}, ##__VA_ARGS__}) / \
				sizeof(struct tw_val) -                                 \
			1
#define tw_sql_query(out, c, err, sql, ...) \
	tw_sql_query_v((out), (c), (sql), TW_VALS_(__VA_ARGS__), (err))
#define tw_sql_exec(c, err, sql, ...) tw_sql_exec_v((c), (sql), TW_VALS_(__VA_ARGS__), (err))
#define tw_sql_int(out, c, err, sql, ...) \
	tw_sql_int_v((out), (c), (sql), TW_VALS_(__VA_ARGS__), (err))

/* Begins; tw_sql_step() gives TW_OK for each row and TW_DONE at the end; always end with tw_sql_end(). */
TW_MUST_USE enum tw_status tw_sql_query_v(struct tw_stmt **out, struct tw_conn *c, const char *sql,
					  const struct tw_val *vals, size_t n, struct tw_err *err);
TW_MUST_USE enum tw_status tw_sql_step(struct tw_stmt *q, struct tw_err *err);
void tw_sql_end(struct tw_stmt *q); /* NULL is fine */

/* Runs to the end; rows are thrown away. */
TW_MUST_USE enum tw_status tw_sql_exec_v(struct tw_conn *c, const char *sql,
					 const struct tw_val *vals, size_t n, struct tw_err *err);
/* First column of the first row: TW_NOT_FOUND (err untouched) when there is no row. NULL reads as 0. */
TW_MUST_USE enum tw_status tw_sql_int_v(int64_t *out, struct tw_conn *c, const char *sql,
					const struct tw_val *vals, size_t n, struct tw_err *err);
/* Several statements without values, for schemas. */
TW_MUST_USE enum tw_status tw_sql_script(struct tw_conn *c, const char *sql, struct tw_err *err);

/* Rows that the last INSERT, UPDATE or DELETE of this connection touched. */
int64_t tw_sql_changes(struct tw_conn *c);

/* Columns of the current row, from 0. Text and bytes are valid until the next step. */
int64_t tw_col_int(struct tw_stmt *q, int i);
double tw_col_real(struct tw_stmt *q, int i); /* NaN for NULL */
bool tw_col_null(struct tw_stmt *q, int i);
struct tw_bytes tw_col_text(struct tw_stmt *q, int i); /* data "" for NULL */
struct tw_bytes tw_col_blob(struct tw_stmt *q, int i);
/* A copy; NULL for NULL. */
char *tw_col_str(struct tw_stmt *q, int i, struct tw_arena *a);

#endif
