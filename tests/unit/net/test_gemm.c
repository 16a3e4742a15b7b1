/* Matrix products against sums in double: the plain ones, ours in every instruction set, and those of libraries. */
#include <math.h>

#include "net/cut_int.h"
#include "support/instruction_sets.h"
#include "support/operands.h"

static const struct gaps gaps = {3, 1, 2};

static void sum_in_double(const struct tw_gemm *g, float *c)
{
	for (int i = 0; i < g->m; i++)
		for (int n = 0; n < g->n; n++) {
			double sum = 0;
			for (int k = 0; k < g->k; k++)
				sum += (double)(g->ta ? g->a[k * g->lda + i]
						      : g->a[i * g->lda + k]) *
				       (double)(g->tb ? g->b[n * g->ldb + k]
						      : g->b[k * g->ldb + n]);
			float *to = &c[i * g->ldc + n];
			*to = (float)((double)g->alpha * sum +
				      (g->beta != 0 ? (double)g->beta * (double)*to : 0));
		}
}

static void expect_right(const struct tw_gemm_kernel *kernel, struct operands *o)
{
	double off = worst(o->c, o->want, o->n);
	if (!(off < 2e-6 * sqrt(o->g.k) * 8))
		fail_msg("%s: %d x %d x %d, ta %d, tb %d, alpha %g, beta %g: off by %g",
			 kernel->name, o->g.m, o->g.n, o->g.k, o->g.ta, o->g.tb, (double)o->g.alpha,
			 (double)o->g.beta, off);
}

/* Both operands as they are and turned, with what c held before left out, halved and kept. */
static void try_shape(const struct tw_gemm_kernel *kernel, struct tw_pool *pool, const int s[3])
{
	static const float alpha[] = {0.7f, 1, -1.5f}, beta[] = {0, 0.5f, 1};
	for (int i = 0; i < 12; i++) {
		struct operands o;
		operands_make(&o, s[0], s[1], s[2], i & 1, i & 2, beta[i / 4], &gaps);
		o.g.alpha = alpha[i % 3];
		sum_in_double(&o.g, o.want);
		tw_gemm_run(&(struct tw_compute){.pool = pool, .gemm = kernel}, &o.g);
		expect_right(kernel, &o);
		operands_drop(&o);
	}
}

static const struct tw_gemm_kernel *const *all_kernels(void)
{
	static const struct tw_gemm_kernel *list[8];
	int n = 0;
	list[n++] = &tw_gemm_ref;
	for (const struct tw_gemm_kernel *const *k = gemm_of_all_sets(); *k; k++)
		list[n++] = *k;
	if (tw_gemm_openblas())
		list[n++] = tw_gemm_openblas();
	list[n] = NULL;
	return list;
}

/* Around the sizes of tiles (4, 6, 8, 14 rows; 16, 32 columns), of vectors, of blocks, and of the sum's parts (384, 768). */
static void products_are_right_at_every_edge(void **state)
{
	static const int shapes[][3] = {
		{1, 1, 1},	 {2, 33, 2},	{3, 5, 3},	{4, 31, 17},   {5, 15, 7},
		{6, 16, 8},	 {7, 17, 9},	{8, 47, 15},	{9, 64, 1},    {13, 64, 33},
		{14, 32, 100},	 {15, 63, 5},	{16, 16, 16},	{28, 65, 383}, {64, 48, 16},
		{96, 129, 384},	 {97, 65, 385}, {200, 150, 31}, {3, 300, 800}, {225, 40, 769},
		{130, 131, 129}, {257, 40, 9},	{40, 513, 20},	{7, 700, 300}};
	(void)state;
	for (const struct tw_gemm_kernel *const *k = all_kernels(); *k; k++)
		for (int threads = 1; threads <= 3; threads += 2) {
			struct tw_pool *pool = tw_pool_new(threads);
			for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
				try_shape(*k, pool, shapes[i]);
			tw_pool_free(pool);
		}
}

/* Rows [from, from + n) alone are looked at. */
static void expect_rows(const struct tw_gemm_kernel *kernel, const struct operands *o, int from,
			int n)
{
	struct operands part = *o;
	part.g.a += from * o->g.lda;
	part.g.m = n;
	part.c += from * o->g.ldc;
	part.want += from * o->g.ldc;
	part.n = (size_t)n * (size_t)o->g.ldc;
	sum_in_double(&part.g, part.want);
	expect_right(kernel, &part);
}

/* Many blocks of rows. */
static void products_of_many_rows_are_right(void **state)
{
	struct tw_pool *pool = tw_pool_new(2);
	(void)state;
	for (const struct tw_gemm_kernel *const *k = gemm_of_all_sets(); *k; k++) {
		struct operands o;
		operands_make(&o, 11005, 66, 385, false, true, 0.5f, &gaps);
		tw_gemm_run(&(struct tw_compute){.pool = pool, .gemm = *k}, &o.g);
		expect_rows(*k, &o, 0, 30);
		expect_rows(*k, &o, 5500, 30);
		expect_rows(*k, &o, 10975, 30);
		operands_drop(&o);
	}
	tw_pool_free(pool);
}

