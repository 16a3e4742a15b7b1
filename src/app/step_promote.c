#include <math.h>
#include <string.h>

#include "app/graph.h"
#include "app/pinned.h"
#include "inference/deployment.h"
#include "training/evaluate.h"

/* The figures that evaluation stored with the version. */
static enum tw_status stored_metrics(struct tw_metric_list *out, const char *json,
				     struct tw_arena *a, struct tw_err *err)
{
	struct tw_json *v;
	enum tw_status st = tw_json_parse(&v, json, strlen(json), a, err);
	if (st != TW_OK)
		return tw_wrap(err, st, "metrics of the model version");
	struct tw_metric *at = TW_NEW_ARRAY(a, v->n + 1, struct tw_metric);
	size_t n = 0;
	for (const struct tw_json *m = v->child; m; m = m->next)
		at[n++] = (struct tw_metric){.name = m->key, .value = tw_json_real(m, NAN)};
	*out = (struct tw_metric_list){at, n};
	return TW_OK;
}

static enum tw_status gate(struct tw_graph *g, struct tw_err *err)
{
	struct tw_evaluation_options o = {0};
	struct tw_metric_list metrics;
	struct tw_arena *a = &g->app->arena;
	struct tw_model_version v;
	const char *ref = tw_sprintf(a, "v%d", g->model.version);
	enum tw_status st = tw_mr_model(&v, g->app->mr, ref, a, err);
	if (st == TW_OK)
		st = tw_config_read(&o, tw_evaluation_opts, g->app->conf, "evaluation", err);
	if (st == TW_OK)
		st = stored_metrics(&metrics, v.metrics, a, err);
	if (st == TW_OK && !v.adapter[0]) /* it is its own base */
		o.max_test_loss_ratio = o.max_style_ratio = 0;
	return st == TW_OK ? tw_gate_check(&metrics, &o, err) : st;
}

/* Whether exactly this serves already. */
static enum tw_status is_deployed(bool *out, struct tw_graph *g, const char *settings,
				  struct tw_err *err)
{
	struct tw_deployment d;
	struct tw_err why = TW_ERR_INIT;
	*out = false;
	enum tw_status st = tw_mr_deployment(&d, g->app->mr, 0, &g->app->arena, &why);
	if (st == TW_NOT_FOUND)
		return TW_OK;
	if (st != TW_OK)
		return tw_fail(err, st, "%s", why.msg);
	*out = d.model == g->model.version && strcmp(d.service, g->model.service) == 0 &&
	       strcmp(d.settings, settings) == 0;
	return TW_OK;
}

static enum tw_status deploy(struct tw_graph *g, struct tw_step_run *r, const char *settings,
			     struct tw_err *err)
{
	struct tw_deployment d = {.model = g->model.version,
				  .service = g->model.service,
				  .settings = settings,
				  .reason = "promote"};
	tw_str_addf(&r->inputs, "{\"model\":%d,\"service\":\"%s\"}", d.model, d.service);
	enum tw_status st = tw_step_begin(g, r, err);
	if (st == TW_OK)
		st = tw_service_backfill(g->app, g->model.service, err);
	if (st == TW_OK)
		st = tw_service_fresh(g->app, g->model.service, err);
	if (st == TW_OK)
		st = gate(g, err);
	if (st == TW_OK)
		st = tw_mr_deploy(&d, g->app->mr, err);
	if (st != TW_OK)
		return st;
	tw_str_addf(&r->outputs, "{\"revision\":%lld,\"model\":%d}", (long long)d.revision,
		    d.model);
	tw_str_addf(&r->summary, "model v%d serves, as revision %lld", d.model,
		    (long long)d.revision);
	return TW_OK;
}

static enum tw_status run(struct tw_graph *g, struct tw_step_run *r, struct tw_err *err)
{
	char *settings;
	bool same = false;
	enum tw_status st = tw_serving_settings(&settings, g->app->conf, &g->app->arena, err);
	if (st == TW_OK)
		st = is_deployed(&same, g, settings, err);
	if (st == TW_OK && same)
		tw_str_addf(&r->summary, "model v%d serves already", g->model.version);
	else if (st == TW_OK)
		st = deploy(g, r, settings, err);
	return st;
}

static const char *const needed[] = {"features", "dataset", "train", "eval", NULL};

const struct tw_step tw_step_promote = {
	.name = "promote",
	.help = "Serve the model version, if the gate passes",
	.needs = needed,
	.run = run,
};
