/*
 * Inline HTML as Markdown: emphasis, code, links, line breaks. Escapes what
 * CommonMark would read as markup, and no more, since people and models read
 * the text too.
 */
#include "collect/html/html_int.h"

#include <ctype.h>
#include <string.h>

#include "base/http.h"
#include "collect/markdown_int.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

static void add_space(struct tw_str *out)
{
	if (out->len && !is_space(out->data[out->len - 1]))
		tw_str_addc(out, ' ');
}

size_t html_invisible(const char *s, size_t left)
{
	if (left >= 2 && memcmp(s, "\xc2\xad", 2) == 0)
		return 2;
	if (left >= 3 && (memcmp(s, "\xe2\x80\x8b", 3) == 0 || memcmp(s, "\xef\xbb\xbf", 3) == 0))
		return 3;
	return 0;
}

static bool begins_entity(const char *s, size_t left)
{
	size_t i = 1;
	while (i < left && i < 32 && (isalnum((unsigned char)s[i]) || s[i] == '#'))
		i++;
	return i > 1 && i < left && s[i] == ';';
}

static bool needs_escape(const char *s, size_t i, size_t len, char before)
{
	switch (s[i]) {
	case '\\':
		return i + 1 < len && ispunct((unsigned char)s[i + 1]);
	case '`':
	case '[':
	case ']':
		return true;
	case '*':
		return i + 1 >= len || !is_space(s[i + 1]) || (before && !is_space(before));
	case '_': /* inside a word it is no emphasis */
		return !(is_word(before) && i + 1 < len && is_word(s[i + 1]));
	case '<':
		return i + 1 < len && (isalpha((unsigned char)s[i + 1]) || strchr("/!?", s[i + 1]));
	case '&':
		return begins_entity(s + i, len - i);
	default:
		return false;
	}
}

/* Bytes at s that stand for themselves, whatever is around them. */
static size_t plain_run(const char *s, size_t len)
{
	size_t i = 0;
	for (; i < len; i++) {
		unsigned char c = (unsigned char)s[i];
		bool letter =
			(c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!letter && c != '.' && c != ',' && c != '-' &&
		    (c < 0xc3 || c == 0xe2 || c == 0xef) && (c < 0x80 || c > 0xbf))
			break;
	}
	return i;
}

void html_inline_text(struct tw_str *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		size_t run = plain_run(s + i, len - i);
		tw_str_add(out, s + i, run);
		i += run;
		if (i == len)
			return;
		bool nbsp = i + 1 < len && memcmp(s + i, "\xc2\xa0", 2) == 0;
		size_t skip = html_invisible(s + i, len - i);
		if (is_space(s[i]) || nbsp) {
			add_space(out);
			i += nbsp;
		} else if (skip) {
			i += skip - 1;
		} else {
			char before = out->len ? out->data[out->len - 1] : '\0';
			if (needs_escape(s, i, len, before))
				tw_str_addc(out, '\\');
			tw_str_addc(out, s[i]);
		}
	}
}

static void inline_children(struct tw_str *out, const struct dom_node *n,
			    const struct inline_writer *w)
{
	for (const struct dom_node *c = n->first; c; c = c->next)
		html_inline(out, c, w);
}

/* Does the text of n begin with white space? html_inline_text() leaves it out at the start of a string. A text that comes
 * behind many empty elements does not count: each of a million nested ones would look at all the others. */
static bool begins_with_space(const struct dom_node *n)
{
	enum { LOOK_AT = 64 };
	const struct dom_node *x = n;
	for (int i = 0; x && i < LOOK_AT; i++, x = dom_next(x, n))
		if (x->text && x->len)
			return is_space(x->text[0]);
	return false;
}

/* Markers must touch the text, so white space at the ends moves outside them. */
static void add_wrapped(struct tw_str *out, struct tw_str *inner, const struct dom_node *n,
			const char *open, const char *close)
{
	bool trail = inner->len && is_space(inner->data[inner->len - 1]);
	tw_str_trim(inner);
	if (begins_with_space(n))
		add_space(out);
	if (!inner->len)
		return;
	tw_str_adds(out, open);
	tw_str_add(out, inner->data, inner->len);
	tw_str_adds(out, close);
	if (trail)
		tw_str_addc(out, ' ');
}

static void add_marked(struct tw_str *out, const struct dom_node *n, const char *mark,
		       const struct inline_writer *w)
{
	struct tw_str inner = TW_STR_INIT;
	inline_children(&inner, n, w);
	/* "**" right behind "**" would read as four. */
	bool adjoins = out->len && out->data[out->len - 1] == mark[0];
	add_wrapped(out, &inner, n, adjoins ? "" : mark, adjoins ? "" : mark);
	tw_str_release(&inner);
}

