/* A page, from bytes to Markdown. */
#include "collect/html/html_int.h"

#include <string.h>

#include "base/http.h"
#include "collect/extract.h"

enum tw_status html_tree(struct dom *out, const char **used, const char *data, size_t len,
			 const char *charset, struct tw_arena *a, struct tw_err *err)
{
	struct tw_str utf8 = TW_STR_INIT;
	enum tw_status st = html_decode(&utf8, used, data, len, charset, a, err);
	if (st == TW_OK)
		st = dom_parse_html(out, tw_str_c(&utf8), utf8.len, a, err);
	tw_str_release(&utf8);
	return st;
}

const char *html_base(const struct dom *d, const char *url, struct tw_arena *a)
{
	const struct dom_node *base = dom_find(d->root, TAG_BASE);
	const char *href = base ? dom_attr(base, "href") : NULL;
	char *resolved = url && href ? tw_url_resolve(a, url, href) : NULL;
	return resolved ? resolved : url;
}

static void write_page(struct page *out, const struct dom_node *top, const unsigned char *drop,
		       const char *base, struct tw_arena *a)
{
	struct tw_str md = TW_STR_INIT, text = TW_STR_INIT;
	html_markdown(&md, top, drop, base, a);
	html_plain_text(&text, top, drop);
	out->body = tw_str_dup(&md, a);
	out->text = tw_str_dup(&text, a);
	tw_str_release(&md);
	tw_str_release(&text);
}

/* What a page that is built by its scripts says in its head: the article's body, or at least what it is about. */
static const char *said(const struct page *p)
{
	return p->ld_body ? p->ld_body : p->description;
}

static bool speaks_elsewhere(const struct page *p)
{
	size_t here = strlen(p->text);
	if (here == 0)
		return said(p) != NULL;
	return p->ld_body && strlen(p->ld_body) > 300 && here < strlen(p->ld_body) / 2;
}

/* Some put HTML there; in plain text a line is a paragraph. */
static void to_html(struct tw_str *out, const char *s)
{
	bool html = strstr(s, "</") || strstr(s, "<p>") || strstr(s, "<br");
	tw_str_adds(out, "<p>");
	for (; *s; s++) {
		if (!html && *s == '\n')
			tw_str_adds(out, "<p>");
		else if (!html && (*s == '<' || *s == '&'))
			tw_str_adds(out, *s == '<' ? "&lt;" : "&amp;");
		else
			tw_str_addc(out, *s);
	}
}

static enum tw_status take_said(struct page *out, const char *base, struct tw_arena *a,
				struct tw_err *err)
{
	struct tw_str html = TW_STR_INIT;
	struct dom d;
	to_html(&html, said(out));
	enum tw_status st = dom_parse_html(&d, html.data, html.len, a, err);
	if (st == TW_OK)
		write_page(out, d.root, NULL, base, a);
	tw_str_release(&html);
	return st;
}

enum tw_status extract_tree(struct page *out, const struct dom *d, const char *url,
			    struct tw_arena *a, struct tw_err *err)
{
	const char *base = html_base(d, url, a);
	*out = (struct page){.body = "", .text = ""};
	extract_meta(out, d, base, a);
	unsigned char *drop = tw_alloc(a, d->n);
	const struct dom_node *top = extract_main(drop, d, out, a);
	write_page(out, top, drop, base, a);
	return speaks_elsewhere(out) ? take_said(out, base, a, err) : TW_OK;
}

enum tw_status extract_page(struct page *out, const char *data, size_t len, const char *url,
			    const char *charset, struct tw_arena *a, struct tw_err *err)
{
	struct dom d;
	const char *used;
	*out = (struct page){.body = "", .text = ""};
	enum tw_status st = html_tree(&d, &used, data, len, charset, a, err);
	if (st == TW_OK)
		st = extract_tree(out, &d, url, a, err);
	out->charset = used;
	return st;
}

enum tw_status fragment_markdown(const char **out, const char *html, size_t len, const char *url,
				 struct tw_arena *a, struct tw_err *err)
{
	struct tw_str md = TW_STR_INIT;
	struct dom d;
	*out = "";
	if (strspn(html, " \t\r\n") >= len)
		return TW_OK;
	enum tw_status st = dom_parse_html(&d, html, len, a, NULL);
	if (st == TW_BAD_DATA) /* nothing in it that is text or an element */
		return TW_OK;
	if (st != TW_OK)
		return tw_fail(err, st, "a piece of HTML of %zu bytes could not be read", len);
	html_markdown(&md, d.root, NULL, url, a);
	*out = tw_str_dup(&md, a);
	tw_str_release(&md);
	return TW_OK;
}

/* --- what others see --- */

/* What is surely no page, by its first bytes; NULL: it may be one. */
static const char *other_kind(const char *s, size_t len)
{
	static const struct {
		const char *begins;
		size_t len;
		const char *kind;
	} kinds[] = {
		{"%PDF-", 5, "a PDF"},
		{"PK\x03\x04", 4, "a ZIP archive"},
		{"\x89PNG", 4, "a picture (PNG)"},
		{"GIF8", 4, "a picture (GIF)"},
		{"\xff\xd8\xff", 3, "a picture (JPEG)"},
		{"\x1f\x8b", 2, "compressed (gzip)"},
		{"\x7f"
		 "ELF",
		 4, "a program"},
	};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (len >= kinds[i].len && memcmp(s, kinds[i].begins, kinds[i].len) == 0)
			return kinds[i].kind;
	return NULL;
}

/* Of the first bytes, in UTF-8 or a charset of single bytes, a tenth are control characters. */
static bool is_binary(const struct page *p, const char *s, size_t len)
{
	size_t controls = 0, n = len < 4096 ? len : 4096;
	if (strncmp(p->charset, "utf-16", 6) == 0)
		return false;
	for (size_t i = 0; i < n; i++)
		controls += (unsigned char)s[i] < ' ' && !memchr("\t\n\f\r\x1b", s[i], 5);
	return controls * 10 > n;
}

enum tw_status tw_extract_page(struct tw_page *out, const char *data, size_t len, const char *url,
			       const char *charset, struct tw_arena *a, struct tw_err *err)
{
	struct page p;
	*out = (struct tw_page){.text = "", .markdown = ""};
	if (len == 0)
		return tw_fail(err, TW_BAD_DATA, "empty; a page of HTML was expected");
	if (len > TW_PAGE_MOST)
		return tw_fail(err, TW_BAD_DATA, "%zu bytes; a page has at most %d", len,
			       TW_PAGE_MOST);
	const char *kind = other_kind(data, len);
	if (kind)
		return tw_fail(err, TW_BAD_DATA, "no HTML: it is %s", kind);
	enum tw_status st = extract_page(&p, data, len, url, charset, a, err);
	if (st != TW_OK)
		return st;
	if (is_binary(&p, data, len))
		return tw_fail(err, TW_BAD_DATA, "no HTML: its bytes are no text");
	if (!*p.text && !p.title)
		return tw_fail(err, TW_BAD_DATA, "no text in it");
	*out = (struct tw_page){
		.title = p.title,
		.author = p.author,
		.description = p.description,
		.lang = p.lang,
		.canonical = p.canonical,
		.charset = p.charset,
		.created_ms = p.created_ms,
		.modified_ms = p.modified_ms,
		.text = p.text,
		.markdown = p.body,
	};
	return TW_OK;
}
