#include "app/print.h"
#include "app/show.h"
#include "base/json.h"

static const struct tw_column columns[] = {
	{"id", "run", TW_COL_NUMBER, 0},
	{"kind", "step", TW_COL_TEXT, 0},
	{"status", "status", TW_COL_TEXT, 0},
	{"started_ms", "started", TW_COL_TIME, 0},
	{"seconds", "seconds", TW_COL_NUMBER, 0},
	{"outputs", "outputs", TW_COL_TEXT, 90},
	{0},
};

static void write_run(struct tw_json_writer *w, const struct tw_run *r)
{
	tw_jw_int(w, "id", r->id);
	tw_jw_str(w, "kind", r->kind);
	tw_jw_str(w, "status", r->status);
	if (r->error[0])
		tw_jw_str(w, "error", r->error);
	tw_jw_int(w, "started_ms", r->started_ms);
	if (r->ended_ms)
		tw_jw_real(w, "seconds", (double)(r->ended_ms - r->started_ms) / 1000);
	tw_jw_str(w, "key", r->key);
	tw_jw_raw(w, "params", r->params[0] ? r->params : "{}");
	tw_jw_raw(w, "inputs", r->inputs[0] ? r->inputs : "{}");
	tw_jw_raw(w, "outputs", r->outputs[0] ? r->outputs : "{}");
}

/* Each metric with its points, as {"loss": [[step, value], …]}. */
static void write_metrics(struct tw_json_writer *w, const struct tw_metrics *m)
{
	tw_jw_object(w, "metrics");
	for (size_t i = 0; i < m->n;) {
		const char *name = m->at[i].name;
		tw_jw_array(w, name);
		for (; i < m->n && tw_streq(m->at[i].name, name); i++) {
			tw_jw_array(w, NULL);
			tw_jw_int(w, NULL, m->at[i].step);
			tw_jw_real(w, NULL, m->at[i].value);
			tw_jw_end(w);
		}
		tw_jw_end(w);
	}
	tw_jw_end(w);
}

/* First, lowest and last value of each metric. */
static void print_metrics(const struct tw_metrics *m)
{
	for (size_t i = 0; i < m->n;) {
		size_t first = i;
		double low = m->at[i].value;
		for (; i < m->n && tw_streq(m->at[i].name, m->at[first].name); i++)
			low = m->at[i].value < low ? m->at[i].value : low;
		printf("%-16s %4zu points  first %-10.5g lowest %-10.5g last %.5g\n",
		       m->at[first].name, i - first, m->at[first].value, low, m->at[i - 1].value);
	}
}

static enum tw_status show_one(struct tw_app *app, const char *ref, struct tw_err *err)
{
	int64_t id;
	struct tw_run run;
	struct tw_metrics metrics;
	if (tw_parse_i64(&id, ref, NULL) != TW_OK)
		return tw_fail(err, TW_BAD_USE,
			       "\"%s\" is no run; usage: twin show run NUMBER (`twin show runs` "
			       "lists them)",
			       ref);
	enum tw_status st = tw_mr_run(&run, app->mr, id, &app->arena, err);
	if (st == TW_OK)
		st = tw_mr_run_metrics(&metrics, app->mr, id, &app->arena, err);
	if (st != TW_OK)
		return st;
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	tw_jw_object(&w, NULL);
	write_run(&w, &run);
	if (app->json)
		write_metrics(&w, &metrics);
	tw_jw_end(&w);
	tw_print_object(app, &s);
	if (!app->json)
		print_metrics(&metrics);
	tw_str_release(&s);
	return TW_OK;
}

enum tw_status tw_show_runs(struct tw_app *app, const char *ref, const struct tw_show_options *o,
			    struct tw_err *err)
{
	if (ref)
		return show_one(app, ref, err);
	struct tw_runs all;
	enum tw_status st = tw_mr_runs(&all, app->mr, NULL, 0, &app->arena, err);
	if (st != TW_OK)
		return st;
	const size_t shown = tw_show_n(o, all.n);
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	tw_jw_array(&w, NULL);
	for (size_t i = 0; i < shown; i++) {
		tw_jw_object(&w, NULL);
		write_run(&w, &all.at[i]);
		tw_jw_end(&w);
	}
	tw_jw_end(&w);
	tw_print_list(app, &s, columns, "no runs yet: `twin run`");
	tw_print_more(all.n - shown);
	tw_str_release(&s);
	return TW_OK;
}
