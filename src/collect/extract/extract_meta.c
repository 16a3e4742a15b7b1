/*
 * What a page says of itself: schema.org in JSON-LD, OpenGraph and other
 * <meta>, then what stands in the page. The first that speaks wins.
 */
#include "collect/html/html_int.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/http.h"
#include "base/json.h"
#include "base/time.h"

#define MAX_LD_BYTES (1 << 20)
#define MAX_TITLE    2000
#define MAX_NAME     400 /* bytes of a byline or date as it is shown */

struct found {
	struct page *out;
	struct tw_arena *a;
	const char *site;     /* og:site_name */
	const char *ld_title; /* headline */
	const char *ld_lang;
	int titles; /* <h1> seen */
	const char *h1, *head_title, *og_title, *twitter_title, *og_url;
};

static void take(const char **slot, const char *s, struct tw_arena *a)
{
	if (*slot || !s)
		return;
	s += strspn(s, " \t\r\n");
	size_t n = strlen(s);
	while (n && strchr(" \t\r\n", s[n - 1]))
		n--;
	if (n && n < MAX_TITLE)
		*slot = tw_strndup(a, s, n);
}

static void take_date(int64_t *slot, const char *s)
{
	int64_t ms;
	if (!*slot && s && tw_parse_date(&ms, s))
		*slot = ms;
}

static bool is_url(const char *s)
{
	return strncasecmp(s, "http://", 7) == 0 || strncasecmp(s, "https://", 8) == 0;
}

static void take_author(struct found *f, const char *s)
{
	if (!s || is_url(s) || strlen(s) > 200)
		return;
	if (strncasecmp(s, "by ", 3) == 0)
		s += 3;
	take(&f->out->author, s, f->a);
}

/* --- JSON-LD --- */

static bool type_is(const struct tw_json *v, const char *suffix)
{
	const struct tw_json *t = tw_json_get(v, "@type");
	if (t && t->type == TW_JSON_ARRAY)
		t = t->child;
	return tw_ends_with_nocase(tw_json_str(t, ""), suffix);
}

static void ld_author(struct found *f, const struct tw_json *v)
{
	struct tw_str all = TW_STR_INIT;
	const struct tw_json *one = v && v->type == TW_JSON_ARRAY ? v->child : v;
	for (; one; one = v->type == TW_JSON_ARRAY ? one->next : NULL) {
		const char *name = one->type == TW_JSON_STRING
					   ? one->s
					   : tw_json_str(tw_json_get(one, "name"), NULL);
		if (name && *name && !is_url(name) && all.len + strlen(name) < 200)
			tw_str_addf(&all, "%s%s", all.len ? ", " : "", name);
	}
	if (all.len)
		take_author(f, all.data);
	tw_str_release(&all);
}

static void ld_object(struct found *f, const struct tw_json *v, int depth)
{
	if (!v || depth > 4)
		return;
	if (v->type == TW_JSON_ARRAY) {
		for (const struct tw_json *c = v->child; c; c = c->next)
			ld_object(f, c, depth + 1);
		return;
	}
	ld_object(f, tw_json_get(v, "@graph"), depth + 1);
	if (type_is(v, "ForumPosting") || type_is(v, "QAPage"))
		f->out->is_talk = true;
	if (!type_is(v, "Article") && !type_is(v, "Posting") && !type_is(v, "Report"))
		return;
	const char *body = tw_json_str(tw_json_get(v, "articleBody"), NULL);
	if (!f->out->ld_body && body && *body)
		f->out->ld_body = body;
	f->out->is_article = true;
	take(&f->ld_title, tw_json_str(tw_json_get(v, "headline"), NULL), f->a);
	take_date(&f->out->created_ms, tw_json_str(tw_json_get(v, "datePublished"), NULL));
	take_date(&f->out->modified_ms, tw_json_str(tw_json_get(v, "dateModified"), NULL));
	take(&f->ld_lang, tw_json_str(tw_json_get(v, "inLanguage"), NULL), f->a);
	ld_author(f, tw_json_get(v, "author"));
}

const struct tw_json *html_ld(const struct dom_node *script, struct tw_arena *a)
{
	const char *type = dom_attr(script, "type");
	struct tw_str s = TW_STR_INIT;
	if (!type || strcasecmp(type, "application/ld+json") != 0)
		return NULL;
	dom_text(&s, script);
	tw_str_trim(&s);
	const struct tw_json *v = s.len && s.len < MAX_LD_BYTES ? tw_json_of(s.data, a) : NULL;
	tw_str_release(&s);
	return v;
}

/* --- <meta>, <link>, and the page --- */

/* "en_US" → "en-US"; "x-default" and the like say nothing. */
static void take_lang(struct found *f, const char *s)
{
	size_t n = s ? strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
		     : 0;
	if (f->out->lang || n < 2 || n > 20 || s[n] || strncasecmp(s, "x-", 2) == 0)
		return;
	char *lang = tw_strdup(f->a, s);
	for (char *c = lang; *c; c++)
		*c = *c == '_' ? '-' : *c;
	f->out->lang = lang;
}

