/* What a page links to, and what it asks of programs. */
#include "collect/site/crawl_int.h"

#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "collect/site/polite_int.h"

#define MAX_LINKS 5000

struct reader {
	struct crawl_links *out;
	const struct crawl_scope *scope;
	const char *base;
	struct tw_map seen;
	struct tw_arena *a; /* for what stays */
	struct tw_arena scratch;
};

static void add_link(struct reader *r, const char *href)
{
	if (!href || r->out->cut)
		return;
	tw_arena_reset(&r->scratch);
	const char *url = crawl_page_url(r->scope, r->base, href, &r->scratch);
	if (!url || tw_map_has(&r->seen, url))
		return;
	r->out->cut = r->out->urls.n >= MAX_LINKS;
	if (r->out->cut)
		return;
	tw_map_set_int(&r->seen, url, 1);
	tw_vec_push(&r->out->urls, tw_strdup(r->a, url));
}

static void read_anchor(struct reader *r, const struct dom_node *n)
{
	if (!dom_attr_has(n, "rel", "nofollow") && !dom_attr_has(n, "rel", "sponsored") &&
	    !dom_attr_has(n, "rel", "ugc"))
		add_link(r, dom_attr(n, "href"));
}

static void read_link(struct reader *r, const struct dom_node *n)
{
	const char *href = dom_attr(n, "href");
	if (dom_attr_has(n, "rel", "next") || dom_attr_has(n, "rel", "prev"))
		add_link(r, href);
	if (href && dom_attr_has(n, "rel", "canonical") && !r->out->canonical)
		r->out->canonical = crawl_site_url(r->scope, r->base, href, r->a);
}

static void read_meta(struct reader *r, const struct dom_node *n)
{
	const char *name = dom_attr(n, "name"), *content = dom_attr(n, "content");
	if (name && content &&
	    (strcasecmp(name, "robots") == 0 || strcasecmp(name, POLITE_AGENT) == 0))
		robots_words_add(&r->out->words, content, POLITE_AGENT);
}

/* --- schema.org --- */

static bool is_list_type(const struct tw_json *v)
{
	static const char *const types[] = {"CollectionPage", "ItemList", "SearchResultsPage",
					    "Blog"};
	const struct tw_json *t = tw_json_get(v, "@type");
	if (t && t->type == TW_JSON_ARRAY)
		t = t->child;
	const char *name = tw_json_str(t, "");
	const char *slash = strrchr(name, '/'); /* "https://schema.org/ItemList" */
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(slash ? slash + 1 : name, types[i]) == 0)
			return true;
	return false;
}

/* The page itself: what stands first, or in the graph; not what it is a part of. */
static void read_ld(struct reader *r, const struct dom_node *script)
{
	const struct tw_json *v = html_ld(script, r->a);
	const struct tw_json *graph = tw_json_get(v, "@graph");
	if (graph || (v && v->type == TW_JSON_ARRAY))
		v = (graph ? graph : v)->child;
	for (; v; v = v->next)
		r->out->is_list |= is_list_type(v);
}

static void walk(struct reader *r, const struct dom_node *root)
{
	for (const struct dom_node *n = root; n; n = dom_next(n, root)) {
		if (n->tag == TAG_A)
			read_anchor(r, n);
		else if (n->tag == TAG_LINK)
			read_link(r, n);
		else if (n->tag == TAG_META)
			read_meta(r, n);
		else if (n->tag == TAG_SCRIPT)
			read_ld(r, n);
	}
}

void crawl_links_read(struct crawl_links *out, const struct dom *d, const char *url,
		      const struct crawl_scope *scope, struct tw_arena *a)
{
	struct reader r = {.out = out, .scope = scope, .base = html_base(d, url, a), .a = a};
	*out = (struct crawl_links){0};
	tw_arena_init(&r.scratch);
	walk(&r, d->root);
	tw_map_release(&r.seen);
	tw_arena_release(&r.scratch);
}
