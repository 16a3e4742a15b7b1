/*
 * A feed and the articles that it names. A pass asks for the feed (and gets
 * "304 not modified" at no cost), then takes the items that are new or were
 * edited: the article's page where the feed has only a part of it.
 */
#include "collect/collect.h"

#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "base/stop.h"
#include "collect/file/files_int.h"
#include "collect/feed/feed_int.h"
#include "collect/site/polite_int.h"
#include "collect/web_page_int.h"

#define ITEM_VERSION 1 /* part of a fingerprint */
#define MAX_PAGE     (8 << 20)
#define FULL_LENGTH  600 /* bytes of Markdown: content that is shorter may be a teaser */

struct feed_source {
	/* options */
	const char *url;
	bool fetch_articles, allow_private;
	int64_t max_items;
	double delay;
	struct tw_strings author;
	/* state */
	const struct tw_source_host *host;
	struct polite polite;
	struct feed feed;
	size_t at;
	int64_t taken;
	bool incomplete; /* an item should be tried again: the feed must not answer 304 */
	const char *tag; /* of the options: another one forgets the ETag */
	const char *etag, *last_modified; /* of this pass */
	struct tw_arena arena;
};

static const struct tw_opt feed_opts[] = {
	{"url", TW_OPT_STRING, offsetof(struct feed_source, url), .flags = TW_OPT_REQUIRED,
	 .help = "address of an RSS, Atom or JSON feed, or of a page that names its feed"},
	{"fetch_articles", TW_OPT_BOOL, offsetof(struct feed_source, fetch_articles), .def = "true",
	 .help = "read the article's page when the feed has only a part of it"},
	{"max_items", TW_OPT_INT, offsetof(struct feed_source, max_items), .def = "0", .min = 0,
	 .max = 100000, .help = "at most so many items of the feed, from its top; 0: all"},
	{"delay", TW_OPT_REAL, offsetof(struct feed_source, delay), .def = "1", .min = 0,
	 .max = 3600, .help = "seconds between two requests to a host",
	 .flags = TW_OPT_NOT_IDENTITY},
	{"author", TW_OPT_LIST, offsetof(struct feed_source, author),
	 .help = "only items by one of these authors"},
	{"allow_private", TW_OPT_BOOL, offsetof(struct feed_source, allow_private), .def = "false",
	 .help = "hosts may be in a private network, or this machine",
	 .flags = TW_OPT_NOT_IDENTITY},
	{0},
};

/* --- the feed itself --- */

/* "TAG value": a stored ETag counts only for the same options. */
static const char *get_state(const struct feed_source *f, const char *name)
{
	const char *s = f->host->get_state(f->host->host, name);
	size_t n = strlen(f->tag);
	return s && strncmp(s, f->tag, n) == 0 && s[n] == ' ' && s[n + 1] ? s + n + 1 : NULL;
}

static void set_state(const struct feed_source *f, const char *name, const char *value)
{
	struct tw_arena a;
	tw_arena_init(&a);
	f->host->set_state(f->host->host, name, tw_sprintf(&a, "%s %s", f->tag, value));
	tw_arena_release(&a);
}

static enum tw_status fetch_feed(struct tw_http_response *res, struct feed_source *f,
				 const char *url, struct tw_err *err)
{
	const char *headers[4] = {"Accept: application/atom+xml, application/rss+xml, "
				  "application/feed+json, application/xml;q=0.9, */*;q=0.5"};
	const char *etag = get_state(f, "etag"), *since = get_state(f, "last_modified");
	size_t n = 1;
	if (etag)
		headers[n++] = tw_sprintf(&f->arena, "If-None-Match: %s", etag);
	if (since)
		headers[n++] = tw_sprintf(&f->arena, "If-Modified-Since: %s", since);
	struct tw_http_request req = {.url = url, .headers = headers};
	const char *shown = url_shown(url, &f->arena);
	enum tw_status st = polite_fetch(res, &f->polite, &req, err);
	if (st != TW_OK)
		return tw_wrap(err, st, "feed %s", shown);
	if (res->status == 304 && (etag || since))
		return TW_OK;
	if (res->status < 200 || res->status >= 300)
		return tw_fail(
			err, TW_NETWORK, "feed %s: the server answered %d%s", shown, res->status,
			res->status == 404 || res->status == 410 ? "; is the address still right?"
								 : "");
	return TW_OK;
}

