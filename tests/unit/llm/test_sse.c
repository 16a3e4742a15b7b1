#include "llm_test.h"
#include "support/tiny_gguf.h"

#include "llm/sse_int.h"

static bool take(void *ctx, const char *data, size_t len)
{
	tw_str_add(ctx, data, len);
	tw_str_addc(ctx, '|');
	return strcmp(data, "[DONE]") != 0;
}

/* What comes of a stream that is cut at every place. */
static void assert_events(const char *stream, const char *want)
{
	size_t len = strlen(stream);
	for (size_t cut = 0; cut <= len; cut++) {
		struct tw_str got = TW_STR_INIT;
		struct tw_sse s = {.fn = take, .ctx = &got};
		tw_sse_feed(&s, stream, cut);
		tw_sse_feed(&s, stream + cut, len - cut);
		tw_sse_end(&s);
		assert_string_equal(tw_str_c(&got), want);
		tw_str_release(&got);
	}
}

static void events_are_the_same_however_they_are_cut(void **state)
{
	(void)state;
	assert_events("data: one\n\ndata: two\n\n", "one|two|");
	assert_events("data: one\r\n\r\ndata: two\r\n\r\n", "one|two|");
	assert_events("data: one\r\rdata: two\r\r", "one|two|");
}

static void comments_and_other_fields_are_passed_over(void **state)
{
	(void)state;
	assert_events(": ping\n\nevent: x\nid: 3\nretry: 10\ndata:a\n\n:\n\n", "a|");
	assert_events("dataset: no\n\n", "");
}

static void several_data_lines_make_one_event(void **state)
{
	(void)state;
	assert_events("data: a\ndata:  b\ndata\ndata:c\n\n", "a\n b\n\nc|");
}

static void the_last_event_needs_no_empty_line(void **state)
{
	(void)state;
	assert_events("data: a\n\ndata: b", "a|b|");
	assert_events("data: a\n\ndata: b\n", "a|b|");
}

static void nothing_is_read_behind_the_end(void **state)
{
	(void)state;
	assert_events("data: a\n\ndata: [DONE]\n\ndata: b\n\n", "a|[DONE]|");
}

static void an_endless_line_ends_the_stream(void **state)
{
	struct tw_str got = TW_STR_INIT;
	struct tw_sse s = {.fn = take, .ctx = &got};
	char block[4096];
	bool more = true;
	(void)state;
	memset(block, 'x', sizeof(block));
	for (int i = 0; i < 4000 && more; i++)
		more = tw_sse_feed(&s, block, sizeof(block));
	assert_false(more);
	assert_true(s.too_long);
	tw_sse_end(&s);
	tw_str_release(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_are_the_same_however_they_are_cut),
		cmocka_unit_test(comments_and_other_fields_are_passed_over),
		cmocka_unit_test(several_data_lines_make_one_event),
		cmocka_unit_test(the_last_event_needs_no_empty_line),
		cmocka_unit_test(nothing_is_read_behind_the_end),
		cmocka_unit_test(an_endless_line_ends_the_stream),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
