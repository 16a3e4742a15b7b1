/*
 * What every source type promises, through tw_collect_source() and the real
 * store: a row in `sources` is one type with a small world that the test
 * changes. Add a row for a new type.
 */
#include <dirent.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include "test.h"
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/time.h"
#include "collect/collect.h"
#include "support/git_fixture.h"
#include "support/web_server.h"

#define MAX_FILES 16

/* Texts by name, kept as a folder, as commits, or as items of a feed. */
struct world {
	const char *dir; /* of twin.yaml; the texts lie in dir/w */
	char *name[MAX_FILES], *text[MAX_FILES];
	struct git_fixture *git;
	int64_t seconds;
	struct web_server *web;
	struct tw_arena arena;
};

struct source_case {
	const char *name;
	const struct tw_source_type *type;
	const char *(*start)(struct world *w); /* the source's options in YAML */
	void (*show)(struct world *w);	       /* makes the texts visible to the source */
	void (*stop)(struct world *w);
	bool keeps_renames, removes;
	const char *(*key)(struct world *w, const char *name); /* NULL: the name is the key */
};

static void put(struct world *w, const char *name, const char *text)
{
	int free_at = -1;
	for (int i = 0; i < MAX_FILES; i++) {
		if (w->name[i] && strcmp(w->name[i], name) == 0) {
			free(w->name[i]);
			free(w->text[i]);
			w->name[i] = w->text[i] = NULL;
		}
		if (!w->name[i] && free_at < 0)
			free_at = i;
	}
	if (text) {
		w->name[free_at] = tw_xstrdup(name);
		w->text[free_at] = tw_xstrdup(text);
	}
}

/* --- dir --- */

static const char *dir_start(struct world *w)
{
	(void)w;
	return "path: w\n    max_size: 1000";
}

static void dir_show(struct world *w)
{
	struct tw_err err = TW_ERR_INIT;
	char *dir = tw_path_join(&w->arena, w->dir, "w");
	/* Files that stay as they are keep their time of change. */
	assert_ok(tw_mkdirs(dir, &err), &err);
	for (const char *n = "abcdefgh"; *n; n++) {
		char *path = tw_sprintf(&w->arena, "%s/%c.md", dir, *n);
		const char *text = NULL;
		for (int i = 0; i < MAX_FILES; i++)
			if (w->name[i] && w->name[i][0] == *n)
				text = w->text[i];
		struct tw_str now = TW_STR_INIT;
		bool there = tw_exists(path);
		if (there)
			assert_ok(tw_read_file(&now, path, 0, &err), &err);
		if (!text)
			unlink(path);
		else if (!there || strcmp(tw_str_c(&now), text) != 0)
			assert_ok(tw_write_file(path, text, strlen(text), &err), &err);
		tw_str_release(&now);
	}
}

static void dir_stop(struct world *w)
{
	(void)w;
}

/* --- git --- */

static const char *git_start(struct world *w)
{
	w->git = git_fixture_new(tw_path_join(&w->arena, w->dir, "w"), true);
	w->seconds = 1600000000;
	return "url: w\n    max_size: 1000";
}

static void git_show(struct world *w)
{
	static const char *const all[] = {"a.md", "b.md", "c.md", "d.md", "e.md", "f.md"};
	for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++)
		git_fixture_put(w->git, all[k], "placeholder");
	for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
		const char *text = NULL;
		for (int i = 0; i < MAX_FILES; i++)
			if (w->name[i] && strcmp(w->name[i], all[k]) == 0)
				text = w->text[i];
		git_fixture_put(w->git, all[k], text);
	}
	w->seconds += 86400;
	git_fixture_commit(w->git, "main", NULL, "Ann <ann@example.org>", w->seconds);
}

static void git_stop(struct world *w)
{
	git_fixture_free(w->git);
}

/* --- feed --- */

