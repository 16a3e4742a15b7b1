#include "llm_test.h"
#include "support/tiny_gguf.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "llm/gguf_int.h"
#include "llm/model_file_int.h"

static struct tw_arena arena;

static int set_up(void **state)
{
	(void)state;
	use_own_cache();
	tw_arena_init(&arena);
	/* Digests of files that changed within the last two seconds are not kept. */
	tiny_model("kept.gguf", (struct tiny_gguf){.seed = 3});
	tiny_model("quick.gguf", (struct tiny_gguf){.seed = 3});
	usleep(2100 * 1000);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	tw_arena_release(&arena);
	return 0;
}

static struct tw_model_file open_file(const char *name, const char *dir)
{
	struct tw_model_file f;
	struct tw_err err = TW_ERR_INIT;
	assert_ok(tw_model_file_open(&f, name, dir, &arena, &err), &err);
	return f;
}

static void a_header_fills_the_model_file(void **state)
{
	(void)state;
	struct tw_model_file f =
		open_file(tiny_model("m.gguf", (struct tiny_gguf){.n_ctx = 300}), NULL);
	assert_string_equal(f.architecture, "llama");
	assert_string_equal(f.name, "tiny");
	assert_int_equal(f.context, 300);
	assert_int_equal(f.width, 64);
	assert_false(f.encoder);
	assert_contains(f.chat_template, "<|im_start|>");
}

static void digests_tell_weights_and_vocabularies_apart(void **state)
{
	(void)state;
	struct tw_digest sha;
	struct tw_model_file a =
		open_file(tiny_model("a.gguf", (struct tiny_gguf){.seed = 1}), NULL);
	struct tw_model_file b =
		open_file(tiny_model("b.gguf", (struct tiny_gguf){.seed = 2}), NULL);
	struct tw_model_file c =
		open_file(tiny_model("c.gguf", (struct tiny_gguf){.no_template = true}), NULL);
	assert_int_equal(tw_sha256_file(&sha, a.path, NULL), TW_OK);
	assert_string_equal(a.digest.hex, sha.hex);
	assert_string_not_equal(a.digest.hex, b.digest.hex);
	assert_string_equal(a.tokenizer.hex, b.tokenizer.hex);
	assert_string_equal(a.template_digest.hex, b.template_digest.hex);
	assert_string_not_equal(a.template_digest.hex, c.template_digest.hex);
}

/* A planted cache entry shows that the entry is used, and that a changed file doesn't use it. */
static void digests_are_kept_until_the_file_changes(void **state)
{
	(void)state;
	const char *path = tmp_path("kept.gguf");
	struct stat before;
	assert_int_equal(stat(path, &before), 0);
	struct tw_model_file first = open_file(path, NULL), f;
	struct tw_digest name = tw_sha256(path, strlen(path));
	char *entry = tw_sprintf(&arena, "%s/digests/%s", tw_cache_dir(&arena), name.hex);
	struct tw_str text = TW_STR_INIT;
	assert_int_equal(tw_read_file(&text, entry, 0, NULL), TW_OK);
	char *at = strstr(text.data, first.digest.hex);
	assert_non_null(at);
	memcpy(at, "0123456789", 10);
	assert_int_equal(tw_write_file(entry, text.data, text.len, NULL), TW_OK);
	f = open_file(path, NULL);
	assert_memory_equal(f.digest.hex, "0123456789", 10);

	/* The same size, place and time: still another file. */
	tiny_model("kept.gguf", (struct tiny_gguf){.seed = 4});
	struct timespec t[2] = {before.st_atim, before.st_mtim};
	assert_int_equal(utimensat(AT_FDCWD, path, t, 0), 0);
	f = open_file(path, NULL);
	assert_memory_not_equal(f.digest.hex, "0123456789", 10);
	assert_string_not_equal(f.digest.hex, first.digest.hex);

	assert_int_equal(tw_write_file(entry, "junk", 4, NULL), TW_OK);
	struct tw_model_file again = open_file(path, NULL);
	assert_string_equal(again.digest.hex, f.digest.hex);
	tw_str_release(&text);
}

static void opening_again_is_quick(void **state)
{
	(void)state;
	const char *path = tmp_path("quick.gguf");
	open_file(path, NULL);
	double t = tw_monotonic_s();
	open_file(path, NULL);
	assert_true(tw_monotonic_s() - t < 0.05);
}

