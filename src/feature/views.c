/* Which views there are under a configuration, and what each is computed from. */
#include <string.h>

#include "base/log.h"
#include "base/vec.h"
#include "feature/materialize.h"
#include "feature/views_int.h"

struct ordered TW_VEC_BODY(const struct tw_transform_type *);

struct sorter {
	const struct tw_transform_type *const *types;
	struct ordered done;
	struct ordered open; /* being visited: a type met again here is a cycle */
	struct tw_err *err;
};

static bool has(const struct ordered *o, const struct tw_transform_type *t)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->at[i] == t)
			return true;
	return false;
}

static enum tw_status visit(struct sorter *k, const struct tw_transform_type *t)
{
	enum tw_status st = TW_OK;
	if (has(&k->done, t))
		return TW_OK;
	if (has(&k->open, t))
		return tw_fail(k->err, TW_UNSUPPORTED, "view %s is computed from itself", t->name);
	tw_vec_push(&k->open, t);
	for (size_t i = 0; st == TW_OK && t->inputs[i]; i++) {
		const struct tw_transform_type *in;
		if (strcmp(t->inputs[i], TW_DOCUMENTS_VIEW) == 0)
			continue;
		if (tw_transform_find(&in, k->types, t->inputs[i], NULL) != TW_OK)
			st = tw_fail(k->err, TW_UNSUPPORTED,
				     "view %s is computed from %s, which no transform makes",
				     t->name, t->inputs[i]);
		else
			st = visit(k, in);
	}
	k->open.n--;
	if (st == TW_OK)
		tw_vec_push(&k->done, t);
	return st;
}

static enum tw_status check_names(const struct tw_feature_env *env, const struct tw_json *section,
				  struct tw_err *err)
{
	for (const struct tw_json *v = section ? section->child : NULL; v; v = v->next) {
		const struct tw_transform_type *t;
		enum tw_status st = tw_transform_find(&t, env->types, v->key ? v->key : "", err);
		if (st != TW_OK)
			return tw_wrap(err, st, "%s:%d: features", env->conf->path, v->line);
	}
	return TW_OK;
}

enum tw_status tw_transform_models(struct tw_transform_models *out,
				   const struct tw_transform_type *t,
				   const struct tw_feature_env *env, const char *spec,
				   struct tw_err *err)
{
	enum tw_status st = TW_OK;
	*out = (struct tw_transform_models){.model = "", .tokenizer = "", .spec = ""};
	if (t->flags & TW_NEEDS_LLM) {
		st = env->llm(env->models, spec, &out->env.llm, err);
		if (st != TW_OK)
			return tw_wrap(err, st, "view %s needs the LLM", t->name);
		out->model = tw_llm_info(out->env.llm)->digest.hex;
		out->spec = tw_llm_info(out->env.llm)->spec;
	}
	if (t->flags & (TW_NEEDS_EMBEDDER | TW_NEEDS_TOKENIZER)) {
		st = env->embedder(env->models, spec, &out->env.embedder, err);
		if (st != TW_OK)
			return tw_wrap(err, st, "view %s needs the embedder", t->name);
		const struct tw_embedder_info *info = tw_embedder_info(out->env.embedder);
		if (t->flags & TW_NEEDS_EMBEDDER)
			out->model = info->digest.hex;
		if (t->flags & TW_NEEDS_TOKENIZER)
			out->tokenizer = info->tokenizer.hex;
		out->spec = info->spec;
	}
	return st;
}

/* Canonical parameters of the type under the configuration. */
static enum tw_status read_params(const char **out, const struct tw_transform_type *t,
				  const struct tw_feature_env *env,
				  const struct tw_transform_models *m, struct tw_arena *a,
				  struct tw_err *err)
{
	struct tw_transform *x;
	const char *where = env->conf ? env->conf->path : "features";
	const struct tw_json *params =
		env->conf ? tw_json_get(tw_config_section(env->conf, "features"), t->name) : NULL;
	enum tw_status st = tw_transform_new(&x, t, params, where,
					     env->conf ? env->conf->dir : NULL, &m->env, err);
	if (st != TW_OK)
		return tw_wrap(err, st, "features.%s", t->name);
	*out = tw_strdup(a, tw_transform_params(x));
	tw_transform_free(x);
	return TW_OK;
}

static const char *digest_of(const struct tw_view *views, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(views[i].name, name) == 0)
			return views[i].digest;
	return NULL;
}

/* As the store has it; as it would be declared when the store has it not. */
static enum tw_status find(struct tw_view *out, const struct tw_view *v,
			   const struct tw_feature_env *env, struct tw_arena *a, struct tw_err *err)
{
	struct tw_err none = TW_ERR_INIT;
	enum tw_status st = tw_fs_view(out, env->fs, v->digest, a, &none);
	if (st == TW_NOT_FOUND) {
		*out = *v;
		out->watermark = -1;
		return TW_OK;
	}
	return st == TW_OK ? st : tw_fail(err, st, "%s", none.msg);
}

