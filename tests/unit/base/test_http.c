#include "base_test.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/http.h"
#include "base/stop.h"
#include "base/time.h"
#include "http_server.h"

static struct tw_arena arena;
static struct tw_http *client; /* may connect to loopback */

static int setup(void **state)
{
	struct tw_http_policy policy = {.allow_private = true};

	(void)state;
	tw_arena_init(&arena);
	http_server_start();
	return tw_http_new(&client, &policy, NULL) == TW_OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	tw_http_free(client);
	http_server_stop();
	tw_arena_release(&arena);
	return 0;
}

static char *url(const char *path)
{
	return tw_sprintf(&arena, "http://127.0.0.1:%d%s", http_server_port(), path);
}

static void get(struct tw_http_response *r, const char *path)
{
	struct tw_http_request req = {.url = url(path)};
	struct tw_err err = TW_ERR_INIT;

	assert_ok(tw_http_fetch(r, client, &req, &err), &err);
}

/* The fetch fails with `st`, and says `message`. */
static void fails(struct tw_http *h, struct tw_http_request req, enum tw_status st,
		  const char *message)
{
	struct tw_http_response r = {0};
	struct tw_err err = TW_ERR_INIT;
	enum tw_status got = tw_http_fetch(&r, h, &req, &err);

	if (got != st)
		fail_msg("%s: %s, not %s", req.url, tw_status_name(got), tw_status_name(st));
	assert_contains(err.msg, message);
	tw_http_response_release(&r);
}

static void a_page_comes_with_its_headers(void **state)
{
	struct tw_http_response r = {0};

	(void)state;
	get(&r, "/ok");
	assert_int_equal(r.status, 200);
	assert_string_equal(tw_str_c(&r.body), "hello");
	assert_string_equal(tw_str_c(&r.content_type), "text/plain; charset=utf-8");
	assert_string_equal(tw_str_c(&r.etag), "\"e1\"");
	assert_string_equal(tw_str_c(&r.last_modified), "Tue, 24 Nov 2026 09:30:00 GMT");
	assert_string_equal(tw_str_c(&r.retry_after), "");
	assert_string_equal(tw_str_c(&r.url), url("/ok"));
	/* The same response again: nothing stays of the first. */
	get(&r, "/busy");
	assert_int_equal(r.status, 429);
	assert_string_equal(tw_str_c(&r.body), "later");
	assert_string_equal(tw_str_c(&r.etag), "");
	assert_string_equal(tw_str_c(&r.retry_after), "7");
	get(&r, "/nowhere");
	assert_int_equal(r.status, 404);
	tw_http_response_release(&r);
}

static void a_request_is_sent_as_asked(void **state)
{
	static const char *const headers[] = {"X-One: 1", "Content-Type: application/json", NULL};
	struct tw_http_request req = {
		.url = url("/echo"), .headers = headers, .body = "{\"a\":1}", .body_len = 7};
	struct tw_http_response r = {0};
	struct tw_err err = TW_ERR_INIT;

	(void)state;
	assert_ok(tw_http_fetch(&r, client, &req, &err), &err);
	assert_true(tw_starts_with(r.body.data, "POST /echo HTTP/1.1\r\n"));
	assert_contains(r.body.data, "X-One: 1\r\n");
	assert_contains(r.body.data, "Content-Type: application/json\r\n");
	assert_contains(r.body.data, "User-Agent: twin/");
	assert_true(tw_ends_with(r.body.data, "{\"a\":1}"));
	req.method = "PUT";
	assert_ok(tw_http_fetch(&r, client, &req, &err), &err);
	assert_true(tw_starts_with(r.body.data, "PUT "));
	req = (struct tw_http_request){.url = url("/ok"), .method = "HEAD"};
	assert_ok(tw_http_fetch(&r, client, &req, &err), &err);
	assert_int_equal(r.status, 200);
	assert_int_equal(r.body.len, 0);
	req = (struct tw_http_request){.url = url("/echo"), .method = "DELETE"};
	assert_ok(tw_http_fetch(&r, client, &req, &err), &err);
	assert_true(tw_starts_with(r.body.data, "DELETE "));
	tw_http_response_release(&r);
}

