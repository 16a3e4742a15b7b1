/* What was heard and what the author answered. */
#include "collect_test.h"
#include "support/arena.h"

#include "collect/export/exchange_int.h"
#include "collect/export/export_int.h"

#define MINUTE 60000LL
#define DAY    (24 * 60 * MINUTE)
#define NOON   (1700000000000LL)

static struct exchanges e;

static int fresh(void **state)
{
	e = (struct exchanges){0};
	return arena_setup(state);
}

static int done(void **state)
{
	exchanges_release(&e);
	return arena_teardown(state);
}

static void takes(const char *want)
{
	const char *json = exchanges_take(&e, &arena);
	if (want)
		assert_non_null(json);
	else
		assert_null(json);
	if (want)
		assert_string_equal(json, want);
}

static void messages_of_one_side_in_a_row_are_one(void **state)
{
	(void)state;
	exchange_heard(&e, "\nAre you there?\n", NOON);
	exchange_heard(&e, "It rains.", NOON + MINUTE);
	exchange_said(&e, "Yes.", NOON + 2 * MINUTE);
	exchange_said(&e, "\nBring the boat in.\n\n", NOON + 3 * MINUTE);
	exchange_heard(&e, "Done", NOON + 4 * MINUTE);
	exchange_said(&e, "Good", NOON + 5 * MINUTE);
	takes("[{\"context\":\"Are you there?\\n\\nIt rains.\",\"reply\":\"Yes.\\n\\nBring the "
	      "boat in.\"},"
	      "{\"context\":\"Done\",\"reply\":\"Good\"}]");
	takes(NULL);
}

static void what_nobody_asked_or_answered_is_none(void **state)
{
	(void)state;
	exchange_said(&e, "Hello", NOON);
	exchange_heard(&e, "", NOON);
	exchange_heard(&e, NULL, NOON);
	exchange_said(&e, "Anybody?", NOON);
	exchange_heard(&e, "I am", NOON);
	takes(NULL);
	exchange_said(&e, " \n", NOON);
	takes(NULL);
	/* The reply may belong to the next document. */
	exchange_said(&e, "So am I", NOON + MINUTE);
	takes("[{\"context\":\"I am\",\"reply\":\"So am I\"}]");
	exchange_said(&e, "Still", NOON + 2 * MINUTE);
	takes(NULL);
}

static void a_break_or_a_long_pause_ends_it(void **state)
{
	(void)state;
	exchange_heard(&e, "One?", NOON);
	exchange_break(&e);
	exchange_said(&e, "Two.", NOON);
	takes(NULL);
	exchange_heard(&e, "Three?", NOON);
	exchange_said(&e, "Four, days later.", NOON + 2 * DAY);
	takes(NULL);
	exchange_heard(&e, "Old.", NOON);
	exchange_heard(&e, "New?", NOON + 2 * DAY);
	exchange_said(&e, "Yes.", NOON + 2 * DAY + MINUTE);
	exchange_said(&e, "By the way, hours later.", NOON + 2 * DAY + 200 * MINUTE);
	takes("[{\"context\":\"New?\",\"reply\":\"Yes.\"}]");
	exchange_heard(&e, "When?", 0);
	exchange_said(&e, "No date.", NOON);
	takes("[{\"context\":\"When?\",\"reply\":\"No date.\"}]");
}

static void the_newest_of_what_was_heard_stays(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++)
		exchange_heard(&e, tw_sprintf(&arena, "m%d", i), NOON);
	exchange_said(&e, "ok", NOON);
	takes("[{\"context\":\"m12\\n\\nm13\\n\\nm14\\n\\nm15\\n\\nm16\\n\\nm17\\n\\nm18\\n\\nm19\","
	      "\"reply\":\"ok\"}]");
	exchange_heard(&e, "short", NOON);
	exchange_heard(&e, tw_sprintf(&arena, "%0*d", EXCHANGE_HEARD - 4, 7), NOON);
	exchange_said(&e, "ok", NOON);
	takes(tw_sprintf(&arena, "[{\"context\":\"%0*d\",\"reply\":\"ok\"}]", EXCHANGE_HEARD - 4,
			 7));
}

