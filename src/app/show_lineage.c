#include <string.h>

#include "app/print.h"
#include "app/show.h"
#include "base/json.h"
#include "core/dataset.h"
#include "core/prediction.h"

static void write_service(struct tw_json_writer *w, struct tw_app *app, const char *digest)
{
	struct tw_service s;
	tw_jw_array(w, "views");
	if (digest[0] && tw_fs_service(&s, app->fs, digest, &app->arena, NULL) == TW_OK)
		for (size_t i = 0; i < s.n_views; i++) {
			struct tw_view v;
			if (tw_fs_view(&v, app->fs, s.views[i], &app->arena, NULL) == TW_OK)
				tw_jw_str(w, NULL,
					  tw_sprintf(&app->arena, "%s@v%d", v.name, v.version));
		}
	tw_jw_end(w);
}

static enum tw_status of_model(struct tw_json_writer *w, struct tw_app *app, const char *ref,
			       struct tw_err *err)
{
	struct tw_model_version v;
	struct tw_dataset d;
	enum tw_status st = tw_mr_model(&v, app->mr, ref, &app->arena, err);
	if (st != TW_OK)
		return st;
	tw_jw_str(w, "model", tw_sprintf(&app->arena, "v%d", v.version));
	tw_jw_int(w, "run", v.run);
	tw_jw_str(w, "base", v.base_spec);
	tw_jw_str(w, "dataset", v.dataset);
	if (tw_fs_dataset(&d, app->fs, v.dataset, &app->arena, NULL) == TW_OK)
		tw_jw_raw(w, "dataset_stats", d.stats);
	write_service(w, app, v.service);
	return TW_OK;
}

static enum tw_status of_answer(struct tw_json_writer *w, struct tw_app *app, const char *ref,
				struct tw_err *err)
{
	struct tw_prediction p;
	struct tw_deployment d;
	enum tw_status st = tw_fs_prediction(&p, app->fs, ref, &app->arena, err);
	if (st != TW_OK)
		return st;
	tw_jw_str(w, "answer", p.id);
	tw_jw_str(w, "question", p.question);
	tw_jw_raw(w, "sources", p.sources[0] ? p.sources : "[]");
	tw_jw_int(w, "revision", p.deployment);
	st = p.deployment ? tw_mr_deployment(&d, app->mr, p.deployment, &app->arena, err)
			  : TW_DONE; /* answered before the first deployment: by the base model */
	if (st == TW_OK)
		st = of_model(w, app, tw_sprintf(&app->arena, "v%d", d.model), err);
	return st == TW_DONE ? TW_OK : st;
}

static bool holds(struct tw_app *app, const char *dataset, const char *doc)
{
	for (int s = TW_TRAIN; s <= TW_TEST; s++) {
		struct tw_examples all;
		if (tw_fs_examples(&all, app->fs, dataset, (enum tw_split)s, &app->arena, NULL) !=
		    TW_OK)
			continue;
		for (size_t i = 0; i < all.n; i++)
			if (strcmp(all.at[i].doc, doc) == 0)
				return true;
	}
	return false;
}

/* The other way: what was made from a document. */
static enum tw_status of_document(struct tw_json_writer *w, struct tw_app *app, const char *ref,
				  struct tw_err *err)
{
	struct tw_document d;
	struct tw_views views;
	struct tw_model_versions models;
	struct tw_arena *a = &app->arena;
	enum tw_status st = tw_fs_document(&d, app->fs, ref, 0, a, err);
	if (st == TW_OK)
		st = tw_fs_views(&views, app->fs, a, err);
	if (st == TW_OK)
		st = tw_mr_models(&models, app->mr, a, err);
	if (st != TW_OK)
		return st;
	tw_jw_str(w, "document", d.id);
	tw_jw_str(w, "source", d.source);
	tw_jw_str(w, "key", d.key);
	tw_jw_int(w, "revision", d.revision);
	tw_jw_object(w, "rows");
	for (size_t i = 0; i < views.n; i++) {
		struct tw_rows rows;
		const struct tw_view *v = &views.at[i];
		if (tw_fs_rows(&rows, app->fs, v->digest, d.id, a, NULL) == TW_OK && rows.n)
			tw_jw_int(w, tw_sprintf(a, "%s@v%d", v->name, v->version), (int64_t)rows.n);
	}
	tw_jw_end(w);
	tw_jw_array(w, "models");
	for (size_t i = 0; i < models.n; i++)
		if (holds(app, models.at[i].dataset, d.id))
			tw_jw_str(w, NULL, tw_sprintf(a, "v%d", models.at[i].version));
	tw_jw_end(w);
	return TW_OK;
}

typedef enum tw_status (*lineage_fn)(struct tw_json_writer *w, struct tw_app *app, const char *ref,
				     struct tw_err *err);

enum tw_status tw_show_lineage(struct tw_app *app, const char *ref, const struct tw_show_options *o,
			       struct tw_err *err)
{
	static const lineage_fn kinds[] = {of_answer, of_document, of_model};
	(void)o;
	if (!ref)
		return tw_fail(err, TW_BAD_USE,
			       "of what? twin show lineage ID (an answer, a document or a model)");
	struct tw_str s = TW_STR_INIT;
	enum tw_status st = TW_NOT_FOUND;
	for (size_t i = 0; st == TW_NOT_FOUND && i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct tw_json_writer w;
		tw_err_clear(err);
		tw_str_clear(&s);
		tw_jw_init(&w, &s);
		tw_jw_object(&w, NULL);
		st = kinds[i](&w, app, ref, err);
		tw_jw_end(&w);
	}
	if (st == TW_OK)
		tw_print_object(app, &s);
	tw_str_release(&s);
	if (st == TW_NOT_FOUND) {
		tw_err_clear(err);
		return tw_fail(err, st, "no answer, document or model \"%s\"", ref);
	}
	return st;
}
