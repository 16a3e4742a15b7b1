/*
 * What somebody wrote on Hacker News: comments, and stories and polls with a text of
 * their own, by its public API (github.com/HackerNews/API): /v0/user/NAME.json names
 * all items of a person, /v0/item/ID.json is one. Items can be edited for two
 * hours, so one that was read when it was older is not asked for again; ids of those
 * that are no text of the person's are kept in the source's state.
 */
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/time.h"
#include "base/vec.h"
#include "collect/collect.h"
#include "collect/export/export_int.h"
#include "collect/hackernews/hn_int.h"
#include "collect/site/polite_int.h"

#define HN_VERSION     1 /* part of a fingerprint */
#define SETTLED_MS     (24 * 3600000LL)
#define MAX_ANSWER     (4 << 20)  /* bytes of an item, whose comments are named in it */
#define MAX_USER       (16 << 20) /* of a person: eleven a submission */
#define MAX_MISSES     5	  /* in a row */
#define COMMIT_EVERY_S 0.1
#define PARENTS	       512 /* held: many comments answer one */

struct parent {
	int64_t id;
	const struct tw_json *item; /* NULL: there is none */
	struct tw_arena arena;
};

struct hn_source {
	/* options */
	const char *user, *url;
	bool context, allow_private;
	double delay;
	int64_t max_items;
	/* state */
	const struct tw_source_host *host;
	struct polite polite;
	const char *tag; /* of the options, within fingerprints */
	TW_VEC(int64_t) ids;
	size_t at;
	int64_t asked; /* for items, in this pass */
	int misses;
	bool whole, dirty;
	double committed_s;
	struct parent *parents;
	struct tw_arena arena;
};

static const struct tw_opt hn_opts[] = {
	{"user", TW_OPT_STRING, offsetof(struct hn_source, user), .flags = TW_OPT_REQUIRED,
	 .help = "name of the author there, as it is written"},
	{"context", TW_OPT_BOOL, offsetof(struct hn_source, context), .def = "true",
	 .help = "read what a comment answers too, so that the answer is known as one"},
	{"max_items", TW_OPT_INT, offsetof(struct hn_source, max_items), .def = "0", .min = 0,
	 .max = 10000000, .flags = TW_OPT_NOT_IDENTITY,
	 .help = "at most so many new items in a pass, the newest first; 0: all"},
	{"delay", TW_OPT_REAL, offsetof(struct hn_source, delay), .def = "0.2", .min = 0,
	 .max = 3600, .flags = TW_OPT_NOT_IDENTITY, .help = "seconds between two requests"},
	{"url", TW_OPT_STRING, offsetof(struct hn_source, url),
	 .def = "https://hacker-news.firebaseio.com", .flags = TW_OPT_NOT_IDENTITY,
	 .help = "where its API is"},
	{"allow_private", TW_OPT_BOOL, offsetof(struct hn_source, allow_private), .def = "false",
	 .flags = TW_OPT_NOT_IDENTITY,
	 .help = "the API may be in a private network, or this machine"},
	{0},
};

/* --- asking --- */

/* The answer as a tree, which is of the type null where there is nothing. */
static enum tw_status ask(struct tw_json **out, struct hn_source *s, const char *path,
			  int64_t max_body, struct tw_arena *a, struct tw_err *err)
{
	size_t n = strlen(s->url);
	const char *slash = n && s->url[n - 1] == '/' ? "" : "/";
	const char *url = tw_sprintf(a, "%s%sv0/%s.json", s->url, slash, path);
	struct tw_http_request req = {.url = url, .max_body = max_body};
	struct tw_http_response res = {0};
	enum tw_status st = polite_fetch_patiently(&res, &s->polite, &req, err);
	if (st == TW_OK && (res.status < 200 || res.status >= 300))
		st = tw_fail(err, TW_NETWORK, "%s: the server answered %d", url_shown(url, a),
			     res.status);
	if (st == TW_OK)
		st = tw_json_parse(out, tw_str_c(&res.body), res.body.len, a, err);
	tw_http_response_release(&res);
	return st;
}

static enum tw_status ask_item(struct tw_json **out, struct hn_source *s, int64_t id,
			       struct tw_arena *a, struct tw_err *err)
{
	return ask(out, s, tw_sprintf(a, "item/%" PRId64, id), MAX_ANSWER, a, err);
}

