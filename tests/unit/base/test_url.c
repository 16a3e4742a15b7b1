/* References between pages, and the addresses that a fetch may connect to. */
#include "base_test.h"
#include "support/arena.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/base_int.h"
#include "base/http.h"

/* RFC 3986, sections 5.4.1 and 5.4.2, all of them. */
static void references_resolve_as_in_the_rfc(void **state)
{
	static const char *const cases[][2] = {
		{"g:h", "g:h"},
		{"g", "http://a/b/c/g"},
		{"./g", "http://a/b/c/g"},
		{"g/", "http://a/b/c/g/"},
		{"/g", "http://a/g"},
		{"//g", "http://g"},
		{"?y", "http://a/b/c/d;p?y"},
		{"g?y", "http://a/b/c/g?y"},
		{"#s", "http://a/b/c/d;p?q#s"},
		{"g#s", "http://a/b/c/g#s"},
		{"g?y#s", "http://a/b/c/g?y#s"},
		{";x", "http://a/b/c/;x"},
		{"g;x", "http://a/b/c/g;x"},
		{"g;x?y#s", "http://a/b/c/g;x?y#s"},
		{"", "http://a/b/c/d;p?q"},
		{".", "http://a/b/c/"},
		{"./", "http://a/b/c/"},
		{"..", "http://a/b/"},
		{"../", "http://a/b/"},
		{"../g", "http://a/b/g"},
		{"../..", "http://a/"},
		{"../../", "http://a/"},
		{"../../g", "http://a/g"},
		{"../../../g", "http://a/g"},
		{"../../../../g", "http://a/g"},
		{"/./g", "http://a/g"},
		{"/../g", "http://a/g"},
		{"g.", "http://a/b/c/g."},
		{".g", "http://a/b/c/.g"},
		{"g..", "http://a/b/c/g.."},
		{"..g", "http://a/b/c/..g"},
		{"./../g", "http://a/b/g"},
		{"./g/.", "http://a/b/c/g/"},
		{"g/./h", "http://a/b/c/g/h"},
		{"g/../h", "http://a/b/c/h"},
		{"g;x=1/./y", "http://a/b/c/g;x=1/y"},
		{"g;x=1/../y", "http://a/b/c/y"},
		{"g?y/./x", "http://a/b/c/g?y/./x"},
		{"g?y/../x", "http://a/b/c/g?y/../x"},
		{"g#s/./x", "http://a/b/c/g#s/./x"},
		{"g#s/../x", "http://a/b/c/g#s/../x"},
		{"http:g", "http:g"},
		/* and what pages really contain */
		{" g ", "http://a/b/c/g"},
		{"a b.html", "http://a/b/c/a%20b.html"},
		{"caf\xc3\xa9", "http://a/b/c/caf%C3%A9"},
		{"%41", "http://a/b/c/%41"},
		{"mailto:x@example.org", "mailto:x@example.org"},
		{"https://b.org", "https://b.org"},
		{"a\nb", "http://a/b/c/ab"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *got = tw_url_resolve(&arena, "http://a/b/c/d;p?q", cases[i][0]);

		assert_non_null(got);
		assert_string_equal(got, cases[i][1]);
	}
	assert_string_equal(tw_url_resolve(&arena, "http://a", "g"), "http://a/g");
	assert_string_equal(tw_url_resolve(&arena, "http://a?q", ""), "http://a?q");
}

static void what_is_no_url_resolves_to_nothing(void **state)
{
	(void)state;
	assert_null(tw_url_resolve(&arena, "a/b", "c"));
	assert_null(tw_url_resolve(&arena, "", "c"));
	assert_null(tw_url_resolve(&arena, "mailto:x", "c"));
	assert_null(tw_url_resolve(&arena, "http://a/", "http://b c/"));
	assert_null(tw_url_resolve(&arena, "http://a/", "//b\r\nX: y/"));
}

static void a_host_is_named_without_user_and_path(void **state)
{
	(void)state;
	assert_string_equal(tw_url_host(&arena, "https://EXAMPLE.org/x?y#z"), "example.org");
	assert_string_equal(tw_url_host(&arena, "http://u:p@Example.org:8080"), "example.org:8080");
	assert_string_equal(tw_url_host(&arena, "http://[::1]:80/"), "[::1]:80");
	assert_null(tw_url_host(&arena, "example.org/x"));
	assert_null(tw_url_host(&arena, "http:///x"));
	assert_null(tw_url_host(&arena, "http://u@/x"));
	assert_null(tw_url_host(&arena, "mailto:a@b"));
	assert_null(tw_url_host(&arena, ""));
}

static const char *judge(const char *text, bool allow_private)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct sockaddr_in in = {.sin_family = AF_INET};

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		return tw_addr_refused((struct sockaddr *)&in, allow_private);
	assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
	return tw_addr_refused((struct sockaddr *)&in6, allow_private);
}

