#include "core/transform.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/plugin.h"

const struct tw_field tw_documents_schema[] = {
	{"title", TW_FIELD_TEXT, 0, "as the source gave it, \"\" for none"},
	{"author", TW_FIELD_TEXT, 0, "name, \"\" unknown"},
	{"url", TW_FIELD_TEXT, 0, "where a reader finds it"},
	{"lang", TW_FIELD_TEXT, 0, "BCP 47 tag, \"\" unknown"},
	{"media", TW_FIELD_TEXT, 0, "media type of the body"},
	{"extra", TW_FIELD_TEXT, 0, "JSON object of what else the source knows"},
	{"created_ms", TW_FIELD_INT, 0, "first publication, 0 unknown"},
	{"modified_ms", TW_FIELD_INT, 0, "last change, 0 unknown"},
	{"source", TW_FIELD_TEXT, 0, "name of the source"},
	{"key", TW_FIELD_TEXT, 0, "name within the source"},
	{"body", TW_FIELD_TEXT, 0, "as written"},
	{0},
};

struct tw_transform {
	const struct tw_transform_type *type;
	struct tw_arena arena; /* strings of the options */
	const char *params;
	void *ctx;
};

static void release(struct tw_transform *t)
{
	tw_arena_release(&t->arena);
	free(t->ctx);
	free(t);
}

enum tw_status tw_transform_new(struct tw_transform **out, const struct tw_transform_type *type,
				const struct tw_json *params, const char *where, const char *dir,
				const struct tw_transform_env *env, struct tw_err *err)
{
	assert(!type->apply != !type->apply_all);
	struct tw_transform *t = tw_xcalloc(1, sizeof(*t));
	t->type = type;
	t->ctx = tw_xcalloc(1, type->ctx_size ? type->ctx_size : 1);
	tw_arena_init(&t->arena);
	enum tw_status st = tw_opt_parse(t->ctx, type->opts, params, where, dir, &t->arena, err);
	if (st == TW_OK) {
		t->params = tw_opt_canonical(t->ctx, type->opts, &t->arena);
		st = type->open ? type->open(t->ctx, env, err) : TW_OK;
	}
	if (st == TW_OK)
		*out = t;
	else
		release(t);
	return st;
}

void tw_transform_free(struct tw_transform *t)
{
	if (!t)
		return;
	if (t->type->close)
		t->type->close(t->ctx);
	release(t);
}

const struct tw_transform_type *tw_transform_type(const struct tw_transform *t)
{
	return t->type;
}

const char *tw_transform_params(const struct tw_transform *t)
{
	return t->params;
}

enum tw_status tw_transform_apply(struct tw_rows *out, struct tw_transform *t, const char *doc,
				  const struct tw_rows *in, struct tw_arena *a, struct tw_err *err)
{
	assert(t->type->apply);
	tw_rows_init(out, t->type->schema, a);
	return t->type->apply(out, t->ctx, doc, in, a, err);
}

enum tw_status tw_transform_apply_all(struct tw_rows *out, struct tw_transform *t,
				      struct tw_row_reader *const *in, struct tw_arena *a,
				      struct tw_err *err)
{
	assert(t->type->apply_all);
	tw_rows_init(out, t->type->schema, a);
	return t->type->apply_all(out, t->ctx, in, a, err);
}

static void digest_schema(struct tw_hasher *h, const struct tw_field *schema)
{
	for (const struct tw_field *f = schema; f->name; f++) {
		tw_digest_str(h, f->name);
		tw_digest_i64(h, f->type);
		tw_digest_f64(h, f->search_weight);
	}
}

struct tw_digest tw_view_digest(const struct tw_transform_type *type, const char *params,
				const char *const *input_digests, const char *model_digest,
				const char *tokenizer_digest)
{
	struct tw_hasher *h = tw_hasher_new();
	tw_digest_str(h, type->name);
	tw_digest_i64(h, type->code_version);
	tw_digest_str(h, params);
	digest_schema(h, type->schema);
	for (size_t i = 0; type->inputs[i]; i++)
		tw_digest_str(h, input_digests[i]);
	tw_digest_str(h, model_digest ? model_digest : "");
	tw_digest_str(h, tokenizer_digest ? tokenizer_digest : "");
	return tw_hasher_end(h);
}

enum tw_status tw_transform_find(const struct tw_transform_type **out,
				 const struct tw_transform_type *const *types, const char *name,
				 struct tw_err *err)
{
	const void *found;
	enum tw_status st = tw_plugin_find(&found, types, "feature view", name, err);
	*out = found;
	return st;
}