/* --- the beginning of a pass --- */

static void hn_close(void *ctx)
{
	struct hn_source *s = ctx;
	for (size_t i = 0; s->parents && i < PARENTS; i++)
		tw_arena_release(&s->parents[i].arena);
	free(s->parents);
	tw_vec_release(&s->ids);
	polite_release(&s->polite);
	tw_arena_release(&s->arena);
}

/* Letters, digits, "_" and "-": what can be a name there, and part of an address. */
static bool is_name(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
	return n && !s[n];
}

static enum tw_status read_user(struct hn_source *s, struct tw_err *err)
{
	struct tw_arena a;
	struct tw_json *user = NULL;
	tw_arena_init(&a);
	enum tw_status st = ask(&user, s, tw_sprintf(&a, "user/%s", s->user), MAX_USER, &a, err);
	if (st == TW_OK && user->type == TW_JSON_NULL)
		st = tw_fail(err, TW_BAD_USE, "nobody there is named \"%s\"; capitals matter in it",
			     s->user);
	else if (st == TW_OK && !export_text(user, "id"))
		st = tw_fail(err, TW_NETWORK, "%s answers with what is no user of Hacker News",
			     url_shown(s->url, &a));
	for (const struct tw_json *v = export_list(user, "submitted"); st == TW_OK && v;
	     v = v->next)
		if (v->type == TW_JSON_INT && v->i > 0)
			tw_vec_push(&s->ids, v->i);
	tw_arena_release(&a);
	return st;
}

static enum tw_status hn_open(void *ctx, const struct tw_source_host *host, struct tw_err *err)
{
	struct hn_source *s = ctx;
	if (!is_name(s->user))
		return tw_fail(err, TW_BAD_USE, "\"%s\" is no name of a user of Hacker News",
			       s->user);
	if (!host->http)
		return tw_fail(err, TW_NETWORK, "hackernews %s: no network is to be used", s->user);
	enum tw_status st = polite_init(&s->polite, host->http, s->delay, s->allow_private, err);
	if (st != TW_OK)
		return st;
	tw_arena_init(&s->arena);
	s->host = host;
	s->whole = true;
	s->committed_s = tw_monotonic_s();
	s->parents = tw_xcalloc(PARENTS, sizeof(*s->parents));
	s->tag = tw_source_tag(s, hn_opts, HN_VERSION, &s->arena);
	st = read_user(s, err);
	if (st != TW_OK) {
		tw_wrap(err, st, "hackernews %s", s->user);
		hn_close(s);
	}
	return st;
}

/* --- items --- */

/* What the last comments answered is at hand. A parent that is not to be had is none: the comment counts without it. */
static const struct tw_json *parent_of(struct hn_source *s, const struct tw_json *item,
				       enum tw_status *st, struct tw_err *err)
{
	int64_t id = s->context ? hn_parent(item) : 0;
	struct parent *p = &s->parents[(uint64_t)id % PARENTS];
	struct tw_err why = TW_ERR_INIT;
	struct tw_json *got = NULL;
	if (!id || p->id == id)
		return id ? p->item : NULL;
	tw_arena_reset(&p->arena);
	*p = (struct parent){.id = id, .arena = p->arena};
	*st = ask_item(&got, s, id, &p->arena, &why);
	if (*st == TW_OK && got->type == TW_JSON_OBJECT)
		p->item = got;
	if (*st == TW_CANCELLED) {
		tw_fail(err, *st, "%s", why.msg);
	} else if (*st != TW_OK) {
		p->id = 0;
		s->misses++;
		*st = tw_fail(err, TW_SKIPPED, "%" PRId64 ", which is answered: %s", id, why.msg);
	}
	return p->item;
}

static const char *state_name(int64_t id, struct tw_arena *a)
{
	return tw_sprintf(a, "item %" PRId64, id);
}

/* Nothing that would have to be asked again: an old item's text, or an old one without. */
static bool is_settled(struct hn_source *s, struct tw_document *doc, int64_t id, struct tw_arena *a)
{
	const char *known = s->host->known(s->host->host, doc->key);
	const char *none = s->host->get_state(s->host->host, state_name(id, a));
	doc->fingerprint = tw_sprintf(a, "%s:settled", s->tag);
	doc->unchanged = tw_streq(known, doc->fingerprint);
	return doc->unchanged || tw_streq(none, s->tag);
}

