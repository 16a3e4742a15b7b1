/* Products in whole numbers of both sizes: the kernels of every instruction set against the plain one, and a model trained by
 * them against float32. */
#include <math.h>

#include "base/fs.h"
#include "net/cut_int.h"
#include "net/qnet.h"
#include "support/instruction_sets.h"
#include "support/train_rig.h"

enum { N = TW_Q_COLS, STEP = TW_Q_STEP, STEPS = 5, ROWS = 40, TERMS = STEPS * STEP, ADDED = 3 };

static struct tw_compute compute(int threads)
{
	return (struct tw_compute){.pool = tw_pool_new(threads), .gemm = tw_gemm_best()};
}

/* --- kernels --- */

/* A tile of each kernel, and where its results go. */
struct operands {
	float from[ROWS][TERMS]; /* what becomes x */
	uint32_t x[ROWS * TERMS / 2], w[TERMS / 2 * N];
	float x_scale[ROWS * STEPS], w_scale[N], y[ROWS * N], want[ROWS * N];
	int32_t x_start[ROWS * STEPS];
	float a[ROWS * ADDED], b[ADDED * N];
};

/* A step of whole numbers that are as large as may be, so that a kernel can't round them otherwise than another does. */
static void make_step(float *x, enum tw_q_bits bits, int seed)
{
	double left = (double)TW_Q16_X_LENGTH * TW_Q16_X_LENGTH;
	for (int i = 1; i < STEP; i++) {
		int n = bits == TW_Q16 ? (seed + i) * 7919 % 8191 - 4095
				       : (seed + i) * 97 % 255 - TW_Q8_MOST;
		left -= (double)n * n;
		x[i] = (float)n;
	}
	x[0] = bits == TW_Q16 ? rintf((float)sqrt(left)) : TW_Q8_MOST;
}

/* Weights of all sizes that are allowed, or all of one. */
static void make_operands(struct operands *o, enum tw_q_bits bits, int kind)
{
	static const int all_16[] = {0, 8187, -8187, -8187}, all_8[] = {0, 255, 1, 1};
	const int terms = bits == TW_Q16 ? 2 : 4;
	for (int i = 0; i < ROWS * STEPS; i++)
		make_step(o->from[i / STEPS] + i % STEPS * STEP, bits, i * STEP);
	for (int i = 0; kind && i < ROWS * TERMS; i++)
		o->from[i / TERMS][i % TERMS] = kind == 3 ? -1 : 1;
	memset(o->w, 0, sizeof(o->w));
	for (int i = 0; i < TERMS * N; i++) {
		int of_16 = kind ? all_16[kind] : i * 6007 % 16383 - 8191;
		int of_8 = kind ? all_8[kind] : i * 97 % 256;
		o->w[i / terms] |= (uint32_t)(bits == TW_Q16 ? of_16 & 0xffff : of_8)
				   << i % terms * (32 / terms);
	}
	fill(o->w_scale, N, 1e-4f, 2);
	fill(o->want, ROWS * N, 1, 3);
	fill(o->a, ROWS * ADDED, 1, 4);
	fill(o->b, ADDED * N, 100, 5);
	memcpy(o->y, o->want, sizeof(o->y));
}

/* As many rows as whole tiles have. */
static void run_tile(const struct tw_q_form *f, int tile, struct operands *o, float *y,
		     const struct tw_q_tile *like)
{
	static float by[TERMS];
	struct tw_q_tile t = *like;
	const int rows = f->tile[tile].rows, ld = TERMS / f->x_terms;
	for (int i = 0; i < TERMS; i++)
		by[i] = 1;
	for (int i = 0; i < ROWS; i++)
		f->make(&(struct tw_q_row){o->x + i * ld, o->x_scale + i * t.blocks,
					   o->x_start + i * t.blocks, o->from[i], by,
					   t.steps * STEP});
	t.x = t.ahead = o->x;
	t.x_ld = ld;
	t.x_scale = o->x_scale;
	t.x_start = o->x_start;
	t.w = o->w;
	t.w_scale = o->w_scale;
	t.y = y;
	t.a = o->a;
	t.a_ld = ADDED;
	t.b = o->b;
	for (int i = 0; i + rows <= ROWS; i += rows) {
		f->tile[tile].run(&t);
		t.x += rows * t.x_ld;
		t.x_scale += rows * t.blocks;
		t.x_start += rows * t.blocks;
		t.y += rows * t.y_ld;
		t.a += rows * t.a_ld;
	}
}

