/*
 * What is known of each address, kept in the source's state: "crawl" says which
 * pass it is, "crawl.0", "crawl.1", … are the records in the order in which the
 * addresses were found. A page's links are numbers of records.
 */
#include "collect/site/crawl_int.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/time.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define SPARE  10 /* records that are free at the beginning: for the start page and where it leads */

static const char *get(const struct crawl_table *t, const char *name)
{
	const char *s = t->host->get_state(t->host->host, name);
	return s && *s ? s : NULL;
}

static const char *text_of(struct crawl_table *t, const struct tw_json *v, const char *key)
{
	const char *s = tw_json_str(tw_json_get(v, key), NULL);
	return s && *s ? tw_strdup(&t->arena, s) : NULL;
}

static void read_links(struct crawl_table *t, struct crawl_record *r, const struct tw_json *v,
		       int64_t n_records)
{
	if (!v || v->type != TW_JSON_ARRAY)
		return;
	r->links = TW_NEW_ARRAY(&t->arena, v->n, uint32_t);
	for (const struct tw_json *c = v->child; c; c = c->next)
		if (tw_json_int(c, -1) >= 0 && tw_json_int(c, -1) < n_records)
			r->links[r->n_links++] = (uint32_t)tw_json_int(c, 0);
}

static bool read_record(struct crawl_table *t, int64_t i, int64_t n, struct tw_arena *a)
{
	struct crawl_record r = {0};
	const char *text = get(t, tw_sprintf(a, "crawl.%lld", (long long)i));
	const struct tw_json *v = text ? tw_json_of(text, a) : NULL;
	r.url = text_of(t, v, "url");
	if (!r.url || tw_map_has(&t->by_url, r.url))
		return false;
	r.etag = text_of(t, v, "etag");
	r.last_modified = text_of(t, v, "modified");
	r.digest = text_of(t, v, "digest");
	r.key = text_of(t, v, "key");
	r.pass = tw_json_int(tw_json_get(v, "pass"), 0);
	r.result = (enum crawl_result)tw_json_int(tw_json_get(v, "result"), CRAWL_UNKNOWN);
	r.cut = tw_json_bool(tw_json_get(v, "cut"), false);
	read_links(t, &r, tw_json_get(v, "links"), n);
	tw_map_set_int(&t->by_url, r.url, i);
	tw_vec_push(&t->records, r);
	return true;
}

static void forget(struct crawl_table *t)
{
	t->records.n = 0;
	tw_map_clear(&t->by_url);
}

static void read_records(struct crawl_table *t, int64_t n)
{
	struct tw_arena a;
	tw_arena_init(&a);
	for (int64_t i = 0; i < n; i++) {
		tw_arena_reset(&a);
		if (read_record(t, i, n, &a))
			continue;
		forget(t);
		break;
	}
	tw_arena_release(&a);
}

void crawl_table_load(struct crawl_table *t, const struct tw_source_host *host, const char *tag,
		      size_t max)
{
	*t = (struct crawl_table){
		.host = host, .tag = tag, .max = max, .began_ms = tw_now_ms(), .whole = true};
	tw_arena_init(&t->arena);
	const char *text = get(t, "crawl");
	const struct tw_json *v = text ? tw_json_of(text, &t->arena) : NULL;
	t->pass = tw_json_int(tw_json_get(v, "pass"), 0) + 1;
	int64_t n = tw_json_int(tw_json_get(v, "records"), 0);
	if (!tw_streq(tw_json_str(tw_json_get(v, "tag"), NULL), tag))
		return;
	read_records(t, n);
	int64_t began = tw_json_int(tw_json_get(v, "began"), 0);
	bool finished = tw_json_bool(tw_json_get(v, "finished"), true);
	t->start = text_of(t, v, "start");
	t->home = text_of(t, v, "home");
	t->resumed = !finished && t->records.n && t->start && began <= t->began_ms &&
		     t->began_ms - began < DAY_MS;
	if (t->resumed) {
		t->pass--;
		t->began_ms = began;
		t->whole = tw_json_bool(tw_json_get(v, "whole"), false);
	} else {
		t->start = NULL;
		/* Addresses that nothing leads to any more are never taken out one by one. */
		if (t->records.n + SPARE > max)
			forget(t);
	}
}

void crawl_table_release(struct crawl_table *t)
{
	tw_vec_release(&t->records);
	tw_map_release(&t->by_url);
	tw_arena_release(&t->arena);
}

int64_t crawl_table_index(struct crawl_table *t, const char *url)
{
	int64_t i = tw_map_get_int(&t->by_url, url, -1);
	if (i >= 0)
		return i;
	if (t->records.n >= t->max) {
		t->full = true;
		t->whole = false;
		return -1;
	}
	struct crawl_record r = {.url = tw_strdup(&t->arena, url)};
	i = (int64_t)t->records.n;
	tw_vec_push(&t->records, r);
	tw_map_set_int(&t->by_url, url, i);
	crawl_table_save(t, &t->records.at[i]);
	return i;
}

void crawl_table_set_links(struct crawl_table *t, struct crawl_record *r, const char *const *urls,
			   size_t n)
{
	size_t at = (size_t)(r - t->records.at);
	uint32_t *links = TW_NEW_ARRAY(&t->arena, n + 1, uint32_t);
	size_t n_links = 0;
	for (size_t i = 0; i < n; i++) {
		int64_t to = crawl_table_index(t, urls[i]);
		if (to >= 0)
			links[n_links++] = (uint32_t)to;
	}
	/* the table may have moved */
	t->records.at[at].links = links;
	t->records.at[at].n_links = n_links;
}

void crawl_table_save(struct crawl_table *t, const struct crawl_record *r)
{
	struct tw_str out = TW_STR_INIT;
	struct tw_json_writer w;
	char name[32];
	snprintf(name, sizeof(name), "crawl.%zu", (size_t)(r - t->records.at));
	tw_jw_init(&w, &out);
	tw_jw_object(&w, NULL);
	tw_jw_str(&w, "url", r->url);
	tw_jw_int(&w, "result", r->result);
	tw_jw_int(&w, "pass", r->pass);
	if (r->cut)
		tw_jw_bool(&w, "cut", true);
	if (r->etag)
		tw_jw_str(&w, "etag", r->etag);
	if (r->last_modified)
		tw_jw_str(&w, "modified", r->last_modified);
	if (r->digest)
		tw_jw_str(&w, "digest", r->digest);
	if (r->key)
		tw_jw_str(&w, "key", r->key);
	if (r->n_links) {
		tw_jw_array(&w, "links");
		for (size_t i = 0; i < r->n_links; i++)
			tw_jw_int(&w, NULL, r->links[i]);
		tw_jw_end(&w);
	}
	tw_jw_end(&w);
	t->host->set_state(t->host->host, name, tw_str_c(&out));
	tw_str_release(&out);
}

void crawl_table_save_pass(struct crawl_table *t, bool finished)
{
	struct tw_str out = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &out);
	tw_jw_object(&w, NULL);
	tw_jw_str(&w, "tag", t->tag);
	tw_jw_int(&w, "pass", t->pass);
	tw_jw_bool(&w, "finished", finished);
	tw_jw_bool(&w, "whole", t->whole);
	tw_jw_int(&w, "began", t->began_ms);
	tw_jw_int(&w, "records", (int64_t)t->records.n);
	tw_jw_str(&w, "start", t->start);
	tw_jw_str(&w, "home", t->home);
	tw_jw_end(&w);
	t->host->set_state(t->host->host, "crawl", tw_str_c(&out));
	tw_str_release(&out);
}
