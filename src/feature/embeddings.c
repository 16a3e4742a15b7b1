/*
 * View "embeddings": the vector of each chunk, row for row, of its heading and
 * text together. The view's digest holds the embedder's: vectors of two models
 * never meet.
 */
#include <stdlib.h>
#include <string.h>

#include "core/embedder.h"
#include "feature/chunks_int.h"
#include "feature/feature.h"

struct embeddings {
	struct tw_embedder *embedder;
};

static const struct tw_field schema[] = {
	{"vector", TW_FIELD_VECTOR, 0, "of length 1; its ord is the chunk's"},
	{0},
};

static const char *const inputs[] = {"chunks", NULL};

static enum tw_status open_embeddings(void *ctx, const struct tw_transform_env *env,
				      struct tw_err *err)
{
	struct embeddings *o = ctx;
	(void)err;
	o->embedder = env->embedder;
	return TW_OK;
}

static enum tw_status apply(struct tw_rows *out, void *ctx, const char *doc,
			    const struct tw_rows *in, struct tw_arena *a, struct tw_err *err)
{
	const struct embeddings *o = ctx;
	size_t n = in[0].n, dim = (size_t)tw_embedder_info(o->embedder)->dim;
	if (!n)
		return TW_OK;
	struct tw_bytes *texts = TW_NEW_ARRAY(a, n, struct tw_bytes);
	for (size_t i = 0; i < n; i++) {
		const struct tw_row *r = &in[0].at[i];
		texts[i].data = tw_embed_text(tw_row_cstr(&in[0], r, "heading"),
					      tw_row_text(&in[0], r, "text"), a);
		texts[i].len = strlen(texts[i].data);
	}
	float *vectors = TW_NEW_ARRAY(a, n * dim, float);
	enum tw_status st = tw_embed(vectors, o->embedder, texts, n, err);
	for (size_t i = 0; st == TW_OK && i < n; i++) {
		struct tw_row *r = tw_rows_add(out, doc);
		tw_row_set_vector(out, r, "vector", vectors + i * dim, (int)dim);
	}
	return st;
}

const struct tw_transform_type tw_transform_embeddings = {
	.name = "embeddings",
	.help = "vectors of the chunks",
	.code_version = 1,
	.inputs = inputs,
	.schema = schema,
	.ctx_size = sizeof(struct embeddings),
	.flags = TW_NEEDS_EMBEDDER,
	.open = open_embeddings,
	.apply = apply,
};
