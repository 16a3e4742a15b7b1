/* Base and adapter as one GGUF, as libllama reads it. */
#include "base/fs.h"
#include "ggml.h"
#include "gguf.h"
#include "support/llama_logits.h"
#include "support/train_rig.h"
#include "net/adapter.h"
#include "trainer/merge.h"

enum { TOKENS = 24 };

static char adapter[600], merged[600];
static struct tw_err err;

static int setup(void **state)
{
	(void)state;
	snprintf(adapter, sizeof(adapter), "%s/a.gguf", tmp_dir());
	snprintf(merged, sizeof(merged), "%s/merged.gguf", tmp_dir());
	return 0;
}

static void open_rig(struct rig *r, const struct tiny_gguf *spec)
{
	rig_tiny(r, spec, 4, TOKENS, 1);
	rig_add_random(r, TOKENS, 1, 3);
	assert_ok(tw_adapter_write(adapter, &r->lora, r->lora.p, r->w.arch, &err), &err);
}

/* Largest difference of logits: merged against base and adapter; relative to the largest logit. */
static double difference(struct rig *r, const char *type)
{
	const size_t n = TOKENS * (size_t)r->w.shape.V;
	assert_ok(tw_merge_gguf(merged, r->path, adapter, type, 2, &err), &err);
	float *one = llama_logits(merged, NULL, r->batch.tokens, TOKENS);
	float *two = llama_logits(r->path, adapter, r->batch.tokens, TOKENS);
	assert_non_null(one);
	assert_non_null(two);
	double d = worst(one, two, n), relative = worst_relative(one, two, n);
	free(one);
	free(two);
	print_message("%s: logits differ by %.1e, %.1e of the largest\n", type, d, relative);
	return strcmp(type, "base") == 0 ? d : relative;
}

static void the_merged_model_is_base_and_adapter(void **state)
{
	const struct tiny_gguf specs[] = {
		{.seed = 1, .n_layer = 3},
		{.seed = 2, .arch = "qwen3", .head_dim = 32, .untied = true},
		{.seed = 3, .n_head = 9, .n_head_kv = 3, .n_embd = 72}};
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct rig r;
		open_rig(&r, &specs[i]);
		assert_true(difference(&r, "base") < 1e-4);
		rig_close(&r);
	}
}

static void a_negative_alpha_counts_as_libllama_has_it(void **state)
{
	const struct tw_lora_config conf = {.rank = 4, .alpha = -8, .targets = &all_targets};
	struct rig r;
	(void)state;
	rig_tiny_with(&r, &(struct tiny_gguf){.seed = 7}, &conf, TOKENS, 1);
	rig_add_random(&r, TOKENS, 1, 3);
	assert_ok(tw_adapter_write(adapter, &r.lora, r.lora.p, r.w.arch, &err), &err);
	assert_true(difference(&r, "base") < 1e-4);
	rig_close(&r);
}

static void changed_tensors_have_the_type_that_is_wanted(void **state)
{
	struct rig r;
	(void)state;
	open_rig(&r, &(struct tiny_gguf){.seed = 4, .type = "Q8_0"});
	assert_true(difference(&r, "base") < 0.2); /* rounded to 8 bits once more */
	assert_int_equal(gguf_type_in(merged, "blk.0.attn_q.weight"), GGML_TYPE_Q8_0);
	assert_true(difference(&r, "f16") < 0.06); /* libllama rounds what enters Q8_0 products */
	assert_int_equal(gguf_type_in(merged, "blk.1.ffn_up.weight"), GGML_TYPE_F16);
	assert_int_equal(gguf_type_in(merged, "token_embd.weight"), GGML_TYPE_Q8_0);
	assert_true(difference(&r, "f32") < 0.06);
	assert_int_equal(gguf_type_in(merged, "blk.1.ffn_up.weight"), GGML_TYPE_F32);
	rig_close(&r);
}

static void rows_that_fit_no_block_become_f16(void **state)
{
	struct rig r;
	(void)state;
	open_rig(&r, &(struct tiny_gguf){.seed = 5, .n_head = 9, .n_head_kv = 3, .n_embd = 72});
	assert_true(difference(&r, "q8_0") < 0.05);
	assert_int_equal(gguf_type_in(merged, "blk.0.attn_q.weight"), GGML_TYPE_F16);
	assert_int_equal(gguf_type_in(merged, "blk.0.ffn_down.weight"), GGML_TYPE_Q8_0);
	rig_close(&r);
}

/* Bytes of a tensor in the file; the caller frees. */
static void *bytes_of(const char *path, const char *tensor, size_t *n)
{
	struct gguf_context *g =
		gguf_init_from_file(path, (struct gguf_init_params){.no_alloc = true});
	int64_t id = gguf_find_tensor(g, tensor);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	*n = gguf_get_tensor_size(g, id);
	void *data = tw_xmalloc(*n);
	fseek(f, (long)(gguf_get_data_offset(g) + gguf_get_tensor_offset(g, id)), SEEK_SET);
	assert_int_equal(fread(data, 1, *n, f), *n);
	fclose(f);
	gguf_free(g);
	return data;
}

