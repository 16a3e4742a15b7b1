#include <string.h>

#include "app/graph.h"
#include "app/pinned.h"
#include "app/plugins.h"
#include "base/log.h"
#include "feature/materialize.h"

/* Views that a model version is trained on and served with, in the order of the service. */
static const char *const service_views[] = {"labels", "questions", "chunks", "embeddings", NULL};

struct tw_feature_env tw_feature_env_of(struct tw_app *app)
{
	return (struct tw_feature_env){
		.fs = app->fs,
		.types = tw_transforms,
		.conf = app->conf,
		.llm = tw_app_llm,
		.embedder = tw_app_embedder,
		.models = app,
	};
}

const struct tw_view *tw_graph_view(const struct tw_graph *g, const char *name)
{
	for (size_t i = 0; i < g->views.n; i++)
		if (strcmp(g->views.at[i].name, name) == 0)
			return &g->views.at[i];
	return NULL;
}

static void name_service(struct tw_graph *g)
{
	const char **digests = TW_NEW_ARRAY(&g->app->arena, 8, const char *);
	size_t n = 0;
	for (size_t i = 0; service_views[i]; i++)
		digests[n++] = tw_graph_view(g, service_views[i])->digest;
	const struct tw_digest d = tw_service_digest(digests, n);
	g->service = (struct tw_service){.name = "twin", .views = digests, .n_views = n};
	g->service.digest = tw_strdup(&g->app->arena, d.hex);
}

static enum tw_status declare(struct tw_graph *g, struct tw_err *err)
{
	const struct tw_feature_env env = tw_feature_env_of(g->app);
	enum tw_status st = tw_features_declare(&g->views, &env, &g->app->arena, err);
	if (st != TW_OK)
		return st;
	name_service(g);
	return tw_fs_service_put(&g->service, g->app->fs, &g->app->arena, err);
}

/* What was computed, for the report. */
struct tally {
	struct tw_json_writer w;
	struct tw_str *summary;
};

static void count(struct tally *t, const char *ref, const struct tw_materialize_stats *s)
{
	if (!s->computed && !s->removed)
		return;
	tw_jw_object(&t->w, ref);
	tw_jw_int(&t->w, "computed", s->computed);
	tw_jw_int(&t->w, "removed", s->removed);
	tw_jw_real(&t->w, "seconds", s->seconds);
	tw_jw_end(&t->w);
	tw_str_addf(t->summary, "%s%s %lld", t->summary->len ? ", " : "", ref,
		    (long long)s->computed);
	if (s->removed)
		tw_str_addf(t->summary, " (-%lld)", (long long)s->removed);
}

static enum tw_status materialize(struct tw_graph *g, struct tw_step_run *r, struct tally *t,
				  const struct tw_view *v, struct tw_err *err)
{
	const struct tw_feature_env env = tw_feature_env_of(g->app);
	struct tw_materialize_stats stats = {0};
	enum tw_status st = tw_materialize(&stats, &env, v->digest, err);
	if (st != TW_OK)
		return tw_wrap(err, st, "view %s", v->name);
	if (stats.computed || stats.removed)
		st = tw_step_begin(g, r, err);
	if (st == TW_OK)
		count(t, tw_sprintf(&g->app->arena, "%s@v%d", v->name, v->version), &stats);
	return st;
}

/* Keeps the views of recent deployments fresh, so that a rollback is immediate. */
static enum tw_status keep_pinned(struct tw_graph *g, struct tw_step_run *r, struct tally *t,
				  const struct tw_views *pinned, struct tw_err *err)
{
	for (size_t i = 0; i < pinned->n; i++) {
		const struct tw_view *v = &pinned->at[i];
		struct tw_err why = TW_ERR_INIT;
		if (tw_views_have(&g->views, v->digest))
			continue;
		enum tw_status st = materialize(g, r, t, v, &why);
		if (st == TW_UNSUPPORTED)
			tw_warn("%s@v%d, which an earlier deployment uses, is not kept fresh: %s",
				v->name, v->version, why.msg);
		else if (st != TW_OK)
			return tw_fail(err, st, "%s", why.msg);
	}
	return TW_OK;
}

