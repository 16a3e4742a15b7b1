#include "base_test.h"
#include "support/arena.h"

#include <math.h>

#include "base/json.h"

static struct tw_json *parse(const char *text)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_json *v;

	assert_ok(tw_json_parse(&v, text, strlen(text), &arena, &err), &err);
	return v;
}

static void every_type_is_read(void **state)
{
	struct tw_json *v = parse("{\"n\":null,\"b\":true,\"i\":-7,\"r\":1.5e3,"
				  "\"s\":\"h\\u00e9\\n\",\"a\":[1,[],{}],\"o\":{\"k\":1}}");

	(void)state;
	assert_int_equal(v->type, TW_JSON_OBJECT);
	assert_int_equal(v->n, 7);
	assert_int_equal(tw_json_get(v, "n")->type, TW_JSON_NULL);
	assert_true(tw_json_bool(tw_json_get(v, "b"), false));
	assert_int_equal(tw_json_int(tw_json_get(v, "i"), 0), -7);
	assert_true(tw_json_real(tw_json_get(v, "i"), 0) == -7);
	assert_true(tw_json_real(tw_json_get(v, "r"), 0) == 1500);
	assert_string_equal(tw_json_str(tw_json_get(v, "s"), ""), "h\xc3\xa9\n");
	assert_int_equal(tw_json_get(v, "a")->n, 3);
	assert_int_equal(tw_json_get(tw_json_get(v, "o"), "k")->i, 1);
}

static void members_keep_their_order(void **state)
{
	const char *keys = "zaq";
	struct tw_json *v = parse("{\"z\":1,\"a\":2,\"q\":3}"), *c;

	(void)state;
	for (c = v->child; c; c = c->next)
		assert_int_equal(c->key[0], *keys++);
}

static void absent_and_other_types_give_the_default(void **state)
{
	struct tw_json *v = parse("{\"s\":\"x\",\"i\":1}");

	(void)state;
	assert_null(tw_json_get(NULL, "x"));
	assert_null(tw_json_get(v, "x"));
	assert_null(tw_json_get(tw_json_get(v, "s"), "x"));
	assert_string_equal(tw_json_str(tw_json_get(v, "i"), "d"), "d");
	assert_int_equal(tw_json_int(tw_json_get(v, "s"), 5), 5);
	assert_true(tw_json_real(NULL, 2.5) == 2.5);
	assert_true(tw_json_bool(tw_json_get(v, "i"), true));
}

static void what_is_not_json_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} bad[] = {
		{"", 0},
		{"{", 1},
		{"[1,]", 4},
		{"{\"a\":1,\"a\":2}", 13},
		{"[1] x", 5},
		{"[01]", 4},
		{"[NaN]", 5},
		{"['a']", 5},
		{"[\"\xff\"]", 5},
		{"[\"\xed\xa0\x80\"]", 7},
		{"[\"\\ud800\"]", 10},
		{"[\"a\nb\"]", 7},
		{"[\"\\u0000\"]", 10},
		{"[1e999]", 7},
		{"[99999999999999999999]", 22},
		{"/**/[]", 6},
		{"[]\0", 3},
	};
	struct tw_json *v;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct tw_err err = TW_ERR_INIT;

		if (tw_json_parse(&v, bad[i].text, bad[i].len, &arena, &err) != TW_BAD_DATA)
			fail_msg("case %zu was taken", i);
		assert_null(v);
		assert_contains(err.msg, "JSON, line 1");
	}
}

