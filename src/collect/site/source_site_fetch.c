/* One request of the source `site`. */
#include "collect/site/source_site_int.h"

#include <string.h>

#include "base/log.h"
#include "base/time.h"
#include "collect/site/sitemap_int.h"

#define COMMIT_EVERY_S 0.1
#define MAX_MISSES     5

const char *site_fingerprint(const struct site_source *s, const char *digest, struct tw_arena *a)
{
	return tw_sprintf(a, "%s:%s", s->tag, digest);
}

bool site_has_document(const struct site_source *s, const struct crawl_record *r)
{
	struct tw_arena a;
	if (!r->key || !r->digest)
		return false;
	tw_arena_init(&a);
	bool is =
		tw_streq(s->host->known(s->host->host, r->key), site_fingerprint(s, r->digest, &a));
	tw_arena_release(&a);
	return is;
}

static bool is_map(const struct crawl_record *r, const struct site_source *s)
{
	return r->result == CRAWL_MAP || r->result == CRAWL_MAP_INDEX || s->at_map < s->maps.n;
}

/* An answer of before that still stands if the server says "not modified". One that was left out, since another page had
 * its key, stands as long as that page is there. */
static bool is_kept(const struct site_source *s, const struct crawl_record *r)
{
	switch (r->result) {
	case CRAWL_DOCUMENT:
		return site_has_document(s, r);
	case CRAWL_PAGE:
		return !r->key || tw_map_has(&s->keys, r->key);
	case CRAWL_MAP:
	case CRAWL_MAP_INDEX:
		return true;
	case CRAWL_UNKNOWN:
	case CRAWL_NOTHING:
		break;
	}
	return false;
}

struct taking {
	struct tw_http_response *res;
	bool any_type, refused;
};

/* What is no page is not downloaded. */
static bool take(void *ctx, const char *data, size_t len)
{
	struct taking *t = ctx;
	const char *type = tw_str_c(&t->res->content_type);
	t->refused = !t->any_type && !web_page_is_html(type) && !web_page_is_text(type);
	if (t->refused)
		return false;
	tw_str_add(&t->res->body, data, len);
	return true;
}

/* A kill costs the request that is under way; where the host needs no time, a second's work. */
static enum tw_status store_so_far(struct site_source *s, struct tw_err *err)
{
	double now = tw_monotonic_s();
	if (!s->host->commit || (s->delay <= 0 && now - s->committed_s < COMMIT_EVERY_S))
		return TW_OK;
	crawl_table_save_pass(&s->table, false);
	enum tw_status st = s->host->commit(s->host->host, err);
	s->committed_s = tw_monotonic_s();
	return st;
}

/* Five addresses in a row without an answer, or a host that asks for a long pause: the rest is left for another time. */
static void judge_host(struct site_source *s, bool answered, const struct tw_http_response *res)
{
	bool overloaded = answered && host_is_overloaded(res->status);
	bool pause =
		overloaded && retry_after_s(tw_str_c(&res->retry_after)) > POLITE_MAX_RETRY_AFTER;
	s->misses = answered && !overloaded ? 0 : s->misses + 1;
	if (s->given_up || (!pause && s->misses < MAX_MISSES))
		return;
	s->given_up = true;
	if (pause)
		tw_warn("%s wants to be left alone for %s s; the next pass goes on from here",
			s->scope.origin, tw_str_c(&res->retry_after));
	else
		tw_warn("%s does not answer any more; the next pass goes on from here",
			s->scope.origin);
}

/* The fetch itself. TW_SKIPPED for an answer that did not come, or is too large. */
static enum tw_status ask(struct tw_http_response *res, struct site_source *s,
			  const struct tw_http_request *req, struct tw_err *err)
{
	const struct taking *taking = req->ctx;
	struct tw_err why = TW_ERR_INIT;
	struct tw_arena a;
	double began = tw_monotonic_s();
	enum tw_status st = polite_fetch_patiently(res, &s->polite, req, &why);
	if (taking->refused)
		st = TW_OK;
	if (st == TW_OK || st == TW_NETWORK)
		judge_host(s,
			   st == TW_OK ||
				   (res->status && tw_monotonic_s() - began < (double)s->timeout),
			   res);
	if (st == TW_NETWORK)
		st = TW_SKIPPED;
	tw_arena_init(&a);
	if (st != TW_OK)
		tw_fail(err, st, "%s: %s", url_shown(req->url, &a), why.msg);
	tw_arena_release(&a);
	return st;
}

enum tw_status site_fetch(struct tw_http_response *res, struct site_source *s, size_t record,
			  struct tw_err *err)
{
	const struct crawl_record *r = &s->table.records.at[record];
	bool map = is_map(r, s);
	struct taking taking = {res, map, false};
	const char *headers[4] = {
		map ? "Accept: application/xml, text/xml, text/plain;q=0.8, */*;q=0.5"
		    : WEB_PAGE_ACCEPT};
	struct tw_http_request req = {.url = r->url,
				      .headers = headers,
				      .timeout_s = (int)s->timeout,
				      .max_body = map ? SITEMAP_MAX_BYTES : s->max_size,
				      .no_redirects = true,
				      .on_data = take,
				      .ctx = &taking};
	struct tw_arena a;
	tw_arena_init(&a);
	size_t n = 1;
	bool kept = is_kept(s, r);
	if (r->etag && kept)
		headers[n++] = tw_sprintf(&a, "If-None-Match: %s", r->etag);
	if (r->last_modified && kept)
		headers[n++] = tw_sprintf(&a, "If-Modified-Since: %s", r->last_modified);
	enum tw_status st = store_so_far(s, err);
	if (st == TW_OK)
		st = ask(res, s, &req, err);
	tw_arena_release(&a);
	return st;
}
