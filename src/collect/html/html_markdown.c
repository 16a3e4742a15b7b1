/*
 * Blocks of HTML as Markdown. A paragraph is gathered in `para` until a block
 * begins or ends; then it is written behind the prefixes of the quotes and
 * list items that are open.
 */
#include "collect/html/html_int.h"

#include <stdlib.h>
#include <string.h>

#include "collect/markdown_int.h"

#define MAX_DEPTH 400

struct writer {
	struct md_writer md;
	struct inline_writer in;
	struct tw_str para;
	int depth;
	uint32_t *blocks; /* how many block nodes have a smaller id (minus the top's) */
	size_t base;	  /* id of the top node */
};

static bool has_block(const struct writer *w, const struct dom_node *n)
{
	return w->blocks[n->end - w->base] > w->blocks[n->id + 1 - w->base];
}

static void flush(struct writer *w)
{
	md_paragraphs(&w->md, tw_str_c(&w->para), w->para.len);
	tw_str_clear(&w->para);
}

static void write_children(struct writer *w, const struct dom_node *n);

static void write_heading(struct writer *w, const struct dom_node *n)
{
	struct tw_str s = TW_STR_INIT;
	for (const struct dom_node *c = n->first; c; c = c->next)
		html_inline(&s, c, &w->in);
	md_heading(&w->md, (int)(n->tag - TAG_H1) + 1, tw_str_c(&s), s.len);
	tw_str_release(&s);
}

/* "rust" of class="language-rust", "lang-rust", "highlight-source-rust", "brush: rust". */
static const char *code_language(const struct dom_node *n, struct tw_arena *a)
{
	static const char *const marks[] = {"language-", "lang-", "highlight-source-",
					    "brush: ", "brush:"};
	const char *class = dom_attr(n, "class"), *data = dom_attr(n, "data-lang");
	if (data && *data)
		return tw_strndup(a, data, strcspn(data, " \t\n`;"));
	for (size_t i = 0; class && i < sizeof(marks) / sizeof(marks[0]); i++) {
		const char *p = strstr(class, marks[i]);
		if (p)
			return tw_strndup(a, p + strlen(marks[i]),
					  strcspn(p + strlen(marks[i]), " \t\n`;"));
	}
	return NULL;
}

static const char *find_language(const struct dom_node *pre, struct tw_arena *a)
{
	const struct dom_node *code = dom_find(pre, TAG_CODE);
	const char *lang = code ? code_language(code, a) : NULL;
	const struct dom_node *n = pre;
	for (int up = 0; !lang && n && up < 3; up++, n = n->parent)
		lang = code_language(n, a);
	return lang ? lang : "";
}

static void verbatim(struct tw_str *out, const struct dom_node *top)
{
	for (const struct dom_node *n = top; n; n = dom_next(n, top)) {
		if (n->text)
			tw_str_add(out, n->text, n->len);
		else if (n->tag == TAG_BR)
			tw_str_addc(out, '\n');
	}
}

static void write_code(struct writer *w, const struct dom_node *n)
{
	struct tw_str code = TW_STR_INIT;
	verbatim(&code, n);
	const char *text = tw_str_c(&code);
	text += *text == '\n';
	md_code(&w->md, find_language(n, w->in.a), text, strlen(text));
	tw_str_release(&code);
}

static void write_quote(struct writer *w, const struct dom_node *n)
{
	bool pushed = md_push(&w->md, "> ", "> ");
	write_children(w, n);
	flush(w);
	md_pop(&w->md, pushed);
}

/* Items with several paragraphs are set apart by empty lines. */
static bool is_loose(const struct dom_node *list)
{
	for (const struct dom_node *li = list->first; li; li = li->next) {
		int paragraphs = 0;
		for (const struct dom_node *c = li->first; c; c = c->next)
			paragraphs += c->tag == TAG_P;
		if (paragraphs > 1)
			return true;
	}
	return false;
}

static void write_item(struct writer *w, const struct dom_node *li, int number, bool tight)
{
	bool pushed = md_push_item(&w->md, number);
	w->md.tight = tight;
	write_children(w, li);
	flush(w);
	md_pop(&w->md, pushed);
}

static void write_list(struct writer *w, const struct dom_node *n)
{
	const char *start = dom_attr(n, "start");
	int number = n->tag == TAG_OL ? (start ? atoi(start) : 1) : -1;
	bool nested = md_list_is_tight(&w->md), loose = is_loose(n);
	bool first = true;
	if (n->tag == TAG_OL && number < 0)
		number = 0;
	for (const struct dom_node *c = n->first; c; c = c->next) {
		if (w->in.drop && w->in.drop[c->id])
			continue;
		if (c->text) {
			html_inline(&w->para, c, &w->in);
			continue;
		}
		flush(w);
		write_item(w, c, number, first ? nested && !loose : !loose);
		number += number >= 0;
		first = false;
	}
	flush(w);
	w->md.tight = false;
}

/* --- tables --- */

