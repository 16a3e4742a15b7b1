#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "inference/deployment_int.h"
#include "inference/retrieve.h"

struct tw_serving {
	struct tw_inference_env env;
	struct tw_arena arena;
	struct tw_resolved what;
	struct tw_serving_info info;
	struct tw_retrieval_options retrieval;
	struct tw_answer_options answer;
	const char *system;
	struct tw_embedder *embedder;
	struct tw_retriever *retriever;
	struct tw_llm *llm;
	pthread_mutex_t embed_lock, llm_lock;
};

static struct tw_llm_options llm_options(const struct tw_serving *s)
{
	return (struct tw_llm_options){
		.threads = s->env.threads, .http = s->env.http, .dir = s->env.conf->dir};
}

/* --- settings --- */

enum tw_status tw_serving_settings(char **out, const struct tw_config *conf, struct tw_arena *a,
				   struct tw_err *err)
{
	struct tw_retrieval_options r = {0};
	struct tw_answer_options o = {0};
	const char *system;
	enum tw_status st = tw_config_read(&r, tw_retrieval_opts, conf, "retrieval", err);
	if (st == TW_OK)
		st = tw_config_read(&o, tw_answer_opts, conf, "answer", err);
	if (st == TW_OK)
		st = tw_answer_system_prompt(&system, conf, err);
	if (st != TW_OK)
		return st;
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	tw_jw_object(&w, NULL);
	tw_jw_raw(&w, "retrieval", tw_opt_canonical(&r, tw_retrieval_opts, a));
	tw_jw_raw(&w, "answer", tw_opt_canonical(&o, tw_answer_opts, a));
	tw_jw_str(&w, "system", system);
	tw_jw_end(&w);
	*out = tw_str_dup(&s, a);
	tw_str_release(&s);
	return TW_OK;
}

static bool is_known(const struct tw_opt *opts, const char *key)
{
	for (; opts->name; opts++)
		if (strcmp(opts->name, key) == 0)
			return true;
	return false;
}

/* Stored settings may be older than this program: an option that is gone must not keep a deployment from serving. */
static const struct tw_json *known_settings(struct tw_serving *s, const struct tw_json *v,
					    const struct tw_opt *opts)
{
	if (!v || v->type != TW_JSON_OBJECT)
		return v;
	struct tw_json *out = TW_NEW(&s->arena, struct tw_json);
	*out = *v;
	out->child = NULL;
	out->n = 0;
	struct tw_json **end = &out->child;
	for (const struct tw_json *m = v->child; m; m = m->next) {
		if (!is_known(opts, m->key)) {
			tw_warn("%s: %s.%s is no option any more and is passed over", s->what.label,
				v->key, m->key);
			continue;
		}
		*end = TW_NEW(&s->arena, struct tw_json);
		**end = *m;
		(*end)->next = NULL;
		end = &(*end)->next;
		out->n++;
	}
	return out;
}

static enum tw_status read_section(void *out, const struct tw_opt *opts, struct tw_serving *s,
				   const struct tw_json *all, const char *section,
				   const char *where, struct tw_err *err)
{
	const struct tw_json *v = known_settings(s, tw_json_get(all, section), opts);
	return tw_opt_parse(out, opts, v, where, s->env.conf->dir, &s->arena, err);
}

static enum tw_status read_settings(struct tw_serving *s, struct tw_err *err)
{
	struct tw_json *v;
	const char *text = s->what.settings ? s->what.settings : "{}";
	const char *where = tw_sprintf(&s->arena, "settings of %s", s->what.label);
	enum tw_status st = tw_json_parse(&v, text, strlen(text), &s->arena, err);
	if (st == TW_OK)
		st = read_section(&s->retrieval, tw_retrieval_opts, s, v, "retrieval", where, err);
	if (st == TW_OK)
		st = read_section(&s->answer, tw_answer_opts, s, v, "answer", where, err);
	if (st != TW_OK)
		return tw_wrap(err, st, "%s", where);
	s->system = s->what.system;
	if (!s->system)
		s->system = tw_json_str(tw_json_get(v, "system"), NULL);
	return s->system ? TW_OK : tw_answer_system_prompt(&s->system, s->env.conf, err);
}

/* --- embedder --- */