static void a_large_body_is_sent_without_waiting(void **state)
{
	struct tw_str body = TW_STR_INIT;
	struct tw_http_request req = {.url = url("/echo")};
	struct tw_http_response r = {0};
	struct tw_err err = TW_ERR_INIT;

	(void)state;
	for (int i = 0; i < 60000; i++)
		tw_str_addc(&body, 'y');
	req.body = body.data;
	req.body_len = body.len;
	assert_ok(tw_http_fetch(&r, client, &req, &err), &err);
	assert_true(r.body.len > 60000);
	/* curl would wait a second for "100 Continue". */
	assert_null(strcasestr(r.body.data, "expect:"));
	tw_str_release(&body);
	tw_http_response_release(&r);
}

static void a_line_end_in_a_header_is_refused(void **state)
{
	static const char *const headers[] = {"X: 1\r\nY: 2", NULL};

	(void)state;
	fails(client, (struct tw_http_request){.url = url("/ok"), .headers = headers}, TW_BAD_USE,
	      "line end");
}

static void five_redirects_are_followed_six_are_not(void **state)
{
	struct tw_http_response r = {0};

	(void)state;
	get(&r, "/redirect/5");
	assert_string_equal(tw_str_c(&r.body), "hello");
	assert_string_equal(tw_str_c(&r.etag), "\"e1\"");
	assert_string_equal(tw_str_c(&r.url), url("/ok"));
	tw_http_response_release(&r);
	fails(client, (struct tw_http_request){.url = url("/redirect/6")}, TW_NETWORK,
	      "more than 5 redirects");
}

static void a_redirect_may_be_the_answer(void **state)
{
	struct tw_http_request req = {.url = url("/redirect/3"), .no_redirects = true};
	struct tw_http_response r = {0};
	struct tw_err err = TW_ERR_INIT;

	(void)state;
	assert_ok(tw_http_fetch(&r, client, &req, &err), &err);
	assert_int_equal(r.status, 302);
	assert_string_equal(tw_str_c(&r.location), "/redirect/2");
	assert_string_equal(tw_str_c(&r.url), req.url);
	get(&r, "/robots-tags");
	assert_string_equal(tw_str_c(&r.location), "");
	assert_string_equal(tw_str_c(&r.robots_tag), "noindex\notherbot: nofollow\n");
	tw_http_response_release(&r);
}

static void pages_and_limits_are_told(void **state)
{
	struct tw_http_response r = {0};

	(void)state;
	get(&r, "/limits");
	assert_string_equal(tw_str_c(&r.link), "</a?page=2>; rel=\"next\"\n");
	assert_string_equal(tw_str_c(&r.rate_left), "0");
	assert_string_equal(tw_str_c(&r.rate_reset), "1700000000");
	get(&r, "/limits-of-another");
	assert_string_equal(tw_str_c(&r.link), "");
	assert_string_equal(tw_str_c(&r.rate_left), "7");
	assert_string_equal(tw_str_c(&r.rate_reset), "60");
	tw_http_response_release(&r);
}

static void a_redirect_cannot_leave_the_rules(void **state)
{
	(void)state;
	fails(client, (struct tw_http_request){.url = url("/to-metadata")}, TW_NETWORK,
	      "169.254.169.254 is a link-local address");
	fails(client, (struct tw_http_request){.url = url("/to-file")}, TW_NETWORK,
	      "only http and https");
}

