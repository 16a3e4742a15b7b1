/* Products in whole numbers: the kernels of every instruction set against the plain one, and a model trained by them
 * against float32. */
#include <math.h>

#include "base/fs.h"
#include "support/instruction_sets.h"
#include "support/train_rig.h"

enum { R = TW_Q16_ROWS, N = TW_Q16_COLS, BLOCK = TW_Q16_BLOCK };

static struct tw_compute compute(int threads)
{
	return (struct tw_compute){.pool = tw_pool_new(threads), .gemm = tw_gemm_best()};
}

/* --- kernels --- */

static void kernel_agrees(const struct tw_q16_kernel *k, int blocks, int most)
{
	int16_t a[5 * R * BLOCK], b[5 * N * BLOCK];
	float as[5 * R], bs[5 * N], want[R * N], c[R * N];
	for (int i = 0; i < blocks * R * BLOCK; i++)
		a[i] = (int16_t)(most ? most : i * 7919 % (2 * TW_Q16_MOST + 1) - TW_Q16_MOST);
	for (int i = 0; i < blocks * N * BLOCK; i++)
		b[i] = (int16_t)(most ? TW_Q16_MOST
				      : i * 6007 % (2 * TW_Q16_MOST + 1) - TW_Q16_MOST);
	fill(as, 5 * R, 1e-4f, 1);
	fill(bs, 5 * N, 1e-4f, 2);
	fill(want, R * N, 1, 3);
	memcpy(c, want, sizeof(c));
	tw_q16_ref.tile(want, a, as, b, bs, blocks);
	k->tile(c, a, as, b, bs, blocks);
	assert_true(worst_relative(c, want, R * N) < 1e-6);
}

static void every_kernel_agrees_with_the_plain_one(void **state)
{
	const struct tw_q16_kernel *const *k = q16_of_all_sets();
	(void)state;
	for (; *k; k++)
		for (int blocks = 0; blocks <= 5; blocks++) {
			kernel_agrees(*k, blocks, 0);
			kernel_agrees(*k, blocks, TW_Q16_MOST); /* the largest sums fit */
			kernel_agrees(*k, blocks, -TW_Q16_MOST);
		}
	assert_ptr_equal(tw_q16_best(), k[-1]); /* the program takes the best */
}

/* --- products --- */

struct product {
	int T, n, k;
	float *x, *w, *y, *want;
	struct tw_q16 q;
	struct tw_q16_rows rows;
};

static void make(struct product *p, const struct tw_compute *c, int T, int n, int k, bool turned)
{
	struct tw_err err = TW_ERR_INIT;
	*p = (struct product){.T = T, .n = n, .k = k};
	p->x = tw_xcalloc((size_t)(T * k), sizeof(float));
	p->w = tw_xcalloc((size_t)(n * k), sizeof(float));
	p->y = tw_xcalloc((size_t)(T * n), sizeof(float));
	p->want = tw_xcalloc((size_t)(T * n), sizeof(float));
	fill(p->x, (size_t)(T * k), 3, 4);
	fill(p->w, (size_t)(n * k), 0.1f, 5);
	assert_ok(tw_q16_init(&p->q, n, k, &err), &err);
	assert_ok(tw_q16_rows_init(&p->rows, T, k, &err), &err);
	tw_q16_pack(c, &p->q, p->w, turned ? 1 : k, turned ? n : 1);
	tw_gemm_ref.run(&(struct tw_gemm){.tb = !turned,
					  .m = T,
					  .n = n,
					  .k = k,
					  .alpha = 1,
					  .a = p->x,
					  .lda = k,
					  .b = p->w,
					  .ldb = turned ? n : k,
					  .c = p->want,
					  .ldc = n});
}

static void drop(struct product *p)
{
	free(p->x);
	free(p->w);
	free(p->y);
	free(p->want);
	tw_q16_release(&p->q);
	tw_q16_rows_release(&p->rows);
}

static void products_are_near_those_of_float32(void **state)
{
	static const int shapes[][3] = {{1, 1, 1},	{6, 16, 32},   {5, 15, 31},    {7, 17, 33},
					{100, 130, 70}, {13, 9, 1100}, {97, 129, 512}, {2, 33, 2}};
	struct tw_compute c = compute(2);
	(void)state;
	for (size_t i = 0; i < 2 * sizeof(shapes) / sizeof(*shapes); i++) {
		struct product p;
		const int *s = shapes[i / 2];
		make(&p, &c, s[0], s[1], s[2], i & 1);
		for (const struct tw_q16_kernel *const *k = q16_of_all_sets(); *k; k++) {
			fill(p.y, (size_t)(p.T * p.n), 9, 6); /* to be overwritten */
			tw_q16_run(&c, *k, &p.q, &p.rows, p.y, p.x, p.T);
			double off = worst_relative(p.y, p.want, (size_t)(p.T * p.n));
			if (!(off < 2e-4))
				fail_msg("%s: %d x %d x %d: off by %g", (*k)->name, p.T, p.n, p.k,
					 off);
		}
		drop(&p);
	}
	tw_pool_free(c.pool);
}

