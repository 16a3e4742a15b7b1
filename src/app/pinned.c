#include "app/pinned.h"

#include <string.h>

#include "base/vec.h"

struct views TW_VEC_BODY(struct tw_view);

bool tw_views_have(const struct tw_views *views, const char *digest)
{
	for (size_t i = 0; i < views->n; i++)
		if (strcmp(views->at[i].digest, digest) == 0)
			return true;
	return false;
}

static bool has(const struct views *v, const char *digest)
{
	return tw_views_have(&(struct tw_views){v->at, v->n}, digest);
}

static enum tw_status add_service(struct views *v, struct tw_app *app, const char *service,
				  struct tw_err *err)
{
	struct tw_service s;
	enum tw_status st = tw_fs_service(&s, app->fs, service, &app->arena, err);
	for (size_t i = 0; st == TW_OK && i < s.n_views; i++) {
		struct tw_views closure;
		st = tw_view_closure(&closure, app->fs, s.views[i], &app->arena, err);
		for (size_t k = 0; st == TW_OK && k < closure.n; k++)
			if (!has(v, closure.at[k].digest))
				tw_vec_push(v, closure.at[k]);
	}
	return st;
}

static void hand_out(struct tw_views *out, struct views *v, struct tw_app *app)
{
	*out = (struct tw_views){tw_copy_array(&app->arena, v->at, v->n, sizeof(*v->at)), v->n};
	tw_vec_release(v);
}

enum tw_status tw_service_closure(struct tw_views *out, struct tw_app *app, const char *service,
				  struct tw_err *err)
{
	struct views v = {0};
	enum tw_status st = add_service(&v, app, service, err);
	hand_out(out, &v, app);
	return st;
}

enum tw_status tw_pinned_views(struct tw_views *out, struct tw_app *app, struct tw_err *err)
{
	struct tw_deployments d;
	struct views v = {0};
	const char *seen[TW_PINNED_DEPLOYMENTS];
	size_t n = 0;
	enum tw_status st = tw_mr_deployments(&d, app->mr, 0, &app->arena, err);
	for (size_t i = 0; st == TW_OK && i < d.n && n < TW_PINNED_DEPLOYMENTS; i++) {
		size_t k = 0;
		while (k < n && strcmp(seen[k], d.at[i].service) != 0)
			k++;
		if (k < n)
			continue;
		seen[n++] = d.at[i].service;
		st = add_service(&v, app, d.at[i].service, err);
	}
	hand_out(out, &v, app);
	return st;
}

bool tw_view_is_late(const struct tw_view *v, const struct tw_stale *stale)
{
	return v->watermark < 0 || stale->n || stale->changed;
}

enum tw_status tw_service_fresh(struct tw_app *app, const char *service, struct tw_err *err)
{
	struct tw_views views;
	struct tw_str late = TW_STR_INIT;
	enum tw_status st = tw_service_closure(&views, app, service, err);
	for (size_t i = 0; st == TW_OK && i < views.n; i++) {
		struct tw_stale stale;
		const struct tw_view *v = &views.at[i];
		st = tw_fs_stale(&stale, app->fs, v->digest, &app->arena, err);
		if (st == TW_OK && tw_view_is_late(v, &stale))
			tw_str_addf(&late, "%s%s@v%d", late.len ? ", " : "", v->name, v->version);
	}
	if (st == TW_OK && late.len)
		st = tw_fail(err, TW_BLOCKED, "these views have not caught up: %s",
			     tw_str_c(&late));
	tw_str_release(&late);
	return st;
}

enum tw_status tw_service_backfill(struct tw_app *app, const char *service, struct tw_err *err)
{
	const struct tw_feature_env env = tw_feature_env_of(app);
	struct tw_views views;
	enum tw_status st = tw_service_closure(&views, app, service, err);
	for (size_t i = 0; st == TW_OK && i < views.n; i++) {
		struct tw_materialize_stats stats = {0};
		st = tw_materialize(&stats, &env, views.at[i].digest, err);
		if (st != TW_OK)
			tw_wrap(err, st, "backfill of %s@v%d", views.at[i].name,
				views.at[i].version);
	}
	return st;
}