static void everything_else_stays_byte_for_byte(void **state)
{
	struct rig r;
	(void)state;
	open_rig(&r, &(struct tiny_gguf){.seed = 6, .type = "Q4_0"});
	assert_ok(tw_merge_gguf(merged, r.path, adapter, "base", 1, &err), &err);
	struct gguf_context *was =
		gguf_init_from_file(r.path, (struct gguf_init_params){.no_alloc = true});
	struct gguf_context *is =
		gguf_init_from_file(merged, (struct gguf_init_params){.no_alloc = true});
	assert_int_equal(gguf_get_n_kv(was), gguf_get_n_kv(is));
	for (int64_t i = 0; i < gguf_get_n_kv(was); i++)
		assert_string_equal(gguf_get_key(was, i), gguf_get_key(is, i));
	assert_int_equal(gguf_get_n_tensors(was), gguf_get_n_tensors(is));
	int changed = 0;
	for (int64_t i = 0; i < gguf_get_n_tensors(was); i++) {
		const char *name = gguf_get_tensor_name(was, i);
		size_t a, b;
		void *x = bytes_of(r.path, name, &a), *y = bytes_of(merged, name, &b);
		assert_int_equal(a, b);
		bool adapted = strstr(name, "attn_norm") == NULL &&
			       strstr(name, "ffn_norm") == NULL && strstr(name, "blk.") != NULL;
		assert_int_equal(memcmp(x, y, a) != 0, adapted);
		changed += adapted;
		free(x);
		free(y);
	}
	assert_int_equal(changed, 14);
	gguf_free(was);
	gguf_free(is);
	rig_close(&r);
}

static void the_bytes_do_not_depend_on_threads(void **state)
{
	struct rig r;
	char other[600];
	size_t n, m;
	(void)state;
	snprintf(other, sizeof(other), "%s/other.gguf", tmp_dir());
	open_rig(&r, &(struct tiny_gguf){.seed = 7, .type = "Q8_0", .n_ff = 256});
	assert_ok(tw_merge_gguf(merged, r.path, adapter, "base", 1, &err), &err);
	assert_ok(tw_merge_gguf(other, r.path, adapter, "base", 3, &err), &err);
	void *a = bytes_of(merged, "blk.1.ffn_gate.weight", &n);
	void *b = bytes_of(other, "blk.1.ffn_gate.weight", &m);
	assert_int_equal(n, m);
	assert_memory_equal(a, b, n);
	free(a);
	free(b);
	rig_close(&r);
}

static void expect_refusal(const char *base, const char *lora, enum tw_status want,
			   const char *words)
{
	remove(merged);
	assert_int_equal(tw_merge_gguf(merged, base, lora, "base", 1, &err), want);
	assert_contains(err.msg, words);
	assert_false(tw_exists(merged));
	tw_err_clear(&err);
}

static void what_does_not_fit_is_refused(void **state)
{
	struct rig r;
	char other[600];
	(void)state;
	snprintf(other, sizeof(other), "%s/other.gguf", tmp_dir());
	open_rig(&r, &(struct tiny_gguf){.seed = 8});
	expect_refusal(r.path, r.path, TW_BAD_USE, "not a LoRA adapter");
	expect_refusal(r.path, "/no/such/file", TW_NOT_FOUND, "no such adapter");
	expect_refusal("/no/such/file", adapter, TW_NOT_FOUND, "/no/such/file");
	assert_true(tiny_gguf_write(other, &(struct tiny_gguf){.n_ff = 256}));
	expect_refusal(other, adapter, TW_BAD_USE, "does not fit");
	assert_true(tiny_gguf_write(other, &(struct tiny_gguf){.n_layer = 1}));
	expect_refusal(other, adapter, TW_BAD_USE, "other tensors");
	assert_true(tiny_gguf_write(other, &(struct tiny_gguf){.arch = "qwen2"}));
	expect_refusal(other, adapter, TW_BAD_USE, "an adapter for llama");
	assert_ok(tw_write_file(other, "GGUF", 4, &err), &err);
	expect_refusal(other, adapter, TW_BAD_DATA, "not a GGUF file");
	expect_refusal(r.path, other, TW_BAD_DATA, "not a GGUF file");
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_merged_model_is_base_and_adapter),
		cmocka_unit_test(a_negative_alpha_counts_as_libllama_has_it),
		cmocka_unit_test(changed_tensors_have_the_type_that_is_wanted),
		cmocka_unit_test(rows_that_fit_no_block_become_f16),
		cmocka_unit_test(everything_else_stays_byte_for_byte),
		cmocka_unit_test(the_bytes_do_not_depend_on_threads),
		cmocka_unit_test(what_does_not_fit_is_refused),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
