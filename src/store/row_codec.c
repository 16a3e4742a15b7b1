/* Rows of views between memory and the database. */
#include <math.h>
#include <string.h>

#include "store/fs_int.h"

#define FIRST_FIELD 3 /* behind doc, ord, row_id */

static enum tw_status read_vector(struct tw_cell *cell, struct tw_stmt *q, int i,
				  struct tw_arena *a, struct tw_err *err)
{
	struct tw_bytes b = tw_col_blob(q, i);
	size_t n = b.len / sizeof(float);

	if (b.len % sizeof(float) != 0)
		return tw_fail(err, TW_BAD_DATA, "a stored vector has %zu bytes", b.len);
	float *v = TW_NEW_ARRAY(a, n, float);
	if (n)
		memcpy(v, b.data, b.len);
	cell->vec = v;
	cell->dim = (int)n;
	return TW_OK;
}

static enum tw_status read_cell(struct tw_cell *cell, enum tw_field_type type, struct tw_stmt *q,
				int i, struct tw_arena *a, struct tw_err *err)
{
	struct tw_bytes b;

	switch (type) {
	case TW_FIELD_TEXT:
		b = tw_col_text(q, i);
		cell->text = (struct tw_bytes){tw_strndup(a, b.data, b.len), b.len};
		return TW_OK;
	case TW_FIELD_INT:
		cell->i = tw_col_int(q, i);
		return TW_OK;
	case TW_FIELD_REAL:
		cell->r = tw_col_real(q, i);
		return TW_OK;
	case TW_FIELD_VECTOR:
		return read_vector(cell, q, i, a, err);
	}
	return TW_OK;
}

enum tw_status tw_row_read(struct tw_rows *out, struct tw_stmt *q, struct tw_err *err)
{
	struct tw_bytes doc = tw_col_text(q, 0);
	enum tw_status st = TW_OK;
	char id[64];

	if (doc.len >= sizeof(id))
		return tw_fail(err, TW_BAD_DATA, "a stored document id has %zu bytes", doc.len);
	memcpy(id, doc.data, doc.len);
	id[doc.len] = '\0';
	struct tw_row *r = tw_rows_add(out, id);
	r->ord = (int)tw_col_int(q, 1);
	r->id = tw_col_str(q, 2, out->arena);
	for (int f = 0; st == TW_OK && out->schema[f].name; f++)
		st = read_cell(&r->cells[f], out->schema[f].type, q, FIRST_FIELD + f, out->arena,
			       err);
	return st;
}

static struct tw_val value_of(const struct tw_cell *cell, enum tw_field_type type)
{
	switch (type) {
	case TW_FIELD_TEXT:
		return V_TEXTN(cell->text.data, cell->text.len);
	case TW_FIELD_INT:
		return V_INT(cell->i);
	case TW_FIELD_REAL:
		return isnan(cell->r) ? (struct tw_val){.type = TW_VAL_NULL} : V_REAL(cell->r);
	case TW_FIELD_VECTOR:
		return V_BLOB(cell->vec, (size_t)cell->dim * sizeof(float));
	}
	return (struct tw_val){.type = TW_VAL_NULL};
}

enum tw_status tw_row_insert(struct tw_conn *c, const struct tw_view_table *t,
			     const struct tw_rows *rows, size_t i, const char *row_id,
			     struct tw_err *err)
{
	const struct tw_row *r = &rows->at[i];
	struct tw_val vals[FIRST_FIELD + TW_FIELDS_MAX];
	size_t n = 0;

	vals[n++] = V_TEXT(r->doc);
	vals[n++] = V_INT(r->ord);
	vals[n++] = V_TEXT(row_id);
	for (int f = 0; f < t->n_fields; f++)
		vals[n++] = value_of(&r->cells[f], t->schema[f].type);
	return tw_sql_exec_v(c, t->sql_insert, vals, n, err);
}
