/* DoRA (Liu et al. 2024) against its formulas, in double. */
#include <math.h>

#include "support/train_rig.h"

enum { T = 9, RANK = 3 };

/* An adapter that has learnt something: magnitudes are not those of the rows any more. */
static void dora_rig(struct rig *r, const struct tiny_gguf *spec, int threads)
{
	const struct tw_lora_config conf = {
		.rank = RANK, .alpha = 6, .dora = true, .targets = &all_targets};
	rig_tiny_with(r, spec, &conf, 40, threads);
	tw_lora_measure(&r->lora, &r->w, &r->c);
	for (int layer = 0; layer < r->w.shape.n_layer; layer++)
		for (enum tw_proj p = 0; p < TW_PROJ_COUNT; p++) {
			const struct tw_lora_pair *at = tw_lora_at(&r->lora, layer, p);
			for (int i = 0; at && i < tw_proj_out(&r->w.shape, p); i++)
				r->lora.p[at->m + (size_t)i] *= 1 + 0.1f * (float)sin(i + layer);
		}
}

static void at_the_start_it_is_the_base_to_the_last_bit(void **state)
{
	static const char *const types[] = {"F32", "Q8_0", "Q4_0"};
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct rig r;
		const size_t bytes = 20 * sizeof(float) * TINY_VOCAB;
		dora_rig(&r, &(struct tiny_gguf){.seed = 1, .type = types[i]}, 2);
		tw_lora_seed(&r.lora, 7);
		tw_lora_measure(&r.lora, &r.w, &r.c);
		rig_add_random(&r, 20, 1, 3);
		float *with = tw_xmalloc(bytes);
		memcpy(with, all_logits(&r), bytes);
		r.lora.off = true;
		assert_memory_equal(with, all_logits(&r), bytes);
		free(with);
		rig_close(&r);
	}
}

/* W + s B A of a matrix in double, (out, in); the caller frees. */
static double *direction(const struct rig *r, int layer, enum tw_proj p)
{
	const struct tw_lora_pair *at = tw_lora_at(&r->lora, layer, p);
	const int in = tw_proj_in(&r->w.shape, p), out = tw_proj_out(&r->w.shape, p);
	float *w = tw_xcalloc((size_t)(in * out), sizeof(*w));
	double *v = tw_xcalloc((size_t)(in * out), sizeof(*v));
	tw_matrix_rows(w, &r->w.block[layer].proj[p], 0, out);
	for (int i = 0; i < out; i++)
		for (int k = 0; k < in; k++) {
			double sum = 0;
			for (int j = 0; j < RANK; j++)
				sum += (double)r->lora.p[at->b + (size_t)(i * RANK + j)] *
				       (double)r->lora.p[at->a + (size_t)(j * in + k)];
			v[i * in + k] = (double)w[i * in + k] + (double)r->lora.scale * sum;
		}
	free(w);
	return v;
}

/* Norms of its rows. */
static void norms_of(double *norm, const double *v, int out, int in)
{
	for (int i = 0; i < out; i++) {
		double sum = 0;
		for (int k = 0; k < in; k++)
			sum += v[i * in + k] * v[i * in + k];
		norm[i] = sqrt(sum);
	}
}

/* --- one matrix: the last of its group, so that places count --- */

static const struct {
	enum tw_group g;
	enum tw_proj p;
} ends[] = {{TW_GROUP_QKV, TW_PROJ_V},
	    {TW_GROUP_O, TW_PROJ_O},
	    {TW_GROUP_GATE_UP, TW_PROJ_UP},
	    {TW_GROUP_DOWN, TW_PROJ_DOWN}};

struct one {
	struct rig r;
	enum tw_group g;
	enum tw_proj p;
	const struct tw_lora_pair *at;
	int in, out, all, column; /* widths of input, matrix and group; where it is in the group */
	float *x, *dy;		  /* (T, in), (T, all) */
	double *norm;		  /* (out): as it was when gradients were taken */
};

