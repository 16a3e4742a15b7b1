/*
 * reStructuredText: "reStructuredText Markup Specification" of docutils
 * (docs/ref/rst/restructuredtext.txt), with Sphinx' directives and roles, and the
 * metadata of Pelican (fields) and Nikola (comments).
 */
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "collect/markup/rst_int.h"

static bool may_nest(const struct rst *r)
{
	return r->m.depth < MARKUP_DEPTH;
}

/* --- what a line is --- */

/* A line of one mark alone, as under titles: which, or 0. */
static char adornment(const struct markup_line *l)
{
	return l->n >= 2 && ispunct((unsigned char)l->s[0]) && markup_line_of(l, l->s[0], 2)
		       ? l->s[0]
		       : 0;
}

static size_t bullet(const struct markup_line *l)
{
	size_t n = 0;
	if (l->n && strchr("*+-", l->s[0]))
		n = 1;
	else if (markup_line_starts(l, "•") || markup_line_starts(l, "‣") ||
		 markup_line_starts(l, "⁃"))
		n = 3;
	return n && (n == l->n || l->s[n] == ' ') ? n : 0;
}

/* "1.", "(a)", "#.", "iv)": length of the mark of a numbered item. */
static size_t enumerator(const struct markup_line *l)
{
	bool open = l->n && l->s[0] == '(';
	size_t from = open, n = from;
	if (n < l->n && l->s[n] == '#')
		n++;
	else if (n < l->n && isdigit((unsigned char)l->s[n]))
		while (n < l->n && n < from + 9 && isdigit((unsigned char)l->s[n]))
			n++;
	else if (n + 1 < l->n && isalpha((unsigned char)l->s[n]) &&
		 !isalpha((unsigned char)l->s[n + 1]))
		n++;
	else
		while (n < l->n && n < from + 8 && strchr("ivxlcIVXLC", l->s[n]))
			n++;
	if (n == from || n >= l->n || !(open ? l->s[n] == ')' : strchr(".)", l->s[n]) != NULL))
		return 0;
	n++;
	return n == l->n || l->s[n] == ' ' ? n : 0;
}

size_t rst_field(const struct markup_line *l)
{
	if (l->n < 3 || l->s[0] != ':' || markup_is_space(l->s[1]) || l->s[1] == ':')
		return 0;
	for (size_t i = 2; i < l->n; i++) {
		if (l->s[i] == '`')
			return 0; /* a role */
		if (l->s[i] == ':' && l->s[i - 1] != '\\' && (i + 1 == l->n || l->s[i + 1] == ' '))
			return i + 1;
	}
	return 0;
}

/* "-a", "--all=x", "/V": an option and, two spaces behind it or on the next line, what it does. */
static size_t option(const struct markup_line *l)
{
	if (l->n < 2 || !(l->s[0] == '-' || l->s[0] == '/') || l->s[1] == ' ')
		return 0;
	const char *gap = memmem(l->s, l->n, "  ", 2);
	size_t n = gap ? (size_t)(gap - l->s) : 0;
	return n && (isalnum((unsigned char)l->s[1]) || (l->s[1] == '-' && n > 3)) ? n : 0;
}

static bool is_line_block(const struct markup_line *l)
{
	return l->n && l->s[0] == '|' && (l->n == 1 || l->s[1] == ' ');
}

/* --- sections --- */

static bool is_long_enough(const struct markup_line *adorned, const struct markup_line *title)
{
	return adorned->n >= 4 || adorned->n >= tw_utf8_count(title->s, title->n);
}

/* Lines of the section title at i, 0 when there is none. */
static size_t title_lines(const struct rst *r, size_t i, size_t to)
{
	const struct markup_line *l = &r->m.at[i];
	char over = adornment(l);
	if (r->m.depth > 1)
		return 0;
	if (over)
		return i + 2 < to && l[1].n && l[2].n == l->n && adornment(l + 2) == over &&
				       adornment(l + 1) != over
			       ? 3
			       : 0;
	return l->n && i + 1 < to && !l->col && !l[1].col && adornment(l + 1) &&
			       is_long_enough(l + 1, l)
		       ? 2
		       : 0;
}

