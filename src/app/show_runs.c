#include "app/print.h"
#include "app/run_view.h"
#include "app/show.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"

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

static void write_samples(struct tw_json_writer *w, const struct tw_run_samples *s)
{
	tw_jw_array(w, "samples");
	for (size_t i = 0; i < s->n; i++) {
		tw_jw_object(w, NULL);
		tw_jw_int(w, "step", s->at[i].step);
		tw_jw_int(w, "item", s->at[i].item);
		tw_jw_str(w, "prompt", s->at[i].prompt);
		if (s->at[i].expected[0])
			tw_jw_str(w, "expected", s->at[i].expected);
		tw_jw_str(w, "text", s->at[i].text);
		tw_jw_end(w);
	}
	tw_jw_end(w);
}

static void write_whole(struct tw_json_writer *w, const struct tw_run_view *v)
{
	tw_jw_object(w, NULL);
	write_run(w, &v->run);
	write_metrics(w, &v->metrics);
	if (v->samples.n)
		write_samples(w, &v->samples);
	tw_jw_end(w);
}

/* One run is an object, several are a list. */
static void print_whole(const struct tw_run_view *v, size_t n)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	if (n > 1)
		tw_jw_array(&w, NULL);
	for (size_t i = 0; i < n; i++)
		write_whole(&w, &v[i]);
	if (n > 1)
		tw_jw_end(&w);
	tw_print_json(&s);
	tw_str_release(&s);
}

static void print_one(struct tw_app *app, const struct tw_run_view *v)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	tw_jw_object(&w, NULL);
	write_run(&w, &v->run);
	tw_jw_end(&w);
	tw_print_object(app, &s);
	tw_str_release(&s);
	if (v->metrics.n)
		fputs("\n", stdout);
	print_metrics(&v->metrics);
	tw_run_charts_text(stdout, v, 1, &app->arena);
	tw_run_samples_print(stdout, v, &app->arena);
}

static enum tw_status write_svg(const char *path, const struct tw_run_view *v, size_t n,
				struct tw_arena *a, struct tw_err *err)
{
	struct tw_str s = TW_STR_INIT;
	tw_run_charts_svg(&s, v, n, a);
	enum tw_status st = tw_write_file(path, tw_str_c(&s), s.len, err);
	if (st == TW_OK)
		tw_info("wrote %s (%s)", path, tw_human_size(a, (int64_t)s.len));
	tw_str_release(&s);
	return st;
}

static enum tw_status show_some(struct tw_app *app, const struct tw_show_options *o,
				struct tw_err *err)
{
	static const char *const last[] = {"last"};
	const char *const *refs = o->n_refs ? o->refs : last;
	const size_t n = o->n_refs ? o->n_refs : 1;
	enum tw_status st = TW_OK;
	if (n > TW_RUNS_COMPARED)
		return tw_fail(err, TW_BAD_USE, "at most %d runs can be compared",
			       TW_RUNS_COMPARED);
	struct tw_run_view *v = TW_NEW_ARRAY(&app->arena, n, struct tw_run_view);
	for (size_t i = 0; st == TW_OK && i < n; i++)
		st = tw_run_view_load(&v[i], app, refs[i], err);
	if (st == TW_OK && o->svg)
		return write_svg(o->svg, v, n, &app->arena, err);
	if (st != TW_OK)
		return st;
	if (app->json) {
		print_whole(v, n);
	} else if (n == 1) {
		print_one(app, v);
	} else {
		tw_run_compare(app, v, n);
		tw_run_charts_text(stdout, v, n, &app->arena);
	}
	return TW_OK;
}

enum tw_status tw_show_runs(struct tw_app *app, const char *ref, const struct tw_show_options *o,
			    struct tw_err *err)
{
	if (ref || o->one || o->svg)
		return show_some(app, o, err);
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
