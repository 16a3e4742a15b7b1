/* Tables of reStructuredText: drawn with lines (grid), with columns alone (simple), as lists, as CSV. */
#include <string.h>

#include "collect/markup/rst_int.h"

#define MAX_COLUMNS 64

/* --- grid --- */

bool rst_is_grid(const struct markup_line *l)
{
	return l->n >= 5 && l->s[0] == '+' && (l->s[1] == '-' || l->s[1] == '=') &&
	       l->s[l->n - 1] == '+';
}

/* Columns, in characters, at which the lines of the uppermost row stand. */
static size_t find_columns(size_t *at, const struct markup_line *border)
{
	size_t n = 0;
	for (size_t i = 0; i < border->n && n < MAX_COLUMNS; i++)
		if (border->s[i] == '+')
			at[n++] = i;
	return n;
}

/* A piece of a line that is drawn through some of the cells. */
static bool is_drawn(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] != '-' && s[i] != '=' && s[i] != '+')
			return false;
	return n > 2;
}

/* A line of a row: each cell's piece goes to its text, one that spans columns to the first of them. */
static void split_row(struct tw_str *cells, const struct markup_line *l, const size_t *at, size_t n)
{
	size_t column = 0, cell = 0, from = 1, k = 1;
	for (size_t i = 0; i <= l->n; i++) {
		bool end = i == l->n, lead = !end && ((unsigned char)l->s[i] & 0xc0) != 0x80;
		while (k < n && at[k] < column)
			k++;
		if (end ||
		    (lead && k < n && at[k] == column && (l->s[i] == '|' || l->s[i] == '+') && i)) {
			if (i > from && cell + 1 < n && !is_drawn(l->s + from, i - from)) {
				tw_str_add(&cells[cell], l->s + from, i - from);
				tw_str_addc(&cells[cell], '\n');
			}
			cell = k;
			from = i + 1;
		}
		column += lead;
	}
}

/* A line that is drawn through the whole table, or through some of its cells. */
static bool is_border(const struct markup_line *l)
{
	if (!l->n || l->s[0] != '+')
		return false;
	for (size_t i = 0; i < l->n; i++)
		if (!strchr("+-=", l->s[i]))
			return false;
	return true;
}

static void end_row(struct rst *r, struct markup_table *t, struct tw_str *cells, size_t n)
{
	bool any = false;
	for (size_t i = 0; i < n; i++)
		any = any || cells[i].len;
	for (size_t i = 0; i < n; i++) {
		struct tw_str text = TW_STR_INIT;
		if (any) {
			rst_inline(&text, r, tw_str_c(&cells[i]), cells[i].len);
			markup_cell(&r->m, t, &text);
		}
		tw_str_release(&text);
		tw_str_release(&cells[i]);
	}
	markup_row(t);
}

size_t rst_grid(struct rst *r, size_t i, size_t to)
{
	size_t at[MAX_COLUMNS], n = find_columns(at, &r->m.at[i]);
	struct tw_str cells[MAX_COLUMNS] = {{0}};
	struct markup_table t = {0};
	for (; i < to && r->m.at[i].n && strchr("+|", r->m.at[i].s[0]); i++) {
		if (is_border(&r->m.at[i]))
			end_row(r, &t, cells, n - 1);
		else
			split_row(cells, &r->m.at[i], at, n);
	}
	end_row(r, &t, cells, n - 1);
	markup_table(&r->m, &t);
	return i;
}

/* --- simple --- */

static bool is_ruler(const struct markup_line *l)
{
	if (l->n < 4 || l->s[0] != '=' || !memchr(l->s, ' ', l->n))
		return false;
	for (size_t i = 0; i < l->n; i++)
		if (l->s[i] != '=' && l->s[i] != ' ')
			return false;
	return true;
}

/* The ruler that ends the table at i: one with nothing below it; `i` when there is none. */
static size_t simple_end(const struct rst *r, size_t i, size_t to)
{
	int rulers = 0;
	for (size_t k = i + 1; k < to && rulers < 2; k++) {
		if (!is_ruler(&r->m.at[k]))
			continue;
		rulers++;
		if (k + 1 == to || !r->m.at[k + 1].n)
			return k;
	}
	return i;
}

bool rst_is_simple(const struct rst *r, size_t i, size_t to)
{
	return is_ruler(&r->m.at[i]) && simple_end(r, i, to) > i;
}

