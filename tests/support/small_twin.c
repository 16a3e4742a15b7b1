#include "support/small_twin.h"

#include <unistd.h>

#include "base/fs.h"
#include "core/document_store.h"
#include "support/store_fixture.h"

#define DAY_MS 86400000

const struct small_doc small_mara[] = {
	{"wheel.md", "Truing a wheel",
	 "Pluck the spokes first and listen. A dull spoke is loose, a shrill spoke is tight.\n\n"
	 "Turn the nipple a quarter turn, spin the wheel, look again.\n\n"
	 "Squeeze the spokes in pairs with gloves on.",
	 "https://mara.example/wheel"},
	{"bread.md", "Everyday bread",
	 "The loaf is flour, water, salt and the starter, which is called Lodger.\n\n"
	 "Bake the loaf in a covered iron pot, forty minutes in all.",
	 NULL},
	{"tea.md", "How I make tea",
	 "Four minutes in the brown pot, then the milk. Never milk before the leaves.", NULL},
};

static const struct tw_field chunk_schema[] = {
	{"heading", TW_FIELD_TEXT, 3, "where it stands"},
	{"text", TW_FIELD_TEXT, 1, "the passage"},
	{"title", TW_FIELD_TEXT, 0, "of the document"},
	{"url", TW_FIELD_TEXT, 0, "of the document"},
	{0},
};

static const struct tw_field embedding_schema[] = {
	{"vector", TW_FIELD_VECTOR, 0, "of the chunk"},
	{0},
};

static void write_config(struct small_twin *t, const char *llm, const char *more)
{
	char *path = tw_path_join(&t->a, t->dir, "twin.yaml");
	char *text = tw_sprintf(&t->a,
				"twin: Mara Lindqvist\n"
				"sources: [{type: dir, path: .}]\n"
				"models: {llm: \"echo:%s\", embedder: \"echo:1\"}\n%s",
				llm, more ? more : "");
	assert_ok(tw_write_file(path, text, strlen(text), &t->err), &t->err);
	assert_ok(tw_config_load(&t->conf, t->dir, &t->err), &t->err);
}

static void open_stores(struct small_twin *t)
{
	const char *db = tw_path_join(&t->a, t->dir, "features.db");
	assert_ok(tw_fs_open(&t->fs, db, &t->err), &t->err);
	db = tw_path_join(&t->a, t->dir, "models.db");
	assert_ok(tw_mr_open(&t->mr, db, &t->err), &t->err);
	const char *blobs = tw_path_join(&t->a, t->dir, "blobs");
	assert_ok(tw_blobs_open(&t->blobs, blobs, &t->err), &t->err);
	t->env = (struct tw_inference_env){
		.fs = t->fs,
		.mr = t->mr,
		.blobs = t->blobs,
		.llms = echo_llms,
		.embedders = echo_embedders,
		.conf = t->conf,
	};
}

void small_twin_open(struct small_twin *t, const char *llm, const char *more)
{
	static unsigned n;
	*t = (struct small_twin){0};
	tw_arena_init(&t->a);
	snprintf(t->dir, sizeof(t->dir), "%s/twin-%d-%u", tmp_dir(), (int)getpid(), n++);
	assert_ok(tw_mkdirs(t->dir, &t->err), &t->err);
	write_config(t, llm, more);
	open_stores(t);
}

void small_twin_open_at(struct small_twin *t, const char *dir)
{
	*t = (struct small_twin){0};
	tw_arena_init(&t->a);
	snprintf(t->dir, sizeof(t->dir), "%s", dir);
	assert_ok(tw_config_load(&t->conf, t->dir, &t->err), &t->err);
	open_stores(t);
}

void small_twin_close(struct small_twin *t)
{
	tw_blobs_close(t->blobs);
	tw_mr_close(t->mr);
	tw_fs_close(t->fs);
	tw_config_free(t->conf);
	tw_arena_release(&t->a);
}

void small_twin_collect(struct small_twin *t, const struct small_doc *docs, size_t n)
{
	struct tw_pass *p;
	struct tw_pass_stats stats;
	assert_ok(tw_pass_begin(&p, t->fs, "posts", &t->err), &t->err);
	for (size_t i = 0; i < n; i++) {
		const struct tw_document d = {
			.key = docs[i].key,
			.title = docs[i].title,
			.url = docs[i].url,
			.media = "text/markdown",
			.created_ms = (18700 + (int64_t)i) * DAY_MS,
			.body = {docs[i].body, strlen(docs[i].body)},
		};
		assert_ok(tw_pass_put(p, &d, NULL, &t->err), &t->err);
	}
	assert_ok(tw_pass_end(p, true, &stats, &t->err), &t->err);
}

/* --- features --- */

static struct tw_digest embedder_digest(struct small_twin *t)
{
	struct tw_embedder *e;
	assert_ok(tw_embedder_open(&e, echo_embedders, t->conf->embedder, NULL, &t->err), &t->err);
	struct tw_digest d = tw_embedder_info(e)->digest;
	tw_embedder_close(e);
	return d;
}

static const char *declare_view(struct small_twin *t, const char *name, const char *version,
				const struct tw_field *schema, const char *input, const char *model)
{
	const char *digest = tw_sprintf(&t->a, "%s %s", name, version);
	const char **inputs = TW_NEW_ARRAY(&t->a, 2, const char *);
	inputs[0] = input;
	struct tw_view v = {
		.digest = tw_strdup(&t->a, tw_sha256(digest, strlen(digest)).hex),
		.name = name,
		.code_version = 1,
		.params = tw_sprintf(&t->a, "{\"version\":\"%s\"}", version),
		.schema = schema,
		.inputs = inputs,
		.n_inputs = 1,
		.model_digest = model,
		.model_spec = model[0] ? t->conf->embedder : "",
		.tokenizer_digest = "",
	};
	assert_ok(tw_fs_view_declare(&v, t->fs, &t->err), &t->err);
	return v.digest;
}

