/* robots.txt, by the cases of RFC 9309. */
#include "collect_test.h"

#include "collect/feed_int.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_are_chosen_by_name),
		cmocka_unit_test(the_longest_rule_wins),
		cmocka_unit_test(octets_are_compared_as_they_mean),
		cmocka_unit_test(any_bytes_are_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
