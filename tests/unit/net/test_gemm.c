/* Our own matrix products against the plain one and against sums in double. */
#include <math.h>

#include "support/operands.h"
#include "net/gemm_native_int.h"

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

static void expect_right(const struct tw_gemm_kernel *kernel, struct tw_pool *pool, int m, int n,
			 int k)
{
	for (int i = 0; i < 8; i++) {
		struct operands o;
		operands_make(&o, m, n, k, i & 1, i & 2, i & 4 ? 0.5f : 0, &gaps);
		sum_in_double(&o.g, o.want);
		tw_gemm_run(&(struct tw_compute){.pool = pool, .gemm = kernel}, &o.g);
		double off = worst(o.c, o.want, o.n);
		if (!(off < 2e-6 * sqrt(k) * 8))
			fail_msg("%s: %d x %d x %d, %d: off by %g", kernel->name, m, n, k, i, off);
		operands_drop(&o);
	}
}

static const struct tw_gemm_kernel *const *all_kernels(void)
{
	static const struct tw_gemm_kernel *list[5];
	const char *why;
	int n = 0;
	list[n++] = &tw_gemm_ref;
	if (tw_gemm_native())
		list[n++] = tw_gemm_native();
	if (tw_gemm_openblas())
		list[n++] = tw_gemm_openblas();
	if (tw_gemm_cuda(&why))
		list[n++] = tw_gemm_cuda(&why);
	list[n] = NULL;
	return list;
}

static void products_are_right_at_every_edge(void **state)
{
	static const int shapes[][3] = {{1, 1, 1},     {5, 15, 7},     {6, 16, 8},   {7, 17, 9},
					{13, 64, 33},  {14, 32, 100},  {64, 48, 16}, {96, 129, 384},
					{97, 65, 385}, {200, 150, 31}, {3, 300, 800}};
	struct tw_pool *pool = tw_pool_new(3);
	(void)state;
	for (const struct tw_gemm_kernel *const *k = all_kernels(); *k; k++)
		for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
			expect_right(*k, pool, shapes[i][0], shapes[i][1], shapes[i][2]);
	tw_pool_free(pool);
}

/* To the last bit: a run that is resumed on other threads goes on as it would have. */
static void threads_do_not_change_a_product(void **state)
{
	(void)state;
	for (const struct tw_gemm_kernel *const *k = all_kernels(); *k; k++)
		for (int i = 0; i < 4; i++) {
			struct operands o;
			operands_make(&o, 331, 203, 777, i & 1, i & 2, 0.5f, &gaps);
			struct tw_gemm g = o.g;
			for (int threads = 1; threads < 8; threads += 3) {
				struct tw_compute c = {.pool = tw_pool_new(threads), .gemm = *k};
				fill(o.c, o.n, 1, 3);
				if (threads == 1)
					g.c = o.want;
				fill(o.want, threads == 1 ? o.n : 0, 1, 3);
				tw_gemm_run(&c, &g);
				g.c = o.c;
				if (threads > 1)
					assert_memory_equal(o.c, o.want, o.n * sizeof(float));
				tw_pool_free(c.pool);
			}
			operands_drop(&o);
		}
}

/* What a token gives does not depend on what else is in its batch: DPO begins at its reference to the last bit. */
static void rows_do_not_depend_on_other_rows(void **state)
{
	static const struct {
		int n, k;
	} shapes[] = {{203, 777}, {40, 500}, {16, 33}};
	struct tw_compute c = {.pool = tw_pool_new(2), .gemm = tw_gemm_native()};
	(void)state;
	if (!c.gemm) {
		print_message("no kernel of ours for this CPU: the plain one is tested\n");
		c.gemm = &tw_gemm_ref;
	}
	for (size_t i = 0; i < 2 * sizeof(shapes) / sizeof(*shapes); i++) {
		struct operands o;
		operands_make(&o, 331, shapes[i / 2].n, shapes[i / 2].k, false, i & 1, 0, &gaps);
		struct tw_gemm g = o.g;
		tw_gemm_run(&c, &g);
		g.m = 45;
		g.a += 100 * g.lda;
		g.c = o.want;
		tw_gemm_run(&c, &g);
		for (int r = 0; r < g.m; r++)
			assert_memory_equal(o.want + r * g.ldc, o.c + (100 + r) * g.ldc,
					    (size_t)g.n * sizeof(float));
		operands_drop(&o);
	}
	tw_pool_free(c.pool);
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
		cmocka_unit_test(threads_do_not_change_a_product),
		cmocka_unit_test(rows_do_not_depend_on_other_rows),
		cmocka_unit_test(an_empty_sum_scales),
		cmocka_unit_test(not_a_number_stays_in_its_column),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
