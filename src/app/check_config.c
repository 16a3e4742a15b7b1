/* Reads every section of twin.yaml once, so that a mistake in the last one is told before the first step, not after it. */
#include "app/app.h"
#include "app/plugins.h"
#include "app/samples.h"
#include "app/train_init.h"
#include "base/str.h"
#include "core/spec.h"
#include "inference/options.h"
#include "serve/server.h"
#include "training/dataset.h"
#include "training/evaluate.h"

static enum tw_status check_sources(struct tw_app *app, struct tw_err *err)
{
	const struct tw_config *c = app->conf;
	enum tw_status st = TW_OK;
	for (size_t i = 0; st == TW_OK && i < c->n_sources; i++) {
		const struct tw_source_type *type;
		struct tw_str hosts = TW_STR_INIT;
		const struct tw_json *node = c->sources[i].node;
		st = tw_source_find(&type, tw_sources, c->sources[i].type, err);
		if (st != TW_OK)
			return tw_wrap(err, st, "%s", tw_config_place(c, node));
		st = tw_source_hosts(&hosts, type, node, c->path, c->dir, err);
		tw_str_release(&hosts);
	}
	return st;
}

static enum tw_status check_features(struct tw_app *app, struct tw_err *err)
{
	const struct tw_config *c = app->conf;
	const struct tw_json *section = tw_config_section(c, "features");
	if (section && section->type != TW_JSON_OBJECT && section->type != TW_JSON_NULL)
		return tw_fail(err, TW_BAD_USE, "%s: features must be a map of views",
			       tw_config_place(c, section));
	enum tw_status st = TW_OK;
	for (const struct tw_json *v = section ? section->child : NULL; st == TW_OK && v;
	     v = v->next) {
		const struct tw_transform_type *type;
		st = tw_transform_find(&type, tw_transforms, v->key, err);
		if (st != TW_OK)
			return tw_wrap(err, st, "%s: features", tw_config_place(c, v));
		void *ctx = tw_alloc(&app->arena, type->ctx_size + 1);
		st = tw_opt_parse(ctx, type->opts, v, c->path, c->dir, &app->arena, err);
	}
	return st;
}

/* That a backend knows the spec; the model itself is opened when it is needed. */
static enum tw_status check_model(struct tw_app *app, const char *key, const char *spec,
				  const void *types, struct tw_err *err)
{
	const void *type;
	const char *rest;
	enum tw_status st = spec ? tw_spec_find(&type, &rest, types, spec, err) : TW_OK;
	const struct tw_json *node = tw_config_section(app->conf, key);
	return st == TW_OK || !node
		       ? st
		       : tw_wrap(err, st, "%s: %s", tw_config_place(app->conf, node), key);
}

static enum tw_status check_models(struct tw_app *app, struct tw_err *err)
{
	enum tw_status st = check_model(app, "models.llm", app->conf->llm, tw_llms, err);
	if (st == TW_OK)
		st = check_model(app, "models.embedder", app->conf->embedder, tw_embedders, err);
	return st;
}

static enum tw_status check_training(struct tw_app *app, struct tw_err *err)
{
	struct tw_trainer *t;
	struct tw_dataset_options dataset;
	enum tw_status st = tw_trainer_new(&t, tw_trainers, app->conf, err);
	if (st != TW_OK)
		return st;
	tw_trainer_free(t);
	st = tw_config_read(&dataset, tw_dataset_opts, app->conf, "training.dataset", err);
	if (st == TW_OK)
		st = tw_train_init_check(app->conf, err);
	return st == TW_OK ? tw_asker_check(app->conf, err) : st;
}

static enum tw_status check_tracking(struct tw_app *app, struct tw_err *err)
{
	struct tw_tracker *t;
	enum tw_status st = tw_tracker_new(&t, tw_trackers, app->conf, err);
	if (st == TW_OK)
		tw_tracker_free(t);
	return st;
}

enum tw_status tw_app_check_config(struct tw_app *app, struct tw_err *err)
{
	struct tw_evaluation_options evaluation;
	struct tw_retrieval_options retrieval;
	struct tw_answer_options answer;
	struct tw_serve_options serve;
	const struct {
		const char *name;
		const struct tw_opt *opts;
		void *ctx;
	} plain[] = {
		{"evaluation", tw_evaluation_opts, &evaluation},
		{"retrieval", tw_retrieval_opts, &retrieval},
		{"answer", tw_answer_opts, &answer},
		{"serve", tw_serve_opts, &serve},
	};
	enum tw_status st = check_sources(app, err);
	if (st == TW_OK)
		st = check_models(app, err);
	if (st == TW_OK)
		st = check_features(app, err);
	if (st == TW_OK)
		st = check_training(app, err);
	if (st == TW_OK)
		st = check_tracking(app, err);
	for (size_t i = 0; st == TW_OK && i < sizeof(plain) / sizeof(*plain); i++)
		st = tw_config_read(plain[i].ctx, plain[i].opts, app->conf, plain[i].name, err);
	return st;
}
