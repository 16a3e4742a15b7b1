#include "base_test.h"
#include "support/arena.h"

#include <math.h>

#include "base/json.h"

static struct tw_json *parse(const char *text)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_json *v;

	assert_ok(tw_yaml_parse(&v, text, strlen(text), "t.yaml", &arena, &err), &err);
	return v;
}

static void refused(const char *text, const char *message)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_json *v;

	if (tw_yaml_parse(&v, text, strlen(text), "t.yaml", &arena, &err) != TW_BAD_DATA)
		fail_msg("taken: %s", text);
	assert_null(v);
	assert_contains(err.msg, message);
}

static void a_configuration_is_read_with_lines(void **state)
{
	struct tw_json *v = parse("# comment\n"
				  "twin: Mara\n"
				  "sources:\n"
				  "  - {type: dir, path: .}\n"
				  "  - type: git\n"
				  "    url: \"https://example.org/a.git\"\n"
				  "training: {steps: 100, rate: 1e-4, on: true}\n");
	struct tw_json *sources = tw_json_get(v, "sources");

	(void)state;
	assert_int_equal(v->type, TW_JSON_OBJECT);
	assert_string_equal(tw_json_str(tw_json_get(v, "twin"), ""), "Mara");
	assert_int_equal(tw_json_get(v, "twin")->line, 2);
	assert_int_equal(sources->type, TW_JSON_ARRAY);
	assert_int_equal(sources->n, 2);
	assert_int_equal(sources->child->next->line, 5);
	assert_string_equal(tw_json_str(tw_json_get(sources->child->next, "url"), ""),
			    "https://example.org/a.git");
	assert_int_equal(tw_json_int(tw_json_get(tw_json_get(v, "training"), "steps"), 0), 100);
	assert_true(tw_json_real(tw_json_get(tw_json_get(v, "training"), "rate"), 0) == 1e-4);
}

static void plain_scalars_have_the_types_of_the_core_schema(void **state)
{
	static const struct {
		const char *text;
		enum tw_json_type type;
		double r;
	} cases[] = {
		{"null", TW_JSON_NULL, 0},
		{"~", TW_JSON_NULL, 0},
		{"NULL", TW_JSON_NULL, 0},
		{"true", TW_JSON_BOOL, 1},
		{"False", TW_JSON_BOOL, 0},
		{"yes", TW_JSON_STRING, 0},
		{"no", TW_JSON_STRING, 0},
		{"on", TW_JSON_STRING, 0},
		{"12", TW_JSON_INT, 12},
		{"-3", TW_JSON_INT, -3},
		{"+3", TW_JSON_INT, 3},
		{"007", TW_JSON_INT, 7},
		{"0x1F", TW_JSON_INT, 31},
		{"0o17", TW_JSON_INT, 15},
		{"0x", TW_JSON_STRING, 0},
		{"0o8", TW_JSON_STRING, 0},
		{"1.5", TW_JSON_REAL, 1.5},
		{".5", TW_JSON_REAL, .5},
		{"1.", TW_JSON_REAL, 1},
		{"1e3", TW_JSON_REAL, 1000},
		{"-1E-2", TW_JSON_REAL, -.01},
		{".inf", TW_JSON_REAL, INFINITY},
		{"-.Inf", TW_JSON_REAL, -INFINITY},
		{".", TW_JSON_STRING, 0},
		{"1e", TW_JSON_STRING, 0},
		{"1.2.3", TW_JSON_STRING, 0},
		{"2026-01-02", TW_JSON_STRING, 0},
		{"12:30", TW_JSON_STRING, 0},
		{"\"12\"", TW_JSON_STRING, 0},
		{"'true'", TW_JSON_STRING, 0},
		{"99999999999999999999", TW_JSON_REAL, 1e20},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tw_json *v = parse(tw_sprintf(&arena, "k: %s", cases[i].text))->child;

		if (v->type != cases[i].type)
			fail_msg("%s has type %d", cases[i].text, v->type);
		if (v->type == TW_JSON_BOOL)
			assert_int_equal(v->b, cases[i].r != 0);
		else
			assert_true(v->r == cases[i].r);
		if (cases[i].text[0] != '"' && cases[i].text[0] != '\'')
			assert_string_equal(v->s, cases[i].text);
	}
	assert_true(isnan(parse("k: .nan")->child->r));
}

