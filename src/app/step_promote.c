#include <math.h>
#include <string.h>

#include "app/graph.h"
#include "app/pinned.h"
#include "app/tainted.h"
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

/* The figures are those of the evaluation that the graph took up, and the version keeps them. */
static enum tw_status gate(struct tw_graph *g, struct tw_err *err)
{
	struct tw_evaluation_options o = {0};
	struct tw_metric_list metrics;
	enum tw_status st = tw_config_read(&o, tw_evaluation_opts, g->app->conf, "evaluation", err);
	if (st == TW_OK)
		st = tw_mr_model_metrics(g->app->mr, g->model.version, g->model.metrics, err);
	if (st == TW_OK)
		st = stored_metrics(&metrics, g->model.metrics, &g->app->arena, err);
	if (st == TW_OK && !g->model.adapter[0]) /* it is its own base */
		o.max_test_loss_ratio = o.max_style_ratio = 0;
	return st == TW_OK ? tw_gate_check(&metrics, &o, err) : st;
}

/* Model and features belong together, and are asked as they were trained. */
static enum tw_status check_signature(struct tw_graph *g, struct tw_err *err)
{
	const char *signature;
	enum tw_status st = tw_model_signature(&signature, g, err);
	if (st == TW_OK && strcmp(signature, g->model.signature) != 0)
		st = tw_fail(
			err, TW_CONFLICT,
			"model v%d was made for another system prompt, chat template or embedder "
			"than twin.yaml names now; run `twin train`, or set them back",
			g->model.version);
	return st;
}

static bool serves(const struct tw_deployment *d, const struct tw_graph *g, const char *settings)
{
	return d->model == g->model.version && strcmp(d->service, g->model.service) == 0 &&
	       strcmp(d->settings, settings) == 0;
}

/* Whether exactly this serves already, or was left by a rollback, which only a promotion by hand undoes. */
static enum tw_status nothing_to_do(struct tw_graph *g, struct tw_step_run *r, const char *settings,
				    bool *out, struct tw_err *err)
{
	struct tw_deployments all;
	*out = false;
	enum tw_status st = tw_mr_deployments(&all, g->app->mr, 0, &g->app->arena, err);
	if (st != TW_OK || !all.n)
		return st;
	if (serves(&all.at[0], g, settings)) {
		tw_str_addf(&r->summary, "model v%d serves already", g->model.version);
		*out = true;
		return TW_OK;
	}
	bool rolled_back = strncmp(all.at[0].reason, "rollback", strlen("rollback")) == 0;
	for (size_t i = 1; rolled_back && !g->by_hand && !*out && i < all.n; i++)
		*out = serves(&all.at[i], g, settings);
	if (*out)
		tw_str_addf(&r->summary,
			    "model v%d serves since the %s; `twin promote` brings v%d back",
			    all.at[0].model, all.at[0].reason, g->model.version);
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
		st = check_signature(g, err);
	if (st == TW_OK)
		st = gate(g, err);
	if (st == TW_OK)
		st = tw_mr_deploy(&d, g->app->mr, err);
	if (st == TW_OK)
		st = tw_drop_tainted(g->app, err);
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
	bool done = false;
	enum tw_status st = tw_serving_settings(&settings, g->app->conf, &g->app->arena, err);
	if (st == TW_OK)
		st = nothing_to_do(g, r, settings, &done, err);
	return st == TW_OK && !done ? deploy(g, r, settings, err) : st;
}

static const char *const needed[] = {"features", "dataset", "train", "eval", NULL};

const struct tw_step tw_step_promote = {
	.name = "promote",
	.help = "Serve the model version, if the gate passes",
	.needs = needed,
	.run = run,
};
