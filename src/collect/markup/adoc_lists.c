/* Lists of AsciiDoc: what is nested in what is said by the marks alone, "*", "**", ".", "term::". */
#include <ctype.h>
#include <string.h>

#include "collect/markup/adoc_int.h"

#define MARKER(c, n) ((unsigned char)(c) | (int)((n) < 100 ? (n) : 100) << 8)

/* "term::", "term:::", "term;;": the length with the colons. */
static size_t term_length(const struct markup_line *l, size_t *colons)
{
	for (size_t i = 1; i + 1 < l->n; i++) {
		char c = l->s[i];
		if ((c != ':' && c != ';') || l->s[i + 1] != c || markup_is_space(l->s[i - 1]))
			continue;
		size_t n = 2;
		while (i + n < l->n && l->s[i + n] == c)
			n++;
		if (n <= 4 && (i + n == l->n || l->s[i + n] == ' ') && (c == ':' || n == 2)) {
			*colons = n;
			return i + n;
		}
		i += n - 1;
	}
	return 0;
}

/* "1.", "a.", "iv)", "<1>" */
static int numbered(const struct markup_line *l, size_t *len)
{
	size_t n = 0;
	bool angle = l->s[0] == '<';
	if (angle || isdigit((unsigned char)l->s[0])) {
		n += angle;
		while (n < l->n && n < 9 && isdigit((unsigned char)l->s[n]))
			n++;
		n += angle && n == 1 && l->n > 1 && l->s[1] == '.';
		if (n > angle && n < l->n && l->s[n] == (angle ? '>' : '.')) {
			*len = n + 1;
			return MARKER(angle ? '<' : '1', 1);
		}
		return 0;
	}
	while (n < l->n && n < 8 && strchr("ivxIVX", l->s[n]))
		n++;
	if (n && n < l->n && l->s[n] == ')') {
		*len = n + 1;
		return MARKER('i', 1);
	}
	*len = 2;
	return isalpha((unsigned char)l->s[0]) && l->n > 2 && l->s[1] == '.' ? MARKER('a', 1) : 0;
}

int adoc_marker(const struct markup_line *l, size_t *len)
{
	size_t n = 0, colons;
	int marker = 0;
	if (!l->n)
		return 0;
	char c = l->s[0];
	while (n < l->n && l->s[n] == c)
		n++;
	if ((c == '*' || c == '.') && n <= 6)
		marker = MARKER(c, n), *len = n;
	else if (c == '-' && n == 1)
		marker = MARKER(c, 1), *len = 1;
	else if (markup_line_starts(l, "•"))
		marker = MARKER('-', 2), *len = 3;
	else
		marker = numbered(l, len);
	if (marker && *len < l->n && l->s[*len] == ' ')
		return marker;
	n = term_length(l, &colons);
	*len = n;
	return n ? MARKER(l->s[n - 1], colons) : 0;
}

static bool is_term(int marker)
{
	return (marker & 0xff) == ':' || (marker & 0xff) == ';';
}

static bool is_number(int marker)
{
	return strchr(".1ai<", marker & 0xff) != NULL;
}

/* The text that begins behind the mark, until a blank line, another item, "+" or a block. */
static size_t take_text(struct adoc *o, size_t i, size_t to)
{
	struct tw_str text = TW_STR_INIT;
	size_t end = o->m.at[i].n ? i + 1 : i, len;
	if (end == i) /* nothing on the line of the mark: behind a term, the text is below */
		end = markup_skip_blank(&o->m, i + 1, to), i = end < to ? end : i;
	while (end < to && o->m.at[end].n && !adoc_marker(&o->m.at[end], &len) &&
	       !markup_line_is(&o->m.at[end], "+") && !adoc_ends_paragraph(&o->m.at[end]))
		end++;
	adoc_inline_lines(&text, o, i, end);
	markup_paragraph(&o->m, &text);
	return end;
}

static bool is_open(const struct adoc *o, int marker)
{
	for (int i = 0; i < o->n_markers; i++)
		if (o->markers[i] == marker)
			return true;
	return false;
}

/* What belongs to an item behind its text: lists within it, blocks behind "+", indented lines. */
static size_t take_rest(struct adoc *o, size_t i, size_t to)
{
	for (;;) {
		size_t next = markup_skip_blank(&o->m, i, to), len;
		if (next < to && markup_line_is(&o->m.at[next], "+")) {
			i = adoc_block(o, next + 1, to);
			continue;
		}
		int marker = next < to ? adoc_marker(&o->m.at[next], &len) : 0;
		if (marker && !is_open(o, marker) && o->n_markers < MARKUP_DEPTH - 1 &&
		    o->m.depth < MARKUP_DEPTH)
			i = adoc_list(o, next, to);
		else if (!marker && next > i && next < to && o->m.at[next].col > 0)
			i = adoc_block(o, next, to);
		else
			return i;
	}
}

static size_t take_head(struct adoc *o, size_t i, size_t len, int marker)
{
	struct markup_line *l = &o->m.at[i];
	struct tw_str term = TW_STR_INIT;
	if (is_term(marker)) {
		adoc_inline(&term, o, l->s, len - (size_t)(marker >> 8));
		markup_take_mark(l, len);
		markup_term(&o->m, &term);
		return i;
	}
	markup_take_mark(l, len);
	if (l->n > 4 && l->s[0] == '[' && strchr(" *x", l->s[1]) && l->s[2] == ']' &&
	    l->s[3] == ' ') {
		md_check(&o->m.md, l->s[1] != ' ');
		markup_take_mark(l, 3);
	}
	return i;
}

size_t adoc_list(struct adoc *o, size_t i, size_t to)
{
	size_t len;
	int marker = adoc_marker(&o->m.at[i], &len), number = 0;
	bool tight = md_list_is_tight(&o->m.md);
	o->markers[o->n_markers++] = marker;
	o->m.depth++;
	while (i < to && adoc_marker(&o->m.at[i], &len) == marker) {
		bool pushed = md_push_item(&o->m.md, is_number(marker) ? ++number : -1);
		o->m.md.tight = tight;
		i = take_text(o, take_head(o, i, len, marker), to);
		i = i < to || o->m.at[to - 1].n ? i : to;
		size_t end = take_rest(o, i, to);
		md_pop(&o->m.md, pushed);
		i = markup_skip_blank(&o->m, end, to);
		tight = i == end;
	}
	o->m.md.tight = false;
	o->m.depth--;
	o->n_markers--;
	return i;
}
