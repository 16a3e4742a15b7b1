/* What the crawler takes for a page of a site, for one page, and for writing. */
#include "collect_test.h"
#include "arena_test.h"

#include "collect/site/crawl_int.h"
#include "collect/site/polite_int.h"

static void one_page_has_one_address(void **state)
{
	static const char *const pairs[][2] = {
		{"HTTP://Example.ORG:80", "http://example.org/"},
		{"https://example.org:443/a/../b/./c", "https://example.org/b/c"},
		{"https://example.org:8443/", "https://example.org:8443/"},
		{"http://[2001:DB8::1]:80/x", "http://[2001:db8::1]/x"},
		{"https://me:secret@example.org./x#part", "https://example.org/x"},
		{"https://example.org/%7eann/%c3%a9", "https://example.org/~ann/%C3%A9"},
		{"https://example.org/caf\xc3\xa9", "https://example.org/caf%C3%A9"},
		{"https://example.org/a%2fb", "https://example.org/a%2Fb"},
		{"https://example.org/a/%2e%2e/b", "https://example.org/b"},
		{"https://example.org/?utm_source=x&id=7&UTM_medium=y&fbclid=z",
		 "https://example.org/?id=7"},
		{"https://example.org/p?utm_source=x", "https://example.org/p"},
		{"https://example.org/p?", "https://example.org/p"},
		{"https://example.org/p;jsessionid=A1B2?x=1", "https://example.org/p?x=1"},
		{"https://example.org/p?b=2&a=1", "https://example.org/p?b=2&a=1"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const char *normal = url_normal(pairs[i][0], &arena);
		assert_non_null(normal);
		assert_string_equal(normal, pairs[i][1]);
		assert_string_equal(url_normal(normal, &arena), normal);
	}
}

static void what_is_no_web_address_has_none(void **state)
{
	static const char *const urls[] = {"mailto:a@example.org",
					   "javascript:void(0)",
					   "ftp://x/y",
					   "data:text/html,x",
					   "/path",
					   "",
					   "http://",
					   "https:///x",
					   "http://\x01/"};
	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		assert_null(url_normal(urls[i], &arena));
	char *longer = tw_alloc(&arena, 5001);
	memset(longer, 'x', 5000);
	assert_null(url_normal(tw_sprintf(&arena, "https://example.org/%s", longer), &arena));
}

static void check_page(const char *start, const char *ref, const char *expect)
{
	struct crawl_scope s = {0};
	crawl_scope_of(&s, start, &arena);
	const char *url = crawl_page_url(&s, start, ref, &arena);
	if (!tw_streq(url, expect))
		fail_msg("%s on %s: %s, not %s", ref, start, url ? url : "none",
			 expect ? expect : "none");
}

static void a_site_is_what_lies_below_its_address(void **state)
{
	static const char home[] = "https://example.org/",
			  ann[] = "https://host.org/~ann/index.html";
	(void)state;
	check_page(home, "a/b", "https://example.org/a/b");
	check_page(home, "http://www.example.org/a", "https://example.org/a");
	check_page("https://www.example.org/", "//example.org/a", "https://www.example.org/a");
	check_page(home, "https://other.org/a", NULL);
	check_page(home, "https://sub.example.org/a", NULL);
	check_page(home, "https://example.org.evil.com/", NULL);
	check_page(home, "https://example.org:8080/", NULL);
	check_page(home, "mailto:ann@example.org", NULL);
	check_page(ann, "posts/1", "https://host.org/~ann/posts/1");
	check_page(ann, "/~bob/", NULL);
	check_page(ann, "/~ann/../~bob/", NULL);
}

static void check_moved(const char *start, const char *to, const char *origin, const char *folder,
			bool inside)
{
	struct crawl_scope s = {0};
	crawl_scope_moved(&s, start, to, &arena);
	assert_string_equal(s.origin, origin);
	assert_string_equal(s.folder, folder);
	assert_int_equal(crawl_in_folder(&s, to), inside);
}

static void a_site_that_moves_keeps_its_folder(void **state)
{
	(void)state;
	check_moved("http://e.org/blog/", "https://www.e.org/blog/", "https://www.e.org", "/blog/",
		    true);
	check_moved("http://e.org/", "http://e.org/en/home", "http://e.org", "/", true);
	check_moved("http://e.org/blog/", "http://e.org/away", "http://e.org", "/blog/", false);
	check_moved("http://e.org/~ann", "http://e.org/~ann/", "http://e.org", "/~ann/", true);
	check_moved("http://e.org/~ann", "http://e.org/~anna/", "http://e.org", "/", true);
}

static void pictures_and_archives_are_no_pages(void **state)
{
	static const char home[] = "https://example.org/";
	(void)state;
	check_page(home, "x.JPG", NULL);
	check_page(home, "x.tar.gz?download=1", NULL);
	check_page(home, "feed.xml", NULL);
	check_page(home, "/robots.txt", NULL);
	check_page(home, "x.html", "https://example.org/x.html");
	check_page(home, "notes.md", "https://example.org/notes.md");
	check_page(home, "v1.2", "https://example.org/v1.2");
}

static void traps_are_seen_by_their_form(void **state)
{
	static const char home[] = "https://example.org/";
	char *longer = tw_alloc(&arena, 701);
	(void)state;
	memset(longer, 'x', 700);
	check_page(home, "a/b/a/b/a/b/c", "https://example.org/a/b/a/b/a/b/c");
	check_page(home, "a/b/a/b/a/b/a/b", NULL);
	check_page(home, "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24/25", NULL);
	check_page(home, longer, NULL);
	check_page(home, "s?a=1&b=2&c=3&d=4&e=5&f=6&g=7", NULL);
	check_page(home, "2021/01/01/new-year", "https://example.org/2021/01/01/new-year");
}

static void check_glob(const char *glob, const char *url, bool expect)
{
	const char *list[] = {glob, NULL};
	struct tw_strings globs = {list, 1};
	if (crawl_path_matches(&globs, url, &arena) != expect)
		fail_msg("%s should %smatch %s", glob, expect ? "" : "not ", url);
}

static void globs_match_paths_and_all_below(void **state)
{
	(void)state;
	check_glob("/drafts/", "https://e.org/drafts/x/y", true);
	check_glob("/drafts", "https://e.org/drafts/", true);
	check_glob("/blog/*", "https://e.org/blog/post/", true);
	check_glob("/blog/*", "https://e.org/blog/", false);
	check_glob("/blog/*", "https://e.org/notes/x", false);
	check_glob("*.html", "https://e.org/a/b.html?x=1", true);
	check_glob("/20*/**", "https://e.org/2021/03/x", true);
}

/* --- links --- */

static struct crawl_links links_of(const char *html)
{
	struct crawl_links l;
	struct crawl_scope s = {0};
	struct dom d;
	crawl_scope_of(&s, "https://example.org/", &arena);
	assert_ok(dom_parse_html(&d, html, strlen(html), &arena, &err), &err);
	crawl_links_read(&l, &d, "https://example.org/blog/", &s, &arena);
	return l;
}

static void links_are_followed_unless_the_page_says_no(void **state)
{
	(void)state;
	struct crawl_links l = links_of(
		"<html><head><link rel=next href='?page=2'><link rel=stylesheet href=/x></head><body>"
		"<a href=one>1</a><a href=one#part>1</a><a href=/two rel='nofollow noopener'>2</a>"
		"<a href=/three rel=ugc>3</a><a href='https://other.org/'>4</a><a>5</a>"
		"<a href='/six?utm_source=blog'>6</a></body></html>");
	assert_int_equal(l.urls.n, 3);
	assert_string_equal(l.urls.at[0], "https://example.org/blog/?page=2");
	assert_string_equal(l.urls.at[1], "https://example.org/blog/one");
	assert_string_equal(l.urls.at[2], "https://example.org/six");
	assert_false(l.words.noindex || l.words.nofollow || l.is_list);
	assert_null(l.canonical);
	tw_vec_release(&l.urls);
}

static void a_page_with_too_many_links_says_so(void **state)
{
	struct tw_str s = TW_STR_INIT;
	(void)state;
	for (int i = 0; i < 5000; i++)
		tw_str_addf(&s, "<a href=/%d>x</a>", i);
	tw_str_adds(&s, "<a href=/7>again</a><a href='https://other.org/'>x</a>");
	struct crawl_links l = links_of(s.data);
	assert_int_equal(l.urls.n, 5000);
	assert_false(l.cut);
	tw_vec_release(&l.urls);
	tw_str_adds(&s, "<a href=/5000>x</a>");
	l = links_of(s.data);
	assert_int_equal(l.urls.n, 5000);
	assert_true(l.cut);
	assert_string_equal(l.urls.at[4999], "https://example.org/4999");
	tw_vec_release(&l.urls);
	tw_str_release(&s);
}

static void a_page_speaks_to_programs_in_its_head(void **state)
{
	(void)state;
	struct crawl_links l = links_of(
		"<base href=/notes/><meta name=ROBOTS content='noindex'><meta name=twin content="
		"nofollow><meta name=otherbot content=none><link rel=canonical href='x#y'><a href=z>z</a>");
	assert_true(l.words.noindex && l.words.nofollow);
	assert_string_equal(l.canonical, "https://example.org/notes/x");
	assert_string_equal(l.urls.at[0], "https://example.org/notes/z");
	tw_vec_release(&l.urls);
	l = links_of("<link rel=canonical href='https://other.org/x'>");
	assert_null(l.canonical);
	tw_vec_release(&l.urls);
}

static void a_list_may_say_that_it_is_one(void **state)
{
	static const char ld[] = "<script type='application/ld+json'>%s</script><p>x</p>";
	(void)state;
	assert_true(links_of(tw_sprintf(&arena, ld, "{\"@type\":\"CollectionPage\"}")).is_list);
	assert_true(links_of(tw_sprintf(&arena, ld, "{\"@graph\":[{\"@type\":[\"ItemList\"]}]}"))
			    .is_list);
	assert_false(links_of(tw_sprintf(&arena, ld,
					 "{\"@type\":\"BlogPosting\",\"isPartOf\":{\"@type\":"
					 "\"Blog\"}}"))
			     .is_list);
	assert_false(links_of(tw_sprintf(&arena, ld, "{broken")).is_list);
}

/* --- writing or a list --- */

#define SENTENCE "On the third day the wind turned, and the boats, which had waited, went out. "
#define STORY	 SENTENCE SENTENCE SENTENCE SENTENCE

static bool writing(const char *md, bool is_article, bool says_list, const char *url)
{
	struct page p = {.body = md, .is_article = is_article};
	return crawl_is_writing(&p, says_list, url);
}

static void a_text_is_writing(void **state)
{
	static const char url[] = "https://e.org/wind";
	(void)state;
	assert_true(writing(STORY, false, false, url));
	assert_true(writing("A [link](/x) in it. " STORY, false, false, url));
	assert_true(writing("## [One](https://e.org/wind#one)\n\n" STORY
			    "\n\n## [Two](#two)\n\n" STORY "\n\n## [Three](#three)\n\n" STORY,
			    false, false, url));
	assert_true(writing("```c\n" STORY "\n[not](a link)\n```\n", false, false, url));
	/* A page that says so may be short. */
	assert_true(writing("Gone fishing.\n", true, false, url));
	assert_false(writing("Gone fishing.\n", false, false, url));
	assert_false(writing("", true, false, url));
	assert_false(writing("![a picture with many words in its description, " STORY "](/x.png)\n",
			     true, false, url));
}

static void a_list_of_links_is_not(void **state)
{
	struct tw_str s = TW_STR_INIT;
	(void)state;
	for (int i = 0; i < 30; i++)
		tw_str_addf(&s, "- 2021-03-%02d [How the wind turned, part %d](/p%d)\n", i, i, i);
	assert_false(writing(s.data, false, false, "https://e.org/all"));
	assert_false(writing(s.data, true, false, "https://e.org/all"));
	tw_str_release(&s);
}

static void teasers_are_not(void **state)
{
	(void)state;
	assert_false(writing("## [One](/one)\n\n" STORY "\n\n## [Two](/two)\n\n" STORY
			     "\n\n### [Three](/three)\n\n" STORY,
			     false, false, "https://e.org/"));
	assert_true(writing("## One\n\n" STORY "\n\n## [Two](/two)\n\n" STORY, false, false,
			    "https://e.org/x"));
}

static void a_page_where_programs_put_lists_must_say_that_it_is_an_article(void **state)
{
	static const char *const lists[] = {
		"https://e.org/tags/boats/",	"https://e.org/blog/page/2",
		"https://e.org/2021/03/",	"https://e.org/2021/",
		"https://e.org/category/x?y=1", "https://e.org/archive"};
	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		assert_false(writing(STORY, false, false, lists[i]));
		assert_true(writing(STORY, true, false, lists[i]));
	}
	assert_false(writing(STORY, false, true, "https://e.org/x"));
	assert_true(writing(STORY, false, false, "https://e.org/2021/03/wind"));
	assert_true(writing(STORY, false, false, "https://e.org/blog/2021"));
	assert_true(writing(STORY, false, false, "https://e.org/pages/about"));
	assert_true(writing(STORY, false, false, "https://e.org/page/about"));
	assert_true(writing(STORY, false, false, "https://e.org/a/page"));
	assert_true(writing(STORY, false, false, "https://e.org/author"));
}

