#include "collect/quotation_int.h"

#include <string.h>

#include "collect/export/exchange_int.h"
#include "collect/html/html_int.h"
#include "collect/markdown_int.h"

char *plain_as_markdown(const char *text, struct tw_arena *a)
{
	struct tw_str out = TW_STR_INIT, line = TW_STR_INIT;
	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\n");
		tw_str_clear(&line);
		html_inline_text(&line, p, n);
		tw_str_trim(&line);
		tw_str_add(&out, tw_str_c(&line), line.len);
		tw_str_addc(&out, '\n');
		p += n + (p[n] == '\n');
	}
	tw_str_trim(&out);
	char *md = tw_str_dup(&out, a);
	tw_str_release(&line);
	tw_str_release(&out);
	return md;
}

void markdown_add_text(struct tw_str *out, const char *md)
{
	struct md_writer w = {.out = out};
	md_paragraphs(&w, md, strlen(md));
}

void markdown_add_quotation(struct tw_str *out, const char *md)
{
	struct md_writer w = {.out = out};
	bool pushed = md_push(&w, "> ", "> ");
	md_paragraphs(&w, md, strlen(md));
	md_pop(&w, pushed);
}

/* A line, with the newline behind it. */
static size_t line_at(const char *p)
{
	size_t n = strcspn(p, "\n");
	return n + (p[n] == '\n');
}

static bool is_blank_line(const char *p)
{
	p += strspn(p, " \t");
	return *p == '\n' || !*p;
}

char *markdown_find_quotations(const char *md, struct tw_arena *a)
{
	struct tw_str out = TW_STR_INIT;
	bool starts = true, quoted = false;
	for (const char *p = md; *p; p += line_at(p)) {
		bool blank = is_blank_line(p), mark = tw_starts_with(p, "\\>");
		size_t skip = 0;
		if (mark && (starts || quoted)) {
			quoted = true;
			skip = 2 + strspn(p + 2, " ");
		} else if (blank) {
			quoted = false;
		}
		if (quoted)
			tw_str_adds(&out, "> ");
		tw_str_add(&out, p + skip, line_at(p) - skip);
		starts = blank;
	}
	char *found = tw_str_dup(&out, a);
	tw_str_release(&out);
	return found;
}

/* Told line by line; begins zeroed. */
struct quoting {
	size_t fence; /* of the code that is open, which quotes nothing */
	char sign;
	bool quoted; /* the last line */
};

/* A line of a block quote: with the mark, or without one where it goes on with a paragraph of it (CommonMark,
 * laziness). */
static bool is_quoted(struct quoting *q, const char *line)
{
	char sign = 0;
	size_t indent = strspn(line, " "), fence = md_fence(line, strcspn(line, "\n"), &sign);
	bool closes = q->fence && fence >= q->fence && sign == q->sign;
	if (q->fence || fence) {
		if (closes || !q->fence)
			*q = (struct quoting){closes ? 0 : fence, sign, false};
		return false;
	}
	q->quoted = (indent < 4 && line[indent] == '>') || (q->quoted && !is_blank_line(line));
	return q->quoted;
}

char *markdown_before_quotations(const char *md, struct tw_arena *a)
{
	const char *p = md;
	struct quoting q = {0};
	while (*p && !is_quoted(&q, p))
		p += line_at(p);
	return tw_strndup(a, md, (size_t)(p - md));
}

static void tell(struct exchanges *e, struct tw_str *part, bool quoted)
{
	tw_str_trim(part);
	if (quoted)
		exchange_heard(e, tw_str_c(part), 0);
	else
		exchange_said(e, tw_str_c(part), 0);
	tw_str_clear(part);
}

const char *exchanges_of_quotations(const char *md, const char *before, struct tw_arena *a)
{
	struct exchanges e = {0};
	struct tw_str part = TW_STR_INIT;
	struct quoting q = {0};
	bool quoted = false;
	if (!is_quoted(&(struct quoting){0}, md))
		exchange_heard(&e, before, 0);
	for (const char *p = md; *p; p += line_at(p)) {
		bool now = is_quoted(&q, p);
		size_t mark = now ? strspn(p, "> ") : 0;
		if (now != quoted)
			tell(&e, &part, quoted);
		tw_str_add(&part, p + mark, line_at(p) - mark);
		quoted = now;
	}
	tell(&e, &part, quoted);
	const char *json = exchanges_take(&e, a);
	exchanges_release(&e);
	tw_str_release(&part);
	return json;
}
