#include "test.h"

#include "serve/head.h"

static int judge(const char *text, size_t len)
{
	struct tw_head h;
	int status = tw_head_check(&h, text, len, 1000);
	if (status == 200)
		assert_int_equal(h.len, len);
	else if (status)
		assert_non_null(h.why);
	return status;
}

#define JUDGE(text) judge(text, sizeof(text) - 1)

static void good_heads_pass(void **state)
{
	(void)state;
	assert_int_equal(JUDGE("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200);
	assert_int_equal(JUDGE("GET /api/search?q=%C3%A9&k=5 HTTP/1.0\r\nhost:x\r\n\r\n"), 200);
	assert_int_equal(JUDGE("POST /v1/x HTTP/1.1\r\nHost: a\r\nContent-Length:  1000 \r\n"
			       "Expect: 100-continue\r\nX-Empty:\r\nX-Latin: \xe9\t\r\n\r\n"),
			 200);
}

static void every_prefix_of_a_good_head_waits(void **state)
{
	(void)state;
	static const char text[] =
		"POST /v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\nX: y\r\n\r\n";
	for (size_t i = 0; i + 1 < sizeof(text); i++) {
		struct tw_head h;
		char *copy = malloc(i ? i : 1); /* so that a sanitizer sees a read too far */
		memcpy(copy, text, i);
		assert_int_equal(tw_head_check(&h, copy, i, 1000), i == sizeof(text) - 1 ? 200 : 0);
		free(copy);
	}
}

static void hostile_heads_are_refused(void **state)
{
	(void)state;
	static const struct {
		int status;
		const char *text;
	} cases[] = {
		{400, "GET / HTTP/1.1\nHost: x\n\n"},
		{400, "GET / HTTP/1.1\r\nHost: x\n\r\n"},
		{400, "GET / HTTP/1.1\r\nHost: x\rY: z\r\n\r\n"},
		{400, "GET / HTTP/1.1\r\n\r\n"},
		{400, "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"},
		{400, "GET / HTTP/1.1\r\nHost : x\r\n\r\n"},
		{400, "GET / HTTP/1.1\r\nHost: x\r\n: empty\r\n\r\n"},
		{400, "GET / HTTP/1.1\r\nHost: x\r\nNo colon\r\n\r\n"},
		{400, "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n folded\r\n\r\n"},
		{400, "GET / HTTP/1.1\r\nHost: x\r\nA: b\x01\r\n\r\n"},
		{400,
		 "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"},
		{400, "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\n"},
		{400, "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\n"},
		{400, "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x10\r\n\r\n"},
		{400, "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n"},
		{400, "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
		      "Transfer-Encoding: chunked\r\n\r\n"},
		{411, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"},
		{413, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n"},
		{417, "POST / HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n"},
		{400, "GET http://evil/ HTTP/1.1\r\nHost: x\r\n\r\n"},
		{400, "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n"},
		{400, "GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n"},
		{400, "GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n"},
		{400, "GET / HTTP/2.0\r\nHost: x\r\n\r\n"},
		{400, "GET /\r\nHost: x\r\n\r\n"},
		{400, "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"},
		{400, "G\x7fT / HTTP/1.1\r\nHost: x\r\n\r\n"},
		{400, "METHODWAYTOOLONGFORUS / HTTP/1.1\r\nHost: x\r\n\r\n"},
		{400, "\x16\x03\x01\x02\x00\x01\n"}, /* TLS */
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int got = judge(cases[i].text, strlen(cases[i].text));
		if (got != cases[i].status)
			fail_msg("%d instead of %d: %s", got, cases[i].status, cases[i].text);
	}
	assert_int_equal(JUDGE("GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n"), 400);
	assert_int_equal(JUDGE("GET / HTTP/1.1\r\nHo\0st: x\r\n\r\n"), 400);
}

static void sizes_are_bounded(void **state)
{
	(void)state;
	static char big[2 * TW_HEAD_MAX];
	int n = snprintf(big, sizeof(big), "GET / HTTP/1.1\r\nHost: x\r\nA: ");
	memset(big + n, 'a', sizeof(big) - (size_t)n);
	assert_int_equal(judge(big, TW_HEAD_MAX), 431);
	assert_int_equal(judge(big, TW_HEAD_MAX - 1), 0);
	n = snprintf(big, sizeof(big), "GET /");
	memset(big + n, 'a', TW_HEAD_TARGET_MAX);
	n += TW_HEAD_TARGET_MAX;
	n += snprintf(big + n, 64, " HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(judge(big, (size_t)n), 414);
	n = snprintf(big, sizeof(big), "GET / HTTP/1.1\r\nHost: x\r\n");
	for (int i = 0; i < TW_HEAD_FIELDS_MAX; i++)
		n += snprintf(big + n, 16, "A%d: b\r\n", i);
	n += snprintf(big + n, 16, "\r\n");
	assert_int_equal(judge(big, (size_t)n), 431);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_heads_pass),
		cmocka_unit_test(every_prefix_of_a_good_head_waits),
		cmocka_unit_test(hostile_heads_are_refused),
		cmocka_unit_test(sizes_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
