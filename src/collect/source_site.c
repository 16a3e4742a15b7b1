/*
 * A web site, page after page. A pass begins at one page and at the sitemaps,
 * follows links as far as they stay on the site, and yields the pages that are
 * writing; lists of links are read for their links. What a page said is kept in
 * the source's state (crawl_table.c), so an unchanged site costs answers
 * without a body, and a pass that was killed goes on where it was.
 */
#include "collect/site/source_site_int.h"

#include <string.h>

#include "base/log.h"
#include "base/time.h"
#include "collect/collect.h"

#define SITE_VERSION   1 /* part of a fingerprint */
#define MAX_HOPS       5
#define MAX_MAPS       100
#define MAX_LEVEL      2 /* the protocol knows one index above a sitemap */
#define MORE_RECORDS   1000
#define RECORDS_A_PAGE 20 /* addresses that are known for each page of the budget */

static const struct tw_opt site_opts[] = {
	{"url", TW_OPT_STRING, offsetof(struct site_source, url), .flags = TW_OPT_REQUIRED,
	 .help = "the page to begin at; only what lies in its folder or below is read"},
	{"max_pages", TW_OPT_INT, offsetof(struct site_source, max_pages), .def = "500", .min = 1,
	 .max = 1000000, .flags = TW_OPT_NOT_IDENTITY,
	 .help = "at most so many pages in a pass; a pass that reaches it removes no document"},
	{"max_depth", TW_OPT_INT, offsetof(struct site_source, max_depth), .def = "20", .min = 0,
	 .max = 1000, .flags = TW_OPT_NOT_IDENTITY,
	 .help = "links to follow from the first page, or from a page that a sitemap names"},
	{"max_size", TW_OPT_INT, offsetof(struct site_source, max_size), .def = "3145728", .min = 1,
	 .max = 1 << 30, .flags = TW_OPT_NOT_IDENTITY, .help = "bytes; larger pages are reported"},
	{"include", TW_OPT_LIST, offsetof(struct site_source, include),
	 .help = "globs of paths that may become documents; other pages are only read for links"},
	{"exclude", TW_OPT_LIST, offsetof(struct site_source, exclude),
	 .help = "globs of paths, or of folders with all below, that are never asked for"},
	{"author", TW_OPT_LIST, offsetof(struct site_source, author),
	 .help = "names; a page that names somebody else as its author is left out"},
	{"sitemap", TW_OPT_BOOL, offsetof(struct site_source, sitemap), .def = "true",
	 .help = "read the sitemaps that robots.txt names, or /sitemap.xml"},
	{"delay", TW_OPT_REAL, offsetof(struct site_source, delay), .def = "1", .min = 0,
	 .max = 3600, .flags = TW_OPT_NOT_IDENTITY,
	 .help = "seconds between two requests; longer where robots.txt asks for it"},
	{"timeout", TW_OPT_INT, offsetof(struct site_source, timeout), .def = "30", .min = 1,
	 .max = 3600, .flags = TW_OPT_NOT_IDENTITY, .help = "seconds that an answer may take"},
	{"allow_private", TW_OPT_BOOL, offsetof(struct site_source, allow_private), .def = "false",
	 .flags = TW_OPT_NOT_IDENTITY,
	 .help = "the host may be in a private network, or this machine"},
	{0},
};

/* --- the queues --- */

void site_cut_short(struct site_source *s, const char *url)
{
	if (s->table.whole)
		tw_warn("%s leads to more than is read, and nothing is removed in this pass", url);
	s->table.whole = false;
}

void site_queue_page(struct site_source *s, size_t record, int depth)
{
	struct crawl_record *r = &s->table.records.at[record];
	if (r->queued)
		return;
	if (depth > s->max_depth) {
		s->too_deep = true;
		return;
	}
	r->queued = true;
	struct site_place p = {(uint32_t)record, depth};
	tw_vec_push(&s->pages, p);
}

