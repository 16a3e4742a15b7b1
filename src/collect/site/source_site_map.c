/* The sitemaps of a site. */
#include "collect/site/source_site_int.h"

#include <string.h>

#include "base/log.h"
#include "collect/site/sitemap_int.h"

static void take_entries(struct site_source *s, size_t record, const struct sitemap *map,
			 struct tw_arena *a)
{
	const char **urls = TW_NEW_ARRAY(a, map->n + 1, const char *);
	const char *base = s->table.records.at[record].url;
	size_t n = 0;
	for (size_t i = 0; i < map->n; i++) {
		const char *url = map->is_index
					  ? crawl_site_url(&s->scope, base, map->entries[i].loc, a)
					  : crawl_page_url(&s->scope, base, map->entries[i].loc, a);
		if (url)
			urls[n++] = url;
	}
	s->table.records.at[record].cut = map->cut;
	s->table.records.at[record].result = map->is_index ? CRAWL_MAP_INDEX : CRAWL_MAP;
	crawl_table_set_links(&s->table, &s->table.records.at[record], urls, n);
}

static void follow(struct site_source *s, struct site_place at)
{
	const struct crawl_record *r = &s->table.records.at[at.record];
	if (r->result != CRAWL_MAP_INDEX) {
		site_queue_links(s, at.record, 0);
		return;
	}
	if (r->cut)
		site_cut_short(s, r->url);
	for (size_t i = 0; i < r->n_links; i++)
		site_queue_map(s, r->links[i], at.depth + 1);
}

static enum tw_status fail(struct site_source *s, struct site_place at, bool hides)
{
	site_record_failure(s, at.record, hides);
	follow(s, at);
	return TW_SKIPPED;
}

static enum tw_status take_answer(struct site_source *s, struct site_place at,
				  const struct tw_http_response *res, struct tw_arena *a,
				  struct tw_err *err)
{
	struct sitemap map;
	const char *url = s->table.records.at[at.record].url;
	struct crawl_record *r = &s->table.records.at[at.record];
	if (res->status == 304) {
		site_record_answer(s, at.record, res);
		return TW_OK;
	}
	bool later = res->status >= 500 || res->status == 429;
	if (res->status != 200 && (later || s->maps_are_named)) {
		tw_fail(err, TW_SKIPPED, "sitemap %s: the server answered %d", url, res->status);
		return fail(s, at, later);
	}
	if (res->status != 200) {
		r->result = CRAWL_NOTHING;
		r->n_links = 0;
		r->cut = false;
		site_record_answer(s, at.record, res);
		return TW_OK;
	}
	enum tw_status st = tw_source_enter(s->host, url, err);
	if (st != TW_OK)
		return fail(s, at, true);
	st = sitemap_read(&map, tw_str_c(&res->body), res->body.len, a, err);
	if (st != TW_OK && !s->maps_are_named && !map.cut) { /* a page that says "not found" */
		tw_err_clear(err);
		return TW_OK;
	}
	if (st != TW_OK) {
		tw_wrap(err, st, "sitemap %s", url);
		return fail(s, at, map.cut);
	}
	take_entries(s, at.record, &map, a);
	site_record_answer(s, at.record, res);
	return TW_OK;
}

enum tw_status site_visit_map(struct site_source *s, struct site_place at, struct tw_arena *a,
			      struct tw_err *err)
{
	struct tw_http_response res = {0};
	const struct crawl_record *r = &s->table.records.at[at.record];
	enum tw_status st = TW_OK;
	if (r->pass != s->table.pass) {
		if (!s->maps_are_named && polite_may(&s->polite, r->url, NULL) == TW_BLOCKED)
			return TW_OK;
		st = site_fetch(&res, s, at.record, err);
		if (st == TW_OK)
			st = take_answer(s, at, &res, a, err);
		else if (st == TW_SKIPPED)
			st = fail(s, at, true);
		tw_http_response_release(&res);
	}
	if (st == TW_OK)
		follow(s, at);
	return st;
}
