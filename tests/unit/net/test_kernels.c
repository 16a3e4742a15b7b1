/* Every kernel against finite differences, and those of every instruction set against the plain ones. */
#include <math.h>

#include "base/hash.h"
#include "support/instruction_sets.h"
#include "support/tiny_gguf.h"
#include "support/train_rig.h"
#include "net/kernels.h"

/* --- finite differences --- */

/* A scalar of x: the weighted sum of a kernel's output. */
typedef double (*scalar_fn)(void *ctx, const float *x);

static double weigh(const float *y, size_t n)
{
	double sum = 0;
	uint64_t state = 77;
	for (size_t i = 0; i < n; i++)
		sum += (2 * tw_random_unit(&state) - 1) * (double)y[i];
	return sum;
}

/* The gradient of weigh() with respect to its y. */
static void weights_of(float *dy, size_t n)
{
	uint64_t state = 77;
	for (size_t i = 0; i < n; i++)
		dy[i] = (float)(2 * tw_random_unit(&state) - 1);
}

/* Central differences, at most 400 of the n, against `grad`; relative to the largest gradient. */
static double gradient_error(scalar_fn f, void *ctx, float *x, size_t n, const float *grad)
{
	const float h = 4e-3f;
	double most = 1e-9, worst_one = 0;
	size_t stride = n / 400 + 1;
	for (size_t i = 0; i < n; i++)
		most = fmax(most, fabs((double)grad[i]));
	for (size_t i = 0; i < n; i += stride) {
		float keep = x[i];
		x[i] = keep + h;
		double up = f(ctx, x);
		x[i] = keep - h;
		double down = f(ctx, x);
		x[i] = keep;
		worst_one =
			fmax(worst_one, fabs((up - down) / (2.0 * (double)h) - (double)grad[i]));
	}
	return worst_one / most;
}

/* --- norm --- */

struct norm {
	int T, C;
	const float *w;
};

static double norm_of(void *ctx, const float *x)
{
	const struct norm *n = ctx;
	float y[1000], rstd[10];
	tw_rmsnorm_forward(y, rstd, x, n->w, n->T, n->C, 1e-5f);
	return weigh(y, (size_t)(n->T * n->C));
}

static void rmsnorm_has_the_gradient_of_its_forward_pass(void **state)
{
	float x[3 * 83], w[83], y[3 * 83], again[3 * 83], dy[3 * 83], dx[3 * 83] = {0}, rstd[3];
	struct norm n = {3, 83, w};
	(void)state;
	fill(x, 3 * 83, 1.5f, 1);
	fill(w, 83, 1.0f, 2);
	weights_of(dy, 3 * 83);
	tw_rmsnorm_forward(y, rstd, x, w, 3, 83, 1e-5f);
	tw_rmsnorm_again(again, rstd, x, w, 3, 83);
	assert_memory_equal(y, again, sizeof(y));
	tw_rmsnorm_backward(dx, dy, rstd, x, w, 3, 83);
	assert_true(gradient_error(norm_of, &n, x, 3 * 83, dx) < 1e-3);
	float twice[3 * 83];
	memcpy(twice, dx, sizeof(dx));
	tw_rmsnorm_backward(twice, dy, rstd, x, w, 3, 83);
	for (int i = 0; i < 3 * 83; i++)
		assert_true(fabsf(twice[i] - 2 * dx[i]) <= 1e-6f); /* it adds */
}

static void rmsnorm_gives_rows_of_length_one(void **state)
{
	float x[64], w[64], y[64], rstd;
	(void)state;
	fill(x, 64, 30.0f, 3);
	for (int i = 0; i < 64; i++)
		w[i] = 1;
	tw_rmsnorm_forward(y, &rstd, x, w, 1, 64, 1e-6f);
	assert_true(fabs(sqrt((double)tw_dot(y, y, 64) / 64) - 1) < 1e-5);
}

/* --- positions --- */

