#include "base_test.h"
#include "support/arena.h"

#include "base/text.h"

/* Unicode, table 3-8, and the usual ways to smuggle characters. */
static void bad_utf8_is_replaced_by_maximal_subparts(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"plain", "plain"},
		{"h\xc3\xa9", "h\xc3\xa9"},
		{"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
		{"\xff", "\xef\xbf\xbd"},
		{"a\x80"
		 "b",
		 "a\xef\xbf\xbd"
		 "b"},
		{"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xe0\x80\xaf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xf4\x91\x92\x93", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xe1\x80\xe2\xf0\x91\x92\xf1\xbf"
		 "A",
		 "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
		 "A"},
		{"\xe2\x82", "\xef\xbf\xbd"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tw_str s = TW_STR_INIT;
		bool same = strcmp(cases[i].in, cases[i].out) == 0;

		assert_int_equal(tw_utf8_repair(&s, cases[i].in, strlen(cases[i].in)), same);
		assert_string_equal(tw_str_c(&s), cases[i].out);
		assert_int_equal(tw_utf8_valid(cases[i].in, strlen(cases[i].in)), same);
		assert_true(tw_utf8_valid(tw_str_c(&s), s.len));
		tw_str_release(&s);
	}
}

static void every_code_point_is_valid_and_no_other(void **state)
{
	(void)state;
	for (unsigned cp = 0x80; cp < 0x120000; cp++) {
		char b[4];
		size_t n;

		if (cp < 0x800) {
			n = 2;
			b[0] = (char)(0xc0 | cp >> 6);
		} else if (cp < 0x10000) {
			n = 3;
			b[0] = (char)(0xe0 | cp >> 12);
			b[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		} else {
			n = 4;
			b[0] = (char)(0xf0 | cp >> 18);
			b[1] = (char)(0x80 | (cp >> 12 & 0x3f));
			b[2] = (char)(0x80 | (cp >> 6 & 0x3f));
		}
		b[n - 1] = (char)(0x80 | (cp & 0x3f));
		assert_int_equal(tw_utf8_valid(b, n),
				 cp <= 0x10ffff && (cp < 0xd800 || cp > 0xdfff));
	}
}

static void a_cut_never_splits_a_code_point(void **state)
{
	const char *s = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
	static const size_t floors[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11};

	(void)state;
	for (size_t n = 0; n <= 11; n++)
		assert_int_equal(tw_utf8_floor(s, n), floors[n]);
	assert_int_equal(tw_utf8_count(s, strlen(s)), 5);
	static const size_t prefixes[] = {0, 1, 3, 6, 10, 11, 11};
	for (size_t n = 0; n < 7; n++)
		assert_int_equal(tw_utf8_prefix(s, strlen(s), n), prefixes[n]);
}

static void composition_is_canonical(void **state)
{
	struct tw_str s = TW_STR_INIT;

	(void)state;
	tw_text_nfc(&s, "ASCII ", 6);
	tw_text_nfc(&s, "e\xcc\x81", 3);		/* e + acute */
	tw_text_nfc(&s, "\xe2\x84\xab", 3);		/* angstrom sign */
	tw_text_nfc(&s, "\xe1\x84\x80\xe1\x85\xa1", 6); /* Hangul jamo */
	tw_text_nfc(&s, "\xef\xac\x81", 3);		/* the fi ligature stays */
	assert_string_equal(s.data, "ASCII \xc3\xa9\xc3\x85\xea\xb0\x80\xef\xac\x81");
	tw_str_clear(&s);
	tw_text_nfc(&s, "", 0);
	tw_text_nfc(&s, "x\xff", 2);
	assert_string_equal(s.data, "x\xef\xbf\xbd");
	tw_str_release(&s);
}

static void text_that_grows_when_composed_is_whole(void **state)
{
	struct tw_str in = TW_STR_INIT, out = TW_STR_INIT;

	(void)state;
	/* U+1D160 becomes three code points in NFC. */
	for (int i = 0; i < 1000; i++)
		tw_str_adds(&in, "\xf0\x9d\x85\xa0");
	tw_text_nfc(&out, in.data, in.len);
	assert_int_equal(tw_utf8_count(out.data, out.len), 3000);
	tw_str_release(&in);
	tw_str_release(&out);
}

static void folding_is_full_and_free_of_locale(void **state)
{
	struct tw_str s = TW_STR_INIT;

	(void)state;
	tw_text_fold(&s, "TITLE ", 6);
	tw_text_fold(&s,
		     "STRA\xc3\x9f"
		     "E",
		     7);
	tw_text_fold(&s, " \xce\xa3\xc3\x89", 5);
	assert_string_equal(s.data, "title strasse \xcf\x83\xc3\xa9");
	tw_str_release(&s);
}

static void sentences_cover_the_text(void **state)
{
	const char *text =
		"One thing.  Two, e.g. this? \xe4\xbd\xa0\xe5\xa5\xbd\xe3\x80\x82 Three!\nLast line";
	struct tw_spans v = tw_text_sentences(text, strlen(text), &arena);
	size_t at = 0;

	(void)state;
	assert_int_equal(v.n, 5);
	for (size_t i = 0; i < v.n; i++) {
		assert_int_equal(v.at[i].start, at);
		assert_true(v.at[i].end > at);
		at = v.at[i].end;
	}
	assert_int_equal(at, strlen(text));
	assert_memory_equal(text, "One thing.  ", v.at[0].end);
	assert_int_equal(tw_text_sentences("", 0, &arena).n, 0);
}

static void words_have_a_letter_or_a_digit(void **state)
{
	const char *text = "Don't panic -- it's 3.5 caf\xc3\xa9s!";
	static const char *const words[] = {"Don't", "panic", "it's", "3.5", "caf\xc3\xa9s"};
	struct tw_spans v = tw_text_words(text, strlen(text), &arena);

	(void)state;
	assert_int_equal(v.n, 5);
	for (size_t i = 0; i < v.n; i++) {
		assert_int_equal(v.at[i].end - v.at[i].start, strlen(words[i]));
		assert_memory_equal(text + v.at[i].start, words[i], strlen(words[i]));
	}
}

static void bad_bytes_never_move_the_offsets(void **state)
{
	const char *text = "ab \xff\xfe cd";
	struct tw_spans v = tw_text_words(text, strlen(text), &arena);

	(void)state;
	assert_int_equal(v.n, 2);
	assert_int_equal(v.at[1].start, 6);
	assert_int_equal(v.at[1].end, 8);
}

static void charsets_are_decoded(void **state)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_str s = TW_STR_INIT;

	(void)state;
	assert_ok(tw_text_decode(&s, "\x93q\x94 \xe9", 5, "windows-1252", &err), &err);
	assert_string_equal(s.data, "\xe2\x80\x9cq\xe2\x80\x9d \xc3\xa9");
	tw_str_clear(&s);
	/* What calls itself Latin-1 is windows-1252, as in browsers. */
	assert_ok(tw_text_decode(&s, "\x93", 1, "ISO-8859-1", &err), &err);
	assert_string_equal(s.data, "\xe2\x80\x9c");
	tw_str_clear(&s);
	assert_ok(tw_text_decode(&s, "\x82\xa0", 2, "shift_jis", &err), &err);
	assert_string_equal(s.data, "\xe3\x81\x82");
	tw_str_clear(&s);
	assert_ok(tw_text_decode(&s,
				 "\xff\xfe"
				 "a\0",
				 4, "utf-16", &err),
		  &err);
	assert_string_equal(s.data, "a");
	tw_str_clear(&s);
	assert_ok(tw_text_decode(&s, "a\xff", 2, "utf-8", &err), &err);
	assert_string_equal(s.data, "a\xef\xbf\xbd");
	tw_str_clear(&s);
	assert_ok(tw_text_decode(&s, "", 0, "koi8-r", &err), &err);
	assert_int_equal(tw_text_decode(&s, "a", 1, "no-such-set", &err), TW_UNSUPPORTED);
	assert_contains(err.msg, "no-such-set");
	assert_int_equal(tw_text_decode(&s, "a", 1, "", NULL), TW_UNSUPPORTED);
	tw_str_release(&s);
}

