#include "llm_test.h"
#include "support/tiny_gguf.h"

#include <math.h>
#include <pthread.h>

#include "base/hash.h"
#include "ggml.h"
#include "gguf.h"
#include "normal.h"

static int set_up(void **state)
{
	(void)state;
	use_own_cache();
	tiny_model("model.gguf", (struct tiny_gguf){.n_ctx = 1024, .type = "Q8_0", .seed = 5});
	return 0;
}

static struct tw_llm *open_model(void)
{
	const struct tw_llm_options o = {.threads = 1};
	return open_llama(tmp_path("model.gguf"), &o);
}

static const char *words(int n, int salt, struct tw_arena *a)
{
	static const char *const list[] = {"the", "sea",   "and", "a",	  "boat",
					   "of",  "bread", "in",  "oven", "thing"};
	struct tw_str s = TW_STR_INIT;
	uint64_t random = (uint64_t)salt;
	for (int i = 0; i < n; i++)
		tw_str_addf(&s, "%s%s", i ? " " : "", list[tw_random_u64(&random) % 10]);
	char *copy = tw_str_dup(&s, a);
	tw_str_release(&s);
	return copy;
}

static char *continue_text(struct tw_llm *llm, const char *prompt, struct tw_arena *a)
{
	const struct tw_gen_params p = {.max_tokens = 24, .temperature = 0.9, .seed = 4};
	struct tw_generation g;
	struct tw_err err = TW_ERR_INIT;
	assert_ok(tw_llm_complete(&g, llm, prompt, &p, NULL, NULL, &err), &err);
	char *text = tw_str_dup(&g.text, a);
	tw_generation_release(&g);
	return text;
}

static double score_text(struct tw_llm *llm, const struct tw_message *m, size_t n,
			 struct tw_arena *a)
{
	struct tw_tokens t;
	struct tw_err err = TW_ERR_INIT;
	double nll;
	size_t count;
	assert_ok(tw_llm_chat_tokens(&t, llm, m, n, false, a, &err), &err);
	assert_ok(tw_llm_score(&nll, &count, llm, &t, &err), &err);
	assert_true(count > 0);
	return nll;
}

/* To the last bit: a score is a sum of logits. */
static void a_kept_prefix_changes_nothing(void **state)
{
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	const char *head = words(160, 1, &a);
	struct tw_llm *warm = open_model();
	for (int i = 0; i < 6; i++) {
		char *prompt = tw_sprintf(&a, "%.*s %s", 60 + 140 * i, head,
					  words(10 + 30 * i, 7 + i, &a));
		struct tw_message m[] = {{"user", prompt}, {"assistant", words(20, 50 + i, &a)}};
		struct tw_llm *cold = open_model();
		assert_string_equal(continue_text(warm, prompt, &a),
				    continue_text(cold, prompt, &a));
		tw_llm_close(cold);
		cold = open_model();
		double w = score_text(warm, m, 2, &a), c = score_text(cold, m, 2, &a);
		assert_memory_equal(&w, &c, sizeof(w));
		tw_llm_close(cold);
	}
	tw_llm_close(warm);
	tw_arena_release(&a);
}

static void a_prompt_that_is_too_long_is_refused_with_both_numbers(void **state)
{
	struct tw_arena a;
	struct tw_err err = TW_ERR_INIT;
	struct tw_generation g;
	const struct tw_gen_params p = {.max_tokens = 4};
	const struct tw_llm_options o = {.context = 256, .threads = 1};
	(void)state;
	tw_arena_init(&a);
	struct tw_llm *llm = open_llama(tmp_path("model.gguf"), &o);
	struct tw_message m = {"user", words(400, 3, &a)};
	assert_int_equal(tw_llm_info(llm)->context, 256);
	assert_int_equal(tw_llm_chat(&g, llm, &m, 1, &p, NULL, NULL, &err), TW_BAD_USE);
	assert_contains(err.msg, "256");
	assert_contains(err.msg, "tokens");
	tw_llm_close(llm);
	tw_arena_release(&a);
}

static void a_full_context_ends_the_text(void **state)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_generation g;
	const struct tw_gen_params p = {.max_tokens = 5000, .temperature = 1, .seed = 1};
	const struct tw_llm_options o = {.context = 64, .threads = 1};
	(void)state;
	struct tw_llm *llm = open_llama(tmp_path("model.gguf"), &o);
	for (int i = 0; i < 3; i++) {
		assert_ok(tw_llm_complete(&g, llm, "the sea", &p, NULL, NULL, &err), &err);
		if (strcmp(g.finish, "length") == 0)
			assert_in_range(g.prompt_tokens + g.completion_tokens, 60, 65);
		tw_generation_release(&g);
	}
	tw_llm_close(llm);
}

