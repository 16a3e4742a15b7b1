#include "core/embedder.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/spec.h"

struct tw_embedder {
	const struct tw_embedder_type *type;
	struct tw_embedder_info info;
	char *spec;
	pthread_mutex_t lock; /* held in embed() of a type that is not concurrent */
	void *ctx;
};

static void release(struct tw_embedder *e)
{
	pthread_mutex_destroy(&e->lock);
	free(e->ctx);
	free(e->spec);
	free(e);
}

static enum tw_status open_as(struct tw_embedder **out, const struct tw_embedder_type *type,
			      const char *spec, const char *rest, const struct tw_llm_options *o,
			      struct tw_err *err)
{
	struct tw_embedder *e = tw_xcalloc(1, sizeof(*e));
	e->type = type;
	e->spec = tw_xstrdup(spec);
	e->ctx = tw_xcalloc(1, type->ctx_size);
	e->info.spec = e->spec;
	pthread_mutex_init(&e->lock, NULL);
	enum tw_status st = type->open(e->ctx, rest, o, &e->info, err);
	if (st == TW_OK) {
		*out = e;
		return TW_OK;
	}
	release(e);
	return st;
}

enum tw_status tw_embedder_open(struct tw_embedder **out,
				const struct tw_embedder_type *const *types, const char *spec,
				const struct tw_llm_options *o, struct tw_err *err)
{
	static const struct tw_llm_options none;
	const void *type;
	const char *rest;
	enum tw_status st = tw_spec_find(&type, &rest, types, spec, err);
	return st == TW_OK ? open_as(out, type, spec, rest, o ? o : &none, err) : st;
}

void tw_embedder_hosts(struct tw_str *out, const struct tw_embedder_type *const *types,
		       const char *spec)
{
	const void *found;
	const char *rest;
	if (tw_spec_find(&found, &rest, types, spec, NULL) != TW_OK)
		return;
	const struct tw_embedder_type *type = found;
	if (type->hosts)
		type->hosts(rest, out);
}

void tw_embedder_close(struct tw_embedder *e)
{
	if (!e)
		return;
	if (e->type->close)
		e->type->close(e->ctx);
	release(e);
}

const struct tw_embedder_info *tw_embedder_info(const struct tw_embedder *e)
{
	return &e->info;
}

enum tw_status tw_embed(float *out, struct tw_embedder *e, const struct tw_bytes *texts, size_t n,
			struct tw_err *err)
{
	if (!n)
		return TW_OK;
	if (e->type->concurrent)
		return e->type->embed(out, e->ctx, texts, n, err);
	pthread_mutex_lock(&e->lock);
	enum tw_status st = e->type->embed(out, e->ctx, texts, n, err);
	pthread_mutex_unlock(&e->lock);
	return st;
}

int tw_embedder_count(struct tw_embedder *e, const char *text, size_t len)
{
	return e->type->count(e->ctx, text, len);
}
