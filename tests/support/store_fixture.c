#include "support/store_fixture.h"

#include <dirent.h>
#include <math.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/hash.h"
#include "normal.h"

const char *fresh_path(const char *suffix)
{
	static char bufs[8][512];
	static unsigned n;
	const char *dir = getenv("TWIN_TEST_TMP");
	char *buf = bufs[n % 8];

	snprintf(buf, sizeof(bufs[0]), "%s/store-%d-%u%s", dir ? dir : "/tmp", (int)getpid(), n++,
		 suffix);
	return buf;
}

const struct store_engine store_engines[] = {{"sqlite", fresh_path}, {NULL, NULL}};

struct tw_document doc_of(const char *key, const char *body)
{
	static char title[8][128], print[8][64];
	static unsigned n;
	unsigned i = n++ % 8;

	snprintf(title[i], sizeof(title[0]), "A title, %zu", strlen(body) % 7);
	snprintf(print[i], sizeof(print[0]), "%zu:%016llx", strlen(body),
		 (unsigned long long)tw_hash64(body, strlen(body), 0));
	return (struct tw_document){
		.key = key,
		.fingerprint = print[i],
		.title = title[i],
		.media = "text/plain",
		.created_ms = 1700000000000,
		.body = {body, strlen(body)},
	};
}

struct tw_pass_stats collect(struct tw_feature_store *fs, const char *src, ...)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_pass_stats stats;
	struct tw_pass *p;
	const char *key;
	va_list ap;

	assert_ok(tw_pass_begin(&p, fs, src, &err), &err);
	va_start(ap, src);
	while ((key = va_arg(ap, const char *))) {
		struct tw_document d = doc_of(key, va_arg(ap, const char *));
		assert_ok(tw_pass_put(p, &d, NULL, &err), &err);
	}
	va_end(ap);
	assert_ok(tw_pass_end(p, true, &stats, &err), &err);
	return stats;
}

const char *id_of(struct tw_feature_store *fs, const char *key, struct tw_arena *a)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_document d;

	assert_ok(tw_fs_document(&d, fs, key, 0, a, &err), &err);
	return d.id;
}

const struct tw_field text_schema[] = {
	{"text", TW_FIELD_TEXT, 1, "a line"},
	{"heading", TW_FIELD_TEXT, 2, "above it"},
	{"n", TW_FIELD_INT, 0, "which line"},
	{"score", TW_FIELD_REAL, 0, "a number"},
	{0},
};

const struct tw_field vector_schema[] = {
	{"vec", TW_FIELD_VECTOR, 0, "its meaning"},
	{"n", TW_FIELD_INT, 0, "which one"},
	{0},
};

const char *declare(struct tw_feature_store *fs, const char *name, const char *params,
		    const struct tw_field *schema, struct tw_arena *a, ...)
{
	const char *inputs[8];
	struct tw_view v = {.name = name,
			    .params = params,
			    .schema = schema,
			    .code_version = 1,
			    .model_digest = "",
			    .model_spec = "",
			    .tokenizer_digest = "",
			    .inputs = inputs};
	struct tw_hasher *h = tw_hasher_new();
	struct tw_err err = TW_ERR_INIT;
	va_list ap;

	tw_digest_str(h, name);
	tw_digest_str(h, params);
	va_start(ap, a);
	while ((inputs[v.n_inputs] = va_arg(ap, const char *)))
		tw_digest_str(h, inputs[v.n_inputs++]);
	va_end(ap);
	v.digest = tw_strdup(a, tw_hasher_end(h).hex);
	assert_ok(tw_fs_view_declare(&v, fs, &err), &err);
	return v.digest;
}

void add_text(struct tw_rows *rows, const char *doc, const char *text)
{
	struct tw_row *r = tw_rows_add(rows, doc);

	tw_row_set_str(rows, r, "text", text);
	tw_row_set_str(rows, r, "heading", "");
	tw_row_set_int(rows, r, "n", r->ord);
	tw_row_set_real(rows, r, "score", 0.5);
}

static void lines_of(struct tw_rows *out, const struct tw_rows *in, const char *doc)
{
	const char *field = tw_schema_index(in->schema, "body") >= 0 ? "body" : "text";

	for (size_t i = 0; i < in->n; i++) {
		char *copy = tw_strdup(out->arena, tw_row_cstr(in, &in->at[i], field)),
		     *save = NULL;
		for (char *s = strtok_r(copy, "\n", &save); s; s = strtok_r(NULL, "\n", &save))
			add_text(out, doc, s);
	}
}

