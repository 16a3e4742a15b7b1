/*
 * store/list.h: the rows of a query as an array.
 */
#ifndef TW_STORE_LIST_H
#define TW_STORE_LIST_H

#include "store/db.h"

struct tw_list {
	void *at; /* in the arena */
	size_t n;
};

/* Makes one element, zeroed before, of the current row. */
typedef void (*tw_row_fn)(void *to, struct tw_stmt *q, struct tw_arena *a);

/* Elements of `size` bytes, in the order of the rows. Empty on failure. Values follow the SQL, as in db.h. */
#define tw_sql_list(out, c, size, row, a, err, sql, ...) \
	tw_sql_list_v((out), (c), (size), (row), (a), (sql), TW_VALS_(__VA_ARGS__), (err))
/* The same as a read of its own. */
#define tw_db_list(out, db, size, row, a, err, sql, ...) \
	tw_db_list_v((out), (db), (size), (row), (a), (sql), TW_VALS_(__VA_ARGS__), (err))

TW_MUST_USE enum tw_status tw_sql_list_v(struct tw_list *out, struct tw_conn *c, size_t size,
					 tw_row_fn row, struct tw_arena *a, const char *sql,
					 const struct tw_val *vals, size_t n, struct tw_err *err);
TW_MUST_USE enum tw_status tw_db_list_v(struct tw_list *out, struct tw_db *db, size_t size,
					tw_row_fn row, struct tw_arena *a, const char *sql,
					const struct tw_val *vals, size_t n, struct tw_err *err);

#endif
