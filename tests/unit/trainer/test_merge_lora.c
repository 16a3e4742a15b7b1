/* A model with an adapter as it is trained, as a file of its own: libllama's logits are those of the training's net. */
#include "ggml.h"
#include "gguf.h"
#include "net/net.h"
#include "support/llama_logits.h"
#include "support/train_rig.h"
#include "trainer/merge.h"

enum { TOKENS = 24 };

static char merged[600];
static struct tw_err err;

static int setup(void **state)
{
	(void)state;
	snprintf(merged, sizeof(merged), "%s/merged.gguf", tmp_dir());
	return 0;
}

static void open_rig(struct rig *r, const struct tiny_gguf *spec, bool dora)
{
	const struct tw_lora_config conf = {
		.rank = 4, .alpha = 8, .dora = dora, .targets = &all_targets};
	rig_tiny_with(r, spec, &conf, TOKENS, 2);
	if (dora) {
		tw_lora_measure(&r->lora, &r->w, &r->c);
		const struct tw_lora_pair *at = tw_lora_at(&r->lora, 1, TW_PROJ_DOWN);
		for (int i = 0; i < r->w.shape.C; i++)
			r->lora.p[at->m + (size_t)i] *= 1.5f;
	}
	rig_add_random(r, TOKENS, 1, 3);
	assert_ok(tw_merge_lora(merged, r->path, &r->lora, r->lora.p, &r->c, &err), &err);
}

/* Of the largest. */
static double difference(struct rig *r)
{
	float *theirs = llama_logits(merged, NULL, r->batch.tokens, TOKENS);
	assert_non_null(theirs);
	double d = worst_relative(all_logits(r), theirs, TOKENS * (size_t)r->w.shape.V);
	free(theirs);
	print_message("logits differ by %.1e of the largest\n", d);
	return d;
}

static void the_file_is_the_model_that_is_trained(void **state)
{
	const struct tiny_gguf specs[] = {{.seed = 1, .n_layer = 3},
					  {.seed = 2, .arch = "qwen3", .head_dim = 32},
					  {.seed = 3, .arch = "phi3"},
					  {.seed = 4, .n_embd = 72, .n_head = 9, .n_head_kv = 3}};
	(void)state;
	for (int dora = 0; dora < 2; dora++)
		for (size_t i = 0; i < 4; i++) {
			struct rig r;
			open_rig(&r, &specs[i], dora);
			assert_true(difference(&r) < 1e-4);
			rig_close(&r);
		}
}

static void what_changes_is_never_coarser_than_q8_0(void **state)
{
	static const struct {
		const char *base;
		enum ggml_type changed, other;
		double tolerance;
	} types[] = {{"F32", GGML_TYPE_F32, GGML_TYPE_F32, 1e-4},
		     {"F16", GGML_TYPE_F16, GGML_TYPE_F16, 0.01},
		     {"Q8_0", GGML_TYPE_Q8_0, GGML_TYPE_Q8_0, 0.06},
		     {"Q4_0", GGML_TYPE_Q8_0, GGML_TYPE_Q4_0, 0.06}};
	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		struct rig r;
		open_rig(&r, &(struct tiny_gguf){.seed = 5, .type = types[i].base}, true);
		assert_int_equal(gguf_type_in(merged, "blk.0.attn_q.weight"), types[i].changed);
		assert_int_equal(gguf_type_in(merged, "blk.1.ffn_down.weight"), types[i].changed);
		assert_int_equal(gguf_type_in(merged, "token_embd.weight"), types[i].other);
		assert_true(difference(&r) < types[i].tolerance);
		rig_close(&r);
	}
}

static void a_path_that_is_not_there_is_said(void **state)
{
	struct rig r;
	(void)state;
	open_rig(&r, &(struct tiny_gguf){.seed = 6}, true);
	enum tw_status st = tw_merge_lora("/nowhere/m.gguf", r.path, &r.lora, r.lora.p, &r.c, &err);
	assert_int_equal(st, TW_NOT_FOUND);
	assert_contains(err.msg, "/nowhere");
	tw_err_clear(&err);
	st = tw_merge_lora(merged, "/nowhere/base.gguf", &r.lora, r.lora.p, &r.c, &err);
	assert_int_equal(st, TW_NOT_FOUND);
	tw_err_clear(&err);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_file_is_the_model_that_is_trained),
		cmocka_unit_test(what_changes_is_never_coarser_than_q8_0),
		cmocka_unit_test(a_path_that_is_not_there_is_said),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
