/* Feeds: three formats, and a source over a server. */
#include "collect_test.h"
#include "arena_test.h"

#include <stdatomic.h>

#include "base/time.h"
#include "collect/collect.h"
#include "collect/feed/feed_int.h"
#include "support/web_server.h"

static struct feed parse(const char *text)
{
	struct feed f;
	assert_ok(feed_parse(&f, text, strlen(text), "https://example.org/feed", "", &arena, &err),
		  &err);
	return f;
}

static const char *day(int64_t ms)
{
	return tw_format_date(&arena, ms);
}

static void rss_is_read(void **state)
{
	(void)state;
	struct feed f = parse(
		"<?xml version='1.0'?>\n<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/' "
		"xmlns:content='http://purl.org/rss/1.0/modules/content/' "
		"xmlns:atom='http://www.w3.org/2005/Atom'><channel><title>Blog</title>"
		"<atom:link rel='self' href='https://example.org/feed'/><language>en</language>"
		"<managingEditor>ann@example.org (Ann)</managingEditor>"
		"<item><title>One &amp;amp; two</title><link>/one</link><guid isPermaLink='false'>g1</guid>"
		"<pubDate>Sat, 13 Mar 2021 10:00:00 +0000</pubDate><dc:creator>Bo</dc:creator>"
		"<category>go</category><category>nix</category>"
		"<description>short</description>"
		"<content:encoded><![CDATA[<p>A <b>long</b> text</p>]]></content:encoded></item>"
		"<item><title>Two</title><guid>https://example.org/two</guid>"
		"<author>cy@example.org (Cy)</author></item>"
		"<item><guid>g1</guid><title>again</title></item>"
		"<item><title>names nothing</title></item></channel></rss>");
	assert_int_equal(f.n, 2);
	assert_string_equal(f.lang, "en");
	assert_string_equal(f.author, "Ann");
	assert_string_equal(f.items[0].key, "g1");
	assert_string_equal(f.items[0].link, "https://example.org/one");
	assert_string_equal(f.items[0].title, "One & two");
	assert_string_equal(f.items[0].author, "Bo");
	assert_string_equal(f.items[0].tags, "[\"go\",\"nix\"]");
	assert_string_equal(day(f.items[0].created_ms), "2021-03-13");
	assert_string_equal(feed_text_markdown(&f.items[0].content, NULL, &arena),
			    "A **long** text\n");
	assert_string_equal(f.items[1].link, "https://example.org/two");
	assert_string_equal(f.items[1].author, "Cy");
}

static void atom_is_read(void **state)
{
	(void)state;
	struct feed f = parse(
		"<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='de'><title>x</title>"
		"<author><name>Ann</name></author>"
		"<entry><id>tag:1</id><title type='html'>A &lt;i&gt;b&lt;/i&gt;</title>"
		"<link rel='edit' href='/edit'/><link href='one.html'/>"
		"<published>2020-01-02T03:04:05Z</published><updated>2020-02-03T00:00:00Z</updated>"
		"<category term='t'/><content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>"
		"<h2>H</h2><p>p <a href='/l'>l</a></p></div></content></entry>"
		"<entry><id>tag:2</id><title>T</title><updated>2020-02-03T00:00:00Z</updated>"
		"<author><name>Bo</name></author><author><name>Cy</name></author>"
		"<content type='html'>&lt;p&gt;x&lt;/p&gt;</content><summary>plain &lt; text</summary>"
		"</entry></feed>");
	assert_int_equal(f.n, 2);
	assert_string_equal(f.author, "Ann");
	assert_string_equal(f.lang, "de");
	assert_string_equal(f.items[0].title, "A b");
	assert_string_equal(f.items[0].link, "https://example.org/one.html");
	assert_string_equal(f.items[0].tags, "[\"t\"]");
	assert_string_equal(day(f.items[0].created_ms), "2020-01-02");
	assert_string_equal(day(f.items[0].modified_ms), "2020-02-03");
	assert_string_equal(feed_text_markdown(&f.items[0].content, "https://example.org/", &arena),
			    "## H\n\np [l](https://example.org/l)\n");
	assert_string_equal(f.items[1].author, "Bo, Cy");
	assert_string_equal(day(f.items[1].created_ms), "2020-02-03");
	assert_string_equal(feed_text_markdown(&f.items[1].summary, NULL, &arena), "plain < text");
}