static int section_level(struct rst *r, char mark, bool over)
{
	enum { MOST = sizeof(r->styles) / sizeof(r->styles[0]) };
	for (int i = 0; i < r->n_styles; i++)
		if (r->styles[i].mark == mark && r->styles[i].over == over)
			return i + 1;
	if (r->n_styles == MOST)
		return MOST;
	r->styles[r->n_styles].mark = mark;
	r->styles[r->n_styles].over = over;
	return ++r->n_styles;
}

static size_t take_title(struct rst *r, size_t i, size_t n)
{
	struct tw_str text = TW_STR_INIT;
	const struct markup_line *l = &r->m.at[i];
	rst_inline(&text, r, l[n - 2].s, l[n - 2].n);
	if (r->n_styles > 1) /* behind title and subtitle */
		r->begun = true;
	markup_heading(&r->m, section_level(r, l[n - 1].s[0], n == 3), &text);
	return i + n;
}

/* --- lists --- */

/* The item whose mark is `n` bytes long: its content begins at the column of its text. */
static size_t take_item(struct rst *r, size_t i, size_t to, size_t n, int number, bool tight)
{
	struct markup_line *l = &r->m.at[i];
	int col = l->col;
	markup_take_mark(l, n);
	size_t end = markup_indented_end(&r->m, i + 1, to, col + 1);
	rst_align(r, i, end);
	bool pushed = md_push_item(&r->m.md, number);
	r->m.md.tight = tight;
	rst_content(r, i, end);
	md_pop(&r->m.md, pushed);
	return end;
}

static size_t take_list(struct rst *r, size_t i, size_t to,
			size_t (*mark)(const struct markup_line *))
{
	int col = r->m.at[i].col, number = 0;
	bool tight = md_list_is_tight(&r->m.md);
	char first = r->m.at[i].s[0];
	size_t n;
	if (mark == enumerator && isdigit((unsigned char)first))
		number = first - '1';
	while (i < to && r->m.at[i].n && r->m.at[i].col == col && (n = mark(&r->m.at[i])) &&
	       (mark == enumerator || r->m.at[i].s[0] == first)) {
		size_t end = take_item(r, i, to, n, mark == enumerator ? ++number : -1, tight);
		i = markup_skip_blank(&r->m, end, to);
		tight = i == end;
	}
	r->m.md.tight = false;
	return i;
}

/* A term of `n` bytes, and behind it or below, further right, what is said of it. */
static size_t take_term(struct rst *r, size_t i, size_t to, size_t skip, size_t n, bool code)
{
	struct markup_line *l = &r->m.at[i];
	struct tw_str term = TW_STR_INIT;
	int col = l->col;
	size_t end = markup_indented_end(&r->m, i + 1, to, col + 1);
	bool pushed = md_push_item(&r->m.md, -1);
	if (code)
		md_add_code(&term, l->s + skip, n);
	else
		rst_inline(&term, r, l->s + skip, n);
	markup_take_mark(l, skip + n + (skip > 0));
	rst_align(r, i, end);
	markup_term(&r->m, &term);
	rst_content(r, l->n ? i : i + 1, end);
	r->m.md.tight = false;
	md_pop(&r->m.md, pushed);
	return end;
}

/* --- metadata --- */

static void add_field(struct rst *r, size_t i, size_t end)
{
	struct markup_line *l = &r->m.at[i];
	size_t n = rst_field(l);
	const char *name = l->s + 1;
	struct tw_str value = TW_STR_INIT;
	markup_take_mark(l, n);
	for (size_t k = i; k < end; k++) {
		size_t mark = k > i || !l->n ? bullet(&r->m.at[k]) : 0;
		markup_take_mark(&r->m.at[k], mark);
		if (value.len && r->m.at[k].n)
			tw_str_adds(&value, mark ? ", " : " ");
		tw_str_add(&value, r->m.at[k].s, r->m.at[k].n);
	}
	rst_meta(r, name, n - 2, tw_str_c(&value), value.len);
	tw_str_release(&value);
}

