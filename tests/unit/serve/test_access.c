#include "test.h"

#include "serve/access.h"

static const char *const names[] = {"twin.example.org", NULL};

static int check(const struct tw_access *a, struct tw_access_request r)
{
	const char *why = NULL;
	if (!r.method)
		r.method = "GET";
	if (!r.path)
		r.path = "/v1/models";
	int status = tw_access_check(a, &r, &why);
	assert_true(status == 0 || why);
	return status;
}

static void only_known_hosts_are_answered(void **state)
{
	(void)state;
	const struct tw_access a = {.address = "192.0.2.7", .hosts = {names, 1}};
	const char *good[] = {
		"localhost", "LOCALHOST:8117", "127.0.0.1:1",	   "[::1]:8117",
		"[::1]",     "192.0.2.7:8117", "twin.example.org", "Twin.Example.Org:443"};
	const char *bad[] = {"evil.example",
			     "localhost.evil.example",
			     "127.0.0.1.evil",
			     "localhost:80:80",
			     "localhost:http",
			     "",
			     ":80",
			     "[::1",
			     "[::1]x",
			     "192.0.2.8",
			     "localhost."};
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (check(&a, (struct tw_access_request){.host = good[i]}) != 0)
			fail_msg("%s was refused", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (check(&a, (struct tw_access_request){.host = bad[i]}) != 421)
			fail_msg("%s was let in", bad[i]);
	assert_int_equal(check(&a, (struct tw_access_request){0}), 421);
	const struct tw_access any = {.address = "0.0.0.0"};
	assert_int_equal(check(&any, (struct tw_access_request){.host = "0.0.0.0"}), 421);
}

static void other_sites_in_the_browser_are_refused(void **state)
{
	(void)state;
	const struct tw_access a = {.address = "127.0.0.1"};
	struct tw_access_request r = {.host = "localhost:8117"};
	r.origin = "http://localhost:8117";
	assert_int_equal(check(&a, r), 0);
	const char *bad[] = {"http://evil.example", "null", "http://localhost:3000", "file://",
			     "http://localhost",    "",	    "localhost:8117"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		r.origin = bad[i];
		assert_int_equal(check(&a, r), 403);
	}
	r.origin = NULL;
	r.fetch_site = "cross-site";
	assert_int_equal(check(&a, r), 403);
	r.fetch_site = "same-site"; /* another port of this machine */
	assert_int_equal(check(&a, r), 403);
	r.path = "/";
	assert_int_equal(check(&a, r), 0);
	r.fetch_site = "same-origin";
	r.path = "/v1/models";
	assert_int_equal(check(&a, r), 0);
}

static void posts_are_json(void **state)
{
	(void)state;
	const struct tw_access a = {.address = "127.0.0.1"};
	struct tw_access_request r = {.host = "localhost", .method = "POST"};
	const char *bad[] = {"text/plain", "application/x-www-form-urlencoded", "application/jsonx",
			     "multipart/form-data", ""};
	assert_int_equal(check(&a, r), 415);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		r.content_type = bad[i];
		assert_int_equal(check(&a, r), 415);
	}
	r.content_type = "Application/JSON; charset=utf-8";
	assert_int_equal(check(&a, r), 0);
}

static void a_token_guards_all_but_the_page(void **state)
{
	(void)state;
	struct tw_access a = {.address = "127.0.0.1"};
	tw_access_set_token(&a, "s3cret");
	struct tw_access_request r = {.host = "localhost"};
	const char *bad[] = {"Bearer", "Bearer ",      "Bearer s3cre",	"Bearer s3crett",
			     "s3cret", "Basic s3cret", "Bearer  s3cret"};
	assert_int_equal(check(&a, r), 401);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		r.authorization = bad[i];
		assert_int_equal(check(&a, r), 401);
	}
	r.authorization = "bearer s3cret";
	assert_int_equal(check(&a, r), 0);
	r.authorization = NULL;
	const char *open[] = {"/", "/app.js", "/style.css", "/favicon.svg", "/healthz"};
	for (size_t i = 0; i < sizeof(open) / sizeof(*open); i++) {
		r.path = open[i];
		assert_int_equal(check(&a, r), 0);
	}
	const char *closed[] = {"/metrics", "/api/about", "//", "/app.js/", "/v1/models"};
	for (size_t i = 0; i < sizeof(closed) / sizeof(*closed); i++) {
		r.path = closed[i];
		assert_int_equal(check(&a, r), 401);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_known_hosts_are_answered),
		cmocka_unit_test(other_sites_in_the_browser_are_refused),
		cmocka_unit_test(posts_are_json),
		cmocka_unit_test(a_token_guards_all_but_the_page),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
