/* Runs and their metrics. */
#include <inttypes.h>
#include <string.h>

#include "base/time.h"
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

static enum tw_status put_metric(struct tw_conn *c, int64_t run, const char *name, int64_t step,
				 double value, struct tw_err *err)
{
	int64_t id = 0;
	enum tw_status st =
		tw_sql_int(&id, c, err, "SELECT id FROM runs WHERE id = $1", V_INT(run));

	if (st == TW_NOT_FOUND)
		return tw_fail(err, st, "there is no run %" PRId64, run);
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

struct runs TW_VEC_BODY(struct tw_run);

static enum tw_status read_all(struct runs *out, struct tw_stmt *q, struct tw_arena *a,
			       struct tw_err *err)
{
	enum tw_status st;

	while ((st = tw_sql_step(q, err)) == TW_OK) {
		const struct tw_run r = {
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
		tw_vec_push(out, r);
	}
	tw_sql_end(q);
	return st == TW_DONE ? TW_OK : st;
}

/* `sql` selects COLUMNS. */
static enum tw_status select_runs(struct runs *out, struct tw_model_registry *mr, const char *sql,
				  const struct tw_val *vals, size_t n, struct tw_arena *a,
				  struct tw_err *err)
{
	struct tw_conn *c;
	struct tw_stmt *q;
	enum tw_status st = tw_db_read(&c, mr->db, err);

	if (st != TW_OK)
		return st;
	st = tw_sql_query_v(&q, c, sql, vals, n, err);
	if (st == TW_OK)
		st = read_all(out, q, a, err);
	tw_db_read_end(c);
	return st;
}

/* TW_NOT_FOUND, with nothing said, when there is none. */
static enum tw_status select_one(struct tw_run *out, struct tw_model_registry *mr, const char *sql,
				 const struct tw_val *vals, size_t n, struct tw_arena *a,
				 struct tw_err *err)
{
	struct runs found = {0};
	enum tw_status st = select_runs(&found, mr, sql, vals, n, a, err);

	if (st == TW_OK && found.n == 0)
		st = TW_NOT_FOUND;
	if (st == TW_OK)
		*out = found.at[0];
	tw_vec_release(&found);
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
	const struct tw_val vals[] = {V_TEXT(tw_or_empty(kind)),
				      V_INT(limit ? (int64_t)limit : INT64_MAX)};
	struct runs all = {0};
	enum tw_status st = select_runs(&all, mr,
					"SELECT " COLUMNS " FROM runs WHERE $1 = '' OR kind = $1 "
					"ORDER BY id DESC LIMIT $2",
					vals, 2, a, err);

	*out = (struct tw_runs){tw_copy_array(a, all.at, all.n, sizeof(*all.at)), all.n};
	tw_vec_release(&all);
	return st;
}

enum tw_status tw_mr_run_metrics(struct tw_metrics *out, struct tw_model_registry *mr, int64_t run,
				 struct tw_arena *a, struct tw_err *err)
{
	TW_VEC(struct tw_metric_point) all = {0};
	struct tw_conn *c;
	struct tw_stmt *q;
	enum tw_status st = tw_db_read(&c, mr->db, err);

	if (st != TW_OK)
		return st;
	st = tw_sql_query(&q, c, err,
			  "SELECT name, step, value, at_ms FROM metrics WHERE run = $1 "
			  "ORDER BY name, step",
			  V_INT(run));
	while (st == TW_OK && (st = tw_sql_step(q, err)) == TW_OK) {
		const struct tw_metric_point p = {tw_col_str(q, 0, a), tw_col_int(q, 1),
						  tw_col_real(q, 2), tw_col_int(q, 3)};
		tw_vec_push(&all, p);
	}
	tw_sql_end(q);
	tw_db_read_end(c);
	*out = (struct tw_metrics){tw_copy_array(a, all.at, all.n, sizeof(*all.at)), all.n};
	tw_vec_release(&all);
	return st == TW_DONE ? TW_OK : st;
}
