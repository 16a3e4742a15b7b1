/* RSS 2.0, RSS 1.0 and Atom (RFC 4287) as struct feed. JSON Feed is in feed_json.c. */
#include "collect/feed/feed_int.h"

#include <string.h>
#include <strings.h>

#include "base/http.h"
#include "base/json.h"
#include "base/map.h"
#include "base/time.h"
#include "base/vec.h"
#include "collect/html/html_int.h"

#define ATOM	"http://www.w3.org/2005/Atom"
#define DC	"http://purl.org/dc/elements/1.1/"
#define CONTENT "http://purl.org/rss/1.0/modules/content/"

#define MAX_ITEMS 100000

struct items TW_VEC_BODY(struct feed_item);

struct reader {
	struct items items;
	struct tw_map seen;
	struct tw_arena *a;
	const char *url;
};

static const char *text_of(const struct dom_node *n, struct tw_arena *a)
{
	const char *s = n ? dom_text_folded(n, a) : NULL;
	return s && *s ? s : NULL;
}

static const char *child_text(const struct dom_node *n, const char *ns, const char *name,
			      struct tw_arena *a)
{
	return text_of(dom_child(n, ns, name), a);
}

static int64_t date(const char *s)
{
	int64_t ms;
	return s && tw_parse_date(&ms, s) ? ms : 0;
}

const char *feed_person(const char *s, struct tw_arena *a)
{
	const char *open = s ? strchr(s, '(') : NULL, *close = open ? strrchr(open, ')') : NULL;
	const char *angle = s ? strchr(s, '<') : NULL;
	if (!s)
		return NULL;
	if (close && close > open + 1 && memchr(s, '@', (size_t)(open - s)))
		return tw_strndup(a, open + 1, (size_t)(close - open - 1));
	if (angle && strchr(angle, '@')) {
		while (angle > s && angle[-1] == ' ')
			angle--;
		return angle > s ? tw_strndup(a, s, (size_t)(angle - s)) : NULL;
	}
	return strchr(s, '@') && !strchr(s, ' ') ? NULL : s;
}

/* Tags are HTML inside XML where they are written as text. */
static const char *plain_title(const char *s, struct tw_arena *a)
{
	struct dom d;
	if (!s || (!strchr(s, '<') && !strchr(s, '&')))
		return s;
	if (dom_parse_html(&d, s, strlen(s), a, NULL) != TW_OK)
		return s;
	const char *plain = text_of(d.root, a);
	return plain ? plain : s;
}

static const char *raw_text(const struct dom_node *n, struct tw_arena *a)
{
	struct tw_str s = TW_STR_INIT;
	dom_text(&s, n);
	tw_str_trim(&s);
	const char *copy = s.len ? tw_str_dup(&s, a) : NULL;
	tw_str_release(&s);
	return copy;
}

static const char *write_tags(const struct dom_node *item, struct tw_arena *a)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	tw_jw_array(&w, NULL);
	for (const struct dom_node *c = item->first; c; c = c->next) {
		bool is_tag = strcmp(c->name, "category") == 0 ||
			      (strcmp(c->name, "subject") == 0 && strcmp(c->ns, DC) == 0);
		const char *term = is_tag ? dom_attr(c, "term") : NULL;
		const char *text = is_tag && !term ? text_of(c, a) : term;
		if (text && *text)
			tw_jw_str(&w, NULL, text);
	}
	tw_jw_end(&w);
	const char *copy = s.len > 2 ? tw_str_dup(&s, a) : NULL;
	tw_str_release(&s);
	return copy;
}

static void add_item(struct reader *r, struct feed_item *it)
{
	if (!it->key)
		it->key = it->link;
	if (!it->key || r->items.n >= MAX_ITEMS || tw_map_has(&r->seen, it->key))
		return;
	tw_map_set_int(&r->seen, it->key, 1);
	tw_vec_push(&r->items, *it);
}

/* --- RSS --- */

static bool is_http(const char *s)
{
	return s && (strncasecmp(s, "http://", 7) == 0 || strncasecmp(s, "https://", 8) == 0);
}

static const char *atom_link(const struct dom_node *n, const struct reader *r)
{
	for (const struct dom_node *c = n->first; c; c = c->next) {
		const char *rel = dom_attr(c, "rel"), *href = dom_attr(c, "href");
		if (strcmp(c->name, "link") == 0 && href && (!rel || strcmp(rel, "alternate") == 0))
			return tw_url_resolve(r->a, r->url, href);
	}
	return NULL;
}

