/* Every architecture that the trainer knows, against libllama, which will serve its adapters: logits, gradients, adapters. */
#include <math.h>

#include "ggml.h"
#include "support/architectures.h"
#include "support/llama_logits.h"
#include "support/train_rig.h"
#include "net/adapter.h"
#include "net/qnet.h"

enum { TOKENS = 48 }; /* longer than any window below */

static void open_model(struct rig *r, const struct test_model *m, int tokens)
{
	struct tiny_gguf spec = m->spec;
	spec.seed = (uint64_t)(m - test_models) + 1;
	rig_tiny(r, &spec, 3, tokens, 1);
	if (m->context) {
		tw_net_release(&r->net);
		tw_weights_set_context(&r->w, m->context);
		assert_ok(tw_net_init(&r->net, &r->w, &r->lora, &r->c,
				      &(struct tw_net_size){.cap = tokens, .longest = tokens},
				      &r->err),
			  &r->err);
	}
}

/* Logits with the rig's adapter, ours and libllama's. */
static void compare_logits(struct rig *r, const struct test_model *m, const char *adapter)
{
	tw_batch_clear(&r->batch);
	rig_add_random(r, TOKENS, 1, 5);
	size_t n = TOKENS * (size_t)r->w.shape.V;
	float *theirs = llama_logits_in(r->path, adapter, r->batch.tokens, TOKENS, m->context);
	if (!theirs)
		fail_msg("%s: libllama does not take %s", m->name,
			 adapter ? "the adapter" : "the model");
	double diff = worst_relative(all_logits(r), theirs, n);
	print_message("%s%s: logits differ by %.1e of the largest\n", m->name,
		      adapter ? ", adapted" : "", diff);
	assert_true(diff < m->tolerance);
	free(theirs);
}

static void logits_are_those_of_libllama(void **state)
{
	(void)state;
	for (int i = 0; i < test_model_count; i++) {
		struct rig r;
		open_model(&r, &test_models[i], TOKENS);
		memset(r.lora.p, 0, r.lora.n * sizeof(*r.lora.p));
		compare_logits(&r, &test_models[i], NULL);
		rig_close(&r);
	}
}

static void libllama_applies_adapters_as_they_were_trained(void **state)
{
	char path[600];
	(void)state;
	snprintf(path, sizeof(path), "%s/adapter.gguf", tmp_dir());
	for (int i = 0; i < test_model_count; i++) {
		struct rig r;
		open_model(&r, &test_models[i], TOKENS);
		assert_ok(tw_adapter_write(path, &r.lora, r.lora.p, r.w.arch, &r.err), &r.err);
		compare_logits(&r, &test_models[i], path);
		rig_close(&r);
	}
}

/* --- gradients --- */

static double loss_along(struct rig *r, float *p, const float *start, const float *u, size_t n,
			 double h)
{
	for (size_t i = 0; i < n; i++)
		p[i] = start[i] + (float)(h * (double)u[i]);
	double loss = tw_net_loss(&r->net, &r->batch);
	memcpy(p, start, n * sizeof(*p));
	return loss;
}

static double length(const float *x, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += (double)x[i] * (double)x[i];
	return sqrt(sum);
}

/*
 * The slope of the loss along a direction u of all of a matrix, half towards its gradient, half random: by the gradient,
 * and by the losses a little before and behind. Their difference, relative to the longest slope that there could be.
 */
static double slope_error(struct rig *r, size_t at, size_t n)
{
	const double h = r->w.shape.n_layer > 10 ? 0.004 : 0.01; /* the deep bend more */
	const float *g = r->lora.g + at;
	float *u = tw_xcalloc(2 * n, sizeof(*u)), *start = u + n;
	fill(u, n, 1, at + 1);
	double random = length(u, n), along = length(g, n), slope = 0;
	for (size_t i = 0; i < n; i++)
		u[i] = (float)((double)u[i] / random + (double)g[i] / along);
	double all = length(u, n);
	for (size_t i = 0; i < n; i++) {
		u[i] = (float)((double)u[i] / all);
		slope += (double)u[i] * (double)g[i];
	}
	memcpy(start, r->lora.p + at, n * sizeof(*start));
	double measured = (loss_along(r, r->lora.p + at, start, u, n, h) -
			   loss_along(r, r->lora.p + at, start, u, n, -h)) /
			  (2 * h);
	free(u);
	return fabs(measured - slope) / along;
}

static void check_gradients(const struct test_model *m)
{
	struct rig r;
	double most = 0;
	open_model(&r, m, 40);
	rig_add_random(&r, 27, 4, 8);
	rig_add_random(&r, 13, 9, 9);
	double loss = tw_net_train(&r.net, &r.batch, 1.0f);
	assert_true(fabs(loss - tw_net_loss(&r.net, &r.batch)) < 1e-9);
	const int layers[] = {0,
			      r.w.shape.n_layer - 1}; /* the way to the first leads through all */
	for (int k = 0; k < 2; k++)
		for (enum tw_proj p = 0; p < TW_PROJ_COUNT; p++) {
			const struct tw_lora_pair *at = tw_lora_at(&r.lora, layers[k], p);
			size_t in = (size_t)tw_proj_in(&r.w.shape, p);
			size_t out = (size_t)tw_proj_out(&r.w.shape, p);
			if (!at)
				continue;
			most = fmax(most, slope_error(&r, at->a, in * (size_t)r.lora.rank));
			most = fmax(most, slope_error(&r, at->b, out * (size_t)r.lora.rank));
		}
	print_message("%s: slopes differ by %.1e of the gradient\n", m->name, most);
	assert_true(most < 5e-3);
	rig_close(&r);
}

