/* robots.txt, by the cases of RFC 9309. */
#include "collect_test.h"

#include "collect/site/robots_int.h"

static void check(const char *text, const char *path, bool allowed)
{
	struct robots r;
	struct tw_arena a;
	tw_arena_init(&a);
	robots_parse(&r, text, strlen(text), "twin", &a);
	if (robots_allow(&r, path) != allowed)
		fail_msg("%s should be %s by:\n%s", path, allowed ? "allowed" : "forbidden", text);
	tw_arena_release(&a);
}

static void groups_are_chosen_by_name(void **state)
{
	static const char text[] =
		"User-Agent: *\nDisallow: /all\n\n"
		"user-agent : Twin/1.0 # us\nuser-agent: other\r\nDisallow: /us\n"
		"Sitemap: https://x.org/s\nUser-agent: twinkle\nDisallow: /\n"
		"User-agent: twin\nDisallow: /more\n";
	(void)state;
	check(text, "/all", true); /* our own groups stand for "*" */
	check(text, "/us/x", false);
	check(text, "/more", false);
	check(text, "/", true);
	check("User-agent: *\nDisallow: /\n", "/x", false);
	check("User-agent: *\nDisallow: /\n", "/robots.txt", true);
	check("User-agent: other\nDisallow: /\n", "/x", true);
	check("User-agent: *\nDisallow:\n", "/x", true);
	check("Disallow: /\n", "/x", true); /* of no group */
	check("", "/x", true);
}

static void the_longest_rule_wins(void **state)
{
	static const char text[] = "User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /a/b/c$\n"
				   "Allow: /same\nDisallow: /same\nDisallow: /*.php$\n"
				   "Disallow: /x/*/y\n";
	(void)state;
	check(text, "/a", false);
	check(text, "/a/b", true);
	check(text, "/a/b/c", false);
	check(text, "/a/b/c/d", true);
	check(text, "/same", true);
	check(text, "/z/q.php", false);
	check(text, "/z/q.php5", true);
	check(text, "/x/1/2/y/z", false);
	check(text, "/x/y", true);
}

static void octets_are_compared_as_they_mean(void **state)
{
	(void)state;
	check("User-agent: *\nDisallow: /caf\xc3\xa9\n", "/caf%C3%A9", false);
	check("User-agent: *\nDisallow: /caf%c3%a9\n", "/caf\xc3\xa9", false);
	check("User-agent: *\nDisallow: /%7Ejoe/\n", "/~joe/index", false);
	check("User-agent: *\nDisallow: /a%2Fb\n", "/a/b", true);
	check("User-agent: *\nDisallow: /q?x=1\n", "/q?x=12", false);
}

static void any_bytes_are_taken(void **state)
{
	(void)state;
	check("\xef\xbb\xbfUser-agent: twin\rDisallow: /x\r", "/x", false);
	check("<html>not found</html>\n::::\n%\n%4\nUser-agent", "/x", true);
	check("User-agent: *\nDisallow: /****************************************************$\n",
	      "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false);
}

static void a_record_that_is_not_of_the_protocol_ends_no_group(void **state)
{
	(void)state;
	check("User-agent: other\nSitemap: /s\nCrawl-delay: 3\nUser-agent: twin\nDisallow: /x\n",
	      "/x", false);
	check("User-agent: twin\nDisallow: /x\nSitemap: /s\nDisallow: /y\n", "/y", false);
}

static void a_dollar_is_the_end_of_a_path_and_nothing_else(void **state)
{
	(void)state;
	check("User-agent: *\nDisallow: /a$\n", "/a", false);
	check("User-agent: *\nDisallow: /a$\n", "/a$b", true);
	check("User-agent: *\nDisallow: /*.pdf$\n", "/x.pdf.html", true);
	check("User-agent: *\nDisallow: /*.pdf$\n", "/x.pdf/y.pdf", false);
	check("User-agent: *\nDisallow: /a$b\n", "/a$bc", false);
}

static void what_stands_beside_the_rules_is_read(void **state)
{
	static const char text[] = "Sitemap: https://example.org/a.xml # the first\n"
				   "User-agent: *\nCrawl-delay: 2.5\nDisallow: /x\n"
				   "User-agent: other\nCrawl-delay: 60\n"
				   "sitemap:/b.xml.gz\nSitemap:\n";
	struct robots r;
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	robots_parse(&r, text, strlen(text), "twin", &a);
	assert_true(r.crawl_delay > 2.49 && r.crawl_delay < 2.51);
	assert_int_equal(r.n_sitemaps, 2);
	assert_string_equal(r.sitemaps[0], "https://example.org/a.xml");
	assert_string_equal(r.sitemaps[1], "/b.xml.gz");
	robots_parse(&r, "User-agent: twin\nCrawl-delay: -1\nCrawl-delay: soon\n", 50, "twin", &a);
	assert_true(r.crawl_delay <= 0);
	tw_arena_release(&a);
}

static void what_is_behind_the_limit_is_not_read(void **state)
{
	struct tw_str s = TW_STR_INIT;
	(void)state;
	tw_str_adds(&s, "User-agent: *\nDisallow: /x\n");
	while (s.len < ROBOTS_MAX_TEXT)
		tw_str_adds(&s, "# nothing to see here\n");
	tw_str_adds(&s, "Disallow: /y\n");
	check(s.data, "/x", false);
	check(s.data, "/y", true);
	tw_str_release(&s);
}

static void words(const char *text, bool noindex, bool nofollow)
{
	struct robots_words w = {0};
	robots_words_add(&w, text, "twin");
	if (w.noindex != noindex || w.nofollow != nofollow)
		fail_msg("\"%s\": noindex %d nofollow %d", text, w.noindex, w.nofollow);
}

static void words_for_programs_are_for_those_that_they_name(void **state)
{
	(void)state;
	words("noindex", true, false);
	words("NoIndex,NOFOLLOW", true, true);
	words("none", true, true);
	words("index, follow, max-snippet: 20, noarchive", false, false);
	words("max-snippet:-1, nofollow", false, true);
	words("unavailable_after: 25 Jun 2010 15:00:00 PST, noindex", true, false);
	words("googlebot: noindex, nofollow", false, false);
	words("twin: noindex", true, false);
	words("otherbot: none\nnofollow\n", false, true);
	words("noindexing", false, false);
	words("", false, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_are_chosen_by_name),
		cmocka_unit_test(the_longest_rule_wins),
		cmocka_unit_test(octets_are_compared_as_they_mean),
		cmocka_unit_test(any_bytes_are_taken),
		cmocka_unit_test(a_record_that_is_not_of_the_protocol_ends_no_group),
		cmocka_unit_test(a_dollar_is_the_end_of_a_path_and_nothing_else),
		cmocka_unit_test(what_stands_beside_the_rules_is_read),
		cmocka_unit_test(what_is_behind_the_limit_is_not_read),
		cmocka_unit_test(words_for_programs_are_for_those_that_they_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