static void tile_agrees(const struct tw_q_kernel *k, enum tw_q_bits bits, int tile,
			struct operands *o, const struct tw_q_tile *like)
{
	const struct tw_q_form *f = &k->form[bits];
	float most = 1;
	run_tile(&tw_q_ref.form[bits], 0, o, o->want, like);
	run_tile(f, tile, o, o->y, like);
	for (int i = 0; i < ROWS * N; i++)
		most = fmaxf(most, fabsf(o->want[i]));
	for (int i = 0; i < ROWS / f->tile[tile].rows * f->tile[tile].rows; i++)
		for (int n = 0; n < N; n++) {
			float want = o->want[i * N + n], y = o->y[i * N + n];
			if (!(fabsf(y - want) <= 1e-6f * most))
				fail_msg("%s, size %d: row %d, column %d: %g, not %g", k->name,
					 (int)bits, i, n, (double)y, (double)want);
		}
}

static void every_tile_agrees_with_the_plain_one(void **state)
{
	struct operands *o = tw_xcalloc(1, sizeof(*o));
	const struct tw_q_kernel *const *k = q_of_all_sets();
	(void)state;
	for (; *k; k++)
		for (int i = 0; i < 2 * 5 * 4 * 4; i++) {
			enum tw_q_bits bits = i & 1 ? TW_Q8 : TW_Q16;
			int tile = i / 2 % 5, kind = i / 10 % 4, steps = i / 40 + 2;
			struct tw_q_tile like = {.steps = steps,
						 .blocks =
							 tw_pieces(steps * STEP, tw_q_block(bits)),
						 .cols = i % 3 ? N : 1 + i % N,
						 .y_ld = N,
						 .by = 0.5f,
						 .terms = i % (ADDED + 1),
						 .add = i / 2 & 1};
			make_operands(o, bits, kind);
			if ((*k)->form[bits].tile[tile].run)
				tile_agrees(*k, bits, tile, o, &like);
		}
	assert_ptr_equal(tw_q_best(), k[-1]); /* the program takes the best */
	free(o);
}

/* Number i of a row. */
static int number_of(const uint32_t *row, const struct tw_q_form *f, enum tw_q_bits bits, int i)
{
	if (f->x_terms == 4)
		return ((const int8_t *)row)[i];
	if (bits == TW_Q8) /* the odd ones of four in a word of their own */
		i = i / 4 * 4 + i % 2 * 2 + i / 2 % 2;
	return ((const int16_t *)row)[i];
}

/* Each number of a row is its own, within half a step of the scale; a block is as long, or its largest number as large, as
 * it may be. */
static void expect_whole(const struct tw_q_form *f, enum tw_q_bits bits, const float *x,
			 const float *by, int n)
{
	uint32_t to[TERMS / 2];
	const int block = tw_q_block(bits);
	float scale[STEPS];
	int32_t start[STEPS];
	double square[STEPS] = {0};
	int most[STEPS] = {0}, sum[STEPS] = {0};
	f->make(&(struct tw_q_row){to, scale, start, x, by, n});
	for (int i = 0; i < tw_whole(n, STEP); i++) {
		int b = i / block, whole = number_of(to, f, bits, i);
		double step = (double)scale[b];
		double want = i < n ? (double)x[i] * (bits == TW_Q8 ? (double)by[i] : 1) : 0;
		square[b] += (double)whole * whole;
		sum[b] += whole;
		most[b] = abs(whole) > most[b] ? abs(whole) : most[b];
		assert_true(fabs(whole * step - want) <= 0.51 * step);
	}
	for (int b = 0; b * block < n; b++)
		if (bits == TW_Q8) {
			assert_int_equal(most[b], TW_Q8_MOST);
			assert_int_equal(start[b], -TW_Q8_ZERO * sum[b]);
		} else {
			assert_true(fabs(sqrt(square[b]) - TW_Q16_X_LENGTH) <= 4.1);
		}
}