static void json_feed_is_read(void **state)
{
	(void)state;
	struct feed f = parse(
		"{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"x\",\"language\":\"fr\","
		"\"authors\":[{\"name\":\"Ann\"}],\"items\":["
		"{\"id\":7,\"url\":\"/one\",\"title\":\"One\",\"content_html\":\"<p>h</p>\","
		"\"date_published\":\"2020-01-02T03:04:05Z\",\"tags\":[\"a\"],\"author\":{\"name\":\"Bo\"}},"
		"{\"id\":\"7\"},{\"id\":\"8\",\"content_text\":\"*as it is*\"},{\"title\":\"no id\"},3]}");
	assert_int_equal(f.n, 2);
	assert_string_equal(f.author, "Ann");
	assert_string_equal(f.items[0].key, "7");
	assert_string_equal(f.items[0].link, "https://example.org/one");
	assert_string_equal(f.items[0].author, "Bo");
	assert_string_equal(f.items[0].tags, "[\"a\"]");
	assert_string_equal(feed_text_markdown(&f.items[1].content, NULL, &arena), "*as it is*");
}

static void broken_feeds_give_what_is_whole(void **state)
{
	(void)state;
	struct feed f =
		parse("<rss><channel><item><guid>1</guid><title>caf&eacute;&nbsp;x</title>"
		      "</item><item><guid>2</guid><title>a & b</title></item><item><guid>3");
	assert_true(f.n >= 2);
	assert_string_equal(f.items[0].key, "1");
	assert_string_equal(f.items[0].title, "café x");
	f = parse("<html><head><link rel=alternate type='application/rss+xml' href='/feed.xml'>"
		  "</head></html>");
	assert_int_equal(f.n, 0);
	assert_string_equal(f.elsewhere, "https://example.org/feed.xml");
}

static void what_is_no_feed_is_an_error(void **state)
{
	static const char *const texts[] = {"",
					    "garbage",
					    "<x/>",
					    "{}",
					    "{\"version\":1",
					    "[1]",
					    "<html><body>x</body></html>",
					    "\x1f\x8b\x08",
					    "<rss"};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct feed f;
		tw_err_clear(&err);
		enum tw_status st =
			feed_parse(&f, texts[i], strlen(texts[i]), "https://example.org/feed",
				   "text/xml", &arena, &err);
		if (st == TW_OK && strcmp(texts[i], "<rss") == 0)
			continue; /* an empty one */
		assert_int_equal(st, TW_BAD_DATA);
		assert_contains(err.msg, "https://example.org/feed");
	}
}

static void entities_of_the_document_are_not_expanded(void **state)
{
	(void)state;
	struct feed f = parse(
		"<!DOCTYPE rss [<!ENTITY f SYSTEM 'file:///etc/passwd'><!ENTITY a 'aaaaaaaaaa'>"
		"<!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>"
		"]><rss><channel><item><guid>1</guid><title>x&f;&c;y</title></item></channel></rss>");
	assert_int_equal(f.n, 1);
	assert_null(strstr(f.items[0].title, "root:"));
	assert_null(strstr(f.items[0].title, "aaaa"));
}

static void persons_are_names(void **state)
{
	(void)state;
	assert_string_equal(feed_person("a@b.org (Ann B)", &arena), "Ann B");
	assert_string_equal(feed_person("Ann B <a@b.org>", &arena), "Ann B");
	assert_string_equal(feed_person("Ann (the one)", &arena), "Ann (the one)");
	assert_null(feed_person("a@b.org", &arena));
	assert_null(feed_person("<a@b.org>", &arena));
}

/* --- over a server --- */

struct blog {
	int port;
	const char *title_of_two;
	atomic_int feeds, not_modified, pages, robots;
	int robots_status, page_status, feed_status;
	bool garbage;
};

#define STORY                                                                                 \
	"<p>On the third day the wind turned, and the boats, which had waited, went out.</p>" \
	"<p>Nobody who stood on the pier that morning, they said, had seen its like.</p>"