static void serve_feed(struct web_answer *out, const struct web_request *req, void *ctx)
{
	const struct world *w = ctx;
	if (strcmp(req->path, "/robots.txt") == 0) {
		out->status = 404;
	} else if (strcmp(req->path, "/feed.xml") == 0) {
		out->type = "application/rss+xml";
		tw_str_adds(&out->body, "<rss version='2.0'><channel><title>x</title>");
		for (int i = 0; i < MAX_FILES; i++)
			if (w->name[i])
				tw_str_addf(
					&out->body,
					"<item><guid isPermaLink='false'>%s</guid><title>%s</title>"
					"<link>/%s</link><pubDate>Mon, 0%d Mar 2021 10:00:00 GMT"
					"</pubDate><description>%zu bytes</description></item>",
					w->name[i], w->name[i], w->name[i], i % 9 + 1,
					strlen(w->text[i]));
		tw_str_adds(&out->body, "</channel></rss>");
	} else {
		out->status = 404;
		for (int i = 0; i < MAX_FILES; i++) {
			if (!w->name[i] || strcmp(w->name[i], req->path + 1) != 0)
				continue;
			out->status = strlen(w->text[i]) > 1000 ? 500 : 200;
			tw_str_addf(&out->body, "<article><p>%s</p></article>", w->text[i]);
		}
	}
}

static const char *feed_start(struct world *w)
{
	w->web = web_server_start(serve_feed, w);
	return tw_sprintf(
		&w->arena,
		"url: http://127.0.0.1:%d/feed.xml\n    allow_private: true\n    delay: 0",
		web_server_port(w->web));
}

static void feed_show(struct world *w)
{
	(void)w;
}

static void feed_stop(struct world *w)
{
	web_server_stop(w->web);
}

/* --- site --- */

/* A front page of links, and a page for each text. */
static void serve_site(struct web_answer *out, const struct web_request *req, void *ctx)
{
	const struct world *w = ctx;
	bool front = strcmp(req->path, "/") == 0;
	out->status = front ? 200 : 404;
	for (int i = 0; i < MAX_FILES; i++) {
		if (w->name[i] && front)
			tw_str_addf(&out->body, "<p><a href='/%s'>%s</a></p>", w->name[i],
				    w->name[i]);
		if (!w->name[i] || strcmp(w->name[i], req->path + 1) != 0)
			continue;
		out->status = strlen(w->text[i]) > 1000 ? 500 : 200;
		tw_str_addf(
			&out->body,
			"<html><head><meta property='og:type' content='article'><meta property="
			"'article:published_time' content='2021-03-0%d'><title>%s</title></head>"
			"<body><article><p>%s</p></article></body></html>",
			i % 9 + 1, w->name[i], w->text[i]);
	}
}

static const char *site_start(struct world *w)
{
	w->web = web_server_start(serve_site, w);
	return tw_sprintf(&w->arena,
			  "url: http://127.0.0.1:%d/\n    allow_private: true\n    delay: 0",
			  web_server_port(w->web));
}

static const char *site_key(struct world *w, const char *name)
{
	return tw_sprintf(&w->arena, "http://127.0.0.1:%d/%s", web_server_port(w->web), name);
}

/* --- export: the outbox of Mastodon --- */

static const char *export_start(struct world *w)
{
	(void)w;
	return "path: w";
}

static void export_show(struct world *w)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer j;
	const char *dir = tw_path_join(&w->arena, w->dir, "w");
	assert_ok(tw_mkdirs(dir, &err), &err);
	tw_jw_init(&j, &s);
	tw_jw_object(&j, NULL);
	tw_jw_str(&j, "type", "OrderedCollection");
	tw_jw_array(&j, "orderedItems");
	for (int i = 0; i < MAX_FILES; i++) {
		if (!w->name[i])
			continue;
		tw_jw_object(&j, NULL);
		tw_jw_str(&j, "type", "Create");
		tw_jw_str(&j, "actor", "Ann");
		tw_jw_object(&j, "object");
		tw_jw_str(&j, "type", "Note");
		tw_jw_str(&j, "id", w->name[i]);
		tw_jw_str(&j, "published", "2021-03-01T10:00:00Z");
		if (strlen(w->text[i]) > 1000)
			tw_jw_null(&j, "content");
		else
			tw_jw_str(&j, "content", w->text[i]);
		tw_jw_end(&j);
		tw_jw_end(&j);
	}
	tw_jw_end(&j);
	tw_jw_end(&j);
	assert_ok(tw_write_file(tw_path_join(&w->arena, dir, "outbox.json"), tw_str_c(&s), s.len,
				&err),
		  &err);
	tw_str_release(&s);
}

