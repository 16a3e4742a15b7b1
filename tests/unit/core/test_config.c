/* twin.yaml: finding it, reading it, refusing what is wrong in it. */
#include "test.h"

#include "base/fs.h"
#include "core/config.h"

struct fixture {
	struct tw_arena a;
	char dir[64];
	struct tw_config *c;
	struct tw_err err;
};

static int setup(void **state)
{
	struct fixture *f = tw_xcalloc(1, sizeof(*f));
	tw_arena_init(&f->a);
	strcpy(f->dir, "/tmp/twin-config-XXXXXX");
	*state = f;
	return mkdtemp(f->dir) ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	tw_config_free(f->c);
	int rc = tw_remove_all(f->dir, NULL) == TW_OK ? 0 : -1;
	tw_arena_release(&f->a);
	free(f);
	return rc;
}

static enum tw_status load(struct fixture *f, const char *yaml)
{
	const char *path = tw_path_join(&f->a, f->dir, "twin.yaml");
	tw_err_clear(&f->err);
	tw_config_free(f->c);
	f->c = NULL;
	assert_int_equal(tw_write_file(path, yaml, strlen(yaml), &f->err), TW_OK);
	return tw_config_load(&f->c, f->dir, &f->err);
}

static const char good[] = "twin: Mara\nsources:\n  - type: dir\n    path: posts\n  - type: dir\n"
			   "    path: notes\n  - type: feed\n    name: blog\n    url: x\n"
			   "models: {llm: 'llama:a.gguf'}\ntraining: {native: {rank: 4}}\n";

static void it_is_found_from_a_folder_below(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(load(f, good), TW_OK);
	tw_config_free(f->c);
	f->c = NULL;
	const char *below = tw_path_join(&f->a, f->dir, "a/b");
	assert_int_equal(tw_mkdirs(below, &f->err), TW_OK);
	assert_int_equal(tw_config_load(&f->c, below, &f->err), TW_OK);
	assert_true(tw_ends_with(f->c->state, "/.twin"));
	assert_string_equal(f->c->twin, "Mara");
	assert_string_equal(f->c->llm, "llama:a.gguf");
	assert_null(f->c->embedder);
}

static void sources_without_names_are_named_for_their_place(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(load(f, good), TW_OK);
	assert_int_equal(f->c->n_sources, 3);
	assert_string_equal(f->c->sources[0].name, "dir:posts");
	assert_string_equal(f->c->sources[1].name, "dir:notes");
	assert_string_equal(f->c->sources[2].name, "blog");
}

static void names_of_sources_do_not_hang_on_their_order(void **state)
{
	struct fixture *f = *state;
	static const char *const lists[] = {
		"[{type: feed, url: 'http://a/'}, {type: feed, url: 'http://b/'}]",
		"[{type: feed, url: 'http://b/'}, {type: dir, path: new}, {type: feed, url: 'http://a/'}]",
	};
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(load(f, tw_sprintf(&f->a, "sources: %s\n", lists[i])), TW_OK);
		const struct tw_config_source *first = &f->c->sources[0],
					      *last = &f->c->sources[f->c->n_sources - 1];
		assert_string_equal((i ? last : first)->name, "feed:http://a/");
		assert_string_equal((i ? first : last)->name, "feed:http://b/");
	}
}

static void names_of_sources_hold_no_password(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(load(f, "sources:\n"
				 "  - {type: git, url: 'https://me:secret@host/a@b.git'}\n"
				 "  - {type: git, url: 'git@host:notes.git'}\n"
				 "  - {type: dir, path: 2020}\n"
				 "  - {type: github, user: ann}\n"),
			 TW_OK);
	assert_string_equal(f->c->sources[0].name, "git:https://host/a@b.git");
	assert_string_equal(f->c->sources[1].name, "git:git@host:notes.git");
	assert_string_equal(f->c->sources[2].name, "dir:2020");
	assert_string_equal(f->c->sources[3].name, "github:ann");
}

