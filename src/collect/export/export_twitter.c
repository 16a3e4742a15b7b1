/*
 * X, formerly Twitter: the archive (Settings, Download an archive of your data).
 * data/tweets.js, tweets-part1.js, … and community-tweet.js are scripts,
 * "window.YTD.tweets.part0 = [ {"tweet": {…}}, … ]", whose objects have the fields
 * that data/README.txt of the archive lists (and the API 1.1 named likewise).
 * account.js gives the handle, note-tweet.js the whole text of long posts.
 * Archives before 2022 call the file tweet.js; before 2019 the objects stood bare.
 *
 * A thread, which is posts that answer the author's own, is one document.
 * Retweets are left out; of a quoting post, the author's words. What is deleted
 * (deleted-tweets.js) and sent to people (direct-messages.js) is never read.
 */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/text.h"
#include "base/time.h"
#include "collect/export/export_posts_int.h"

#define NOTE_BEGINS 100 /* code points by which a long text is found */

struct twitter {
	struct posts *posts;
	const char *handle, *author;
	struct tw_map
		notes; /* beginning of a long text, and its second: → the whole, in the arena */
	struct tw_arena arena;
};

/* "window.YTD.NAME.part0 = ": the name is what decides. */
static bool is_script(const char *head, size_t n, const char *const *names)
{
	static const char begin[] = "window.YTD.";
	for (size_t i = sizeof(begin) - 1; *names; names++) {
		size_t len = strlen(*names);
		if (n > i + len && memcmp(head, begin, i) == 0 &&
		    memcmp(head + i, *names, len) == 0)
			return true;
	}
	return false;
}

static bool is_tweets(const char *name, const char *head, size_t n)
{
	static const char *const names[] = {"tweets.", "tweet.", "community_tweet.", NULL};
	(void)name;
	return is_script(head, n, names);
}

static bool is_account(const char *name, const char *head, size_t n)
{
	static const char *const names[] = {"account.", NULL};
	(void)name;
	return is_script(head, n, names);
}

static bool is_notes(const char *name, const char *head, size_t n)
{
	static const char *const names[] = {"note_tweet.", NULL};
	(void)name;
	return is_script(head, n, names);
}

static void twitter_close(void *state)
{
	struct twitter *t = state;
	posts_free(t->posts);
	tw_map_release(&t->notes);
	tw_arena_release(&t->arena);
}

/* Nothing in a note says which post it is of: its beginning does, or the second in which both were sent. */
static void add_note(struct twitter *t, const struct tw_json *note, struct tw_arena *a)
{
	const char *raw = export_text(tw_json_get(note, "core"), "text");
	int64_t at = export_date(note, "createdAt") / 1000;
	if (!raw)
		return;
	const char *text = export_unescape(raw, &t->arena);
	tw_map_at(&t->notes, text, tw_utf8_prefix(text, strlen(text), NOTE_BEGINS))->v.p =
		(void *)(uintptr_t)text;
	if (at)
		tw_map_set(&t->notes, tw_sprintf(a, "%lld", (long long)at),
			   (void *)(uintptr_t)text);
}

static enum tw_status read_notes(struct twitter *t, struct export_in *x, struct tw_err *err)
{
	struct elements notes = {.recognise = is_notes};
	struct tw_arena a;
	struct tw_json *v;
	const char *key;
	enum tw_status st;
	tw_arena_init(&a);
	do {
		tw_arena_reset(&a);
		st = elements_next(&v, &key, &notes, x, &a, err);
		if (st == TW_OK)
			add_note(t, tw_json_get(v, "noteTweet"), &a);
	} while (st == TW_OK);
	elements_release(&notes);
	tw_arena_release(&a);
	return st == TW_DONE ? bundle_rewind(x->files, err) : st;
}

static enum tw_status twitter_open(void *state, struct export_in *x, struct tw_err *err)
{
	struct twitter *t = state;
	struct tw_json *list;
	tw_arena_init(&t->arena);
	t->posts = posts_new(is_tweets, NULL);
	enum tw_status st = export_find_json(&list, x, is_account, &t->arena, err);
	if (st == TW_OK && list && list->type == TW_JSON_ARRAY) {
		const struct tw_json *account = tw_json_get(list->child, "account");
		t->handle = export_text(account, "username");
		t->author = export_text(account, "accountDisplayName");
	}
	if (st == TW_OK)
		st = read_notes(t, x, err);
	if (st != TW_OK)
		twitter_close(t);
	return st;
}

/* "Wed Oct 10 20:19:24 +0000 2018"; else the time that stands in the id (the upper 42 bits, since 2010-11-04). */
static int64_t date_of(const struct tw_json *tweet, const char *id, struct tw_arena *a)
{
	const char *s = export_text(tweet, "created_at");
	int64_t ms, n;
	if (s && strlen(s) == 30 &&
	    tw_parse_date(&ms, tw_sprintf(a, "%.2s %.3s %.4s %.8s %.5s", s + 8, s + 4, s + 26,
					  s + 11, s + 20)))
		return ms;
	return tw_parse_i64(&n, id, NULL) == TW_OK && n > (int64_t)1 << 40
		       ? (n >> 22) + 1288834974657
		       : 0;
}

