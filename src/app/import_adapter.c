#include "app/import_adapter.h"

#include <string.h>

#include "app/graph.h"
#include "app/print.h"
#include "base/fs.h"
#include "base/log.h"
#include "trainer/convert.h"

struct made {
	struct tw_adapter_info info;
	struct tw_model_version version; /* number 0: only a file */
	const char *file;
};

static enum tw_status base_path(const char **out, struct tw_app *app,
				const struct tw_import_adapter *o, struct tw_err *err)
{
	*out = o->base;
	if (o->base)
		return TW_OK;
	if (!app->conf)
		return tw_fail(
			err, TW_BAD_USE,
			"which base was it trained on? --base FILE.gguf, or run it where there "
			"is a twin.yaml");
	return tw_app_llm_file(app, NULL, out, err);
}

/* --- a version --- */

/* A version is served as it was trained: the dataset's features and system prompt must be those that serving uses now. */
static enum tw_status take_dataset(struct tw_model_version *v, struct tw_graph *g, const char *ref,
				   struct tw_err *err)
{
	struct tw_dataset d;
	struct tw_json *params, *now;
	struct tw_arena *a = &g->app->arena;
	v->dataset = "";
	if (strcmp(ref, "none") == 0)
		return TW_OK;
	enum tw_status st = tw_fs_dataset(&d, g->app->fs, ref, a, err);
	if (st == TW_OK)
		st = tw_json_parse(&params, d.params, strlen(d.params), a, err);
	if (st == TW_OK)
		st = tw_json_parse(&now, v->signature, strlen(v->signature), a, err);
	if (st != TW_OK)
		return st;
	if (strcmp(d.service, g->service.digest) != 0)
		return tw_fail(
			err, TW_CONFLICT,
			"dataset %d was made of other features than twin.yaml names now; set "
			"them back, or say --dataset none",
			d.number);
	if (strcmp(tw_json_str(tw_json_get(params, "system"), ""),
		   tw_json_str(tw_json_get(now, "system"), "")) != 0)
		return tw_fail(
			err, TW_CONFLICT,
			"dataset %d was made with another system prompt than twin.yaml names "
			"now; set it back, or say --dataset none",
			d.number);
	v->dataset = d.id;
	return TW_OK;
}

static enum tw_status describe(struct tw_model_version *v, struct tw_graph *g, const char *dataset,
			       struct tw_err *err)
{
	struct tw_llm *base;
	enum tw_status st = tw_step_look_up(&tw_step_features, g, err);
	if (st == TW_OK)
		st = tw_app_llm(g->app, NULL, &base, err);
	if (st == TW_OK)
		st = tw_model_signature(&v->signature, g, err);
	if (st == TW_OK)
		st = take_dataset(v, g, dataset, err);
	if (st != TW_OK)
		return st;
	v->service = g->service.digest;
	v->base_digest = tw_llm_info(base)->digest.hex;
	v->base_spec = tw_llm_info(base)->spec;
	v->metrics = "{}";
	v->tainted = "";
	return TW_OK;
}

static const char *object(struct tw_arena *a, const char *const *pairs)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	tw_jw_object(&w, NULL);
	for (; *pairs; pairs += 2)
		tw_jw_str(&w, pairs[0], pairs[1]);
	tw_jw_end(&w);
	const char *text = tw_str_dup(&s, a);
	tw_str_release(&s);
	return text;
}

static enum tw_status put_version(struct tw_model_version *v, struct tw_app *app, const char *from,
				  struct tw_err *err)
{
	struct tw_arena *a = &app->arena;
	const char *const params[] = {"from", from, NULL};
	const char *const inputs[] = {"dataset", v->dataset,	 "service", v->service,
				      "base",	 v->base_digest, NULL};
	enum tw_status st = tw_mr_run_start(&v->run, app->mr, "import", "", object(a, params),
					    object(a, inputs), err);
	if (st != TW_OK)
		return st;
	st = tw_mr_model_put(v, app->mr, err);
	if (st != TW_OK)
		return st; /* the run is marked interrupted when the registry is opened next */
	return tw_mr_run_end(
		app->mr, v->run, "done",
		tw_sprintf(a, "{\"version\":%d,\"adapter\":\"%s\"}", v->version, v->adapter), "",
		err);
}

static enum tw_status register_version(struct made *m, struct tw_app *app,
				       const struct tw_import_adapter *o, const char *base,
				       struct tw_err *err)
{
	struct tw_graph g = {.app = app};
	struct tw_digest blob;
	const char *file = tw_path_join(&app->arena, app->conf->state, "import.gguf");
	enum tw_status st = tw_app_open(app, true, err);
	if (st == TW_OK)
		st = describe(&m->version, &g, o->dataset, err);
	if (st == TW_OK)
		st = tw_adapter_import(&m->info, file, o->from, base, err);
	if (st == TW_OK)
		st = tw_blob_put_file(&blob, app->blobs, file, err);
	if (st == TW_OK) {
		m->version.adapter = tw_strdup(&app->arena, blob.hex);
		st = put_version(&m->version, app, o->from, err);
	}
	if (tw_exists(file) && tw_remove_all(file, NULL) != TW_OK)
		tw_warn("%s could not be removed", file);
	return st;
}

/* --- the command --- */

static void print(struct tw_app *app, const struct made *m)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	tw_jw_object(&w, NULL);
	if (m->file)
		tw_jw_str(&w, "file", m->file);
	else
		tw_jw_str(&w, "model", tw_sprintf(&app->arena, "v%d", m->version.version));
	tw_jw_str(&w, "architecture", m->info.arch);
	tw_jw_int(&w, "rank", m->info.rank);
	tw_jw_int(&w, "matrices", m->info.matrices);
	tw_jw_int(&w, "parameters", m->info.parameters);
	tw_jw_end(&w);
	tw_print_object(app, &s);
	tw_str_release(&s);
}

enum tw_status tw_import_adapter(struct tw_app *app, const struct tw_import_adapter *o,
				 struct tw_err *err)
{
	struct made m = {.file = o->output};
	const char *base;
	if (!o->output && !app->conf)
		return tw_fail(err, TW_NOT_FOUND,
			       "no twin.yaml here to register a version in; -o FILE only converts");
	if (!o->output && !o->dataset)
		return tw_fail(
			err, TW_BAD_USE,
			"which dataset was it trained on? --dataset N (`twin show datasets`), "
			"or none; -o FILE only converts");
	if (!o->output && o->base)
		return tw_fail(err, TW_BAD_USE,
			       "--base goes with -o: a version belongs to the configured LLM");
	enum tw_status st = base_path(&base, app, o, err);
	if (st == TW_OK)
		st = o->output ? tw_adapter_import(&m.info, o->output, o->from, base, err)
			       : register_version(&m, app, o, base, err);
	if (st == TW_OK)
		print(app, &m);
	return st;
}