static void gradients_are_those_of_the_loss(void **state)
{
	(void)state;
	for (int i = 0; i < test_model_count; i++)
		check_gradients(&test_models[i]);
}

/* --- less memory --- */

static void blocks_computed_again_give_the_same_gradients(void **state)
{
	(void)state;
	for (int i = 0; i < test_model_count; i++) {
		struct rig r;
		open_model(&r, &test_models[i], 40);
		rig_add_random(&r, 27, 4, 8);
		rig_add_random(&r, 13, 9, 9);
		double loss = tw_net_train(&r.net, &r.batch, 1.0f);
		float *g = tw_xcalloc(r.lora.n, sizeof(*g));
		memcpy(g, r.lora.g, r.lora.n * sizeof(*g));
		memset(r.lora.g, 0, r.lora.n * sizeof(*g));
		tw_net_release(&r.net);
		assert_ok(tw_net_init(&r.net, &r.w, &r.lora, &r.c,
				      &(struct tw_net_size){
					      .cap = 40, .longest = 40, .recompute = true},
				      &r.err),
			  &r.err);
		assert_true(tw_net_train(&r.net, &r.batch, 1.0f) == loss);
		assert_memory_equal(g, r.lora.g, r.lora.n * sizeof(*g));
		free(g);
		rig_close(&r);
	}
}

static void blocks_computed_again_need_less_memory(void **state)
{
	struct rig r;
	(void)state;
	rig_tiny(&r, &(struct tiny_gguf){.n_layer = 8}, 2, 64, 1);
	const struct tw_shape *s = &r.w.shape;
	struct tw_net_size size = {.cap = 512, .longest = 512};
	int64_t kept = tw_net_bytes(s, &r.lora, &size, 1);
	size.recompute = true;
	int64_t again = tw_net_bytes(s, &r.lora, &size, 1);
	/* seven blocks' q, k, v, attention, middle, gate and up, and a few numbers a head and a norm */
	int64_t row = tw_qkv_dim(s) + tw_q_dim(s) + s->C + 2 * s->F + s->H + 2;
	assert_true(kept - again == 4 * 7 * 512 * row);
	rig_close(&r);
}

static void in_whole_numbers_the_loss_is_nearly_the_same(void **state)
{
	double most = 0;
	(void)state;
	for (int i = 0; i < test_model_count; i++) {
		struct rig r;
		open_model(&r, &test_models[i], 40);
		rig_add_random(&r, 40, 1, 8);
		double loss = tw_net_loss(&r.net, &r.batch);
		assert_ok(tw_net_use_q(&r.net, TW_Q16, &r.err), &r.err);
		double other = tw_net_loss(&r.net, &r.batch);
		most = fmax(most, fabs(other - loss) / loss);
		assert_true(other != loss);
		rig_close(&r);
	}
	print_message("in whole numbers: the loss differs by at most %.1e of itself\n", most);
	assert_true(most < 1e-3);
}

/* --- types --- */

static void check_type(const char *type)
{
	const struct tiny_gguf spec = {.seed = 6,
				       .type = type,
				       .only = "ffn_gate",
				       .n_embd = 256,
				       .n_ff = 256,
				       .n_layer = 1};
	struct rig r;
	rig_tiny(&r, &spec, 4, 16, 1);
	memset(r.lora.p, 0, r.lora.n * sizeof(*r.lora.p));
	rig_add_random(&r, 16, 1, 7);
	float *theirs = llama_logits(r.path, NULL, r.batch.tokens, 16);
	if (!theirs)
		fail_msg("libllama does not take a model of %s", type);
	/* libllama rounds activations too, to 8 bits for most of these. */
	double diff = worst_relative(all_logits(&r), theirs, 16 * (size_t)r.w.shape.V);
	print_message("%s: logits differ by %.1e of the largest\n", type, diff);
	assert_true(diff < 0.05);
	free(theirs);
	rig_close(&r);
}

static void every_type_that_ggml_reads_is_read(void **state)
{
	int tried = 0;
	(void)state;
	for (int t = 0; t < GGML_TYPE_COUNT; t++) {
		enum ggml_type type = (enum ggml_type)t;
		const struct ggml_type_traits *traits = ggml_get_type_traits(type);
		/* The types of dot products alone have no way back, or no way there; IQ2_S takes many seconds to quantise
		 * its first row. */
		if (!traits->to_float || !traits->from_float_ref || !traits->type_name ||
		    ggml_quantize_requires_imatrix(type) || type == GGML_TYPE_IQ2_S)
			continue;
		check_type(traits->type_name);
		tried++;
	}
	assert_true(tried >= 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logits_are_those_of_libllama),
		cmocka_unit_test(libllama_applies_adapters_as_they_were_trained),
		cmocka_unit_test(gradients_are_those_of_the_loss),
		cmocka_unit_test(blocks_computed_again_give_the_same_gradients),
		cmocka_unit_test(blocks_computed_again_need_less_memory),
		cmocka_unit_test(in_whole_numbers_the_loss_is_nearly_the_same),
		cmocka_unit_test(every_type_that_ggml_reads_is_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
