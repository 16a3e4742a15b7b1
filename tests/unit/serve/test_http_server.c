/* The HTTP server alone, over real sockets, with clients that behave badly. */
#include "test.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "raw_client.h"
#include "serve/http_server.h"

static struct tw_http_server *server;
static int port;
static struct tw_str response;
static atomic_int streams, ended_streams, waiters, gone_waiters;

static void nap_ms(int ms)
{
	const struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
	nanosleep(&t, NULL);
}

static bool admit(void *ctx, struct tw_exchange *x)
{
	(void)ctx;
	return !tw_exchange_header(x, "X-Refuse");
}

/* Streams a line each 10 ms until the client leaves, or 20 lines. */
static void *stream(void *arg)
{
	struct tw_exchange *x = arg;
	bool forever = tw_exchange_query(x, "forever") != NULL;
	streams++;
	tw_exchange_stream(x, 200, "text/event-stream");
	for (int i = 0; (forever || i < 20) && tw_exchange_write(x, "data: x\n\n", 9); i++)
		nap_ms(10);
	tw_exchange_end(x);
	ended_streams++;
	return NULL;
}

/* Never answers before the client leaves. */
static void *wait_for_gone(void *arg)
{
	struct tw_exchange *x = arg;
	waiters++;
	while (!tw_exchange_gone(x))
		nap_ms(5);
	gone_waiters++;
	tw_exchange_reply(x, 200, "text/plain", "late", 4);
	return NULL;
}

static void later(void *(*fn)(void *), struct tw_exchange *x)
{
	pthread_t t;
	assert_int_equal(pthread_create(&t, NULL, fn, x), 0);
	pthread_detach(t);
}

static void handle(void *ctx, struct tw_exchange *x)
{
	const char *path = tw_exchange_path(x);
	struct tw_bytes body = tw_exchange_body(x);
	(void)ctx;
	if (strcmp(path, "/stream") == 0)
		later(stream, x);
	else if (strcmp(path, "/wait") == 0)
		later(wait_for_gone, x);
	else if (strcmp(path, "/echo") == 0)
		tw_exchange_reply(x, 200, "text/plain", body.data, body.len);
	else
		tw_exchange_reply(x, 200, "text/plain", path, strlen(path));
}

static int start(void **state)
{
	struct tw_err err = TW_ERR_INIT;
	const struct tw_http_server_config c = {.address = "127.0.0.1",
						.max_connections = 64,
						.header_timeout_s = 1,
						.body_timeout_s = 1,
						.max_body = 300000,
						.admit = admit,
						.handle = handle};
	(void)state;
	if (tw_http_server_start(&server, &c, &err) != TW_OK) {
		fprintf(stderr, "%s\n", err.msg);
		return -1;
	}
	port = tw_http_server_port(server);
	return 0;
}

/* With clients that still wait and stream. */
static int stop(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		raw_sends(raw_connect(port),
			  i % 2 ? "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"
				: "GET /stream?forever=1 HTTP/1.1\r\nHost: x\r\n\r\n");
	tw_http_server_stop_listening(server);
	tw_http_server_free(server);
	tw_str_release(&response);
	/* Threads that streamed must have ended: no exchange is held any more. */
	for (int i = 0; i < 500 && (streams != ended_streams || waiters != gone_waiters); i++)
		nap_ms(10);
	return streams == ended_streams && waiters == gone_waiters ? 0 : -1;
}

static int open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void a_request_is_answered_and_the_connection_closed(void **state)
{
	(void)state;
	assert_int_equal(raw_get(port, "/hello%20there", &response), 200);
	assert_string_equal(raw_body(&response), "/hello there");
	assert_contains(tw_str_c(&response), "Connection: close");
}

static void a_second_request_in_the_same_bytes_is_never_read(void **state)
{
	(void)state;
	static const char two[] = "GET /one HTTP/1.1\r\nHost: x\r\n\r\n"
				  "GET /two HTTP/1.1\r\nHost: x\r\n\r\n";
	assert_int_equal(raw_exchange(port, two, sizeof(two) - 1, &response), 200);
	assert_string_equal(raw_body(&response), "/one");
}

static void a_body_comes_whole_in_any_pieces(void **state)
{
	(void)state;
	char *body = malloc(300001);
	for (int i = 0; i < 300000; i++)
		body[i] = (char)('a' + i % 26);
	body[300000] = '\0';
	assert_int_equal(raw_post(port, "/echo", body, &response), 200);
	assert_string_equal(raw_body(&response), body);
	free(body);

	static const char head[] =
		"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
	int fd = raw_connect(port);
	for (size_t i = 0; i + 1 < sizeof(head); i++) {
		raw_send(fd, head + i, 1);
		if (i % 8 == 0)
			nap_ms(2);
	}
	tw_str_clear(&response);
	assert_true(raw_read_all(fd, &response, 5));
	assert_string_equal(raw_body(&response), "hello");
	close(fd);
}

static void the_body_of_a_refused_request_is_not_kept(void **state)
{
	(void)state;
	static const char text[] =
		"POST /echo HTTP/1.1\r\nHost: x\r\nX-Refuse: 1\r\nContent-Length: 5\r\n\r\nhello";
	assert_int_equal(raw_exchange(port, text, sizeof(text) - 1, &response), 200);
	assert_string_equal(raw_body(&response), "");
}