/* Whatever way this machine or its network is spelt, an ordinary client won't connect to it. */
static void hostile_urls_reach_nothing(void **state)
{
	static const char *const urls[] = {
		"http://127.0.0.1:%d/ok",
		"http://localhost:%d/ok",
		"http://LOCALHOST.:%d/ok",
		"http://127.1:%d/ok",
		"http://2130706433:%d/ok",
		"http://0x7f000001:%d/ok",
		"http://0177.0.0.1:%d/ok",
		"http://0:%d/ok",
		"http://0.0.0.0:%d/ok",
		"http://user:secret@127.0.0.1:%d/ok",
		"http://example.org@127.0.0.1:%d/ok",
		"http://[::1]:%d/ok",
		"http://[::]:%d/ok",
		"http://[::ffff:127.0.0.1]:%d/ok",
		"http://[::ffff:7f00:1]:%d/ok",
		"http://[::127.0.0.1]:%d/ok",
		"http://[64:ff9b::7f00:1]:%d/ok",
		"http://[2002:7f00:1::]:%d/ok",
		"http://[2001:0:7f00:1::]:%d/ok",
		"http://10.0.0.1:%d/",
		"http://172.16.0.1:%d/",
		"http://192.168.0.1:%d/",
		"http://169.254.169.254/latest/meta-data/",
		"http://[fe80::1]:%d/",
		"http://[fd00::1]:%d/",
		"http://[ff02::1]:%d/",
		"http://224.0.0.1:%d/",
		"http://255.255.255.255:%d/",
		"https://127.0.0.1:%d/ok",
		"file:///etc/passwd",
		"file://localhost/etc/passwd",
		"ftp://127.0.0.1:%d/",
		"gopher://127.0.0.1:%d/_x",
		"dict://127.0.0.1:%d/x",
		"127.0.0.1:%d",
		"http://",
		"http:///ok",
		"",
		"http://127.0.0.1:%d/a b",
		"http://127.0.0.1:99999/",
	};
	struct tw_http_policy policy = {0};
	int before = http_server_hits();
	struct tw_err err = TW_ERR_INIT;
	struct tw_http *h;

	(void)state;
	/* A proxy of the environment would connect in our place. */
	setenv("http_proxy", url(""), 1);
	setenv("all_proxy", url(""), 1);
	assert_ok(tw_http_new(&h, &policy, &err), &err);
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct tw_http_response r = {0};
		struct tw_http_request req = {.timeout_s = 5};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		req.url = tw_sprintf(&arena, urls[i], http_server_port());
#pragma GCC diagnostic pop
		tw_err_clear(&err);
		if (tw_http_fetch(&r, h, &req, &err) != TW_NETWORK)
			fail_msg("%s was fetched", req.url);
		assert_null(strstr(err.msg, "secret"));
		assert_int_equal(r.body.len, 0);
		tw_http_response_release(&r);
	}
	assert_int_equal(http_server_hits(), before);
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	tw_http_free(h);
}

static void an_offline_client_fetches_nothing(void **state)
{
	struct tw_http_policy policy = {.offline = true, .allow_private = true};
	int before = http_server_hits();
	struct tw_err err = TW_ERR_INIT;
	struct tw_http *h;

	(void)state;
	assert_ok(tw_http_new(&h, &policy, &err), &err);
	fails(h, (struct tw_http_request){.url = url("/ok")}, TW_NETWORK, "offline");
	assert_int_equal(http_server_hits(), before);
	tw_http_free(h);
}

static void bodies_are_bounded(void **state)
{
	(void)state;
	fails(client, (struct tw_http_request){.url = url("/endless"), .max_body = 100000},
	      TW_NETWORK, "larger than 100000 bytes");
	fails(client, (struct tw_http_request){.url = url("/declared"), .max_body = 100000},
	      TW_NETWORK, "larger than 100000 bytes");
	/* 200 times as large when unpacked */
	fails(client, (struct tw_http_request){.url = url("/bomb"), .max_body = 1000000},
	      TW_NETWORK, "larger than 1000000 bytes");
	fails(client, (struct tw_http_request){.url = url("/endless")}, TW_NETWORK,
	      "larger than 33554432 bytes");
}

