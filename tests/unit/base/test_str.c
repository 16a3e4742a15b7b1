#include "base_test.h"

#include "base/str.h"

static void a_string_grows_and_stays_terminated(void **state)
{
	struct tw_str s = TW_STR_INIT;

	(void)state;
	assert_string_equal(tw_str_c(&s), "");
	for (int i = 0; i < 5000; i++)
		tw_str_addf(&s, "%d,", i);
	assert_int_equal(strlen(s.data), s.len);
	assert_memory_equal(s.data, "0,1,2,", 6);
	tw_str_clear(&s);
	assert_string_equal(s.data, "");
	tw_str_release(&s);
	assert_null(s.data);
}

static void nul_bytes_are_kept(void **state)
{
	struct tw_str s = TW_STR_INIT;

	(void)state;
	tw_str_add(&s, "a\0b", 3);
	tw_str_addc(&s, 'c');
	assert_int_equal(s.len, 4);
	assert_memory_equal(s.data, "a\0bc", 5);
	tw_str_release(&s);
}

static void a_format_longer_than_the_room_is_whole(void **state)
{
	struct tw_str s = TW_STR_INIT;

	(void)state;
	tw_str_addf(&s, "<%063d>", 1);
	tw_str_addf(&s, "<%010000d>", 2);
	assert_int_equal(s.len, 65 + 10002);
	assert_int_equal(s.data[s.len - 1], '>');
	tw_str_release(&s);
}

static void trimming_takes_ascii_space_from_both_ends(void **state)
{
	static const char *const cases[][2] = {
		{" a b\n", "a b"}, {"", ""}, {" \t\r\n", ""}, {"x", "x"}, {"x ", "x"}};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct tw_str s = TW_STR_INIT;

		tw_str_adds(&s, cases[i][0]);
		tw_str_trim(&s);
		assert_string_equal(s.data, cases[i][1]);
		tw_str_release(&s);
	}
}

static void a_detached_string_is_the_callers(void **state)
{
	struct tw_str s = TW_STR_INIT;
	char *p;

	(void)state;
	tw_str_adds(&s, "abc");
	p = tw_str_detach(&s);
	assert_string_equal(p, "abc");
	assert_int_equal(s.len, 0);
	free(p);
	p = tw_str_detach(&s);
	assert_string_equal(p, "");
	free(p);
}

static void prefixes_suffixes_and_nulls(void **state)
{
	(void)state;
	assert_true(tw_starts_with("abc", "ab") && tw_starts_with("abc", ""));
	assert_false(tw_starts_with("a", "ab"));
	assert_true(tw_ends_with("a.md", ".md") && !tw_ends_with("d", ".md"));
	assert_true(tw_ends_with_nocase("A.MD", ".md") && !tw_ends_with_nocase("A.MDX", ".md"));
	assert_true(tw_streq(NULL, NULL) && tw_streq("a", "a"));
	assert_false(tw_streq(NULL, "") || tw_streq("", NULL) || tw_streq("a", "b"));
}

static void whole_numbers_only(void **state)
{
	static const char *const bad[] = {
		"", "x", "1x", "1 ", " 1", "1.5", "0x1", "--1", "9223372036854775808", "-"};
	struct tw_err err = TW_ERR_INIT;
	int64_t v;

	(void)state;
	assert_ok(tw_parse_i64(&v, "-42", &err), &err);
	assert_int_equal(v, -42);
	assert_ok(tw_parse_i64(&v, "9223372036854775807", &err), &err);
	assert_true(v == INT64_MAX);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(tw_parse_i64(&v, bad[i], NULL), TW_BAD_DATA);
}

static void decimal_numbers_only(void **state)
{
	static const char *const bad[] = {"",	  "x",	   "1x",   "nan", "inf",
					  "0x10", "1e999", "1.5.", "1e",  "infinity"};
	struct tw_err err = TW_ERR_INIT;
	double v;

	(void)state;
	assert_ok(tw_parse_f64(&v, "-1.5e-3", &err), &err);
	assert_true(v == -1.5e-3);
	assert_ok(tw_parse_f64(&v, "7", &err), &err);
	assert_true(v == 7);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(tw_parse_f64(&v, bad[i], NULL), TW_BAD_DATA);
}

static void sizes_for_people(void **state)
{
	struct tw_arena a;

	(void)state;
	tw_arena_init(&a);
	assert_string_equal(tw_human_size(&a, 0), "0 B");
	assert_string_equal(tw_human_size(&a, 999), "999 B");
	assert_string_equal(tw_human_size(&a, 1000), "1.0 kB");
	assert_string_equal(tw_human_size(&a, 345000), "345 kB");
	assert_string_equal(tw_human_size(&a, 999999), "1.0 MB");
	assert_string_equal(tw_human_size(&a, 1200000000), "1.2 GB");
	tw_arena_release(&a);
}

static void a_typing_error_finds_its_word(void **state)
{
	static const char *const names[] = {"collect", "features", "dataset", "train",
					    "eval",    "promote",  NULL};

	(void)state;
	assert_string_equal(tw_nearest("colect", names), "collect");
	assert_string_equal(tw_nearest("Train", names), "train");
	assert_string_equal(tw_nearest("promtoe", names), "promote");
	assert_null(tw_nearest("zebra", names));
	assert_null(
		tw_nearest("an-extremely-long-word-that-nobody-would-ever-type-in-a-command-line-of"
			   "-ours",
			   names));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_string_grows_and_stays_terminated),
		cmocka_unit_test(nul_bytes_are_kept),
		cmocka_unit_test(a_format_longer_than_the_room_is_whole),
		cmocka_unit_test(trimming_takes_ascii_space_from_both_ends),
		cmocka_unit_test(a_detached_string_is_the_callers),
		cmocka_unit_test(prefixes_suffixes_and_nulls),
		cmocka_unit_test(whole_numbers_only),
		cmocka_unit_test(decimal_numbers_only),
		cmocka_unit_test(sizes_for_people),
		cmocka_unit_test(a_typing_error_finds_its_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