static const char *replaced(const char *text, const char *what, const char *by, struct tw_arena *a)
{
	const char *at = strstr(text, what);
	return at ? tw_sprintf(a, "%.*s%s%s", (int)(at - text), text, by, at + strlen(what)) : text;
}

/* The short links of the text: to what they stand for, and out where they stand for a picture. */
static const char *with_links(const char *text, const struct tw_json *entities, const char *list,
			      const char *to, struct tw_arena *a)
{
	const struct tw_json *u = export_list(entities, list);
	for (size_t i = 0; u && i < 100; u = u->next, i++) {
		const char *from = export_text(u, "url"), *by = to ? export_text(u, to) : "";
		if (from && by)
			text = replaced(text, from, by, a);
	}
	return text;
}

/* An answer begins with those whom it is for. */
static const char *without_mentions(const char *text)
{
	while (*text == '@') {
		text += 1 +
			strspn(text + 1,
			       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
		text += strspn(text, " \n");
	}
	return text;
}

/* Of a long post tweets.js holds the beginning. */
static const char *whole_text(const struct twitter *t, const char *text, int64_t at_ms,
			      struct tw_arena *a)
{
	size_t len = strlen(text), n = tw_utf8_prefix(text, len, NOTE_BEGINS);
	const struct tw_map_slot *note = tw_map_find(&t->notes, text, n);
	const char *whole = note ? note->v.p : NULL;
	if (!whole && len > 250 && strstr(text + 200, "…"))
		whole = tw_map_get(&t->notes, tw_sprintf(a, "%lld", (long long)at_ms / 1000));
	return whole && strlen(whole) > len ? whole : text;
}

static const char *text_of(const struct twitter *t, const struct tw_json *tweet, const char *raw,
			   int64_t at_ms, struct tw_arena *a)
{
	const struct tw_json *entities = tw_json_get(tweet, "entities");
	const char *text = whole_text(t, export_unescape(raw, a), at_ms, a);
	if (export_text(tweet, "in_reply_to_status_id_str"))
		text = without_mentions(text);
	text = with_links(text, entities, "urls", "expanded_url", a);
	text = with_links(text, entities, "media", NULL, a);
	return with_links(text, tw_json_get(tweet, "extended_entities"), "media", NULL, a);
}

static const char *lang_of(const struct tw_json *tweet)
{
	static const char *const none[] = {"und", "zxx", "qam", "qct", "qht", "qme", "qst", NULL};
	const char *lang = export_text(tweet, "lang");
	for (const char *const *p = none; lang && *p; p++)
		if (strcmp(*p, lang) == 0)
			return NULL;
	return lang;
}

static const char *tags_of(const struct tw_json *tweet, struct tw_arena *a)
{
	struct export_tags tags = {0};
	const struct tw_json *t = export_list(tw_json_get(tweet, "entities"), "hashtags");
	for (; t; t = t->next)
		export_add_tag(&tags, export_text(t, "text"));
	return export_tags(&tags, a);
}

static enum tw_status take(const char **key, void *state, const struct export_in *x TW_UNUSED,
			   const struct tw_json *item, struct tw_arena *a, struct tw_err *err)
{
	struct twitter *t = state;
	const struct tw_json *inner = tw_json_get(item, "tweet"), *tweet = inner ? inner : item;
	const char *text = export_text(tweet, "full_text");
	*key = export_text(tweet, "id_str");
	text = text ? text : export_text(tweet, "text");
	if (!*key || !text)
		return tw_fail(err, TW_SKIPPED, "%s: a post without id or text",
			       *key ? *key : posts_entry(t->posts));
	if (tw_starts_with(text, "RT @"))
		return TW_OK;
	struct post p = {.id = *key, .parent = export_text(tweet, "in_reply_to_status_id_str")};
	p.created_ms = date_of(tweet, p.id, a);
	p.text = text_of(t, tweet, text, p.created_ms, a);
	p.media = "text/plain";
	p.url = tw_sprintf(a, "https://x.com/%s/status/%s", t->handle ? t->handle : "i", p.id);
	p.lang = lang_of(tweet);
	p.author = t->author;
	p.extra = tags_of(tweet, a);
	posts_add(t->posts, &p);
	return TW_OK;
}

static enum tw_status twitter_next(struct tw_document *doc, void *state, struct export_in *x,
				   struct tw_arena *a, struct tw_err *err)
{
	struct twitter *t = state;
	return posts_next(doc, t->posts, take, t, x, a, err);
}

const struct export_format export_twitter = {
	.name = "X (Twitter)",
	.recognise = is_tweets,
	.state_size = sizeof(struct twitter),
	.open = twitter_open,
	.next = twitter_next,
	.close = twitter_close,
};
