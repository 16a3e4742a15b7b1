/* Blocks of Markdown behind the marks of the quotes and list items that are open, and code and addresses within a
 * line. */
#include "collect/markdown_int.h"

#include <stdio.h>
#include <string.h>

#include "collect/html/html_int.h"

bool md_push(struct md_writer *w, const char *first, const char *rest)
{
	if (w->n_levels == MD_LEVELS)
		return false;
	struct md_level *l = &w->levels[w->n_levels++];
	snprintf(l->first, sizeof(l->first), "%s", first);
	snprintf(l->rest, sizeof(l->rest), "%s", rest);
	l->begun = false;
	return true;
}

void md_pop(struct md_writer *w, bool pushed)
{
	w->n_levels -= pushed;
}

bool md_push_item(struct md_writer *w, int number)
{
	char first[16], rest[16];
	if (number >= 0)
		snprintf(first, sizeof(first), "%d. ", number % 100000);
	else
		snprintf(first, sizeof(first), "- ");
	snprintf(rest, sizeof(rest), "%*s", (int)strlen(first), "");
	return md_push(w, first, rest);
}

bool md_list_is_tight(const struct md_writer *w)
{
	return w->tight || (w->n_levels > 0 && w->levels[w->n_levels - 1].begun);
}

void md_check(struct md_writer *w, bool done)
{
	struct md_level *l = &w->levels[w->n_levels - 1];
	size_t n = strlen(l->first);
	snprintf(l->first + n, sizeof(l->first) - n, done ? "[x] " : "[ ] ");
}

static void add_prefix(struct md_writer *w, bool blank_line)
{
	size_t from = w->out->len;
	for (int i = 0; i < w->n_levels; i++) {
		struct md_level *l = &w->levels[i];
		if (!l->begun && blank_line)
			break;
		tw_str_adds(w->out, l->begun ? l->rest : l->first);
		l->begun = true;
	}
	while (blank_line && w->out->len > from && w->out->data[w->out->len - 1] == ' ')
		w->out->data[--w->out->len] = '\0';
}

void md_lines(struct md_writer *w, const char *s, size_t len)
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

/* One paragraph; a line break inside becomes Markdown's (two spaces). */
static void one_paragraph(struct md_writer *w, const struct tw_str *text)
{
	struct tw_str escaped = TW_STR_INIT, lines = TW_STR_INIT;
	markdown_escape_line_starts(&escaped, text->data, text->len);
	for (size_t i = 0; i < escaped.len;) {
		const char *nl = memchr(escaped.data + i, '\n', escaped.len - i);
		size_t n = (nl ? (size_t)(nl - escaped.data) : escaped.len) - i;
		tw_str_add(&lines, escaped.data + i, n);
		if (nl)
			tw_str_adds(&lines, "  \n");
		i += n + (nl != NULL);
	}
	md_lines(w, lines.data, lines.len);
	tw_str_release(&lines);
	tw_str_release(&escaped);
}

void md_paragraphs(struct md_writer *w, const char *s, size_t len)
{
	struct tw_str text = TW_STR_INIT;
	for (size_t i = 0; i < len;) {
		const char *end = memmem(s + i, len - i, "\n\n", 2);
		size_t n = end ? (size_t)(end - s) - i : len - i;
		tw_str_clear(&text);
		tw_str_add(&text, s + i, n);
		tw_str_trim(&text);
		if (text.len)
			one_paragraph(w, &text);
		i += n + (end ? 2 : 0);
	}
	tw_str_release(&text);
}

void md_heading(struct md_writer *w, int level, const char *s, size_t len)
{
	struct tw_str line = TW_STR_INIT, text = TW_STR_INIT;
	tw_str_add(&text, s, len);
	tw_str_trim(&text);
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] == '\n')
			text.data[i] = ' ';
	if (text.len) {
		tw_str_add(&line, "######", (size_t)(level < 1 ? 1 : level > 6 ? 6 : level));
		tw_str_addf(&line, " %s", text.data);
		md_lines(w, line.data, line.len);
	}
	tw_str_release(&line);
	tw_str_release(&text);
}

static size_t longest_run(const char *s, size_t len, char c)
{
	size_t run = 0, most = 0;
	for (size_t i = 0; i < len; i++) {
		run = s[i] == c ? run + 1 : 0;
		most = run > most ? run : most;
	}
	return most;
}

static void add_times(struct tw_str *out, char c, size_t n)
{
	while (n--)
		tw_str_addc(out, c);
}

void md_code(struct md_writer *w, const char *lang, const char *s, size_t len)
{
	struct tw_str block = TW_STR_INIT;
	while (len && strchr("\r\n\t ", s[len - 1]))
		len--;
	size_t fence = longest_run(s, len, '`') + 1;
	fence = fence < 3 ? 3 : fence;
	if (len) {
		add_times(&block, '`', fence);
		tw_str_addf(&block, "%s\n", lang ? lang : "");
		tw_str_add(&block, s, len);
		tw_str_addc(&block, '\n');
		add_times(&block, '`', fence);
		md_lines(w, block.data, block.len);
	}
	tw_str_release(&block);
}

/* --- tables --- */

void md_row(struct tw_str *table)
{
	tw_str_adds(table, table->len ? "\n|" : "|");
}

void md_cell(struct tw_str *table, const char *s, size_t len)
{
	while (len && strchr(" \t\r\n", s[len - 1]))
		len--;
	while (len && strchr(" \t\r\n", *s))
		s++, len--;
	tw_str_addc(table, ' ');
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '|')
			tw_str_addc(table, '\\');
		tw_str_addc(table, s[i] == '\n' ? ' ' : s[i]);
	}
	tw_str_adds(table, " |");
}

void md_row_end(struct tw_str *table, bool first, size_t columns)
{
	if (!first)
		return;
	tw_str_adds(table, "\n|");
	while (columns--)
		tw_str_adds(table, " --- |");
}

/* --- within a line --- */

void md_add_code(struct tw_str *out, const char *s, size_t len)
{
	while (len && strchr(" \t\r\n", s[len - 1]))
		len--;
	while (len && strchr(" \t\r\n", *s))
		s++, len--;
	if (!len)
		return;
	size_t marks = longest_run(s, len, '`') + 1;
	bool pad = s[0] == '`' || s[len - 1] == '`';
	add_times(out, '`', marks);
	add_times(out, ' ', pad);
	for (size_t i = 0; i < len; i++)
		tw_str_addc(out, s[i] && strchr("\t\r\n\f\v", s[i]) ? ' ' : s[i]);
	add_times(out, ' ', pad);
	add_times(out, '`', marks);
}

void md_add_url(struct tw_str *out, const char *url, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (strchr("()<>\\", url[i]) || (unsigned char)url[i] <= ' ')
			tw_str_addf(out, "%%%02X", (unsigned char)url[i]);
		else
			tw_str_addc(out, url[i]);
	}
}