/* --- hackernews: comments whose ids are made of the letters of their names --- */

static long long hn_id(const char *name)
{
	return 1000 + name[0];
}

static int64_t hn_time; /* of all items: one that moved on between two requests would be an edit */

static void hn_item(struct tw_str *out, const char *name, const char *text)
{
	struct tw_json_writer j;
	tw_jw_init(&j, out);
	tw_jw_object(&j, NULL);
	tw_jw_int(&j, "id", hn_id(name));
	tw_jw_str(&j, "type", "comment");
	tw_jw_str(&j, "by", "ann");
	tw_jw_str(&j, "text", text);
	tw_jw_int(&j, "time", hn_time);
	tw_jw_end(&j);
}

static void serve_hackernews(struct web_answer *out, const struct web_request *req, void *ctx)
{
	const struct world *w = ctx;
	bool user = strcmp(req->path, "/v0/user/ann.json") == 0, any = false;
	struct tw_str path = TW_STR_INIT;
	out->type = "application/json";
	tw_str_adds(&out->body, user ? "{\"id\": \"ann\", \"submitted\": [" : "");
	for (int i = 0; i < MAX_FILES; i++) {
		if (!w->name[i])
			continue;
		tw_str_clear(&path);
		tw_str_addf(&path, "/v0/item/%lld.json", hn_id(w->name[i]));
		if (user)
			tw_str_addf(&out->body, "%s%lld", any ? ", " : "", hn_id(w->name[i]));
		any = true;
		if (strcmp(req->path, tw_str_c(&path)) != 0)
			continue;
		out->status = strlen(w->text[i]) > 1000 ? 500 : 200;
		hn_item(&out->body, w->name[i], w->text[i]);
	}
	tw_str_adds(&out->body, user ? "]}" : "");
	tw_str_release(&path);
}

static const char *hackernews_start(struct world *w)
{
	hn_time = tw_now_ms() / 1000 - 60; /* they may be edited still */
	w->web = web_server_start(serve_hackernews, w);
	return tw_sprintf(
		&w->arena,
		"user: ann\n    url: http://127.0.0.1:%d\n    allow_private: true\n    delay: 0",
		web_server_port(w->web));
}

static const char *hackernews_key(struct world *w, const char *name)
{
	return tw_sprintf(&w->arena, "%lld", hn_id(name));
}

/* --- github and gitlab: gists and snippets of one file each --- */

/* A text that is edited is of another moment. */
static void forge_dates(struct tw_json_writer *j, const char *text)
{
	char at[64];
	int s = (int)(tw_hash64(text, strlen(text), 1) % 3600);
	snprintf(at, sizeof(at), "2021-03-01T10:%02d:%02dZ", s / 60, s % 60);
	tw_jw_str(j, "created_at", "2021-03-01T10:00:00Z");
	tw_jw_str(j, "updated_at", at);
}

static void add_gist(struct tw_json_writer *j, const char *name, const char *text)
{
	char id[2] = {name[0], 0};
	tw_jw_object(j, NULL);
	tw_jw_str(j, "id", id);
	tw_jw_bool(j, "public", true);
	tw_jw_object(j, "owner");
	tw_jw_str(j, "login", "ann");
	tw_jw_end(j);
	forge_dates(j, text);
	tw_jw_object(j, "files");
	tw_jw_object(j, name);
	tw_jw_int(j, "size", (int64_t)strlen(text));
	tw_jw_str(j, "content", text);
	tw_jw_end(j);
	tw_jw_end(j);
	tw_jw_end(j);
}