/* Rows of views that neither the configuration nor a recent deployment uses. */
static enum tw_status drop_unused(struct tw_graph *g, const struct tw_views *pinned,
				  struct tw_err *err)
{
	struct tw_views all;
	enum tw_status st = tw_fs_views(&all, g->app->fs, &g->app->arena, err);
	for (size_t i = 0; st == TW_OK && i < all.n; i++) {
		const struct tw_view *v = &all.at[i];
		if (v->watermark < 0 || tw_views_have(&g->views, v->digest) ||
		    tw_views_have(pinned, v->digest))
			continue;
		st = tw_fs_view_drop(g->app->fs, v->digest, err);
		tw_debug("dropped the rows of %s@v%d, which nothing uses", v->name, v->version);
	}
	return st;
}

static enum tw_status check(struct tw_graph *g, struct tw_err *err)
{
	return tw_checks_passed(g->app->fs, tw_graph_view(g, "checks")->digest, err);
}

static enum tw_status run(struct tw_graph *g, struct tw_step_run *r, struct tw_err *err)
{
	struct tally t = {.summary = &r->summary};
	struct tw_views pinned = {0};
	tw_jw_init(&t.w, &r->outputs);
	tw_jw_object(&t.w, NULL);
	enum tw_status st = declare(g, err);
	for (size_t i = 0; st == TW_OK && i < g->views.n; i++)
		st = materialize(g, r, &t, &g->views.at[i], err);
	if (st == TW_OK)
		st = tw_pinned_views(&pinned, g->app, err);
	if (st == TW_OK)
		st = keep_pinned(g, r, &t, &pinned, err);
	if (st == TW_OK)
		st = drop_unused(g, &pinned, err);
	tw_jw_end(&t.w);
	if (st == TW_OK)
		st = check(g, err);
	if (!r->summary.len)
		tw_str_addf(&r->summary, "%zu views up to date", g->views.n);
	return st;
}

/* Writes nothing. The views are filled in also when some were never computed, which is TW_NOT_FOUND. */
static enum tw_status find(struct tw_graph *g, struct tw_err *err)
{
	const struct tw_feature_env env = tw_feature_env_of(g->app);
	struct tw_service known;
	struct tw_arena *a = &g->app->arena;
	enum tw_status st = tw_features_find(&g->views, &env, a, err);
	if (st != TW_OK)
		return st;
	name_service(g);
	struct tw_str missing = TW_STR_INIT;
	for (size_t i = 0; i < g->views.n; i++)
		if (g->views.at[i].watermark < 0)
			tw_str_addf(&missing, "%s%s", missing.len ? ", " : "", g->views.at[i].name);
	if (missing.len)
		st = tw_fail(
			err, TW_NOT_FOUND,
			"these features were not computed with the settings of now: %s; run `twin "
			"features` first, or `twin run` for everything",
			tw_str_c(&missing));
	else if (tw_fs_service(&known, g->app->fs, g->service.digest, a, NULL) != TW_OK)
		st = tw_fail(err, TW_NOT_FOUND,
			     "the features were not put together as they are set now: run `twin "
			     "features` first, or `twin run` for everything");
	tw_str_release(&missing);
	return st;
}

static enum tw_status reuse(struct tw_graph *g, const struct tw_run *done, struct tw_step_run *r,
			    struct tw_err *err)
{
	(void)done;
	(void)r;
	return find(g, err);
}

static const char *const needed[] = {"collect", NULL};

const struct tw_step tw_step_features = {
	.name = "features",
	.help = "Compute what is stale in every feature view",
	.needs = needed,
	.reuse = reuse,
	.run = run,
};
