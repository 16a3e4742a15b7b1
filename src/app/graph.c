#include "app/graph.h"

#include <string.h>

#include "app/memory.h"
#include "app/print.h"
#include "base/json.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/time.h"

const struct tw_step *const tw_steps[] = {&tw_step_collect,
					  &tw_step_features,
					  &tw_step_dataset,
					  &tw_step_train,
					  &tw_step_eval,
					  &tw_step_promote,
					  NULL};

static const char *or_empty(const struct tw_str *json)
{
	return json->len ? tw_str_c(json) : "{}";
}

enum tw_status tw_step_begin(struct tw_graph *g, struct tw_step_run *r, struct tw_err *err)
{
	if (r->id)
		return TW_OK;
	r->changed = true;
	return tw_mr_run_start(&r->id, g->app->mr, r->kind, r->key, or_empty(&r->params),
			       or_empty(&r->inputs), err);
}

void tw_step_metric(struct tw_graph *g, const struct tw_step_run *r, const char *name, int64_t step,
		    double value)
{
	struct tw_err err = TW_ERR_INIT;
	if (r->id && tw_mr_run_metric(g->app->mr, r->id, name, step, value, &err) != TW_OK)
		tw_debug("metric %s of run %lld was not stored: %s", name, (long long)r->id,
			 err.msg);
}

/* Closes the record of the run; a failure of the step comes first. */
static enum tw_status finish(struct tw_graph *g, struct tw_step_run *r, enum tw_status st,
			     struct tw_err *err)
{
	if (!r->id)
		return st;
	const char *status = st == TW_OK ? "done" : st == TW_CANCELLED ? "interrupted" : "failed";
	const char *why = st == TW_OK || !err ? "" : err->msg;
	struct tw_err second = TW_ERR_INIT;
	enum tw_status end =
		tw_mr_run_end(g->app->mr, r->id, status, or_empty(&r->outputs), why, &second);
	if (st == TW_OK && end != TW_OK)
		return tw_fail(err, end, "%s", second.msg);
	return st;
}

static enum tw_status key_of(struct tw_digest *out, const struct tw_step *s, struct tw_graph *g,
			     struct tw_err *err)
{
	struct tw_hasher *h = tw_hasher_new();
	tw_digest_str(h, s->name);
	enum tw_status st = s->key(h, g, err);
	*out = tw_hasher_end(h);
	return st;
}

/* TW_NOT_FOUND: no run can be taken up. */
static enum tw_status take_up(const struct tw_step *s, struct tw_graph *g, struct tw_step_run *r,
			      struct tw_err *err)
{
	struct tw_run done;
	struct tw_err none = TW_ERR_INIT;
	enum tw_status st =
		tw_mr_run_cached(&done, g->app->mr, s->name, r->key, &g->app->arena, &none);
	if (st == TW_OK)
		st = s->reuse(g, &done, r, &none);
	if (st != TW_OK && st != TW_NOT_FOUND)
		return tw_fail(err, st, "%s", none.msg);
	return st;
}

static enum tw_status work(const struct tw_step *s, struct tw_graph *g, struct tw_step_run *r,
			   bool force, struct tw_err *err)
{
	if (s->key) {
		struct tw_digest key;
		enum tw_status st = key_of(&key, s, g, err);
		if (st != TW_OK)
			return st;
		r->key = tw_strdup(&g->app->arena, key.hex);
		st = force ? TW_NOT_FOUND : take_up(s, g, r, err);
		if (st != TW_NOT_FOUND)
			return st;
	}
	enum tw_status st = s->run(g, r, err);
	return finish(g, r, st, err);
}

static void say(const struct tw_step *s, const struct tw_step_run *r, double seconds,
		struct tw_arena *a)
{
	const char *what = r->summary.len ? tw_str_c(&r->summary) : "done";
	if (!r->changed)
		tw_info("%s%-9s%s %s", tw_color(stderr, "dim"), s->name, tw_color(stderr, "reset"),
			what);
	else
		tw_info("%s%-9s%s %s %s(%s, %s)%s", tw_color(stderr, "bold"), s->name,
			tw_color(stderr, "reset"), what, tw_color(stderr, "dim"),
			tw_format_duration(a, seconds), tw_human_size(a, tw_memory_peak()),
			tw_color(stderr, "reset"));
}