static void open_one(struct one *o, size_t i)
{
	*o = (struct one){.g = ends[i].g, .p = ends[i].p};
	dora_rig(&o->r, &(struct tiny_gguf){.seed = 20 + i}, 2);
	o->at = tw_lora_at(&o->r.lora, 1, o->p);
	o->in = tw_proj_in(&o->r.w.shape, o->p);
	o->out = tw_proj_out(&o->r.w.shape, o->p);
	o->all = tw_group_out(&o->r.w.shape, o->g);
	o->column = o->all - o->out;
	o->x = tw_xcalloc((size_t)(T * o->in), sizeof(float));
	o->dy = tw_xcalloc((size_t)(T * o->all), sizeof(float));
	o->norm = tw_xcalloc((size_t)o->out, sizeof(double));
	fill(o->x, (size_t)(T * o->in), 1, 5);
	fill(o->dy, (size_t)(T * o->all), 1, 6);
	double *v = direction(&o->r, 1, o->p);
	norms_of(o->norm, v, o->out, o->in);
	free(v);
}

static void close_one(struct one *o)
{
	free(o->x);
	free(o->dy);
	free(o->norm);
	rig_close(&o->r);
}

/* y (T, out) = x W'^T with W' = diag(m / norm) (W + s B A), norms as they were. */
static double *plain_forward(const struct one *o)
{
	double *v = direction(&o->r, 1, o->p);
	double *y = tw_xcalloc((size_t)(T * o->out), sizeof(*y));
	for (int t = 0; t < T; t++)
		for (int i = 0; i < o->out; i++) {
			double sum = 0;
			for (int k = 0; k < o->in; k++)
				sum += (double)o->x[t * o->in + k] * v[i * o->in + k];
			y[t * o->out + i] =
				sum * (double)o->r.lora.p[o->at->m + (size_t)i] / o->norm[i];
		}
	free(v);
	return y;
}

static void a_product_is_that_of_the_formula(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct one o;
		double most = 0, largest = 0;
		open_one(&o, i);
		float *y = tw_xcalloc((size_t)(T * o.all), sizeof(*y));
		tw_net_merge(&o.r.net, 1, o.g, TW_MERGED_FORWARD);
		tw_net_linear(&o.r.net, o.g, y, o.x, T);
		double *plain = plain_forward(&o);
		for (int t = 0; t < T; t++)
			for (int k = 0; k < o.out; k++) {
				double want = plain[t * o.out + k];
				most = fmax(most, fabs((double)y[t * o.all + o.column + k] - want));
				largest = fmax(largest, fabs(want));
			}
		print_message("%s: %.1e of the largest\n", tw_proj_names[o.p].peft, most / largest);
		assert_true(most < 2e-6 * largest);
		free(y);
		free(plain);
		close_one(&o);
	}
}

/* Sum of dy y: its gradient in y is dy. */
static double plain_loss(const struct one *o)
{
	double *y = plain_forward(o), sum = 0;
	for (int t = 0; t < T; t++)
		for (int i = 0; i < o->out; i++)
			sum += y[t * o->out + i] * (double)o->dy[t * o->all + o->column + i];
	free(y);
	return sum;
}

/* Central differences of the formula: it is linear in each parameter, so they are exact but for rounding. */
static double plain_gradient(struct one *o, size_t i)
{
	float *x = &o->r.lora.p[i], keep = *x;
	*x = keep + 0.25f;
	double above = plain_loss(o), to = (double)*x;
	*x = keep - 0.25f;
	double below = plain_loss(o), from = (double)*x;
	*x = keep;
	return (above - below) / (to - from);
}

static void check_part(struct one *o, const char *name, size_t from, int n)
{
	double most = 0, largest = 0;
	for (int i = 0; i < n; i += n / 16) {
		double want = plain_gradient(o, from + (size_t)i);
		most = fmax(most, fabs(want - (double)o->r.lora.g[from + (size_t)i]));
		largest = fmax(largest, fabs(want));
	}
	print_message("%s of %s: gradients differ by %.1e of the largest\n", name,
		      tw_proj_names[o->p].peft, most / largest);
	assert_true(largest > 0 && most < 1e-5 * largest);
}

