/* Runs and their metrics. */
#include <inttypes.h>
#include <string.h>

#include "base/time.h"
#include "store/list.h"
#include "store/mr_int.h"

#define COLUMNS "id, kind, key, params, inputs, outputs, status, error, started_ms, ended_ms"

/* --- writing --- */

static enum tw_status start(int64_t *id, struct tw_model_registry *mr, struct tw_conn *c,
			    const char *kind, const char *key, const char *params,
			    const char *inputs, struct tw_err *err)
{
	return tw_sql_int(id, c, err,
			  "INSERT INTO runs (kind, key, params, inputs, process, started_ms, "
			  "outputs, status, error, ended_ms) "
			  "VALUES ($1, $2, $3, $4, $5, $6, '', 'running', '', 0) RETURNING id",
			  V_TEXT(kind), V_TEXT(tw_or_empty(key)), V_TEXT(tw_or_empty(params)),
			  V_TEXT(tw_or_empty(inputs)), V_TEXT(mr->process), V_INT(tw_now_ms()));
}

enum tw_status tw_mr_run_start(int64_t *id, struct tw_model_registry *mr, const char *kind,
			       const char *key, const char *params, const char *inputs,
			       struct tw_err *err)
{
	struct tw_conn *c;
	enum tw_status st = tw_db_write(&c, mr->db, err);

	if (st != TW_OK)
		return st;
	return tw_db_finish(c, start(id, mr, c, kind, key, params, inputs, err), err);
}

enum tw_status tw_run_known(struct tw_conn *c, int64_t run, struct tw_err *err)
{
	int64_t id = 0;
	enum tw_status st =
		tw_sql_int(&id, c, err, "SELECT id FROM runs WHERE id = $1", V_INT(run));

	return st == TW_NOT_FOUND ? tw_fail(err, st, "there is no run %" PRId64, run) : st;
}

static enum tw_status put_metric(struct tw_conn *c, int64_t run, const char *name, int64_t step,
				 double value, struct tw_err *err)
{
	enum tw_status st = tw_run_known(c, run, err);

	if (st != TW_OK)
		return st;
	return tw_sql_exec(c, err,
			   "INSERT INTO metrics (run, name, step, value, at_ms) "
			   "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (run, name, step) "
			   "DO UPDATE SET value = excluded.value, at_ms = excluded.at_ms",
			   V_INT(run), V_TEXT(name), V_INT(step), V_REAL(value),
			   V_INT(tw_now_ms()));
}

enum tw_status tw_mr_run_metric(struct tw_model_registry *mr, int64_t run, const char *name,
				int64_t step, double value, struct tw_err *err)
{
	struct tw_conn *c;
	enum tw_status st = tw_db_write(&c, mr->db, err);

	return st == TW_OK ? tw_db_finish(c, put_metric(c, run, name, step, value, err), err) : st;
}

static enum tw_status end_run(struct tw_conn *c, int64_t run, const char *status,
			      const char *outputs, const char *error, struct tw_err *err)
{
	int64_t id = 0;
	enum tw_status st =
		tw_sql_exec(c, err,
			    "UPDATE runs SET status = $1, outputs = $2, error = $3, ended_ms = $4 "
			    "WHERE id = $5 AND status = 'running'",
			    V_TEXT(status), V_TEXT(tw_or_empty(outputs)),
			    V_TEXT(tw_or_empty(error)), V_INT(tw_now_ms()), V_INT(run));

	if (st != TW_OK || tw_sql_changes(c) == 1)
		return st;
	st = tw_sql_int(&id, c, err, "SELECT id FROM runs WHERE id = $1", V_INT(run));
	if (st == TW_NOT_FOUND)
		return tw_fail(err, st, "there is no run %" PRId64, run);
	return st == TW_OK ? tw_fail(err, TW_CONFLICT, "run %" PRId64 " has ended already", run)
			   : st;
}

enum tw_status tw_mr_run_end(struct tw_model_registry *mr, int64_t run, const char *status,
			     const char *outputs, const char *error, struct tw_err *err)
{
	struct tw_conn *c;
	enum tw_status st = tw_db_write(&c, mr->db, err);

	return st == TW_OK ? tw_db_finish(c, end_run(c, run, status, outputs, error, err), err)
			   : st;
}