static void turn_and_turn_back(bool halves)
{
	enum { T = 5, H = 2, D = 12, ROT = 8, LD = 40 };
	float x[T * LD], start[T * LD], table[64 * ROT];
	const int32_t pos[T] = {0, 1, 2, 0, 63};
	const struct tw_rotation r = {H, D, ROT, halves};
	fill(x, T * LD, 1, 4);
	memcpy(start, x, sizeof(x));
	tw_rope_table(
		table, 64,
		&(struct tw_angles){.n_rot = ROT, .base = 10000.0f, .stretch = 1, .magnitude = 1});
	tw_rope(x, LD, table, pos, T, &r, 1);
	assert_memory_equal(x, start, LD * sizeof(float)); /* position 0 */
	assert_memory_equal(x + 3 * LD, start + 3 * LD, LD * sizeof(float));
	assert_true(worst(x + LD, start + LD, H * D) > 0.1);			/* turned */
	assert_memory_equal(x + LD + ROT, start + LD + ROT, 4 * sizeof(float)); /* behind n_rot */
	assert_memory_equal(x + LD + H * D, start + LD + H * D, 16 * sizeof(float));
	tw_rope(x, LD, table, pos, T, &r, -1);
	assert_true(worst(x, start, T * LD) < 1e-6);
}

static void rope_turns_and_turns_back(void **state)
{
	(void)state;
	turn_and_turn_back(false);
	turn_and_turn_back(true);
}

static void products_depend_on_distance_alone(bool halves)
{
	enum { D = 16 };
	float table[200 * D], q[D], k[D], near, far;
	float pair[2][2 * D];
	const struct tw_rotation r = {1, D, D, halves};
	tw_rope_table(
		table, 200,
		&(struct tw_angles){.n_rot = D, .base = 10000.0f, .stretch = 1, .magnitude = 1});
	fill(q, D, 1, 5);
	fill(k, D, 1, 6);
	for (int i = 0; i < 2; i++) {
		int32_t pos[2] = {i ? 107 : 7, i ? 103 : 3};
		memcpy(pair[i], q, sizeof(q));
		memcpy(pair[i] + D, k, sizeof(k));
		tw_rope(pair[i], D, table, pos, 2, &r, 1);
	}
	near = tw_dot(pair[0], pair[0] + D, D);
	far = tw_dot(pair[1], pair[1] + D, D);
	assert_true(fabsf(near - far) < 1e-4f);
	assert_true(fabsf(near - tw_dot(q, k, D)) > 1e-3f);
}

static void rope_makes_products_depend_on_distance_alone(void **state)
{
	(void)state;
	products_depend_on_distance_alone(false);
	products_depend_on_distance_alone(true);
}

static void rope_factors_slow_their_frequencies(void **state)
{
	const float factors[2] = {1, 4};
	float plain[8 * 4], slowed[8 * 4];
	(void)state;
	struct tw_angles a = {.n_rot = 4, .base = 100.0f, .stretch = 1, .magnitude = 1};
	tw_rope_table(plain, 8, &a);
	a.factors = factors;
	tw_rope_table(slowed, 8, &a);
	assert_true(fabsf(plain[4 + 0] - slowed[4 + 0]) < 1e-7f);
	assert_true(fabsf(slowed[4 * 4 + 1] - plain[1 * 4 + 1]) < 1e-6f); /* 4 as fast as 1 */
}

static void stretched_positions_turn_as_earlier_ones(void **state)
{
	float plain[8 * 4], half[8 * 4], yarn[8 * 4];
	struct tw_angles a = {.n_rot = 4, .base = 100.0f, .stretch = 1, .magnitude = 1};
	(void)state;
	tw_rope_table(plain, 8, &a);
	a.stretch = 0.5f;
	tw_rope_table(half, 8, &a);
	assert_true(worst(half + 6 * 4, plain + 3 * 4, 4) < 1e-6);
	/* Of two pairs the first turns as if nothing were stretched, the second is stretched. */
	a.yarn = true;
	a.yarn_low = 0;
	a.yarn_high = 1;
	a.magnitude = 2;
	tw_rope_table(yarn, 8, &a);
	assert_true(fabsf(yarn[6 * 4] - 2 * plain[6 * 4]) < 1e-6f);
	assert_true(fabsf(yarn[6 * 4 + 1] - 2 * half[6 * 4 + 1]) < 1e-6f);
}