static bool is_prose_field(const struct markup_line *l)
{
	return markup_line_starts_nocase(l, ":abstract:") ||
	       markup_line_starts_nocase(l, ":dedication:");
}

/* The first field list of a file says something of the file, and is no text. */
static size_t take_fields(struct rst *r, size_t i, size_t to)
{
	int col = r->m.at[i].col;
	bool meta = !r->begun && r->m.depth == 1;
	while (i < to && r->m.at[i].n && r->m.at[i].col == col && rst_field(&r->m.at[i])) {
		size_t end = markup_indented_end(&r->m, i + 1, to, col + 1);
		if (meta && !is_prose_field(&r->m.at[i]))
			add_field(r, i, end);
		else
			end = take_term(r, i, to, 1, rst_field(&r->m.at[i]) - 2, false);
		i = markup_skip_blank(&r->m, end, to);
	}
	r->begun = true;
	return i;
}

/* --- literal text --- */

static size_t take_literal(struct rst *r, size_t i, size_t to, int base)
{
	size_t from = markup_skip_blank(&r->m, i, to), end = from;
	if (from == to || from == i)
		return i;
	const struct markup_line *l = &r->m.at[from];
	if (l->col > base)
		end = markup_indented_end(&r->m, from, to, base + 1);
	else if (ispunct((unsigned char)l->s[0]) && strncmp(l->s, "..", 2) != 0)
		while (end < to && r->m.at[end].n && r->m.at[end].s[0] == l->s[0])
			end++;
	markup_code(&r->m, r->lang, from, end);
	return end > from ? end : i;
}

static size_t take_doctest(struct rst *r, size_t i, size_t to)
{
	size_t end = i;
	while (end < to && r->m.at[end].n)
		end++;
	markup_code(&r->m, "python", i, end);
	return end;
}

static size_t take_lines(struct rst *r, size_t i, size_t to)
{
	struct tw_str text = TW_STR_INIT;
	int col = r->m.at[i].col;
	for (bool first = true; i < to && r->m.at[i].n; i++, first = false) {
		struct markup_line *l = &r->m.at[i];
		if (is_line_block(l) && l->n == 1)
			md_paragraphs(&r->m.md, tw_str_c(&text), text.len), tw_str_clear(&text);
		else if (!first && is_line_block(l))
			tw_str_addc(&text, '\n');
		else if (!first && l->col <= col)
			break;
		else
			tw_str_addc(&text, ' ');
		if (is_line_block(l))
			markup_take_mark(l, 1);
		rst_inline(&text, r, l->s, l->n);
	}
	markup_paragraph(&r->m, &text);
	return i;
}

/* --- paragraphs --- */

/* A paragraph that ends in "::" has a literal block behind it. */
static size_t take_paragraph(struct rst *r, size_t i, size_t to, int base)
{
	struct tw_str raw = TW_STR_INIT, text = TW_STR_INIT;
	size_t end = i + 1;
	while (end < to && r->m.at[end].n && r->m.at[end].col <= base)
		end++;
	markup_join(&raw, &r->m, i, end);
	size_t len = raw.len;
	bool literal = len >= 2 && memcmp(raw.data + len - 2, "::", 2) == 0;
	if (literal)
		len -= len == 2 || markup_is_space(raw.data[len - 3]) ? 2 : 1;
	bool attribution = r->m.md.n_levels && len > 3 && memcmp(raw.data, "-- ", 3) == 0;
	tw_str_adds(&text, attribution ? "— " : "");
	rst_inline(&text, r, tw_str_c(&raw) + (attribution ? 3 : 0), len - (attribution ? 3 : 0));
	markup_paragraph(&r->m, &text);
	tw_str_release(&raw);
	return literal ? take_literal(r, end, to, base) : end;
}

static size_t take_quote(struct rst *r, size_t i, size_t to, int base)
{
	size_t end = markup_indented_end(&r->m, i, to, base + 1);
	bool pushed = may_nest(r) && md_push(&r->m.md, "> ", "> ");
	rst_content(r, i, end);
	md_pop(&r->m.md, pushed);
	return end;
}

