/* Every kernel against finite differences, and the fast ones against the plain ones. */
#include <math.h>

#include "base/hash.h"
#include "support/tiny_gguf.h"
#include "support/train_rig.h"
#include "net/kernels.h"
#include "net/rows_int.h"

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
	static const struct attention shapes[] = {{9, {4, 2, 6, 0.4f, 0, 0}},
						  {9, {4, 2, 6, 0.4f, 0, 3}},
						  {9, {4, 2, 6, 0.4f, 0.7f, 0}},
						  {9, {4, 2, 6, 1.0f, 1.5f, 4}}};
	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		check_plain_attention(shapes[i]);
}

static void compare_attention(struct attention a, const struct tw_gemm_kernel *gemm)
{
	size_t n = qkv_size(&a), m = out_size(&a), l = (size_t)(a.T * a.h.H);
	float *f = tw_xcalloc(3 * n + 3 * m + 2 * l + (size_t)tw_attention_scratch(a.T), 4);
	float *qkv = f, *d0 = qkv + n, *d1 = d0 + n, *o0 = d1 + n, *o1 = o0 + m, *go = o1 + m;
	float *l0 = go + m, *l1 = l0 + l, *scratch = l1 + l;
	fill(qkv, n, 1.5f, 8);
	fill(go, m, 1, 9);
	fill(d1, n, 9, 10); /* to be overwritten */
	tw_attention_forward_ref(o0, l0, qkv, a.T, &a.h);
	tw_attention_backward_ref(d0, go, o0, l0, qkv, a.T, &a.h);
	for (int head = 0; head < a.h.H; head++)
		tw_attention_forward(o1, l1, qkv, a.T, &a.h, head, gemm, scratch);
	for (int kv = 0; kv < a.h.H_kv; kv++)
		tw_attention_backward(d1, go, o1, l1, qkv, a.T, &a.h, kv, gemm, scratch);
	assert_true(worst(o1, o0, m) < 1e-5);
	assert_true(worst(l1, l0, l) < 1e-5);
	assert_true(worst_relative(d1, d0, n) < 1e-5);
	free(f);
}

static void attention_by_blocks_is_plain_attention(void **state)
{
	static const struct attention shapes[] = {
		{1, {1, 1, 2, 1, 0, 0}},	 {2, {3, 1, 4, 0.5f, 0, 0}},
		{63, {2, 2, 8, 0.3f, 0, 0}},	 {64, {4, 2, 8, 0.3f, 0, 0}},
		{65, {4, 2, 16, 0.25f, 0, 0}},	 {150, {6, 3, 10, 0.3f, 0, 0}},
		{200, {9, 3, 64, 0.125f, 0, 0}}, {1, {2, 1, 4, 1, 2, 1}},
		{150, {4, 2, 8, 0.3f, 0, 1}},	 {150, {4, 2, 8, 0.3f, 0, 64}},
		{150, {4, 2, 8, 0.3f, 0, 65}},	 {200, {4, 2, 8, 0.3f, 1.5f, 37}},
		{200, {4, 2, 8, 0.3f, 2, 0}},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		compare_attention(shapes[i], &tw_gemm_ref);
		compare_attention(shapes[i], tw_gemm_best());
	}
}

