#include "base_test.h"
#include "support/arena.h"

#include "base/time.h"

static void is(const char *text, const char *expected)
{
	int64_t ms;

	if (!tw_parse_date(&ms, text))
		fail_msg("\"%s\" was not read as a date", text);
	assert_string_equal(tw_format_time(&arena, ms), expected);
}

static void iso_dates_are_read(void **state)
{
	(void)state;
	is("2026-11-24", "2026-11-24T00:00:00Z");
	is("2026/11/24", "2026-11-24T00:00:00Z");
	is("20261124", "2026-11-24T00:00:00Z");
	is("2026-11-24T09:30", "2026-11-24T09:30:00Z");
	is("2026-11-24T09:30:15Z", "2026-11-24T09:30:15Z");
	is("2026-11-24T09:30:15.250+02:00", "2026-11-24T07:30:15Z");
	is("2026-11-24 09:30:15 -0500", "2026-11-24T14:30:15Z");
	is("2026-11-24 09:30:15 UTC", "2026-11-24T09:30:15Z");
	is("20261124T093015Z", "2026-11-24T09:30:15Z");
	is("2026-11-24T24:00", "2026-11-25T00:00:00Z");
	is("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z");
	is("2024-02-29", "2024-02-29T00:00:00Z");
	is("  2026-11-24\n", "2026-11-24T00:00:00Z");
	is("1960-01-01", "1960-01-01T00:00:00Z");
}

static void dates_of_feeds_and_mail_are_read(void **state)
{
	(void)state;
	is("Tue, 24 Nov 2026 09:30:00 GMT", "2026-11-24T09:30:00Z");
	is("24 Nov 2026 09:30 +0100", "2026-11-24T08:30:00Z");
	is("Tue, 24 Nov 26 09:30:00 EST", "2026-11-24T14:30:00Z");
	is("Mon, 02 Jan 2006 15:04:05 -0700 (MST)", "2006-01-02T22:04:05Z");
	is("24 Nov 99 00:00:00 UT", "1999-11-24T00:00:00Z");
	is("Tuesday, 24-Nov-26 09:30:00 GMT", "2026-11-24T09:30:00Z");
	is("Tue Nov  3 09:30:00 2026", "2026-11-03T09:30:00Z");
	is("Tue Nov 24 09:30:00 2026 +0100", "2026-11-24T08:30:00Z");
}

static void dates_in_words_are_read(void **state)
{
	(void)state;
	is("January 2, 2006", "2006-01-02T00:00:00Z");
	is("Jan. 2nd, 2006", "2006-01-02T00:00:00Z");
	is("2 January 2006", "2006-01-02T00:00:00Z");
	is("the 2nd of January 2006", "2006-01-02T00:00:00Z");
	is("Monday, January 2, 2006 at 3:04 PM", "2006-01-02T15:04:00Z");
	is("Sept 9, 2021 12:05am", "2021-09-09T00:05:00Z");
	is("May 5, 2021 12:05 pm", "2021-05-05T12:05:00Z");
}

static void what_is_no_date_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"yesterday",
		"2026",
		"2026-13-01",
		"2026-02-30",
		"2023-02-29",
		"1900-02-29",
		"2026-11-24x",
		"2026-11-24T25:00",
		"12",
		"Jan 2006",
		"Jan Feb 2 2006",
		"13:99 Jan 2 2006",
		"2026-11-24T09:30:99",
		"1.2.3",
		"32 January 2006",
		"2026-11-24T09:30+99:00",
		"0000-01-01",
		"January 2, 2006 January",
		"chapter 2, 2006 may",
		"2026-1-2-3",
		"an extremely long text that goes on and on and could never be a date of any kind, "
		"January 2, 2006",
	};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (tw_parse_date(&ms, bad[i]))
			fail_msg("\"%s\" was read as a date", bad[i]);
}

static void every_day_of_four_centuries_round_trips(void **state)
{
	(void)state;
	for (int64_t day = -70000; day < 80000; day += 13) {
		int64_t ms = day * 86400000, again;
		char *text = tw_format_date(&arena, ms);

		if (ms == 0)
			continue;
		assert_true(tw_parse_date(&again, text));
		assert_true(again == ms);
		tw_arena_reset(&arena);
	}
}

static void zero_is_unknown(void **state)
{
	(void)state;
	assert_string_equal(tw_format_date(&arena, 0), "");
	assert_string_equal(tw_format_time(&arena, 0), "");
	assert_string_equal(tw_format_ago(&arena, 0), "");
}

static void durations_for_people(void **state)
{
	(void)state;
	assert_string_equal(tw_format_duration(&arena, 0), "0 s");
	assert_string_equal(tw_format_duration(&arena, -1), "0 s");
	assert_string_equal(tw_format_duration(&arena, 0.35), "350 ms");
	assert_string_equal(tw_format_duration(&arena, 4.2), "4.2 s");
	assert_string_equal(tw_format_duration(&arena, 42.4), "42 s");
	assert_string_equal(tw_format_duration(&arena, 185), "3 min 05 s");
	assert_string_equal(tw_format_duration(&arena, 3720), "1 h 02 min");
	assert_string_equal(tw_format_duration(&arena, 183600), "2 d 03 h");
	assert_string_equal(tw_format_duration(&arena, 1e300), "for ever");
}

static void moments_ago_for_people(void **state)
{
	int64_t now = tw_now_ms();

	(void)state;
	assert_string_equal(tw_format_ago(&arena, now + 5000), "just now");
	assert_string_equal(tw_format_ago(&arena, now - 185000), "3 min ago");
	assert_string_equal(tw_format_ago(&arena, now - 7250000), "2 h ago");
	assert_string_equal(tw_format_ago(&arena, now - 86450000), "1 day ago");
	assert_string_equal(tw_format_ago(&arena, 1700000000000), "on 2023-11-14");
}

static void the_monotonic_clock_never_goes_back(void **state)
{
	double last = tw_monotonic_s();

	(void)state;
	for (int i = 0; i < 10000; i++) {
		double t = tw_monotonic_s();

		assert_true(t >= last);
		last = t;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(iso_dates_are_read),
		cmocka_unit_test(dates_of_feeds_and_mail_are_read),
		cmocka_unit_test(dates_in_words_are_read),
		cmocka_unit_test(what_is_no_date_is_refused),
		cmocka_unit_test(every_day_of_four_centuries_round_trips),
		cmocka_unit_test(zero_is_unknown),
		cmocka_unit_test(durations_for_people),
		cmocka_unit_test(moments_ago_for_people),
		cmocka_unit_test(the_monotonic_clock_never_goes_back),
	};

	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