static void serve_github(struct web_answer *out, const struct web_request *req, void *ctx)
{
	const struct world *w = ctx;
	struct tw_json_writer j;
	bool list = strncmp(req->path, "/api/v3/users/ann/gists?", 24) == 0;
	const char *one = strncmp(req->path, "/api/v3/gists/", 14) == 0 ? req->path + 14 : "";
	tw_jw_init(&j, &out->body);
	if (list)
		tw_jw_array(&j, NULL);
	for (int i = 0; i < MAX_FILES; i++)
		if (w->name[i] && (list || one[0] == w->name[i][0]))
			add_gist(&j, w->name[i], w->text[i]);
	if (list)
		tw_jw_end(&j);
	out->status = out->body.len ? 200 : 404;
}

static const char *github_start(struct world *w)
{
	w->web = web_server_start(serve_github, w);
	return tw_sprintf(
		&w->arena,
		"url: http://127.0.0.1:%d\n    user: ann\n    what: [gists]\n    "
		"repositories: []\n    max_size: 1000\n    allow_private: true\n    delay: 0",
		web_server_port(w->web));
}

static const char *github_key(struct world *w, const char *name)
{
	return tw_sprintf(&w->arena, "gist/%c/%s", name[0], name);
}

static void add_snippet(struct tw_json_writer *j, const char *name, const char *text)
{
	tw_jw_object(j, NULL);
	tw_jw_int(j, "id", name[0]);
	tw_jw_str(j, "file_name", name);
	tw_jw_str(j, "visibility", "public");
	tw_jw_object(j, "author");
	tw_jw_str(j, "username", "ann");
	tw_jw_end(j);
	forge_dates(j, text);
	tw_jw_end(j);
}

static void serve_gitlab(struct web_answer *out, const struct web_request *req, void *ctx)
{
	const struct world *w = ctx;
	struct tw_json_writer j;
	out->status = 200;
	if (strcmp(req->path, "/api/v4/user") == 0) {
		tw_str_adds(&out->body, "{\"username\":\"ann\"}");
		return;
	}
	bool list = strncmp(req->path, "/api/v4/snippets?", 17) == 0;
	int id = list ? 0 : atoi(req->path + strlen("/api/v4/snippets/"));
	tw_jw_init(&j, &out->body);
	if (list)
		tw_jw_array(&j, NULL);
	for (int i = 0; i < MAX_FILES; i++) {
		if (w->name[i] && list)
			add_snippet(&j, w->name[i], w->text[i]);
		else if (w->name[i] && id == w->name[i][0] && strlen(w->text[i]) <= 1000)
			tw_str_adds(&out->body, w->text[i]);
	}
	if (list)
		tw_jw_end(&j);
	if (!out->body.len)
		out->status = 404;
}

static const char *gitlab_start(struct world *w)
{
	w->web = web_server_start(serve_gitlab, w);
	setenv("GITLAB_TOKEN", "token", 1);
	return tw_sprintf(&w->arena,
			  "url: http://127.0.0.1:%d\n    user: ann\n    what: [snippets]\n    "
			  "allow_private: true\n    delay: 0",
			  web_server_port(w->web));
}

static const char *gitlab_key(struct world *w, const char *name)
{
	return tw_sprintf(&w->arena, "snippet/%d/%s", name[0], name);
}

static const struct source_case sources[] = {
	{"dir", &tw_source_dir, dir_start, dir_show, dir_stop, true, true, NULL},
	{"git", &tw_source_git, git_start, git_show, git_stop, true, true, NULL},
	{"export", &tw_source_export, export_start, export_show, dir_stop, true, true, NULL},
	{"feed", &tw_source_feed, feed_start, feed_show, feed_stop, false, false, NULL},
	{"site", &tw_source_site, site_start, feed_show, feed_stop, false, true, site_key},
	{"hackernews", &tw_source_hackernews, hackernews_start, feed_show, feed_stop, false, true,
	 hackernews_key},
	{"github", &tw_source_github, github_start, feed_show, feed_stop, false, true, github_key},
	{"gitlab", &tw_source_gitlab, gitlab_start, feed_show, feed_stop, false, true, gitlab_key},
};
#define N_SOURCES (sizeof(sources) / sizeof(sources[0]))

