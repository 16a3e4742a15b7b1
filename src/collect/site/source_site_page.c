/* A page of a site: what the answer means, and whether it is a document. */
#include "collect/site/source_site_int.h"

#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "base/log.h"

/* --- a document --- */

static bool is_name(const char *word, size_t len, const struct tw_strings *names)
{
	for (size_t i = 0; i < names->n; i++)
		if (strlen(names->at[i]) == len && strncasecmp(names->at[i], word, len) == 0)
			return true;
	return false;
}

/* "Ann, Bo and Cy": one of them is enough. A page that names nobody is taken. */
static bool is_by(const char *author, const struct tw_strings *names)
{
	if (!names->n || !author || !*author || is_name(author, strlen(author), names))
		return true;
	for (const char *p = author; *p;) {
		const char *mark = strstr(p, " and ");
		size_t n = strcspn(p, ",&;");
		bool and = mark && (size_t)(mark - p) < n;
		if (and)
			n = (size_t)(mark - p);
		size_t from = strspn(p, " "), len = n;
		while (len > from && p[len - 1] == ' ')
			len--;
		if (len > from && is_name(p + from, len - from, names))
			return true;
		p += n + (and? strlen(" and ") : p[n] != '\0');
	}
	return false;
}

struct reading {
	struct dom tree; /* of HTML; no root: it is a text */
	struct crawl_links links;
	struct page page;
	const char *key; /* of the document, NULL when it is none */
};

/* Under its canonical address, unless that is the front page's: a mistake of some themes, on every page. */
static const char *key_of(const struct site_source *s, const char *url, const char *canonical)
{
	return canonical && !tw_streq(canonical, s->table.start) ? canonical : url;
}

static enum tw_status read_content(struct reading *out, const struct site_source *s,
				   const struct tw_http_response *res, const char *url,
				   struct tw_arena *a, struct tw_err *err)
{
	enum tw_status st =
		out->tree.root ? extract_tree(&out->page, &out->tree, tw_str_c(&res->url), a, err)
			       : web_page_read(&out->page, res, a, err);
	if (st != TW_OK)
		return st;
	const char *key = key_of(s, url, out->links.canonical);
	bool wanted = is_by(out->page.author, &s->author) &&
		      (!s->include.n || crawl_path_matches(&s->include, key, a));
	if (wanted && crawl_is_writing(&out->page, out->links.is_list, url))
		out->key = key;
	return TW_OK;
}

static enum tw_status read_links(struct reading *out, const struct site_source *s,
				 const struct tw_http_response *res, const char *url,
				 struct tw_arena *a, struct tw_err *err)
{
	enum tw_status st = TW_OK;
	if (web_page_is_html(tw_str_c(&res->content_type))) {
		st = web_page_tree(&out->tree, res, a, err);
		if (st == TW_OK)
			crawl_links_read(&out->links, &out->tree, url, &s->scope, a);
	}
	robots_words_add(&out->links.words, tw_str_c(&res->robots_tag), POLITE_AGENT);
	if (out->links.words.nofollow) {
		out->links.urls.n = 0;
		out->links.cut = false;
	}
	const char *c = out->links.canonical;
	if (c && strcmp(c, url) != 0 && crawl_page_url(&s->scope, c, c, a))
		tw_vec_push(&out->links.urls, c);
	return st;
}

static void fill(struct tw_document *doc, const struct page *page, const char *key)
{
	doc->key = doc->url = key;
	doc->title = page->title;
	doc->author = page->author;
	doc->lang = page->lang;
	doc->media = "text/markdown";
	doc->created_ms = page->created_ms;
	doc->modified_ms = page->modified_ms;
	doc->body = (struct tw_bytes){page->body, strlen(page->body)};
}

/* The first page under a key is its document. */
static bool claim(struct site_source *s, const char *key)
{
	if (tw_map_has(&s->keys, key))
		return false;
	tw_map_set_int(&s->keys, key, 1);
	return true;
}

/* --- an answer --- */

