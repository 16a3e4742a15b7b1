/* Opening the model registry, and runs whose process ended without saying so. */
#include "core/model_registry.h"

#include <stdlib.h>

#include "base/time.h"
#include "store/dialect.h"
#include "store/mr_int.h"
#include "store/process_id.h"

struct ids TW_VEC_BODY(int64_t);

/* Alone: whoever left them running is gone, whatever its number says. */
static enum tw_status find_interrupted(struct ids *out, struct tw_model_registry *mr,
				       struct tw_err *err)
{
	struct tw_conn *c;
	struct tw_stmt *q;
	enum tw_status st = tw_db_read(&c, mr->db, err);

	if (st != TW_OK)
		return st;
	st = tw_sql_query(&q, c, err, "SELECT id, process FROM runs WHERE status = 'running'");
	while (st == TW_OK && (st = tw_sql_step(q, err)) == TW_OK)
		if (tw_db_was_alone(mr->db) || tw_process_gone(tw_col_text(q, 1).data))
			tw_vec_push(out, tw_col_int(q, 0));
	tw_sql_end(q);
	tw_db_read_end(c);
	return st == TW_DONE ? TW_OK : st;
}

static enum tw_status mark(struct tw_model_registry *mr, const struct ids *runs, struct tw_err *err)
{
	struct tw_conn *c;
	enum tw_status st = tw_db_write(&c, mr->db, err);

	if (st != TW_OK)
		return st;
	for (size_t i = 0; st == TW_OK && i < runs->n; i++)
		st = tw_sql_exec(c, err,
				 "UPDATE runs SET status = 'interrupted', ended_ms = $1, "
				 "error = 'its process ended before it did' "
				 "WHERE id = $2 AND status = 'running'",
				 V_INT(tw_now_ms()), V_INT(runs->at[i]));
	return tw_db_finish(c, st, err);
}

enum tw_status tw_mr_open(struct tw_model_registry **out, const char *url, struct tw_err *err)
{
	struct tw_model_registry *mr = tw_xcalloc(1, sizeof(*mr));
	struct ids gone = {0};
	struct tw_arena a;

	tw_arena_init(&a);
	mr->process = tw_xstrdup(tw_process_id(&a));
	tw_arena_release(&a);
	enum tw_status st = tw_db_open(&mr->db, url, &tw_registry_schema, err);
	if (st == TW_OK)
		st = find_interrupted(&gone, mr, err);
	if (st == TW_OK && gone.n)
		st = mark(mr, &gone, err);
	tw_vec_release(&gone);
	if (st == TW_OK)
		*out = mr;
	else
		tw_mr_close(mr);
	return st;
}

void tw_mr_close(struct tw_model_registry *mr)
{
	if (!mr)
		return;
	tw_db_close(mr->db);
	free(mr->process);
	free(mr);
}
