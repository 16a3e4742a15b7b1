#include "test.h"

#include "base/json_reader.h"

/* A text that comes in pieces of a few bytes. */
struct pieces {
	const char *text;
	size_t at, len, step;
};

static enum tw_status give(void *ctx, void *buf, size_t cap, size_t *got, struct tw_err *err)
{
	struct pieces *p = ctx;
	(void)err;
	*got = p->len - p->at < p->step ? p->len - p->at : p->step;
	*got = *got < cap ? *got : cap;
	memcpy(buf, p->text + p->at, *got);
	p->at += *got;
	return TW_OK;
}

struct trial {
	struct pieces p;
	struct tw_json_reader *r;
	struct tw_arena a;
	struct tw_err err;
};

static void begin(struct trial *t, const char *text, size_t step)
{
	*t = (struct trial){.p = {text, 0, strlen(text), step}};
	tw_arena_init(&t->a);
	t->r = tw_json_reader_new(give, &t->p, 1000);
}

static void end(struct trial *t)
{
	tw_json_reader_free(t->r);
	tw_arena_release(&t->a);
}

static const size_t steps[] = {1, 2, 3, 7, 4096};
#define EACH_STEP(i) for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)

static void elements_of_an_array_come_one_by_one(void **state)
{
	(void)state;
	EACH_STEP(i)
	{
		struct trial t;
		struct tw_json *v;
		begin(&t, " [ 1, \"a]\\\"b\" ,{\"x\":[1,{}]}, [] , true,-2.5e3 ] ", steps[i]);
		static const enum tw_json_type types[] = {TW_JSON_INT,	  TW_JSON_STRING,
							  TW_JSON_OBJECT, TW_JSON_ARRAY,
							  TW_JSON_BOOL,	  TW_JSON_REAL};
		assert_ok(tw_json_enter(t.r, &t.err), &t.err);
		for (size_t k = 0; k < 6; k++) {
			assert_ok(tw_json_next(NULL, t.r, &t.err), &t.err);
			assert_ok(tw_json_value(&v, t.r, &t.a, &t.err), &t.err);
			assert_int_equal(v->type, types[k]);
			if (k == 1)
				assert_string_equal(v->s, "a]\"b");
		}
		assert_int_equal(tw_json_next(NULL, t.r, &t.err), TW_DONE);
		end(&t);
	}
}

static const char nested[] = "{\"about\": \"{[\", \"chats\": {\"n\": 2, \"list\": ["
			     "{\"id\": 1, \"messages\": [\"a\", \"b\"], \"rest\": [[]]},"
			     "{\"id\": 2, \"messages\": []}]}, \"l\\u00e4st\": 7}";

static void what_is_not_taken_is_passed_over(void **state)
{
	(void)state;
	EACH_STEP(i)
	{
		struct trial t;
		struct tw_json *v;
		const char *key;
		begin(&t, nested, steps[i]);
		assert_ok(tw_json_enter(t.r, &t.err), &t.err);
		do
			assert_ok(tw_json_next(&key, t.r, &t.err), &t.err);
		while (strcmp(key, "chats") != 0);
		assert_ok(tw_json_enter(t.r, &t.err), &t.err);
		do
			assert_ok(tw_json_next(&key, t.r, &t.err), &t.err);
		while (strcmp(key, "list") != 0);
		assert_ok(tw_json_enter(t.r, &t.err), &t.err);
		assert_ok(tw_json_next(NULL, t.r, &t.err), &t.err);
		assert_ok(tw_json_enter(t.r, &t.err), &t.err);
		assert_ok(tw_json_next(&key, t.r, &t.err), &t.err);
		assert_string_equal(key, "id");
		assert_ok(tw_json_leave(t.r, &t.err), &t.err);
		assert_ok(tw_json_next(NULL, t.r, &t.err), &t.err);
		assert_ok(tw_json_value(&v, t.r, &t.a, &t.err), &t.err);
		assert_int_equal(tw_json_int(tw_json_get(v, "id"), 0), 2);
		assert_int_equal(tw_json_next(NULL, t.r, &t.err), TW_DONE);
		assert_ok(tw_json_leave(t.r, &t.err), &t.err);
		assert_ok(tw_json_next(&key, t.r, &t.err), &t.err);
		assert_string_equal(key, "l\xc3\xa4st");
		assert_ok(tw_json_value(&v, t.r, &t.a, &t.err), &t.err);
		assert_int_equal(v->i, 7);
		assert_int_equal(tw_json_next(&key, t.r, &t.err), TW_DONE);
		end(&t);
	}
}

static void a_member_is_entered_by_its_name(void **state)
{
	(void)state;
	EACH_STEP(i)
	{
		struct trial t;
		struct tw_json *v;
		const char *key;
		begin(&t, nested, steps[i]);
		assert_ok(tw_json_enter(t.r, &t.err), &t.err);
		assert_ok(tw_json_enter_member(t.r, "chats", &t.err), &t.err);
		assert_ok(tw_json_enter_member(t.r, "list", &t.err), &t.err);
		assert_ok(tw_json_next(NULL, t.r, &t.err), &t.err);
		assert_ok(tw_json_value(&v, t.r, &t.a, &t.err), &t.err);
		assert_int_equal(tw_json_int(tw_json_get(v, "id"), 0), 1);
		assert_ok(tw_json_leave(t.r, &t.err), &t.err);
		assert_int_equal(tw_json_enter_member(t.r, "n", &t.err),
				 TW_DONE); /* it was passed */
		assert_ok(tw_json_next(&key, t.r, &t.err), &t.err);
		assert_string_equal(key, "l\xc3\xa4st");
		end(&t);
		begin(&t, "{\"n\": 2}", steps[i]);
		assert_ok(tw_json_enter(t.r, &t.err), &t.err);
		assert_int_equal(tw_json_enter_member(t.r, "n", &t.err), TW_BAD_DATA);
		end(&t);
	}
}