static void a_context_beyond_the_model_is_refused(void **state)
{
	struct tw_llm *llm;
	struct tw_err err = TW_ERR_INIT;
	const struct tw_llm_options o = {.context = 100000};
	char spec[600];
	(void)state;
	snprintf(spec, sizeof(spec), "llama:%s", tmp_path("model.gguf"));
	assert_int_equal(tw_llm_open(&llm, llms, spec, &o, &err), TW_BAD_USE);
	assert_contains(err.msg, "1024");
}

static void an_embedder_is_no_writer(void **state)
{
	struct tw_import_info info;
	struct tw_llm *llm;
	struct tw_err err = TW_ERR_INIT;
	char spec[600];
	(void)state;
	assert_int_equal(tw_mkdirs(tmp_path("bert"), NULL), TW_OK);
	assert_true(tiny_bert_write(tmp_path("bert"), 1, NULL));
	assert_ok(tw_model_import(&info, tmp_path("bert"), tmp_path("bert.gguf"), NULL, &err),
		  &err);
	snprintf(spec, sizeof(spec), "llama:%s", tmp_path("bert.gguf"));
	assert_int_equal(tw_llm_open(&llm, llms, spec, NULL, &err), TW_BAD_USE);
	assert_contains(err.msg, "embeddings");
}

/* exp(-nll) of every token that could come next adds up to one. */
static void a_score_is_a_log_probability(void **state)
{
	struct tw_llm *llm = open_model();
	struct tw_err err = TW_ERR_INIT;
	int32_t ids[4] = {'t', 256, 'x', 0};
	uint8_t answer[4] = {0, 0, 0, 1};
	struct tw_tokens t = {ids, answer, 4};
	double total = 0, nll, first = 0, second = 0;
	size_t n;
	(void)state;
	for (int id = 0; id < TINY_VOCAB; id++) {
		ids[3] = id;
		assert_ok(tw_llm_score(&nll, &n, llm, &t, &err), &err);
		assert_int_equal(n, 1);
		total += exp(-nll);
	}
	assert_true(fabs(total - 1) < 1e-4);

	/* Scores of parts add up to that of the whole. */
	answer[2] = 1;
	assert_ok(tw_llm_score(&nll, &n, llm, &t, &err), &err);
	assert_int_equal(n, 2);
	answer[3] = 0;
	assert_ok(tw_llm_score(&first, &n, llm, &t, &err), &err);
	answer[2] = 0;
	answer[3] = 1;
	assert_ok(tw_llm_score(&second, &n, llm, &t, &err), &err);
	assert_true(fabs(first + second - nll) < 1e-3);

	/* Without a mask every token but the first counts; nothing to score is fine; ids are checked. */
	t.answer = NULL;
	assert_ok(tw_llm_score(&nll, &n, llm, &t, &err), &err);
	assert_int_equal(n, 3);
	t.n = 1;
	assert_ok(tw_llm_score(&nll, &n, llm, &t, &err), &err);
	assert_int_equal(n, 0);
	t.n = 4;
	ids[1] = TINY_VOCAB;
	assert_int_equal(tw_llm_score(&nll, &n, llm, &t, &err), TW_BAD_USE);
	tw_err_clear(&err);
	ids[1] = -1;
	assert_int_equal(tw_llm_score(&nll, &n, llm, &t, &err), TW_BAD_USE);
	tw_llm_close(llm);
}

static void a_score_may_fill_the_context(void **state)
{
	struct tw_err err = TW_ERR_INIT;
	static int32_t ids[1030];
	struct tw_tokens t = {ids, NULL, 1024};
	uint64_t random = 3;
	double nll;
	size_t n;
	(void)state;
	for (int i = 0; i < 1030; i++)
		ids[i] = (int32_t)(tw_random_u64(&random) % 256);
	struct tw_llm *llm = open_model();
	assert_ok(tw_llm_score(&nll, &n, llm, &t, &err), &err);
	assert_int_equal(n, 1023);
	assert_true(nll / 1023 > 1 && nll / 1023 < 20);
	t.n = 1030;
	assert_int_equal(tw_llm_score(&nll, &n, llm, &t, &err), TW_BAD_USE);
	tw_llm_close(llm);
}

/* A LoRA adapter of rank 2 on blk.0.attn_q of the tiny model: (64, 64). `b` scales the second half. */
static const char *write_adapter(const char *name, const char *arch, float b)
{
	struct gguf_context *g = gguf_init_empty();
	struct ggml_context *c = ggml_init((struct ggml_init_params){.mem_size = 1 << 20});
	uint64_t random = 9;
	gguf_set_val_str(g, "general.architecture", arch);
	gguf_set_val_str(g, "general.type", "adapter");
	gguf_set_val_str(g, "adapter.type", "lora");
	gguf_set_val_f32(g, "adapter.lora.alpha", 4);
	for (int half = 0; half < 2; half++) {
		struct ggml_tensor *t = half ? ggml_new_tensor_2d(c, GGML_TYPE_F32, 2, 64)
					     : ggml_new_tensor_2d(c, GGML_TYPE_F32, 64, 2);
		for (int i = 0; i < 128; i++)
			((float *)t->data)[i] = (half ? b : 1) * (float)random_normal(&random);
		ggml_set_name(t,
			      half ? "blk.0.attn_q.weight.lora_b" : "blk.0.attn_q.weight.lora_a");
		gguf_add_tensor(g, t);
	}
	const char *path = tmp_path(name);
	assert_true(gguf_write_to_file(g, path, false));
	gguf_free(g);
	ggml_free(c);
	return path;
}