static void add_code(struct tw_str *out, const struct dom_node *n)
{
	struct tw_str text = TW_STR_INIT;
	dom_text(&text, n);
	md_add_code(out, tw_str_c(&text), text.len);
	tw_str_release(&text);
}

/* NULL for what leads nowhere outside the page. */
static const char *link_target(const struct dom_node *n, const struct inline_writer *w)
{
	const char *href = dom_attr(n, "href");
	if (!href || !*href || *href == '#')
		return NULL;
	const char *abs = w->url ? tw_url_resolve(w->a, w->url, href) : href;
	if (!abs || strncasecmp(abs, "javascript:", 11) == 0 || strncasecmp(abs, "data:", 5) == 0)
		return NULL;
	return abs;
}

static void add_link(struct tw_str *out, const struct dom_node *n, const struct inline_writer *w)
{
	const char *url = link_target(n, w);
	if (!url) {
		inline_children(out, n, w);
		return;
	}
	struct tw_str inner = TW_STR_INIT, close = TW_STR_INIT;
	inline_children(&inner, n, w);
	for (size_t i = 0; i < inner.len; i++)
		if (inner.data[i] == '\n')
			inner.data[i] = ' ';
	tw_str_adds(&close, "](");
	md_add_url(&close, url, strlen(url));
	tw_str_addc(&close, ')');
	add_wrapped(out, &inner, n, "[", tw_str_c(&close));
	tw_str_release(&close);
	tw_str_release(&inner);
}

bool html_is_silent(const struct dom_node *n)
{
	switch (n->tag) {
	case TAG_SCRIPT:
	case TAG_STYLE:
	case TAG_SVG:
	case TAG_TEMPLATE:
	case TAG_IFRAME:
	case TAG_OBJECT:
	case TAG_VIDEO:
	case TAG_AUDIO:
	case TAG_CANVAS:
	case TAG_SELECT:
	case TAG_TEXTAREA:
	case TAG_BUTTON:
	case TAG_IMG:
		return true;
	case TAG_SUP: /* the mark of a footnote */
		return n->end - n->id < 20 && dom_find(n, TAG_A) != NULL;
	default:
		return false;
	}
}

void html_inline(struct tw_str *out, const struct dom_node *n, const struct inline_writer *w)
{
	if (n->text) {
		if (!w->drop || !w->drop[n->id])
			html_inline_text(out, n->text, n->len);
		return;
	}
	if ((w->drop && w->drop[n->id]) || html_is_silent(n))
		return;
	switch (n->tag) {
	case TAG_EM:
	case TAG_I:
	case TAG_CITE:
	case TAG_DFN:
	case TAG_VAR:
		add_marked(out, n, "*", w);
		break;
	case TAG_STRONG:
	case TAG_B:
		add_marked(out, n, "**", w);
		break;
	case TAG_DEL:
	case TAG_S:
	case TAG_STRIKE:
		add_marked(out, n, "~~", w);
		break;
	case TAG_CODE:
	case TAG_KBD:
	case TAG_SAMP:
	case TAG_TT:
		add_code(out, n);
		break;
	case TAG_A:
		add_link(out, n, w);
		break;
	case TAG_BR:
		while (out->len && out->data[out->len - 1] == ' ')
			out->data[--out->len] = '\0';
		tw_str_addc(out, '\n');
		break;
	case TAG_Q:
		tw_str_addc(out, '"');
		inline_children(out, n, w);
		tw_str_addc(out, '"');
		break;
	default:
		inline_children(out, n, w);
	}
}

/* Length of a marker that begins a block at the start of a line, 0 when there is none. */
static size_t block_marker(const char *s, size_t len)
{
	size_t n = 0;
	if (!len)
		return 0;
	if (*s == '>')
		return 1;
	if (*s == '#') {
		while (n < len && s[n] == '#')
			n++;
		return n <= 6 && (n == len || is_space(s[n])) ? 1 : 0;
	}
	if (strchr("-+=~", *s)) {
		while (n < len && s[n] == *s)
			n++;
		return n == len || is_space(s[n]) || n >= 3 ? 1 : 0;
	}
	while (n < len && n < 9 && isdigit((unsigned char)s[n]))
		n++;
	if (n && n < len && (s[n] == '.' || s[n] == ')') && (n + 1 == len || is_space(s[n + 1])))
		return n + 1;
	return 0;
}

void markdown_escape_line_starts(struct tw_str *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		const char *nl = memchr(text + i, '\n', len - i);
		size_t n = nl ? (size_t)(nl - text) - i : len - i;
		size_t marker = block_marker(text + i, n);
		if (marker) {
			tw_str_add(out, text + i, marker - 1);
			tw_str_addc(out, '\\');
			tw_str_add(out, text + i + marker - 1, n - (marker - 1));
		} else {
			tw_str_add(out, text + i, n);
		}
		if (nl)
			tw_str_addc(out, '\n');
		i += n + (nl != NULL);
	}
}