static void nobody_looks_ahead(void **state)
{
	struct attention a = {70, {2, 1, 8, 0.35f, 0, 0}};
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

/* --- products --- */

static void naive(float *c, const struct tw_gemm *g)
{
	for (int i = 0; i < g->m; i++)
		for (int j = 0; j < g->n; j++) {
			double sum = 0;
			for (int k = 0; k < g->k; k++)
				sum += (double)(g->ta ? g->a[k * g->lda + i]
						      : g->a[i * g->lda + k]) *
				       (double)(g->tb ? g->b[j * g->ldb + k]
						      : g->b[k * g->ldb + j]);
			c[i * g->ldc + j] =
				(float)((double)g->alpha * sum +
					(g->beta != 0 ? (double)g->beta * (double)c[i * g->ldc + j]
						      : 0));
		}
}

static void try_product(int m, int n, int k, bool ta, bool tb, float beta,
			const struct tw_compute *c)
{
	int lda = (ta ? m : k) + 3, ldb = (tb ? k : n) + 1, ldc = n + 2;
	size_t na = (size_t)((ta ? k : m) * lda), nb = (size_t)((tb ? n : k) * ldb);
	size_t nc = (size_t)(m * ldc);
	float *a = tw_xcalloc(na + nb + 2 * nc, 4), *b = a + na, *x = b + nb, *y = x + nc;
	fill(a, na + nb, 1, 15);
	fill(x, nc, beta == 0 ? NAN : 1, 16); /* what is only written may hold anything */
	for (int i = 0; i < m; i++)	      /* but what lies between the rows must stay */
		x[i * ldc + n] = x[i * ldc + n + 1] = 5;
	memcpy(y, x, nc * 4);
	struct tw_gemm g = {ta, tb, m, n, k, 0.7f, a, lda, b, ldb, beta, x, ldc};
	naive(y, &g);
	tw_gemm_run(c, &g);
	if (!(worst(x, y, nc) < 1e-4))
		fail_msg("%s: %d x %d x %d, %d %d: off by %g", c->gemm->name, m, n, k, ta, tb,
			 worst(x, y, nc));
	free(a);
}

static void try_products(const struct tw_gemm_kernel *kernel, int threads)
{
	static const int shapes[][3] = {{1, 1, 1},	 {3, 5, 7},    {16, 16, 16},
					{130, 131, 129}, {257, 40, 9}, {40, 513, 20},
					{300, 530, 33},	 {7, 700, 300}};
	struct tw_compute c = {.pool = tw_pool_new(threads), .gemm = kernel};
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		for (int t = 0; t < 4; t++)
			for (int b = 0; b < 3; b++)
				try_product(shapes[i][0], shapes[i][1], shapes[i][2], t & 1, t & 2,
					    (float)b * 0.5f, &c);
	tw_pool_free(c.pool);
}

static void products_are_right_for_all_shapes(void **state)
{
	(void)state;
	try_products(&tw_gemm_ref, 1);
	try_products(&tw_gemm_ref, 3);
	try_products(tw_gemm_best(), 1);
	try_products(tw_gemm_best(), 3);
	print_message("products by %s\n", tw_gemm_best()->name);
}

static void products_do_not_depend_on_threads(void **state)
{
	enum { M = 300, N = 700, K = 90 };
	float *a = tw_xcalloc(M * K + K * N + 2 * M * N, 4), *b = a + M * K, *x = b + K * N;
	(void)state;
	fill(a, M * K + K * N, 1, 17);
	for (int i = 0; i < 2; i++) {
		struct tw_compute c = {.pool = tw_pool_new(i ? 4 : 1), .gemm = tw_gemm_best()};
		tw_gemm_run(&c, &(struct tw_gemm){false, false, M, N, K, 1, a, K, b, N, 0,
						  x + i * M * N, N});
		tw_pool_free(c.pool);
	}
	assert_memory_equal(x, x + M * N, M * N * sizeof(float));
	free(a);
}

/* --- instructions --- */

enum { ROW_MOST = 150 };

struct row_results {
	float dot, sum, max, row[10][2 * ROW_MOST];
};

static void run_rows(struct row_results *r, const struct tw_row_kernels *k, int n)
{
	float in[4][2 * ROW_MOST];
	for (int i = 0; i < 4; i++)
		fill(in[i], 2 * ROW_MOST, 3, 50 + (uint64_t)i);
	memset(r, 0, sizeof(*r));
	for (int i = 0; i < 10; i++)
		memcpy(r->row[i], in[3], sizeof(in[3]));
	r->dot = k->dot(in[0], in[1], n);
	r->sum = (float)k->sum(in[0], n);
	r->max = k->max(in[0], n);
	k->exp(r->row[0], n, -3, 0.9f);
	k->norm(r->row[1], in[0], in[1], 0.7f, n);
	k->norm_backward(r->row[2], in[0], in[1], in[2], 0.7f, n);
	k->rotate_halves(r->row[3], in[0], in[1], n / 2, -1);
	k->rotate_pairs(r->row[4], in[0], in[1], n / 2, 1);
	k->swiglu(r->row[5], in[0], n);
	k->swiglu_backward(r->row[6], in[1], r->row[6], n);
	k->geglu(r->row[7], in[0], n);
	k->geglu_backward(r->row[8], in[1], r->row[8], n);
	k->cap(r->row[9], n, 2);
	k->cap_backward(r->row[9], in[0], n, 4);
}

static void instructions_of_this_machine_do_what_plain_code_does(void **state)
{
	static struct row_results plain, here;
	(void)state;
	print_message("kernels: %s\n", tw_row_kernels()->name);
	for (int n = 1; n <= ROW_MOST; n += n < 40 ? 1 : 17) {
		run_rows(&plain, tw_row_kernels_plain(), n);
		run_rows(&here, tw_row_kernels(), n);
		assert_true(fabsf(plain.dot - here.dot) < 1e-4f);
		assert_true(fabsf(plain.sum - here.sum) < 1e-4f);
		assert_true(plain.max == here.max);
		for (int i = 0; i < 10; i++)
			assert_true(worst_relative(here.row[i], plain.row[i], 2 * ROW_MOST) < 1e-6);
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
		cmocka_unit_test(nobody_looks_ahead),
		cmocka_unit_test(swiglu_has_the_gradient_of_its_forward_pass),
		cmocka_unit_test(swiglu_stays_finite_far_out),
		cmocka_unit_test(geglu_has_the_gradient_of_its_forward_pass),
		cmocka_unit_test(geglu_stays_finite_far_out),
		cmocka_unit_test(capped_values_stay_below_the_cap),
		cmocka_unit_test(instructions_of_this_machine_do_what_plain_code_does),
		cmocka_unit_test(cross_entropy_has_the_gradient_of_its_forward_pass),
		cmocka_unit_test(cross_entropy_of_even_odds_is_the_logarithm),
		cmocka_unit_test(exponentials_are_exact_to_single_precision),
		cmocka_unit_test(not_a_number_is_not_lost),
		cmocka_unit_test(products_are_right_for_all_shapes),
		cmocka_unit_test(products_do_not_depend_on_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
