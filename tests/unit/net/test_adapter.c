/* The adapter's file, as libllama reads it. */
#include "base/fs.h"
#include "support/llama_logits.h"
#include "support/tiny_gguf.h"
#include "support/train_rig.h"
#include "net/adapter.h"

static char *adapter_path(char path[600])
{
	snprintf(path, 600, "%s/adapter.gguf", tmp_dir());
	return path;
}

/* libllama with the adapter against our merged weights; without it both differ by much more. */
static void compare(struct rig *r)
{
	char path[600];
	size_t n = 40 * (size_t)r->w.shape.V;
	assert_ok(tw_adapter_write(adapter_path(path), &r->lora, r->lora.p, r->w.arch, &r->err),
		  &r->err);
	rig_add_random(r, 40, 1, 3);
	float *with = llama_logits(r->path, path, r->batch.tokens, 40);
	float *without = llama_logits(r->path, NULL, r->batch.tokens, 40);
	assert_non_null(with);
	const float *ours = all_logits(r);
	print_message("adapter in libllama: worst difference %.1e (without it %.1e)\n",
		      worst(ours, with, n), worst(ours, without, n));
	assert_true(worst(ours, with, n) < 1e-4);
	assert_true(worst(ours, without, n) > 1e-2);
	free(with);
	free(without);
}

static void libllama_applies_it_as_it_was_trained(void **state)
{
	struct rig r;
	(void)state;
	rig_tiny(&r, &(struct tiny_gguf){.seed = 1, .n_layer = 3}, 4, 40, 1);
	compare(&r);
	rig_close(&r);
	rig_tiny(&r, &(struct tiny_gguf){.seed = 2, .n_head = 8, .n_head_kv = 2}, 16, 40, 1);
	compare(&r);
	rig_close(&r);
	rig_tiny(&r, &(struct tiny_gguf){.seed = 8, .arch = "qwen2"}, 4, 40, 1);
	compare(&r);
	rig_close(&r);
	rig_tiny(&r, &(struct tiny_gguf){.seed = 9, .arch = "qwen3", .head_dim = 32}, 4, 40, 1);
	compare(&r);
	rig_close(&r);
}

/* A rig whose adapter has other targets than all. */
static void retarget(struct rig *r, const char *const *names, size_t n)
{
	const struct tw_strings targets = {names, n};
	float *p = r->lora.p;
	tw_lora_release(&r->lora);
	assert_ok(tw_lora_init(&r->lora, &r->w.shape,
			       &(struct tw_lora_config){.rank = 4, .alpha = 8, .targets = &targets},
			       &r->err),
		  &r->err);
	r->lora.p = p; /* large enough for all */
}

static void some_targets_alone_work_too(void **state)
{
	static const char *const sets[][3] = {{"q_proj", "v_proj", NULL},
					      {"k_proj", "up_proj", "o_proj"},
					      {"down_proj", NULL, NULL}};
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct rig r;
		rig_tiny(&r, &(struct tiny_gguf){.seed = 3}, 4, 40, 1);
		size_t n = sets[i][1] ? sets[i][2] ? 3 : 2 : 1;
		retarget(&r, sets[i], n);
		compare(&r);
		/* and their gradients are those that the whole adapter would have */
		tw_batch_clear(&r.batch);
		rig_add_random(&r, 30, 2, 4);
		tw_net_train(&r.net, &r.batch, 1.0f);
		for (int layer = 0; layer < 2; layer++)
			for (enum tw_proj p = 0; p < TW_PROJ_COUNT; p++) {
				const struct tw_lora_pair *at = tw_lora_at(&r.lora, layer, p);
				if (!at)
					continue;
				const float h = 5e-3f;
				for (int half = 0; half < 2; half++) {
					float *x = r.lora.p + (half ? at->b : at->a) + 5, keep = *x;
					*x = keep + h;
					double up = tw_net_loss(&r.net, &r.batch);
					*x = keep - h;
					double down = tw_net_loss(&r.net, &r.batch);
					*x = keep;
					double g = (double)r.lora.g[(half ? at->b : at->a) + 5];
					assert_true((up - down) / (2.0 * (double)h) - g < 1e-2 &&
						    (up - down) / (2.0 * (double)h) - g > -1e-2);
				}
			}
		rig_close(&r);
	}
}

