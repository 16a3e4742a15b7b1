#include "core/row.h"

#include <assert.h>
#include <string.h>

void tw_rows_init(struct tw_rows *rows, const struct tw_field *schema, struct tw_arena *a)
{
	*rows = (struct tw_rows){.schema = schema, .arena = a};
}

int tw_schema_count(const struct tw_field *schema)
{
	int n = 0;
	while (schema[n].name)
		n++;
	return n;
}

int tw_schema_index(const struct tw_field *schema, const char *field)
{
	for (int i = 0; schema[i].name; i++)
		if (strcmp(schema[i].name, field) == 0)
			return i;
	return -1;
}

static void grow(struct tw_rows *rows)
{
	size_t cap = rows->cap ? rows->cap * 2 : 8;
	struct tw_row *at = TW_NEW_ARRAY(rows->arena, cap, struct tw_row);
	if (rows->n)
		memcpy(at, rows->at, rows->n * sizeof(*at));
	rows->at = at;
	rows->cap = cap;
}

struct tw_row *tw_rows_add(struct tw_rows *rows, const char *doc)
{
	if (rows->n == rows->cap)
		grow(rows);
	const struct tw_row *before = rows->n ? &rows->at[rows->n - 1] : NULL;
	bool same = before && strcmp(before->doc, doc) == 0;
	size_t fields = (size_t)tw_schema_count(rows->schema);
	struct tw_row *r = &rows->at[rows->n++];
	*r = (struct tw_row){
		.doc = same ? before->doc : tw_strdup(rows->arena, doc),
		.ord = same ? before->ord + 1 : 0,
		.cells = TW_NEW_ARRAY(rows->arena, fields, struct tw_cell),
	};
	for (size_t i = 0; i < fields; i++)
		r->cells[i].text.data = "";
	return r;
}

static struct tw_cell *cell(const struct tw_rows *rows, const struct tw_row *r, const char *field,
			    enum tw_field_type type)
{
	int i = tw_schema_index(rows->schema, field);
	assert(i >= 0 && rows->schema[i].type == type);
	(void)type;
	return &r->cells[i];
}

struct tw_bytes tw_row_text(const struct tw_rows *rows, const struct tw_row *r, const char *field)
{
	return cell(rows, r, field, TW_FIELD_TEXT)->text;
}

const char *tw_row_cstr(const struct tw_rows *rows, const struct tw_row *r, const char *field)
{
	const struct tw_bytes b = tw_row_text(rows, r, field);
	return b.data ? b.data : ""; /* text cells are always NUL-terminated */
}

int64_t tw_row_int(const struct tw_rows *rows, const struct tw_row *r, const char *field)
{
	return cell(rows, r, field, TW_FIELD_INT)->i;
}

double tw_row_real(const struct tw_rows *rows, const struct tw_row *r, const char *field)
{
	return cell(rows, r, field, TW_FIELD_REAL)->r;
}

void tw_row_set_text(struct tw_rows *rows, struct tw_row *r, const char *field, const char *s,
		     size_t len)
{
	cell(rows, r, field, TW_FIELD_TEXT)->text =
		(struct tw_bytes){tw_strndup(rows->arena, s ? s : "", len), len};
}

void tw_row_set_str(struct tw_rows *rows, struct tw_row *r, const char *field, const char *s)
{
	tw_row_set_text(rows, r, field, s, s ? strlen(s) : 0);
}

void tw_row_set_int(struct tw_rows *rows, struct tw_row *r, const char *field, int64_t i)
{
	cell(rows, r, field, TW_FIELD_INT)->i = i;
}

void tw_row_set_real(struct tw_rows *rows, struct tw_row *r, const char *field, double v)
{
	cell(rows, r, field, TW_FIELD_REAL)->r = v;
}

void tw_row_set_vector(struct tw_rows *rows, struct tw_row *r, const char *field, const float *v,
		       int dim)
{
	float *copy = TW_NEW_ARRAY(rows->arena, (size_t)dim, float);
	memcpy(copy, v, (size_t)dim * sizeof(float));
	struct tw_cell *c = cell(rows, r, field, TW_FIELD_VECTOR);
	c->vec = copy;
	c->dim = dim;
}

static void digest_cell(struct tw_hasher *h, const struct tw_field *f, const struct tw_cell *c)
{
	switch (f->type) {
	case TW_FIELD_TEXT:
		tw_digest_bytes(h, c->text.data, c->text.len);
		break;
	case TW_FIELD_INT:
		tw_digest_i64(h, c->i);
		break;
	case TW_FIELD_REAL:
		tw_digest_f64(h, c->r);
		break;
	case TW_FIELD_VECTOR:
		tw_digest_i64(h, c->dim);
		break;
	}
}

struct tw_digest tw_rows_digest(const struct tw_rows *rows, size_t from, size_t n)
{
	struct tw_hasher *h = tw_hasher_new();
	for (size_t i = from; i < from + n; i++)
		for (int f = 0; rows->schema[f].name; f++)
			digest_cell(h, &rows->schema[f], &rows->at[i].cells[f]);
	return tw_hasher_end(h);
}

static void write_cell(struct tw_json_writer *w, const struct tw_field *f, const struct tw_cell *c)
{
	switch (f->type) {
	case TW_FIELD_TEXT:
		tw_jw_strn(w, f->name, c->text.data ? c->text.data : "", c->text.len);
		break;
	case TW_FIELD_INT:
		tw_jw_int(w, f->name, c->i);
		break;
	case TW_FIELD_REAL:
		tw_jw_real(w, f->name, c->r);
		break;
	case TW_FIELD_VECTOR:
		tw_jw_array(w, f->name);
		for (int i = 0; i < c->dim; i++)
			tw_jw_real(w, NULL, (double)c->vec[i]);
		tw_jw_end(w);
		break;
	}
}

void tw_row_json(struct tw_json_writer *w, const struct tw_rows *rows, const struct tw_row *r)
{
	tw_jw_object(w, NULL);
	tw_jw_str(w, "doc", r->doc);
	tw_jw_int(w, "ord", r->ord);
	if (r->id)
		tw_jw_str(w, "id", r->id);
	for (int f = 0; rows->schema[f].name; f++)
		write_cell(w, &rows->schema[f], &r->cells[f]);
	tw_jw_end(w);
}