/* --- attention --- */

struct attention {
	int T;
	struct tw_heads h;
};

static size_t qkv_size(const struct attention *a)
{
	return (size_t)(a->T * (a->h.H + 2 * a->h.H_kv) * a->h.D);
}

static size_t out_size(const struct attention *a)
{
	return (size_t)(a->T * a->h.H * a->h.D);
}

static double attention_of(void *ctx, const float *qkv)
{
	const struct attention *a = ctx;
	float *out = tw_xcalloc(out_size(a), sizeof(float));
	float *lse = tw_xcalloc((size_t)(a->T * a->h.H), sizeof(float));
	tw_attention_forward_ref(out, lse, qkv, a->T, &a->h);
	double sum = weigh(out, out_size(a));
	free(out);
	free(lse);
	return sum;
}

static void check_plain_attention(struct attention a)
{
	size_t n = qkv_size(&a), m = out_size(&a);
	float *qkv = tw_xcalloc(n, 4), *dqkv = tw_xcalloc(n, 4), *out = tw_xcalloc(m, 4);
	float *dout = tw_xcalloc(m, 4), lse[9 * 4];
	fill(qkv, n, 1.2f, 7);
	weights_of(dout, m);
	tw_attention_forward_ref(out, lse, qkv, a.T, &a.h);
	tw_attention_backward_ref(dqkv, dout, out, lse, qkv, a.T, &a.h);
	assert_true(gradient_error(attention_of, &a, qkv, n, dqkv) < 2e-3);
	free(qkv);
	free(dqkv);
	free(out);
	free(dout);
}

static void plain_attention_has_the_gradient_of_its_forward_pass(void **state)
{
	static const struct attention shapes[] = {{9, {4, 2, 6, 0.4f, 0, 0, NULL}},
						  {9, {4, 2, 6, 0.4f, 0, 3, NULL}},
						  {9, {4, 2, 6, 0.4f, 0.7f, 0, NULL}},
						  {9, {4, 2, 6, 1.0f, 1.5f, 4, NULL}}};
	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		check_plain_attention(shapes[i]);
}

/* With scores in whole numbers, if there is a q. */
static void compare_attention(struct attention a, const struct tw_gemm_kernel *gemm,
			      const struct tw_q_kernel *q)
{
	const double close = q ? 1e-3 : 1e-5;
	struct tw_q_scores whole = {q, tw_xcalloc(1, (size_t)tw_q_scores_bytes(a.T, a.h.D))};
	size_t n = qkv_size(&a), m = out_size(&a), l = (size_t)(a.T * a.h.H);
	float *f = tw_xcalloc(3 * n + 3 * m + 2 * l + (size_t)tw_attention_scratch(a.T), 4);
	float *qkv = f, *d0 = qkv + n, *d1 = d0 + n, *o0 = d1 + n, *o1 = o0 + m, *go = o1 + m;
	float *l0 = go + m, *l1 = l0 + l, *scratch = l1 + l;
	fill(qkv, n, 1.5f, 8);
	fill(go, m, 1, 9);
	fill(d1, n, 9, 10); /* to be overwritten */
	tw_attention_forward_ref(o0, l0, qkv, a.T, &a.h);
	tw_attention_backward_ref(d0, go, o0, l0, qkv, a.T, &a.h);
	a.h.q = q ? &whole : NULL;
	for (int head = 0; head < a.h.H; head++)
		tw_attention_forward(o1, l1, qkv, a.T, &a.h, head, gemm, scratch);
	for (int kv = 0; kv < a.h.H_kv; kv++)
		tw_attention_backward(d1, go, o1, l1, qkv, a.T, &a.h, kv, gemm, scratch);
	assert_true(worst(o1, o0, m) < close);
	assert_true(worst(l1, l0, l) < close);
	assert_true(worst_relative(d1, d0, n) < close);
	free(f);
	free(whole.memory);
}