static enum tw_status open_embedder(struct tw_serving *s, const char *spec, const char *digest,
				    struct tw_err *err)
{
	struct tw_llm_options o = llm_options(s);
	if (s->env.embed_http)
		o.http = s->env.embed_http;
	enum tw_status st = tw_embedder_open(&s->embedder, s->env.embedders, spec, &o, err);
	if (st != TW_OK || !digest)
		return st;
	const char *got = tw_embedder_info(s->embedder)->digest.hex;
	if (tw_streq(got, digest))
		return TW_OK;
	st = tw_fail(
		err, TW_CONFLICT,
		"embedder %s is not the one that %s@v%d was made with (%.12s, not %.12s); put that "
		"model back, or run `twin run` to embed and train again",
		spec, s->what.embeddings.name, s->what.embeddings.version, got, digest);
	tw_embedder_close(s->embedder);
	s->embedder = NULL;
	return st;
}

/* The spec stored with the view first; when that file is gone or changed, the configured one if it is the same model. */
static enum tw_status open_pinned_embedder(struct tw_serving *s, struct tw_err *err)
{
	const struct tw_view *v = &s->what.embeddings;
	const char *spec =
		v->model_spec && v->model_spec[0] ? v->model_spec : s->env.conf->embedder;
	enum tw_status st = open_embedder(s, spec, v->model_digest, err);
	if (st == TW_OK || tw_streq(spec, s->env.conf->embedder))
		return st;
	struct tw_err second = TW_ERR_INIT;
	if (open_embedder(s, s->env.conf->embedder, v->model_digest, &second) != TW_OK)
		return st;
	tw_err_clear(err);
	return TW_OK;
}

/* With "base" the configured embedder decides which embeddings are taken. */
static enum tw_status open_base_embedder(struct tw_serving *s, struct tw_err *err)
{
	enum tw_status st = open_embedder(s, s->env.conf->embedder, NULL, err);
	if (st != TW_OK)
		return st;
	return tw_resolve_embeddings(&s->what.embeddings, &s->env, &s->what.chunks,
				     tw_embedder_info(s->embedder)->digest.hex, &s->arena, err);
}

enum tw_status tw_serving_embed(float **out, int *dim, struct tw_serving *s,
				const struct tw_bytes *texts, size_t n, struct tw_arena *a,
				struct tw_err *err)
{
	*dim = tw_embedder_info(s->embedder)->dim;
	*out = TW_NEW_ARRAY(a, n * (size_t)*dim, float);
	pthread_mutex_lock(&s->embed_lock);
	enum tw_status st = tw_embed(*out, s->embedder, texts, n, err);
	pthread_mutex_unlock(&s->embed_lock);
	return st;
}

static enum tw_status embed_one(void *ctx, float **out, int *dim, const char *text,
				struct tw_arena *a, struct tw_err *err)
{
	const struct tw_bytes b = {text, strlen(text)};
	return tw_serving_embed(out, dim, ctx, &b, 1, a, err);
}

static int count_embed(void *ctx, const char *text, size_t len)
{
	return tw_serving_count_embed(ctx, text, len);
}

int tw_serving_count_embed(struct tw_serving *s, const char *text, size_t len)
{
	return tw_embedder_count(s->embedder, text, len);
}

/* --- LLM --- */

static enum tw_status open_llm(struct tw_serving *s, const char *spec, struct tw_err *err)
{
	const struct tw_resolved *w = &s->what;
	struct tw_llm_options o = llm_options(s);
	if (w->adapter[0]) {
		enum tw_status st =
			tw_blob_path(&o.adapter, s->env.blobs, w->adapter, &s->arena, err);
		if (st == TW_OK)
			st = tw_blob_verify(s->env.blobs, w->adapter, err);
		if (st != TW_OK)
			return tw_wrap(err, st, "adapter of %s", w->label);
	}
	struct tw_llm *llm;
	enum tw_status st = tw_llm_open(&llm, s->env.llms, spec, &o, err);
	if (st != TW_OK)
		return st;
	const struct tw_llm_info *i = tw_llm_info(llm);
	if (w->llm_digest[0] && !tw_streq(i->digest.hex, w->llm_digest))
		st = tw_fail(
			err, TW_CONFLICT,
			"%s is not the base model that %s was trained on (%.12s, not %.12s); put "
			"that model back, or train again with `twin run`",
			spec, w->label, i->digest.hex, w->llm_digest);
	else if (w->template_digest[0] && !tw_streq(i->template_digest.hex, w->template_digest))
		st = tw_fail(
			err, TW_CONFLICT,
			"the chat template of %s is not the one that %s was trained with; train "
			"again with `twin run`",
			spec, w->label);
	if (st == TW_OK)
		s->llm = llm;
	else
		tw_llm_close(llm);
	return st;
}