/* --- one run of one type --- */

struct trial {
	const struct source_case *c;
	struct world w;
	struct tw_config *conf;
	struct tw_feature_store *fs;
	struct tw_http *http;
	struct tw_pass_stats stats;
	struct tw_err err;
};

static void begin(struct trial *t, const struct source_case *c)
{
	const struct tw_http_policy policy = {0};
	const char *top = getenv("TWIN_TEST_TMP");
	char own[] = "/tmp/twin-source.XXXXXX";
	*t = (struct trial){.c = c};
	tw_arena_init(&t->w.arena);
	if (!top)
		top = mkdtemp(own);
	t->w.dir = tw_sprintf(&t->w.arena, "%s/contract-%s", top, c->name);
	assert_ok(tw_remove_all(t->w.dir, &t->err), &t->err);
	assert_ok(tw_mkdirs(t->w.dir, &t->err), &t->err);
	const char *yaml = tw_sprintf(&t->w.arena, "twin: Ann\nsources:\n  - type: %s\n    %s\n",
				      c->type->name, c->start(&t->w));
	assert_ok(tw_write_file(tw_path_join(&t->w.arena, t->w.dir, "twin.yaml"), yaml,
				strlen(yaml), &t->err),
		  &t->err);
	assert_ok(tw_config_load(&t->conf, t->w.dir, &t->err), &t->err);
	assert_ok(tw_fs_open(&t->fs, tw_path_join(&t->w.arena, t->w.dir, "store.db"), &t->err),
		  &t->err);
	assert_ok(tw_http_new(&t->http, &policy, &t->err), &t->err);
}

static void end(struct trial *t)
{
	for (int i = 0; i < MAX_FILES; i++) {
		free(t->w.name[i]);
		free(t->w.text[i]);
	}
	t->c->stop(&t->w);
	tw_fs_close(t->fs);
	tw_http_free(t->http);
	tw_config_free(t->conf);
	tw_arena_release(&t->w.arena);
}

static enum tw_status collect(struct trial *t)
{
	tw_err_clear(&t->err);
	t->c->show(&t->w);
	return tw_collect_source(&t->stats, t->fs, t->c->type, &t->conf->sources[0], t->conf,
				 t->http, &t->err);
}

static void expect(struct trial *t, int64_t added, int64_t changed, int64_t unchanged,
		   int64_t renamed, int64_t removed, int64_t skipped)
{
	assert_ok(collect(t), &t->err);
	const struct tw_pass_stats *s = &t->stats;
	if (s->added != added || s->changed != changed || s->unchanged != unchanged ||
	    s->renamed != renamed || s->removed != removed || s->skipped != skipped)
		fail_msg("%s: added %d changed %d unchanged %d renamed %d removed %d skipped %d",
			 t->c->name, (int)s->added, (int)s->changed, (int)s->unchanged,
			 (int)s->renamed, (int)s->removed, (int)s->skipped);
}

static struct tw_document fetch(struct trial *t, const char *name)
{
	const char *key = t->c->key ? t->c->key(&t->w, name) : name;
	struct tw_document d;
	assert_ok(tw_fs_document(&d, t->fs, key, 0, &t->w.arena, &t->err), &t->err);
	return d;
}

static size_t live(struct trial *t)
{
	struct tw_documents all;
	const struct tw_document_filter filter = {0};
	assert_ok(tw_fs_documents(&all, t->fs, &filter, &t->w.arena, &t->err), &t->err);
	return all.n;
}

static const char story_a[] = "On the third day the wind turned, and the boats went out again.";
static const char story_b[] =
	"Nobody who stood on the pier that morning had seen its like, they say.";
static const char story_c[] = "In the evening, when the lamps were lit, all of them came home.";

static void three(struct trial *t)
{
	put(&t->w, "a.md", story_a);
	put(&t->w, "b.md", story_b);
	put(&t->w, "c.md", story_c);
}

/* --- the promises --- */

