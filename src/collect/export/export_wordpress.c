/*
 * WordPress: Tools, Export, which gives WXR, "WordPress eXtended RSS": RSS 2.0 with
 * elements of http://wordpress.org/export/1.2/ (what writes it is
 * wp-admin/includes/export.php of WordPress). wordpress.com gives the same, in a ZIP.
 *
 * Posts and pages that are published; with `drafts` also drafts, pending,
 * scheduled, private and protected ones. What is in the trash never, nor other
 * types (attachments, menus, templates), nor comments. Of a site with several
 * authors, only the author's.
 */
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "collect/export/export_wordpress_int.h"
#include "collect/export/export_xml_int.h"

#define WP	"http://wordpress.org/export/1.2/"
#define CONTENT "http://purl.org/rss/1.0/modules/content/"
#define DC	"http://purl.org/dc/elements/1.1/"

/* An item is read alone, so it gets the names that the root declares. */
static const char root_open[] = "<rss xmlns:wp=\"" WP "\" xmlns:content=\"" CONTENT
				"\" xmlns:dc=\"" DC "\" xmlns:excerpt=\"" WP "excerpt/\">";

/* Of a broken item: with the slash nothing is taken for removed. */
static const char unknown_key[] = "WXR/";

struct author {
	const char *login, *name;
	bool mine;
};

struct wordpress {
	struct slices *items;
	TW_VEC(struct author) authors;
	const char *lang;
	struct tw_arena arena;
};

static bool is_wxr(const char *name, const char *head, size_t n)
{
	(void)name;
	return export_has(head, n, "<rss") && export_has(head, n, "http://wordpress.org/export/");
}

static void wordpress_close(void *state)
{
	struct wordpress *w = state;
	slices_free(w->items);
	tw_vec_release(&w->authors);
	tw_arena_release(&w->arena);
}

static enum tw_status wordpress_open(void *state, struct export_in *x, struct tw_err *err)
{
	struct wordpress *w = state;
	(void)err;
	tw_arena_init(&w->arena);
	w->items = slices_new(x, is_wxr, "item");
	return TW_OK;
}

/* --- the head: who writes here --- */

static void add_author(struct wordpress *w, const struct export_in *x, const struct dom_node *n)
{
	const char *email = xml_text(n, NULL, "author_email", &w->arena);
	struct author one = {.login = xml_text(n, NULL, "author_login", &w->arena),
			     .name = xml_text(n, NULL, "author_display_name", &w->arena)};
	one.mine = export_is_author(x, one.login) || export_is_author(x, one.name) ||
		   export_is_author(x, email);
	if (one.login)
		tw_vec_push(&w->authors, one);
}

static enum tw_status check_authors(struct wordpress *w, const struct export_in *x,
				    struct tw_err *err)
{
	struct tw_str all = TW_STR_INIT;
	const bool of_one = export_is_of_one(x, w->authors.n);
	bool any = of_one;
	for (size_t i = 0; i < w->authors.n; i++) {
		struct author *one = &w->authors.at[i];
		one->mine |= of_one;
		any |= one->mine;
		export_add_name(&all, one->name ? one->name : one->login);
	}
	if (!any)
		return export_no_author(&all, err);
	tw_str_release(&all);
	return TW_OK;
}

static enum tw_status read_head(struct wordpress *w, const struct export_in *x,
				const struct tw_bytes *head, struct tw_err *err)
{
	struct dom d;
	enum tw_status st = dom_parse_xml(&d, head->data, head->len, "UTF-8", &w->arena, err);
	w->authors.n = 0;
	w->lang = NULL;
	if (st != TW_OK)
		return st;
	const struct dom_node *channel = dom_child(d.root, NULL, "channel");
	const struct dom_node *n = channel ? channel->first : NULL;
	if (channel)
		w->lang = xml_text(channel, NULL, "language", &w->arena);
	for (; n; n = n->next)
		if (strcmp(n->name, "author") == 0)
			add_author(w, x, n);
	return check_authors(w, x, err);
}

/* --- items --- */

