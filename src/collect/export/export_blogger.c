/*
 * Blogger: feed.atom of Google's Takeout (Blogger/Blogs/NAME/), or the backup of
 * Settings, Back up content. Atom (RFC 4287) with elements of
 * http://schemas.google.com/blogger/2018: type POST, PAGE or COMMENT, status LIVE,
 * DRAFT or SOFT_TRASHED. Before 2023 a category of the scheme
 * http://schemas.google.com/g/2005#kind said what an entry is, and app:draft of
 * AtomPub (RFC 5023) that it is a draft.
 *
 * Posts and pages; with `drafts` also drafts and scheduled ones. Not comments, nor
 * what is in the trash. Of a blog with several authors, only the author's.
 */
#include <stdlib.h>
#include <string.h>

#include "collect/export/export_xml_int.h"

#define ATOM	    "http://www.w3.org/2005/Atom"
#define BLOGGER	    "http://schemas.google.com/blogger/2018"
#define APP	    "http://www.w3.org/2007/app"
#define KIND	    "http://schemas.google.com/g/2005#kind"
#define MAX_AUTHORS 8 /* named in a message */

/* An entry is read alone, so it gets the names that the root declares. */
static const char root_open[] =
	"<feed xmlns=\"" ATOM "\" xmlns:blogger=\"" BLOGGER "\" xmlns:app=\"" APP
	"\" xmlns:gd=\"http://schemas.google.com/g/2005\" xmlns:thr=\"http://purl.org/syndication/"
	"thread/1.0\" xmlns:georss=\"http://www.georss.org/georss\" "
	"xmlns:media=\"http://search.yahoo.com/mrss/\">";

static const char unknown_key[] = "feed.atom/"; /* of a broken entry: nothing is removed then */

struct blogger {
	struct slices *entries;
	const char *names[MAX_AUTHORS];
	size_t n_names;
	bool any; /* one of them is the author */
	struct tw_arena arena;
};

/* What one entry says of itself, in the arena. */
struct entry {
	const struct dom_node *node;
	const char *author;
	bool is_post, is_live, is_trash;
};

static bool is_blogger(const char *name, const char *head, size_t n)
{
	(void)name;
	return export_has(head, n, "<feed") &&
	       (export_has(head, n, BLOGGER) || export_has(head, n, "tag:blogger.com,1999:blog-"));
}

/* A child of the entry that says so of itself. */
static const struct dom_node *child_with(const struct dom_node *entry, const char *name,
					 const char *attr, const char *value)
{
	for (const struct dom_node *n = entry->first; n; n = n->next)
		if (strcmp(n->name, name) == 0 && tw_streq(dom_attr(n, attr), value))
			return n;
	return NULL;
}

static void read_kind(struct entry *e, struct tw_arena *a)
{
	const char *type = xml_text(e->node, BLOGGER, "type", a);
	const char *status = xml_text(e->node, BLOGGER, "status", a);
	const struct dom_node *kind = child_with(e->node, "category", "scheme", KIND),
			      *control = dom_child(e->node, NULL, "control");
	const char *term = kind ? dom_attr(kind, "term") : NULL;
	e->is_post = type ? !strcmp(type, "POST") || !strcmp(type, "PAGE")
			  : term && (tw_ends_with(term, "#post") || tw_ends_with(term, "#page"));
	e->is_live = status ? strcmp(status, "LIVE") == 0
			    : !tw_streq(xml_text(control, NULL, "draft", a), "yes");
	e->is_trash =
		(status && strstr(status, "TRASHED")) || xml_text(e->node, BLOGGER, "trashed", a);
}

static enum tw_status next_entry(struct entry *e, struct slices *s, struct tw_arena *a,
				 struct tw_err *err)
{
	struct tw_bytes xml;
	bool is_head = true;
	enum tw_status st = TW_OK;
	while (st == TW_OK && is_head) {
		tw_arena_reset(a);
		st = slices_next(&xml, &is_head, s, a, err);
	}
	if (st == TW_OK)
		st = slice_parse(&e->node, &xml, root_open, "entry", a, err);
	if (st != TW_OK)
		return st;
	e->author = xml_text(dom_child(e->node, NULL, "author"), NULL, "name", a);
	read_kind(e, a);
	return TW_OK;
}

static void blogger_close(void *state)
{
	struct blogger *b = state;
	slices_free(b->entries);
	tw_arena_release(&b->arena);
}