static void add_feed(struct web_answer *out, struct blog *b, const struct web_request *req)
{
	b->feeds++;
	if (b->feed_status) {
		out->status = b->feed_status;
		return;
	}
	if (strstr(req->headers, "If-None-Match: \"v1\"") && !b->title_of_two) {
		b->not_modified++;
		out->status = 304;
		return;
	}
	snprintf(out->headers, sizeof(out->headers), "ETag: \"%s\"\r\n",
		 b->title_of_two ? "v2" : "v1");
	out->type = "application/rss+xml";
	if (b->garbage) {
		tw_str_adds(&out->body, "<<<<");
		return;
	}
	tw_str_addf(&out->body,
		    "<rss version='2.0'><channel><title>b</title>"
		    "<item><guid>one</guid><title>One</title><link>/one</link>"
		    "<description>A teaser…</description></item>"
		    "<item><guid>two</guid><title>%s</title><link>/two</link></item>"
		    "<item><guid>secret</guid><title>S</title><link>/private/x</link>"
		    "<description>only the teaser</description></item>"
		    "</channel></rss>",
		    b->title_of_two ? b->title_of_two : "Two");
}

static void blog(struct web_answer *out, const struct web_request *req, void *ctx)
{
	struct blog *b = ctx;
	if (strcmp(req->path, "/feed") == 0) {
		add_feed(out, b, req);
	} else if (strcmp(req->path, "/home") == 0) {
		tw_str_adds(&out->body, "<!doctype html><link rel=alternate "
					"type='application/rss+xml' href=/feed>");
	} else if (strcmp(req->path, "/robots.txt") == 0) {
		b->robots++;
		out->status = b->robots_status ? b->robots_status : 200;
		tw_str_adds(&out->body, "User-agent: *\nDisallow: /private/\n");
	} else {
		b->pages++;
		out->status = b->page_status ? b->page_status : 200;
		out->type = "text/html; charset=utf-8";
		tw_str_addf(&out->body,
			    "<html lang=en><head><meta name=author content=Ann></head><body>"
			    "<nav><a href=/>x</a></nav><article><h1>%s</h1>" STORY
			    "</article></body></html>",
			    req->path);
	}
}

static struct memory_host h;
static struct blog b;
static struct web_server *web;
static struct tw_http *http;

static int setup_blog(void **state)
{
	setup(state);
	const struct tw_http_policy policy = {0};
	b = (struct blog){0};
	web = web_server_start(blog, &b);
	b.port = web_server_port(web);
	assert_ok(tw_http_new(&http, &policy, &err), &err);
	memory_host_init(&h, http);
	return 0;
}

static int teardown_blog(void **state)
{
	memory_host_release(&h);
	tw_http_free(http);
	web_server_stop(web);
	return teardown(state);
}

static enum tw_status pass(const char *path, const char *more)
{
	return memory_pass(
		&h, &tw_source_feed,
		tw_sprintf(&h.arena,
			   "url: http://127.0.0.1:%d%s\nallow_private: true\ndelay: 0\n%s", b.port,
			   path, more));
}

static void articles_are_fetched_and_politely(void **state)
{
	(void)state;
	assert_ok(pass("/feed", ""), &h.err);
	assert_int_equal(h.seen.n, 3);
	const struct tw_document *one = &find_seen(&h, "one")->doc;
	assert_string_equal(one->title, "One");
	assert_string_equal(one->author, "Ann");
	assert_string_equal(one->lang, "en");
	assert_contains(one->body.data, "the wind turned");
	assert_contains(one->url, "/one");
	assert_string_equal(find_seen(&h, "secret")->doc.body.data, "only the teaser\n");
	assert_int_equal(b.pages, 2); /* /private/x was not asked for */
	assert_int_equal(b.robots, 1);
}

static void an_unchanged_feed_costs_one_request(void **state)
{
	(void)state;
	assert_ok(pass("/feed", "max_items: 2\n"), &h.err);
	assert_int_equal(h.seen.n, 2);
	assert_ok(pass("/feed", "max_items: 2\n"), &h.err);
	assert_int_equal(h.seen.n, 0);
	assert_int_equal(b.not_modified, 1);
	assert_int_equal(b.pages, 2);

	b.title_of_two = "Two, edited";
	assert_ok(pass("/feed", "max_items: 2\n"), &h.err);
	assert_int_equal(h.seen.n, 2);
	assert_int_equal(count_unchanged(&h), 1);
	assert_string_equal(find_seen(&h, "two")->doc.title, "Two, edited");
	assert_int_equal(b.pages, 3);
}

