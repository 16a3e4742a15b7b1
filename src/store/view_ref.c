/* What a reference to a view means: digest, "chunks@v3", "chunks" or the beginning of a digest. */
#include <string.h>

#include "store/fs_int.h"

#define PREFIX_MIN 8

static bool is_hex(const char *s)
{
	return s[strspn(s, "0123456789abcdef")] == '\0';
}

static enum tw_status one_text(const char **out, struct tw_stmt *q, struct tw_arena *a,
			       struct tw_err *err)
{
	enum tw_status st = tw_sql_step(q, err);

	if (st == TW_OK)
		*out = tw_col_str(q, 0, a);
	tw_sql_end(q);
	return st == TW_DONE ? TW_NOT_FOUND : st;
}

static enum tw_status by_name(const char **out, struct tw_conn *c, const char *ref,
			      struct tw_arena *a, struct tw_err *err)
{
	const char *at = strstr(ref, "@v");
	int64_t version = 0;
	struct tw_stmt *q;
	enum tw_status st;

	if (at && tw_parse_i64(&version, at + 2, NULL) == TW_OK)
		st = tw_sql_query(&q, c, err,
				  "SELECT digest FROM views WHERE name = $1 AND version = $2",
				  V_TEXTN(ref, (size_t)(at - ref)), V_INT(version));
	else
		st = tw_sql_query(&q, c, err,
				  "SELECT digest FROM views WHERE name = $1 "
				  "ORDER BY version DESC LIMIT 1",
				  V_TEXT(ref));
	return st == TW_OK ? one_text(out, q, a, err) : st;
}

static enum tw_status by_prefix(const char **out, struct tw_conn *c, const char *ref,
				struct tw_arena *a, struct tw_err *err)
{
	struct tw_stmt *q;
	const char *second = NULL;
	/* "g" is behind every hexadecimal digit. */
	enum tw_status st = tw_sql_query(
		&q, c, err,
		"SELECT digest FROM views WHERE digest >= $1 AND digest < $2 ORDER BY digest LIMIT 2",
		V_TEXT(ref), V_TEXT(tw_sprintf(a, "%sg", ref)));

	if (st != TW_OK)
		return st;
	st = tw_sql_step(q, err);
	if (st == TW_OK) {
		*out = tw_col_str(q, 0, a);
		st = tw_sql_step(q, err);
		if (st == TW_OK)
			second = tw_col_str(q, 0, a);
		else if (st == TW_DONE)
			st = TW_OK;
	} else if (st == TW_DONE) {
		st = TW_NOT_FOUND;
	}
	tw_sql_end(q);
	if (second)
		return tw_fail(err, TW_BAD_USE, "%s: more than one view begins so (%s, %s)", ref,
			       *out, second);
	return st;
}

enum tw_status tw_view_resolve(const char **digest, struct tw_conn *c, const char *ref,
			       struct tw_arena *a, struct tw_err *err)
{
	enum tw_status st = by_name(digest, c, ref, a, err);

	if (st == TW_NOT_FOUND && strlen(ref) >= PREFIX_MIN && is_hex(ref))
		st = by_prefix(digest, c, ref, a, err);
	if (st == TW_NOT_FOUND)
		return tw_fail(err, st,
			       "there is no feature view \"%s\"; `twin show views` lists them",
			       ref);
	return st;
}