static const struct attention shapes[] = {
	{1, {1, 1, 2, 1, 0, 0, NULL}},		{2, {3, 1, 4, 0.5f, 0, 0, NULL}},
	{63, {2, 2, 8, 0.3f, 0, 0, NULL}},	{64, {4, 2, 8, 0.3f, 0, 0, NULL}},
	{65, {4, 2, 16, 0.25f, 0, 0, NULL}},	{150, {6, 3, 10, 0.3f, 0, 0, NULL}},
	{200, {9, 3, 64, 0.125f, 0, 0, NULL}},	{140, {4, 2, 80, 0.1f, 0, 0, NULL}},
	{1, {2, 1, 4, 1, 2, 1, NULL}},		{150, {4, 2, 8, 0.3f, 0, 1, NULL}},
	{150, {4, 2, 8, 0.3f, 0, 64, NULL}},	{150, {4, 2, 8, 0.3f, 0, 65, NULL}},
	{200, {4, 2, 8, 0.3f, 1.5f, 37, NULL}}, {200, {4, 2, 8, 0.3f, 2, 0, NULL}},
};
enum { SHAPES = sizeof(shapes) / sizeof(*shapes) };

static void attention_by_blocks_is_plain_attention(void **state)
{
	(void)state;
	for (int i = 0; i < SHAPES; i++) {
		compare_attention(shapes[i], &tw_gemm_ref, NULL);
		compare_attention(shapes[i], tw_gemm_best(), NULL);
	}
}

static void attention_with_whole_scores_is_near_plain_attention(void **state)
{
	(void)state;
	for (const struct tw_q_kernel *const *q = q_of_all_sets(); *q; q++)
		for (int i = 0; i < SHAPES; i++)
			compare_attention(shapes[i], tw_gemm_best(), *q);
}

static void nobody_looks_ahead(void **state)
{
	struct attention a = {70, {2, 1, 8, 0.35f, 0, 0, NULL}};
	size_t n = qkv_size(&a), m = out_size(&a);
	float *qkv = tw_xcalloc(n, 4), *o0 = tw_xcalloc(m, 4), *o1 = tw_xcalloc(m, 4), lse[70 * 2];
	float *scratch = tw_xcalloc((size_t)tw_attention_scratch(70), 4);
	(void)state;
	fill(qkv, n, 1, 11);
	for (int head = 0; head < 2; head++)
		tw_attention_forward(o0, lse, qkv, 70, &a.h, head, tw_gemm_best(), scratch);
	fill(qkv + 40 * 32, n - 40 * 32, 1, 12); /* other tokens from 40 on */
	for (int head = 0; head < 2; head++)
		tw_attention_forward(o1, lse, qkv, 70, &a.h, head, tw_gemm_best(), scratch);
	assert_memory_equal(o0, o1, 40 * 16 * sizeof(float));
	assert_true(worst(o0 + 40 * 16, o1 + 40 * 16, 16) > 1e-3);
	free(qkv);
	free(o0);
	free(o1);
	free(scratch);
}

/* --- feed-forward --- */

static double swiglu_of(void *ctx, const float *gu)
{
	float y[4 * 37];
	(void)ctx;
	tw_swiglu_forward(y, gu, 4, 37);
	return weigh(y, 4 * 37);
}

static void swiglu_has_the_gradient_of_its_forward_pass(void **state)
{
	float gu[4 * 74], dgu[4 * 74], dy[4 * 37];
	(void)state;
	fill(gu, 4 * 74, 3, 13);
	weights_of(dy, 4 * 37);
	tw_swiglu_backward(dgu, dy, gu, 4, 37);
	assert_true(gradient_error(swiglu_of, NULL, gu, 4 * 74, dgu) < 1e-3);
	float in_place[4 * 74];
	memcpy(in_place, gu, sizeof(gu));
	tw_swiglu_backward(in_place, dy, in_place, 4, 37);
	assert_memory_equal(in_place, dgu, sizeof(dgu));
}

static void swiglu_stays_finite_far_out(void **state)
{
	float gu[8] = {-200, 200, -88, 3e4f, 1, 2, 3, 4}, y[4], d[8], one[4] = {1, 1, 1, 1};
	(void)state;
	tw_swiglu_forward(y, gu, 1, 4);
	tw_swiglu_backward(d, one, gu, 1, 4);
	for (int i = 0; i < 8; i++)
		assert_true(isfinite(d[i]));
	assert_true(fabsf(y[0]) < 1e-30f && y[1] == 400.0f);
}

