/* Which model version, views and settings a reference means. */
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "inference/deployment_int.h"

static const char chunks_view[] = "chunks";
static const char embeddings_view[] = "embeddings";

/* Views that no recent deployment uses lose their rows, and keep their name. */
static enum tw_status check_computed(const struct tw_resolved *r, const struct tw_view *v,
				     struct tw_err *err)
{
	if (v->watermark >= 0)
		return TW_OK;
	if (r->model == 0)
		return tw_fail(err, TW_BLOCKED, "%s@v%d is not computed yet; run `twin features`",
			       v->name, v->version);
	return tw_fail(
		err, TW_BLOCKED,
		"%s@v%d, which %s answers from, has no rows now; `twin rollback REVISION --backfill` "
		"computes what an earlier deployment needs (`twin show deployments`)",
		v->name, v->version, r->label);
}

static enum tw_status views_of_service(struct tw_resolved *out, const struct tw_inference_env *env,
				       struct tw_arena *a, struct tw_err *err)
{
	struct tw_service service;
	enum tw_status st = tw_fs_service(&service, env->fs, out->service, a, err);
	if (st != TW_OK)
		return tw_wrap(err, st, "feature service of %s", out->label);
	for (size_t i = 0; i < service.n_views; i++) {
		struct tw_view v;
		st = tw_fs_view(&v, env->fs, service.views[i], a, err);
		if (st != TW_OK)
			return tw_wrap(err, st, "feature service of %s", out->label);
		if (strcmp(v.name, chunks_view) == 0)
			out->chunks = v;
		else if (strcmp(v.name, embeddings_view) == 0)
			out->embeddings = v;
	}
	if (!out->chunks.digest || !out->embeddings.digest)
		return tw_fail(err, TW_BAD_DATA,
			       "the feature service of %s has no %s view: it cannot answer from it",
			       out->label, out->chunks.digest ? embeddings_view : chunks_view);
	st = check_computed(out, &out->chunks, err);
	return st == TW_OK ? check_computed(out, &out->embeddings, err) : st;
}

static enum tw_status fill_from_version(struct tw_resolved *out, const struct tw_inference_env *env,
					const struct tw_model_version *v, struct tw_arena *a,
					struct tw_err *err)
{
	struct tw_json *sig = NULL;
	if (v->signature && v->signature[0]) {
		enum tw_status st = tw_json_parse(&sig, v->signature, strlen(v->signature), a, err);
		if (st != TW_OK)
			return tw_wrap(err, st, "signature of v%d", v->version);
	}
	out->llm_spec = v->base_spec && v->base_spec[0] ? v->base_spec : env->conf->llm;
	out->llm_digest = v->base_digest ? v->base_digest : "";
	out->adapter = v->adapter ? v->adapter : "";
	out->template_digest = tw_json_str(tw_json_get(sig, "template_digest"), "");
	out->system = tw_json_str(tw_json_get(sig, "system"), NULL);
	if (v->tainted && v->tainted[0])
		tw_warn("v%d should be replaced: %s; train again with `twin run`", v->version,
			v->tainted);
	enum tw_status st = views_of_service(out, env, a, err);
	if (st != TW_OK)
		return st;
	const char *embedder = tw_json_str(tw_json_get(sig, "embedder_digest"), "");
	if (embedder[0] && !tw_streq(embedder, out->embeddings.model_digest))
		return tw_fail(
			err, TW_CONFLICT,
			"v%d was made with another embedder than %s@v%d; train again with `twin "
			"run`",
			v->version, embeddings_view, out->embeddings.version);
	return TW_OK;
}

static enum tw_status resolve_version(struct tw_resolved *out, const struct tw_inference_env *env,
				      const char *ref, struct tw_arena *a, struct tw_err *err)
{
	struct tw_model_version v;
	enum tw_status st = tw_mr_model(&v, env->mr, ref, a, err);
	if (st != TW_OK)
		return st;
	out->model = v.version;
	out->label = tw_sprintf(a, "v%d", v.version);
	out->service = v.service;
	char *settings;
	st = tw_serving_settings(&settings, env->conf, a, err);
	if (st != TW_OK)
		return st;
	out->settings = settings;
	return fill_from_version(out, env, &v, a, err);
}

