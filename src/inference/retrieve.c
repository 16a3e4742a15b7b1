#include "inference/retrieve.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/text.h"
#include "core/document_store.h"
#include "inference/evidence.h"
#include "inference/fuse.h"
#include "inference/passages.h"

struct hybrid {
	struct tw_retriever iface;
	struct tw_retrieve_env env;
	int64_t rows; /* of the chunks, when it was opened */
};

/* BM25 and cosine candidates, fused. *vec is the question's vector. */
static enum tw_status candidates(struct tw_fusion *out, struct hybrid *h, const char *query,
				 float **vec, int *dim, struct tw_arena *a, struct tw_err *err)
{
	const struct tw_retrieve_env *e = &h->env;
	size_t n = (size_t)e->options->candidates;
	struct tw_hits text, near;
	enum tw_status st = e->embed(e->embed_ctx, vec, dim, query, a, err);
	if (st == TW_OK)
		st = tw_fs_search_text(&text, e->fs, e->chunks, query, n, a, err);
	if (st == TW_OK)
		st = tw_fs_search_vector(&near, e->fs, e->embeddings, *vec, *dim, n, a, err);
	if (st == TW_OK)
		tw_fuse(out, &text, &near, e->options->rrf_k, a);
	return st;
}

static enum tw_status search(struct tw_passages *out, struct tw_retriever *r, const char *query,
			     size_t k, struct tw_arena *a, struct tw_err *err)
{
	struct hybrid *h = (struct hybrid *)r;
	struct tw_str clean = TW_STR_INIT;
	struct tw_fusion found;
	float *vec;
	int dim;
	*out = (struct tw_passages){0};
	tw_utf8_repair(&clean, query, strlen(query));
	tw_str_trim(&clean);
	const char *q = tw_str_dup(&clean, a);
	tw_str_release(&clean);
	if (!q[0] || k == 0)
		return TW_OK;
	enum tw_status st = candidates(&found, h, q, &vec, &dim, a, err);
	if (st == TW_OK)
		st = tw_evidence(&found, &h->env, h->rows, q, vec, dim, a, err);
	if (st == TW_OK)
		st = tw_passages_make(out, &h->env, &found, k, a, err);
	return st;
}

enum tw_status tw_hybrid_retriever_new(struct tw_retriever **out, const struct tw_retrieve_env *env,
				       struct tw_err *err)
{
	struct tw_arena a;
	struct tw_view v;
	tw_arena_init(&a);
	enum tw_status st = tw_fs_view(&v, env->fs, env->chunks, &a, err);
	if (st == TW_OK) {
		struct hybrid *h = tw_xcalloc(1, sizeof(*h));
		h->iface.search = search;
		h->env = *env;
		h->rows = v.rows;
		*out = &h->iface;
	}
	tw_arena_release(&a);
	return st;
}

void tw_hybrid_retriever_free(struct tw_retriever *r)
{
	free(r);
}
