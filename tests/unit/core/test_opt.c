/* Option tables: parsing, limits, defaults, canonical parameters. */
#include "test.h"

#include "core/opt.h"

struct settings {
	bool flag;
	int64_t count, threads, memory;
	double rate;
	const char *mode, *path;
	struct tw_strings names;
};

static const struct tw_opt opts[] = {
	{"flag", TW_OPT_BOOL, offsetof(struct settings, flag), .def = "true", .help = "a flag"},
	{"count", TW_OPT_INT, offsetof(struct settings, count), .def = "7", .min = 1, .max = 10,
	 .help = "a count"},
	{"rate", TW_OPT_REAL, offsetof(struct settings, rate), .def = "0.5", .min = 0, .max = 1,
	 .help = "a rate"},
	{"mode", TW_OPT_STRING, offsetof(struct settings, mode), .def = "slow",
	 .choices = "slow|fast", .help = "a mode"},
	{"path", TW_OPT_PATH, offsetof(struct settings, path), .help = "a path"},
	{"names", TW_OPT_LIST, offsetof(struct settings, names), .def = "a, b", .help = "names"},
	{"memory", TW_OPT_SIZE, offsetof(struct settings, memory), .def = "1GiB", .min = 1000,
	 .max = 1e12, .help = "a size"},
	{"max_threads", TW_OPT_INT, offsetof(struct settings, threads), .def = "0",
	 .flags = TW_OPT_NOT_IDENTITY, .help = "threads"},
	{0},
};

struct fixture {
	struct tw_arena a;
	struct settings s;
	struct tw_err err;
};

static int setup(void **state)
{
	struct fixture *f = tw_xcalloc(1, sizeof(*f));
	tw_arena_init(&f->a);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	tw_arena_release(&f->a);
	free(f);
	return 0;
}

static enum tw_status parse(struct fixture *f, const char *yaml)
{
	struct tw_json *v;
	assert_int_equal(tw_yaml_parse(&v, yaml, strlen(yaml), "t.yaml", &f->a, &f->err), TW_OK);
	return tw_opt_parse(&f->s, opts, v, "t.yaml", "/base", &f->a, &f->err);
}

static void defaults_fill_what_is_not_given(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(parse(f, ""), TW_OK);
	assert_true(f->s.flag);
	assert_int_equal(f->s.count, 7);
	assert_string_equal(f->s.mode, "slow");
	assert_null(f->s.path);
	assert_int_equal(f->s.names.n, 2);
	assert_string_equal(f->s.names.at[1], "b");
	assert_null(f->s.names.at[2]);
}

static void values_replace_defaults_and_paths_become_absolute(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(
		parse(f, "flag: false\ncount: 3\npath: notes\nnames: [x, y, z]\nrate: 1\n"), TW_OK);
	assert_false(f->s.flag);
	assert_int_equal(f->s.count, 3);
	assert_string_equal(f->s.path, "/base/notes");
	assert_int_equal(f->s.names.n, 3);
	assert_true(f->s.rate == 1.0);
}

static void an_unknown_key_is_an_error_with_line_and_nearest_name(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(parse(f, "flag: true\ncuont: 3\n"), TW_BAD_USE);
	assert_non_null(strstr(f->err.msg, "t.yaml:2"));
	assert_non_null(strstr(f->err.msg, "did you mean \"count\""));
}

static void values_outside_their_limits_are_refused(void **state)
{
	struct fixture *f = *state;
	const char *const bad[] = {"count: 11", "count: many", "count: 1.5",	"rate: -0.1",
				   "mode: odd", "flag: maybe", "names: {a: 1}", "path: [a]"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		tw_err_clear(&f->err);
		assert_int_equal(parse(f, bad[i]), TW_BAD_USE);
		assert_non_null(strstr(f->err.msg, "t.yaml:1"));
	}
}

static void words_of_the_command_line_take_dashes_for_underscores(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(parse(f, ""), TW_OK);
	assert_int_equal(tw_opt_set(&f->s, opts, "max-threads", "4", &f->a, &f->err), TW_OK);
	assert_int_equal(f->s.threads, 4);
	assert_int_equal(tw_opt_set(&f->s, opts, "nonsense", "4", &f->a, &f->err), TW_NOT_FOUND);
}