struct cells TW_VEC_BODY(const struct dom_node *);

static void row_cells(struct cells *out, const struct writer *w, const struct dom_node *tr)
{
	out->n = 0;
	for (const struct dom_node *c = tr->first; c; c = c->next)
		if ((c->tag == TAG_TD || c->tag == TAG_TH) && !(w->in.drop && w->in.drop[c->id]))
			tw_vec_push(out, c);
}

/* Rows of cells that hold nothing but a line of text: a table of data, not of layout. */
static bool is_data_table(const struct writer *w, const struct dom_node *table)
{
	struct cells row = {0};
	size_t rows = 0, columns = 0;
	bool ok = true;
	for (const struct dom_node *n = dom_next(table, table); n && ok; n = dom_next(n, table)) {
		if (n->tag == TAG_TABLE || n->tag == TAG_PRE || n->tag == TAG_UL ||
		    n->tag == TAG_OL)
			ok = false;
		if (n->tag != TAG_TR)
			continue;
		row_cells(&row, w, n);
		rows++;
		columns = row.n > columns ? row.n : columns;
		for (size_t i = 0; i < row.n; i++)
			ok = ok && w->blocks[row.at[i]->end - w->base] -
						   w->blocks[row.at[i]->id + 1 - w->base] <=
					   1;
	}
	tw_vec_release(&row);
	return ok && rows >= 2 && columns >= 2 && columns <= 32;
}

static void add_cell(struct tw_str *out, const struct writer *w, const struct dom_node *cell)
{
	struct tw_str s = TW_STR_INIT;
	for (const struct dom_node *c = cell ? cell->first : NULL; c; c = c->next)
		html_inline(&s, c, &w->in);
	md_cell(out, tw_str_c(&s), s.len);
	tw_str_release(&s);
}

static void write_table(struct writer *w, const struct dom_node *table)
{
	struct tw_str s = TW_STR_INIT;
	struct cells row = {0};
	size_t columns = 0;
	for (const struct dom_node *n = table; n; n = dom_next(n, table)) {
		if (n->tag == TAG_TR) {
			row_cells(&row, w, n);
			columns = row.n > columns ? row.n : columns;
		}
	}
	for (const struct dom_node *n = table; n; n = dom_next(n, table)) {
		if (n->tag != TAG_TR)
			continue;
		bool header = s.len == 0;
		row_cells(&row, w, n);
		if (!row.n)
			continue;
		md_row(&s);
		for (size_t i = 0; i < columns; i++)
			add_cell(&s, w, i < row.n ? row.at[i] : NULL);
		md_row_end(&s, header, columns);
	}
	if (s.len)
		md_lines(&w->md, s.data, s.len);
	tw_vec_release(&row);
	tw_str_release(&s);
}

/* --- all blocks --- */

static void write_block(struct writer *w, const struct dom_node *n)
{
	flush(w);
	if (dom_is_heading(n->tag)) {
		write_heading(w, n);
	} else if (n->tag == TAG_PRE) {
		write_code(w, n);
	} else if (n->tag == TAG_BLOCKQUOTE) {
		write_quote(w, n);
	} else if (n->tag == TAG_UL || n->tag == TAG_OL || n->tag == TAG_MENU) {
		write_list(w, n);
	} else if (n->tag == TAG_HR) {
		md_lines(&w->md, "---", 3);
	} else if (n->tag == TAG_TABLE && is_data_table(w, n)) {
		write_table(w, n);
	} else {
		write_children(w, n);
	}
	flush(w);
}

static void write_node(struct writer *w, const struct dom_node *n)
{
	if (w->in.drop && w->in.drop[n->id])
		return;
	if (!n->text && dom_is_block(n->tag))
		write_block(w, n);
	else if (!n->text && has_block(w, n)) /* <a> or <b> around blocks: the blocks count */
		write_children(w, n);
	else
		html_inline(&w->para, n, &w->in);
}

static void write_children(struct writer *w, const struct dom_node *n)
{
	if (w->depth >= MAX_DEPTH)
		return;
	w->depth++;
	for (const struct dom_node *c = n->first; c; c = c->next)
		write_node(w, c);
	w->depth--;
}

void html_markdown(struct tw_str *out, const struct dom_node *top, const unsigned char *drop,
		   const char *url, struct tw_arena *a)
{
	struct writer w = {.md = {.out = out}, .in = {drop, url, a}, .base = top->id};
	size_t n = top->end - top->id, count = 0;
	w.blocks = tw_xcalloc(n + 1, sizeof(*w.blocks));
	for (const struct dom_node *x = top; x; x = dom_next(x, top)) {
		w.blocks[x->id - top->id] = (uint32_t)count;
		count += !x->text && dom_is_block(x->tag) && !(drop && drop[x->id]);
	}
	w.blocks[n] = (uint32_t)count;
	write_node(&w, top);
	flush(&w);
	tw_str_release(&w.para);
	free(w.blocks);
}