/* --- what is kept between passes --- */

static struct crawl_table t;

static void load(struct memory_host *h, const char *tag, size_t max)
{
	crawl_table_release(&t);
	assert_ok(h->host.commit(h->host.host, &err), &err);
	crawl_table_load(&t, &h->host, tag, max);
}

/* Two pages, the first of which links to the second and was read in this pass. */
static void fill_table(struct memory_host *h)
{
	static const char *const links[] = {"https://e.org/b", "https://e.org/b",
					    "https://e.org/a"};
	memory_host_init(h, NULL);
	crawl_table_load(&t, &h->host, "tag", 100);
	assert_int_equal(t.pass, 1);
	assert_false(t.resumed);
	int64_t i = crawl_table_index(&t, "https://e.org/a");
	t.records.at[i].result = CRAWL_DOCUMENT;
	t.records.at[i].etag = "\"\xff quoted\\\"";
	t.records.at[i].key = t.records.at[i].url;
	t.records.at[i].pass = t.pass;
	t.start = "https://e.org/";
	crawl_table_set_links(&t, &t.records.at[i], links, 3);
	crawl_table_save(&t, &t.records.at[i]);
}

static void a_pass_that_was_cut_short_goes_on(void **state)
{
	struct memory_host h;
	(void)state;
	fill_table(&h);
	t.whole = false;
	crawl_table_save_pass(&t, false);
	load(&h, "tag", 100);
	assert_true(t.resumed);
	assert_int_equal(t.pass, 1);
	assert_false(t.whole);
	assert_string_equal(t.start, "https://e.org/");
	assert_int_equal(t.records.n, 2);
	const struct crawl_record *r = &t.records.at[0];
	assert_int_equal(r->result, CRAWL_DOCUMENT);
	assert_string_equal(r->key, "https://e.org/a");
	assert_int_equal(r->n_links, 3);
	assert_string_equal(t.records.at[r->links[0]].url, "https://e.org/b");
	assert_int_equal(t.records.at[1].result, CRAWL_UNKNOWN);
	/* Not when it is older than a day. */
	t.began_ms -= INT64_C(25) * 3600 * 1000;
	crawl_table_save_pass(&t, false);
	load(&h, "tag", 100);
	assert_false(t.resumed);
	assert_true(t.whole);
	assert_int_equal(t.pass, 2);
	assert_int_equal(t.records.n, 2);
	crawl_table_release(&t);
	memory_host_release(&h);
}