static enum tw_status declare(struct tw_view *out, struct tw_view *v,
			      const struct tw_feature_env *env, struct tw_arena *a,
			      struct tw_err *err)
{
	enum tw_status st = tw_fs_view_declare(v, env->fs, err);
	return st == TW_OK ? tw_fs_view(out, env->fs, v->digest, a, err) : st;
}

/* views[0, n) are there; adds the one of `t`. */
static enum tw_status add_view(struct tw_view *views, size_t n, const struct tw_transform_type *t,
			       const struct tw_feature_env *env, bool only_find, struct tw_arena *a,
			       struct tw_err *err)
{
	struct tw_transform_models m;
	const char *named[TW_TRANSFORM_MAX_INPUTS + 1] = {NULL};
	const struct tw_digest raw = tw_sha256(TW_DOCUMENTS_VIEW, strlen(TW_DOCUMENTS_VIEW));
	const char **inputs = TW_NEW_ARRAY(a, TW_TRANSFORM_MAX_INPUTS, const char *);
	struct tw_view v = {.name = t->name, .code_version = t->code_version, .schema = t->schema};
	enum tw_status st = tw_transform_models(&m, t, env, NULL, err);
	if (st == TW_OK)
		st = read_params(&v.params, t, env, &m, a, err);
	if (st != TW_OK)
		return st;
	for (; t->inputs[v.n_inputs]; v.n_inputs++) {
		const char *in = digest_of(views, n, t->inputs[v.n_inputs]);
		inputs[v.n_inputs] = in ? in : TW_DOCUMENTS_VIEW;
		named[v.n_inputs] = in ? in : raw.hex;
	}
	const struct tw_digest digest = tw_view_digest(t, v.params, named, m.model, m.tokenizer);
	v.digest = tw_strdup(a, digest.hex);
	v.inputs = inputs;
	v.model_digest = m.model;
	v.model_spec = m.spec;
	v.tokenizer_digest = m.tokenizer;
	return only_find ? find(&views[n], &v, env, a, err) : declare(&views[n], &v, env, a, err);
}

static enum tw_status all_views(struct tw_views *out, const struct tw_feature_env *env,
				bool only_find, struct tw_arena *a, struct tw_err *err)
{
	struct sorter k = {.types = env->types, .err = err};
	enum tw_status st = TW_OK;
	*out = (struct tw_views){0};
	if (env->conf)
		st = check_names(env, tw_config_section(env->conf, "features"), err);
	for (size_t i = 0; st == TW_OK && env->types[i]; i++)
		st = visit(&k, env->types[i]);
	struct tw_view *views = TW_NEW_ARRAY(a, k.done.n, struct tw_view);
	for (size_t i = 0; st == TW_OK && i < k.done.n; i++)
		st = add_view(views, i, k.done.at[i], env, only_find, a, err);
	if (st == TW_OK)
		*out = (struct tw_views){views, k.done.n};
	tw_vec_release(&k.done);
	tw_vec_release(&k.open);
	return st;
}

enum tw_status tw_features_declare(struct tw_views *out, const struct tw_feature_env *env,
				   struct tw_arena *a, struct tw_err *err)
{
	return all_views(out, env, false, a, err);
}

enum tw_status tw_features_find(struct tw_views *out, const struct tw_feature_env *env,
				struct tw_arena *a, struct tw_err *err)
{
	return all_views(out, env, true, a, err);
}

/* --- closure --- */

struct closure TW_VEC_BODY(struct tw_view);

static enum tw_status add_closure(struct closure *all, struct tw_feature_store *fs,
				  const char *digest, struct tw_arena *a, struct tw_err *err)
{
	struct tw_view v;
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->at[i].digest, digest) == 0)
			return TW_OK;
	enum tw_status st = tw_fs_view(&v, fs, digest, a, err);
	for (size_t i = 0; st == TW_OK && i < v.n_inputs; i++)
		if (strcmp(v.inputs[i], TW_DOCUMENTS_VIEW) != 0)
			st = add_closure(all, fs, v.inputs[i], a, err);
	if (st == TW_OK)
		tw_vec_push(all, v);
	return st;
}

enum tw_status tw_view_closure(struct tw_views *out, struct tw_feature_store *fs,
			       const char *view_digest, struct tw_arena *a, struct tw_err *err)
{
	struct closure all = {0};
	enum tw_status st = add_closure(&all, fs, view_digest, a, err);
	*out = (struct tw_views){tw_copy_array(a, all.at, all.n, sizeof(*all.at)),
				 st == TW_OK ? all.n : 0};
	tw_vec_release(&all);
	return st;
}
