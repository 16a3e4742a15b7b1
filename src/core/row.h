/*
 * core/row.h: rows of feature views, in memory.
 *
 * A schema is an array of fields, ended by {0}. A row is one cell a field, in
 * that order. Rows of a document are ordered by `ord`: 0, 1, … All memory is
 * the arena's that the struct tw_rows was started with.
 */
#ifndef TW_CORE_ROW_H
#define TW_CORE_ROW_H

#include <stdint.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/json.h"

enum tw_field_type {
	TW_FIELD_TEXT,	 /* UTF-8 */
	TW_FIELD_INT,	 /* int64_t */
	TW_FIELD_REAL,	 /* double */
	TW_FIELD_VECTOR, /* float32, all of one dimension within a view, L2-normalised */
};

struct tw_field {
	const char *name;
	enum tw_field_type type;
	double search_weight; /* TEXT: > 0 puts it into the view's full-text index with this BM25 weight */
	const char *help;
};

struct tw_cell {
	struct tw_bytes text; /* TEXT */
	int64_t i;	      /* INT */
	double r;	      /* REAL */
	const float *vec;     /* VECTOR */
	int dim;
};

struct tw_row {
	const char *doc; /* document id; "" for rows of the whole view */
	int ord;
	const char *id; /* 32 hexadecimal digits, from the store; NULL before */
	struct tw_cell *cells;
};

struct tw_rows {
	const struct tw_field *schema;
	struct tw_row *at;
	size_t n, cap;
	struct tw_arena *arena;
};

void tw_rows_init(struct tw_rows *rows, const struct tw_field *schema, struct tw_arena *a);

/* A new last row with zero cells; ord counts within `doc` when rows of a document are added together. */
struct tw_row *tw_rows_add(struct tw_rows *rows, const char *doc);

int tw_schema_count(const struct tw_field *schema);
int tw_schema_index(const struct tw_field *schema, const char *field); /* -1 when absent */

/* Cells by field name. Reading a field that the schema lacks, or of another type, is a bug of the caller (assert).
 * Setting copies text and vectors into the arena of `rows`. */
struct tw_bytes tw_row_text(const struct tw_rows *rows, const struct tw_row *r, const char *field);
const char *tw_row_cstr(const struct tw_rows *rows, const struct tw_row *r, const char *field);
int64_t tw_row_int(const struct tw_rows *rows, const struct tw_row *r, const char *field);
double tw_row_real(const struct tw_rows *rows, const struct tw_row *r, const char *field);
void tw_row_set_text(struct tw_rows *rows, struct tw_row *r, const char *field, const char *s,
		     size_t len);
void tw_row_set_str(struct tw_rows *rows, struct tw_row *r, const char *field,
		    const char *s); /* NULL: "" */
void tw_row_set_int(struct tw_rows *rows, struct tw_row *r, const char *field, int64_t i);
void tw_row_set_real(struct tw_rows *rows, struct tw_row *r, const char *field, double v);
void tw_row_set_vector(struct tw_rows *rows, struct tw_row *r, const char *field, const float *v,
		       int dim);

/* Of the cells of rows [from, from + n); vectors count by their dimension alone, since their last bits differ between machines. */
struct tw_digest tw_rows_digest(const struct tw_rows *rows, size_t from, size_t n);

/* {"doc": …, "ord": …, "id": …, field: …}. */
void tw_row_json(struct tw_json_writer *w, const struct tw_rows *rows, const struct tw_row *r);

#endif