static void a_charset_that_is_not_named_is_guessed(void **state)
{
	const char *french = "Les \xe9l\xe8ves ont \xe9t\xe9 re\xe7us \xe0 l'\xe9"
			     "cole o\xf9 ils "
			     "avaient \xe9tudi\xe9 la litt\xe9rature fran\xe7"
			     "aise.";

	(void)state;
	assert_string_equal(tw_text_detect_charset("caf\xc3\xa9", 5, &arena), "utf-8");
	assert_string_equal(tw_text_detect_charset(french, strlen(french), &arena), "windows-1252");
	assert_non_null(tw_text_detect_charset("\xff", 1, &arena));
}

static void no_control_character_passes_but_those_that_are_named(void **state)
{
	static const char in[] = "a\033[31mb\ac\177d\xc2\x9b"
				 "1me\nf\tg \xc2\xa0h\xc3\xa9";
	struct tw_str s = TW_STR_INIT;

	(void)state;
	tw_text_plain(&s, in, sizeof(in) - 1, "\n\t");
	assert_string_equal(tw_str_c(&s), "a [31mb c d 1me\nf\tg \xc2\xa0h\xc3\xa9");
	tw_str_clear(&s);
	tw_text_plain(&s, "a\nb\0c", 5, "");
	assert_memory_equal(tw_str_c(&s), "a b c", 6);
	tw_str_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_utf8_is_replaced_by_maximal_subparts),
		cmocka_unit_test(every_code_point_is_valid_and_no_other),
		cmocka_unit_test(a_cut_never_splits_a_code_point),
		cmocka_unit_test(composition_is_canonical),
		cmocka_unit_test(text_that_grows_when_composed_is_whole),
		cmocka_unit_test(folding_is_full_and_free_of_locale),
		cmocka_unit_test(sentences_cover_the_text),
		cmocka_unit_test(words_have_a_letter_or_a_digit),
		cmocka_unit_test(bad_bytes_never_move_the_offsets),
		cmocka_unit_test(charsets_are_decoded),
		cmocka_unit_test(no_control_character_passes_but_those_that_are_named),
		cmocka_unit_test(a_charset_that_is_not_named_is_guessed),
	};

	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
