/* Products in whole numbers: the kernels of every instruction set against the plain one, and a model trained by them
 * against float32. */
#include <math.h>

#include "base/fs.h"
#include "support/instruction_sets.h"
#include "support/train_rig.h"

enum { N = TW_Q16_COLS, BLOCK = TW_Q16_BLOCK, BLOCKS = 5, ROWS = 40 };

static struct tw_compute compute(int threads)
{
	return (struct tw_compute){.pool = tw_pool_new(threads), .gemm = tw_gemm_best()};
}

/* --- kernels --- */

/* A tile of each kernel, and where its results go. */
struct operands {
	int16_t x[ROWS * BLOCKS * BLOCK], w[BLOCKS * BLOCK * N];
	float x_scale[ROWS * BLOCKS], w_scale[N], y[ROWS * N], want[ROWS * N];
};

/* `x`, `w` 0: numbers of all sizes that the lengths of blocks allow. */
static void make_operands(struct operands *o, int x, int w)
{
	for (int i = 0; i < ROWS * BLOCKS * BLOCK; i++)
		o->x[i] = (int16_t)(x ? x : i * 7919 % 8191 - 4095);
	for (int i = 0; i < BLOCKS * BLOCK * N; i++)
		o->w[i] = (int16_t)(w ? w : i * 6007 % 16383 - 8191);
	fill(o->x_scale, ROWS * BLOCKS, 1e-4f, 1);
	fill(o->w_scale, N, 1e-4f, 2);
	fill(o->want, ROWS * N, 1, 3);
	memcpy(o->y, o->want, sizeof(o->y));
}

/* As many rows as whole tiles have. */
static void run_tile(const struct tw_q16_kernel *k, int tile, const struct operands *o, float *y,
		     const struct tw_q16_tile *like)
{
	struct tw_q16_tile t = *like;
	int rows = k->tile[tile].rows;
	t.x = t.ahead = o->x;
	t.x_scale = o->x_scale;
	t.w = o->w;
	t.w_scale = o->w_scale;
	t.y = y;
	for (int i = 0; i + rows <= ROWS; i += rows) {
		k->tile[tile].run(&t);
		t.x += rows * t.x_ld;
		t.x_scale += rows * t.blocks;
		t.y += rows * t.y_ld;
	}
}

static void tile_agrees(const struct tw_q16_kernel *k, int tile, struct operands *o,
			const struct tw_q16_tile *like)
{
	run_tile(&tw_q16_ref, 0, o, o->want, like);
	run_tile(k, tile, o, o->y, like);
	for (int i = 0; i < ROWS / k->tile[tile].rows * k->tile[tile].rows; i++)
		for (int n = 0; n < N; n++) {
			float want = o->want[i * N + n], y = o->y[i * N + n];
			if (!(fabsf(y - want) <= 1e-6f * (1 + fabsf(want))))
				fail_msg("%s: row %d, column %d: %g, not %g", k->name, i, n,
					 (double)y, (double)want);
		}
}

static void every_tile_agrees_with_the_plain_one(void **state)
{
	/* The last ones: all numbers of a block are the largest or smallest that its length allows. */
	static const int numbers[][2] = {{0, 0}, {4093, 8187}, {4093, -8187}, {-4093, -8187}};
	struct operands *o = tw_xcalloc(1, sizeof(*o));
	const struct tw_q16_kernel *const *k = q16_of_all_sets();
	(void)state;
	for (; *k; k++)
		for (int i = 0; i < 5 * 4 * 4; i++) {
			int tile = i % 5, kind = i / 5 % 4, blocks = i / 20 + 2;
			struct tw_q16_tile like = {.blocks = blocks,
						   .cols = i % 3 ? N : 1 + i % N,
						   .x_ld = BLOCKS * BLOCK,
						   .y_ld = N,
						   .by = 0.5f,
						   .add = i & 1};
			make_operands(o, numbers[kind][0], numbers[kind][1]);
			if ((*k)->tile[tile].run)
				tile_agrees(*k, tile, o, &like);
		}
	assert_ptr_equal(tw_q16_best(), k[-1]); /* the program takes the best */
	free(o);
}

