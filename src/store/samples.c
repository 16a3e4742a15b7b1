/* What models answered while they were trained. */
#include "core/samples.h"

#include <inttypes.h>

#include "store/mr_int.h"

static enum tw_status put(struct tw_conn *c, int64_t run, const struct tw_sample *s,
			  struct tw_err *err)
{
	int64_t id = 0;
	enum tw_status st =
		tw_sql_int(&id, c, err, "SELECT id FROM runs WHERE id = $1", V_INT(run));

	if (st == TW_NOT_FOUND)
		return tw_fail(err, st, "there is no run %" PRId64, run);
	if (st != TW_OK)
		return st;
	return tw_sql_exec(c, err,
			   "INSERT INTO samples (run, item, step, prompt, expected, text) "
			   "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (run, item, step) "
			   "DO UPDATE SET prompt = excluded.prompt, expected = excluded.expected, "
			   "text = excluded.text",
			   V_INT(run), V_INT(s->item), V_INT(s->step), V_TEXT(s->prompt),
			   V_TEXT(tw_or_empty(s->expected)), V_TEXT(s->text));
}

enum tw_status tw_mr_run_sample(struct tw_model_registry *mr, int64_t run,
				const struct tw_sample *s, struct tw_err *err)
{
	struct tw_conn *c;
	enum tw_status st = tw_db_write(&c, mr->db, err);

	return st == TW_OK ? tw_db_finish(c, put(c, run, s, err), err) : st;
}

enum tw_status tw_mr_run_samples(struct tw_samples *out, struct tw_model_registry *mr, int64_t run,
				 struct tw_arena *a, struct tw_err *err)
{
	TW_VEC(struct tw_sample) all = {0};
	struct tw_conn *c;
	struct tw_stmt *q;
	enum tw_status st = tw_db_read(&c, mr->db, err);

	if (st != TW_OK)
		return st;
	st = tw_sql_query(&q, c, err,
			  "SELECT step, item, prompt, expected, text FROM samples WHERE run = $1 "
			  "ORDER BY item, step",
			  V_INT(run));
	while (st == TW_OK && (st = tw_sql_step(q, err)) == TW_OK) {
		const struct tw_sample s = {
			.step = tw_col_int(q, 0),
			.item = tw_col_int(q, 1),
			.prompt = tw_col_str(q, 2, a),
			.expected = tw_col_str(q, 3, a),
			.text = tw_col_str(q, 4, a),
		};
		tw_vec_push(&all, s);
	}
	tw_sql_end(q);
	tw_db_read_end(c);
	*out = (struct tw_samples){tw_copy_array(a, all.at, all.n, sizeof(*all.at)), all.n};
	tw_vec_release(&all);
	return st == TW_DONE ? TW_OK : st;
}