struct small_features small_twin_declare(struct small_twin *t, const char *version)
{
	struct small_features f;
	const char *model = tw_strdup(&t->a, embedder_digest(t).hex);
	f.chunks = declare_view(t, "chunks", version, chunk_schema, "documents", "");
	f.embeddings = declare_view(t, "embeddings", version, embedding_schema, f.chunks, model);
	const char *views[] = {f.chunks, f.embeddings};
	struct tw_service s = {.name = "twin", .views = views, .n_views = 2};
	assert_ok(tw_fs_service_put(&s, t->fs, &t->a, &t->err), &t->err);
	f.service = s.digest;
	return f;
}

static void chunk_rows(struct tw_rows *out, const struct small_twin *t, const char *doc)
{
	struct tw_document d;
	struct tw_err err = TW_ERR_INIT;
	assert_ok(tw_fs_document(&d, t->fs, doc, 0, out->arena, &err), &err);
	char *p = tw_strndup(out->arena, d.body.data, d.body.len);
	while (p) {
		char *end = strstr(p, "\n\n");
		struct tw_row *r = tw_rows_add(out, doc);
		if (end)
			*end = '\0';
		tw_row_set_str(out, r, "heading", d.title);
		tw_row_set_str(out, r, "text", p);
		tw_row_set_str(out, r, "title", d.title);
		tw_row_set_str(out, r, "url", d.url);
		p = end ? end + 2 : NULL;
	}
}

static void embedding_rows(struct tw_rows *out, struct small_twin *t, const char *chunks,
			   const char *doc)
{
	struct tw_rows in;
	struct tw_embedder *e;
	assert_ok(tw_fs_rows(&in, t->fs, chunks, doc, out->arena, &t->err), &t->err);
	assert_ok(tw_embedder_open(&e, echo_embedders, t->conf->embedder, NULL, &t->err), &t->err);
	int dim = tw_embedder_info(e)->dim;
	float *vec = TW_NEW_ARRAY(out->arena, (size_t)dim, float);
	for (size_t i = 0; i < in.n; i++) {
		const char *text =
			tw_sprintf(out->arena, "%s\n\n%s", tw_row_cstr(&in, &in.at[i], "heading"),
				   tw_row_cstr(&in, &in.at[i], "text"));
		const struct tw_bytes b = {text, strlen(text)};
		assert_ok(tw_embed(vec, e, &b, 1, &t->err), &t->err);
		tw_row_set_vector(out, tw_rows_add(out, doc), "vector", vec, dim);
	}
	tw_embedder_close(e);
}

static void compute(struct small_twin *t, const char *view, const char *chunks)
{
	struct tw_stale stale;
	assert_ok(tw_fs_stale(&stale, t->fs, view, &t->a, &t->err), &t->err);
	for (size_t i = 0; i < stale.n; i++) {
		struct tw_rows rows;
		const struct tw_doc_rows d = {stale.at[i].doc, stale.at[i].input_digest, &rows};
		tw_rows_init(&rows, chunks ? embedding_schema : chunk_schema, &t->a);
		if (d.input_digest[0] && chunks)
			embedding_rows(&rows, t, chunks, d.doc);
		else if (d.input_digest[0])
			chunk_rows(&rows, t, d.doc);
		assert_ok(tw_fs_commit(t->fs, view, &d, 1, -1, &t->err), &t->err);
	}
	assert_ok(tw_fs_commit(t->fs, view, NULL, 0, stale.watermark, &t->err), &t->err);
}

void small_twin_compute(struct small_twin *t, const struct small_features *f)
{
	compute(t, f->chunks, NULL);
	compute(t, f->embeddings, f->chunks);
}

/* --- models --- */

int small_twin_register(struct small_twin *t, const struct small_features *f)
{
	struct tw_llm *llm;
	assert_ok(tw_llm_open(&llm, echo_llms, t->conf->llm, NULL, &t->err), &t->err);
	const struct tw_llm_info *i = tw_llm_info(llm);
	struct tw_model_version v = {
		.service = f->service,
		.dataset = "",
		.base_digest = i->digest.hex,
		.base_spec = t->conf->llm,
		.adapter = "",
		.signature = tw_sprintf(&t->a,
					"{\"system\":\"You are Mara.\",\"template_digest\":\"%s\","
					"\"embedder_digest\":\"%s\"}",
					i->template_digest.hex, embedder_digest(t).hex),
		.metrics = "{}",
		.tainted = "",
	};
	assert_ok(tw_mr_model_put(&v, t->mr, &t->err), &t->err);
	tw_llm_close(llm);
	return v.version;
}

int64_t small_twin_deploy(struct small_twin *t, int model, const struct small_features *f)
{
	char *settings;
	assert_ok(tw_serving_settings(&settings, t->conf, &t->a, &t->err), &t->err);
	struct tw_deployment d = {
		.model = model, .service = f->service, .settings = settings, .reason = "promote"};
	assert_ok(tw_mr_deploy(&d, t->mr, &t->err), &t->err);
	return d.revision;
}

void small_twin_mara(struct small_twin *t, const char *llm, const char *more)
{
	small_twin_open(t, llm, more);
	small_twin_collect(t, small_mara, SMALL_MARA_N);
	struct small_features f = small_twin_declare(t, "1");
	small_twin_compute(t, &f);
	small_twin_deploy(t, small_twin_register(t, &f), &f);
}
