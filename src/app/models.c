#include <stdlib.h>

#include "app/app.h"
#include "app/plugins.h"
#include "base/map.h"

struct tw_opened_models {
	struct tw_map llms, embedders; /* by spec */
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

enum tw_status tw_app_llm(void *ctx, const char *spec, struct tw_llm **out, struct tw_err *err)
{
	struct tw_app *app = ctx;
	const struct tw_llm_options o = options_of(app);
	const char *s = spec ? spec : app->conf->llm;
	struct tw_map *m = &models_of(app)->llms;
	*out = tw_map_get(m, s);
	if (*out)
		return TW_OK;
	enum tw_status st = tw_llm_open(out, tw_llms, s, &o, err);
	if (st == TW_OK)
		tw_map_set(m, s, *out);
	return st;
}

enum tw_status tw_app_llm_file(struct tw_app *app, const char *spec, const char **out,
			       struct tw_err *err)
{
	struct tw_llm *llm;
	enum tw_status st = tw_app_llm(app, spec, &llm, err);
	if (st != TW_OK)
		return st;
	*out = tw_llm_info(llm)->path;
	return *out ? TW_OK
		    : tw_fail(err, TW_UNSUPPORTED, "%s is no file on this machine",
			      spec ? spec : tw_llm_info(llm)->spec);
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