static void add_folded(struct tw_str *out, const struct dom_node *n, size_t most)
{
	for (size_t i = 0; i < n->len && out->len <= most; i++) {
		char c = n->text[i];
		bool space = c == ' ' || (c >= '\t' && c <= '\r');
		if (!space || (out->len && out->data[out->len - 1] != ' '))
			tw_str_addc(out, space ? ' ' : c);
	}
}

/* The text of a heading, byline or date, without buttons in it; NULL over `most` bytes: a part of the page is none. */
static const char *shown_text(const struct dom_node *top, size_t most, struct tw_arena *a)
{
	struct tw_str s = TW_STR_INIT;
	for (const struct dom_node *n = top; n && s.len <= most;) {
		bool silent = n != top && html_is_silent(n);
		if (n->text)
			add_folded(&s, n, most);
		n = silent ? dom_skip(n, top) : dom_next(n, top);
	}
	struct dom_node text = {.text = tw_str_c(&s), .len = s.len};
	char *folded = s.len <= most ? dom_text_folded(&text, a) : NULL;
	tw_str_release(&s);
	return folded;
}

static void read_meta(struct found *f, const struct dom_node *n)
{
	const char *key = dom_attr(n, "property"), *v = dom_attr(n, "content");
	struct page *p = f->out;
	if (!key)
		key = dom_attr(n, "name");
	if (!key)
		key = dom_attr(n, "itemprop");
	if (!key)
		key = dom_attr(n, "http-equiv");
	if (!key || !v)
		return;
	if (strcasecmp(key, "og:title") == 0)
		take(&f->og_title, v, f->a);
	else if (strcasecmp(key, "og:type") == 0)
		p->is_article = p->is_article || strcasecmp(v, "article") == 0;
	else if (strcasecmp(key, "og:url") == 0)
		take(&f->og_url, v, f->a);
	else if (strcasecmp(key, "og:locale") == 0 || strcasecmp(key, "content-language") == 0)
		take_lang(f, v);
	else if (strcasecmp(key, "twitter:title") == 0)
		take(&f->twitter_title, v, f->a);
	else if (strcasecmp(key, "og:site_name") == 0)
		take(&f->site, v, f->a);
	else if (strcasecmp(key, "og:description") == 0 || strcasecmp(key, "description") == 0)
		take(&p->description, v, f->a);
	else if (strcasecmp(key, "author") == 0 || strcasecmp(key, "article:author") == 0 ||
		 strcasecmp(key, "dc.creator") == 0 || strcasecmp(key, "parsely-author") == 0)
		take_author(f, v);
	else if (strcasecmp(key, "article:published_time") == 0 ||
		 strcasecmp(key, "datePublished") == 0 || strcasecmp(key, "date") == 0 ||
		 strcasecmp(key, "pubdate") == 0 || strcasecmp(key, "dc.date") == 0 ||
		 strcasecmp(key, "dcterms.created") == 0 ||
		 strcasecmp(key, "parsely-pub-date") == 0)
		take_date(&p->created_ms, v);
	else if (strcasecmp(key, "article:modified_time") == 0 ||
		 strcasecmp(key, "og:updated_time") == 0 || strcasecmp(key, "dateModified") == 0 ||
		 strcasecmp(key, "last-modified") == 0 || strcasecmp(key, "dcterms.modified") == 0)
		take_date(&p->modified_ms, v);
}

static void read_link(struct found *f, const struct dom_node *n, const char *url)
{
	const char *rel = dom_attr(n, "rel"), *href = dom_attr(n, "href");
	if (!rel || !href || strcasecmp(rel, "canonical") != 0 || f->out->canonical)
		return;
	const char *abs = url ? tw_url_resolve(f->a, url, href) : href;
	if (abs && is_url(abs))
		f->out->canonical = tw_strdup(f->a, abs);
}

static void read_body(struct found *f, const struct dom_node *n)
{
	const char *itemprop = dom_attr(n, "itemprop");
	const char *when = dom_attr(n, "datetime");
	if (itemprop && strcmp(itemprop, "datePublished") == 0)
		take_date(&f->out->created_ms, when ? when : dom_attr(n, "content"));
	if (n->tag == TAG_TIME &&
	    (dom_attr_has(n, "class", "published") || dom_attr_has(n, "class", "dt-published") ||
	     dom_attr(n, "pubdate")))
		take_date(&f->out->created_ms, when ? when : shown_text(n, MAX_NAME, f->a));
	bool named = dom_attr_has(n, "rel", "author") || dom_attr_has(n, "class", "p-author") ||
		     dom_attr_has(n, "class", "author") || dom_attr_has(n, "class", "byline") ||
		     (itemprop && strcmp(itemprop, "author") == 0 && n->end - n->id < 30);
	if (named && !f->out->author)
		take_author(f, shown_text(n, MAX_NAME, f->a));
	if (n->tag == TAG_H1 && f->titles++ == 0)
		take(&f->h1, shown_text(n, MAX_TITLE, f->a), f->a);
}

