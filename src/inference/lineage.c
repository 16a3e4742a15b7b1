#include "inference/lineage.h"

#include <string.h>

#include "base/json.h"
#include "core/dataset.h"
#include "core/document_store.h"
#include "core/prediction.h"

struct lineage {
	const struct tw_lineage_env *env;
	struct tw_json_writer w;
	struct tw_arena *a;
};

/* --- parts --- */

static void write_document(struct lineage *l, const struct tw_document *d)
{
	struct tw_json_writer *w = &l->w;
	tw_jw_object(w, "document");
	tw_jw_str(w, "id", d->id);
	tw_jw_str(w, "source", d->source);
	tw_jw_str(w, "key", d->key);
	tw_jw_str(w, "title", d->title);
	tw_jw_str(w, "url", d->url);
	tw_jw_int(w, "revision", d->revision);
	tw_jw_bool(w, "deleted", d->deleted);
	tw_jw_str(w, "digest", d->digest.hex);
	tw_jw_end(w);
}

static void write_views(struct lineage *l, const char *service)
{
	struct tw_service s;
	struct tw_view v;
	tw_jw_array(&l->w, "views");
	if (tw_fs_service(&s, l->env->fs, service, l->a, NULL) != TW_OK)
		s.n_views = 0;
	for (size_t i = 0; i < s.n_views; i++)
		if (tw_fs_view(&v, l->env->fs, s.views[i], l->a, NULL) == TW_OK)
			tw_jw_str(&l->w, NULL, tw_sprintf(l->a, "%s@v%d", v.name, v.version));
	tw_jw_end(&l->w);
}

static void write_dataset(struct lineage *l, const char *id)
{
	struct tw_dataset d;
	if (tw_fs_dataset(&d, l->env->fs, id, l->a, NULL) != TW_OK)
		return;
	tw_jw_object(&l->w, "dataset");
	tw_jw_int(&l->w, "number", d.number);
	tw_jw_str(&l->w, "id", d.id);
	for (int s = TW_TRAIN; s <= TW_TEST; s++)
		tw_jw_int(&l->w, tw_split_name((enum tw_split)s), d.n[s]);
	tw_jw_end(&l->w);
}

static void write_model(struct lineage *l, const struct tw_model_version *m)
{
	struct tw_json_writer *w = &l->w;
	tw_jw_object(w, "model");
	tw_jw_int(w, "version", m->version);
	tw_jw_int(w, "run", m->run);
	tw_jw_str(w, "base", m->base_spec);
	tw_jw_str(w, "base_digest", m->base_digest);
	tw_jw_str(w, "adapter", m->adapter);
	tw_jw_str(w, "tainted", m->tainted);
	tw_jw_end(w);
	write_dataset(l, m->dataset);
	tw_jw_str(w, "service", m->service);
	write_views(l, m->service);
}

/* Each passage as it was stored with the answer, and the document that it came from. */
static void write_passages(struct lineage *l, const char *sources)
{
	const struct tw_json *v = tw_json_of(sources, l->a);
	struct tw_document d;
	tw_jw_array(&l->w, "passages");
	for (const struct tw_json *s = v ? v->child : NULL; s; s = s->next) {
		const char *doc = tw_json_str(tw_json_get(s, "doc"), "");
		tw_jw_object(&l->w, NULL);
		for (const struct tw_json *m = s->child; m; m = m->next)
			tw_jw_value(&l->w, m->key, m);
		if (tw_fs_document(&d, l->env->fs, doc, 0, l->a, NULL) == TW_OK)
			write_document(l, &d);
		tw_jw_end(&l->w);
	}
	tw_jw_end(&l->w);
}

/* --- of what --- */

static enum tw_status of_model(struct lineage *l, const char *ref, struct tw_err *err)
{
	struct tw_model_version m;
	struct tw_deployments all;
	enum tw_status st = tw_mr_model(&m, l->env->mr, ref, l->a, err);
	if (st == TW_OK)
		st = tw_mr_deployments(&all, l->env->mr, 0, l->a, err);
	if (st != TW_OK)
		return st;
	write_model(l, &m);
	tw_jw_array(&l->w, "revisions"); /* that served it, newest first */
	for (size_t i = 0; i < all.n; i++)
		if (all.at[i].model == m.version)
			tw_jw_int(&l->w, NULL, all.at[i].revision);
	tw_jw_end(&l->w);
	return TW_OK;
}

