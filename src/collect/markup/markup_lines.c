/* Lines of a file of markup, and what inline text of all of them has in common. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "collect/markup/markup_int.h"

bool markup_line_is(const struct markup_line *l, const char *s)
{
	return l->n == strlen(s) && memcmp(l->s, s, l->n) == 0;
}

bool markup_line_starts(const struct markup_line *l, const char *s)
{
	size_t n = strlen(s);
	return l->n >= n && memcmp(l->s, s, n) == 0;
}

bool markup_line_starts_nocase(const struct markup_line *l, const char *s)
{
	size_t n = strlen(s);
	return l->n >= n && strncasecmp(l->s, s, n) == 0;
}

bool markup_line_of(const struct markup_line *l, char c, size_t least)
{
	if (l->n < least || !l->n)
		return false;
	for (size_t i = 0; i < l->n; i++)
		if (l->s[i] != c)
			return false;
	return true;
}

size_t markup_skip_blank(const struct markup *m, size_t from, size_t to)
{
	while (from < to && !m->at[from].n)
		from++;
	return from;
}

size_t markup_indented_end(const struct markup *m, size_t from, size_t to, int col)
{
	size_t end = from;
	for (size_t i = from; i < to; i++) {
		if (m->at[i].n && m->at[i].col < col)
			break;
		if (m->at[i].n)
			end = i + 1;
	}
	return end;
}

void markup_take_mark(struct markup_line *l, size_t n)
{
	while (n < l->n && markup_is_space(l->s[n]))
		n++;
	l->s += n;
	l->n -= n;
	l->col += (int)(n < 1000 ? n : 1000);
}

void markup_join(struct tw_str *out, const struct markup *m, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		if (i > from)
			tw_str_addc(out, '\n');
		tw_str_add(out, m->at[i].s, m->at[i].n);
	}
}

static int least_column(const struct markup *m, size_t from, size_t to)
{
	int base = -1;
	for (size_t i = from; i < to; i++)
		if (m->at[i].n && (base < 0 || m->at[i].col < base))
			base = m->at[i].col;
	return base < 0 ? 0 : base;
}

/* Where nothing is cut off, white space stays what it is: tabs. */
void markup_code(struct markup *m, const char *lang, size_t from, size_t to)
{
	struct tw_str code = TW_STR_INIT;
	from = markup_skip_blank(m, from, to);
	int base = least_column(m, from, to);
	for (size_t i = from; i < to; i++) {
		const struct markup_line *l = &m->at[i];
		if (!base && l->n)
			tw_str_add(&code, l->raw, (size_t)(l->s - l->raw));
		for (int k = base; base && l->n && k < l->col; k++)
			tw_str_addc(&code, ' ');
		tw_str_add(&code, l->s, l->n);
		tw_str_addc(&code, '\n');
	}
	md_code(&m->md, lang, tw_str_c(&code), code.len);
	tw_str_release(&code);
}

/* --- inline --- */

bool markup_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

bool markup_is_word(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

void markup_wrap(struct tw_str *out, const struct tw_str *inner, const char *open,
		 const char *close)
{
	const char *s = tw_str_c(inner);
	size_t len = inner->len, skip = 0;
	while (skip < len && markup_is_space(s[skip]))
		skip++;
	while (len > skip && markup_is_space(s[len - 1]))
		len--;
	if (skip)
		markup_text(out, " ", 1);
	if (len > skip) {
		/* "**" right behind "**" would read as four. */
		bool adjoins = out->len && *open != '[' && out->data[out->len - 1] == *open;
		tw_str_adds(out, adjoins ? "" : open);
		tw_str_add(out, s + skip, len - skip);
		tw_str_adds(out, adjoins ? "" : close);
	}
	if (len < inner->len && len > skip)
		tw_str_addc(out, ' ');
}

bool markup_may_expand(struct markup *m, size_t n)
{
	enum { MOST = 4 << 20 };
	m->expanded += n;
	return m->expanded <= MOST;
}

size_t markup_url(const char *s, size_t len)
{
	static const char *const schemes[] = {"https://",  "http://",	"mailto:", "ftp://",
					      "gopher://", "gemini://", NULL};
	for (const char *const *p = schemes; *p; p++) {
		size_t n = strlen(*p);
		if (len <= n || strncasecmp(s, *p, n) != 0)
			continue;
		while (n < len && !markup_is_space(s[n]) && !strchr("<>\"[]{}`\\", s[n]))
			n++;
		while (n && strchr(".,;:!?'*_", s[n - 1]))
			n--;
		if (s[n - 1] == ')' && !memchr(s, '(', n))
			n--;
		return n > strlen(*p) ? n : 0;
	}
	return 0;
}

void markup_link(struct tw_str *out, const struct tw_str *text, const char *url, size_t len)
{
	struct tw_str close = TW_STR_INIT;
	if (!markup_url(url, len)) {
		tw_str_add(out, tw_str_c(text), text->len);
	} else if (!text->len) {
		tw_str_add(out, url, len);
	} else {
		tw_str_adds(&close, "](");
		md_add_url(&close, url, len);
		tw_str_addc(&close, ')');
		markup_wrap(out, text, "[", tw_str_c(&close));
	}
	tw_str_release(&close);
}