void site_queue_map(struct site_source *s, size_t record, int depth)
{
	struct crawl_record *r = &s->table.records.at[record];
	if (r->queued)
		return;
	if (s->maps.n >= MAX_MAPS || depth > MAX_LEVEL) {
		site_cut_short(s, s->scope.origin);
		return;
	}
	r->queued = true;
	struct site_place p = {(uint32_t)record, depth};
	tw_vec_push(&s->maps, p);
}

void site_queue_links(struct site_source *s, size_t record, int depth)
{
	const struct crawl_record *r = &s->table.records.at[record];
	if (r->cut)
		site_cut_short(s, r->url);
	for (size_t i = 0; i < r->n_links; i++)
		site_queue_page(s, r->links[i], depth);
}

static const char *keep_text(struct site_source *s, const char *old, const struct tw_str *now)
{
	if (!now->len || now->len > 500)
		return NULL;
	return tw_streq(old, now->data) ? old : tw_strdup(&s->table.arena, now->data);
}

void site_record_answer(struct site_source *s, size_t record, const struct tw_http_response *res)
{
	struct crawl_record *r = &s->table.records.at[record];
	/* "304 not modified" need not repeat them */
	if (res->status != 304 || res->etag.len)
		r->etag = keep_text(s, r->etag, &res->etag);
	if (res->status != 304 || res->last_modified.len)
		r->last_modified = keep_text(s, r->last_modified, &res->last_modified);
	r->pass = s->table.pass;
	crawl_table_save(&s->table, r);
}

void site_record_failure(struct site_source *s, size_t record, bool hides)
{
	if (hides && s->table.records.at[record].result == CRAWL_UNKNOWN)
		s->table.whole = false;
}

/* --- the beginning of a pass --- */

static void site_close(void *ctx)
{
	struct site_source *s = ctx;
	tw_http_response_release(&s->first);
	tw_vec_release(&s->maps);
	tw_vec_release(&s->pages);
	tw_map_release(&s->keys);
	crawl_table_release(&s->table);
	polite_release(&s->polite);
	tw_arena_release(&s->page);
	tw_arena_release(&s->arena);
}

static enum tw_status may_begin(struct site_source *s, const char *url, struct tw_err *err)
{
	struct tw_err why = TW_ERR_INIT;
	enum tw_status st = polite_may(&s->polite, url, &why);
	if (st == TW_OK)
		return TW_OK;
	/* Of the others' business, like a host that is away. */
	return tw_fail(err, st == TW_BLOCKED ? TW_NETWORK : st, "site %s", why.msg);
}

/* Where the start page has moved to; only on the same site, in the same folder. Elsewhere it may lead to other pages than
 * those that are known, which would all count as gone. */
static enum tw_status move_start(const char **url, struct site_source *s,
				 const struct tw_http_response *res, struct tw_err *err)
{
	const char *to = tw_url_resolve(&s->arena, *url, tw_str_c(&res->location));
	to = to ? url_normal(to, &s->arena) : NULL;
	if (!to || !crawl_same_site(&s->scope, to))
		return tw_fail(
			err, TW_NETWORK,
			"site %s leads to %s, which is another site; if that is the one, put "
			"its address into twin.yaml",
			url_shown(*url, &s->arena),
			to ? url_shown(to, &s->arena) : "what is no address");
	if (!crawl_in_folder(&s->scope, to))
		return tw_fail(
			err, TW_NETWORK,
			"site %s leads to %s, which is outside of its folder; if the site has moved, "
			"put its new address into twin.yaml",
			url_shown(*url, &s->arena), url_shown(to, &s->arena));
	*url = to;
	return TW_OK;
}

static const char *behind_host(const char *url)
{
	const char *host = strstr(url, "://");
	return host ? host + 3 + strcspn(host + 3, "/?#") : url;
}

/* Whose pages are known was said by the page that the first pass began at. Another one may lead to others ("/" to
 * "/maintenance"). */
