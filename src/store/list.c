#include "store/list.h"

#include <stdlib.h>
#include <string.h>

enum tw_status tw_sql_list_v(struct tw_list *out, struct tw_conn *c, size_t size, tw_row_fn row,
			     struct tw_arena *a, const char *sql, const struct tw_val *vals,
			     size_t n, struct tw_err *err)
{
	struct tw_stmt *q;
	char *at = NULL;
	size_t have = 0, room = 0;
	*out = (struct tw_list){0};
	enum tw_status st = tw_sql_query_v(&q, c, sql, vals, n, err);
	if (st != TW_OK)
		return st;
	for (; (st = tw_sql_step(q, err)) == TW_OK; have++) {
		if (have == room) {
			room = room ? 2 * room : 8;
			at = tw_xrealloc(at, room * size);
		}
		memset(at + have * size, 0, size);
		row(at + have * size, q, a);
	}
	tw_sql_end(q);
	if (st == TW_DONE)
		*out = (struct tw_list){tw_copy_array(a, at, have, size), have};
	free(at);
	return st == TW_DONE ? TW_OK : st;
}

enum tw_status tw_db_list_v(struct tw_list *out, struct tw_db *db, size_t size, tw_row_fn row,
			    struct tw_arena *a, const char *sql, const struct tw_val *vals,
			    size_t n, struct tw_err *err)
{
	struct tw_conn *c;
	enum tw_status st = tw_db_read(&c, db, err);
	*out = (struct tw_list){0};
	if (st != TW_OK)
		return st;
	st = tw_sql_list_v(out, c, size, row, a, sql, vals, n, err);
	tw_db_read_end(c);
	return st;
}