static void run_on_threads(const struct tw_gemm_kernel *kernel, int threads,
			   const struct tw_gemm *g)
{
	struct tw_compute c = {.pool = tw_pool_new(threads), .gemm = kernel};
	tw_gemm_run(&c, g);
	tw_pool_free(c.pool);
}

static void expect_same_on_other_threads(const struct tw_gemm_kernel *kernel, struct operands *o)
{
	struct tw_gemm g = o->g;
	g.c = o->want;
	run_on_threads(kernel, 1, &g);
	float *start = tw_xcalloc(o->n, sizeof(float));
	memcpy(start, o->c, o->n * sizeof(float));
	for (int threads = 2; threads < 9; threads += 3) {
		memcpy(o->c, start, o->n * sizeof(float));
		run_on_threads(kernel, threads, &o->g);
		if (memcmp(o->c, o->want, o->n * sizeof(float)) != 0)
			fail_msg("%s: %d x %d x %d gives other bytes on %d threads", kernel->name,
				 g.m, g.n, g.k, threads);
	}
	free(start);
}

/* To the last bit: a run that is resumed on other threads goes on as it would have. */
static void threads_do_not_change_a_product(void **state)
{
	static const int shapes[][3] = {
		{331, 203, 777}, {300, 700, 90}, {45, 16, 400}, {500, 63, 385}};
	(void)state;
	for (const struct tw_gemm_kernel *const *k = all_kernels(); *k; k++)
		for (int i = 0; i < 16; i++) {
			struct operands o;
			const int *s = shapes[i / 4];
			operands_make(&o, s[0], s[1], s[2], i & 1, i & 2, 0.5f, &gaps);
			expect_same_on_other_threads(*k, &o);
			operands_drop(&o);
		}
}

static void expect_same_rows(const struct tw_gemm_kernel *kernel, struct operands *o, int from,
			     int n, struct tw_pool *pool)
{
	struct tw_compute c = {.pool = pool, .gemm = kernel};
	struct tw_gemm g = o->g;
	g.m = n;
	g.a += from * g.lda;
	g.c = o->want;
	tw_gemm_run(&c, &g);
	for (int r = 0; r < n; r++)
		if (memcmp(o->want + r * g.ldc, o->c + (from + r) * g.ldc,
			   (size_t)g.n * sizeof(float)) != 0)
			fail_msg("%s: row %d of %d x %d x %d differs with %d rows", kernel->name,
				 from + r, o->g.m, g.n, g.k, n);
}

/* What a token gives does not depend on what else is in its batch: DPO begins at its reference to the last bit. */
static void rows_do_not_depend_on_other_rows(void **state)
{
	static const int shapes[][2] = {{203, 777}, {40, 500}, {16, 33}};
	struct tw_pool *pool = tw_pool_new(2);
	(void)state;
	for (const struct tw_gemm_kernel *const *k = gemm_of_all_sets(); *k; k++)
		for (int i = 0; i < 6; i++) {
			struct operands o;
			operands_make(&o, 331, shapes[i / 2][0], shapes[i / 2][1], false, i & 1, 0,
				      &gaps);
			tw_gemm_run(&(struct tw_compute){.pool = pool, .gemm = *k}, &o.g);
			expect_same_rows(*k, &o, 100, 45, pool);
			expect_same_rows(*k, &o, 326, 5, pool);
			expect_same_rows(*k, &o, 7, 1, pool);
			operands_drop(&o);
		}
	tw_pool_free(pool);
}

/* The narrow tiles stand behind their set, which takes them by itself. */
static void the_program_takes_the_best_set(void **state)
{
	const struct tw_gemm_kernel *native = tw_gemm_native(), *best = NULL;
	(void)state;
	for (const struct tw_gemm_kernel *const *k = gemm_of_all_sets(); *k; k++)
		best = strstr((*k)->name, "narrow") ? best : *k;
	assert_int_equal(native != NULL, best != NULL);
	if (native)
		assert_contains(native->name, best->name);
	print_message("products by %s\n", tw_gemm_best()->name);
}

/* b as it is stored goes to its place `piece` rows at a time, the last ones first. */
static float *packed(const struct tw_gemm_kernel *kernel, const struct tw_gemm *g, int piece)
{
	const struct tw_gemm_b b = {g->tb, g->n, g->k};
	const int rows = g->tb ? g->n : g->k;
	float *to = tw_xcalloc((size_t)tw_gemm_packed_floats(g->n, g->k), sizeof(*to));
	for (int from = (rows - 1) / piece * piece; from >= 0; from -= piece)
		tw_gemm_pack(kernel, to, &b, g->b + (ptrdiff_t)from * g->ldb, from,
			     rows - from < piece ? rows - from : piece);
	return to;
}

