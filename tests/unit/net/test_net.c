/* Forward and backward of the whole model, on models that are small and real. */
#include <math.h>
#include <unistd.h>

#include "base/hash.h"
#include "ggml.h"
#include "gguf.h"
#include "support/tiny_gguf.h"
#include "support/train_rig.h"

static void check_gradients(const struct tiny_gguf *spec)
{
	struct rig r;
	double most = 0, scale = 1e-9;
	const float h = 5e-3f;
	rig_tiny(&r, spec, 3, 40, 1);
	rig_two_documents(&r);
	double loss = tw_net_train(&r.net, &r.batch, 1.0f);
	assert_true(fabs(loss - tw_net_loss(&r.net, &r.batch)) < 1e-9);
	for (size_t i = 0; i < r.lora.n; i++)
		scale = fmax(scale, fabs((double)r.lora.g[i]));
	size_t tried = 0;
	for (int layer = 0; layer < 2; layer++)
		for (enum tw_proj p = 0; p < TW_PROJ_COUNT; p++)
			for (int half = 0; half < 2; half++)
				for (size_t k = 0; k < 90; k += 11, tried++) {
					const struct tw_lora_pair *at =
						tw_lora_at(&r.lora, layer, p);
					if (!at)
						break;
					size_t i = (half ? at->b : at->a) + k;
					float x = r.lora.p[i];
					double g = (rig_loss_at(&r, i, x + h) -
						    rig_loss_at(&r, i, x - h)) /
						   (double)((x + h) - (x - h));
					most = fmax(most, fabs(g - (double)r.lora.g[i]));
				}
	print_message("%zu of %zu gradients: worst difference %.1e of the largest\n", tried,
		      r.lora.n, most / scale);
	assert_true(most < 1e-3 * scale);
	rig_close(&r);
}

static void gradients_are_those_of_the_loss(void **state)
{
	(void)state;
	check_gradients(&(struct tiny_gguf){.seed = 10, .n_head = 4, .n_head_kv = 2});
}

static void a_gradient_step_lowers_the_loss(void **state)
{
	struct rig r;
	(void)state;
	rig_tiny(&r, &(struct tiny_gguf){.seed = 11}, 4, 40, 2);
	rig_two_documents(&r);
	double before = tw_net_train(&r.net, &r.batch, 1.0f), square = 0;
	for (size_t i = 0; i < r.lora.n; i++)
		square += (double)r.lora.g[i] * (double)r.lora.g[i];
	const double step = 1e-4;
	for (size_t i = 0; i < r.lora.n; i++)
		r.lora.p[i] -= (float)step * r.lora.g[i];
	double after = tw_net_loss(&r.net, &r.batch);
	assert_true(after < before);
	/* to first order by step |g|^2 */
	assert_true(fabs((before - after) / (step * square) - 1) < 0.1);
	rig_close(&r);
}

static void packed_documents_do_not_see_each_other(void **state)
{
	struct rig r;
	double apart = 0;
	(void)state;
	rig_tiny(&r, &(struct tiny_gguf){.seed = 12}, 4, 100, 1);
	float *together = tw_xcalloc(r.lora.n, sizeof(*together));
	rig_two_documents(&r);
	double packed = tw_net_train(&r.net, &r.batch, 1.0f);
	memcpy(together, r.lora.g, r.lora.n * sizeof(*together));
	memset(r.lora.g, 0, r.lora.n * sizeof(*together));
	for (int i = 0; i < 2; i++) {
		tw_batch_clear(&r.batch);
		rig_add_random(&r, i ? 17 : 23, i ? 9 : 4, i ? 9 : 8);
		apart += tw_net_train(&r.net, &r.batch, 1.0f);
	}
	assert_true(fabs(packed - apart) < 1e-6 * apart);
	assert_true(worst_relative(together, r.lora.g, r.lora.n) < 1e-5);

	/* Another first document changes nothing in the second, to the last bit. */
	float last[2][TINY_VOCAB];
	for (int i = 0; i < 2; i++) {
		tw_batch_clear(&r.batch);
		rig_add_random(&r, 23, 4, i ? 70 : 8);
		rig_add_random(&r, 17, 9, 9);
		r.batch.from[0] = r.batch.T - 1;
		r.batch.n_loss = 1;
		memcpy(last[i], tw_net_logits(&r.net, &r.batch), sizeof(last[i]));
	}
	assert_memory_equal(last[0], last[1], sizeof(last[0]));
	free(together);
	rig_close(&r);
}