static void what_is_new_is_stored_and_then_left_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_SOURCES; i++) {
		struct trial t;
		begin(&t, &sources[i]);
		three(&t);
		expect(&t, 3, 0, 0, 0, 0, 0);
		assert_int_equal(live(&t), 3);
		struct tw_document d = fetch(&t, "b.md");
		assert_non_null(strstr(d.body.data, "Nobody who stood"));
		assert_true(d.created_ms > 0);
		if (t.c->type->complete)
			expect(&t, 0, 0, 3, 0, 0, 0);
		else
			assert_ok(collect(&t),
				  &t.err); /* what a feed had before may go uncounted */
		assert_int_equal(t.stats.added + t.stats.changed + t.stats.removed, 0);
		assert_int_equal(fetch(&t, "b.md").revision, 1);
		end(&t);
	}
}

static void an_edit_is_a_new_revision_of_the_same_document(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_SOURCES; i++) {
		struct trial t;
		begin(&t, &sources[i]);
		three(&t);
		assert_ok(collect(&t), &t.err);
		const char *id = fetch(&t, "a.md").id;
		put(&t.w, "a.md",
		    "On the fourth day, which was a Sunday, nothing moved at all in town.");
		expect(&t, 0, 1, 2, 0, 0, 0);
		struct tw_document d = fetch(&t, "a.md");
		assert_string_equal(d.id, id);
		assert_int_equal(d.revision, 2);
		assert_non_null(strstr(d.body.data, "fourth day"));
		end(&t);
	}
}

static void a_rename_keeps_the_document(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_SOURCES; i++) {
		struct trial t;
		if (!sources[i].keeps_renames)
			continue;
		begin(&t, &sources[i]);
		/* Title and dates of its own: the content is the same under another name. */
		put(&t.w, "a.md",
		    "---\ntitle: T\ndate: 2020-01-01\nupdated: 2020-01-02\n---\ntext\n");
		put(&t.w, "b.md", story_b);
		assert_ok(collect(&t), &t.err);
		const char *id = fetch(&t, "a.md").id;
		put(&t.w, "d.md",
		    "---\ntitle: T\ndate: 2020-01-01\nupdated: 2020-01-02\n---\ntext\n");
		put(&t.w, "a.md", NULL);
		expect(&t, 0, 0, 1, 1, 0, 0);
		assert_string_equal(fetch(&t, "d.md").id, id);
		end(&t);
	}
}

static void what_is_gone_becomes_a_tombstone_if_the_source_shows_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_SOURCES; i++) {
		struct trial t;
		begin(&t, &sources[i]);
		three(&t);
		assert_ok(collect(&t), &t.err);
		const char *id = fetch(&t, "c.md").id;
		put(&t.w, "c.md", NULL);
		expect(&t, 0, 0, 2, 0, sources[i].removes, 0);
		assert_int_equal(live(&t), sources[i].removes ? 2 : 3);
		struct tw_document c;
		assert_ok(tw_fs_document(&c, t.fs, id, 0, &t.w.arena, &t.err), &t.err);
		assert_int_equal(c.deleted, sources[i].removes);
		end(&t);
	}
}

static void what_cannot_be_taken_is_reported_and_stays(void **state)
{
	(void)state;
	char large[2000];
	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	for (size_t i = 0; i < N_SOURCES; i++) {
		struct trial t;
		begin(&t, &sources[i]);
		three(&t);
		assert_ok(collect(&t), &t.err);
		put(&t.w, "b.md", large); /* over max_size; on the web, a page that answers 500 */
		expect(&t, 0, 0, 2, 0, 0, 1);
		assert_int_equal(live(&t), 3);
		assert_int_equal(fetch(&t, "b.md").revision, 1);
		put(&t.w, "b.md", story_a);
		expect(&t, 0, 1, 2, 0, 0, 0);
		end(&t);
	}
}