static void a_new_pass_knows_what_was_found(void **state)
{
	struct memory_host h;
	(void)state;
	fill_table(&h);
	crawl_table_save_pass(&t, true);
	load(&h, "tag", 100);
	assert_false(t.resumed);
	assert_int_equal(t.pass, 2);
	assert_int_equal(t.records.n, 2);
	/* Other options: everything is asked for anew. */
	load(&h, "other", 100);
	assert_int_equal(t.records.n, 0);
	assert_int_equal(t.pass, 2);
	crawl_table_release(&t);
	memory_host_release(&h);
}

static void state_that_is_damaged_is_forgotten(void **state)
{
	static const char *const damaged[] = {"", "{", "{}", "{\"url\":\"https://e.org/a\"}"};
	struct memory_host h;
	(void)state;
	for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
		fill_table(&h);
		crawl_table_save_pass(&t, true);
		h.host.set_state(h.host.host, "crawl.1", damaged[i]);
		load(&h, "tag", 100);
		assert_int_equal(t.records.n, 0);
		crawl_table_release(&t);
		memory_host_release(&h);
	}
}

static void a_table_that_is_full_takes_no_more_and_begins_anew(void **state)
{
	struct memory_host h;
	(void)state;
	fill_table(&h);
	t.max = 3;
	assert_int_equal(crawl_table_index(&t, "https://e.org/c"), 2);
	assert_false(t.full);
	assert_int_equal(crawl_table_index(&t, "https://e.org/d"), -1);
	assert_true(t.full);
	assert_int_equal(crawl_table_index(&t, "https://e.org/b"), 1);
	crawl_table_save_pass(&t, true);
	load(&h, "tag", 3);
	assert_int_equal(t.records.n, 0);
	crawl_table_release(&t);
	memory_host_release(&h);
}

