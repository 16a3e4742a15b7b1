/* Blocks of a word processor: paragraphs, headings, lists, tables, notes. */
#include "collect/office/rich_int.h"

#include <stdio.h>
#include <string.h>

#include "collect/office/rich_spans_int.h"

void rich_begin(struct rich *r, struct tw_arena *a)
{
	*r = (struct rich){.a = a};
	r->md.out = &r->out;
}

static void end_code(struct rich *r)
{
	if (r->code.len)
		md_code(&r->md, NULL, r->code.data, r->code.len);
	tw_str_clear(&r->code);
}

/* Quotes that follow each other are one. */
static void end_quote(struct rich *r)
{
	md_pop(&r->md, r->quoted);
	r->quoted = false;
}

static void end_runs(struct rich *r)
{
	end_code(r);
	end_quote(r);
}

struct tw_bytes rich_end(struct rich *r)
{
	rich_close(r);
	rich_list_end(r, 0);
	end_runs(r);
	struct tw_bytes out = {tw_strndup(r->a, tw_str_c(&r->out), r->out.len), r->out.len};
	tw_str_release(&r->out);
	tw_str_release(&r->text);
	tw_str_release(&r->code);
	tw_str_release(&r->table);
	tw_vec_release(&r->spans);
	tw_vec_release(&r->items);
	tw_map_release(&r->langs);
	return out;
}

static void clear_block(struct rich *r)
{
	tw_str_clear(&r->text);
	r->spans.n = 0;
	r->kind = RICH_PARAGRAPH;
}

void rich_drop(struct rich *r)
{
	clear_block(r);
}

void rich_title(struct rich *r, const char **title)
{
	const char *text = rich_plain(r);
	if (*title || !*text)
		return;
	*title = text;
	if (!r->out.len)
		clear_block(r);
}

void rich_open(struct rich *r, enum rich_block kind, int heading)
{
	rich_close(r);
	r->kind = kind;
	r->heading = heading;
}

static void close_in_cell(struct rich *r, struct tw_str *line)
{
	if (!line->len)
		return;
	if (r->cell->len)
		tw_str_addc(r->cell, ' ');
	tw_str_add(r->cell, line->data, line->len);
}

static void close_text(struct rich *r, const struct tw_str *line)
{
	end_code(r);
	if (r->kind != RICH_QUOTE)
		end_quote(r);
	else if (!r->quoted)
		r->quoted = md_push(&r->md, "> ", "> ");
	if (r->kind == RICH_HEADING)
		md_heading(&r->md, r->heading, line->data, line->len);
	else
		md_paragraphs(&r->md, line->data, line->len);
}

bool rich_is_typed(const struct rich *r)
{
	return r->code_bytes * 2 > r->bytes;
}

/* A paragraph that is code from end to end is a line of a listing. */
static bool is_code(const struct rich *r)
{
	bool code = r->spans.n && !r->cell && !r->items.n && r->kind == RICH_PARAGRAPH;
	for (size_t i = 0; i < r->spans.n && code; i++)
		code = r->spans.at[i].format.code && !r->spans.at[i].note;
	return code;
}

void rich_close(struct rich *r)
{
	struct tw_str line = TW_STR_INIT;
	if ((r->kind == RICH_CODE && !r->cell) || is_code(r)) {
		end_quote(r);
		if (r->text.len || r->code.len)
			tw_str_addf(&r->code, "%s\n", tw_str_c(&r->text));
	} else if (r->spans.n) {
		rich_write_spans(&line, r);
		tw_str_trim(&line);
		if (r->cell)
			close_in_cell(r, &line);
		else if (line.len)
			close_text(r, &line);
	}
	clear_block(r);
	tw_str_release(&line);
}

/* --- lists --- */

static void pop_item(struct rich *r)
{
	const struct rich_item *i = &r->items.at[--r->items.n];
	md_pop(&r->md, i->pushed);
}

void rich_list_end(struct rich *r, int level)
{
	rich_close(r);
	if (!r->items.n || r->items.at[r->items.n - 1].level < level)
		return;
	end_runs(r);
	while (r->items.n && r->items.at[r->items.n - 1].level >= level)
		pop_item(r);
	r->md.tight = false;
}

void rich_item(struct rich *r, int level, bool ordered, int number)
{
	rich_close(r);
	if (r->cell)
		return;
	end_runs(r);
	while (r->items.n && r->items.at[r->items.n - 1].level > level)
		pop_item(r);
	const struct rich_item *top = r->items.n ? &r->items.at[r->items.n - 1] : NULL;
	bool same_level = top && top->level == level;
	bool tight = top && (!same_level || top->ordered == ordered);
	if (same_level)
		pop_item(r);
	struct rich_item item = {level, ordered, md_push_item(&r->md, ordered ? number : -1)};
	tw_vec_push(&r->items, item);
	r->md.tight = tight;
}

/* --- tables --- */

void rich_table(struct rich *r, size_t columns)
{
	rich_close(r);
	end_runs(r);
	tw_str_clear(&r->table);
	r->columns = columns;
	r->rows = r->cells = 0;
}

static void end_cell(struct rich *r)
{
	rich_close(r);
	if (!r->cell)
		return;
	md_cell(&r->table, tw_str_c(r->cell), r->cell->len);
	tw_str_clear(r->cell);
}

void rich_cell(struct rich *r)
{
	static const struct tw_str empty = TW_STR_INIT;
	end_cell(r);
	if (!r->cells++)
		md_row(&r->table);
	if (!r->cell) {
		r->cell = TW_NEW(r->a, struct tw_str);
		*r->cell = empty;
	}
}

void rich_row_end(struct rich *r)
{
	if (!r->cells)
		return;
	end_cell(r);
	for (; r->cells < r->columns; r->cells++)
		md_cell(&r->table, "", 0);
	md_row_end(&r->table, r->rows++ == 0, r->columns);
	tw_str_release(r->cell);
	r->cell = NULL;
	r->cells = 0;
}

void rich_table_end(struct rich *r)
{
	rich_row_end(r);
	if (r->table.len)
		md_lines(&r->md, r->table.data, r->table.len);
	tw_str_clear(&r->table);
}

/* --- notes --- */

bool rich_note_begin(struct rich *r, int number)
{
	char first[24];
	rich_list_end(r, 0);
	end_runs(r);
	snprintf(first, sizeof(first), "[^%d]: ", number);
	return md_push(&r->md, first, "    ");
}

void rich_note_end(struct rich *r, bool begun)
{
	rich_list_end(r, 0);
	end_runs(r);
	md_pop(&r->md, begun);
}