/* To the last bit: what is packed beforehand is what a product packs itself. */
static void a_packed_operand_changes_nothing(void **state)
{
	static const int shapes[][3] = {{30, 96, 64},  {61, 45, 777}, {45, 16, 400}, {20, 5, 3},
					{250, 33, 31}, {14, 32, 768}, {9, 130, 1600}},
			 pieces[] = {7, 32, 50, 2000};
	const struct gaps none = {3, 0, 2};
	struct tw_compute c = {.pool = tw_pool_new(3)};
	(void)state;
	for (const struct tw_gemm_kernel *const *k = all_kernels(); *k; k++)
		for (int i = 0; i < 7 * 4 * 2; i++) {
			struct operands o;
			const int *s = shapes[i / 8];
			operands_make(&o, s[0], s[1], s[2], i & 1, i & 4, 0.5f, &none);
			struct tw_gemm g = o.g;
			c.gemm = *k;
			g.c = o.want;
			tw_gemm_run(&c, &g);
			float *b = packed(*k, &o.g, pieces[i % 4]);
			o.g.b = b;
			o.g.packed = true;
			tw_gemm_run(&c, &o.g);
			if (memcmp(o.c, o.want, o.n * sizeof(float)) != 0)
				fail_msg("%s: %d x %d x %d, tb %d, packed by %d gives other bytes",
					 (*k)->name, s[0], s[1], s[2], o.g.tb, pieces[i % 4]);
			free(b);
			operands_drop(&o);
		}
	tw_pool_free(c.pool);
}

/* Row i of x (rows, n), beyond column i + diagonal. */
static void clear_beyond(float *x, int ld, int rows, int n, int diagonal)
{
	for (int i = 0; i < rows; i++)
		for (int p = tw_most(0, i + diagonal + 1); p < n; p++)
			x[(ptrdiff_t)i * ld + p] = 0;
}

static void try_causal(const struct tw_gemm_kernel *kernel, struct tw_pool *pool,
		       struct operands *o, enum tw_gemm_causal causal, int diagonal)
{
	struct tw_gemm *g = &o->g;
	g->causal = causal;
	g->diagonal = diagonal;
	if (causal == TW_GEMM_A_CAUSAL)
		clear_beyond(o->a, g->lda, g->ta ? g->k : g->m, g->ta ? g->m : g->k, diagonal);
	sum_in_double(g, o->want);
	tw_gemm_run(&(struct tw_compute){.pool = pool, .gemm = kernel}, g);
	if (causal == TW_GEMM_C_CAUSAL) {
		clear_beyond(o->c, g->ldc, g->m, g->n, diagonal);
		clear_beyond(o->want, g->ldc, g->m, g->n, diagonal);
	}
	expect_right(kernel, o);
}

/* As attention has them: first tiles of queries, later ones with keys before them, and a part of the sum left of all. */
static void what_is_causal_is_right_where_it_counts(void **state)
{
	static const int shapes[][4] = {{64, 64, 64, 0}, {128, 300, 40, 172}, {45, 21, 100, 55},
					{3, 900, 20, 7}, {100, 70, 900, 800}, {33, 40, 50, -5}};
	struct tw_pool *pool = tw_pool_new(2);
	(void)state;
	for (const struct tw_gemm_kernel *const *k = all_kernels(); *k; k++)
		for (int i = 0; i < 6 * 4 * 3; i++) {
			const int *s = shapes[i / 12];
			struct operands o;
			operands_make(&o, s[0], s[1], s[2], i & 1, i & 2, (float)(i % 3) / 2,
				      &gaps);
			try_causal(*k, pool, &o, i / 4 % 2 ? TW_GEMM_C_CAUSAL : TW_GEMM_A_CAUSAL,
				   s[3]);
			operands_drop(&o);
		}
	tw_pool_free(pool);
}

static void an_empty_sum_scales(void **state)
{
	struct operands o;
	(void)state;
	for (const struct tw_gemm_kernel *const *k = all_kernels(); *k; k++) {
		operands_make(&o, 3, 4, 1, false, false, 0.5f, &gaps);
		o.g.k = 0;
		for (size_t i = 0; i < o.n; i++)
			o.c[i] = 8;
		(*k)->run(&o.g);
		assert_true(o.c[0] == 4 && o.c[3] == 4 && o.c[4] == 8);
		operands_drop(&o);
	}
}

/* What a NaN of b touches is NaN, and nothing else: padding leaks nowhere. */
static void not_a_number_stays_in_its_column(void **state)
{
	(void)state;
	for (const struct tw_gemm_kernel *const *k = all_kernels(); *k; k++) {
		struct operands o;
		operands_make(&o, 19, 37, 50, false, false, 0, &gaps);
		o.b[10 * o.g.ldb + 36] = NAN;
		(*k)->run(&o.g);
		for (int i = 0; i < 19; i++)
			for (int n = 0; n < 37; n++)
				assert_int_equal(n == 36, isnan(o.c[i * o.g.ldc + n]));
		operands_drop(&o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(products_are_right_at_every_edge),
		cmocka_unit_test(products_of_many_rows_are_right),
		cmocka_unit_test(threads_do_not_change_a_product),
		cmocka_unit_test(rows_do_not_depend_on_other_rows),
		cmocka_unit_test(the_program_takes_the_best_set),
		cmocka_unit_test(a_packed_operand_changes_nothing),
		cmocka_unit_test(what_is_causal_is_right_where_it_counts),
		cmocka_unit_test(an_empty_sum_scales),
		cmocka_unit_test(not_a_number_stays_in_its_column),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
