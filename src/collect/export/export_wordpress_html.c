#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "collect/html/dom_int.h"
#include "collect/export/export_wordpress_int.h"

#define MAX_SHORTCODE 4000

/* The length of a shortcode of WordPress itself that begins here, its content not included; 0: none does. */
static size_t shortcode(const char *s)
{
	static const char *const names[] = {"caption", "wp_caption", "gallery", "audio",
					    "video",   "playlist",   "embed",	NULL};
	const char *name = s + 1 + (s[1] == '/');
	for (const char *const *p = names; *p; p++) {
		size_t n = strlen(*p);
		if (strncmp(name, *p, n) != 0 || !name[n] || !strchr(" ]/", name[n]))
			continue;
		const char *close = memchr(s, ']', strnlen(s, MAX_SHORTCODE));
		return close && !memchr(s, '\n', (size_t)(close - s)) ? (size_t)(close + 1 - s) : 0;
	}
	return 0;
}

static void add_without_shortcodes(struct tw_str *out, const char *s)
{
	while (*s) {
		size_t plain = strcspn(s, "[");
		tw_str_add(out, s, plain);
		s += plain;
		size_t code = *s ? shortcode(s) : 0;
		if (*s && !code)
			tw_str_addc(out, *s);
		s += code ? code : *s != '\0';
	}
}

static bool begins_block(const char *s)
{
	char name[16];
	size_t n = 0;
	s += strspn(s, " \t");
	if (*s++ != '<')
		return false;
	s += *s == '/';
	for (; isalnum((unsigned char)*s) && n + 1 < sizeof(name); s++)
		name[n++] = (char)tolower((unsigned char)*s);
	name[n] = '\0';
	return strncmp(s - n, "!--", 3) == 0 || dom_is_block(dom_tag_of(name));
}

/* Where the next blank line is, but not within <pre>; the end when there is none. */
static const char *end_of_paragraph(const char *s)
{
	const char *end = strstr(s, "\n\n");
	for (;;) {
		if (end && end < s) /* within <pre> */
			end = strstr(s, "\n\n");
		const char *pre = end ? memmem(s, (size_t)(end - s), "<pre", 4) : NULL;
		const char *close = pre ? strstr(pre, "</pre>") : NULL;
		if (!end || (pre && !close))
			return s + strlen(s);
		if (!pre)
			return end;
		s = close;
	}
}

static void add_paragraph(struct tw_str *out, const char *s, size_t n)
{
	bool whole = begins_block(s) || memmem(s, n, "<pre", 4);
	tw_str_adds(out, whole ? "" : "<p>");
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\n' && !whole)
			tw_str_adds(out, "<br>");
		tw_str_addc(out, s[i]);
	}
	tw_str_adds(out, whole ? "\n" : "</p>\n");
}

/* One kind of line end, and nothing on blank lines. */
static void add_lines(struct tw_str *out, const char *s)
{
	while (*s) {
		size_t n = strcspn(s, "\n"), len = n;
		while (len && strchr(" \t\r", s[len - 1]))
			len--;
		tw_str_add(out, s, len);
		s += n;
		if (*s)
			tw_str_addc(out, *s++);
	}
}

static void add_paragraphs(struct tw_str *out, const char *s)
{
	for (s += strspn(s, "\n"); *s; s += strspn(s, "\n")) {
		const char *end = end_of_paragraph(s);
		add_paragraph(out, s, (size_t)(end - s));
		s = end;
	}
}

const char *wordpress_html(const char *post, struct tw_arena *a)
{
	struct tw_str plain = TW_STR_INIT, lines = TW_STR_INIT, out = TW_STR_INIT;
	add_without_shortcodes(&plain, post);
	add_lines(&lines, tw_str_c(&plain));
	if (strstr(tw_str_c(&lines), "<!-- wp:"))
		tw_str_adds(&out, tw_str_c(&lines));
	else
		add_paragraphs(&out, tw_str_c(&lines));
	const char *html = tw_str_dup(&out, a);
	tw_str_release(&plain);
	tw_str_release(&lines);
	tw_str_release(&out);
	return html;
}