static void a_pass_begins_with_room_for_where_the_start_page_leads(void **state)
{
	struct memory_host h;
	(void)state;
	fill_table(&h);
	t.records.at[0].cut = true;
	crawl_table_save(&t, &t.records.at[0]);
	crawl_table_save_pass(&t, true);
	load(&h, "tag", 12);
	assert_int_equal(t.records.n, 2);
	assert_true(t.records.at[0].cut);
	load(&h, "tag", 11);
	assert_int_equal(t.records.n, 0);
	crawl_table_release(&t);
	memory_host_release(&h);
}

static void a_host_says_when_to_come_again(void **state)
{
	(void)state;
	assert_true(retry_after_s("120") > 119 && retry_after_s("120") < 121);
	assert_true(retry_after_s("Fri, 31 Dec 1999 23:59:59 GMT") <= 0);
	assert_true(retry_after_s("Fri, 31 Dec 2100 23:59:59 GMT") > 1e6);
	assert_true(retry_after_s("") < 0 && retry_after_s("soon") < 0 && retry_after_s("-1") < 0);
	assert_true(retry_after_s("inf") < 0 && retry_after_s("nan") < 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(one_page_has_one_address),
		T(what_is_no_web_address_has_none),
		T(a_site_is_what_lies_below_its_address),
		T(a_site_that_moves_keeps_its_folder),
		T(pictures_and_archives_are_no_pages),
		T(traps_are_seen_by_their_form),
		T(globs_match_paths_and_all_below),
		T(links_are_followed_unless_the_page_says_no),
		T(a_page_with_too_many_links_says_so),
		T(a_page_speaks_to_programs_in_its_head),
		T(a_list_may_say_that_it_is_one),
		T(a_text_is_writing),
		T(a_list_of_links_is_not),
		T(teasers_are_not),
		T(a_page_where_programs_put_lists_must_say_that_it_is_an_article),
		T(a_pass_that_was_cut_short_goes_on),
		T(a_new_pass_knows_what_was_found),
		T(state_that_is_damaged_is_forgotten),
		T(a_table_that_is_full_takes_no_more_and_begins_anew),
		T(a_pass_begins_with_room_for_where_the_start_page_leads),
		T(a_host_says_when_to_come_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
