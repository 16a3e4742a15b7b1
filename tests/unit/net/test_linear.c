/* Adapters apart from the weights, and their dropout. */
#include <math.h>

#include "support/train_rig.h"

static void train_again(struct rig *r)
{
	memset(r->lora.g, 0, r->lora.n * sizeof(*r->lora.g));
	tw_net_train(&r->net, &r->batch, 1.0f);
}

/* Both paths, on any targets; gradients of the merged one are checked against differences elsewhere. */
static void compare_paths(const struct tiny_gguf *spec, const struct tw_strings *targets,
			  const struct tw_strings *layers)
{
	struct rig r;
	const struct tw_lora_config conf = {
		.rank = 4, .alpha = 8, .targets = targets, .layers = layers};
	rig_tiny_with(&r, spec, &conf, 40, 2);
	rig_two_documents(&r);
	double merged = tw_net_loss(&r.net, &r.batch);
	train_again(&r);
	float *g = tw_xcalloc(r.lora.n, sizeof(*g));
	memcpy(g, r.lora.g, r.lora.n * sizeof(*g));
	r.net.apart = true;
	double apart = tw_net_loss(&r.net, &r.batch);
	train_again(&r);
	print_message("merged and apart: losses differ by %.1e, gradients by %.1e of the largest\n",
		      fabs(merged - apart) / merged, worst_relative(r.lora.g, g, r.lora.n));
	assert_true(fabs(merged - apart) < 1e-6 * merged);
	assert_true(worst_relative(r.lora.g, g, r.lora.n) < 1e-5);
	free(g);
	rig_close(&r);
}

static void an_adapter_apart_is_the_merged_one(void **state)
{
	static const char *const some[] = {"k_proj", "up_proj", "o_proj", NULL};
	static const char *const layer[] = {"1", NULL};
	(void)state;
	compare_paths(&(struct tiny_gguf){.seed = 1}, &all_targets, NULL);
	compare_paths(&(struct tiny_gguf){.seed = 2, .arch = "qwen3", .head_dim = 24}, &all_targets,
		      NULL);
	compare_paths(&(struct tiny_gguf){.seed = 3, .arch = "qwen2"},
		      &(struct tw_strings){some, 3}, NULL);
	compare_paths(&(struct tiny_gguf){.seed = 4}, &all_targets, &(struct tw_strings){layer, 1});
}

static void dropping_rig(struct rig *r, double p, int threads, uint64_t seed)
{
	const struct tw_lora_config conf = {
		.rank = 3, .alpha = 6, .dropout = p, .targets = &all_targets};
	rig_tiny_with(r, &(struct tiny_gguf){.seed = seed}, &conf, 40, threads);
	r->net.drop = (struct tw_dropout){.on = true, .seed = 5, .step = 7};
	rig_two_documents(r);
}

static void gradients_with_dropout_are_those_of_the_loss(void **state)
{
	struct rig r;
	double most = 0, scale = 1e-9;
	const float h = 5e-3f;
	(void)state;
	dropping_rig(&r, 0.3, 1, 10);
	train_again(&r);
	for (size_t i = 0; i < r.lora.n; i++)
		scale = fmax(scale, fabs((double)r.lora.g[i]));
	for (int layer = 0; layer < 2; layer++)
		for (enum tw_proj p = 0; p < TW_PROJ_COUNT; p++)
			for (size_t k = 0; k < 180; k += 11) {
				const struct tw_lora_pair *at = tw_lora_at(&r.lora, layer, p);
				if (!at)
					break;
				if (!at)
					continue; /* a fused matrix of other models */
				size_t i = k < 90 ? at->a + k : at->b + k - 90;
				float x = r.lora.p[i];
				double g = (rig_loss_at(&r, i, x + h) - rig_loss_at(&r, i, x - h)) /
					   (double)((x + h) - (x - h));
				most = fmax(most, fabs(g - (double)r.lora.g[i]));
			}
	print_message("dropout: gradients differ by %.1e of the largest\n", most / scale);
	assert_true(most < 1e-3 * scale);
	rig_close(&r);
}

static void dropout_of_nothing_is_the_plain_path(void **state)
{
	struct rig r;
	(void)state;
	dropping_rig(&r, 1e-12, 1, 11); /* no 32-bit number is below that share of 2^32 */
	train_again(&r);
	float *g = tw_xcalloc(r.lora.n, sizeof(*g));
	memcpy(g, r.lora.g, r.lora.n * sizeof(*g));
	r.net.drop.on = false;
	r.net.apart = r.net.keeps_xa = false;
	train_again(&r);
	assert_true(worst_relative(g, r.lora.g, r.lora.n) < 1e-5);
	free(g);
	rig_close(&r);
}