static void gradients_are_those_of_the_formula_with_norms_held(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct one o;
		open_one(&o, i);
		tw_net_merge(&o.r.net, 1, o.g, TW_MERGED_ROWS);
		for (int twice = 0; twice < 2; twice++) /* they are added to what is there */
			tw_net_lora_backward(&o.r.net, 1, o.g, o.x, o.dy, T);
		for (size_t k = 0; k < o.r.lora.n; k++)
			o.r.lora.g[k] /= 2;
		check_part(&o, "A", o.at->a, RANK * o.in);
		check_part(&o, "B", o.at->b, RANK * o.out);
		check_part(&o, "m", o.at->m, o.out);
		close_one(&o);
	}
}

/* --- the whole net --- */

static void train_again(struct rig *r)
{
	memset(r->lora.g, 0, r->lora.n * sizeof(*r->lora.g));
	tw_net_train(&r->net, &r->batch, 1.0f);
}

/* No norm depends on m, so its gradient is that of the loss. */
static void magnitudes_have_the_gradient_of_the_loss(const struct tiny_gguf *spec)
{
	struct rig r;
	double most = 0, scale = 1e-9;
	const float h = 5e-3f;
	dora_rig(&r, spec, 1);
	rig_two_documents(&r);
	train_again(&r);
	for (int layer = 0; layer < 2; layer++)
		for (enum tw_proj p = 0; p < TW_PROJ_COUNT; p++) {
			const struct tw_lora_pair *at = tw_lora_at(&r.lora, layer, p);
			for (int k = 0; at && k < tw_proj_out(&r.w.shape, p); k += 5) {
				size_t i = at->m + (size_t)k;
				float x = r.lora.p[i];
				double g = (rig_loss_at(&r, i, x + h) - rig_loss_at(&r, i, x - h)) /
					   (double)((x + h) - (x - h));
				most = fmax(most, fabs(g - (double)r.lora.g[i]));
				scale = fmax(scale, fabs(g));
			}
		}
	print_message("m: gradients differ by %.1e of the largest\n", most / scale);
	assert_true(most < 1e-3 * scale);
	rig_close(&r);
}

static void magnitudes_learn_through_the_whole_net(void **state)
{
	(void)state;
	magnitudes_have_the_gradient_of_the_loss(&(struct tiny_gguf){.seed = 10});
	magnitudes_have_the_gradient_of_the_loss(
		&(struct tiny_gguf){.seed = 11, .arch = "qwen2"}); /* biases */
	magnitudes_have_the_gradient_of_the_loss(&(struct tiny_gguf){.seed = 12, .arch = "gemma2"});
	magnitudes_have_the_gradient_of_the_loss(&(struct tiny_gguf){.seed = 13, .arch = "phi3"});
}

static float *gradients(const struct tiny_gguf *spec, int threads, bool recompute, size_t *n)
{
	struct rig r;
	dora_rig(&r, spec, threads);
	rig_two_documents(&r);
	if (recompute) {
		const struct tw_net_size size = {.cap = 40, .longest = 40, .recompute = true};
		tw_net_release(&r.net);
		assert_ok(tw_net_init(&r.net, &r.w, &r.lora, &r.c, &size, &r.err), &r.err);
	}
	train_again(&r);
	*n = r.lora.n;
	float *g = tw_xcalloc(*n, sizeof(*g));
	memcpy(g, r.lora.g, *n * sizeof(*g));
	rig_close(&r);
	return g;
}

static void neither_threads_nor_recomputed_blocks_change_a_bit(void **state)
{
	const struct tiny_gguf spec = {.seed = 14, .type = "Q8_0"};
	size_t n, m;
	(void)state;
	float *one = gradients(&spec, 1, false, &n);
	float *three = gradients(&spec, 3, false, &m);
	assert_int_equal(n, m);
	assert_memory_equal(one, three, n * sizeof(*one));
	free(three);
	float *again = gradients(&spec, 2, true, &m);
	assert_memory_equal(one, again, n * sizeof(*one));
	free(again);
	free(one);
}

/* --- corners --- */