/* Of a row: each number of a block is its own, within half a step of the scale; the block's length is what it may be. */
static void expect_whole(const struct tw_q16_kernel *k, const float *x, int n)
{
	int16_t to[BLOCKS * BLOCK];
	float scale[BLOCKS];
	double square[BLOCKS] = {0};
	k->make(to, scale, x, n);
	for (int i = 0; i < (n + BLOCK - 1) / BLOCK * BLOCK; i++) {
		double by = (double)scale[i / BLOCK], want = i < n ? (double)x[i] : 0;
		square[i / BLOCK] += (double)to[i] * to[i];
		assert_true(fabs(to[i] * by - want) <= 0.51 * by);
	}
	for (int b = 0; b * BLOCK < n; b++)
		assert_true(fabs(sqrt(square[b]) - TW_Q16_X_LENGTH) <= 4.1);
}

static void rows_become_whole_numbers_of_one_length(void **state)
{
	static const float sizes[] = {1, 1e-30f, 1e-16f, 1e20f, 3e38f};
	float x[BLOCKS * BLOCK];
	(void)state;
	for (const struct tw_q16_kernel *const *k = q16_of_all_sets(); *k; k++)
		for (int i = 0; i < 5; i++)
			for (int n = 1; n <= BLOCKS * BLOCK; n += 21) {
				fill(x, BLOCKS * BLOCK, sizes[i], 7);
				x[n / 2] = sizes[i]; /* larger than its neighbours */
				expect_whole(*k, x, n);
			}
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
	tw_q16_pack(c, &p->q,
		    &(struct tw_q16_piece){p->w, turned ? 1 : k, turned ? n : 1, 0, n, 0, k});
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
	static const int shapes[][3] = {{1, 1, 1},	{14, 32, 64},	{13, 31, 63},
					{15, 33, 65},	{100, 130, 70}, {13, 9, 3100},
					{97, 129, 512}, {2, 33, 1537}};
	struct tw_compute c = compute(2);
	(void)state;
	for (size_t i = 0; i < 2 * sizeof(shapes) / sizeof(*shapes); i++) {
		struct product p;
		const int *s = shapes[i / 2];
		make(&p, &c, s[0], s[1], s[2], i & 1);
		for (const struct tw_q16_kernel *const *k = q16_of_all_sets(); *k; k++) {
			fill(p.y, (size_t)(p.T * p.n), 9, 6); /* to be overwritten */
			tw_q16_run(&c, *k, &p.q, &p.rows, p.y, p.x, p.T, 1);
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
		tw_q16_run(&one, *k, &p.q, &p.rows, p.want, p.x, p.T, 1);
		for (int threads = 2; threads < 9; threads += 3) {
			struct tw_compute several = compute(threads);
			fill(p.y, (size_t)(p.T * p.n), 9, 6);
			tw_q16_run(&several, *k, &p.q, &p.rows, p.y, p.x, p.T, 1);
			assert_memory_equal(p.y, p.want, (size_t)(p.T * p.n) * sizeof(float));
			tw_pool_free(several.pool);
		}
	}
	drop(&p);
	tw_pool_free(one.pool);
}

/* Nor do other rows, wherever tiles and blocks begin. */
static void rows_do_not_change_each_other(void **state)
{
	struct tw_compute c = compute(2);
	struct product p;
	(void)state;
	make(&p, &c, 231, 70, 1600, false);
	for (const struct tw_q16_kernel *const *k = q16_of_all_sets(); *k; k++) {
		tw_q16_run(&c, *k, &p.q, &p.rows, p.want, p.x, p.T, 1);
		for (int t = 0; t < p.T; t += 23) {
			tw_q16_run(&c, *k, &p.q, &p.rows, p.y, p.x + t * p.k, 1, 1);
			assert_memory_equal(p.y, p.want + t * p.n, (size_t)p.n * sizeof(float));
		}
	}
	drop(&p);
	tw_pool_free(c.pool);
}

/* As a model's head is, which does not lie in memory as a whole. */
static void weights_may_be_packed_piece_by_piece(void **state)
{
	struct tw_compute c = compute(1);
	struct tw_err err = TW_ERR_INIT;
	struct product p;
	struct tw_q16 all;
	(void)state;
	make(&p, &c, 3, 100, 3200, false);
	all = p.q;
	assert_ok(tw_q16_init(&p.q, p.n, p.k, &err), &err);
	for (int n = 0; n < p.n; n += 64)
		for (int part = tw_q16_part(p.k), k = 0; k < p.k; k += part)
			tw_q16_pack(&c, &p.q,
				    &(struct tw_q16_piece){p.w + n * p.k + k, p.k, 1, n,
							   p.n - n < 64 ? p.n - n : 64, k,
							   p.k - k < part ? p.k - k : part});
	assert_memory_equal(p.q.w, all.w, (size_t)tw_q16_bytes(p.n, p.k));
	tw_q16_release(&all);
	drop(&p);
	tw_pool_free(c.pool);
}

static void expect_odd_row(struct product *p, float odd, const struct tw_compute *c,
			   const struct tw_q16_kernel *kernel)
{
	tw_q16_run(c, kernel, &p->q, &p->rows, p->y, p->x, p->T, 1);
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

static void a_weight_that_is_no_number_spoils_its_column_alone(void **state)
{
	struct tw_compute c = compute(1);
	struct product p;
	(void)state;
	make(&p, &c, 5, 40, 200, false);
	p.w[7 * 200 + 11] = NAN;
	p.w[9 * 200 + 150] = INFINITY;
	tw_q16_pack(&c, &p.q, &(struct tw_q16_piece){p.w, p.k, 1, 0, p.n, 0, p.k});
	for (const struct tw_q16_kernel *const *k = q16_of_all_sets(); *k; k++) {
		tw_q16_run(&c, *k, &p.q, &p.rows, p.y, p.x, p.T, 1);
		for (int i = 0; i < p.T * p.n; i++)
			assert_int_equal(isnan(p.y[i]) != 0, i % p.n == 7 || i % p.n == 9);
	}
	drop(&p);
	tw_pool_free(c.pool);
}

/* Of weights as well: lengths are right where squares are not. */
static void tiny_and_huge_weights_are_scaled(void **state)
{
	struct tw_compute c = compute(1);
	static const float sizes[] = {1e-25f, 1e-16f, 1e19f, 1e25f};
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct product p;
		make(&p, &c, 5, 40, 200, false);
		for (int k = 0; k < p.n * p.k; k++)
			p.w[k] = sizes[i] * (k % 3 ? 1.0f : -0.5f);
		tw_q16_pack(&c, &p.q, &(struct tw_q16_piece){p.w, p.k, 1, 0, p.n, 0, p.k});
		for (int t = 0; t < p.T; t++)
			for (int n = 0; n < p.n; n++) {
				p.want[t * p.n + n] = 0;
				for (int k = 0; k < p.k; k++)
					p.want[t * p.n + n] += p.x[t * p.k + k] * p.w[n * p.k + k];
			}
		tw_q16_run(&c, tw_q16_best(), &p.q, &p.rows, p.y, p.x, p.T, 1);
		for (int k = 0; k < p.T * p.n; k++) {
			p.y[k] /= sizes[i];
			p.want[k] /= sizes[i];
		}
		assert_true(worst_relative(p.y, p.want, (size_t)(p.T * p.n)) < 2e-4);
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
		cmocka_unit_test(every_tile_agrees_with_the_plain_one),
		cmocka_unit_test(rows_become_whole_numbers_of_one_length),
		cmocka_unit_test(products_are_near_those_of_float32),
		cmocka_unit_test(threads_do_not_change_a_product),
		cmocka_unit_test(rows_do_not_change_each_other),
		cmocka_unit_test(weights_may_be_packed_piece_by_piece),
		cmocka_unit_test(odd_numbers_keep_to_their_row),
		cmocka_unit_test(a_weight_that_is_no_number_spoils_its_column_alone),
		cmocka_unit_test(tiny_and_huge_weights_are_scaled),
		cmocka_unit_test(a_tiny_model_gets_the_gradient_of_float32),
		cmocka_unit_test(a_real_model_gets_the_gradient_of_float32),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