static void a_size_has_a_unit_or_is_a_number_of_bytes(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(parse(f, "{}"), TW_OK);
	assert_int_equal(f->s.memory, 1 << 30);
	assert_int_equal(parse(f, "memory: 1.5 MB"), TW_OK);
	assert_int_equal(f->s.memory, 1500000);
	assert_int_equal(parse(f, "memory: 2048"), TW_OK);
	assert_int_equal(f->s.memory, 2048);
	assert_int_equal(tw_opt_set(&f->s, opts, "memory", "64KiB", &f->a, &f->err), TW_OK);
	assert_int_equal(f->s.memory, 65536);
	const char *bad[] = {"memory: much",  "memory: 4 gallons", "memory: -1",
			     "memory: [1GB]", "memory: 10",	   "memory: 9e99"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(parse(f, bad[i]), TW_BAD_USE);
}

static void canonical_text_depends_on_settings_not_on_how_they_were_written(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(parse(f, "rate: 0.25\ncount: 7\nmax_threads: 9\n"), TW_OK);
	char *one = tw_opt_canonical(&f->s, opts, &f->a);
	assert_int_equal(parse(f, "max_threads: 1\nrate: 2.5e-1\n"), TW_OK);
	assert_string_equal(one, tw_opt_canonical(&f->s, opts, &f->a));
	assert_null(strstr(one, "threads"));
	assert_int_equal(parse(f, "rate: 0.5\n"), TW_OK);
	assert_string_not_equal(one, tw_opt_canonical(&f->s, opts, &f->a));
}

static void canonical_text_reads_back_to_the_same_settings(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(parse(f, "mode: fast\nnames: [q]\ncount: 9\n"), TW_OK);
	char *text = tw_opt_canonical(&f->s, opts, &f->a);
	struct tw_json *v;
	assert_int_equal(tw_json_parse(&v, text, strlen(text), &f->a, &f->err), TW_OK);
	struct settings again = {0};
	assert_int_equal(tw_opt_parse(&again, opts, v, "stored", NULL, &f->a, &f->err), TW_OK);
	assert_string_equal(text, tw_opt_canonical(&again, opts, &f->a));
}

static void a_struct_full_of_garbage_gets_every_default(void **state)
{
	struct fixture *f = *state;
	struct settings clean = {0}, dirty;
	memset(&dirty, 0xa5, sizeof(dirty));
	assert_int_equal(tw_opt_parse(&clean, opts, NULL, "x", NULL, &f->a, &f->err), TW_OK);
	assert_int_equal(tw_opt_parse(&dirty, opts, NULL, "x", NULL, &f->a, &f->err), TW_OK);
	assert_string_equal(tw_opt_canonical(&clean, opts, &f->a),
			    tw_opt_canonical(&dirty, opts, &f->a));
}

static void what_is_set_to_its_default_is_not_changed(void **state)
{
	struct fixture *f = *state;
	static const char *const same[] = {
		"{}",
		"{flag: true, count: 7, rate: 5e-1, mode: slow, names: [a, b], memory: 1GiB}"};
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(parse(f, same[i]), TW_OK);
		for (const struct tw_opt *o = opts; o->name; o++)
			assert_false(tw_opt_is_changed(&f->s, opts, o->name));
	}
	assert_int_equal(parse(f, "{flag: false, count: 8, rate: 0.25, mode: fast, path: x, "
				  "names: [a], memory: 2GiB, max_threads: 1}"),
			 TW_OK);
	for (const struct tw_opt *o = opts; o->name; o++)
		assert_true(tw_opt_is_changed(&f->s, opts, o->name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(defaults_fill_what_is_not_given),
		T(values_replace_defaults_and_paths_become_absolute),
		T(an_unknown_key_is_an_error_with_line_and_nearest_name),
		T(values_outside_their_limits_are_refused),
		T(words_of_the_command_line_take_dashes_for_underscores),
		T(a_size_has_a_unit_or_is_a_number_of_bytes),
		T(canonical_text_depends_on_settings_not_on_how_they_were_written),
		T(canonical_text_reads_back_to_the_same_settings),
		T(a_struct_full_of_garbage_gets_every_default),
		T(what_is_set_to_its_default_is_not_changed),
	};
	return cmocka_run_group_tests_name("opt", tests, NULL, NULL);
}
