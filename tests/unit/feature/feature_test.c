#include "feature_test.h"

#include "base/fs.h"

struct tw_rows raw(struct tw_arena *a, const char *id, const char *title, const char *media,
		   const char *body)
{
	struct tw_rows rows;
	tw_rows_init(&rows, tw_documents_schema, a);
	struct tw_row *r = tw_rows_add(&rows, id);
	tw_row_set_str(&rows, r, "title", title);
	tw_row_set_str(&rows, r, "media", media);
	tw_row_set_str(&rows, r, "url", "https://example.org/post");
	tw_row_set_int(&rows, r, "created_ms", 1000);
	tw_row_set_str(&rows, r, "body", body);
	return rows;
}

static struct tw_transform *new_transform(struct tw_arena *a, const struct tw_transform_type *type,
					  const char *params, const struct tw_transform_env *env)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_transform *t;
	struct tw_json *v = NULL;
	static const struct tw_transform_env none;
	if (params)
		assert_ok(tw_json_parse(&v, params, strlen(params), a, &err), &err);
	assert_ok(tw_transform_new(&t, type, v, "test", ".", env ? env : &none, &err), &err);
	return t;
}

struct tw_rows apply(struct tw_arena *a, const struct tw_transform_type *type, const char *params,
		     const struct tw_transform_env *env, const char *doc, const struct tw_rows *in)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_transform *t = new_transform(a, type, params, env);
	struct tw_rows out;
	assert_ok(tw_transform_apply(&out, t, doc, in, a, &err), &err);
	tw_transform_free(t);
	return out;
}

struct list_reader {
	struct tw_row_reader r;
	const struct tw_rows *rows;
	size_t at;
};

static enum tw_status next_document(struct tw_row_reader *r, struct tw_rows *out,
				    struct tw_arena *a, struct tw_err *err)
{
	struct list_reader *l = (struct list_reader *)r;
	(void)a;
	(void)err;
	if (l->at == l->rows->n)
		return TW_DONE;
	size_t from = l->at;
	while (l->at < l->rows->n && strcmp(l->rows->at[l->at].doc, l->rows->at[from].doc) == 0)
		l->at++;
	*out = *l->rows;
	out->at += from;
	out->n = out->cap = l->at - from;
	return TW_OK;
}

struct tw_row_reader *reader_of(const struct tw_rows *rows)
{
	struct list_reader *l = calloc(1, sizeof(*l));
	l->r.next = next_document;
	l->rows = rows;
	return &l->r;
}

struct tw_rows apply_all(struct tw_arena *a, const struct tw_transform_type *type,
			 const char *params, const struct tw_rows *in, size_t n)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_transform *t = new_transform(a, type, params, NULL);
	struct tw_row_reader *readers[TW_TRANSFORM_MAX_INPUTS] = {NULL};
	struct tw_rows out;
	for (size_t i = 0; i < n; i++)
		readers[i] = reader_of(&in[i]);
	assert_ok(tw_transform_apply_all(&out, t, readers, a, &err), &err);
	for (size_t i = 0; i < n; i++)
		free(readers[i]);
	tw_transform_free(t);
	return out;
}

const char *cleaned(struct tw_arena *a, const char *media, const char *body)
{
	const struct tw_rows in = raw(a, "d", "A title of its own", media, body);
	const struct tw_rows out = apply(a, &tw_transform_clean, NULL, NULL, "d", &in);
	assert_int_equal(out.n, 1);
	return tw_row_cstr(&out, &out.at[0], "text");
}

struct tw_rows scrubbed(struct tw_arena *a, const char *id, const char *title, const char *body)
{
	const struct tw_rows in = raw(a, id, title, "text/markdown", body);
	const struct tw_rows clean = apply(a, &tw_transform_clean, NULL, NULL, id, &in);
	return apply(a, &tw_transform_scrub, NULL, NULL, id, &clean);
}

void append(struct tw_rows *to, const struct tw_rows *from)
{
	size_t fields = (size_t)tw_schema_count(from->schema);
	for (size_t i = 0; i < from->n; i++) {
		struct tw_row *r = tw_rows_add(to, from->at[i].doc);
		memcpy(r->cells, from->at[i].cells, fields * sizeof(*r->cells));
	}
}

const char *shared_data(struct tw_arena *a, const char *name)
{
	const char *dir = getenv("TWIN_SHARED_DATA");
	const char *path = tw_path_join(a, dir ? dir : "../shared/data", name);
	return tw_is_dir(path) ? path : NULL;
}

const char *body_of(struct tw_arena *a, const char *path)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_str s = TW_STR_INIT;
	assert_ok(tw_read_file(&s, path, 0, &err), &err);
	const char *text = tw_str_dup(&s, a);
	tw_str_release(&s);
	const char *end = strncmp(text, "---\n", 4) == 0 ? strstr(text + 4, "\n---\n") : NULL;
	return end ? end + 5 : text;
}