static enum tw_status of_answer(struct lineage *l, const char *ref, struct tw_err *err)
{
	struct tw_prediction p;
	struct tw_deployment d;
	struct tw_model_version m;
	enum tw_status st = tw_fs_prediction(&p, l->env->fs, ref, l->a, err);
	if (st != TW_OK)
		return st;
	tw_jw_str(&l->w, "prediction", p.id);
	tw_jw_int(&l->w, "created_ms", p.created_ms);
	tw_jw_str(&l->w, "question", p.question);
	tw_jw_str(&l->w, "answer", p.answer);
	write_passages(l, p.sources);
	if (!p.deployment) /* before the first deployment the base model answers */
		return TW_OK;
	st = tw_mr_deployment(&d, l->env->mr, p.deployment, l->a, err);
	if (st == TW_OK)
		st = tw_mr_model(&m, l->env->mr, tw_sprintf(l->a, "v%d", d.model), l->a, err);
	if (st != TW_OK)
		return st;
	tw_jw_object(&l->w, "deployment");
	tw_jw_int(&l->w, "revision", d.revision);
	tw_jw_str(&l->w, "reason", d.reason);
	write_model(l, &m);
	tw_jw_end(&l->w);
	return TW_OK;
}

/* What a dataset was made of, and the models that were trained on it. */
static enum tw_status of_dataset(struct lineage *l, const char *ref, struct tw_err *err)
{
	struct tw_dataset d;
	struct tw_model_versions models;
	const char *number = tw_starts_with(ref, "dataset-") ? ref + strlen("dataset-") : ref;
	enum tw_status st = tw_fs_dataset(&d, l->env->fs, number, l->a, err);
	if (st == TW_OK)
		st = tw_mr_models(&models, l->env->mr, l->a, err);
	if (st != TW_OK)
		return st;
	write_dataset(l, d.id);
	tw_jw_str(&l->w, "service", d.service);
	write_views(l, d.service);
	tw_jw_array(&l->w, "models");
	for (size_t i = 0; i < models.n; i++)
		if (strcmp(models.at[i].dataset, d.id) == 0)
			tw_jw_str(&l->w, NULL, tw_sprintf(l->a, "v%d", models.at[i].version));
	tw_jw_end(&l->w);
	return TW_OK;
}

static bool is_among(const struct tw_datasets *all, const char *id)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->at[i].id, id) == 0)
			return true;
	return false;
}

/* What was made from a document: rows by view, and the models whose dataset has it. */
static enum tw_status of_document(struct lineage *l, const char *ref, struct tw_err *err)
{
	struct tw_document d;
	struct tw_views views;
	struct tw_model_versions models;
	struct tw_datasets datasets;
	enum tw_status st = tw_fs_document(&d, l->env->fs, ref, 0, l->a, err);
	if (st == TW_OK)
		st = tw_fs_datasets_with(&datasets, l->env->fs, d.id, l->a, err);
	if (st == TW_OK)
		st = tw_fs_views(&views, l->env->fs, l->a, err);
	if (st == TW_OK)
		st = tw_mr_models(&models, l->env->mr, l->a, err);
	if (st != TW_OK)
		return st;
	write_document(l, &d);
	tw_jw_object(&l->w, "rows");
	for (size_t i = 0; i < views.n; i++) {
		struct tw_rows rows;
		const struct tw_view *v = &views.at[i];
		if (tw_fs_rows(&rows, l->env->fs, v->digest, d.id, l->a, NULL) == TW_OK && rows.n)
			tw_jw_int(&l->w, tw_sprintf(l->a, "%s@v%d", v->name, v->version),
				  (int64_t)rows.n);
	}
	tw_jw_end(&l->w);
	tw_jw_array(&l->w, "models");
	for (size_t i = 0; i < models.n; i++)
		if (is_among(&datasets, models.at[i].dataset))
			tw_jw_str(&l->w, NULL, tw_sprintf(l->a, "v%d", models.at[i].version));
	tw_jw_end(&l->w);
	return TW_OK;
}

enum tw_status tw_lineage(struct tw_str *out, const struct tw_lineage_env *env, const char *ref,
			  struct tw_arena *a, struct tw_err *err)
{
	static enum tw_status (*const kinds[])(struct lineage *, const char *, struct tw_err *) = {
		of_answer, of_document, of_model, of_dataset};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct lineage l = {.env = env, .a = a};
		struct tw_err why = TW_ERR_INIT;
		tw_str_clear(out);
		tw_jw_init(&l.w, out);
		tw_jw_object(&l.w, NULL);
		enum tw_status st = kinds[i](&l, ref, &why);
		tw_jw_end(&l.w);
		if (st == TW_OK)
			return TW_OK;
		if (st != TW_NOT_FOUND)
			return tw_fail(err, st, "%s", why.msg);
	}
	return tw_fail(err, TW_NOT_FOUND, "no answer, document, model or dataset \"%s\"", ref);
}
