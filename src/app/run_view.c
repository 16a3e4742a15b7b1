#include "app/run_view.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"

struct points TW_VEC_BODY(struct tw_metric_point);
struct texts TW_VEC_BODY(struct tw_run_sample);

/* What is gathered of a run and of the parts before it, newest first. */
struct gather {
	struct tw_app *app;
	struct points points;
	struct texts texts;
};

/* Those steps that no later part has: a part begins at the checkpoint, which may lie before the stop. */
static void add_points(struct gather *g, const struct tw_metrics *m)
{
	struct tw_map first = TW_MAP_INIT;
	for (size_t i = 0; i < g->points.n; i++) {
		const struct tw_metric_point *p = &g->points.at[i];
		if (p->step < tw_map_get_int(&first, p->name, INT64_MAX))
			tw_map_set_int(&first, p->name, p->step);
	}
	for (size_t i = 0; i < m->n; i++)
		if (m->at[i].step < tw_map_get_int(&first, m->at[i].name, INT64_MAX))
			tw_vec_push(&g->points, m->at[i]);
	tw_map_release(&first);
}

static void add_texts(struct gather *g, const struct tw_run_samples *s)
{
	int64_t first = INT64_MAX;
	for (size_t i = 0; i < g->texts.n; i++)
		first = g->texts.at[i].step < first ? g->texts.at[i].step : first;
	for (size_t i = 0; i < s->n; i++)
		if (s->at[i].step < first)
			tw_vec_push(&g->texts, s->at[i]);
}

static enum tw_status add_part(struct gather *g, int64_t run, struct tw_err *err)
{
	struct tw_metrics m;
	struct tw_run_samples s;
	struct tw_arena *a = &g->app->arena;
	enum tw_status st = tw_mr_run_metrics(&m, g->app->mr, run, a, err);
	if (st == TW_OK)
		st = tw_mr_run_samples(&s, g->app->mr, run, a, err);
	if (st != TW_OK)
		return st;
	add_points(g, &m);
	add_texts(g, &s);
	return TW_OK;
}

/* Parts before `r`: runs with its key that ended early, back to one that was done. */
static enum tw_status add_earlier(struct gather *g, const struct tw_run *r, struct tw_err *err)
{
	struct tw_runs all;
	enum tw_status st = tw_mr_runs(&all, g->app->mr, r->kind, 0, &g->app->arena, err);
	for (size_t i = 0; st == TW_OK && i < all.n; i++) {
		if (all.at[i].id >= r->id || !tw_streq(all.at[i].key, r->key))
			continue;
		if (tw_streq(all.at[i].status, "done"))
			break;
		st = add_part(g, all.at[i].id, err);
	}
	return st;
}

static int by_name_and_step(const void *a, const void *b)
{
	const struct tw_metric_point *x = a, *y = b;
	int names = strcmp(x->name, y->name);
	return names ? names : (x->step > y->step) - (x->step < y->step);
}

static int by_item_and_step(const void *a, const void *b)
{
	const struct tw_run_sample *x = a, *y = b;
	int items = (x->item > y->item) - (x->item < y->item);
	return items ? items : (x->step > y->step) - (x->step < y->step);
}

static enum tw_status gather(struct tw_run_view *out, struct tw_app *app, struct tw_err *err)
{
	struct gather g = {.app = app};
	struct tw_arena *a = &app->arena;
	enum tw_status st = add_part(&g, out->run.id, err);
	if (st == TW_OK && g.points.n && tw_streq(out->run.kind, "train"))
		st = add_earlier(&g, &out->run, err);
	if (g.points.n)
		qsort(g.points.at, g.points.n, sizeof(*g.points.at), by_name_and_step);
	if (g.texts.n)
		qsort(g.texts.at, g.texts.n, sizeof(*g.texts.at), by_item_and_step);
	out->metrics.at = tw_copy_array(a, g.points.at, g.points.n, sizeof(*g.points.at));
	out->metrics.n = g.points.n;
	out->samples.at = tw_copy_array(a, g.texts.at, g.texts.n, sizeof(*g.texts.at));
	out->samples.n = g.texts.n;
	tw_vec_release(&g.points);
	tw_vec_release(&g.texts);
	return st;
}

/* A training that took an adapter that was there has no curves. */
static enum tw_status newest(int64_t *id, struct tw_app *app, struct tw_err *err)
{
	struct tw_runs all;
	struct tw_metrics m;
	enum tw_status st = tw_mr_runs(&all, app->mr, "train", 0, &app->arena, err);
	for (size_t i = 0; st == TW_OK && i < all.n; i++) {
		*id = all.at[i].id;
		st = tw_mr_run_metrics(&m, app->mr, *id, &app->arena, err);
		if (st == TW_OK && m.n)
			return TW_OK;
	}
	if (st == TW_OK && all.n)
		*id = all.at[0].id;
	return st != TW_OK || all.n
		       ? st
		       : tw_fail(err, TW_NOT_FOUND, "nothing was trained yet: `twin run`");
}

enum tw_status tw_run_view_load(struct tw_run_view *out, struct tw_app *app, const char *ref,
				struct tw_err *err)
{
	int64_t id = 0;
	struct tw_arena *a = &app->arena;
	enum tw_status st = TW_OK;
	*out = (struct tw_run_view){0};
	if (tw_streq(ref, "last"))
		st = newest(&id, app, err);
	else if (tw_parse_i64(&id, ref, NULL) != TW_OK)
		st = tw_fail(err, TW_BAD_USE,
			     "\"%s\" is no run; usage: twin show run NUMBER… (`twin show runs` "
			     "lists them)",
			     ref);
	if (st == TW_OK)
		st = tw_mr_run(&out->run, app->mr, id, a, err);
	if (st != TW_OK)
		return st;
	out->params = tw_json_of(out->run.params, a);
	out->inputs = tw_json_of(out->run.inputs, a);
	out->outputs = tw_json_of(out->run.outputs, a);
	return gather(out, app, err);
}

struct tw_metrics tw_run_curve(const struct tw_run_view *v, const char *name)
{
	size_t from = 0, to;
	while (from < v->metrics.n && !tw_streq(v->metrics.at[from].name, name))
		from++;
	for (to = from; to < v->metrics.n && tw_streq(v->metrics.at[to].name, name); to++)
		;
	return (struct tw_metrics){v->metrics.at + from, to - from};
}
