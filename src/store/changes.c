/* The change log: one entry for each document of a view that changed, in the transaction of the change. */
#include "store/fs_int.h"

enum tw_status tw_change_add(struct tw_conn *c, int64_t view, const char *doc, struct tw_err *err)
{
	return tw_sql_exec(c, err, "INSERT INTO changes (view, doc) VALUES ($1, $2)", V_INT(view),
			   V_TEXT(doc));
}

enum tw_status tw_change_last(int64_t *seq, struct tw_conn *c, struct tw_err *err)
{
	*seq = 0;
	return tw_sql_int(seq, c, err, "SELECT max(seq) FROM changes");
}