static void note_author(struct blogger *b, const struct export_in *x, const struct entry *e)
{
	size_t i = 0;
	if (!e->is_post || !e->author)
		return;
	b->any |= export_is_author(x, e->author);
	while (i < b->n_names && strcmp(b->names[i], e->author) != 0)
		i++;
	if (i == b->n_names && i < MAX_AUTHORS)
		b->names[b->n_names++] = tw_strdup(&b->arena, e->author);
}

/* Nothing at the top says who writes here: all is gone through once. */
static enum tw_status find_authors(struct blogger *b, struct export_in *x, struct tw_err *err)
{
	struct slices *entries = slices_new(x, is_blogger, "entry");
	struct tw_arena a;
	struct tw_err why;
	enum tw_status st = TW_OK;
	tw_arena_init(&a);
	while (st == TW_OK || st == TW_SKIPPED) {
		struct entry e;
		why = (struct tw_err)TW_ERR_INIT;
		st = next_entry(&e, entries, &a, &why);
		if (st == TW_OK)
			note_author(b, x, &e);
	}
	slices_free(entries);
	tw_arena_release(&a);
	return st == TW_DONE ? bundle_rewind(x->files, err) : tw_fail(err, st, "%s", why.msg);
}

static enum tw_status check_authors(const struct blogger *b, const struct export_in *x,
				    struct tw_err *err)
{
	struct tw_str all = TW_STR_INIT;
	if (b->any || export_is_of_one(x, b->n_names))
		return TW_OK;
	for (size_t i = 0; i < b->n_names; i++)
		export_add_name(&all, b->names[i]);
	return export_no_author(&all, err);
}

static enum tw_status blogger_open(void *state, struct export_in *x, struct tw_err *err)
{
	struct blogger *b = state;
	tw_arena_init(&b->arena);
	b->entries = slices_new(x, is_blogger, "entry");
	enum tw_status st = find_authors(b, x, err);
	if (st == TW_OK)
		st = check_authors(b, x, err);
	if (st != TW_OK)
		blogger_close(b);
	return st;
}

static bool is_wanted(const struct blogger *b, const struct export_in *x, const struct entry *e)
{
	bool own = !b->any || export_is_author(x, e->author);
	return e->is_post && own && !e->is_trash && (e->is_live || x->drafts);
}

static const char *labels_of(const struct dom_node *entry, struct tw_arena *a)
{
	struct export_tags tags = {0};
	for (const struct dom_node *n = entry->first; n; n = n->next)
		if (strcmp(n->name, "category") == 0 && !tw_streq(dom_attr(n, "scheme"), KIND))
			export_add_tag(&tags, dom_attr(n, "term"));
	return export_tags(&tags, a);
}

static void fill(struct tw_document *doc, const struct entry *e, struct tw_arena *a)
{
	const struct dom_node *content = dom_child(e->node, NULL, "content");
	const struct dom_node *link = child_with(e->node, "link", "rel", "alternate");
	struct tw_str html = TW_STR_INIT;
	if (content)
		dom_text(&html, content);
	doc->title = xml_text(e->node, NULL, "title", a);
	doc->author = e->author;
	doc->url = link ? dom_attr(link, "href") : NULL;
	doc->extra = labels_of(e->node, a);
	doc->created_ms = xml_date(e->node, NULL, "published", a);
	doc->modified_ms = xml_date(e->node, NULL, "updated", a);
	export_set_body(doc, "text/markdown", export_markdown(tw_str_c(&html), NULL, doc->url, a));
	tw_str_release(&html);
}

static enum tw_status blogger_next(struct tw_document *doc, void *state, struct export_in *x,
				   struct tw_arena *a, struct tw_err *err)
{
	struct blogger *b = state;
	for (;;) {
		struct entry e;
		enum tw_status st = next_entry(&e, b->entries, a, err);
		if (st == TW_SKIPPED)
			doc->key = unknown_key;
		if (st != TW_OK)
			return st;
		if (!is_wanted(b, x, &e))
			continue;
		doc->key = xml_text(e.node, NULL, "id", a);
		if (!doc->key)
			return tw_fail(err, TW_SKIPPED, "a post without an id");
		fill(doc, &e, a);
		return TW_OK;
	}
}

const struct export_format export_blogger = {
	.name = "Blogger",
	.recognise = is_blogger,
	.state_size = sizeof(struct blogger),
	.open = blogger_open,
	.next = blogger_next,
	.close = blogger_close,
};