static void threads_do_not_change_a_product(void **state)
{
	struct tw_compute one = compute(1);
	struct product p;
	(void)state;
	make(&p, &one, 203, 301, 640, false);
	for (const struct tw_q16_kernel *const *k = q16_of_all_sets(); *k; k++) {
		tw_q16_run(&one, *k, &p.q, &p.rows, p.want, p.x, p.T);
		for (int threads = 2; threads < 9; threads += 3) {
			struct tw_compute several = compute(threads);
			fill(p.y, (size_t)(p.T * p.n), 9, 6);
			tw_q16_run(&several, *k, &p.q, &p.rows, p.y, p.x, p.T);
			assert_memory_equal(p.y, p.want, (size_t)(p.T * p.n) * sizeof(float));
			tw_pool_free(several.pool);
		}
	}
	drop(&p);
	tw_pool_free(one.pool);
}

static void expect_odd_row(struct product *p, float odd, const struct tw_compute *c,
			   const struct tw_q16_kernel *kernel)
{
	tw_q16_run(c, kernel, &p->q, &p->rows, p->y, p->x, p->T);
	for (int n = 0; n < 20; n++)
		assert_true(isfinite(odd) ? p->y[60 + n] == 0 : isnan(p->y[60 + n]));
	assert_true(worst_relative(p->y, p->want, 60) < 2e-4);
	assert_true(worst_relative(p->y + 80, p->want + 80, 80) < 2e-4);
}

/* What is no number, too large or too small to be scaled neither vanishes nor harms its neighbours. */
static void odd_numbers_keep_to_their_row(void **state)
{
	struct tw_compute c = compute(1);
	const float odd[] = {NAN, INFINITY, -INFINITY, 1e-39f, 0};
	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		struct product p;
		make(&p, &c, 8, 20, 64, false);
		for (int k = 0; k < 64; k++)
			p.x[3 * 64 + k] = k % 9 ? odd[i] : 0;
		for (const struct tw_q16_kernel *const *k = q16_of_all_sets(); *k; k++)
			expect_odd_row(&p, odd[i], &c, *k);
		drop(&p);
	}
	tw_pool_free(c.pool);
}

/* --- a model --- */

static double cosine(const float *a, const float *b, size_t n)
{
	double ab = 0, aa = 0, bb = 0;
	for (size_t i = 0; i < n; i++) {
		ab += (double)a[i] * (double)b[i];
		aa += (double)a[i] * (double)a[i];
		bb += (double)b[i] * (double)b[i];
	}
	return ab / sqrt(aa * bb);
}

static void compare_model(struct rig *r, double at_least, double most)
{
	double want = tw_net_train(&r->net, &r->batch, 1.0f) / r->batch.n_loss;
	float *g = tw_xcalloc(r->lora.n, sizeof(*g));
	memcpy(g, r->lora.g, r->lora.n * sizeof(*g));
	memset(r->lora.g, 0, r->lora.n * sizeof(*g));
	assert_ok(tw_net_use_q16(&r->net, &r->err), &r->err);
	double loss = tw_net_train(&r->net, &r->batch, 1.0f) / r->batch.n_loss;
	double near = cosine(g, r->lora.g, r->lora.n);
	print_message("loss %.6f, in float32 %.6f; cosine of the gradients %.8f\n", loss, want,
		      near);
	assert_true(fabs(loss - want) < most);
	assert_true(near > at_least);
	free(g);
}

static void a_tiny_model_gets_the_gradient_of_float32(void **state)
{
	static const struct tiny_gguf models[] = {{.seed = 5},
						  {.arch = "qwen2", .seed = 6, .type = "Q8_0"},
						  {.arch = "qwen3", .seed = 7}};
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct rig r;
		rig_tiny(&r, &models[i], 4, 64, 2);
		rig_add_random(&r, 40, 3, 1);
		rig_add_random(&r, 24, 9, 2);
		compare_model(&r, 0.99999, 1e-3);
		rig_close(&r);
	}
}

static void a_real_model_gets_the_gradient_of_float32(void **state)
{
	struct tw_arena a;
	struct rig r;
	char path[1024];
	(void)state;
	tw_arena_init(&a);
	snprintf(path, sizeof(path), "%s/models/smollm2-135m-instruct.q4_1.gguf", tw_cache_dir(&a));
	tw_arena_release(&a);
	if (!tw_exists(path)) {
		print_message("no %s: only tiny models are tested\n", path);
		a_tiny_model_gets_the_gradient_of_float32(state);
		return;
	}
	rig_open(&r, path, 8, 16, 64, 2);
	fill(r.lora.p, r.lora.n, 0.02f, 8);
	rig_add_random(&r, 64, 3, 1);
	compare_model(&r, 0.9999, 1e-3);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kernel_agrees_with_the_plain_one),
		cmocka_unit_test(products_are_near_those_of_float32),
		cmocka_unit_test(threads_do_not_change_a_product),
		cmocka_unit_test(odd_numbers_keep_to_their_row),
		cmocka_unit_test(a_tiny_model_gets_the_gradient_of_float32),
		cmocka_unit_test(a_real_model_gets_the_gradient_of_float32),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