static void nesting_is_limited(void **state)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_err err = TW_ERR_INIT;
	struct tw_json *v;

	(void)state;
	for (int i = 0; i < TW_JSON_MAX_DEPTH; i++)
		tw_str_addc(&s, '[');
	for (int i = 0; i < TW_JSON_MAX_DEPTH; i++)
		tw_str_addc(&s, ']');
	assert_ok(tw_json_parse(&v, s.data, s.len, &arena, &err), &err);
	tw_str_clear(&s);
	for (int i = 0; i < TW_JSON_MAX_DEPTH + 1; i++)
		tw_str_addc(&s, '[');
	for (int i = 0; i < TW_JSON_MAX_DEPTH + 1; i++)
		tw_str_addc(&s, ']');
	assert_int_equal(tw_json_parse(&v, s.data, s.len, &arena, &err), TW_BAD_DATA);
	assert_contains(err.msg, "deeper than 64");
	tw_str_clear(&s);
	for (int i = 0; i < 1000000; i++)
		tw_str_adds(&s, "[{\"a\":");
	assert_int_equal(tw_json_parse(&v, s.data, s.len, &arena, NULL), TW_BAD_DATA);
	tw_str_release(&s);
}

static void what_is_written_reads_back(void **state)
{
	struct tw_str s = TW_STR_INIT, again = TW_STR_INIT;
	struct tw_json_writer w;

	(void)state;
	tw_jw_init(&w, &s);
	tw_jw_object(&w, NULL);
	tw_jw_str(&w, "text", "a\"b\\c\n\t\x01 h\xc3\xa9");
	tw_jw_str(&w, "none", NULL);
	tw_jw_strn(&w, "part", "abc", 2);
	tw_jw_int(&w, "least", INT64_MIN);
	tw_jw_real(&w, "tenth", 0.1);
	tw_jw_real(&w, "one", 1);
	tw_jw_real(&w, "nan", NAN);
	tw_jw_real(&w, "inf", INFINITY);
	tw_jw_bool(&w, "yes", true);
	tw_jw_raw(&w, "raw", "[1,2]");
	tw_jw_array(&w, "list");
	tw_jw_int(&w, NULL, 1);
	tw_jw_object(&w, NULL);
	tw_jw_end(&w);
	tw_jw_array(&w, NULL);
	tw_jw_end(&w);
	tw_jw_end(&w);
	tw_jw_end(&w);
	assert_string_equal(s.data,
			    "{\"text\":\"a\\\"b\\\\c\\n\\t\\u0001 h\xc3\xa9\",\"none\":null,"
			    "\"part\":\"ab\",\"least\":-9223372036854775808,\"tenth\":0.1,"
			    "\"one\":1.0,\"nan\":null,\"inf\":null,\"yes\":true,\"raw\":[1,2],"
			    "\"list\":[1,{},[]]}");
	tw_jw_init(&w, &again);
	tw_jw_value(&w, NULL, parse(s.data));
	assert_string_equal(again.data, s.data);
	tw_str_release(&s);
	tw_str_release(&again);
}

static void numbers_read_back_exactly(void **state)
{
	static const double cases[] = {
		0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, -0.0, 123456789.123456789, 1e21, 100};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tw_str s = TW_STR_INIT;
		struct tw_json_writer w;
		struct tw_json *v;

		tw_jw_init(&w, &s);
		tw_jw_real(&w, NULL, cases[i]);
		v = parse(s.data);
		assert_int_equal(v->type, TW_JSON_REAL);
		assert_true(v->r == cases[i]);
		tw_str_release(&s);
	}
}

static void bad_utf8_is_written_as_replacement(void **state)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;

	(void)state;
	tw_jw_init(&w, &s);
	tw_jw_str(&w, NULL, "a\xff\"b");
	assert_string_equal(s.data, "\"a\xef\xbf\xbd\\\"b\"");
	parse(s.data);
	tw_str_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_is_read),
		cmocka_unit_test(members_keep_their_order),
		cmocka_unit_test(absent_and_other_types_give_the_default),
		cmocka_unit_test(what_is_not_json_is_refused_with_its_line),
		cmocka_unit_test(nesting_is_limited),
		cmocka_unit_test(what_is_written_reads_back),
		cmocka_unit_test(numbers_read_back_exactly),
		cmocka_unit_test(bad_utf8_is_written_as_replacement),
	};

	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