static bool is_wanted(const struct dom_node *item, const struct export_in *x, struct tw_arena *a)
{
	const char *type = xml_text(item, WP, "post_type", a),
		   *status = xml_text(item, WP, "status", a);
	static const char *const unpublished[] = {"draft", "pending", "future", "private"};
	if (!type || !status || (strcmp(type, "post") != 0 && strcmp(type, "page") != 0))
		return false;
	if (strcmp(status, "publish") == 0)
		return x->drafts || !xml_text(item, WP, "post_password", a);
	for (size_t i = 0; i < sizeof(unpublished) / sizeof(*unpublished); i++)
		if (strcmp(status, unpublished[i]) == 0)
			return x->drafts;
	return false;
}

/* NULL: somebody else's. "" when the head names nobody. */
static const char *author_of(const struct wordpress *w, const struct dom_node *item,
			     struct tw_arena *a)
{
	const char *login = xml_text(item, DC, "creator", a);
	if (!w->authors.n)
		return login ? login : "";
	for (size_t i = 0; login && i < w->authors.n; i++) {
		const struct author *one = &w->authors.at[i];
		if (strcmp(one->login, login) == 0)
			return !one->mine ? NULL : one->name ? one->name : login;
	}
	return NULL;
}

static const char *tags_of(const struct dom_node *item, struct tw_arena *a)
{
	struct export_tags tags = {0};
	for (const struct dom_node *n = item->first; n; n = n->next) {
		const char *tag = strcmp(n->name, "category") == 0 ? dom_text_folded(n, a) : "";
		if (strcmp(tag, "Uncategorized") != 0)
			export_add_tag(&tags, tag);
	}
	return export_tags(&tags, a);
}

static void fill(struct tw_document *doc, const struct wordpress *w, const struct dom_node *item,
		 struct tw_arena *a)
{
	const struct dom_node *content = dom_child(item, CONTENT, "encoded");
	struct tw_str raw = TW_STR_INIT;
	if (content)
		dom_text(&raw, content);
	doc->title = xml_text(item, "", "title", a);
	doc->url = xml_text(item, "", "link", a);
	doc->lang = w->lang;
	doc->extra = tags_of(item, a);
	doc->created_ms = xml_date(item, WP, "post_date_gmt", a);
	doc->modified_ms = xml_date(item, WP, "post_modified_gmt", a);
	if (!doc->created_ms)
		doc->created_ms = xml_date(item, WP, "post_date", a);
	export_set_body(doc, "text/markdown",
			export_markdown(wordpress_html(tw_str_c(&raw), a), NULL, doc->url, a));
	tw_str_release(&raw);
}

/* TW_DONE: nothing to take here. */
static enum tw_status read_item(struct tw_document *doc, const struct wordpress *w,
				const struct export_in *x, const struct tw_bytes *xml,
				struct tw_arena *a, struct tw_err *err)
{
	const struct dom_node *item;
	enum tw_status st = slice_parse(&item, xml, root_open, "item", a, err);
	if (st != TW_OK)
		return st;
	doc->author = author_of(w, item, a);
	if (!doc->author || !is_wanted(item, x, a))
		return TW_DONE;
	doc->author = *doc->author ? doc->author : NULL;
	doc->key = xml_text(item, "", "guid", a);
	if (!doc->key)
		doc->key = xml_text(item, WP, "post_id", a);
	if (!doc->key)
		return tw_fail(err, TW_SKIPPED, "a post without guid and id");
	fill(doc, w, item, a);
	return TW_OK;
}

static enum tw_status wordpress_next(struct tw_document *doc, void *state, struct export_in *x,
				     struct tw_arena *a, struct tw_err *err)
{
	struct wordpress *w = state;
	for (;;) {
		struct tw_bytes xml;
		bool is_head;
		tw_arena_reset(a);
		doc->key = unknown_key;
		enum tw_status st = slices_next(&xml, &is_head, w->items, a, err);
		if (st == TW_OK && is_head)
			st = read_head(w, x, &xml, err);
		if (st != TW_OK)
			return st;
		if (is_head)
			continue;
		st = read_item(doc, w, x, &xml, a, err);
		if (st != TW_DONE)
			return st;
	}
}

const struct export_format export_wordpress = {
	.name = "WordPress",
	.recognise = is_wxr,
	.state_size = sizeof(struct wordpress),
	.open = wordpress_open,
	.next = wordpress_next,
	.close = wordpress_close,
};