static void a_source_that_cannot_be_opened_removes_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_SOURCES; i++) {
		struct trial t;
		begin(&t, &sources[i]);
		three(&t);
		assert_ok(collect(&t), &t.err);
		if (t.w.web) {
			web_server_stop(t.w.web);
			t.w.web = NULL;
		} else {
			char *w = tw_path_join(&t.w.arena, t.w.dir, "w");
			assert_int_equal(rename(w, tw_sprintf(&t.w.arena, "%s.away", w)), 0);
		}
		assert_int_not_equal(tw_collect_source(&t.stats, t.fs, t.c->type,
						       &t.conf->sources[0], t.conf, t.http, &t.err),
				     TW_OK);
		assert_non_null(strstr(t.err.msg, "source "));
		assert_int_equal(live(&t), 3);
		if (!t.w.web && t.c->stop == feed_stop)
			t.w.web = web_server_start(serve_feed, &t.w);
		end(&t);
	}
}

static void an_unknown_option_is_an_error_with_its_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_SOURCES; i++) {
		struct trial t;
		begin(&t, &sources[i]);
		assert_ok(tw_config_set(t.conf, "sources=[{type: dir, pathh: x}]", &t.err), &t.err);
		assert_int_equal(collect(&t), TW_BAD_USE);
		assert_non_null(strstr(t.err.msg, "pathh"));
		end(&t);
	}
}

/* In a child: a signal and a change of user last as long as the process. */
static int in_child(int (*run)(struct trial *t), const struct source_case *c)
{
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		struct trial t;
		begin(&t, c);
		three(&t);
		_exit(run(&t));
	}
	int status = -1;
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int run_stopped(struct trial *t)
{
	tw_stop_install();
	raise(SIGTERM);
	enum tw_status st = collect(t);
	return st == TW_CANCELLED || (t->w.web && st != TW_OK) ? 0 : 1;
}

static void a_stop_is_obeyed(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_SOURCES; i++)
		assert_int_equal(in_child(run_stopped, &sources[i]), 0);
}

/* Root reads everything, whatever the mode says; without these two rights it obeys modes like everybody. */
static int obey_modes(void)
{
	if (geteuid() != 0)
		return 0;
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];
	if (syscall(SYS_capget, &head, data) != 0)
		return -1;
	data[0].effective &= ~(1u << CAP_DAC_OVERRIDE | 1u << CAP_DAC_READ_SEARCH);
	return (int)syscall(SYS_capset, &head, data);
}

static int run_blind(struct trial *t)
{
	char *w = tw_path_join(&t->w.arena, t->w.dir, "w");
	char *sub = tw_path_join(&t->w.arena, w, "sub");
	char *file = tw_path_join(&t->w.arena, sub, "x.md");
	if (tw_mkdirs(sub, NULL) != TW_OK || tw_write_file(file, "text", 4, NULL) != TW_OK ||
	    collect(t) != TW_OK || t->stats.added != 4)
		return 1;
	put(&t->w, "a.md", NULL);
	t->c->show(&t->w);
	if (chmod(sub, 0) != 0 || obey_modes() != 0 || opendir(sub))
		return 77;
	enum tw_status st = tw_collect_source(&t->stats, t->fs, t->c->type, &t->conf->sources[0],
					      t->conf, t->http, &t->err);
	return st == TW_OK && t->stats.removed == 0 && live(t) == 4 ? 0 : 2;
}

static void below_a_folder_that_cannot_be_read_nothing_is_lost(void **state)
{
	(void)state;
	assert_int_equal(in_child(run_blind, &sources[0]), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_new_is_stored_and_then_left_alone),
		cmocka_unit_test(an_edit_is_a_new_revision_of_the_same_document),
		cmocka_unit_test(a_rename_keeps_the_document),
		cmocka_unit_test(what_is_gone_becomes_a_tombstone_if_the_source_shows_all),
		cmocka_unit_test(what_cannot_be_taken_is_reported_and_stays),
		cmocka_unit_test(a_source_that_cannot_be_opened_removes_nothing),
		cmocka_unit_test(an_unknown_option_is_an_error_with_its_line),
		cmocka_unit_test(a_stop_is_obeyed),
		cmocka_unit_test(below_a_folder_that_cannot_be_read_nothing_is_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