/* One feed, or one page that names it. */
static enum tw_status read_feed(struct feed_source *f, struct tw_err *err)
{
	const char *url = f->url;
	enum tw_status st = TW_OK;
	for (int hop = 0; st == TW_OK && hop < 2; hop++) {
		struct tw_http_response res = {0};
		st = fetch_feed(&res, f, url, err);
		if (st == TW_OK && res.status != 304) {
			const char *at = tw_str_dup(&res.url, &f->arena);
			st = feed_parse(&f->feed, tw_str_c(&res.body), res.body.len,
					url_shown(at, &f->arena), tw_str_c(&res.content_type),
					&f->arena, err);
			f->etag = tw_str_dup(&res.etag, &f->arena);
			f->last_modified = tw_str_dup(&res.last_modified, &f->arena);
			if (st == TW_OK && f->feed.elsewhere && hop == 1)
				st = tw_fail(err, TW_BAD_DATA, "%s: a page, not a feed",
					     url_shown(at, &f->arena));
		}
		tw_http_response_release(&res);
		if (!f->feed.elsewhere)
			break;
		url = f->feed.elsewhere;
	}
	return st;
}

static void feed_close(void *ctx)
{
	struct feed_source *f = ctx;
	polite_release(&f->polite);
	tw_arena_release(&f->arena);
}

static enum tw_status feed_open(void *ctx, const struct tw_source_host *host, struct tw_err *err)
{
	struct feed_source *f = ctx;
	if (!host->http)
		return tw_fail(err, TW_NETWORK, "feed %s: no network is to be used", f->url);
	enum tw_status st = polite_init(&f->polite, host->http, f->delay, f->allow_private, err);
	if (st != TW_OK)
		return st;
	f->host = host;
	tw_arena_init(&f->arena);
	f->tag = tw_source_tag(f, feed_opts, ITEM_VERSION, &f->arena);
	st = read_feed(f, err);
	if (st != TW_OK)
		feed_close(f);
	return st;
}

/* --- an item --- */

static const char *fingerprint_of(const struct feed_source *f, const struct feed_item *it,
				  struct tw_arena *a)
{
	struct tw_hasher *h = tw_hasher_new();
	struct tw_str tree = TW_STR_INIT;
	const struct feed_text *texts[] = {&it->content, &it->summary};
	tw_digest_str(h, it->title);
	tw_digest_str(h, it->link);
	tw_digest_str(h, it->author);
	tw_digest_i64(h, it->created_ms);
	tw_digest_i64(h, it->modified_ms);
	for (size_t i = 0; i < 2; i++) {
		tw_digest_str(h, texts[i]->html);
		tw_digest_str(h, texts[i]->plain);
		tw_str_clear(&tree);
		if (texts[i]->tree)
			dom_text(&tree, texts[i]->tree);
		tw_digest_bytes(h, tw_str_c(&tree), tree.len);
	}
	tw_str_release(&tree);
	struct tw_digest d = tw_hasher_end(h);
	return tw_sprintf(a, "%s:%.24s", f->tag, d.hex);
}

static bool is_wanted(const struct feed_source *f, const char *author)
{
	for (size_t i = 0; i < f->author.n; i++)
		if (author && strcasecmp(f->author.at[i], author) == 0)
			return true;
	return f->author.n == 0;
}

static const char *first(const char *a, const char *b)
{
	return a && *a ? a : b;
}

static void fill_item(struct tw_document *doc, const struct feed_source *f,
		      const struct feed_item *it, const char *body, struct tw_arena *a)
{
	doc->title = tw_strdup(a, it->title);
	doc->author = tw_strdup(a, first(it->author, f->feed.author));
	doc->lang = tw_strdup(a, first(it->lang, f->feed.lang));
	doc->url = tw_strdup(a, it->link);
	doc->media = "text/markdown";
	doc->created_ms = it->created_ms;
	doc->modified_ms = it->modified_ms;
	doc->body = (struct tw_bytes){tw_strdup(a, body), strlen(body)};
	if (it->tags)
		doc->extra = tw_sprintf(a, "{\"tags\":%s}", it->tags);
}

static bool is_cut(const char *md)
{
	static const char *const ends[] = {"…", "...", "[…]", "\\[…\\]", "[...]", "\\[...\\]"};
	size_t n = strlen(md);
	while (n && strchr(" \n", md[n - 1]))
		n--;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (n >= strlen(ends[i]) &&
		    memcmp(md + n - strlen(ends[i]), ends[i], strlen(ends[i])) == 0)
			return true;
	return false;
}