/* What was known of the page still holds. */
static void replay(struct tw_document *doc, bool *yields, struct site_source *s,
		   struct site_place at, struct tw_arena *a)
{
	site_queue_links(s, at.record, at.depth + 1);
	const struct crawl_record *r = &s->table.records.at[at.record];
	if (r->result != CRAWL_DOCUMENT || !claim(s, r->key))
		return;
	doc->key = tw_strdup(a, r->key);
	doc->fingerprint = site_fingerprint(s, r->digest, a);
	doc->unchanged = *yields = true;
}

static enum tw_status skip(struct tw_document *doc, struct site_source *s, struct site_place at,
			   bool hides, struct tw_arena *a)
{
	const struct crawl_record *r = &s->table.records.at[at.record];
	doc->key = tw_strdup(a, r->key ? r->key : r->url);
	tw_map_set_int(&s->keys, doc->key, 1);
	site_record_failure(s, at.record, hides);
	site_queue_links(s, at.record, at.depth + 1);
	return TW_SKIPPED;
}

/* Nothing of ours is at this address: gone, not a page, or forbidden. A document that came from there stays, with a
 * reason, unless it is gone. */
static enum tw_status take_nothing(struct tw_document *doc, struct site_source *s,
				   struct site_place at, const struct tw_http_response *res,
				   const char *why, struct tw_arena *a, struct tw_err *err)
{
	struct crawl_record *r = &s->table.records.at[at.record];
	if (why && s->host->known(s->host->host, r->key ? r->key : r->url)) {
		tw_fail(err, TW_SKIPPED, "%s: %s", r->url, why);
		return skip(doc, s, at, false, a);
	}
	tw_debug("%s: %s", r->url, why ? why : "is not there");
	r->result = CRAWL_NOTHING;
	r->key = r->digest = NULL;
	r->n_links = 0;
	r->cut = false;
	site_record_answer(s, at.record, res);
	return TW_OK;
}

static enum tw_status take_redirect(struct tw_document *doc, struct site_source *s,
				    struct site_place at, const struct tw_http_response *res,
				    struct tw_arena *a, struct tw_err *err)
{
	struct crawl_record *r = &s->table.records.at[at.record];
	const char *to = crawl_page_url(&s->scope, r->url, tw_str_c(&res->location), a);
	if (!to)
		return take_nothing(doc, s, at, res, "leads to an address outside of the site", a,
				    err);
	r->result = CRAWL_PAGE;
	r->key = r->digest = NULL;
	r->cut = false;
	crawl_table_set_links(&s->table, r, &to, 1);
	site_record_answer(s, at.record, res);
	site_queue_links(s, at.record, at.depth + 1);
	return TW_OK;
}

static const char *digest_of(const struct tw_http_response *res, struct tw_arena *a)
{
	struct tw_hasher *h = tw_hasher_new();
	tw_digest_str(h, tw_str_c(&res->content_type));
	tw_digest_str(h, tw_str_c(&res->robots_tag));
	tw_digest_bytes(h, tw_str_c(&res->body), res->body.len);
	struct tw_digest d = tw_hasher_end(h);
	return tw_strndup(a, d.hex, 24);
}

static enum tw_status take_page(struct tw_document *doc, bool *yields, struct site_source *s,
				struct site_place at, const struct tw_http_response *res,
				struct tw_arena *a, struct tw_err *err)
{
	struct reading in = {0};
	const char *url = s->table.records.at[at.record].url, *digest = digest_of(res, a);
	enum tw_status st = read_links(&in, s, res, url, a, err);
	if (st == TW_OK && !in.links.words.noindex)
		st = read_content(&in, s, res, url, a, err);
	if (st == TW_OK) {
		struct crawl_record *r = &s->table.records.at[at.record];
		*yields = in.key && claim(s, in.key);
		r->result = *yields ? CRAWL_DOCUMENT : CRAWL_PAGE;
		r->key = tw_strdup(&s->table.arena, in.key);
		r->digest = tw_strdup(&s->table.arena, digest);
		r->cut = in.links.cut;
		crawl_table_set_links(&s->table, r, in.links.urls.at, in.links.urls.n);
		site_record_answer(s, at.record, res);
		site_queue_links(s, at.record, at.depth + 1);
	}
	tw_vec_release(&in.links.urls);
	if (*yields) {
		fill(doc, &in.page, tw_strdup(a, in.key));
		doc->fingerprint = site_fingerprint(s, digest, a);
		doc->unchanged = tw_streq(s->host->known(s->host->host, in.key), doc->fingerprint);
	}
	return st;
}