static bool is_definition(const struct rst *r, size_t i, size_t to)
{
	const struct markup_line *l = &r->m.at[i];
	return i + 1 < to && l[1].n && l[1].col > l->col &&
	       !(l->n >= 2 && memcmp(l->s + l->n - 2, "::", 2) == 0);
}

/* An item's second line must be further right or blank: else the paragraph only looks like one. */
static bool is_enumerated(const struct rst *r, size_t i, size_t to)
{
	const struct markup_line *l = &r->m.at[i];
	if (!enumerator(l))
		return false;
	return i + 1 >= to || !l[1].n || l[1].col > l->col || enumerator(l + 1);
}

static size_t take_nesting(struct rst *r, size_t i, size_t to)
{
	const struct markup_line *l = &r->m.at[i];
	if (bullet(l))
		return take_list(r, i, to, bullet);
	if (is_enumerated(r, i, to))
		return take_list(r, i, to, enumerator);
	if (rst_field(l))
		return take_fields(r, i, to);
	if (option(l))
		return take_term(r, i, to, 0, option(l), true);
	return is_definition(r, i, to) ? take_term(r, i, to, 0, l->n, false) : 0;
}

static size_t take_text(struct rst *r, size_t i, size_t to, int base)
{
	const struct markup_line *l = &r->m.at[i];
	size_t n = may_nest(r) ? take_nesting(r, i, to) : 0;
	r->begun = true;
	if (n)
		return n;
	if (is_line_block(l))
		return take_lines(r, i, to);
	if (markup_line_starts(l, ">>> "))
		return take_doctest(r, i, to);
	return take_paragraph(r, i, to, base);
}

static size_t take_block(struct rst *r, size_t i, size_t to, int base)
{
	const struct markup_line *l = &r->m.at[i];
	size_t n;
	if (!l->n)
		return i + 1;
	if (l->col > base && may_nest(r) && !title_lines(r, i, to))
		return take_quote(r, i, to, base);
	if (rst_is_explicit(l))
		return rst_explicit(r, i, to);
	if (markup_line_starts(l, "__ ") || markup_line_is(l, "__"))
		return i + 1;
	if ((n = title_lines(r, i, to)))
		return take_title(r, i, n);
	if (rst_is_grid(l))
		return rst_grid(r, i, to);
	if (rst_is_simple(r, i, to))
		return rst_simple(r, i, to);
	if (adornment(l) && l->n >= 4 && (i + 1 == to || !l[1].n)) {
		md_lines(&r->m.md, "---", 3);
		return i + 1;
	}
	return take_text(r, i, to, base);
}

void rst_range(struct rst *r, size_t from, size_t to, int base)
{
	r->m.depth++;
	for (size_t i = from; i < to;)
		i = take_block(r, i, to, base);
	r->m.depth--;
}

static int least_column(const struct rst *r, size_t from, size_t to)
{
	int base = -1;
	for (size_t i = from; i < to; i++)
		if (r->m.at[i].n && (base < 0 || r->m.at[i].col < base))
			base = r->m.at[i].col;
	return base;
}

void rst_align(struct rst *r, size_t i, size_t end)
{
	int rest = least_column(r, i + 1, end);
	if (rest >= 0 && r->m.at[i].col > rest)
		r->m.at[i].col = rest;
}

void rst_content(struct rst *r, size_t from, size_t to)
{
	int base = least_column(r, from, to);
	rst_range(r, from, to, base < 0 ? 0 : base);
}

static enum tw_status parse(struct tw_document *doc, const struct file_input *in,
			    struct tw_arena *a, struct tw_err *err)
{
	struct rst r = {.lang = ""};
	enum tw_status st = markup_open(&r.m, in, a, err);
	if (st != TW_OK)
		return st;
	rst_find_targets(&r);
	rst_range(&r, 0, r.m.n, 0);
	markup_close(&r.m, doc);
	tw_map_release(&r.urls);
	tw_map_release(&r.texts);
	tw_vec_release(&r.nameless);
	return TW_OK;
}

static const char *const exts[] = {"rst", "rest", NULL};

const struct file_format file_format_rst = {.exts = exts, .parse = parse};
