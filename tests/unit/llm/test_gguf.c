#include "llm_test.h"
#include "support/tiny_gguf.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/hash.h"
#include "llm/gguf_int.h"

static struct tw_str whole;

static int write_model(void **state)
{
	struct tw_err err = TW_ERR_INIT;
	(void)state;
	use_own_cache();
	const char *path =
		tiny_model("whole.gguf", (struct tiny_gguf){.type = "Q8_0", .n_layer = 1});
	return tw_read_file(&whole, path, 0, &err) == TW_OK ? 0 : -1;
}

static int forget_model(void **state)
{
	(void)state;
	tw_str_release(&whole);
	return 0;
}

static enum tw_status open_bytes(const char *data, size_t len, struct tw_err *err)
{
	struct tw_gguf g;
	const char *path = tmp_path("part.gguf");
	assert_ok(tw_write_file(path, data, len, err), err);
	enum tw_status st = tw_gguf_open(&g, path, err);
	if (st == TW_OK)
		tw_gguf_close(&g);
	return st;
}

static void a_header_gives_its_values_and_tensors(void **state)
{
	struct tw_gguf g;
	struct tw_arena a;
	struct tw_err err = TW_ERR_INIT;
	(void)state;
	tw_arena_init(&a);
	assert_ok(tw_gguf_open(&g, tmp_path("whole.gguf"), &err), &err);
	assert_string_equal(tw_gguf_str(&g, "general.architecture", &a), "llama");
	assert_int_equal(tw_gguf_arch_int(&g, "llama", "embedding_length", -1), 64);
	assert_int_equal(tw_gguf_int(&g, "tokenizer.ggml.add_bos_token", -1), 0);
	assert_int_equal(tw_gguf_int(&g, "general.architecture", -1), -1);
	assert_null(tw_gguf_str(&g, "llama.block_count", &a));
	assert_int_equal(tw_gguf_find(&g, "tokenizer.ggml.tokens")->n, TINY_VOCAB);
	const struct tw_gguf_tensor *t = tw_gguf_tensor_find(&g, "token_embd.weight");
	assert_int_equal(t->ne[0], 64);
	assert_int_equal(t->ne[1], TINY_VOCAB);
	assert_int_equal(t->bytes, 64 / 32 * 34 * TINY_VOCAB);
	tw_gguf_close(&g);
	tw_arena_release(&a);
}

static void every_part_of_a_file_is_refused(void **state)
{
	(void)state;
	for (size_t n = 0; n < whole.len; n += n < 300 ? 1 : 997) {
		struct tw_err err = TW_ERR_INIT;
		assert_int_equal(open_bytes(whole.data, n, &err), TW_BAD_DATA);
		assert_contains(err.msg, "part.gguf");
		if (n >= 24)
			assert_contains(err.msg, "only a part");
	}
	struct tw_err err = TW_ERR_INIT;
	assert_int_equal(open_bytes(whole.data, whole.len - 1, &err), TW_BAD_DATA);
	char both[80];
	snprintf(both, sizeof(both), "%zu bytes of %zu", whole.len - 1, whole.len);
	assert_contains(err.msg, both);
	tw_err_clear(&err);
	assert_ok(open_bytes(whole.data, whole.len, &err), &err);
}

static void a_part_of_a_model_is_refused_when_it_is_opened(void **state)
{
	(void)state;
	const char *path = tmp_path("half.gguf");
	char spec[600];
	snprintf(spec, sizeof(spec), "llama:%s", path);
	for (size_t n = 0; n < whole.len; n += 1 + whole.len / 40) {
		struct tw_err err = TW_ERR_INIT;
		struct tw_llm *llm;
		struct tw_embedder *e;
		assert_ok(tw_write_file(path, whole.data, n, &err), &err);
		assert_int_equal(tw_llm_open(&llm, llms, spec, NULL, &err), TW_BAD_DATA);
		tw_err_clear(&err);
		assert_int_equal(tw_embedder_open(&e, embedders, spec, NULL, &err), TW_BAD_DATA);
	}
}

static void what_is_no_gguf_is_named_so(void **state)
{
	struct tw_err err = TW_ERR_INIT;
	char big[64] = "GGUF\0\0\0\3";
	(void)state;
	assert_int_equal(open_bytes("PK\3\4 a ZIP archive, in truth", 27, &err), TW_BAD_DATA);
	assert_contains(err.msg, "not a GGUF file");
	tw_err_clear(&err);
	assert_int_equal(open_bytes(big, sizeof(big), &err), TW_UNSUPPORTED);
	assert_contains(err.msg, "byte order");
	tw_err_clear(&err);
	assert_int_equal(open_bytes("GGUF\1\0\0\0", 8, &err), TW_UNSUPPORTED);
	assert_contains(err.msg, "version 1");
}

/* Whatever the header says, the reader stays within the file. ASan watches. */
static void damaged_headers_do_no_harm(void **state)
{
	uint64_t random = 5;
	struct tw_str copy = TW_STR_INIT;
	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct tw_err err = TW_ERR_INIT;
		tw_str_clear(&copy);
		tw_str_add(&copy, whole.data, whole.len);
		for (int k = 0; k < 3; k++)
			copy.data[tw_random_u64(&random) % 9000] = (char)tw_random_u64(&random);
		if (open_bytes(copy.data, copy.len, &err) != TW_OK)
			assert_true(err.msg[0] != '\0');
	}
	tw_str_release(&copy);
}

/* A damaged file that libllama is given must end in an error, never in an abort or a signal. */
static void damaged_models_do_not_end_the_process(void **state)
{
	uint64_t random = 11;
	struct tw_str copy = TW_STR_INIT;
	(void)state;
	for (int i = 0; i < 60; i++) {
		struct tw_err err = TW_ERR_INIT;
		struct tw_gen_params p = {.max_tokens = 2};
		struct tw_generation g;
		struct tw_llm *llm;
		char spec[600];
		tw_str_clear(&copy);
		tw_str_add(&copy, whole.data, whole.len);
		copy.data[tw_random_u64(&random) % 7000] ^= (char)(1 << tw_random_u64(&random) % 8);
		assert_ok(tw_write_file(tmp_path("damaged.gguf"), copy.data, copy.len, &err), &err);
		snprintf(spec, sizeof(spec), "llama:%s", tmp_path("damaged.gguf"));
		const struct tw_llm_options o = {.threads = 1};
		if (tw_llm_open(&llm, llms, spec, &o, &err) != TW_OK)
			continue;
		pid_t child = fork();
		if (child == 0) {
			if (tw_llm_complete(&g, llm, "the", &p, NULL, NULL, &err) == TW_OK)
				tw_generation_release(&g);
			_exit(0);
		}
		int status = 0;
		assert_int_equal(waitpid(child, &status, 0), child);
		if (!WIFEXITED(status))
			fail_msg("damage %d: the process ended by signal %d", i, WTERMSIG(status));
		tw_llm_close(llm);
	}
	tw_str_release(&copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_gives_its_values_and_tensors),
		cmocka_unit_test(every_part_of_a_file_is_refused),
		cmocka_unit_test(a_part_of_a_model_is_refused_when_it_is_opened),
		cmocka_unit_test(what_is_no_gguf_is_named_so),
		cmocka_unit_test(damaged_headers_do_no_harm),
		cmocka_unit_test(damaged_models_do_not_end_the_process),
	};
	return cmocka_run_group_tests(tests, write_model, forget_model);
}