/* The article behind the link; TW_CANCELLED, or TW_SKIPPED with the reason. */
static enum tw_status fetch_article(struct page *page, struct feed_source *f, const char *link,
				    struct tw_arena *a, struct tw_err *err)
{
	static const char *const headers[] = {WEB_PAGE_ACCEPT, NULL};
	struct tw_http_request req = {.url = link, .headers = headers, .max_body = MAX_PAGE};
	struct tw_http_response res = {0};
	enum tw_status st = polite_may(&f->polite, link, err);
	if (st == TW_OK)
		st = polite_fetch(&res, &f->polite, &req, err);
	if (st == TW_OK && (res.status < 200 || res.status >= 300))
		st = tw_fail(err, TW_NETWORK, "the server answered %d", res.status);
	if (st == TW_OK)
		st = web_page_read(page, &res, a, err);
	if (st == TW_OK && !*page->body)
		st = tw_fail(err, TW_BAD_DATA, "no text was found in the page");
	tw_http_response_release(&res);
	if (st == TW_OK || st == TW_CANCELLED)
		return st;
	tw_wrap(err, st, "%s", url_shown(link, a));
	return TW_SKIPPED;
}

static void fill_from_page(struct tw_document *doc, const struct page *page)
{
	if (strlen(page->body) > doc->body.len)
		doc->body = (struct tw_bytes){page->body, strlen(page->body)};
	doc->title = first(doc->title, page->title);
	doc->author = first(doc->author, page->author);
	doc->lang = first(page->lang, doc->lang);
	if (!doc->created_ms)
		doc->created_ms = page->created_ms;
	if (!doc->modified_ms)
		doc->modified_ms = page->modified_ms;
}

static enum tw_status read_item(struct tw_document *doc, struct feed_source *f,
				const struct feed_item *it, struct tw_arena *a, struct tw_err *err)
{
	enum tw_status st = tw_source_enter(f->host, it->key, err);
	if (st != TW_OK) {
		f->incomplete = true;
		return st;
	}
	const char *content = feed_text_markdown(&it->content, it->link, a);
	const char *summary = feed_text_markdown(&it->summary, it->link, a);
	bool full = strlen(content) >= FULL_LENGTH && !is_cut(content);
	const char *own = *content ? content : summary;
	fill_item(doc, f, it, own, a);
	if (f->fetch_articles && !full && it->link) {
		struct page page;
		st = fetch_article(&page, f, it->link, a, err);
		if (st == TW_OK)
			fill_from_page(doc, &page);
		if (st == TW_CANCELLED)
			return st;
		if (st != TW_OK) {
			f->incomplete = true;
			/* What is stored may be the whole article: better than the teaser. */
			if (!*own || f->host->known(f->host->host, it->key))
				return st;
			tw_err_clear(err);
			doc->fingerprint = tw_sprintf(a, "again:%s", doc->fingerprint);
		}
	}
	if (!doc->body.len)
		return tw_fail(err, TW_SKIPPED, "%s: the item has no text", it->key);
	return TW_OK;
}

static enum tw_status feed_next(struct tw_document *doc, void *ctx, struct tw_arena *a,
				struct tw_err *err)
{
	struct feed_source *f = ctx;
	while (f->at < f->feed.n && (!f->max_items || f->taken < f->max_items)) {
		const struct feed_item *it = &f->feed.items[f->at++];
		if (!is_wanted(f, first(it->author, f->feed.author)))
			continue;
		f->taken++;
		doc->key = tw_strdup(a, it->key);
		doc->fingerprint = fingerprint_of(f, it, a);
		doc->unchanged = tw_streq(f->host->known(f->host->host, it->key), doc->fingerprint);
		return doc->unchanged ? TW_OK : read_item(doc, f, it, a, err);
	}
	if (f->etag && !f->incomplete) {
		set_state(f, "etag", f->etag);
		set_state(f, "last_modified", f->last_modified);
	}
	return TW_DONE;
}

static void feed_hosts(const void *ctx, struct tw_str *out)
{
	const struct feed_source *f = ctx;
	struct tw_arena a;
	tw_arena_init(&a);
	const char *host = tw_url_host(&a, f->url);
	if (host)
		tw_str_addf(out, "%s\n", host);
	if (host && f->fetch_articles)
		tw_str_addf(out, "hosts of articles that %s links to\n", host);
	tw_arena_release(&a);
}

const struct tw_source_type tw_source_feed = {
	.name = "feed",
	.help = "an RSS, Atom or JSON feed, and the articles it names",
	.opts = feed_opts,
	.ctx_size = sizeof(struct feed_source),
	.complete = false,
	.open = feed_open,
	.next = feed_next,
	.close = feed_close,
	.hosts = feed_hosts,
};