static void write_report(struct tw_str *out, const struct tw_step *s, const struct tw_step_run *r,
			 double seconds)
{
	struct tw_str one = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &one);
	tw_jw_object(&w, NULL);
	tw_jw_str(&w, "step", s->name);
	tw_jw_bool(&w, "changed", r->changed);
	if (r->id)
		tw_jw_int(&w, "run", r->id);
	tw_jw_real(&w, "seconds", seconds);
	tw_jw_int(&w, "peak_bytes", tw_memory_peak());
	tw_jw_str(&w, "summary", tw_str_c(&r->summary));
	if (r->outputs.len)
		tw_jw_raw(&w, "outputs", tw_str_c(&r->outputs));
	tw_jw_end(&w);
	tw_str_addf(out, "%s%s", out->len ? "," : "", tw_str_c(&one));
	tw_str_release(&one);
}

/* `report` gets a JSON object, comma-separated from those before. */
static enum tw_status run_step(const struct tw_step *s, struct tw_graph *g, struct tw_str *report,
			       bool force, struct tw_err *err)
{
	struct tw_step_run r = {.key = "", .kind = s->name};
	double start = tw_monotonic_s();
	tw_memory_reset_peak();
	enum tw_status st = tw_stopping() ? TW_CANCELLED : work(s, g, &r, force, err);
	double seconds = tw_monotonic_s() - start;
	if (st == TW_OK)
		say(s, &r, seconds, &g->app->arena);
	else
		tw_wrap(err, st, "%s", s->name);
	if (st == TW_OK)
		write_report(report, s, &r, seconds);
	tw_str_release(&r.params);
	tw_str_release(&r.inputs);
	tw_str_release(&r.outputs);
	tw_str_release(&r.summary);
	return st;
}

static const char *is_not(const char *step)
{
	static const char *const words[][2] = {{"eval", "the evaluation is"},
					       {"train", "the training is"},
					       {"dataset", "the dataset is"}};
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(words[i][0], step) == 0)
			return words[i][1];
	return step;
}

enum tw_status tw_step_look_up(const struct tw_step *s, struct tw_graph *g, struct tw_err *err)
{
	struct tw_step_run r = {.key = "", .kind = s->name};
	if (!s->key)
		return s->reuse ? s->reuse(g, NULL, &r, err) : TW_OK;
	struct tw_digest key;
	enum tw_status st = key_of(&key, s, g, err);
	r.key = key.hex;
	if (st == TW_OK)
		st = take_up(s, g, &r, err);
	if (st == TW_NOT_FOUND) {
		tw_err_clear(err);
		tw_fail(err, TW_NOT_FOUND,
			"%s not up to date: run `twin %s` first, or `twin run` for everything",
			is_not(s->name), s->name);
	}
	tw_str_release(&r.outputs);
	tw_str_release(&r.summary);
	return st;
}

static bool needs(const struct tw_step *s, const char *name)
{
	for (const char *const *n = s->needs; *n; n++)
		if (strcmp(*n, name) == 0)
			return true;
	return false;
}

static void print_report(const struct tw_str *report)
{
	struct tw_str all = TW_STR_INIT;
	tw_str_addf(&all, "{\"steps\":[%s]}", tw_str_c(report));
	tw_print_json(&all);
	tw_str_release(&all);
}

enum tw_status tw_graph_run(struct tw_graph *g, const struct tw_step *last, bool all, bool force,
			    struct tw_err *err)
{
	struct tw_str report = TW_STR_INIT;
	enum tw_status st = TW_OK;
	g->by_hand = !all;
	g->forced = force;
	for (const struct tw_step *const *s = tw_steps; st == TW_OK; s++) {
		if (*s == last || all)
			st = run_step(*s, g, &report, *s == last && force, err);
		else if (needs(last, (*s)->name))
			st = tw_step_look_up(*s, g, err);
		if (*s == last)
			break;
	}
	if (g->app->json && report.len)
		print_report(&report);
	tw_str_release(&report);
	if (st == TW_OK && g->partial.code != TW_OK)
		st = tw_fail(err, g->partial.code, "%s", g->partial.msg);
	return st;
}