static enum tw_status take_answer(struct tw_document *doc, bool *yields, struct site_source *s,
				  struct site_place at, const struct tw_http_response *res,
				  struct tw_arena *a, struct tw_err *err)
{
	const struct crawl_record *r = &s->table.records.at[at.record];
	const char *type = tw_str_c(&res->content_type);
	int status = res->status;
	if (status == 304) {
		site_record_answer(s, at.record, res);
		replay(doc, yields, s, at, a);
		return TW_OK;
	}
	if (status >= 300 && status < 400)
		return take_redirect(doc, s, at, res, a, err);
	if (status == 404 || status == 410)
		return take_nothing(doc, s, at, res, NULL, a, err);
	if (status < 200 || status >= 300) {
		tw_fail(err, TW_SKIPPED, "%s: the server answered %d", r->url, status);
		return skip(doc, s, at, status >= 500 || status == 429 || status == 408, a);
	}
	if (!web_page_is_html(type) && !web_page_is_text(type))
		return take_nothing(doc, s, at, res, tw_sprintf(a, "%.80s is no page", type), a,
				    err);
	enum tw_status st = tw_source_enter(s->host, r->key ? r->key : r->url, err);
	if (st != TW_OK)
		return skip(doc, s, at, true, a);
	st = take_page(doc, yields, s, at, res, a, err);
	if (st == TW_OK || st == TW_NO_MEMORY)
		return st;
	tw_wrap(err, st, "%s", s->table.records.at[at.record].url);
	return skip(doc, s, at, false, a);
}

/* By robots.txt. What a list led to when it could be read is not gone. */
static enum tw_status take_forbidden(struct tw_document *doc, struct site_source *s,
				     struct site_place at, struct tw_arena *a, struct tw_err *err)
{
	const struct tw_http_response none = {0};
	if (s->table.records.at[at.record].result != CRAWL_PAGE)
		return take_nothing(doc, s, at, &none, "robots.txt does not allow it", a, err);
	site_record_failure(s, at.record, false);
	site_queue_links(s, at.record, at.depth + 1);
	return TW_OK;
}

/* Was it asked for before the pass was cut short? */
static bool is_done(const struct site_source *s, const struct crawl_record *r)
{
	return r->pass == s->table.pass && (r->result != CRAWL_DOCUMENT || site_has_document(s, r));
}

enum tw_status site_visit(struct tw_document *doc, bool *yields, struct site_source *s,
			  struct site_place at, struct tw_arena *a, struct tw_err *err)
{
	struct tw_http_response res = {0};
	struct tw_err why = TW_ERR_INIT;
	const char *url = s->table.records.at[at.record].url;
	if (is_done(s, &s->table.records.at[at.record])) {
		replay(doc, yields, s, at, a);
		return TW_OK;
	}
	enum tw_status st = TW_OK;
	if (s->first.status) {
		res = s->first;
		s->first = (struct tw_http_response){0};
	} else {
		st = polite_may(&s->polite, url, &why);
		if (st == TW_BLOCKED)
			return take_forbidden(doc, s, at, a, err);
		if (st != TW_OK)
			return tw_fail(err, st, "%s", why.msg);
		st = site_fetch(&res, s, at.record, err);
	}
	if (st == TW_OK)
		st = take_answer(doc, yields, s, at, &res, a, err);
	else if (st == TW_SKIPPED)
		st = skip(doc, s, at, true, a);
	tw_http_response_release(&res);
	return st;
}