/* "Title | Site" → "Title", when the last part is the site's name or the first one is long enough. */
static const char *without_site(struct found *f, const char *title)
{
	if (title && f->h1 && strcmp(title, f->h1) == 0)
		return title;
	static const char *const marks[] = {" | ", " – ", " — ", " - ", " :: ", " » "};
	for (size_t i = 0; title && i < sizeof(marks) / sizeof(marks[0]); i++) {
		const char *at = NULL;
		for (const char *p = title; (p = strstr(p, marks[i])); p++)
			at = p;
		if (!at)
			continue;
		const char *site = at + strlen(marks[i]);
		bool is_site = f->site && strcasecmp(site, f->site) == 0;
		if (is_site || (f->h1 && strncmp(f->h1, title, (size_t)(at - title)) == 0))
			return tw_strndup(f->a, title, (size_t)(at - title));
	}
	return title;
}

/* A page without any other date: the only <time datetime> in it. */
static void single_time(struct found *f, const struct dom_node *root)
{
	int64_t only = 0;
	for (const struct dom_node *n = root; n; n = dom_next(n, root)) {
		int64_t ms;
		const char *when = n->tag == TAG_TIME ? dom_attr(n, "datetime") : NULL;
		if (!when || !tw_parse_date(&ms, when))
			continue;
		if (only && only != ms)
			return;
		only = ms;
	}
	f->out->created_ms = only;
}

/* "Published: 5 March 2020" → where the date begins. */
static const char *behind_label(const char *s)
{
	static const char *const labels[] = {"published", "posted", "written", "created",
					     "date",	  "on",	    ":",       " "};
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		size_t n = strlen(labels[i]);
		if (strncasecmp(s, labels[i], n) == 0 && (n == 1 || strchr(": ", s[n]))) {
			s += n;
			i = (size_t)-1; /* from the first again */
		}
	}
	return s;
}

/* What a part of the page that is named so shows: class="entry-date". */
static void printed_date(struct found *f, const struct dom_node *root)
{
	static const char *const names[] = {
		"date",	   "entry-date",   "post-date",	   "published", "posted-on",
		"pubdate", "publish-date", "article-date", "timestamp", "dateline"};
	for (const struct dom_node *n = root; n && !f->out->created_ms; n = dom_next(n, root)) {
		bool small = n->attrs && n->end - n->id < 20, named = false;
		for (size_t i = 0; small && !named && i < sizeof(names) / sizeof(names[0]); i++)
			named = dom_attr_has(n, "class", names[i]);
		const char *shown = named ? shown_text(n, MAX_NAME, f->a) : NULL;
		if (shown)
			take_date(&f->out->created_ms, behind_label(shown));
	}
}

/* ".../2020/03/05/..." */
static void date_in_url(struct page *out, const char *url, struct tw_arena *a)
{
	for (const char *p = url; p && (p = strchr(p, '/')); p++) {
		int y, m, d, n = 0;
		if (sscanf(p, "/%4d/%2d/%2d/%n", &y, &m, &d, &n) == 3 && n == 12 && y > 1990 &&
		    y < 2100)
			take_date(&out->created_ms, tw_sprintf(a, "%04d-%02d-%02d", y, m, d));
	}
}

void extract_meta(struct page *out, const struct dom *d, const char *url, struct tw_arena *a)
{
	struct found f = {.out = out, .a = a};
	out->url = url;
	const struct dom_node *root = d->root;
	const char *html_lang = NULL;
	for (const struct dom_node *n = root; n; n = dom_next(n, root))
		if (n->tag == TAG_SCRIPT)
			ld_object(&f, html_ld(n, a), 0);
	for (const struct dom_node *n = root; n; n = dom_next(n, root)) {
		if (n->tag == TAG_META)
			read_meta(&f, n);
		else if (n->tag == TAG_LINK)
			read_link(&f, n, url);
		else if (n->tag == TAG_TITLE && !f.head_title)
			take(&f.head_title, dom_text_folded(n, a), a);
		else if (n->tag == TAG_HTML)
			html_lang =
				dom_attr(n, "lang") ? dom_attr(n, "lang") : dom_attr(n, "xml:lang");
		else if (n->attrs || n->tag == TAG_H1)
			read_body(&f, n);
	}
	const char *meta_lang = out->lang;
	out->lang = NULL;
	take_lang(&f, html_lang);
	take_lang(&f, f.ld_lang);
	take_lang(&f, meta_lang);
	if (!out->canonical && f.og_url && is_url(f.og_url))
		out->canonical = f.og_url;
	if (!out->url)
		out->url = f.og_url ? f.og_url : out->canonical;
	if (!out->created_ms)
		single_time(&f, root);
	if (!out->created_ms)
		printed_date(&f, root);
	if (!out->created_ms)
		date_in_url(out, out->url, a);
	out->title = f.ld_title ? f.ld_title : without_site(&f, f.og_title);
	if (!out->title)
		out->title = without_site(&f, f.twitter_title);
	if (!out->title && f.titles == 1)
		out->title = f.h1;
	if (!out->title)
		out->title = without_site(&f, f.head_title);
	if (!out->title)
		out->title = f.h1;
}
