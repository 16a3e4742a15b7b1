/*
 * Blocks of HTML as Markdown. A paragraph is gathered in `para` until a block
 * begins or ends; then it is written behind the prefixes of the quotes and
 * list items that are open.
 */
#include "collect/html/html_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

#define MAX_LEVELS 32 /* of quotes and list items; deeper ones continue on the last level */
#define MAX_DEPTH  400

struct level {
	char first[16], rest[16]; /* before the first line, before the others */
	bool begun;
};

struct writer {
	struct tw_str *out;
	struct inline_writer in;
	struct tw_str para;
	struct level levels[MAX_LEVELS];
	int n_levels, depth;
	bool tight;	  /* the next block begins on the next line, without an empty one before */
	uint32_t *blocks; /* how many block nodes have a smaller id (minus the top's) */
	size_t base;	  /* id of the top node */
};

static bool has_block(const struct writer *w, const struct dom_node *n)
{
	return w->blocks[n->end - w->base] > w->blocks[n->id + 1 - w->base];
}

static void add_prefix(struct writer *w, bool blank_line)
{
	size_t from = w->out->len;
	for (int i = 0; i < w->n_levels; i++) {
		struct level *l = &w->levels[i];
		if (!l->begun && blank_line)
			break;
		tw_str_adds(w->out, l->begun ? l->rest : l->first);
		l->begun = true;
	}
	while (blank_line && w->out->len > from && w->out->data[w->out->len - 1] == ' ')
		w->out->data[--w->out->len] = '\0';
}

static void write_lines(struct writer *w, const char *s, size_t len)
{
	if (w->out->len) {
		if (w->out->data[w->out->len - 1] != '\n')
			tw_str_addc(w->out, '\n');
		if (!w->tight) {
			add_prefix(w, true);
			tw_str_addc(w->out, '\n');
		}
	}
	w->tight = false;
	for (size_t i = 0; i <= len;) {
		const char *nl = i < len ? memchr(s + i, '\n', len - i) : NULL;
		size_t n = nl ? (size_t)(nl - s) - i : len - i;
		add_prefix(w, n == 0);
		tw_str_add(w->out, s + i, n);
		tw_str_addc(w->out, '\n');
		i += n + 1;
	}
}

/* One paragraph; a line break inside becomes Markdown's (two spaces), an empty line a new paragraph. */
static void flush(struct writer *w)
{
	struct tw_str text = TW_STR_INIT, escaped = TW_STR_INIT;
	char *p = w->para.len ? w->para.data : NULL;
	while (p && *p) {
		char *end = strstr(p, "\n\n");
		tw_str_clear(&text);
		tw_str_add(&text, p, end ? (size_t)(end - p) : strlen(p));
		tw_str_trim(&text);
		p = end ? end + 2 : NULL;
		if (!text.len)
			continue;
		tw_str_clear(&escaped);
		markdown_escape_line_starts(&escaped, text.data, text.len);
		struct tw_str lines = TW_STR_INIT;
		for (size_t i = 0; i < escaped.len;) {
			const char *nl = memchr(escaped.data + i, '\n', escaped.len - i);
			size_t n = (nl ? (size_t)(nl - escaped.data) : escaped.len) - i;
			tw_str_add(&lines, escaped.data + i, n);
			if (nl)
				tw_str_adds(&lines, "  \n");
			i += n + (nl != NULL);
		}
		write_lines(w, lines.data, lines.len);
		tw_str_release(&lines);
	}
	tw_str_clear(&w->para);
	tw_str_release(&text);
	tw_str_release(&escaped);
}

static void write_children(struct writer *w, const struct dom_node *n);

static void write_heading(struct writer *w, const struct dom_node *n)
{
	struct tw_str s = TW_STR_INIT;
	for (const struct dom_node *c = n->first; c; c = c->next)
		html_inline(&s, c, &w->in);
	tw_str_trim(&s);
	for (size_t i = 0; i < s.len; i++)
		if (s.data[i] == '\n')
			s.data[i] = ' ';
	if (s.len) {
		struct tw_str line = TW_STR_INIT;
		tw_str_add(&line, "######", (size_t)(n->tag - TAG_H1) + 1);
		tw_str_addf(&line, " %s", s.data);
		write_lines(w, line.data, line.len);
		tw_str_release(&line);
	}
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

static size_t longest_run(const char *s, char c)
{
	size_t run = 0, most = 0;
	for (; s && *s; s++) {
		run = *s == c ? run + 1 : 0;
		most = run > most ? run : most;
	}
	return most;
}

static void write_code(struct writer *w, const struct dom_node *n)
{
	struct tw_str code = TW_STR_INIT, s = TW_STR_INIT;
	verbatim(&code, n);
	while (code.len && strchr("\r\n\t ", code.data[code.len - 1]))
		code.data[--code.len] = '\0';
	const char *text = tw_str_c(&code);
	text += *text == '\n';
	if (*text) {
		size_t fence = longest_run(text, '`') + 1;
		fence = fence < 3 ? 3 : fence;
		for (size_t i = 0; i < fence; i++)
			tw_str_addc(&s, '`');
		tw_str_addf(&s, "%s\n%s\n", find_language(n, w->in.a), text);
		for (size_t i = 0; i < fence; i++)
			tw_str_addc(&s, '`');
		write_lines(w, s.data, s.len);
	}
	tw_str_release(&code);
	tw_str_release(&s);
}

static bool push(struct writer *w, const char *first, const char *rest)
{
	if (w->n_levels == MAX_LEVELS)
		return false;
	struct level *l = &w->levels[w->n_levels++];
	snprintf(l->first, sizeof(l->first), "%s", first);
	snprintf(l->rest, sizeof(l->rest), "%s", rest);
	l->begun = false;
	return true;
}

static void write_quote(struct writer *w, const struct dom_node *n)
{
	bool pushed = push(w, "> ", "> ");
	write_children(w, n);
	flush(w);
	w->n_levels -= pushed;
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
	char first[16], rest[16];
	if (number >= 0)
		snprintf(first, sizeof(first), "%d. ", number % 100000);
	else
		snprintf(first, sizeof(first), "- ");
	snprintf(rest, sizeof(rest), "%*s", (int)strlen(first), "");
	bool pushed = push(w, first, rest);
	w->tight = tight;
	write_children(w, li);
	flush(w);
	w->n_levels -= pushed;
}

static void write_list(struct writer *w, const struct dom_node *n)
{
	const char *start = dom_attr(n, "start");
	int number = n->tag == TAG_OL ? (start ? atoi(start) : 1) : -1;
	bool nested = w->n_levels > 0, loose = is_loose(n);
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
	w->tight = false;
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
	tw_str_trim(&s);
	tw_str_addc(out, ' ');
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] == '|')
			tw_str_addc(out, '\\');
		tw_str_addc(out, s.data[i] == '\n' ? ' ' : s.data[i]);
	}
	tw_str_adds(out, " |");
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
		tw_str_adds(&s, header ? "|" : "\n|");
		for (size_t i = 0; i < columns; i++)
			add_cell(&s, w, i < row.n ? row.at[i] : NULL);
		if (header)
			tw_str_adds(&s, "\n|");
		for (size_t i = 0; header && i < columns; i++)
			tw_str_adds(&s, " --- |");
	}
	if (s.len)
		write_lines(w, s.data, s.len);
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
		write_lines(w, "---", 3);
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
	struct writer w = {.out = out, .in = {drop, url, a}, .base = top->id};
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