static void begin_at(struct site_source *s, const char *url)
{
	struct crawl_table *t = &s->table;
	t->start = tw_strdup(&t->arena, url);
	t->home = t->home ? t->home : t->start;
	if (strcmp(behind_host(t->home), behind_host(url)) == 0)
		return;
	t->whole = false;
	tw_warn("%s leads to %s and no longer to %s: nothing is removed; if the site has moved, put its new "
		"address into twin.yaml",
		url_shown(s->url, &s->arena), url_shown(url, &s->arena),
		url_shown(t->home, &s->arena));
}

/* Asks for the start page, through redirects, and keeps the answer for site_next(). */
static enum tw_status fetch_start(struct site_source *s, const char *start, struct tw_err *err)
{
	const char *url = start;
	struct tw_err why = TW_ERR_INIT;
	enum tw_status st = TW_OK;
	for (int hop = 0; st == TW_OK && hop <= MAX_HOPS; hop++) {
		crawl_scope_moved(&s->scope, start, url, &s->arena);
		st = may_begin(s, url, err);
		if (st != TW_OK)
			return st;
		int64_t record = crawl_table_index(&s->table, url);
		if (record < 0)
			return tw_fail(err, TW_NETWORK, "site %s: too many addresses are known",
				       url_shown(url, &s->arena));
		tw_http_response_release(&s->first);
		st = site_fetch(&s->first, s, (size_t)record, &why);
		int status = s->first.status;
		if (st == TW_SKIPPED)
			return tw_fail(err, TW_NETWORK, "site %s", why.msg);
		if (st == TW_OK && (status == 304 || (status >= 200 && status < 300))) {
			begin_at(s, url);
			return TW_OK;
		}
		if (st == TW_OK && (status < 300 || status >= 400))
			return tw_fail(err, TW_NETWORK, "site %s: the server answered %d",
				       url_shown(url, &s->arena), status);
		if (st == TW_OK)
			st = move_start(&url, s, &s->first, err);
	}
	if (st != TW_OK) /* a no-op where move_start() has told why */
		return tw_fail(err, st, "%s", why.msg);
	return tw_fail(err, TW_NETWORK, "site %s: more than %d redirects",
		       url_shown(s->url, &s->arena), MAX_HOPS);
}

static enum tw_status queue_maps(struct site_source *s, struct tw_err *err)
{
	const struct robots *robots;
	enum tw_status st = polite_robots(&robots, &s->polite, s->table.start, err);
	if (st != TW_OK || !s->sitemap)
		return st;
	s->maps_are_named = robots->n_sitemaps > 0;
	static const char *const usual[] = {"/sitemap.xml"};
	const char *const *names = s->maps_are_named ? robots->sitemaps : usual;
	size_t n = s->maps_are_named ? robots->n_sitemaps : 1;
	for (size_t i = 0; i < n; i++) {
		const char *url = crawl_site_url(&s->scope, s->table.start, names[i], &s->arena);
		int64_t record = url ? crawl_table_index(&s->table, url) : -1;
		if (record >= 0)
			site_queue_map(s, (size_t)record, 0);
	}
	return TW_OK;
}

static enum tw_status begin(struct site_source *s, const char *url, struct tw_err *err)
{
	enum tw_status st;
	if (s->table.resumed) {
		crawl_scope_moved(&s->scope, url, s->table.start, &s->arena);
		st = may_begin(s, s->table.start, err);
	} else {
		st = fetch_start(s, url, err);
	}
	if (st != TW_OK)
		return st;
	int64_t record = crawl_table_index(&s->table, s->table.start);
	if (record >= 0) /* first: its answer is here */
		site_queue_page(s, (size_t)record, 0);
	return queue_maps(s, err);
}