static double geglu_of(void *ctx, const float *gu)
{
	float y[4 * 37];
	(void)ctx;
	tw_geglu_forward(y, gu, 4, 37);
	return weigh(y, 4 * 37);
}

static void geglu_has_the_gradient_of_its_forward_pass(void **state)
{
	float gu[4 * 74], dgu[4 * 74], dy[4 * 37], y[4 * 37];
	(void)state;
	fill(gu, 4 * 74, 3, 31);
	weights_of(dy, 4 * 37);
	tw_geglu_forward(y, gu, 4, 37);
	for (int i = 0; i < 37; i++) {
		double g = (double)gu[i];
		double want = 0.5 * g * (1 + tanh(sqrt(2 / M_PI) * (g + 0.044715 * g * g * g))) *
			      (double)gu[37 + i];
		assert_true(fabs((double)y[i] - want) < 2e-6);
	}
	tw_geglu_backward(dgu, dy, gu, 4, 37);
	assert_true(gradient_error(geglu_of, NULL, gu, 4 * 74, dgu) < 1e-3);
	float in_place[4 * 74];
	memcpy(in_place, gu, sizeof(gu));
	tw_geglu_backward(in_place, dy, in_place, 4, 37);
	assert_memory_equal(in_place, dgu, sizeof(dgu));
}

static void geglu_stays_finite_far_out(void **state)
{
	float gu[8] = {-200, 200, -88, 3e4f, 1, 2, 3, 4}, y[4], d[8], one[4] = {1, 1, 1, 1};
	(void)state;
	tw_geglu_forward(y, gu, 1, 4);
	tw_geglu_backward(d, one, gu, 1, 4);
	for (int i = 0; i < 8; i++)
		assert_true(isfinite(d[i]));
	assert_true(fabsf(y[0]) < 1e-30f && y[1] == 400.0f);
}

static double cap_of(void *ctx, const float *x)
{
	float y[60];
	memcpy(y, x, sizeof(y));
	tw_cap(y, 60, *(const float *)ctx);
	return weigh(y, 60);
}

static void capped_values_stay_below_the_cap(void **state)
{
	float cap = 5, x[60], y[60], dx[60];
	(void)state;
	fill(x, 60, 12, 32);
	memcpy(y, x, sizeof(y));
	tw_cap(y, 60, cap);
	for (int i = 0; i < 60; i++)
		assert_true(fabs((double)y[i] - 5 * tanh((double)x[i] / 5)) < 2e-6);
	weights_of(dx, 60);
	tw_cap_backward(dx, y, 60, cap);
	assert_true(gradient_error(cap_of, &cap, x, 60, dx) < 1e-3);
}

/* --- loss --- */

static const int32_t targets[3] = {5, 0, 136};

static double loss_of(void *ctx, const float *logits)
{
	float copy[3 * 137];
	double loss[3];
	(void)ctx;
	memcpy(copy, logits, sizeof(copy));
	tw_cross_entropy(loss, copy, targets, 3, 137, 0);
	return loss[0] + loss[1] + loss[2];
}

static void cross_entropy_has_the_gradient_of_its_forward_pass(void **state)
{
	float x[3 * 137], grad[3 * 137];
	double loss[3];
	(void)state;
	fill(x, 3 * 137, 4, 14);
	memcpy(grad, x, sizeof(x));
	tw_cross_entropy(loss, grad, targets, 3, 137, 1.0f);
	assert_true(gradient_error(loss_of, NULL, x, 3 * 137, grad) < 1e-3);
	assert_true(fabs(loss[0] + loss[1] + loss[2] - loss_of(NULL, x)) < 1e-12);
	for (int t = 0; t < 3; t++) /* probabilities less one */
		assert_true(fabs(tw_sum(grad + t * 137, 137)) < 1e-5);
}