/* --- reading --- */

static void read_run(void *to, struct tw_stmt *q, struct tw_arena *a)
{
	*(struct tw_run *)to = (struct tw_run){
		.id = tw_col_int(q, 0),
		.kind = tw_col_str(q, 1, a),
		.key = tw_col_str(q, 2, a),
		.params = tw_col_str(q, 3, a),
		.inputs = tw_col_str(q, 4, a),
		.outputs = tw_col_str(q, 5, a),
		.status = tw_col_str(q, 6, a),
		.error = tw_col_str(q, 7, a),
		.started_ms = tw_col_int(q, 8),
		.ended_ms = tw_col_int(q, 9),
	};
}

/* `sql` selects COLUMNS. TW_NOT_FOUND, with nothing said, when there is none. */
static enum tw_status select_one(struct tw_run *out, struct tw_model_registry *mr, const char *sql,
				 const struct tw_val *vals, size_t n, struct tw_arena *a,
				 struct tw_err *err)
{
	struct tw_list found;
	enum tw_status st =
		tw_db_list_v(&found, mr->db, sizeof(*out), read_run, a, sql, vals, n, err);

	if (st == TW_OK && found.n == 0)
		st = TW_NOT_FOUND;
	if (st == TW_OK)
		*out = *(struct tw_run *)found.at;
	return st;
}

enum tw_status tw_mr_run(struct tw_run *out, struct tw_model_registry *mr, int64_t id,
			 struct tw_arena *a, struct tw_err *err)
{
	const struct tw_val vals[] = {V_INT(id)};
	enum tw_status st =
		select_one(out, mr, "SELECT " COLUMNS " FROM runs WHERE id = $1", vals, 1, a, err);

	return st == TW_NOT_FOUND ? tw_fail(err, st, "there is no run %" PRId64, id) : st;
}

enum tw_status tw_mr_run_cached(struct tw_run *out, struct tw_model_registry *mr, const char *kind,
				const char *key, struct tw_arena *a, struct tw_err *err)
{
	const struct tw_val vals[] = {V_TEXT(kind), V_TEXT(key)};
	enum tw_status st = select_one(out, mr,
				       "SELECT " COLUMNS " FROM runs WHERE kind = $1 AND key = $2 "
				       "AND status = 'done' ORDER BY id DESC LIMIT 1",
				       vals, 2, a, err);

	return st == TW_NOT_FOUND ? tw_fail(err, st, "no %s run with the same inputs is done", kind)
				  : st;
}

enum tw_status tw_mr_runs(struct tw_runs *out, struct tw_model_registry *mr, const char *kind,
			  size_t limit, struct tw_arena *a, struct tw_err *err)
{
	struct tw_list all;
	enum tw_status st =
		tw_db_list(&all, mr->db, sizeof(struct tw_run), read_run, a, err,
			   "SELECT " COLUMNS " FROM runs WHERE $1 = '' OR kind = $1 "
			   "ORDER BY id DESC LIMIT $2",
			   V_TEXT(tw_or_empty(kind)), V_INT(limit ? (int64_t)limit : INT64_MAX));

	*out = (struct tw_runs){all.at, all.n};
	return st;
}

static void read_point(void *to, struct tw_stmt *q, struct tw_arena *a)
{
	*(struct tw_metric_point *)to = (struct tw_metric_point){
		tw_col_str(q, 0, a), tw_col_int(q, 1), tw_col_real(q, 2), tw_col_int(q, 3)};
}

enum tw_status tw_mr_run_metrics(struct tw_metrics *out, struct tw_model_registry *mr, int64_t run,
				 struct tw_arena *a, struct tw_err *err)
{
	struct tw_list all;
	enum tw_status st =
		tw_db_list(&all, mr->db, sizeof(struct tw_metric_point), read_point, a, err,
			   "SELECT name, step, value, at_ms FROM metrics WHERE run = $1 "
			   "ORDER BY name, step",
			   V_INT(run));

	*out = (struct tw_metrics){all.at, all.n};
	return st;
}
