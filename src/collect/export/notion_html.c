/*
 * A page of Notion in HTML: <article class="page"> with a header (h1.page-title,
 * p.page-description, table.properties) and div.page-body. A row of properties
 * has its kind as class: property-row-multi_select, property-row-created_time.
 */
#include <ctype.h>
#include <string.h>

#include "collect/export/notion_int.h"
#include "collect/html/dom_int.h"
#include "collect/html/html_int.h"

static const char *text_of(const struct dom_node *n, struct tw_arena *a)
{
	const char *s = n ? dom_text_folded(n, a) : NULL;
	return s && *s ? s : NULL;
}

/* The article's id is the page's: a UUID. */
static const char *id_of(const struct dom_node *article, struct tw_arena *a)
{
	struct tw_str s = TW_STR_INIT;
	for (const char *p = dom_attr(article, "id"); p && *p && s.len <= NOTION_ID; p++)
		if (isxdigit((unsigned char)*p))
			tw_str_addc(&s, (char)tolower((unsigned char)*p));
	const char *id = s.len == NOTION_ID ? tw_str_dup(&s, a) : NULL;
	tw_str_release(&s);
	return id;
}

static void take_row(struct tw_document *doc, struct export_tags *tags, const struct dom_node *row,
		     struct tw_arena *a)
{
	const struct dom_node *name = dom_find(row, TAG_TH), *value = dom_find(row, TAG_TD);
	const char *text = text_of(value, a);
	if (!name || !text)
		return;
	if (dom_attr_has(row, "class", "property-row-created_time"))
		doc->created_ms = notion_date(text, a);
	else if (dom_attr_has(row, "class", "property-row-last_edited_time"))
		doc->modified_ms = notion_date(text, a);
	else if (!dom_attr_has(row, "class", "property-row-multi_select"))
		notion_property(doc, tags, dom_text_folded(name, a), text, a);
	else
		for (const struct dom_node *n = value; n; n = dom_next(n, value))
			if (dom_attr_has(n, "class", "selected-value"))
				export_add_tag(tags, text_of(n, a));
}

enum tw_status notion_html(struct tw_document *doc, const struct tw_str *html, struct tw_arena *a,
			   struct tw_err *err)
{
	/* Other pages' names and cards, tables of databases, signs of callouts, and formulas that stand there twice. */
	static const char *const foreign[] = {"table_of_contents",
					      "link-to-page",
					      "bookmark",
					      "source",
					      "icon",
					      "katex",
					      "collection-content",
					      NULL};
	struct dom d;
	const char *charset;
	struct tw_str md = TW_STR_INIT;
	struct export_tags tags = {0};
	enum tw_status st = html_tree(&d, &charset, html->data, html->len, NULL, a, err);
	if (st != TW_OK)
		return st;
	const struct dom_node *article = dom_find_class(d.root, "page"),
			      *body = dom_find_class(d.root, "page-body");
	if (!article || !body)
		return TW_DONE;
	const char *id = id_of(article, a);
	doc->key = id ? id : doc->key;
	doc->title = text_of(dom_find_class(article, "page-title"), a);
	const struct dom_node *table = dom_find_class(article, "properties");
	for (const struct dom_node *n = table; n && n->id < body->id; n = dom_next(n, table))
		if (n->tag == TAG_TR)
			take_row(doc, &tags, n, a);
	doc->extra = export_extra(&tags, text_of(dom_find_class(article, "page-description"), a),
				  NULL, a);
	html_markdown(&md, body, export_with_class(&d, foreign, a), NULL, a);
	export_set_body(doc, "text/markdown", tw_str_dup(&md, a));
	tw_str_release(&md);
	return TW_OK;
}