static void other_scales_and_layers_reach_libllama(void **state)
{
	static const char *const layers[] = {"0", "2", NULL};
	const struct tw_strings some = {layers, 2};
	const struct tw_lora_config rslora = {
		.rank = 16, .alpha = 8, .rslora = true, .targets = &all_targets};
	const struct tw_lora_config two = {
		.rank = 4, .alpha = 8, .targets = &all_targets, .layers = &some};
	struct rig r;
	(void)state;
	rig_tiny_with(&r, &(struct tiny_gguf){.seed = 11}, &rslora, 40, 1);
	assert_true(r.lora.scale == 2); /* 8 / sqrt(16) */
	compare(&r);
	rig_close(&r);
	rig_tiny_with(&r, &(struct tiny_gguf){.seed = 12, .n_layer = 3}, &two, 40, 1);
	assert_null(tw_lora_at(&r.lora, 1, TW_PROJ_Q));
	compare(&r);
	rig_close(&r);
}

/* Files of other programs may have one: libllama scales by alpha / rank whatever its sign. */
static void a_negative_alpha_is_no_missing_one(void **state)
{
	const struct tw_lora_config negative = {.rank = 4, .alpha = -8, .targets = &all_targets};
	struct rig r, plus;
	char path[600];
	(void)state;
	rig_tiny_with(&r, &(struct tiny_gguf){.seed = 15}, &negative, 40, 1);
	compare(&r);
	rig_tiny(&plus, &(struct tiny_gguf){.seed = 15}, 4, 8, 1);
	assert_ok(tw_adapter_read(plus.lora.p, &plus.lora, plus.w.arch, adapter_path(path), NULL,
				  &plus.err),
		  &plus.err);
	const struct tw_lora_pair *at = tw_lora_at(&r.lora, 1, TW_PROJ_V);
	for (size_t i = 0; i < 16; i++) {
		assert_true(plus.lora.p[at->a + i] == r.lora.p[at->a + i]);
		assert_true(plus.lora.p[at->b + i] == -r.lora.p[at->b + i]);
	}
	rig_close(&plus);
	rig_close(&r);
}

static void unknown_layers_are_refused(void **state)
{
	static const char *const wrong[] = {"2", "-1", "x", "", "1 "};
	struct rig r;
	struct tw_lora l;
	struct tw_err err = TW_ERR_INIT;
	(void)state;
	rig_tiny(&r, &(struct tiny_gguf){.seed = 13}, 4, 8, 1);
	for (size_t i = 0; i < 5; i++) {
		const char *const names[] = {wrong[i], NULL};
		const struct tw_strings layers = {names, 1};
		const struct tw_lora_config conf = {
			.rank = 4, .alpha = 8, .targets = &all_targets, .layers = &layers};
		assert_int_equal(tw_lora_init(&l, &r.w.shape, &conf, &err), TW_BAD_USE);
		assert_contains(err.msg, "0 to 1");
		tw_err_clear(&err);
	}
	rig_close(&r);
}

static void all_linear_is_every_matrix(void **state)
{
	static const char *const name[] = {"all-linear", NULL};
	const struct tw_strings all = {name, 1};
	const struct tw_lora_config conf = {.rank = 4, .alpha = 8, .b_rate = 16, .targets = &all};
	struct rig r, same;
	(void)state;
	rig_tiny_with(&r, &(struct tiny_gguf){.seed = 14}, &conf, 8, 1);
	rig_tiny(&same, &(struct tiny_gguf){.seed = 14}, 4, 8, 1);
	assert_int_equal(r.lora.n, same.lora.n);
	/* Each matrix is there for the optimiser, Bs with a rate of their own. */
	size_t at = 0;
	for (size_t i = 0; i < r.lora.params.n; i++) {
		const struct tw_param *p = &r.lora.params.at[i];
		assert_int_equal(p->at, at);
		assert_true(p->rate == (p->cols == 4 ? 16 : 1));
		at += tw_param_size(p);
	}
	assert_int_equal(at, r.lora.n);
	assert_int_equal(r.lora.params.n, 2 * 7 * 2);
	rig_close(&r);
	rig_close(&same);
}

