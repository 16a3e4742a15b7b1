#include "app/app.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/str.h"
#include "llm/llm_backends.h"

enum tw_status tw_app_load(struct tw_app *app, const char *dir, char *const *settings,
			   struct tw_err *err)
{
	enum tw_status st = tw_config_load(&app->conf, dir, err);
	for (size_t i = 0; st == TW_OK && settings[i]; i++)
		st = tw_config_set(app->conf, settings[i], err);
	if (st == TW_OK)
		st = tw_app_check_config(app, err);
	if (st == TW_OK)
		st = tw_app_imply(app, err);
	if (st != TW_OK)
		return st;
	if (!app->conf->llm)
		app->conf->llm = tw_llm_default_spec;
	if (!app->conf->embedder)
		app->conf->embedder = tw_embedder_default_spec;
	const struct tw_http_policy policy = {.offline = app->offline, .allow_private = true};
	return tw_http_new(&app->http, &policy, err);
}

enum tw_status tw_app_lock(struct tw_app *app, struct tw_err *err)
{
	struct tw_arena a;
	tw_arena_init(&a);
	enum tw_status st =
		tw_lock_file(&app->lock_fd, tw_path_join(&a, app->conf->state, "lock"), err);
	tw_arena_release(&a);
	if (st == TW_CONFLICT) {
		tw_err_clear(err);
		return tw_fail(err, TW_CONFLICT,
			       "another twin is at work in %s; wait for it, or stop it first",
			       app->conf->dir);
	}
	return st;
}

void tw_app_unlock(struct tw_app *app)
{
	if (app->lock_fd >= 0)
		tw_unlock_file(app->lock_fd);
	app->lock_fd = -1;
}

enum tw_status tw_app_open(struct tw_app *app, bool lock, struct tw_err *err)
{
	const char *state = app->conf->state;
	struct tw_arena *a = &app->arena;
	enum tw_status st = tw_mkdirs(state, err);
	if (st == TW_OK && lock)
		st = tw_app_lock(app, err);
	if (st == TW_OK)
		st = tw_fs_open(&app->fs, tw_path_join(a, state, "features.db"), err);
	if (st == TW_OK)
		st = tw_mr_open(&app->mr, tw_path_join(a, state, "registry.db"), err);
	if (st == TW_OK)
		st = tw_blobs_open(&app->blobs, tw_path_join(a, state, "blobs"), err);
	return st;
}

void tw_app_close(struct tw_app *app)
{
	tw_models_close(app->models);
	tw_blobs_close(app->blobs);
	tw_mr_close(app->mr);
	tw_fs_close(app->fs);
	tw_http_free(app->http);
	tw_config_free(app->conf);
	tw_app_unlock(app);
	tw_arena_release(&app->arena);
}

void tw_print_json(const struct tw_str *json)
{
	printf("%s\n", tw_str_c(json));
}
