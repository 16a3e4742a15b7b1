/* Aliases and deployment revisions; both histories only grow. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "base/time.h"
#include "store/list.h"
#include "store/mr_int.h"

#define CHAMPION "champion"
#define COLUMNS	 "revision, model, service, settings, reason, created_ms"

enum tw_status tw_alias_move(struct tw_conn *c, const char *alias, int model, int64_t revision,
			     struct tw_err *err)
{
	int64_t before = 0;
	enum tw_status st = tw_sql_int(&before, c, err,
				       "SELECT model FROM aliases WHERE alias = $1", V_TEXT(alias));

	if (st != TW_OK && st != TW_NOT_FOUND)
		return st;
	st = tw_sql_exec(c, err,
			 "INSERT INTO aliases (alias, model) VALUES ($1, $2) "
			 "ON CONFLICT (alias) DO UPDATE SET model = excluded.model",
			 V_TEXT(alias), V_INT(model));
	if (st == TW_OK)
		st = tw_sql_exec(c, err,
				 "INSERT INTO alias_events (alias, model, before, revision, at_ms) "
				 "VALUES ($1, $2, $3, $4, $5)",
				 V_TEXT(alias), V_INT(model), V_INT(before), V_INT(revision),
				 V_INT(tw_now_ms()));
	return st;
}

static enum tw_status check_model(struct tw_conn *c, int model, struct tw_err *err)
{
	int64_t version = 0;
	enum tw_status st = tw_sql_int(
		&version, c, err, "SELECT version FROM models WHERE version = $1", V_INT(model));

	return st == TW_NOT_FOUND ? tw_fail(err, st, "there is no model v%d", model) : st;
}

static enum tw_status deploy(struct tw_deployment *d, struct tw_conn *c, struct tw_err *err)
{
	enum tw_status st = check_model(c, d->model, err);

	if (st == TW_OK)
		st = tw_sql_int(&d->revision, c, err,
				"INSERT INTO deployments (model, service, settings, reason, "
				"created_ms) VALUES ($1, $2, $3, $4, $5) RETURNING revision",
				V_INT(d->model), V_TEXT(tw_or_empty(d->service)),
				V_TEXT(tw_or_empty(d->settings)), V_TEXT(tw_or_empty(d->reason)),
				V_INT(d->created_ms));
	return st == TW_OK ? tw_alias_move(c, CHAMPION, d->model, d->revision, err) : st;
}

enum tw_status tw_mr_deploy(struct tw_deployment *d, struct tw_model_registry *mr,
			    struct tw_err *err)
{
	struct tw_conn *c;
	enum tw_status st = tw_db_write(&c, mr->db, err);

	if (!d->created_ms)
		d->created_ms = tw_now_ms();
	return st == TW_OK ? tw_db_finish(c, deploy(d, c, err), err) : st;
}

/* Words that can't be taken for a version. */
static bool is_alias(const char *s)
{
	size_t len = strlen(s);
	const char *digits = s[0] == 'v' ? s + 1 : s;

	if (len == 0 || len > 64 || digits[strspn(digits, "0123456789")] == '\0')
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("-_.", *s))
			return false;
	return true;
}

enum tw_status tw_mr_alias_set(struct tw_model_registry *mr, const char *alias, int model,
			       struct tw_err *err)
{
	struct tw_conn *c;
	enum tw_status st;

	if (strcmp(alias, CHAMPION) == 0)
		return tw_fail(err, TW_BAD_USE,
			       "\"champion\" moves with a deployment: `twin promote`");
	if (!is_alias(alias))
		return tw_fail(err, TW_BAD_USE,
			       "\"%s\" cannot be an alias: use letters, digits, - _ and ., and "
			       "nothing like v3",
			       alias);
	st = tw_db_write(&c, mr->db, err);
	if (st != TW_OK)
		return st;
	st = check_model(c, model, err);
	if (st == TW_OK)
		st = tw_alias_move(c, alias, model, 0, err);
	return tw_db_finish(c, st, err);
}

/* --- reading --- */

static void read_deployment(void *to, struct tw_stmt *q, struct tw_arena *a)
{
	*(struct tw_deployment *)to = (struct tw_deployment){
		.revision = tw_col_int(q, 0),
		.model = (int)tw_col_int(q, 1),
		.service = tw_col_str(q, 2, a),
		.settings = tw_col_str(q, 3, a),
		.reason = tw_col_str(q, 4, a),
		.created_ms = tw_col_int(q, 5),
	};
}

/* revision 0: all of them, newest first. */
static enum tw_status list(struct tw_list *out, struct tw_model_registry *mr, int64_t revision,
			   int64_t limit, struct tw_arena *a, struct tw_err *err)
{
	return tw_db_list(out, mr->db, sizeof(struct tw_deployment), read_deployment, a, err,
			  "SELECT " COLUMNS " FROM deployments WHERE $1 = 0 OR revision = $1 "
			  "ORDER BY revision DESC LIMIT $2",
			  V_INT(revision), V_INT(limit));
}

enum tw_status tw_mr_deployment(struct tw_deployment *out, struct tw_model_registry *mr,
				int64_t revision, struct tw_arena *a, struct tw_err *err)
{
	struct tw_list found;
	enum tw_status st = list(&found, mr, revision, 1, a, err);

	if (st == TW_OK && found.n == 0)
		st = revision ? tw_fail(err, TW_NOT_FOUND,
					"there is no deployment revision %" PRId64, revision)
			      : tw_fail(err, TW_NOT_FOUND,
					"nothing is deployed yet: `twin promote` does it");
	if (st == TW_OK)
		*out = *(struct tw_deployment *)found.at;
	return st;
}

enum tw_status tw_mr_deployments(struct tw_deployments *out, struct tw_model_registry *mr,
				 size_t limit, struct tw_arena *a, struct tw_err *err)
{
	struct tw_list all;
	enum tw_status st = list(&all, mr, 0, limit ? (int64_t)limit : INT64_MAX, a, err);

	*out = (struct tw_deployments){all.at, all.n};
	return st;
}

static void read_event(void *to, struct tw_stmt *q, struct tw_arena *a)
{
	*(struct tw_alias_event *)to =
		(struct tw_alias_event){tw_col_str(q, 0, a), (int)tw_col_int(q, 1),
					(int)tw_col_int(q, 2), tw_col_int(q, 3), tw_col_int(q, 4)};
}

enum tw_status tw_mr_alias_history(struct tw_alias_events *out, struct tw_model_registry *mr,
				   struct tw_arena *a, struct tw_err *err)
{
	struct tw_list all;
	enum tw_status st =
		tw_db_list(&all, mr->db, sizeof(struct tw_alias_event), read_event, a, err,
			   "SELECT alias, model, before, revision, at_ms FROM alias_events "
			   "ORDER BY n DESC");

	*out = (struct tw_alias_events){all.at, all.n};
	return st;
}