static void a_script_in_front_is_passed_over(void **state)
{
	(void)state;
	EACH_STEP(i)
	{
		struct trial t;
		struct tw_json *v;
		begin(&t, "window.x = [ 5 ]", steps[i]);
		assert_ok(tw_json_seek(t.r, '[', &t.err), &t.err);
		assert_ok(tw_json_enter(t.r, &t.err), &t.err);
		assert_ok(tw_json_next(NULL, t.r, &t.err), &t.err);
		assert_ok(tw_json_value(&v, t.r, &t.a, &t.err), &t.err);
		assert_int_equal(v->i, 5);
		end(&t);
		begin(&t, "nothing here", steps[i]);
		assert_int_equal(tw_json_seek(t.r, '[', &t.err), TW_BAD_DATA);
		end(&t);
	}
}

/* What jansson refuses and services write. */
static void odd_text_becomes_the_replacement_character(void **state)
{
	(void)state;
	static const struct {
		const char *json, *text;
	} cases[] = {
		{"\"a\\ud83d\"", "a\xef\xbf\xbd"},
		{"\"\\ude00b\"", "\xef\xbf\xbd"
				 "b"},
		{"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80"},
		{"\"\\ud83d\\u0041\"", "\xef\xbf\xbd"
				       "A"},
		{"\"x\\u0000y\"", "x\xef\xbf\xbdy"},
		{"\"\\\\u0000\"", "\\u0000"},
		{"\"caf\xe9\"", "caf\xef\xbf\xbd"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct trial t;
		struct tw_json *v;
		begin(&t, cases[i].json, 3);
		assert_ok(tw_json_value(&v, t.r, &t.a, &t.err), &t.err);
		assert_string_equal(v->s, cases[i].text);
		end(&t);
	}
}

static void a_bad_or_long_value_is_skipped_and_the_next_is_read(void **state)
{
	(void)state;
	char text[3000];
	snprintf(text, sizeof(text), "[\"%01500d\", {\"a\": tru}, {\"a\": 1, \"a\": 2}, 3]", 0);
	EACH_STEP(i)
	{
		struct trial t;
		struct tw_json *v;
		begin(&t, text, steps[i]);
		assert_ok(tw_json_enter(t.r, &t.err), &t.err);
		for (int k = 0; k < 3; k++) {
			struct tw_err why = TW_ERR_INIT;
			assert_ok(tw_json_next(NULL, t.r, &t.err), &t.err);
			assert_int_equal(tw_json_value(&v, t.r, &t.a, &why), TW_SKIPPED);
			assert_null(v);
		}
		assert_ok(tw_json_next(NULL, t.r, &t.err), &t.err);
		assert_ok(tw_json_value(&v, t.r, &t.a, &t.err), &t.err);
		assert_int_equal(v->i, 3);
		end(&t);
	}
}

/* Goes through all of it, taking every second value. */
static enum tw_status walk(struct trial *t)
{
	struct tw_json *v;
	enum tw_status st = tw_json_enter(t->r, &t->err);
	for (int k = 0; st == TW_OK; k++) {
		st = tw_json_next(NULL, t->r, &t->err);
		if (st == TW_OK && k % 2)
			st = tw_json_value(&v, t->r, &t->a, &t->err);
	}
	return st;
}

static void a_text_that_is_cut_or_broken_is_an_error(void **state)
{
	(void)state;
	static const char whole[] = "{\"a\": [1, 2], \"b\": \"c\\\"\", \"d\": {\"e\": null}}";
	for (size_t n = 0; n < sizeof(whole) - 1; n++) {
		struct trial t;
		begin(&t, whole, 5);
		t.p.len = n;
		assert_int_equal(walk(&t), TW_BAD_DATA);
		assert_non_null(strstr(t.err.msg, "JSON"));
		end(&t);
	}
	static const char *const bad[] = {"3",	       "[1 2]", "[,1]", "{1: 2}",
					  "{\"a\" 1}", "[1}",	"[1,]"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct trial t;
		begin(&t, bad[i], 5);
		assert_int_equal(walk(&t), TW_BAD_DATA);
		end(&t);
	}
}

static void depth_is_bounded_where_it_is_entered(void **state)
{
	(void)state;
	struct trial t;
	char text[400];
	memset(text, '[', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	begin(&t, text, 50);
	enum tw_status st = TW_OK;
	int depth = 0;
	for (; st == TW_OK && depth < 300; depth++) {
		st = tw_json_enter(t.r, &t.err);
		if (st == TW_OK)
			st = tw_json_next(NULL, t.r, &t.err);
	}
	assert_int_equal(st, TW_BAD_DATA);
	assert_in_range(depth, 60, 70);
	end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_of_an_array_come_one_by_one),
		cmocka_unit_test(what_is_not_taken_is_passed_over),
		cmocka_unit_test(a_member_is_entered_by_its_name),
		cmocka_unit_test(a_script_in_front_is_passed_over),
		cmocka_unit_test(odd_text_becomes_the_replacement_character),
		cmocka_unit_test(a_bad_or_long_value_is_skipped_and_the_next_is_read),
		cmocka_unit_test(a_text_that_is_cut_or_broken_is_an_error),
		cmocka_unit_test(depth_is_bounded_where_it_is_entered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
