/*
 * View "chunks": passages for retrieval. A short document stays whole; a longer
 * one is cut along its headings, then at sentences, into passages within the
 * budget of the embedder's own tokens. `text` is a verbatim piece of the scrubbed
 * text, `heading` says where it stands; both together are what is embedded.
 */
#include "feature/chunks_int.h"

#include <string.h>

#include "feature/feature.h"

static const struct tw_opt opts[] = {
	{"max_tokens", TW_OPT_INT, offsetof(struct chunks, max_tokens), .def = "200", .min = 32,
	 .max = 8000, .help = "budget of a passage with its heading, in the embedder's tokens"},
	{"min_tokens", TW_OPT_INT, offsetof(struct chunks, min_tokens), .def = "40", .min = 0,
	 .max = 4000, .help = "a section shorter than this is joined with the next when both fit"},
	{"overlap", TW_OPT_INT, offsetof(struct chunks, overlap), .def = "1", .min = 0, .max = 10,
	 .help = "sentences that a passage repeats from the one before"},
	{0},
};

/* Weights measured on questions made from titles: see the bench of retrieval. */
static const struct tw_field schema[] = {
	{"heading", TW_FIELD_TEXT, 3, "\"Title > Section > Sub\""},
	{"text", TW_FIELD_TEXT, 1, "verbatim piece of the scrubbed text"},
	{"title", TW_FIELD_TEXT, 0, "of the document"},
	{"start", TW_FIELD_INT, 0, "offset in the scrubbed text, bytes"},
	{"end", TW_FIELD_INT, 0, "offset of its end"},
	{"tokens", TW_FIELD_INT, 0, "of heading and text together"},
	{"budget", TW_FIELD_INT, 0, "tokens that it may have"},
	{"url", TW_FIELD_TEXT, 0, "where a reader finds it"},
	{"created_ms", TW_FIELD_INT, 0, "first publication, 0 unknown"},
	{0},
};

static const char *const inputs[] = {"scrub", "duplicates", NULL};

static enum tw_status open_chunks(void *ctx, const struct tw_transform_env *env, struct tw_err *err)
{
	struct chunks *o = ctx;
	o->embedder = env->embedder;
	const struct tw_embedder_info *info = tw_embedder_info(o->embedder);
	if (info->max_tokens > 0 && o->max_tokens > info->max_tokens)
		return tw_fail(
			err, TW_BAD_USE,
			"features.chunks.max_tokens is %lld, but the embedder %s cuts text at %d; "
			"set it to %d or less",
			(long long)o->max_tokens, info->name ? info->name : info->spec,
			info->max_tokens, info->max_tokens);
	return TW_OK;
}

bool tw_is_canonical(const struct tw_rows *duplicates)
{
	return !duplicates->n || tw_row_int(duplicates, &duplicates->at[0], "canonical");
}

char *tw_embed_text(const char *heading, struct tw_bytes text, struct tw_arena *a)
{
	return heading[0] ? tw_sprintf(a, "%s\n\n%.*s", heading, (int)text.len, text.data)
			  : tw_strndup(a, text.data, text.len);
}

int64_t tw_chunk_tokens(const struct chunks *o, const char *heading, const char *text, size_t n,
			struct tw_arena *a)
{
	const char *all = tw_embed_text(heading, (struct tw_bytes){text, n}, a);
	return tw_embedder_count(o->embedder, all, strlen(all));
}

static void add_row(struct tw_rows *out, const char *doc, const struct chunks *o,
		    const struct tw_rows *in, const struct chunk *c)
{
	const struct tw_row *from = &in->at[0];
	const struct tw_bytes all = tw_row_text(in, from, "text");
	const struct tw_bytes text = {all.data + c->start, c->end - c->start};
	struct tw_row *r = tw_rows_add(out, doc);
	tw_row_set_str(out, r, "heading", c->heading);
	tw_row_set_text(out, r, "text", text.data, text.len);
	tw_row_set_str(out, r, "title", tw_row_cstr(in, from, "title"));
	tw_row_set_int(out, r, "start", (int64_t)c->start);
	tw_row_set_int(out, r, "end", (int64_t)c->end);
	tw_row_set_int(out, r, "tokens", c->tokens);
	tw_row_set_int(out, r, "budget", o->max_tokens);
	tw_row_set_str(out, r, "url", tw_row_cstr(in, from, "url"));
	tw_row_set_int(out, r, "created_ms", tw_row_int(in, from, "created_ms"));
}

static enum tw_status apply(struct tw_rows *out, void *ctx, const char *doc,
			    const struct tw_rows *in, struct tw_arena *a, struct tw_err *err)
{
	const struct chunks *o = ctx;
	struct chunk_list list = {0};
	(void)err;
	if (!in[0].n || !tw_is_canonical(&in[1]))
		return TW_OK;
	const struct tw_bytes text = tw_row_text(&in[0], &in[0].at[0], "text");
	const char *title = tw_row_cstr(&in[0], &in[0].at[0], "title");
	if (!text.len)
		return TW_OK;
	const struct chunk whole = {title, 0, text.len,
				    tw_chunk_tokens(o, title, text.data, text.len, a)};
	if (whole.tokens <= o->max_tokens)
		tw_vec_push(&list, whole);
	else
		tw_chunk_sections(&list, o, title, text, a);
	for (size_t i = 0; i < list.n; i++)
		add_row(out, doc, o, &in[0], &list.at[i]);
	tw_vec_release(&list);
	return TW_OK;
}

const struct tw_transform_type tw_transform_chunks = {
	.name = "chunks",
	.help = "passages for retrieval",
	.code_version = 2,
	.inputs = inputs,
	.schema = schema,
	.opts = opts,
	.ctx_size = sizeof(struct chunks),
	.flags = TW_NEEDS_TOKENIZER,
	.open = open_chunks,
	.apply = apply,
};