size_t materialize(struct tw_feature_store *fs, const char *view, const char *input)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_stale stale;
	struct tw_arena a, one;

	tw_arena_init(&a);
	tw_arena_init(&one);
	assert_ok(tw_fs_stale(&stale, fs, view, &a, &err), &err);
	for (size_t i = 0; i < stale.n; i++) {
		struct tw_rows in, out;
		struct tw_doc_rows d = {stale.at[i].doc, stale.at[i].input_digest, &out};
		assert_ok(tw_fs_rows(&in, fs, input, d.doc, &one, &err), &err);
		tw_rows_init(&out, text_schema, &one);
		if (d.input_digest[0])
			lines_of(&out, &in, d.doc);
		assert_ok(tw_fs_commit(fs, view, &d, 1, -1, &err), &err);
		tw_arena_reset(&one);
	}
	assert_ok(tw_fs_commit(fs, view, NULL, 0, stale.watermark, &err), &err);
	tw_arena_release(&one);
	tw_arena_release(&a);
	return stale.n;
}

void fake_vector(float *out, int dim, uint64_t seed, size_t k)
{
	uint64_t state = seed * 1000003 + k;
	double sum = 0;

	for (int i = 0; i < dim; i++) {
		out[i] = (float)random_normal(&state);
		sum += (double)out[i] * out[i];
	}
	for (int i = 0; i < dim; i++)
		out[i] /= (float)sqrt(sum);
}

void put_vectors(struct tw_feature_store *fs, const char *view, const char *doc, size_t n, int dim,
		 uint64_t seed)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_rows rows;
	struct tw_arena a;
	float *v = malloc((size_t)dim * sizeof(*v));

	tw_arena_init(&a);
	tw_rows_init(&rows, vector_schema, &a);
	for (size_t i = 0; i < n; i++) {
		struct tw_row *r = tw_rows_add(&rows, doc);
		fake_vector(v, dim, seed, i);
		tw_row_set_vector(&rows, r, "vec", v, dim);
		tw_row_set_int(&rows, r, "n", (int64_t)i);
	}
	const struct tw_doc_rows d = {doc, tw_sprintf(&a, "%llu", (unsigned long long)seed), &rows};
	assert_ok(tw_fs_commit(fs, view, &d, 1, -1, &err), &err);
	tw_arena_release(&a);
	free(v);
}

static size_t file_holds(const char *path, const void *bytes, size_t len)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_str s = TW_STR_INIT;
	size_t n = 0;

	assert_ok(tw_read_file(&s, path, 0, &err), &err);
	for (const char *p = tw_str_c(&s), *end = p + s.len;
	     (p = memmem(p, (size_t)(end - p), bytes, len)); p++)
		n++;
	tw_str_release(&s);
	return n;
}

/* Every file whose name begins with that of the database, and those in folders of such names. */
static size_t folder_holds(const char *dir, const char *prefix, const void *bytes, size_t len)
{
	struct tw_arena a;
	const struct dirent *e;
	size_t n = 0;
	DIR *d = opendir(dir);

	assert_non_null(d);
	tw_arena_init(&a);
	while ((e = readdir(d))) {
		const char *path = tw_path_join(&a, dir, e->d_name);
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
		    !tw_starts_with(e->d_name, prefix))
			continue;
		n += tw_is_dir(path) ? folder_holds(path, "", bytes, len)
				     : file_holds(path, bytes, len);
	}
	closedir(d);
	tw_arena_release(&a);
	return n;
}

size_t files_hold(const char *url, const void *bytes, size_t len)
{
	struct tw_arena a;

	tw_arena_init(&a);
	size_t n = folder_holds(tw_path_dir(&a, url), tw_path_base(url), bytes, len);
	tw_arena_release(&a);
	return n;
}

int store_setup(void **state)
{
	struct store_world *w = calloc(1, sizeof(*w));

	snprintf(w->url, sizeof(w->url), "%s", store_engines[0].url(".db"));
	tw_arena_init(&w->a);
	*state = w;
	return tw_fs_open(&w->fs, w->url, &w->err) == TW_OK ? 0 : -1;
}

int store_teardown(void **state)
{
	struct store_world *w = *state;

	tw_fs_close(w->fs);
	tw_arena_release(&w->a);
	free(w);
	return 0;
}

void store_reopen(struct store_world *w)
{
	tw_fs_close(w->fs);
	w->fs = NULL;
	assert_ok(tw_fs_open(&w->fs, w->url, &w->err), &w->err);
}