static void cross_entropy_of_even_odds_is_the_logarithm(void **state)
{
	float x[1000];
	double loss;
	const int32_t target = 999;
	(void)state;
	for (int i = 0; i < 1000; i++)
		x[i] = 321.0f; /* would overflow without the shift */
	tw_cross_entropy(&loss, x, &target, 1, 1000, 0);
	assert_true(fabs(loss - log(1000)) < 1e-5);
}

static void exponentials_are_exact_to_single_precision(void **state)
{
	float x[1000], y[1000];
	double most = 0;
	(void)state;
	for (int i = 0; i < 1000; i++)
		x[i] = y[i] = -86.0f * (float)i / 999;
	tw_exp_row(y, 1000, 0, 1);
	for (int i = 0; i < 1000; i++)
		most = fmax(most, fabs((double)y[i] / exp((double)x[i]) - 1));
	print_message("exp: worst relative error %.1e\n", most);
	assert_true(most < 3e-7);
	float odd[4] = {-1000, -INFINITY, NAN, 0};
	tw_exp_row(odd, 4, 0, 1);
	assert_true(odd[0] < 1e-37f && odd[1] < 1e-37f && isnan(odd[2]) && odd[3] == 1.0f);
}

static void not_a_number_is_not_lost(void **state)
{
	float x[137] = {0};
	double loss;
	(void)state;
	x[50] = NAN;
	tw_cross_entropy(&loss, x, targets, 1, 137, 1.0f);
	assert_true(isnan(loss));
}

/* --- instructions --- */

enum { ROW_MOST = 150, ROWS = 13 };

struct row_results {
	float dot, sum, max, exp_sum, row[ROWS][2 * ROW_MOST];
};

/* On rows that begin `shift` floats behind an aligned place. */
static void run_rows(struct row_results *r, const struct tw_row_kernels *k, int n, int shift)
{
	_Alignas(64) float in[4][2 * ROW_MOST + 10], to[ROWS][2 * ROW_MOST + 10];
	float *x = in[0] + shift, *y = in[1] + shift, *z = in[2] + shift;
	for (int i = 0; i < 4; i++)
		fill(in[i] + shift, 2 * ROW_MOST, 3, 50 + (uint64_t)i);
	for (int i = 0; i < ROWS; i++)
		memcpy(to[i] + shift, in[3] + shift, sizeof(r->row[i]));
	r->dot = k->dot(x, y, n);
	r->sum = (float)k->sum(x, n);
	r->max = k->max(x, n);
	k->exp(to[0] + shift, n, -3, 0.9f);
	k->norm(to[1] + shift, x, y, 0.7f, n);
	k->norm_backward(to[2] + shift, x, y, z, 0.7f, n);
	k->rotate_halves(to[3] + shift, x, y, n / 2, -1);
	k->rotate_pairs(to[4] + shift, x, y, n / 2, 1);
	k->swiglu(to[5] + shift, x, n);
	k->swiglu_backward(to[6] + shift, y, to[6] + shift, n);
	k->geglu(to[7] + shift, x, n);
	k->geglu_backward(to[8] + shift, y, to[8] + shift, n);
	k->cap(to[9] + shift, n, 2);
	k->cap_backward(to[9] + shift, x, n, 4);
	r->exp_sum = (float)k->exp_sum(to[10] + shift, n, -3);
	k->score_backward(to[11] + shift, to[12] + shift, n, 3, 0.2f, 0.5f);
	for (int i = 0; i < ROWS; i++)
		memcpy(r->row[i], to[i] + shift, sizeof(r->row[i]));
}

static void expect_like_plain(const struct tw_row_kernels *k, int n)
{
	static struct row_results plain, here;
	run_rows(&plain, tw_row_kernels_plain(), n, 0);
	run_rows(&here, k, n, 0);
	bool good = fabsf(plain.dot - here.dot) < 1e-4f && fabsf(plain.sum - here.sum) < 1e-4f &&
		    plain.max == here.max &&
		    fabsf(plain.exp_sum - here.exp_sum) < 1e-5f * plain.exp_sum;
	for (int i = 0; i < ROWS; i++)
		good &= worst_relative(here.row[i], plain.row[i], 2 * ROW_MOST) < 1e-6;
	if (!good)
		fail_msg("%s: rows of %d are not what plain code gives", k->name, n);
}

