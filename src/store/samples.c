/* What models answered while they were trained. */
#include "core/samples.h"

#include "store/list.h"
#include "store/mr_int.h"

static enum tw_status put(struct tw_conn *c, int64_t run, const struct tw_run_sample *s,
			  struct tw_err *err)
{
	enum tw_status st = tw_run_known(c, run, err);

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
				const struct tw_run_sample *s, struct tw_err *err)
{
	struct tw_conn *c;
	enum tw_status st = tw_db_write(&c, mr->db, err);

	return st == TW_OK ? tw_db_finish(c, put(c, run, s, err), err) : st;
}

static void read_sample(void *to, struct tw_stmt *q, struct tw_arena *a)
{
	*(struct tw_run_sample *)to = (struct tw_run_sample){
		.step = tw_col_int(q, 0),
		.item = tw_col_int(q, 1),
		.prompt = tw_col_str(q, 2, a),
		.expected = tw_col_str(q, 3, a),
		.text = tw_col_str(q, 4, a),
	};
}

enum tw_status tw_mr_run_samples(struct tw_run_samples *out, struct tw_model_registry *mr,
				 int64_t run, struct tw_arena *a, struct tw_err *err)
{
	struct tw_list all;
	enum tw_status st =
		tw_db_list(&all, mr->db, sizeof(struct tw_run_sample), read_sample, a, err,
			   "SELECT step, item, prompt, expected, text FROM samples WHERE run = $1 "
			   "ORDER BY item, step",
			   V_INT(run));

	*out = (struct tw_run_samples){all.at, all.n};
	return st;
}