static void blocks_of_text_are_kept(void **state)
{
	struct tw_json *v = parse("a: |\n  one\n  two\nb: >\n  one\n  two\n");

	(void)state;
	assert_string_equal(tw_json_str(tw_json_get(v, "a"), ""), "one\ntwo\n");
	assert_string_equal(tw_json_str(tw_json_get(v, "b"), ""), "one two\n");
}

static void nothing_is_an_empty_object(void **state)
{
	static const char *const texts[] = {"", "\n", "# only a comment\n", "---\n", "---\n...\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct tw_json *v = parse(texts[i]);

		assert_int_equal(v->type, TW_JSON_OBJECT);
		assert_int_equal(v->n, 0);
	}
}

static void what_makes_yaml_dangerous_is_refused(void **state)
{
	(void)state;
	refused("a: 1\nb: &x 2\n", "t.yaml:2: anchors");
	refused("a: &x [1]\n", "t.yaml:1: anchors");
	refused("a: &x {b: 1}\n", "t.yaml:1: anchors");
	refused("a: 1\nb: *x\n", "t.yaml:2: aliases");
	refused("*x : 1\n", "t.yaml:1: aliases");
	refused("a: !!python/object:os.system x\n", "t.yaml:1: tags");
	refused("a: !t [1]\n", "tags");
	refused("a: !t {b: 1}\n", "tags");
	refused("a: ! x\n", "tags");
	refused("%TAG ! tag:example.org,2000:\n---\na: 1\n", "tags");
	refused("a: 1\nb: 2\na: 3\n", "t.yaml:3: the key \"a\" is there twice");
	refused("\"a\\nb\": 1\n\"a\\nb\": 2\n", "the key \"a b\" is there twice");
	refused("a: 1\n---\nb: 2\n", "t.yaml:2: a second document");
	refused("? [1]\n: 2\n", "t.yaml:1: a key must be a text");
	refused("a: \"x\\0y\"\n", "t.yaml:1: a NUL");
}

static void syntax_errors_name_the_line(void **state)
{
	(void)state;
	refused("a: 1\nb: [1,\nc: 2\n", "began in line 2");
	refused("a: 1\n  b: 2\n", "t.yaml:2: ");
	refused("a: \"open\n", "t.yaml:");
	refused("a:\n\t- x\n", "t.yaml:2: ");
	refused("a: \xff\n", "t.yaml:1: ");
	refused("a: \x01\n", "t.yaml:1: ");
}

static void nesting_is_limited(void **state)
{
	struct tw_str s = TW_STR_INIT;

	(void)state;
	for (int i = 0; i < TW_JSON_MAX_DEPTH; i++)
		tw_str_addc(&s, '[');
	for (int i = 0; i < TW_JSON_MAX_DEPTH; i++)
		tw_str_addc(&s, ']');
	parse(s.data);
	tw_str_clear(&s);
	for (int i = 0; i < TW_JSON_MAX_DEPTH + 1; i++)
		tw_str_addc(&s, '[');
	for (int i = 0; i < TW_JSON_MAX_DEPTH + 1; i++)
		tw_str_addc(&s, ']');
	refused(s.data, "t.yaml:1: nested too deeply");
	tw_str_clear(&s);
	for (int i = 0; i < 200000; i++)
		tw_str_addc(&s, '[');
	refused(s.data, "t.yaml:1: nested too deeply");
	tw_str_clear(&s);
	for (int i = 0; i < 2000; i++)
		tw_str_adds(&s, "- ");
	refused(s.data, "nested too deeply");
	tw_str_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_configuration_is_read_with_lines),
		cmocka_unit_test(plain_scalars_have_the_types_of_the_core_schema),
		cmocka_unit_test(blocks_of_text_are_kept),
		cmocka_unit_test(nothing_is_an_empty_object),
		cmocka_unit_test(what_makes_yaml_dangerous_is_refused),
		cmocka_unit_test(syntax_errors_name_the_line),
		cmocka_unit_test(nesting_is_limited),
	};

	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