static void unknown_targets_are_refused_with_the_nearest_name(void **state)
{
	struct rig r;
	struct tw_lora l;
	struct tw_err err = TW_ERR_INIT;
	static const char *const names[] = {"q_proj", "gate_prok", NULL};
	struct tw_lora_config conf = {.rank = 4, .alpha = 8};
	(void)state;
	rig_tiny(&r, &(struct tiny_gguf){.seed = 4}, 4, 40, 1);
	conf.targets = &(struct tw_strings){names, 2};
	assert_int_equal(tw_lora_init(&l, &r.w.shape, &conf, &err), TW_BAD_USE);
	assert_contains(err.msg, "gate_proj");
	tw_err_clear(&err);
	conf.targets = &(struct tw_strings){names, 0};
	assert_int_equal(tw_lora_init(&l, &r.w.shape, &conf, &err), TW_BAD_USE);
	rig_close(&r);
}

static void a_new_adapter_changes_nothing(void **state)
{
	struct rig r;
	(void)state;
	rig_tiny(&r, &(struct tiny_gguf){.seed = 5}, 4, 30, 1);
	rig_add_random(&r, 30, 1, 6);
	memset(r.lora.p, 0, r.lora.n * sizeof(*r.lora.p));
	size_t n = 30 * (size_t)r.w.shape.V;
	float *base = tw_xcalloc(n, sizeof(*base));
	memcpy(base, all_logits(&r), n * sizeof(*base));
	tw_lora_seed(&r.lora, 7);
	assert_memory_equal(base, all_logits(&r), n * sizeof(*base));
	free(base);
	rig_close(&r);
}

static void first_values_are_uniform_and_follow_the_seed(void **state)
{
	struct rig r;
	(void)state;
	rig_tiny(&r, &(struct tiny_gguf){.seed = 6, .n_embd = 256, .n_head = 4}, 16, 8, 1);
	tw_lora_seed(&r.lora, 1);
	const float *a = r.lora.p + tw_lora_at(&r.lora, 1, TW_PROJ_V)->a;
	const float *other = r.lora.p + tw_lora_at(&r.lora, 0, TW_PROJ_V)->a;
	double square = 0;
	for (int i = 0; i < 16 * 256; i++) {
		assert_true(a[i] >= -1.0f / 16 && a[i] <= 1.0f / 16); /* 1 / sqrt(256) */
		square += (double)a[i] * (double)a[i];
	}
	assert_true(square / 4096 > 0.9 / 768 && square / 4096 < 1.1 / 768); /* bound^2 / 3 */
	assert_true(memcmp(a, other, 64) != 0);
	float first = a[0];
	tw_lora_seed(&r.lora, 2);
	assert_true(a[0] != first);
	tw_lora_seed(&r.lora, 1);
	assert_true(a[0] == first);
	rig_close(&r);
}

static void a_file_that_cannot_be_written_is_said_so(void **state)
{
	struct rig r;
	char path[600];
	(void)state;
	rig_tiny(&r, &(struct tiny_gguf){.seed = 7}, 4, 8, 1);
	snprintf(path, sizeof(path), "%s/no-such-folder/a.gguf", tmp_dir());
	assert_int_not_equal(tw_adapter_write(path, &r.lora, r.lora.p, r.w.arch, &r.err), TW_OK);
	assert_contains(r.err.msg, "no-such-folder");
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(libllama_applies_it_as_it_was_trained),
		cmocka_unit_test(some_targets_alone_work_too),
		cmocka_unit_test(other_scales_and_layers_reach_libllama),
		cmocka_unit_test(a_negative_alpha_is_no_missing_one),
		cmocka_unit_test(unknown_layers_are_refused),
		cmocka_unit_test(all_linear_is_every_matrix),
		cmocka_unit_test(unknown_targets_are_refused_with_the_nearest_name),
		cmocka_unit_test(a_new_adapter_changes_nothing),
		cmocka_unit_test(first_values_are_uniform_and_follow_the_seed),
		cmocka_unit_test(a_file_that_cannot_be_written_is_said_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