static void public_addresses_pass(void **state)
{
	static const char *const public[] = {
		"1.1.1.1",	   "8.8.8.8",	     "9.255.255.255",	 "11.0.0.0",
		"100.63.255.255",  "100.128.0.0",    "126.255.255.255",	 "128.0.0.0",
		"169.253.0.1",	   "172.15.255.255", "172.32.0.0",	 "192.167.0.1",
		"192.169.0.1",	   "198.17.0.1",     "198.20.0.1",	 "223.255.255.255",
		"2606:4700::1111", "2a00:1450::1",   "64:ff9b::808:808", "2003::1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(public) / sizeof(public[0]); i++)
		if (judge(public[i], false))
			fail_msg("%s: %s", public[i], judge(public[i], false));
}

static void private_addresses_need_leave(void **state)
{
	static const char *const inside[] = {
		"127.0.0.1",	  "127.255.255.255", "10.0.0.1",   "172.16.0.1",
		"172.31.255.255", "192.168.0.1",     "100.64.0.1", "::1",
		"fc00::1",	  "fdff::1",	     "0.0.0.0",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++) {
		assert_non_null(judge(inside[i], false));
		assert_null(judge(inside[i], true));
	}
	assert_non_null(judge("::ffff:127.0.0.1", false));
	assert_null(judge("::ffff:127.0.0.1", true));
}

static void no_leave_opens_the_rest(void **state)
{
	static const char *const never[] = {
		"0.0.0.1",
		"169.254.169.254",
		"192.0.0.1",
		"192.0.2.1",
		"192.88.99.1",
		"198.18.0.1",
		"198.19.255.255",
		"198.51.100.1",
		"203.0.113.1",
		"224.0.0.1",
		"240.0.0.1",
		"255.255.255.255",
		"::",
		"::7f00:1",
		"fe80::1",
		"fec0::1",
		"ff02::1",
		"2001::1",
		"2001:db8::1",
		"2002:7f00:1::",
		"2001:1ff::1",
		"3fff::1",
		"100::1",
		"4000::1",
		"::ffff:169.254.1.1",
		"64:ff9b::a9fe:1",
		"64:ff9b:1::1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		if (!judge(never[i], false))
			fail_msg("%s passes", never[i]);
		if (!judge(never[i], true))
			fail_msg("%s passes with leave", never[i]);
	}
}

static void other_families_are_refused(void **state)
{
	struct sockaddr unix_socket = {.sa_family = AF_UNIX};

	(void)state;
	assert_non_null(tw_addr_refused(&unix_socket, true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(references_resolve_as_in_the_rfc),
		cmocka_unit_test(what_is_no_url_resolves_to_nothing),
		cmocka_unit_test(a_host_is_named_without_user_and_path),
		cmocka_unit_test(public_addresses_pass),
		cmocka_unit_test(private_addresses_need_leave),
		cmocka_unit_test(no_leave_opens_the_rest),
		cmocka_unit_test(other_families_are_refused),
	};

	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
