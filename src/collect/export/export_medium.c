/*
 * Medium: the export (Settings, Security and apps, Download your information) has
 * one page a post in posts/. Medium describes it only in its help centre ("Export
 * your account data"); a page is an h-entry of microformats2 (microformats.org):
 * p-name, p-summary, e-content, and a footer with p-author, dt-published and
 * p-canonical. Drafts, named draft_…, have neither date nor canonical link.
 * The pages of other folders (bookmarks, claps, highlights) are no h-entry.
 */
#include <string.h>

#include "collect/html/dom_int.h"
#include "collect/export/export_int.h"
#include "collect/html/html_int.h"

static bool is_medium(const char *name, const char *head, size_t n)
{
	(void)name;
	return export_has(head, n, "<article class=\"h-entry\"") && export_has(head, n, "p-name");
}

static const char *text_of(const struct dom *d, const char *class, struct tw_arena *a)
{
	const struct dom_node *n = dom_find_class(d->root, class);
	const char *s = n ? dom_text_folded(n, a) : NULL;
	return s && *s ? s : NULL;
}

/* "…/slug-3fa9c1d2e4b5", "https://medium.com/p/3fa9c1d2e4b5": the digits at the end are the post. */
static const char *id_in(const char *s, struct tw_arena *a)
{
	size_t end = s ? strcspn(s, "?#") : 0, n = 0;
	if (end > 5 && strncmp(s + end - 5, ".html", 5) == 0)
		end -= 5;
	while (n < end && strchr("0123456789abcdef", s[end - 1 - n]))
		n++;
	bool whole = n >= 8 && n <= 16 && (n == end || strchr("-_/", s[end - 1 - n]));
	return whole ? tw_strndup(a, s + end - n, n) : NULL;
}

static const char *id_of(const struct dom *d, const char *url, const char *name, struct tw_arena *a)
{
	const struct dom_node *n = d->root;
	for (; n; n = dom_next(n, d->root)) {
		const char *href = n->tag == TAG_A ? dom_attr(n, "href") : NULL;
		if (href && tw_starts_with(href, "https://medium.com/p/") && id_in(href, a) &&
		    n->parent &&
		    (dom_find(n, TAG_TIME) || strstr(dom_text_folded(n, a), "original")))
			return id_in(href, a);
	}
	const char *id = id_in(url, a);
	return id ? id : id_in(name, a);
}

static enum tw_status read_page(struct tw_document *doc, void *state TW_UNUSED,
				const struct export_in *x, struct tw_str *html, struct tw_arena *a,
				struct tw_err *err)
{
	/* The title stands in the text once more, with a rule above it; a card of a linked page has that one's words. */
	static const char *const foreign[] = {"graf--title", "section-divider",
					      "graf--mixtapeEmbed", NULL};
	struct dom d;
	const char *charset;
	struct tw_str md = TW_STR_INIT;
	enum tw_status st = html_tree(&d, &charset, html->data, html->len, NULL, a, err);
	if (st != TW_OK)
		return st;
	const struct dom_node *body = dom_find_class(d.root, "e-content");
	const struct dom_node *when = dom_find_class(d.root, "dt-published");
	const struct dom_node *canonical = dom_find_class(d.root, "p-canonical");
	const char *name = doc->key;
	doc->url = canonical ? dom_attr(canonical, "href") : NULL;
	doc->key = id_of(&d, doc->url, name, a);
	doc->key = doc->key ? doc->key : name;
	if (!body || (!when && !x->drafts))
		return TW_DONE;
	doc->title = text_of(&d, "p-name", a);
	doc->author = text_of(&d, "p-author", a);
	doc->created_ms = export_parse_date(when ? dom_attr(when, "datetime") : NULL);
	html_markdown(&md, body, export_with_class(&d, foreign, a), doc->url, a);
	export_set_body(doc, "text/markdown", tw_str_dup(&md, a));
	tw_str_release(&md);
	return TW_OK;
}

static enum tw_status medium_next(struct tw_document *doc, void *state, struct export_in *x,
				  struct tw_arena *a, struct tw_err *err)
{
	return export_next_page(doc, x, is_medium, read_page, state, a, err);
}

const struct export_format export_medium = {
	.name = "Medium",
	.recognise = is_medium,
	.next = medium_next,
};
