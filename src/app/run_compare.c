/* Runs side by side: a row each for what differs, and for how they ended. */
#include <math.h>
#include <string.h>

#include "app/facts.h"
#include "app/print.h"
#include "app/run_view.h"
#include "base/time.h"

struct sheet {
	struct tw_app *app;
	const struct tw_run_view *v;
	size_t n;
	struct tw_facts facts[TW_RUNS_COMPARED]; /* settings and inputs of each run */
	struct tw_json_writer w;
};

static bool differs(const struct sheet *s, const char *name)
{
	for (size_t r = 1; r < s->n; r++)
		if (!tw_streq(tw_facts_get(&s->facts[r], name), tw_facts_get(&s->facts[0], name)))
			return true;
	return false;
}

static bool seen_before(const struct sheet *s, size_t run, const char *name)
{
	for (size_t r = 0; r < run; r++)
		if (tw_facts_get(&s->facts[r], name))
			return true;
	return false;
}

static const char *shown(const char *value, struct tw_arena *a)
{
	return !value ? "" : strlen(value) == TW_DIGEST_LEN ? tw_strndup(a, value, 12) : value;
}

static const char *key_of(const struct sheet *s, size_t run)
{
	return tw_sprintf(&s->app->arena, "r%zu", run);
}

static void write_row(struct sheet *s, const char *name, const char *const *text)
{
	tw_jw_object(&s->w, NULL);
	tw_jw_str(&s->w, "name", name);
	for (size_t r = 0; r < s->n; r++)
		tw_jw_str(&s->w, key_of(s, r), text[r]);
	tw_jw_end(&s->w);
}

static void write_differences(struct sheet *s)
{
	const char *text[TW_RUNS_COMPARED];
	for (size_t run = 0; run < s->n; run++)
		for (size_t i = 0; i < s->facts[run].n; i++) {
			const char *name = s->facts[run].at[i].name;
			if (seen_before(s, run, name) || !differs(s, name))
				continue;
			for (size_t r = 0; r < s->n; r++)
				text[r] = shown(tw_facts_get(&s->facts[r], name), &s->app->arena);
			write_row(s, name, text);
		}
}

/* --- how they ended --- */

typedef const char *(*figure_fn)(struct sheet *s, const struct tw_run_view *v);

static const char *status_of(struct sheet *s, const struct tw_run_view *v)
{
	(void)s;
	return v->run.status;
}

static const char *number(struct sheet *s, double x, const char *format)
{
	return isnan(x) ? "" : tw_sprintf(&s->app->arena, format[0] == '3' ? "%.3f" : "%.0f", x);
}

static const char *steps_of(struct sheet *s, const struct tw_run_view *v)
{
	const struct tw_metrics m = tw_run_curve(v, "loss");
	return number(s, m.n ? (double)m.at[m.n - 1].step : NAN, "0");
}

static const char *seconds_of(struct sheet *s, const struct tw_run_view *v)
{
	return v->run.ended_ms
		       ? tw_format_duration(&s->app->arena,
					    (double)(v->run.ended_ms - v->run.started_ms) / 1000)
		       : "";
}

static const char *rate_of(struct sheet *s, const struct tw_run_view *v)
{
	const struct tw_metrics m = tw_run_curve(v, "tokens_per_s");
	double sum = 0;
	for (size_t i = 0; i < m.n; i++)
		sum += m.at[i].value;
	return number(s, m.n ? sum / (double)m.n : NAN, "0");
}

static const char *loss_of(struct sheet *s, const struct tw_run_view *v)
{
	const struct tw_metrics m = tw_run_curve(v, "loss");
	double last = m.n ? m.at[m.n - 1].value : NAN;
	return number(s, tw_json_real(tw_json_get(v->outputs, "train_loss"), last), "3");
}

/* "2.402 at 40" */
static const char *best_of(struct sheet *s, const struct tw_run_view *v)
{
	const struct tw_metrics m = tw_run_curve(v, "valid_loss");
	size_t best = 0;
	for (size_t i = 1; i < m.n; i++)
		best = m.at[i].value < m.at[best].value ? i : best;
	return m.n ? tw_sprintf(&s->app->arena, "%.3f at %lld", m.at[best].value,
				(long long)m.at[best].step)
		   : "";
}

static const char *last_valid_of(struct sheet *s, const struct tw_run_view *v)
{
	const struct tw_metrics m = tw_run_curve(v, "valid_loss");
	return number(s, m.n ? m.at[m.n - 1].value : NAN, "3");
}

/* What its evaluation stored with the version. */
static const char *test_of(struct sheet *s, const struct tw_run_view *v)
{
	struct tw_model_version m;
	struct tw_arena *a = &s->app->arena;
	int version = (int)tw_json_int(tw_json_get(v->outputs, "version"), 0);
	if (!version ||
	    tw_mr_model(&m, s->app->mr, tw_sprintf(a, "v%d", version), a, NULL) != TW_OK)
		return "";
	const struct tw_json *metrics = tw_json_of(m.metrics, a);
	return number(s, tw_json_real(tw_json_get(metrics, "test_loss"), NAN), "3");
}

static const char *model_of(struct sheet *s, const struct tw_run_view *v)
{
	int version = (int)tw_json_int(tw_json_get(v->outputs, "version"), 0);
	return version ? tw_sprintf(&s->app->arena, "v%d", version) : "";
}

static void write_ends(struct sheet *s)
{
	static const struct {
		const char *name;
		figure_fn of;
	} rows[] = {
		{"status", status_of},	      {"model", model_of},
		{"steps", steps_of},	      {"time", seconds_of},
		{"tokens/s", rate_of},	      {"training loss", loss_of},
		{"best validation", best_of}, {"last validation", last_valid_of},
		{"test loss", test_of},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *text[TW_RUNS_COMPARED];
		bool any = false;
		for (size_t r = 0; r < s->n; r++) {
			text[r] = rows[i].of(s, &s->v[r]);
			any |= text[r][0] != '\0';
		}
		if (any)
			write_row(s, rows[i].name, text);
	}
}

void tw_run_compare(struct tw_app *app, const struct tw_run_view *v, size_t n)
{
	struct tw_str out = TW_STR_INIT;
	struct sheet s = {.app = app, .v = v, .n = n};
	struct tw_column columns[TW_RUNS_COMPARED + 2] = {{"name", "", TW_COL_TEXT, 0}};
	tw_jw_init(&s.w, &out);
	tw_jw_array(&s.w, NULL);
	for (size_t r = 0; r < n; r++) {
		columns[r + 1] = (struct tw_column){
			key_of(&s, r), tw_sprintf(&app->arena, "run %lld", (long long)v[r].run.id),
			TW_COL_NUMBER, 28};
		tw_facts_add(&s.facts[r], v[r].params, "", &app->arena);
		tw_facts_add(&s.facts[r], v[r].inputs, "", &app->arena);
	}
	write_differences(&s);
	write_ends(&s);
	tw_jw_end(&s.w);
	tw_print_list(app, &out, columns, "");
	for (size_t r = 0; r < n; r++)
		tw_vec_release(&s.facts[r]);
	tw_str_release(&out);
}