static enum tw_status resolve_deployed(struct tw_resolved *out, const struct tw_inference_env *env,
				       const struct tw_deployment *d, struct tw_arena *a,
				       struct tw_err *err)
{
	struct tw_model_version v;
	enum tw_status st = tw_mr_model(&v, env->mr, tw_sprintf(a, "v%d", d->model), a, err);
	if (st != TW_OK)
		return tw_wrap(err, st, "deployment revision %lld", (long long)d->revision);
	out->revision = d->revision;
	out->model = d->model;
	out->label = tw_sprintf(a, "v%d (revision %lld)", d->model, (long long)d->revision);
	out->service = d->service;
	out->settings = d->settings;
	st = fill_from_version(out, env, &v, a, err);
	out->system =
		NULL; /* the settings were checked against the signature when it was promoted */
	return st;
}

static enum tw_status resolve_base(struct tw_resolved *out, const struct tw_inference_env *env,
				   struct tw_arena *a, struct tw_err *err)
{
	char *settings;
	enum tw_status st = tw_serving_settings(&settings, env->conf, a, err);
	if (st != TW_OK)
		return st;
	out->label = "base";
	out->service = "";
	out->settings = settings;
	out->llm_spec = env->conf->llm;
	out->llm_digest = out->template_digest = out->adapter = "";
	st = tw_fs_view(&out->chunks, env->fs, chunks_view, a, err);
	if (st == TW_NOT_FOUND) {
		tw_err_clear(err);
		return tw_fail(err, TW_NOT_FOUND,
			       "there is nothing to answer from yet; run `twin run` first");
	}
	if (st != TW_OK)
		return st;
	return check_computed(out, &out->chunks, err);
}

enum tw_status tw_resolve(struct tw_resolved *out, const struct tw_inference_env *env,
			  const char *ref, struct tw_arena *a, struct tw_err *err)
{
	*out = (struct tw_resolved){0};
	if (ref && strcmp(ref, "base") == 0)
		return resolve_base(out, env, a, err);
	if (ref)
		return resolve_version(out, env, ref, a, err);
	struct tw_deployment d;
	enum tw_status st = tw_mr_deployment(&d, env->mr, 0, a, err);
	if (st == TW_OK)
		return resolve_deployed(out, env, &d, a, err);
	if (st != TW_NOT_FOUND)
		return st;
	tw_err_clear(err);
	st = resolve_base(out, env, a, err);
	if (st == TW_OK)
		tw_info("no model is deployed yet: the base model answers (`twin run` trains and "
			"promotes one)");
	return st;
}

static bool has_input(const struct tw_view *v, const char *digest)
{
	for (size_t i = 0; i < v->n_inputs; i++)
		if (tw_streq(v->inputs[i], digest))
			return true;
	return false;
}

enum tw_status tw_resolve_embeddings(struct tw_view *out, const struct tw_inference_env *env,
				     const struct tw_view *chunks, const char *embedder_digest,
				     struct tw_arena *a, struct tw_err *err)
{
	struct tw_views all;
	enum tw_status st = tw_fs_views(&all, env->fs, a, err);
	if (st != TW_OK)
		return st;
	const struct tw_view *best = NULL;
	bool other = false;
	for (size_t i = 0; i < all.n; i++) {
		const struct tw_view *v = &all.at[i];
		if (strcmp(v->name, embeddings_view) != 0 || !has_input(v, chunks->digest) ||
		    v->watermark < 0)
			continue;
		if (!tw_streq(v->model_digest, embedder_digest))
			other = true;
		else if (!best || v->version > best->version)
			best = v;
	}
	if (best) {
		*out = *best;
		return TW_OK;
	}
	if (other)
		return tw_fail(
			err, TW_CONFLICT,
			"%s@v%d was embedded with another model than %s; run `twin features` to "
			"embed it again, or set models.embedder back",
			chunks->name, chunks->version, env->conf->embedder);
	return tw_fail(err, TW_NOT_FOUND, "%s@v%d has no embeddings yet; run `twin features` first",
		       chunks->name, chunks->version);
}