static void names_are_looked_up_in_the_folder_then_in_the_cache(void **state)
{
	(void)state;
	struct tw_err err = TW_ERR_INIT;
	const char *dir = tmp_path("project");
	assert_ok(tw_mkdirs(dir, &err), &err);
	assert_ok(tw_mkdirs(tw_models_dir(&arena), &err), &err);
	struct tiny_gguf here = {.seed = 10}, cached = {.seed = 11};
	char *in_cache = tw_path_join(&arena, tw_models_dir(&arena), "both.gguf");
	assert_true(tiny_gguf_write(in_cache, &cached));
	assert_string_equal(open_file("both.gguf", dir).path, in_cache);
	char *in_dir = tw_path_join(&arena, dir, "both.gguf");
	assert_true(tiny_gguf_write(in_dir, &here));
	assert_string_equal(open_file("both.gguf", dir).path, in_dir);
	assert_string_equal(open_file("./both.gguf", dir).path,
			    tw_path_join(&arena, dir, "./both.gguf"));
	assert_string_equal(open_file(in_cache, dir).path, in_cache);
}

static void a_missing_model_names_the_path_and_the_cure(void **state)
{
	struct tw_llm *llm;
	struct tw_err err = TW_ERR_INIT;
	(void)state;
	assert_int_equal(tw_llm_open(&llm, llms, "llama:nowhere.gguf", NULL, &err), TW_NOT_FOUND);
	assert_contains(err.msg, "twin/models/nowhere.gguf");
	assert_contains(err.msg, "make models");
	tw_err_clear(&err);
	assert_int_equal(tw_llm_open(&llm, llms, "llama:/no/such.gguf", NULL, &err), TW_NOT_FOUND);
	assert_contains(err.msg, "/no/such.gguf");
	assert_contains(err.msg, "models.llm");
	tw_err_clear(&err);
	assert_int_equal(tw_llm_open(&llm, llms, "llama:", NULL, &err), TW_BAD_USE);
	tw_err_clear(&err);
	char spec[600];
	snprintf(spec, sizeof(spec), "llama:%s", tmp_path("."));
	assert_int_equal(tw_llm_open(&llm, llms, spec, NULL, &err), TW_BAD_USE);
}

static void an_adapter_must_fit_its_base(void **state)
{
	struct tw_err err = TW_ERR_INIT;
	(void)state;
	struct tw_model_file base = open_file(tiny_model("base.gguf", (struct tiny_gguf){0}), NULL);
	const char *model = tiny_model("noadapter.gguf", (struct tiny_gguf){.arch = "qwen2"});
	bool whole;
	assert_int_equal(tw_adapter_check(&whole, model, &base, &err), TW_BAD_USE);
	assert_contains(err.msg, "a \"qwen2\" model");
	tw_err_clear(&err);
	assert_int_equal(tw_adapter_check(&whole, tmp_path("none.gguf"), &base, &err),
			 TW_NOT_FOUND);
}

static void a_whole_model_takes_the_place_of_the_one_that_it_was_trained_from(void **state)
{
	const struct tiny_gguf others[] = {{.n_embd = 128}, {.n_layer = 3}, {.n_ctx = 1024}};
	struct tw_err err = TW_ERR_INIT;
	bool whole = false;
	(void)state;
	struct tw_model_file base = open_file(tiny_model("base.gguf", (struct tiny_gguf){0}), NULL);
	const char *same = tiny_model("same.gguf", (struct tiny_gguf){.seed = 9, .type = "Q8_0"});
	assert_ok(tw_adapter_check(&whole, same, &base, &err), &err);
	assert_true(whole && tw_is_whole_model(same));
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		const char *other = tiny_model("other.gguf", others[i]);
		assert_int_equal(tw_adapter_check(&whole, other, &base, &err), TW_BAD_USE);
		assert_contains(err.msg, "not trained from that");
		tw_err_clear(&err);
	}
	base.tokenizer = tw_sha256("another", 7);
	assert_int_equal(tw_adapter_check(&whole, same, &base, &err), TW_BAD_USE);
	assert_false(tw_is_whole_model(tmp_path("none.gguf")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_fills_the_model_file),
		cmocka_unit_test(digests_tell_weights_and_vocabularies_apart),
		cmocka_unit_test(digests_are_kept_until_the_file_changes),
		cmocka_unit_test(opening_again_is_quick),
		cmocka_unit_test(names_are_looked_up_in_the_folder_then_in_the_cache),
		cmocka_unit_test(a_missing_model_names_the_path_and_the_cure),
		cmocka_unit_test(an_adapter_must_fit_its_base),
		cmocka_unit_test(a_whole_model_takes_the_place_of_the_one_that_it_was_trained_from),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