static void a_long_turn_is_cut_between_paragraphs(void **state)
{
	(void)state;
	exchange_heard(&e, "before", NOON);
	exchange_heard(&e, tw_sprintf(&arena, "%0*d\n\nLast one?", EXCHANGE_HEARD, 1), NOON);
	exchange_said(&e, "Yes", NOON);
	takes("[{\"context\":\"Last one?\",\"reply\":\"Yes\"}]");
	/* Nothing of it can stay whole: what was answered is not known. */
	exchange_heard(&e, "before", NOON);
	exchange_heard(&e, tw_sprintf(&arena, "%0*d", EXCHANGE_HEARD + 1, 1), NOON);
	exchange_said(&e, "Yes", NOON);
	takes(NULL);
}

static void a_reply_that_is_too_long_is_none(void **state)
{
	(void)state;
	exchange_heard(&e, "Send it", NOON);
	exchange_said(&e, "Here:", NOON);
	exchange_said(&e, tw_sprintf(&arena, "%0*d", EXCHANGE_SAID, 1), NOON);
	exchange_said(&e, "That was it.", NOON);
	exchange_heard(&e, "Thanks", NOON);
	exchange_said(&e, "You're welcome", NOON);
	takes("[{\"context\":\"Thanks\",\"reply\":\"You're welcome\"}]");
	exchange_heard(&e, "Send it", NOON);
	exchange_said(&e, tw_sprintf(&arena, "%0*d", EXCHANGE_SAID + 1, 1), NOON);
	exchange_said(&e, "That was it.", NOON);
	takes(NULL);
}

static void a_document_has_a_bounded_number(void **state)
{
	(void)state;
	struct tw_json *v;
	for (int i = 0; i < EXCHANGES_MOST + 100; i++) {
		exchange_heard(&e, "ping", NOON);
		exchange_said(&e, "pong", NOON);
	}
	const char *json = exchanges_take(&e, &arena);
	assert_int_equal(tw_json_parse(&v, json, strlen(json), &arena, NULL), TW_OK);
	assert_int_equal(v->n, EXCHANGES_MOST);
	for (int i = 0; i < 200; i++) {
		exchange_heard(&e, tw_sprintf(&arena, "%03000d", i), NOON);
		exchange_said(&e, "pong", NOON);
	}
	json = exchanges_take(&e, &arena);
	assert_in_range(strlen(json), EXCHANGES_BYTES / 2, EXCHANGES_BYTES + 100);
}

static void they_stand_beside_tags(void **state)
{
	(void)state;
	struct export_tags t = {0};
	export_add_tag(&t, "boats");
	exchange_heard(&e, "\"a\" \xff", NOON);
	exchange_said(&e, "b\\", NOON);
	t.exchanges = exchanges_take(&e, &arena);
	assert_string_equal(
		export_extra(&t, "sum", "x", &arena),
		"{\"tags\":[\"boats\"],\"summary\":\"sum\",\"in_reply_to\":\"x\",\"exchanges\":["
		"{\"context\":\"\\\"a\\\" \xef\xbf\xbd\",\"reply\":\"b\\\\\"}]}");
	assert_null(export_tags(&(struct export_tags){0}, &arena));
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, fresh, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(messages_of_one_side_in_a_row_are_one),
		TEST(what_nobody_asked_or_answered_is_none),
		TEST(a_break_or_a_long_pause_ends_it),
		TEST(the_newest_of_what_was_heard_stays),
		TEST(a_long_turn_is_cut_between_paragraphs),
		TEST(a_reply_that_is_too_long_is_none),
		TEST(a_document_has_a_bounded_number),
		TEST(they_stand_beside_tags),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