static void bad_heads_get_their_status_and_no_handler(void **state)
{
	(void)state;
	static const struct {
		int status;
		const char *text;
	} cases[] = {
		{400, "GET / HTTP/1.1\nHost: x\n\n"},
		{400, "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"},
		{400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
		      "Content-Length: 2\r\n\r\nab"},
		{400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
		      "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		{411, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		{413, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 300001\r\n\r\n"},
		{400, "GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n"},
		{400, "\x16\x03\x01\x02\x01"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int got = raw_exchange(port, cases[i].text, strlen(cases[i].text), &response);
		if (got != cases[i].status)
			fail_msg("%d instead of %d: %s", got, cases[i].status, cases[i].text);
		assert_contains(raw_body(&response), "\"error\"");
	}
}

static void slow_heads_and_bodies_end_at_their_deadline(void **state)
{
	(void)state;
	double begin = tw_monotonic_s();
	int fd = raw_connect(port);
	tw_str_clear(&response);
	/* A byte now and then must not extend it. */
	for (int i = 0; i < 30 && raw_status(&response) == 0; i++) {
		raw_sends(fd, i == 0 ? "GET / HT" : "x");
		raw_read_until(fd, &response, "\r\n\r\n", 0.1);
	}
	assert_int_equal(raw_status(&response), 408);
	close(fd);
	assert_true(tw_monotonic_s() - begin < 3.5);

	begin = tw_monotonic_s();
	fd = raw_connect(port);
	raw_sends(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n");
	tw_str_clear(&response);
	bool closed = false;
	for (int i = 0; i < 30 && !closed; i++) {
		raw_sends(fd, "y");
		closed = raw_read_all(fd, &response, 0.1);
	}
	close(fd);
	assert_true(closed);
	assert_true(tw_monotonic_s() - begin < 3.5);
}

static void a_stream_comes_whole(void **state)
{
	(void)state;
	assert_int_equal(raw_get(port, "/stream", &response), 200);
	int n = 0;
	for (const char *p = tw_str_c(&response); (p = strstr(p, "data: x")); p++)
		n++;
	assert_int_equal(n, 20);
}

static void clients_that_leave_are_noticed(void **state)
{
	(void)state;
	int before = open_descriptors(), fds[40];
	int waited = gone_waiters;
	for (int i = 0; i < 40; i++) {
		fds[i] = raw_connect(port);
		char text[128];
		snprintf(text, sizeof(text), "GET /%s HTTP/1.1\r\nHost: x\r\n\r\n",
			 i % 2 ? "wait" : "stream?forever=1");
		raw_sends(fds[i], text);
	}
	for (int i = 0; i < 1000 && (streams - ended_streams < 20 || waiters - waited < 20); i++)
		nap_ms(10);
	assert_true(streams - ended_streams >= 20);
	for (int i = 0; i < 40; i++)
		close(fds[i]);
	double begin = tw_monotonic_s();
	while (tw_monotonic_s() - begin < 10 &&
	       (gone_waiters - waited < 20 || streams != ended_streams ||
		open_descriptors() > before))
		nap_ms(10);
	assert_int_equal(gone_waiters - waited, 20);
	assert_int_equal(streams, ended_streams);
	assert_true(open_descriptors() <= before);
}

static void too_many_connections_are_told_so(void **state)
{
	(void)state;
	int fds[64];
	for (int i = 0; i < 64; i++)
		fds[i] = raw_connect(port);
	nap_ms(50);
	assert_int_equal(raw_get(port, "/", &response), 503);
	assert_contains(tw_str_c(&response), "Retry-After");
	for (int i = 0; i < 64; i++)
		close(fds[i]);
	for (int i = 0; i < 500 && raw_get(port, "/", &response) != 200; i++)
		nap_ms(10);
	assert_int_equal(raw_get(port, "/", &response), 200);
}

static void it_stays_responsive_beside_idle_streams(void **state)
{
	(void)state;
	int fds[30];
	for (int i = 0; i < 30; i++) {
		fds[i] = raw_connect(port);
		raw_sends(fds[i], "GET /stream?forever=1 HTTP/1.1\r\nHost: x\r\n\r\n");
	}
	double worst = 0;
	for (int i = 0; i < 100; i++) {
		double t = tw_monotonic_s();
		assert_int_equal(raw_get(port, "/", &response), 200);
		t = tw_monotonic_s() - t;
		worst = t > worst ? t : worst;
	}
	for (int i = 0; i < 30; i++)
		close(fds[i]);
	assert_true(worst < 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_answered_and_the_connection_closed),
		cmocka_unit_test(a_second_request_in_the_same_bytes_is_never_read),
		cmocka_unit_test(a_body_comes_whole_in_any_pieces),
		cmocka_unit_test(the_body_of_a_refused_request_is_not_kept),
		cmocka_unit_test(bad_heads_get_their_status_and_no_handler),
		cmocka_unit_test(slow_heads_and_bodies_end_at_their_deadline),
		cmocka_unit_test(a_stream_comes_whole),
		cmocka_unit_test(clients_that_leave_are_noticed),
		cmocka_unit_test(too_many_connections_are_told_so),
		cmocka_unit_test(it_stays_responsive_beside_idle_streams),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