static void broken_answers_are_errors(void **state)
{
	(void)state;
	fails(client, (struct tw_http_request){.url = url("/cut")}, TW_NETWORK, "127.0.0.1:");
	fails(client, (struct tw_http_request){.url = url("/garbage")}, TW_NETWORK, "127.0.0.1:");
	fails(client, (struct tw_http_request){.url = "http://127.0.0.1:1/"}, TW_NETWORK,
	      "127.0.0.1:1: ");
	fails(client, (struct tw_http_request){.url = "http://no-such-host.invalid/"}, TW_NETWORK,
	      "no-such-host.invalid: ");
}

static void a_silent_host_is_left_after_the_timeout(void **state)
{
	double start = tw_monotonic_s();

	(void)state;
	fails(client, (struct tw_http_request){.url = url("/silent"), .timeout_s = 1}, TW_NETWORK,
	      "127.0.0.1:");
	assert_true(tw_monotonic_s() - start < 2.5);
}

struct taken {
	size_t bytes;
	int calls, most;
};

static bool take(void *ctx, const char *data, size_t len)
{
	struct taken *t = ctx;

	(void)data;
	t->bytes += len;
	return ++t->calls < t->most;
}

static void a_stream_is_taken_piece_by_piece(void **state)
{
	struct taken t = {.most = 100};
	struct tw_http_request req = {.url = url("/redirect/1"), .on_data = take, .ctx = &t};
	struct tw_http_response r = {0};
	struct tw_err err = TW_ERR_INIT;

	(void)state;
	assert_ok(tw_http_fetch(&r, client, &req, &err), &err);
	assert_int_equal(t.bytes, 5); /* "hello", and nothing of the redirect's body */
	assert_int_equal(r.body.len, 0);
	tw_http_response_release(&r);
}

static void a_stream_ends_when_the_taker_says_so(void **state)
{
	struct taken t = {.most = 3};

	(void)state;
	fails(client,
	      (struct tw_http_request){
		      .url = url("/endless"), .on_data = take, .ctx = &t, .max_body = INT64_MAX},
	      TW_CANCELLED, "ended");
	assert_int_equal(t.calls, 3);
}

/* In a child, for a stop can't be taken back. */
static void a_stop_ends_a_fetch_that_waits(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0) {
		struct tw_http_request req = {.url = url("/silent"), .timeout_s = 60};
		struct tw_http_policy policy = {.allow_private = true};
		struct tw_http_response r = {0};
		double start = tw_monotonic_s();
		struct tw_http *h;

		tw_stop_install();
		signal(SIGALRM, SIG_IGN);
		if (fork() == 0) {
			usleep(200000);
			kill(getppid(), SIGTERM);
			_exit(0);
		}
		if (tw_http_new(&h, &policy, NULL) != TW_OK)
			_exit(2);
		if (tw_http_fetch(&r, h, &req, NULL) != TW_CANCELLED)
			_exit(3);
		_exit(tw_monotonic_s() - start < 2.5 ? 0 : 4);
	}
	waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_comes_with_its_headers),
		cmocka_unit_test(a_request_is_sent_as_asked),
		cmocka_unit_test(a_large_body_is_sent_without_waiting),
		cmocka_unit_test(a_line_end_in_a_header_is_refused),
		cmocka_unit_test(five_redirects_are_followed_six_are_not),
		cmocka_unit_test(a_redirect_may_be_the_answer),
		cmocka_unit_test(pages_and_limits_are_told),
		cmocka_unit_test(a_redirect_cannot_leave_the_rules),
		cmocka_unit_test(hostile_urls_reach_nothing),
		cmocka_unit_test(an_offline_client_fetches_nothing),
		cmocka_unit_test(bodies_are_bounded),
		cmocka_unit_test(broken_answers_are_errors),
		cmocka_unit_test(a_silent_host_is_left_after_the_timeout),
		cmocka_unit_test(a_stream_is_taken_piece_by_piece),
		cmocka_unit_test(a_stream_ends_when_the_taker_says_so),
		cmocka_unit_test(a_stop_ends_a_fetch_that_waits),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