/* Also where blocks are computed again on the way back. */
static void recomputed_blocks_drop_the_same(void **state)
{
	struct rig r;
	(void)state;
	dropping_rig(&r, 0.5, 1, 12);
	train_again(&r);
	float *g = tw_xcalloc(r.lora.n, sizeof(*g));
	memcpy(g, r.lora.g, r.lora.n * sizeof(*g));
	const struct tw_dropout drop = r.net.drop;
	const struct tw_net_size size = {.cap = 40, .longest = 40, .recompute = true};
	tw_net_release(&r.net);
	assert_ok(tw_net_init(&r.net, &r.w, &r.lora, &r.c, &size, &r.err), &r.err);
	r.net.drop = drop;
	train_again(&r);
	assert_memory_equal(g, r.lora.g, r.lora.n * sizeof(*g));
	free(g);
	rig_close(&r);
}

/* --- masks --- */

enum { TOKENS = 40, WIDTH = 64 };

static void mask(float *m, struct rig *r, int layer, enum tw_proj p, int64_t token)
{
	float ones[TOKENS * WIDTH];
	for (int i = 0; i < TOKENS * WIDTH; i++)
		ones[i] = 1;
	r->net.drop.token = token;
	tw_net_drop(&r->net, layer, p, m, ones, TOKENS, false);
}

static double agreement(const float *a, const float *b)
{
	int same = 0;
	for (int i = 0; i < TOKENS * WIDTH; i++)
		same += (a[i] > 0) == (b[i] > 0);
	return (double)same / (TOKENS * WIDTH);
}

static void masks_keep_their_share_and_the_mean(void **state)
{
	struct rig r;
	double sum = 0, kept = 0;
	(void)state;
	dropping_rig(&r, 0.2, 1, 13);
	for (int layer = 0; layer < 2; layer++)
		for (int64_t step = 0; step < 20; step++) {
			float m[TOKENS * WIDTH];
			r.net.drop.step = step;
			mask(m, &r, layer, TW_PROJ_Q, 0);
			for (int i = 0; i < TOKENS * WIDTH; i++) {
				assert_true(m[i] == 0 || m[i] == 1.25f);
				sum += (double)m[i];
				kept += m[i] > 0;
			}
		}
	const double n = 40.0 * TOKENS * WIDTH; /* standard deviation of the share: 0.00125 */
	assert_true(fabs(kept / n - 0.8) < 0.005 && fabs(sum / n - 1) < 0.00625);
	rig_close(&r);
}

static void every_projection_layer_step_and_token_has_its_own_mask(void **state)
{
	struct rig r;
	float a[TOKENS * WIDTH], b[TOKENS * WIDTH];
	(void)state;
	dropping_rig(&r, 0.5, 1, 14);
	mask(a, &r, 0, TW_PROJ_Q, 0);
	mask(b, &r, 0, TW_PROJ_K, 0);
	assert_true(fabs(agreement(a, b) - 0.5) < 0.05);
	mask(b, &r, 1, TW_PROJ_Q, 0);
	assert_true(fabs(agreement(a, b) - 0.5) < 0.05);
	mask(b, &r, 0, TW_PROJ_Q, 1);
	assert_true(fabs(agreement(a, b) - 0.5) < 0.05);
	r.net.drop.step++;
	mask(b, &r, 0, TW_PROJ_Q, 0);
	assert_true(fabs(agreement(a, b) - 0.5) < 0.05);
	r.net.drop.step--;
	r.net.drop.seed++;
	mask(b, &r, 0, TW_PROJ_Q, 0);
	assert_true(fabs(agreement(a, b) - 0.5) < 0.05);
	r.net.drop.seed--;
	mask(b, &r, 0, TW_PROJ_Q, 0);
	assert_memory_equal(a, b, sizeof(a));
	/* A batch that begins 8 tokens later goes on with the same masks. */
	mask(b, &r, 0, TW_PROJ_Q, 8);
	assert_memory_equal(a + 8 * WIDTH, b, sizeof(float) * (TOKENS - 8) * WIDTH);
	rig_close(&r);
}

static void dropout_does_not_depend_on_threads(void **state)
{
	float *g[2];
	size_t n = 0;
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct rig r;
		dropping_rig(&r, 0.1, i ? 3 : 1, 15);
		train_again(&r);
		n = r.lora.n;
		g[i] = tw_xcalloc(n, sizeof(float));
		memcpy(g[i], r.lora.g, n * sizeof(float));
		rig_close(&r);
	}
	assert_memory_equal(g[0], g[1], n * sizeof(float));
	free(g[0]);
	free(g[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_adapter_apart_is_the_merged_one),
		cmocka_unit_test(gradients_with_dropout_are_those_of_the_loss),
		cmocka_unit_test(dropout_of_nothing_is_the_plain_path),
		cmocka_unit_test(recomputed_blocks_drop_the_same),
		cmocka_unit_test(masks_keep_their_share_and_the_mean),
		cmocka_unit_test(every_projection_layer_step_and_token_has_its_own_mask),
		cmocka_unit_test(dropout_does_not_depend_on_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