static enum tw_status open_pinned_llm(struct tw_serving *s, struct tw_err *err)
{
	const char *spec = s->what.llm_spec, *configured = s->env.conf->llm;
	enum tw_status st = open_llm(s, spec, err);
	if (st == TW_OK || tw_streq(spec, configured) || !s->what.llm_digest[0])
		return st;
	struct tw_err second = TW_ERR_INIT;
	if (open_llm(s, configured, &second) != TW_OK)
		return st;
	tw_err_clear(err);
	return TW_OK;
}

enum tw_status tw_serving_llm(struct tw_llm **out, struct tw_serving *s, struct tw_err *err)
{
	pthread_mutex_lock(&s->llm_lock);
	enum tw_status st = s->llm ? TW_OK : open_pinned_llm(s, err);
	*out = s->llm;
	pthread_mutex_unlock(&s->llm_lock);
	return st;
}

/* --- the handle --- */

static void fill_info(struct tw_serving *s)
{
	const struct tw_resolved *w = &s->what;
	struct tw_arena *a = &s->arena;
	s->info = (struct tw_serving_info){
		.revision = w->revision,
		.model = w->model,
		.label = w->label,
		.service = w->service,
		.chunks = w->chunks.digest,
		.embeddings = w->embeddings.digest,
		.chunks_ref = tw_sprintf(a, "%s@v%d", w->chunks.name, w->chunks.version),
		.embeddings_ref =
			tw_sprintf(a, "%s@v%d", w->embeddings.name, w->embeddings.version),
		.llm_spec = w->llm_spec,
		.adapter = w->adapter,
		.settings = w->settings,
	};
}

static enum tw_status make_retriever(struct tw_serving *s, struct tw_err *err)
{
	const struct tw_retrieve_env env = {
		.fs = s->env.fs,
		.chunks = s->info.chunks,
		.embeddings = s->info.embeddings,
		.options = &s->retrieval,
		.embed = embed_one,
		.embed_ctx = s,
		.count = count_embed,
	};
	return tw_hybrid_retriever_new(&s->retriever, &env, err);
}

enum tw_status tw_deployment_open(struct tw_serving **out, const struct tw_inference_env *env,
				  const char *ref, struct tw_err *err)
{
	struct tw_serving *s = tw_xcalloc(1, sizeof(*s));
	s->env = *env;
	tw_arena_init(&s->arena);
	pthread_mutex_init(&s->embed_lock, NULL);
	pthread_mutex_init(&s->llm_lock, NULL);
	enum tw_status st = tw_resolve(&s->what, env, ref, &s->arena, err);
	if (st == TW_OK)
		st = read_settings(s, err);
	if (st == TW_OK)
		st = s->what.embeddings.digest ? open_pinned_embedder(s, err)
					       : open_base_embedder(s, err);
	if (st == TW_OK) {
		fill_info(s);
		st = make_retriever(s, err);
	}
	if (st == TW_OK)
		*out = s;
	else
		tw_serving_close(s);
	return st;
}

void tw_serving_close(struct tw_serving *s)
{
	if (!s)
		return;
	tw_hybrid_retriever_free(s->retriever);
	tw_embedder_close(s->embedder);
	tw_llm_close(s->llm);
	pthread_mutex_destroy(&s->embed_lock);
	pthread_mutex_destroy(&s->llm_lock);
	tw_arena_release(&s->arena);
	free(s);
}

const struct tw_serving_info *tw_serving_info(const struct tw_serving *s)
{
	return &s->info;
}

const struct tw_inference_env *tw_serving_env(const struct tw_serving *s)
{
	return &s->env;
}

const struct tw_retrieval_options *tw_serving_retrieval(const struct tw_serving *s)
{
	return &s->retrieval;
}

const struct tw_answer_options *tw_serving_answer_options(const struct tw_serving *s)
{
	return &s->answer;
}

const char *tw_serving_system_prompt(const struct tw_serving *s)
{
	return s->system;
}

struct tw_retriever *tw_serving_retriever(struct tw_serving *s)
{
	return s->retriever;
}

const struct tw_embedder_info *tw_serving_embedder_info(const struct tw_serving *s)
{
	return tw_embedder_info(s->embedder);
}

enum tw_status tw_deployment_active(int64_t *revision, struct tw_model_registry *mr,
				    struct tw_err *err)
{
	struct tw_arena a;
	struct tw_deployment d;
	tw_arena_init(&a);
	enum tw_status st = tw_mr_deployment(&d, mr, 0, &a, err);
	if (st == TW_NOT_FOUND) {
		tw_err_clear(err);
		st = TW_OK;
		d.revision = 0;
	}
	if (st == TW_OK)
		*revision = d.revision;
	tw_arena_release(&a);
	return st;
}