/* A kill costs what was asked since. */
static enum tw_status store_so_far(struct hn_source *s, struct tw_err *err)
{
	if (!s->dirty || !s->host->commit || tw_monotonic_s() - s->committed_s < COMMIT_EVERY_S)
		return TW_OK;
	enum tw_status st = s->host->commit(s->host->host, err);
	s->committed_s = tw_monotonic_s();
	s->dirty = false;
	return st;
}

/* TW_DONE: it is no text of the person's. */
static enum tw_status read_item(struct tw_document *doc, struct hn_source *s, int64_t id,
				struct tw_arena *a, struct tw_err *err)
{
	struct tw_json *item = NULL;
	enum tw_status st = tw_source_enter(s->host, doc->key, err);
	if (st == TW_OK)
		st = ask_item(&item, s, id, a, err);
	if (st != TW_OK)
		return st;
	s->misses = 0;
	s->dirty = true;
	/* What is not there yet, or not any more, says nothing of its age. */
	bool old = item->type == TW_JSON_OBJECT &&
		   tw_now_ms() - export_date(item, "time") > SETTLED_MS;
	if (!old)
		doc->fingerprint = tw_sprintf(a, "%s:young", s->tag);
	if (item->type != TW_JSON_OBJECT && s->host->known(s->host->host, doc->key))
		return tw_fail(err, TW_SKIPPED, "item %" PRId64 " is not to be had at the moment",
			       id);
	if (!hn_is_writing(item, s->user)) {
		if (old)
			s->host->set_state(s->host->host, state_name(id, a), s->tag);
		return TW_DONE;
	}
	const struct tw_json *parent = parent_of(s, item, &st, err);
	if (st == TW_OK)
		hn_fill(doc, item, parent, a);
	return st;
}

/* A host that answers no more is left, and the next pass goes on from there. */
static enum tw_status judge(struct hn_source *s, enum tw_status st, int64_t id, struct tw_err *err)
{
	if (st == TW_CANCELLED && s->host->commit) {
		enum tw_status stored = s->host->commit(s->host->host, NULL);
		(void)stored; /* the stop is what is told; what was not stored is fetched again */
	}
	if (st == TW_OK || st == TW_DONE || st == TW_CANCELLED)
		return st;
	s->misses += st != TW_SKIPPED;
	if (st != TW_SKIPPED)
		tw_wrap(err, st, "item %" PRId64, id);
	if (s->misses >= MAX_MISSES) {
		tw_warn("%s does not answer; the next pass goes on from here", s->url);
		s->at = s->ids.n;
		s->whole = false;
	}
	return TW_SKIPPED;
}

static enum tw_status hn_next(struct tw_document *doc, void *ctx, struct tw_arena *a,
			      struct tw_err *err)
{
	struct hn_source *s = ctx;
	while (s->at < s->ids.n) {
		int64_t id = s->ids.at[s->at++];
		tw_arena_reset(a);
		doc->key = tw_sprintf(a, "%" PRId64, id);
		if (is_settled(s, doc, id, a)) {
			if (doc->unchanged)
				return TW_OK;
			continue;
		}
		if (s->max_items && s->asked >= s->max_items) {
			s->whole = false;
			continue;
		}
		s->asked++;
		enum tw_status st = store_so_far(s, err);
		if (st != TW_OK)
			return st;
		st = judge(s, read_item(doc, s, id, a, err), id, err);
		if (st != TW_DONE)
			return st;
	}
	return TW_DONE;
}

static bool hn_whole(const void *ctx)
{
	return ((const struct hn_source *)ctx)->whole;
}

static void hn_hosts(const void *ctx, struct tw_str *out)
{
	const struct hn_source *s = ctx;
	tw_source_add_host(out, s->url);
}

const struct tw_source_type tw_source_hackernews = {
	.name = "hackernews",
	.help = "what somebody wrote on Hacker News: comments, and stories with a text",
	.opts = hn_opts,
	.ctx_size = sizeof(struct hn_source),
	.complete = true,
	.whole = hn_whole,
	.open = hn_open,
	.next = hn_next,
	.close = hn_close,
	.hosts = hn_hosts,
};