static void a_page_that_fails_is_tried_again(void **state)
{
	(void)state;
	b.page_status = 503;
	assert_ok(pass("/feed", ""), &h.err);
	assert_string_equal(find_seen(&h, "one")->doc.body.data, "A teaser…\n");
	assert_int_equal(find_seen(&h, "two")->status, TW_SKIPPED);
	assert_contains(find_seen(&h, "two")->why, "503");
	b.page_status = 0;
	assert_ok(pass("/feed", ""), &h.err);
	assert_int_equal(b.not_modified, 0);
	assert_contains(find_seen(&h, "one")->doc.body.data, "the wind turned");
	assert_contains(find_seen(&h, "two")->doc.body.data, "the wind turned");
}

static bool leaves_out_two(void *host TW_UNUSED, const char *key)
{
	return !key || strcmp(key, "two") != 0;
}

static void what_ended_its_parser_is_tried_again(void **state)
{
	(void)state;
	h.host.enter = leaves_out_two;
	assert_ok(pass("/feed", "max_items: 2\n"), &h.err);
	assert_int_equal(find_seen(&h, "two")->status, TW_SKIPPED);
	h.host.enter = NULL;
	assert_ok(pass("/feed", "max_items: 2\n"), &h.err);
	assert_int_equal(b.not_modified, 0);
	assert_contains(find_seen(&h, "two")->doc.body.data, "the wind turned");
}

static void robots_that_cannot_be_read_forbid(void **state)
{
	(void)state;
	b.robots_status = 500;
	assert_ok(pass("/feed", ""), &h.err);
	assert_int_equal(b.pages, 0);
	assert_int_equal(find_seen(&h, "two")->status, TW_SKIPPED);
	b.robots_status = 404;
	assert_ok(pass("/feed", ""), &h.err);
	assert_int_equal(b.pages, 3);
}

static void a_page_may_name_its_feed(void **state)
{
	(void)state;
	assert_ok(pass("/home", "fetch_articles: false\n"), &h.err);
	assert_int_equal(h.seen.n, 3);
	assert_int_equal(b.pages + b.robots, 0);
	assert_int_equal(find_seen(&h, "two")->status, TW_SKIPPED);
}

static void a_bad_feed_names_itself(void **state)
{
	(void)state;
	b.feed_status = 500;
	assert_int_equal(pass("/feed", ""), TW_NETWORK);
	assert_contains(h.err.msg, "/feed");
	assert_contains(h.err.msg, "500");
	b.feed_status = 0;
	b.garbage = true;
	assert_int_equal(pass("/feed", ""), TW_BAD_DATA);
	assert_contains(h.err.msg, "/feed");
	assert_int_equal(memory_pass(&h, &tw_source_feed,
				     tw_sprintf(&h.arena, "url: http://127.0.0.1:%d/feed", b.port)),
			 TW_NETWORK);
	assert_contains(h.err.msg, "loopback");
}

static void requests_to_a_host_are_spaced(void **state)
{
	(void)state;
	double start = tw_monotonic_s();
	assert_ok(memory_pass(&h, &tw_source_feed,
			      tw_sprintf(&h.arena,
					 "url: http://127.0.0.1:%d/feed\nallow_private: true\n"
					 "delay: 0.2\nmax_items: 2\n",
					 b.port)),
		  &h.err);
	assert_true(tw_monotonic_s() - start >= 0.4);
	assert_int_equal(b.pages, 2);
}

static void only_wanted_authors_are_taken(void **state)
{
	(void)state;
	assert_ok(pass("/feed", "author: Nobody\nfetch_articles: false\n"), &h.err);
	assert_int_equal(h.seen.n, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define B(f) cmocka_unit_test_setup_teardown(f, setup_blog, teardown_blog)
	const struct CMUnitTest tests[] = {
		T(rss_is_read),
		T(atom_is_read),
		T(json_feed_is_read),
		T(broken_feeds_give_what_is_whole),
		T(what_is_no_feed_is_an_error),
		T(entities_of_the_document_are_not_expanded),
		T(persons_are_names),
		B(articles_are_fetched_and_politely),
		B(an_unchanged_feed_costs_one_request),
		B(a_page_that_fails_is_tried_again),
		B(what_ended_its_parser_is_tried_again),
		B(robots_that_cannot_be_read_forbid),
		B(a_page_may_name_its_feed),
		B(a_bad_feed_names_itself),
		B(requests_to_a_host_are_spaced),
		B(only_wanted_authors_are_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
