#include "collect/hackernews/hn_int.h"

#include <string.h>

#include "collect/export/export_int.h"
#include "collect/html/html_int.h"
#include "collect/quotation_int.h"

#define SITE "https://news.ycombinator.com/item?id="

/* Long addresses are shown cut: "https://example.org/a-long-na...". */
static void show_whole(struct dom_node *link, struct tw_arena *a)
{
	const char *href = dom_attr(link, "href");
	struct dom_node *text = link->first;
	if (!href || !text || !text->text || text->next || text->len < 4)
		return;
	size_t n = text->len - 3;
	if (memcmp(text->text + n, "...", 3) == 0 && strncmp(text->text, href, n) == 0) {
		text->text = tw_strdup(a, href);
		text->len = strlen(href);
	}
}

const char *hn_text(const struct tw_json *item, struct tw_arena *a)
{
	const char *html = export_text(item, "text");
	struct dom d;
	struct tw_str md = TW_STR_INIT;
	if (!html || dom_parse_html(&d, html, strlen(html), a, NULL) != TW_OK)
		return "";
	for (struct dom_node *n = d.root; n; n = dom_next(n, d.root))
		if (n->tag == TAG_A)
			show_whole(n, a);
	html_markdown(&md, d.root, NULL, NULL, a);
	const char *text = markdown_find_quotations(tw_str_c(&md), a);
	tw_str_release(&md);
	return text;
}

bool hn_is_writing(const struct tw_json *item, const char *user)
{
	return tw_streq(export_text(item, "by"), user) && export_text(item, "text") &&
	       !tw_json_bool(tw_json_get(item, "deleted"), false) &&
	       !tw_json_bool(tw_json_get(item, "dead"), false);
}

int64_t hn_parent(const struct tw_json *item)
{
	return tw_json_int(tw_json_get(item, "parent"), 0);
}

static const char *title_of(const struct tw_json *item, struct tw_arena *a)
{
	const char *title = export_text(item, "title");
	return title ? export_unescape(title, a) : NULL;
}

/* A story is its title, with the text if it has one. */
static const char *said_in(const struct tw_json *item, struct tw_arena *a)
{
	const char *title = title_of(item, a), *text = hn_text(item, a);
	if (tw_json_bool(tw_json_get(item, "deleted"), false))
		return "";
	return title ? tw_sprintf(a, "%s\n\n%s", plain_as_markdown(title, a), text) : text;
}

void hn_fill(struct tw_document *doc, const struct tw_json *item, const struct tw_json *parent,
	     struct tw_arena *a)
{
	struct export_tags tags = {0};
	const char *text = hn_text(item, a);
	int64_t above = hn_parent(item);
	bool own = tw_streq(export_text(parent, "by"), export_text(item, "by"));
	if (above)
		tags.exchanges = exchanges_of_quotations(
			text, parent && !own ? said_in(parent, a) : NULL, a);
	doc->title = title_of(item, a);
	doc->author = export_text(item, "by");
	doc->url = tw_sprintf(a, SITE "%s", doc->key);
	doc->created_ms = export_date(item, "time");
	doc->extra = export_extra(&tags, NULL,
				  above ? tw_sprintf(a, "%lld", (long long)above) : NULL, a);
	export_set_body(doc, "text/markdown", text);
}