static const char *rss_link(const struct dom_node *n, const struct reader *r)
{
	const struct dom_node *guid = dom_child(n, NULL, "guid");
	const char *permanent = guid ? dom_attr(guid, "isPermaLink") : NULL;
	for (const struct dom_node *c = n->first; c; c = c->next) {
		const char *s = strcmp(c->name, "link") == 0 && strcmp(c->ns, ATOM) != 0
					? text_of(c, r->a)
					: NULL;
		if (s)
			return tw_url_resolve(r->a, r->url, s);
	}
	const char *s = text_of(guid, r->a);
	if (is_http(s) && !(permanent && strcmp(permanent, "false") == 0))
		return s;
	return atom_link(n, r);
}

static void rss_item(struct reader *r, const struct dom_node *n)
{
	struct tw_arena *a = r->a;
	const struct dom_node *content = dom_child(n, CONTENT, "encoded");
	const struct dom_node *summary = dom_child(n, NULL, "description");
	struct feed_item it = {.link = rss_link(n, r)};
	const char *author = child_text(n, DC, "creator", a);
	it.key = child_text(n, NULL, "guid", a);
	it.title = plain_title(child_text(n, "", "title", a), a);
	if (!it.title)
		it.title = plain_title(child_text(n, NULL, "title", a), a);
	it.author = author ? author : feed_person(child_text(n, NULL, "author", a), a);
	it.created_ms = date(child_text(n, NULL, "pubDate", a));
	if (!it.created_ms)
		it.created_ms = date(child_text(n, DC, "date", a));
	it.modified_ms = date(child_text(n, ATOM, "updated", a));
	it.content.html = content ? raw_text(content, a) : NULL;
	it.summary.html = summary ? raw_text(summary, a) : NULL;
	it.tags = write_tags(n, a);
	add_item(r, &it);
}

static void read_rss(struct feed *out, struct reader *r, const struct dom_node *root)
{
	const struct dom_node *channel = dom_child(root, NULL, "channel");
	if (channel) {
		out->lang = child_text(channel, NULL, "language", r->a);
		out->author = feed_person(child_text(channel, NULL, "managingEditor", r->a), r->a);
		if (!out->author)
			out->author = child_text(channel, DC, "creator", r->a);
	}
	/* RSS 1.0 has its items beside the channel. */
	for (const struct dom_node *n = root; n; n = dom_next(n, root))
		if (strcmp(n->name, "item") == 0 && (n->parent == root || n->parent == channel))
			rss_item(r, n);
}

/* --- Atom --- */

static struct feed_text atom_text(const struct dom_node *n, struct tw_arena *a)
{
	struct feed_text t = {0};
	const char *type = n ? dom_attr(n, "type") : NULL;
	if (!n || dom_attr(n, "src"))
		return t;
	if (type && (strcmp(type, "xhtml") == 0 || strcmp(type, "application/xhtml+xml") == 0))
		t.tree = n;
	else if (type && (strcmp(type, "html") == 0 || strcmp(type, "text/html") == 0))
		t.html = raw_text(n, a);
	else if (!type || strncmp(type, "text", 4) == 0)
		t.plain = raw_text(n, a);
	return t;
}

static const char *atom_title(const struct dom_node *n, struct tw_arena *a)
{
	struct feed_text t = atom_text(n, a);
	if (t.tree)
		return text_of(t.tree, a);
	return t.html ? plain_title(t.html, a) : t.plain;
}

static const char *atom_author(const struct dom_node *n, struct tw_arena *a)
{
	struct tw_str s = TW_STR_INIT;
	for (const struct dom_node *c = n->first; c; c = c->next) {
		const char *name =
			strcmp(c->name, "author") == 0 ? child_text(c, NULL, "name", a) : NULL;
		if (name)
			tw_str_addf(&s, "%s%s", s.len ? ", " : "", name);
	}
	const char *copy = s.len ? tw_str_dup(&s, a) : NULL;
	tw_str_release(&s);
	return copy;
}