static void only_answers_carry_loss(void **state)
{
	struct rig r;
	(void)state;
	rig_tiny(&r, &(struct tiny_gguf){.seed = 13}, 4, 40, 1);
	rig_add_random(&r, 20, 15, 14);
	assert_int_equal(r.batch.n_loss, 5);
	double five = tw_net_loss(&r.net, &r.batch);
	const float *logits = all_logits(&r);
	double sum = 0;
	for (int i = 14; i < 19; i++) { /* token 14 predicts token 15 */
		const float *row = logits + (ptrdiff_t)i * TINY_VOCAB;
		double total = 0;
		for (int v = 0; v < TINY_VOCAB; v++)
			total += exp((double)row[v]);
		sum += log(total) - (double)row[r.batch.tokens[i + 1]];
	}
	assert_true(fabs(sum - five) < 1e-4);
	rig_close(&r);
}

static void many_targets_pass_the_head_in_portions(void **state)
{
	enum { N = 3 * TW_HEAD_TOKENS / 2 };
	struct rig r;
	double parts = 0;
	(void)state;
	rig_tiny(&r, &(struct tiny_gguf){.seed = 15}, 2, N, 2);
	rig_add_random(&r, N, 1, 16);
	double whole = tw_net_train(&r.net, &r.batch, 1.0f);
	float *g = tw_xcalloc(r.lora.n, sizeof(*g));
	memcpy(g, r.lora.g, r.lora.n * sizeof(*g));
	memset(r.lora.g, 0, r.lora.n * sizeof(*g));
	for (int half = 0; half < 2;
	     half++) { /* the same document, each time with half of its loss */
		tw_batch_clear(&r.batch);
		rig_add_random(&r, N, 1, 16);
		int n = r.batch.n_loss / 2, from = half ? n : 0;
		r.batch.n_loss = half ? r.batch.n_loss - n : n;
		memmove(r.batch.from, r.batch.from + from, (size_t)r.batch.n_loss * 4);
		memmove(r.batch.target, r.batch.target + from, (size_t)r.batch.n_loss * 4);
		parts += tw_net_train(&r.net, &r.batch, 1.0f);
	}
	assert_true(fabs(whole - parts) < 1e-6 * whole);
	assert_true(worst_relative(g, r.lora.g, r.lora.n) < 1e-5);
	free(g);
	rig_close(&r);
}

static void compare_threads(const struct tiny_gguf *spec)
{
	float *g[2];
	double loss[2];
	size_t n = 0;
	for (int i = 0; i < 2; i++) {
		struct rig r;
		rig_tiny(&r, spec, 4, 40, i ? 3 : 1);
		rig_two_documents(&r);
		loss[i] = tw_net_train(&r.net, &r.batch, 0.5f);
		n = r.lora.n;
		g[i] = tw_xcalloc(n, sizeof(float));
		memcpy(g[i], r.lora.g, n * sizeof(float));
		rig_close(&r);
	}
	assert_true(loss[0] == loss[1]);
	assert_memory_equal(g[0], g[1], n * sizeof(float));
	free(g[0]);
	free(g[1]);
}

static void results_do_not_depend_on_threads(void **state)
{
	(void)state;
	compare_threads(&(struct tiny_gguf){.seed = 17});
	compare_threads(&(struct tiny_gguf){
		.seed = 18, .arch = "gemma2", .keys = "attention.sliding_window=7"});
	compare_threads(&(struct tiny_gguf){.seed = 19, .arch = "olmo2"});
	compare_threads(&(struct tiny_gguf){.seed = 20, .arch = "phi3"});
}

/* --- what can be opened --- */

/* A tiny model with something more in its file. */
struct edit {
	const char *type; /* of position scaling */
	float factor;	  /* of position scaling; 0: none */
	const char *tensor;
	const float *values;
	int n;
};