static void two_sources_of_one_name_are_refused(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = {
		"  - {type: dir, name: a}\n  - {type: git, name: a}\n",
		"  - {type: git, url: u, branch: x}\n  - {type: git, url: u, branch: y}\n",
		"  - {type: dir, path: a}\n  - {type: git, name: 'dir:a', url: u}\n",
	};
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(load(f, tw_sprintf(&f->a, "sources:\n%s", bad[i])), TW_BAD_USE);
		assert_non_null(strstr(f->err.msg, ":3:"));
		assert_non_null(strstr(f->err.msg, "name:"));
	}
	assert_int_equal(load(f, "sources:\n  - {type: git, url: u, branch: x}\n"
				 "  - {type: git, url: u, branch: y, name: drafts}\n"),
			 TW_OK);
}

static void a_source_needs_a_name_that_says_something(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = {"\"\"", "", "[a]", "{a: b}"};
	for (size_t i = 0; i < 4; i++) {
		const char *yaml = tw_sprintf(
			&f->a, "sources:\n  - type: dir\n    path: x\n    name: %s\n", bad[i]);
		assert_int_equal(load(f, yaml), TW_BAD_USE);
		assert_non_null(strstr(f->err.msg, ":4:"));
		assert_non_null(strstr(f->err.msg, "name"));
	}
}

static void none_at_all_says_to_make_one(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(tw_config_load(&f->c, f->dir, &f->err), TW_NOT_FOUND);
	assert_non_null(strstr(f->err.msg, "twin init"));
}

static void mistakes_are_named_with_their_line(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(load(f, "sources:\n  - type: dir\nmodles: {}\n"), TW_BAD_USE);
	assert_non_null(strstr(f->err.msg, ":3:"));
	assert_non_null(strstr(f->err.msg, "models"));
	assert_int_equal(load(f, "twin: [x\n"), TW_BAD_USE);
	assert_non_null(strstr(f->err.msg, "twin.yaml:"));
	assert_int_equal(load(f, "twin: x\n"), TW_BAD_USE);
	assert_non_null(strstr(f->err.msg, "sources"));
	assert_int_equal(load(f, "sources:\n  - path: x\n"), TW_BAD_USE);
	assert_non_null(strstr(f->err.msg, "type"));
	assert_int_equal(load(f, "sources: [{type: dir}]\nmodels: {lmm: x}\n"), TW_BAD_USE);
	assert_non_null(strstr(f->err.msg, "llm"));
}

static void a_setting_replaces_or_adds_a_value(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(load(f, good), TW_OK);
	assert_int_equal(tw_config_set(f->c, "training.native.rank=8", &f->err), TW_OK);
	assert_int_equal(tw_json_int(tw_config_section(f->c, "training.native.rank"), 0), 8);
	assert_int_equal(tw_config_set(f->c, "answer.max_tokens=64", &f->err), TW_OK);
	assert_int_equal(tw_json_int(tw_config_section(f->c, "answer.max_tokens"), 0), 64);
	assert_int_equal(tw_config_set(f->c, "twin=Ada", &f->err), TW_OK);
	assert_string_equal(f->c->twin, "Ada");
	assert_int_equal(f->c->n_sources, 3);
	assert_int_equal(tw_config_set(f->c, "nonsense", &f->err), TW_BAD_USE);
	tw_err_clear(&f->err);
	assert_int_equal(tw_config_set(f->c, "nosection.x=1", &f->err), TW_BAD_USE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(it_is_found_from_a_folder_below),
		T(sources_without_names_are_named_for_their_place),
		T(names_of_sources_do_not_hang_on_their_order),
		T(names_of_sources_hold_no_password),
		T(two_sources_of_one_name_are_refused),
		T(a_source_needs_a_name_that_says_something),
		T(none_at_all_says_to_make_one),
		T(mistakes_are_named_with_their_line),
		T(a_setting_replaces_or_adds_a_value),
	};
	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