static enum tw_status site_open(void *ctx, const struct tw_source_host *host, struct tw_err *err)
{
	struct site_source *s = ctx;
	if (!host->http)
		return tw_fail(err, TW_NETWORK, "site %s: no network is to be used", s->url);
	enum tw_status st = polite_init(&s->polite, host->http, s->delay, s->allow_private, err);
	if (st != TW_OK)
		return st;
	tw_arena_init(&s->arena);
	tw_arena_init(&s->page);
	s->host = host;
	s->scope.exclude = s->exclude;
	s->committed_s = tw_monotonic_s();
	s->tag = tw_source_tag(s, site_opts, SITE_VERSION, &s->arena);
	crawl_table_load(&s->table, host, s->tag,
			 (size_t)s->max_pages * RECORDS_A_PAGE + MORE_RECORDS);
	const char *url = url_normal(s->url, &s->arena);
	if (!url)
		st = tw_fail(err, TW_BAD_USE, "site %s: not an http or https address",
			     url_shown(s->url, &s->arena));
	else
		st = begin(s, url, err);
	if (st != TW_OK)
		site_close(s);
	return st;
}

/* --- page after page --- */

static enum tw_status finish(struct site_source *s)
{
	size_t left = s->pages.n - s->at_page;
	if (!s->given_up && left)
		tw_warn("%s: %lld pages were read, as many as max_pages allows; %zu more were "
			"found, and nothing is removed in this pass",
			s->scope.origin, (long long)s->max_pages, left);
	else if (!s->given_up && s->table.full)
		tw_warn("%s: more than %zu addresses were found; the others are left out, and "
			"nothing is removed in this pass",
			s->scope.origin, s->table.max);
	if (s->too_deep && !left)
		tw_warn("%s: pages that are more than %lld links away are left out (max_depth)",
			s->scope.origin, (long long)s->max_depth);
	if (s->given_up || left)
		s->table.whole = false;
	crawl_table_save_pass(&s->table, !s->given_up);
	return TW_DONE;
}

/* One place of a queue; *yields says whether *doc is a document. */
static enum tw_status step(struct tw_document *doc, bool *yields, struct site_source *s,
			   struct tw_err *err)
{
	struct tw_arena *a = &s->page;
	tw_arena_reset(a);
	if (!s->first.status && s->at_map < s->maps.n) {
		enum tw_status st = site_visit_map(s, s->maps.at[s->at_map], a, err);
		s->at_map++;
		return st;
	}
	if (s->at_page < s->pages.n && (int64_t)s->at_page < s->max_pages)
		return site_visit(doc, yields, s, s->pages.at[s->at_page++], a, err);
	return finish(s);
}

/* What a step filled, for the caller. */
static void hand_over(struct tw_document *doc, struct tw_arena *a)
{
	doc->key = tw_strdup(a, doc->key);
	doc->fingerprint = tw_strdup(a, doc->fingerprint);
	doc->title = tw_strdup(a, doc->title);
	doc->author = tw_strdup(a, doc->author);
	doc->url = tw_strdup(a, doc->url);
	doc->lang = tw_strdup(a, doc->lang);
	if (doc->body.len)
		doc->body.data = tw_strndup(a, doc->body.data, doc->body.len);
}

static enum tw_status site_next(struct tw_document *doc, void *ctx, struct tw_arena *a,
				struct tw_err *err)
{
	struct site_source *s = ctx;
	enum tw_status st = TW_OK;
	bool yields = false;
	while (st == TW_OK && !yields)
		st = s->given_up ? finish(s) : step(doc, &yields, s, err);
	hand_over(doc, a);
	if (st == TW_CANCELLED && s->host->commit) {
		crawl_table_save_pass(&s->table, false);
		enum tw_status stored = s->host->commit(s->host->host, NULL);
		(void)stored; /* the stop is what is told; what was not stored is fetched again */
	}
	return st;
}

static bool site_whole(const void *ctx)
{
	const struct site_source *s = ctx;
	return s->table.whole;
}

static void site_hosts(const void *ctx, struct tw_str *out)
{
	const struct site_source *s = ctx;
	tw_source_add_host(out, s->url);
}

const struct tw_source_type tw_source_site = {
	.name = "site",
	.help = "a web site: its pages that are writing, found by links and sitemaps",
	.opts = site_opts,
	.ctx_size = sizeof(struct site_source),
	.complete = true,
	.whole = site_whole,
	.open = site_open,
	.next = site_next,
	.close = site_close,
	.hosts = site_hosts,
};