static void an_adapter_changes_the_model_by_what_it_says(void **state)
{
	struct tw_arena a;
	static const struct tw_message m[] = {{"user", "the boat and the sea"},
					      {"assistant", "the oven"}};
	(void)state;
	tw_arena_init(&a);
	double nll[3];
	const char *adapters[3] = {NULL, write_adapter("zero.gguf", "llama", 0),
				   write_adapter("one.gguf", "llama", 1)};
	for (int i = 0; i < 3; i++) {
		const struct tw_llm_options o = {.adapter = adapters[i], .threads = 1};
		struct tw_llm *llm = open_llama(tmp_path("model.gguf"), &o);
		nll[i] = score_text(llm, m, 2, &a);
		tw_llm_close(llm);
	}
	assert_true(fabs(nll[0] - nll[1]) < 1e-5);
	assert_true(fabs(nll[0] - nll[2]) > 1e-3);

	struct tw_llm *llm;
	struct tw_err err = TW_ERR_INIT;
	char spec[600];
	snprintf(spec, sizeof(spec), "llama:%s", tmp_path("model.gguf"));
	struct tw_llm_options o = {.adapter = write_adapter("qwen.gguf", "qwen2", 1)};
	assert_int_equal(tw_llm_open(&llm, llms, spec, &o, &err), TW_BAD_USE);
	assert_contains(err.msg, "qwen2");
	tw_err_clear(&err);
	o.adapter = tmp_path(
		"model.gguf"); /* a whole model with the same tokenizer takes the base's place */
	llm = open_llama(tmp_path("model.gguf"), &o);
	assert_true(fabs(score_text(llm, m, 2, &a) - nll[0]) < 1e-5);
	tw_llm_close(llm);
	tw_arena_release(&a);
}

static void *count_often(void *e)
{
	for (int i = 0; i < 200; i++)
		assert_int_equal(tw_embedder_count(e, "the cat sat on the mat", 22), 6);
	return NULL;
}

static void any_thread_may_count(void **state)
{
	struct tw_embedder *e;
	struct tw_import_info info;
	struct tw_err err = TW_ERR_INIT;
	pthread_t t[4];
	char spec[600];
	(void)state;
	assert_int_equal(tw_mkdirs(tmp_path("bert"), NULL), TW_OK);
	assert_true(tiny_bert_write(tmp_path("bert"), 1, NULL));
	assert_ok(tw_model_import(&info, tmp_path("bert"), tmp_path("count.gguf"), NULL, &err),
		  &err);
	snprintf(spec, sizeof(spec), "llama:%s", tmp_path("count.gguf"));
	assert_ok(tw_embedder_open(&e, embedders, spec, NULL, &err), &err);
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, count_often, e);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	tw_embedder_close(e);
}

/* Any GGUF with a vocabulary embeds: the mean over a decoder's states. */
static void a_decoder_embeds_too(void **state)
{
	struct tw_embedder *e;
	struct tw_err err = TW_ERR_INIT;
	char spec[600];
	float v[3][64];
	const struct tw_bytes texts[] = {{"the sea", 7}, {"", 0}, {"the sea", 7}};
	(void)state;
	snprintf(spec, sizeof(spec), "llama:%s", tmp_path("model.gguf"));
	assert_ok(tw_embedder_open(&e, embedders, spec, NULL, &err), &err);
	assert_ok(tw_embed(v[0], e, texts, 3, &err), &err);
	assert_memory_equal(v[0], v[2], sizeof(v[0]));
	tw_embedder_close(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kept_prefix_changes_nothing),
		cmocka_unit_test(a_prompt_that_is_too_long_is_refused_with_both_numbers),
		cmocka_unit_test(a_full_context_ends_the_text),
		cmocka_unit_test(a_context_beyond_the_model_is_refused),
		cmocka_unit_test(an_embedder_is_no_writer),
		cmocka_unit_test(a_score_is_a_log_probability),
		cmocka_unit_test(a_score_may_fill_the_context),
		cmocka_unit_test(an_adapter_changes_the_model_by_what_it_says),
		cmocka_unit_test(any_thread_may_count),
		cmocka_unit_test(a_decoder_embeds_too),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