static void atom_entry(struct reader *r, const struct dom_node *n)
{
	struct tw_arena *a = r->a;
	struct feed_item it = {.link = atom_link(n, r)};
	it.key = child_text(n, NULL, "id", a);
	it.title = atom_title(dom_child(n, NULL, "title"), a);
	it.author = atom_author(n, a);
	it.lang = dom_attr(n, "lang");
	it.created_ms = date(child_text(n, NULL, "published", a));
	it.modified_ms = date(child_text(n, NULL, "updated", a));
	if (!it.created_ms)
		it.created_ms = it.modified_ms;
	it.content = atom_text(dom_child(n, NULL, "content"), a);
	it.summary = atom_text(dom_child(n, NULL, "summary"), a);
	it.tags = write_tags(n, a);
	add_item(r, &it);
}

static void read_atom(struct feed *out, struct reader *r, const struct dom_node *root)
{
	out->lang = dom_attr(root, "lang");
	out->author = atom_author(root, r->a);
	for (const struct dom_node *n = root->first; n; n = n->next)
		if (strcmp(n->name, "entry") == 0)
			atom_entry(r, n);
}

/* --- which of them --- */

/* A page may name its feed: <link rel="alternate" type="application/rss+xml" href="…">. */
static const char *feed_of_page(const char *data, size_t len, const char *url, struct tw_arena *a)
{
	static const char *const types[] = {"application/rss+xml", "application/atom+xml",
					    "application/feed+json"};
	struct dom d;
	if (dom_parse_html(&d, data, len, a, NULL) != TW_OK)
		return NULL;
	for (const struct dom_node *n = d.root; n; n = dom_next(n, d.root)) {
		const char *type = dom_attr(n, "type"), *href = dom_attr(n, "href");
		for (size_t i = 0; n->tag == TAG_LINK && type && href && i < 3; i++)
			if (strcasecmp(type, types[i]) == 0)
				return tw_url_resolve(a, url, href);
	}
	return NULL;
}

static bool looks_like_html(const char *s, size_t len)
{
	size_t n = len < 512 ? len : 512;
	for (size_t i = 0; i + 5 < n; i++)
		if (strncasecmp(s + i, "<html", 5) == 0 ||
		    (i + 14 < n && strncasecmp(s + i, "<!doctype html", 14) == 0))
			return true;
	return false;
}

static enum tw_status no_feed(const char *url, struct tw_err *err)
{
	return tw_fail(err, TW_BAD_DATA, "%s: neither RSS nor Atom nor JSON Feed", url);
}

static enum tw_status read_xml(struct feed *out, const char *data, size_t len, const char *url,
			       const char *charset, struct tw_arena *a, struct tw_err *err)
{
	struct reader r = {.a = a, .url = url};
	struct dom d;
	bool known = true;
	if (dom_parse_xml(&d, data, len, charset, a, NULL) != TW_OK)
		return no_feed(url, err);
	if (strcmp(d.root->name, "rss") == 0 || strcmp(d.root->name, "RDF") == 0)
		read_rss(out, &r, d.root);
	else if (strcmp(d.root->name, "feed") == 0)
		read_atom(out, &r, d.root);
	else
		known = false;
	out->n = r.items.n;
	out->items = TW_NEW_ARRAY(a, r.items.n, struct feed_item);
	if (r.items.n)
		memcpy(out->items, r.items.at, r.items.n * sizeof(*out->items));
	tw_vec_release(&r.items);
	tw_map_release(&r.seen);
	return known ? TW_OK : no_feed(url, err);
}

enum tw_status feed_parse(struct feed *out, const char *data, size_t len, const char *url,
			  const char *content_type, struct tw_arena *a, struct tw_err *err)
{
	*out = (struct feed){0};
	while (len && strchr(" \t\r\n", *data))
		data++, len--;
	if (len && *data == '{')
		return feed_parse_json(out, data, len, url, a, err);
	if (looks_like_html(data, len)) {
		out->elsewhere = feed_of_page(data, len, url, a);
		return out->elsewhere ? TW_OK : no_feed(url, err);
	}
	return read_xml(out, data, len, url, charset_of_content_type(content_type, a), a, err);
}

const char *feed_text_markdown(const struct feed_text *t, const char *url, struct tw_arena *a)
{
	const char *md = "";
	if (t->tree) {
		struct tw_str s = TW_STR_INIT;
		html_markdown(&s, t->tree, NULL, url, a);
		md = tw_str_dup(&s, a);
		tw_str_release(&s);
	} else if (t->html) {
		if (fragment_markdown(&md, t->html, strlen(t->html), url, a, NULL) != TW_OK)
			md = t->html;
	} else if (t->plain) {
		md = t->plain;
	}
	return md ? md : "";
}
