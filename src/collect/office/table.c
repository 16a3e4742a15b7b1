#include "collect/office/table_int.h"

#include <string.h>

#include "base/vec.h"

#define CELL_MOST   500 /* bytes of a cell of data */
#define MAX_COLUMNS 32

struct nodes TW_VEC_BODY(const struct dom_node *);

static bool is_named(const struct dom_node *n, const char *name)
{
	return name && strcmp(n->name, name) == 0;
}

static void collect(struct nodes *out, const struct dom_node *n, const struct office_table *t,
		    bool rows)
{
	for (const struct dom_node *c = n->first; c; c = c->next) {
		bool hit = rows ? is_named(c, t->row)
				: is_named(c, t->cell) || is_named(c, t->covered);
		if (hit && !(t->is_gone && t->is_gone(c)))
			tw_vec_push(out, c);
		else if (!hit && t->is_around(c))
			collect(out, c, t, rows);
	}
}

static size_t span_of(const struct dom_node *cell, const struct office_table *t)
{
	int n = t->span(cell);
	return n < 1 ? 1 : n > MAX_COLUMNS ? MAX_COLUMNS : (size_t)n;
}

static bool is_short(const struct dom_node *cell, const struct office_table *t)
{
	size_t len = 0;
	for (const struct dom_node *n = cell; n && len <= CELL_MOST; n = dom_next(n, cell)) {
		len += n->text ? n->len : 0;
		if (is_named(n, t->table))
			return false;
	}
	return len <= CELL_MOST;
}

/* Empty cells at the end of a row are no columns: spreadsheets have a thousand of them. */
static size_t width_of(const struct nodes *cells, const struct office_table *t)
{
	size_t width = 0, used = 0;
	for (size_t k = 0; k < cells->n; k++) {
		width += span_of(cells->at[k], t);
		used = cells->at[k]->first ? width : used;
	}
	return used;
}

/* *columns of the widest row. */
static bool is_data(size_t *columns, const struct nodes *rows, const struct office_table *t)
{
	struct nodes cells = {0};
	bool ok = rows->n >= 2;
	*columns = 0;
	for (size_t i = 0; i < rows->n && ok; i++) {
		cells.n = 0;
		collect(&cells, rows->at[i], t, false);
		for (size_t k = 0; k < cells.n && ok; k++)
			ok = is_short(cells.at[k], t);
		size_t width = width_of(&cells, t);
		*columns = width > *columns ? width : *columns;
	}
	tw_vec_release(&cells);
	return ok && *columns >= 2 && *columns <= MAX_COLUMNS;
}

static void data_row(struct rich *r, const struct nodes *cells, const struct office_table *t,
		     void *ctx)
{
	for (size_t k = 0; k < cells->n && r->cells < r->columns; k++) {
		rich_cell(r);
		if (!is_named(cells->at[k], t->covered))
			t->blocks(ctx, cells->at[k]);
		for (size_t i = span_of(cells->at[k], t); i > 1 && r->cells < r->columns; i--)
			rich_cell(r);
	}
	rich_row_end(r);
}

void office_write_table(struct rich *r, const struct dom_node *table, const struct office_table *t,
			void *ctx)
{
	struct nodes rows = {0}, cells = {0};
	size_t columns = 0;
	collect(&rows, table, t, true);
	bool data = !r->cell && is_data(&columns, &rows, t);
	if (data)
		rich_table(r, columns);
	for (size_t i = 0; i < rows.n; i++) {
		cells.n = 0;
		collect(&cells, rows.at[i], t, false);
		if (data)
			data_row(r, &cells, t, ctx);
		for (size_t k = 0; k < cells.n && !data; k++)
			if (!is_named(cells.at[k], t->covered))
				t->blocks(ctx, cells.at[k]);
	}
	if (data)
		rich_table_end(r);
	tw_vec_release(&rows);
	tw_vec_release(&cells);
}