/* Of LoRA with the same A and B, if m was measured with them. */
static void measured_on_an_adapter_it_is_that_adapter(void **state)
{
	struct rig dora, lora;
	const struct tw_lora_config plain = {.rank = RANK, .alpha = 6, .targets = &all_targets};
	const struct tiny_gguf spec = {.seed = 15};
	(void)state;
	dora_rig(&dora, &spec, 1);
	tw_lora_measure(&dora.lora, &dora.w, &dora.c);
	rig_add_random(&dora, 20, 1, 3);
	rig_tiny_with(&lora, &spec, &plain, 40, 1);
	rig_add_random(&lora, 20, 1, 3);
	for (int layer = 0; layer < 2; layer++)
		for (enum tw_proj p = 0; p < TW_PROJ_COUNT; p++) {
			const struct tw_lora_pair *to = tw_lora_at(&lora.lora, layer, p);
			const struct tw_lora_pair *from = tw_lora_at(&dora.lora, layer, p);
			const size_t in = (size_t)tw_proj_in(&lora.w.shape, p);
			const size_t out = (size_t)tw_proj_out(&lora.w.shape, p);
			if (!to)
				continue;
			memcpy(lora.lora.p + to->a, dora.lora.p + from->a, 4 * RANK * in);
			memcpy(lora.lora.p + to->b, dora.lora.p + from->b, 4 * RANK * out);
		}
	assert_true(worst_relative(all_logits(&dora), all_logits(&lora), 20 * TINY_VOCAB) < 1e-6);
	rig_close(&dora);
	rig_close(&lora);
}

static void a_row_of_zeros_stays_one(void **state)
{
	const float row[4] = {0}, a[4] = {1, 2, 3, 4}, b[1] = {0}, m[1] = {0};
	const struct tw_lora_change change = {.a = a, .b = b, .m = m, .rank = 1, .scale = 1};
	float to[4], by;
	(void)state;
	struct tw_matrix w = {.data = (const char *)row,
			      .row_bytes = sizeof(row),
			      .rows = 1,
			      .cols = 4,
			      .to_float = tw_ggml_to_float(0)};
	tw_lora_merge(to, &by, &w, 0, 1, &change, &tw_gemm_ref);
	for (int i = 0; i < 4; i++)
		assert_true(to[i] == 0);
	assert_true(by == 0);
}

/* What optimisers see: each m is a vector of its own, at A's learning rate. */
static void magnitudes_are_parameters_of_their_own(void **state)
{
	struct tw_lora l;
	struct rig r;
	struct tw_err err = TW_ERR_INIT;
	const struct tw_lora_config conf = {
		.rank = 4, .alpha = 8, .b_rate = 16, .dora = true, .targets = &all_targets};
	size_t vectors = 0, at = 0;
	(void)state;
	rig_tiny(&r, &(struct tiny_gguf){.seed = 16}, 4, 40, 1);
	assert_ok(tw_lora_init(&l, &r.w.shape, &conf, &err), &err);
	for (size_t i = 0; i < l.params.n; i++) {
		const struct tw_param *q = &l.params.at[i];
		assert_int_equal(q->at, at);
		at += tw_param_size(q);
		vectors += q->cols == 1;
		assert_true(q->rate == (q->cols == 4 ? 16.0 : 1.0));
	}
	assert_int_equal(at, l.n);
	assert_int_equal(vectors, 14);
	assert_true(l.n > r.lora.n);
	tw_lora_release(&l);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_the_start_it_is_the_base_to_the_last_bit),
		cmocka_unit_test(a_product_is_that_of_the_formula),
		cmocka_unit_test(gradients_are_those_of_the_formula_with_norms_held),
		cmocka_unit_test(magnitudes_learn_through_the_whole_net),
		cmocka_unit_test(neither_threads_nor_recomputed_blocks_change_a_bit),
		cmocka_unit_test(measured_on_an_adapter_it_is_that_adapter),
		cmocka_unit_test(a_row_of_zeros_stays_one),
		cmocka_unit_test(magnitudes_are_parameters_of_their_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