static void every_instruction_set_does_what_plain_code_does(void **state)
{
	const struct tw_row_kernels *const *k = rows_of_all_sets();
	(void)state;
	for (; *k; k++)
		for (int n = 1; n <= ROW_MOST; n += n < 40 ? 1 : 17)
			expect_like_plain(*k, n);
	assert_ptr_equal(tw_row_kernels(), k[-1]); /* the program takes the best */
}

/* Another thread's scratch lies elsewhere. */
static void where_a_row_lies_does_not_matter(void **state)
{
	static struct row_results here, there;
	(void)state;
	for (const struct tw_row_kernels *const *k = rows_of_all_sets(); *k; k++)
		for (int shift = 1; shift < 10; shift += 4) {
			run_rows(&here, *k, 133, 0);
			run_rows(&there, *k, 133, shift);
			assert_memory_equal(&here, &there, sizeof(here));
		}
}

static void no_instruction_set_overflows_or_loses_what_is_no_number(void **state)
{
	(void)state;
	for (const struct tw_row_kernels *const *k = rows_of_all_sets(); *k; k++)
		for (int at = 0; at < 35;
		     at += 17) { /* in a vector, and behind the last whole one */
			float x[35] = {0}, gu[70] = {0}, y[35], d[70], one[35];
			for (int i = 0; i < 35; i++)
				one[i] = 1;
			x[at] = NAN;
			assert_true(isnan((*k)->dot(x, one, 35)) && isnan((*k)->sum(x, 35)));
			(*k)->exp(x, 35, 0, 1);
			for (int i = 0; i < 35; i++)
				assert_true(i == at ? isnan(x[i]) : x[i] == 1);
			x[at] = -INFINITY;
			(*k)->exp(x, 35, 0, 1);
			assert_true(x[at] < 1e-37f);
			gu[at] = -200;
			gu[35 + at] = 3e4f;
			(*k)->swiglu(y, gu, 35);
			(*k)->swiglu_backward(d, one, gu, 35);
			assert_true(fabsf(y[at]) < 1e-30f && isfinite(d[at]) &&
				    isfinite(d[35 + at]));
			(*k)->geglu(y, gu, 35);
			(*k)->geglu_backward(d, one, gu, 35);
			assert_true(fabsf(y[at]) < 1e-30f && isfinite(d[at]) &&
				    isfinite(d[35 + at]));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rmsnorm_has_the_gradient_of_its_forward_pass),
		cmocka_unit_test(rmsnorm_gives_rows_of_length_one),
		cmocka_unit_test(rope_turns_and_turns_back),
		cmocka_unit_test(rope_makes_products_depend_on_distance_alone),
		cmocka_unit_test(rope_factors_slow_their_frequencies),
		cmocka_unit_test(stretched_positions_turn_as_earlier_ones),
		cmocka_unit_test(plain_attention_has_the_gradient_of_its_forward_pass),
		cmocka_unit_test(attention_by_blocks_is_plain_attention),
		cmocka_unit_test(attention_with_whole_scores_is_near_plain_attention),
		cmocka_unit_test(nobody_looks_ahead),
		cmocka_unit_test(swiglu_has_the_gradient_of_its_forward_pass),
		cmocka_unit_test(swiglu_stays_finite_far_out),
		cmocka_unit_test(geglu_has_the_gradient_of_its_forward_pass),
		cmocka_unit_test(geglu_stays_finite_far_out),
		cmocka_unit_test(capped_values_stay_below_the_cap),
		cmocka_unit_test(every_instruction_set_does_what_plain_code_does),
		cmocka_unit_test(where_a_row_lies_does_not_matter),
		cmocka_unit_test(no_instruction_set_overflows_or_loses_what_is_no_number),
		cmocka_unit_test(cross_entropy_has_the_gradient_of_its_forward_pass),
		cmocka_unit_test(cross_entropy_of_even_odds_is_the_logarithm),
		cmocka_unit_test(exponentials_are_exact_to_single_precision),
		cmocka_unit_test(not_a_number_is_not_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