/* A line whose first column is empty goes on with the row above. */
static void take_simple_line(struct tw_str *cells, const struct markup_line *l, int base,
			     const size_t *at, size_t n)
{
	size_t column = 0, cell = 0, shift = (size_t)(l->col - base);
	for (size_t i = 0; i < l->n; i++) {
		bool lead = ((unsigned char)l->s[i] & 0xc0) != 0x80;
		while (cell + 1 < n && column + shift >= at[cell + 1] && (!i || l->s[i - 1] == ' '))
			cell++;
		tw_str_addc(&cells[cell], l->s[i]);
		column += lead;
	}
	for (size_t k = 0; k < n; k++)
		if (cells[k].len)
			tw_str_addc(&cells[k], '\n');
}

size_t rst_simple(struct rst *r, size_t i, size_t to)
{
	size_t end = simple_end(r, i, to), at[MAX_COLUMNS], n = 0;
	const struct markup_line *ruler = &r->m.at[i];
	struct tw_str cells[MAX_COLUMNS] = {{0}};
	struct markup_table t = {0};
	for (size_t k = 0; k < ruler->n && n < MAX_COLUMNS; k++)
		if (ruler->s[k] == '=' && (!k || ruler->s[k - 1] == ' '))
			at[n++] = k;
	for (size_t k = i + 1; k < end; k++) {
		const struct markup_line *l = &r->m.at[k];
		if (!l->n || is_ruler(l) || markup_line_of(l, '-', 4) || l->col < ruler->col)
			continue;
		if (n < 2 || l->col < ruler->col + (int)at[1])
			end_row(r, &t, cells, n);
		if (l->s[0] != '-' || l->n < 2 || l->s[1] != '-')
			take_simple_line(cells, l, ruler->col, at, n);
	}
	end_row(r, &t, cells, n);
	markup_table(&r->m, &t);
	return end + 1;
}

/* --- lists and CSV --- */

static bool is_item(const struct markup_line *l)
{
	return l->n && strchr("*-+", l->s[0]) && (l->n == 1 || l->s[1] == ' ');
}

static void end_cell(struct rst *r, struct markup_table *t, size_t from, size_t to)
{
	struct tw_str text = TW_STR_INIT;
	rst_inline_lines(&text, r, from, to);
	markup_cell(&r->m, t, &text);
	tw_str_release(&text);
}

/* "* - a", "  - b": an item of the outer list is a row, of the inner one a cell. */
void rst_list_table(struct rst *r, size_t from, size_t to)
{
	struct markup_table t = {0};
	size_t cell = to, first = markup_skip_blank(&r->m, from, to);
	int row_col = first < to ? r->m.at[first].col : 0, cell_col = -1;
	for (size_t i = first; i < to; i++) {
		struct markup_line *l = &r->m.at[i];
		bool row = l->col == row_col && is_item(l);
		if (row)
			markup_take_mark(l, 1);
		if (row && is_item(l))
			cell_col = l->col;
		if (!is_item(l) || (l->col != cell_col && !row))
			continue;
		if (cell < to)
			end_cell(r, &t, cell, i);
		if (row)
			markup_row(&t);
		markup_take_mark(l, 1);
		cell = i;
	}
	if (cell < to)
		end_cell(r, &t, cell, to);
	markup_row(&t);
	markup_table(&r->m, &t);
}

static void add_csv_cell(struct rst *r, struct markup_table *t, struct tw_str *value)
{
	struct tw_str text = TW_STR_INIT;
	tw_str_trim(value);
	rst_inline(&text, r, tw_str_c(value), value->len);
	markup_cell(&r->m, t, &text);
	tw_str_release(&text);
	tw_str_clear(value);
}

void rst_csv_table(struct rst *r, const struct tw_str *csv)
{
	struct markup_table t = {0};
	struct tw_str value = TW_STR_INIT;
	bool quoted = false;
	for (size_t i = 0; i < csv->len; i++) {
		char c = csv->data[i];
		if (c == '"' && quoted && csv->data[i + 1] == '"')
			tw_str_addc(&value, csv->data[i++]);
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == ',' || c == '\n'))
			add_csv_cell(r, &t, &value);
		else
			tw_str_addc(&value, c);
		if (!quoted && c == '\n')
			markup_row(&t);
	}
	if (value.len)
		add_csv_cell(r, &t, &value);
	markup_row(&t);
	markup_table(&r->m, &t);
	tw_str_release(&value);
}