static void rows_become_whole_numbers_as_large_as_may_be(void **state)
{
	static const float sizes[] = {1, 1e-30f, 1e-16f, 1e20f, 3e38f};
	float x[TERMS], by[TERMS];
	(void)state;
	for (int i = 0; i < TERMS; i++)
		by[i] = 0.25f + (float)(i % 7) / 10;
	for (const struct tw_q_kernel *const *k = q_of_all_sets(); *k; k++)
		for (enum tw_q_bits bits = 0; bits < TW_Q_COUNT; bits++)
			for (int i = 0; i < 5; i++)
				for (int n = 1; n <= TERMS; n += 21) {
					fill(x, TERMS, sizes[i], 7);
					x[n / 2] = sizes[i]; /* larger than its neighbours */
					expect_whole(&(*k)->form[bits], bits, x, by, n);
				}
}

/* --- products --- */

struct product {
	int T, n, k;
	float *x, *w, *y, *want;
	struct tw_q_weights q;
	struct tw_q_rows rows;
};

/* What rounding to whole numbers may do to a product of random operands, relative to its largest element. */
static const double close_enough[] = {[TW_Q16] = 2e-4, [TW_Q8] = 0.02};

static void make(struct product *p, enum tw_q_bits bits, const struct tw_compute *c, int T, int n,
		 int k, bool turned)
{
	struct tw_err err = TW_ERR_INIT;
	*p = (struct product){.T = T, .n = n, .k = k};
	p->x = tw_xcalloc((size_t)(T * k), sizeof(float));
	p->w = tw_xcalloc((size_t)(n * k), sizeof(float));
	p->y = tw_xcalloc((size_t)(T * n), sizeof(float));
	p->want = tw_xcalloc((size_t)(T * n), sizeof(float));
	fill(p->x, (size_t)(T * k), 3, 4);
	fill(p->w, (size_t)(n * k), 0.1f, 5);
	assert_ok(tw_q_weights_init(&p->q, bits, n, k, &err), &err);
	assert_ok(tw_q_rows_init(&p->rows, bits, T, k, &err), &err);
	tw_q_pack(c, &p->q, &(struct tw_q_piece){p->w, turned ? 1 : k, turned ? n : 1, 0, n, 0, k});
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

static void run_to(float *y, const struct product *p, const struct tw_compute *c,
		   const struct tw_q_kernel *k)
{
	tw_q_run(c, k,
		 &(struct tw_q_product){
			 .q = &p->q, .rows = &p->rows, .y = y, .x = p->x, .T = p->T, .by = 1});
}

static void run(const struct product *p, const struct tw_compute *c, const struct tw_q_kernel *k)
{
	run_to(p->y, p, c, k);
}

static void drop(struct product *p)
{
	free(p->x);
	free(p->w);
	free(p->y);
	free(p->want);
	tw_q_weights_release(&p->q);
	tw_q_rows_release(&p->rows);
}

static void products_are_near_those_of_float32(void **state)
{
	static const int shapes[][3] = {{1, 1, 1},	{14, 32, 64},	{13, 31, 63},
					{15, 33, 65},	{100, 130, 70}, {13, 9, 3100},
					{97, 129, 512}, {2, 33, 1537}};
	struct tw_compute c = compute(2);
	(void)state;
	for (size_t i = 0; i < 4 * sizeof(shapes) / sizeof(*shapes); i++) {
		struct product p;
		const int *s = shapes[i / 4];
		const enum tw_q_bits bits = i & 1 ? TW_Q8 : TW_Q16;
		make(&p, bits, &c, s[0], s[1], s[2], i & 2);
		for (const struct tw_q_kernel *const *k = q_of_all_sets(); *k; k++) {
			fill(p.y, (size_t)(p.T * p.n), 9, 6); /* to be overwritten */
			run(&p, &c, *k);
			double off = worst_relative(p.y, p.want, (size_t)(p.T * p.n));
			if (!(off < close_enough[bits]))
				fail_msg("%s, size %d: %d x %d x %d: off by %g", (*k)->name,
					 (int)bits, p.T, p.n, p.k, off);
		}
		drop(&p);
	}
	tw_pool_free(c.pool);
}

static void threads_do_not_change(enum tw_q_bits bits)
{
	struct tw_compute one = compute(1);
	struct product p;
	make(&p, bits, &one, 203, 301, 640, false);
	for (const struct tw_q_kernel *const *k = q_of_all_sets(); *k; k++) {
		run_to(p.want, &p, &one, *k);
		for (int threads = 2; threads < 9; threads += 3) {
			struct tw_compute several = compute(threads);
			fill(p.y, (size_t)(p.T * p.n), 9, 6);
			run(&p, &several, *k);
			assert_memory_equal(p.y, p.want, (size_t)(p.T * p.n) * sizeof(float));
			tw_pool_free(several.pool);
		}
	}
	drop(&p);
	tw_pool_free(one.pool);
}

static void threads_do_not_change_a_product(void **state)
{
	(void)state;
	for (enum tw_q_bits bits = 0; bits < TW_Q_COUNT; bits++)
		threads_do_not_change(bits);
}

/* Nor do other rows, wherever tiles and blocks begin. */
static void rows_do_not_change(enum tw_q_bits bits)
{
	struct tw_compute c = compute(2);
	struct product p;
	make(&p, bits, &c, 231, 70, 3400, false);
	for (const struct tw_q_kernel *const *k = q_of_all_sets(); *k; k++) {
		run_to(p.want, &p, &c, *k);
		for (int t = 0; t < p.T; t += 23) {
			struct product row = p;
			row.x += t * p.k;
			row.T = 1;
			run(&row, &c, *k);
			assert_memory_equal(p.y, p.want + t * p.n, (size_t)p.n * sizeof(float));
		}
	}
	drop(&p);
	tw_pool_free(c.pool);
}

static void rows_do_not_change_each_other(void **state)
{
	(void)state;
	for (enum tw_q_bits bits = 0; bits < TW_Q_COUNT; bits++)
		rows_do_not_change(bits);
}

/* Two products, of columns that begin and end within strips, one of which has none, in several parts of the sum, on several
 * threads. */
static void products_are_added(enum tw_q_bits bits)
{
	enum { T = 300, COLUMNS = 150, RANK = 5 };
	struct tw_compute c = compute(2);
	struct product p;
	float a[T * 2 * RANK], b[COLUMNS * RANK];
	make(&p, bits, &c, T, COLUMNS, 3200, false);
	fill(a, T * 2 * RANK, 1, 11);
	fill(b, COLUMNS * RANK, 1, 12);
	struct tw_gemm then[2] = {{.tb = true, .n = 70, .b = b, .ldb = RANK, .c = p.y + 11},
				  {.n = 20, .b = b, .ldb = 20, .c = p.y + 100}};
	for (int i = 0; i < 2; i++) {
		struct tw_gemm *g = &then[i];
		g->m = T;
		g->k = RANK;
		g->alpha = 0.5f;
		g->a = a + i * RANK;
		g->lda = 2 * RANK;
		g->beta = 1;
		g->ldc = COLUMNS;
	}
	for (const struct tw_q_kernel *const *k = q_of_all_sets(); *k; k++) {
		run_to(p.want, &p, &c, *k);
		tw_q_run(&c, *k,
			 &(struct tw_q_product){.q = &p.q,
						.rows = &p.rows,
						.y = p.y,
						.x = p.x,
						.T = T,
						.by = 1,
						.then = then,
						.n_then = 2});
		for (int i = 0; i < 2; i++) {
			struct tw_gemm g = then[i];
			g.c = p.want + (g.c - p.y);
			tw_gemm_ref.run(&g);
		}
		assert_true(worst_relative(p.y, p.want, T * COLUMNS) < 1e-6);
	}
	drop(&p);
	tw_pool_free(c.pool);
}

static void other_products_are_added_where_they_belong(void **state)
{
	(void)state;
	for (enum tw_q_bits bits = 0; bits < TW_Q_COUNT; bits++)
		products_are_added(bits);
}

/* As a model's head is, which does not lie in memory as a whole. */
static void may_be_packed_by_pieces(enum tw_q_bits bits, int columns)
{
	struct tw_compute c = compute(1);
	struct tw_err err = TW_ERR_INIT;
	struct product p;
	struct tw_q_weights all;
	make(&p, bits, &c, 3, 100, 6200, false);
	all = p.q;
	assert_ok(tw_q_weights_init(&p.q, bits, p.n, p.k, &err), &err);
	for (int n = 0; n < p.n; n += columns)
		for (int part = tw_q_part(bits, p.k), k = 0; k < p.k; k += part)
			tw_q_pack(&c, &p.q,
				  &(struct tw_q_piece){p.w + n * p.k + k, p.k, 1, n,
						       p.n - n < columns ? p.n - n : columns, k,
						       p.k - k < part ? p.k - k : part});
	assert_memory_equal(p.q.w, all.w, (size_t)tw_q_weights_bytes(bits, p.n, p.k));
	tw_q_weights_release(&all);
	drop(&p);
	tw_pool_free(c.pool);
}

static void weights_may_be_packed_piece_by_piece(void **state)
{
	(void)state;
	may_be_packed_by_pieces(TW_Q16, 64);
	may_be_packed_by_pieces(TW_Q8, 100);
}

static void expect_odd_row(struct product *p, float odd, const struct tw_compute *c,
			   const struct tw_q_kernel *kernel)
{
	const double close = close_enough[p->q.bits];
	run(p, c, kernel);
	for (int n = 0; n < 20; n++)
		assert_true(isfinite(odd) ? p->y[60 + n] == 0 : isnan(p->y[60 + n]));
	assert_true(worst_relative(p->y, p->want, 60) < close);
	assert_true(worst_relative(p->y + 80, p->want + 80, 80) < close);
}

/* What is no number, too large or too small to be scaled neither vanishes nor harms its neighbours. */
static void odd_numbers_keep_to_their_row(void **state)
{
	struct tw_compute c = compute(1);
	const float odd[] = {NAN, INFINITY, -INFINITY, 1e-39f, 0};
	(void)state;
	for (size_t i = 0; i < 2 * sizeof(odd) / sizeof(*odd); i++) {
		struct product p;
		make(&p, i & 1 ? TW_Q8 : TW_Q16, &c, 8, 20, 64, false);
		for (int k = 0; k < 64; k++)
			p.x[3 * 64 + k] = k % 9 ? odd[i / 2] : 0;
		for (const struct tw_q_kernel *const *k = q_of_all_sets(); *k; k++)
			expect_odd_row(&p, odd[i / 2], &c, *k);
		drop(&p);
	}
	tw_pool_free(c.pool);
}

static void spoils_its_column(enum tw_q_bits bits)
{
	struct tw_compute c = compute(1);
	struct product p;
	make(&p, bits, &c, 5, 40, 200, false);
	p.w[7 * 200 + 11] = NAN;
	p.w[9 * 200 + 150] = INFINITY;
	tw_q_pack(&c, &p.q, &(struct tw_q_piece){p.w, p.k, 1, 0, p.n, 0, p.k});
	for (const struct tw_q_kernel *const *k = q_of_all_sets(); *k; k++) {
		run(&p, &c, *k);
		for (int i = 0; i < p.T * p.n; i++)
			assert_int_equal(isnan(p.y[i]) != 0, i % p.n == 7 || i % p.n == 9);
	}
	drop(&p);
	tw_pool_free(c.pool);
}

static void a_weight_that_is_no_number_spoils_its_column_alone(void **state)
{
	(void)state;
	for (enum tw_q_bits bits = 0; bits < TW_Q_COUNT; bits++)
		spoils_its_column(bits);
}

/* Of weights as well: sizes are right where squares are not. */
static void tiny_and_huge_weights_are_scaled(void **state)
{
	struct tw_compute c = compute(1);
	static const float sizes[] = {1e-25f, 1e-16f, 1e19f, 1e25f};
	(void)state;
	for (int i = 0; i < 2 * 4; i++) {
		struct product p;
		const float size = sizes[i / 2];
		make(&p, i & 1 ? TW_Q8 : TW_Q16, &c, 5, 40, 200, false);
		for (int k = 0; k < p.n * p.k; k++)
			p.w[k] = size * (k % 3 ? 1.0f : -0.5f);
		tw_q_pack(&c, &p.q, &(struct tw_q_piece){p.w, p.k, 1, 0, p.n, 0, p.k});
		for (int t = 0; t < p.T; t++)
			for (int n = 0; n < p.n; n++) {
				p.want[t * p.n + n] = 0;
				for (int k = 0; k < p.k; k++)
					p.want[t * p.n + n] += p.x[t * p.k + k] * p.w[n * p.k + k];
			}
		run(&p, &c, tw_q_best());
		for (int k = 0; k < p.T * p.n; k++) {
			p.y[k] /= size;
			p.want[k] /= size;
		}
		assert_true(worst_relative(p.y, p.want, (size_t)(p.T * p.n)) <
			    close_enough[p.q.bits]);
		drop(&p);
	}
	tw_pool_free(c.pool);
}

/* --- a model --- */

static double dot_of(const float *a, const float *b, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += (double)a[i] * (double)b[i];
	return sum;
}

/* Cosines that are reached: 0.999999 and more, and 0.9995 (docs/benchmarks.md). */
static const double least_cosine[] = {[TW_Q16] = 0.9999, [TW_Q8] = 0.999};

static void compare_model(struct rig *r, enum tw_q_bits back)
{
	double want = tw_net_train(&r->net, &r->batch, 1.0f) / r->batch.n_loss;
	float *g = tw_xcalloc(r->lora.n, sizeof(*g));
	memcpy(g, r->lora.g, r->lora.n * sizeof(*g));
	memset(r->lora.g, 0, r->lora.n * sizeof(*g));
	assert_ok(tw_net_use_q(&r->net, back, &r->err), &r->err);
	double loss = tw_net_train(&r->net, &r->batch, 1.0f) / r->batch.n_loss;
	double length = sqrt(dot_of(g, g, r->lora.n)),
	       got = sqrt(dot_of(r->lora.g, r->lora.g, r->lora.n));
	double near = dot_of(g, r->lora.g, r->lora.n) / (length * got), longer = got / length;
	print_message(
		"%s: loss %.6f, in float32 %.6f; cosine of the gradients %.8f, one %.5f as long\n",
		back == TW_Q8 ? "8 bits back" : "16 bits", loss, want, near, longer);
	assert_true(fabs(loss - want) < 1e-3);
	assert_true(near > least_cosine[back]);
	assert_true(fabs(longer - 1) < 0.02); /* tokens here are no text: of text it is 0.001 */
	free(g);
}

/* Adapters are apart before there are whole numbers, too, and what their As give is kept. */
static void keep_apart(struct rig *r)
{
	struct tw_net_size size = r->net.size;
	size.apart = true;
	tw_net_release(&r->net);
	assert_ok(tw_net_init(&r->net, &r->w, &r->lora, &r->c, &size, &r->err), &r->err);
	assert_true(r->net.keeps_xa);
}

static void a_tiny_model_gets_the_gradient_of_float32(void **state)
{
	static const struct tiny_gguf models[] = {{.seed = 5},
						  {.arch = "qwen2", .seed = 6, .type = "Q8_0"},
						  {.arch = "qwen3", .seed = 7}};
	(void)state;
	for (int i = 0; i < 4 * 3; i++) {
		struct rig r;
		rig_tiny(&r, &models[i / 4], 4, 64, 2);
		if (i & 2)
			keep_apart(&r);
		rig_add_random(&r, 40, 3, 1);
		rig_add_random(&r, 24, 9, 2);
		compare_model(&r, i & 1 ? TW_Q8 : TW_Q16);
		rig_close(&r);
	}
}

static void a_real_model_gets_the_gradient_of_float32(void **state)
{
	struct tw_arena a;
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
	for (enum tw_q_bits bits = 0; bits < TW_Q_COUNT; bits++) {
		struct rig r;
		rig_open(&r, path, 8, 16, 64, 2);
		fill(r.lora.p, r.lora.n, 0.02f, 8);
		rig_add_random(&r, 64, 3, 1);
		compare_model(&r, bits);
		rig_close(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_tile_agrees_with_the_plain_one),
		cmocka_unit_test(rows_become_whole_numbers_as_large_as_may_be),
		cmocka_unit_test(products_are_near_those_of_float32),
		cmocka_unit_test(threads_do_not_change_a_product),
		cmocka_unit_test(rows_do_not_change_each_other),
		cmocka_unit_test(other_products_are_added_where_they_belong),
		cmocka_unit_test(weights_may_be_packed_piece_by_piece),
		cmocka_unit_test(odd_numbers_keep_to_their_row),
		cmocka_unit_test(a_weight_that_is_no_number_spoils_its_column_alone),
		cmocka_unit_test(tiny_and_huge_weights_are_scaled),
		cmocka_unit_test(a_tiny_model_gets_the_gradient_of_float32),
		cmocka_unit_test(a_real_model_gets_the_gradient_of_float32),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
