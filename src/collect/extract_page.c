/* A page, from bytes to Markdown. */
#include "collect/html_int.h"

#include <string.h>

#include "base/http.h"

static enum tw_status to_tree(struct dom *out, const char *data, size_t len, const char *charset,
			      struct tw_arena *a, struct tw_err *err)
{
	struct tw_str utf8 = TW_STR_INIT;
	enum tw_status st = html_to_utf8(&utf8, data, len, charset, a, err);
	if (st == TW_OK)
		st = dom_parse_html(out, tw_str_c(&utf8), utf8.len, a, err);
	tw_str_release(&utf8);
	return st;
}

static const char *base_of(const struct dom *d, const char *url, struct tw_arena *a)
{
	const struct dom_node *base = dom_find(d->root, TAG_BASE);
	const char *href = base ? dom_attr(base, "href") : NULL;
	char *resolved = url && href ? tw_url_resolve(a, url, href) : NULL;
	return resolved ? resolved : url;
}

enum tw_status extract_page(struct page *out, const char *data, size_t len, const char *url,
			    const char *charset, struct tw_arena *a, struct tw_err *err)
{
	struct tw_str md = TW_STR_INIT;
	struct dom d;
	*out = (struct page){.body = ""};
	enum tw_status st = to_tree(&d, data, len, charset, a, err);
	if (st != TW_OK)
		return st;
	const char *base = base_of(&d, url, a);
	extract_meta(out, &d, base, a);
	unsigned char *drop = tw_alloc(a, d.n);
	const struct dom_node *top = extract_main(drop, &d, out->title, a);
	html_markdown(&md, top, drop, base, a);
	out->body = tw_str_dup(&md, a);
	tw_str_release(&md);
	return TW_OK;
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