static const char *edited(const struct edit *e)
{
	static char path[2][600];
	struct ggml_context *weights,
		*more = ggml_init((struct ggml_init_params){.mem_size = 1 << 16});
	snprintf(path[0], 600, "%s/plain.gguf", tmp_dir());
	snprintf(path[1], 600, "%s/edited.gguf", tmp_dir());
	assert_true(tiny_gguf_write(path[0], &(struct tiny_gguf){.seed = 19}));
	struct gguf_context *plain =
		gguf_init_from_file(path[0], (struct gguf_init_params){.ctx = &weights});
	struct gguf_context *g = gguf_init_empty();
	assert_non_null(plain);
	gguf_set_kv(g, plain);
	for (int64_t i = 0; i < gguf_get_n_tensors(plain); i++)
		gguf_add_tensor(g, ggml_get_tensor(weights, gguf_get_tensor_name(plain, i)));
	if (e->type)
		gguf_set_val_str(g, "llama.rope.scaling.type", e->type);
	if (e->factor != 0)
		gguf_set_val_f32(g, "llama.rope.scaling.factor", e->factor);
	if (e->tensor) {
		struct ggml_tensor *t = ggml_new_tensor_1d(more, GGML_TYPE_F32, e->n);
		memcpy(t->data, e->values, (size_t)e->n * sizeof(float));
		ggml_set_name(t, e->tensor);
		gguf_add_tensor(g, t);
	}
	assert_true(gguf_write_to_file(g, path[1], false));
	gguf_free(g);
	gguf_free(plain);
	ggml_free(weights);
	ggml_free(more);
	return path[1];
}

static void expect_refusal(const char *path, enum tw_status want, const char *words)
{
	struct tw_weights w;
	struct tw_err err = TW_ERR_INIT;
	assert_int_equal(tw_weights_open(&w, path, &err), want);
	assert_contains(err.msg, words);
	assert_contains(err.msg, path);
}

static void other_architectures_are_refused_by_name(void **state)
{
	char path[600];
	(void)state;
	snprintf(path, sizeof(path), "%s/other.gguf", tmp_dir());
	assert_true(tiny_gguf_write(path, &(struct tiny_gguf){.arch = "falcon"}));
	expect_refusal(path, TW_UNSUPPORTED, "\"falcon\"");
	expect_refusal(path, TW_UNSUPPORTED, "llama, ");
	expect_refusal(path, TW_UNSUPPORTED, "trainer: none");
}

static void positions_scaled_in_unknown_ways_are_refused(void **state)
{
	(void)state;
	expect_refusal(edited(&(struct edit){.type = "su", .factor = 4}), TW_UNSUPPORTED, "\"su\"");
	expect_refusal(edited(&(struct edit){.type = "linear", .factor = -2}), TW_BAD_DATA,
		       "rope.scaling.factor");
}

static void a_part_of_the_model_is_never_left_out(void **state)
{
	const float values[64] = {0};
	(void)state;
	expect_refusal(edited(&(struct edit){
			       .tensor = "blk.1.attn_sinks.weight", .values = values, .n = 64}),
		       TW_UNSUPPORTED, "blk.1.attn_sinks.weight");
}

static void half_a_file_is_refused(void **state)
{
	char path[600];
	(void)state;
	snprintf(path, sizeof(path), "%s/half.gguf", tmp_dir());
	assert_true(tiny_gguf_write(path, &(struct tiny_gguf){.seed = 18}));
	FILE *f = fopen(path, "r+b");
	assert_non_null(f);
	fseek(f, 0, SEEK_END);
	long size = ftell(f);
	static const double parts[] = {0.999, 0.6, 0.05, 0.0};
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(ftruncate(fileno(f), (off_t)((double)size * parts[i])), 0);
		expect_refusal(path, TW_BAD_DATA, "fetch it again");
	}
	fclose(f);
	remove(path);
	expect_refusal(path, TW_NOT_FOUND, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gradients_are_those_of_the_loss),
		cmocka_unit_test(a_gradient_step_lowers_the_loss),
		cmocka_unit_test(packed_documents_do_not_see_each_other),
		cmocka_unit_test(only_answers_carry_loss),
		cmocka_unit_test(many_targets_pass_the_head_in_portions),
		cmocka_unit_test(results_do_not_depend_on_threads),
		cmocka_unit_test(other_architectures_are_refused_by_name),
		cmocka_unit_test(positions_scaled_in_unknown_ways_are_refused),
		cmocka_unit_test(a_part_of_the_model_is_never_left_out),
		cmocka_unit_test(half_a_file_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
