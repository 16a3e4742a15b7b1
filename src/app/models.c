#include <stdlib.h>

#include "app/app.h"
#include "app/plugins.h"
#include "base/map.h"
#include "base/str.h"

/* By spec, and for an adapted LLM by "spec|adapter digest". */
struct tw_opened_models {
	struct tw_map llms, embedders;
};

static struct tw_opened_models *models_of(struct tw_app *app)
{
	if (!app->models)
		app->models = tw_xcalloc(1, sizeof(*app->models));
	return app->models;
}

static struct tw_llm_options options_of(const struct tw_app *app)
{
	return (struct tw_llm_options){.http = app->http, .dir = app->conf->dir};
}

static enum tw_status open_llm(struct tw_app *app, const char *key, const char *spec,
			       const struct tw_llm_options *o, struct tw_llm **out,
			       struct tw_err *err)
{
	struct tw_map *m = &models_of(app)->llms;
	*out = tw_map_get(m, key);
	if (*out)
		return TW_OK;
	enum tw_status st = tw_llm_open(out, tw_llms, spec, o, err);
	if (st == TW_OK)
		tw_map_set(m, key, *out);
	return st;
}

enum tw_status tw_app_llm(void *ctx, const char *spec, struct tw_llm **out, struct tw_err *err)
{
	struct tw_app *app = ctx;
	const struct tw_llm_options o = options_of(app);
	const char *s = spec ? spec : app->conf->llm;
	return open_llm(app, s, s, &o, out, err);
}

enum tw_status tw_app_adapted_llm(struct tw_app *app, const char *spec, const char *adapter,
				  struct tw_llm **out, struct tw_err *err)
{
	if (!adapter[0])
		return tw_app_llm(app, spec, out, err);
	struct tw_llm_options o = options_of(app);
	const char *s = spec ? spec : app->conf->llm;
	enum tw_status st = tw_blob_path(&o.adapter, app->blobs, adapter, &app->arena, err);
	if (st != TW_OK)
		return st;
	return open_llm(app, tw_sprintf(&app->arena, "%s|%s", s, adapter), s, &o, out, err);
}

enum tw_status tw_app_embedder(void *ctx, const char *spec, struct tw_embedder **out,
			       struct tw_err *err)
{
	struct tw_app *app = ctx;
	const struct tw_llm_options o = options_of(app);
	const char *s = spec ? spec : app->conf->embedder;
	struct tw_map *m = &models_of(app)->embedders;
	*out = tw_map_get(m, s);
	if (*out)
		return TW_OK;
	enum tw_status st = tw_embedder_open(out, tw_embedders, s, &o, err);
	if (st == TW_OK)
		tw_map_set(m, s, *out);
	return st;
}

void tw_models_close(struct tw_opened_models *m)
{
	if (!m)
		return;
	size_t it = 0;
	for (struct tw_map_slot *s; (s = tw_map_next(&m->llms, &it));)
		tw_llm_close(s->v.p);
	it = 0;
	for (struct tw_map_slot *s; (s = tw_map_next(&m->embedders, &it));)
		tw_embedder_close(s->v.p);
	tw_map_release(&m->llms);
	tw_map_release(&m->embedders);
	free(m);
}
