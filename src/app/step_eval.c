#include <math.h>
#include <string.h>

#include "app/graph.h"
#include "app/pinned.h"
#include "app/serving.h"
#include "training/evaluate.h"

static enum tw_status read_options(struct tw_evaluation_options *o, struct tw_graph *g,
				   struct tw_err *err)
{
	return tw_config_read(o, tw_evaluation_opts, g->app->conf, "evaluation", err);
}

static enum tw_status key(struct tw_hasher *h, struct tw_graph *g, struct tw_err *err)
{
	struct tw_evaluation_options o = {0};
	char *settings;
	enum tw_status st = read_options(&o, g, err);
	if (st == TW_OK)
		st = tw_serving_settings(&settings, g->app->conf, &g->app->arena, err);
	if (st != TW_OK)
		return st;
	tw_digest_i64(h, TW_EVALUATION_CODE_VERSION);
	tw_digest_i64(h, g->model.version);
	tw_digest_str(h, g->model.adapter);
	tw_digest_str(h, g->model.service);
	tw_digest_str(h, g->model.dataset);
	tw_digest_str(h, settings);
	tw_digest_str(h, tw_opt_canonical(&o, tw_evaluation_opts, &g->app->arena));
	return TW_OK;
}

static double figure(const struct tw_json *metrics, const char *name)
{
	return tw_json_real(tw_json_get(metrics, name), NAN);
}

static const struct {
	const char *label, *name, *base;
	int decimals;
} told[] = {
	{"test loss", "test_loss", "test_loss_base", 3},
	{"style distance", "style_delta", "style_delta_base", 2},
	{"hit@5", "hit5", NULL, 2},
	{"MRR", "mrr", NULL, 2},
};

static enum tw_status summarize(struct tw_step_run *r, int version, const char *json,
				struct tw_arena *a, struct tw_err *err)
{
	struct tw_json *v;
	enum tw_status st = tw_json_parse(&v, json, strlen(json), a, err);
	if (st != TW_OK)
		return st;
	tw_str_addf(&r->summary, "model v%d: ", version);
	const char *sep = "";
	for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++) {
		double x = figure(v, told[i].name);
		if (isnan(x)) /* not measured */
			continue;
		tw_str_addf(&r->summary, "%s%s %.*f", sep, told[i].label, told[i].decimals, x);
		double low = figure(v, tw_sprintf(a, "%s_low", told[i].name));
		double high = figure(v, tw_sprintf(a, "%s_high", told[i].name));
		if (!isnan(low) && !isnan(high))
			tw_str_addf(&r->summary, " [%.*f, %.*f]", told[i].decimals, low,
				    told[i].decimals, high);
		double base = told[i].base ? figure(v, told[i].base) : NAN;
		if (!isnan(base))
			tw_str_addf(&r->summary, " (base %.*f)", told[i].decimals, base);
		sep = ", ";
	}
	return TW_OK;
}

static enum tw_status reuse(struct tw_graph *g, const struct tw_run *done, struct tw_step_run *r,
			    struct tw_err *err)
{
	/* Of this evaluation: the version has those of the last one, which may have asked for others. */
	g->model.metrics = done->outputs;
	return summarize(r, g->model.version, g->model.metrics, &g->app->arena, err);
}

static void write_metrics(struct tw_graph *g, struct tw_step_run *r,
			  const struct tw_metric_list *list)
{
	struct tw_json_writer w;
	tw_jw_init(&w, &r->outputs);
	tw_jw_object(&w, NULL);
	for (size_t i = 0; i < list->n; i++) {
		tw_jw_real(&w, list->at[i].name, list->at[i].value);
		if (!isnan(list->at[i].value))
			tw_step_metric(g, r, list->at[i].name, 0, list->at[i].value);
	}
	tw_jw_end(&w);
}

/* Through what would serve: its retriever, its adapter, its settings. */
static enum tw_status measure(struct tw_metric_list *out, struct tw_graph *g,
			      struct tw_serving *serving, const struct tw_evaluation_options *o,
			      struct tw_err *err)
{
	struct tw_evaluation_job job = {
		.fs = g->app->fs,
		.dataset = g->model.dataset,
		.retriever = tw_serving_retriever(serving),
	};
	enum tw_status st = tw_app_llm(g->app, g->model.base_spec, &job.base, err);
	job.adapted = job.base;
	if (st == TW_OK && g->model.adapter[0])
		st = tw_serving_llm(&job.adapted, serving, err);
	return st == TW_OK ? tw_evaluate(out, &job, o, &g->app->arena, err) : st;
}

static enum tw_status run(struct tw_graph *g, struct tw_step_run *r, struct tw_err *err)
{
	struct tw_evaluation_options o = {0};
	struct tw_serving *serving = NULL;
	struct tw_metric_list list;
	struct tw_arena *a = &g->app->arena;
	enum tw_status st = read_options(&o, g, err);
	if (st == TW_OK)
		tw_str_adds(&r->params, tw_opt_canonical(&o, tw_evaluation_opts, a));
	tw_str_addf(&r->inputs, "{\"model\":%d,\"dataset\":\"%s\"}", g->model.version,
		    g->model.dataset);
	if (st == TW_OK)
		st = tw_step_begin(g, r, err);
	if (st == TW_OK)
		st = tw_app_serving(&serving, g->app, tw_sprintf(a, "v%d", g->model.version), err);
	if (st == TW_OK)
		st = measure(&list, g, serving, &o, err);
	tw_serving_close(serving);
	if (st != TW_OK)
		return st;
	write_metrics(g, r, &list);
	g->model.metrics = tw_str_dup(&r->outputs, a);
	st = tw_mr_model_metrics(g->app->mr, g->model.version, g->model.metrics, err);
	return st == TW_OK ? summarize(r, g->model.version, g->model.metrics, a, err) : st;
}

static const char *const needed[] = {"features", "dataset", "train", NULL};

const struct tw_step tw_step_eval = {
	.name = "eval",
	.help = "Measure the model version against its base",
	.needs = needed,
	.key = key,
	.reuse = reuse,
	.run = run,
};
