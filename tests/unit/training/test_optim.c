/* AdamW, the norm and the schedule. */
#include <math.h>

#include "support/tiny_gguf.h"
#include "train_test.h"
#include "training/optim_int.h"

static struct tw_compute c;

static int setup(void **state)
{
	(void)state;
	c = (struct tw_compute){.pool = tw_pool_new(2), .gemm = tw_gemm_best()};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tw_pool_free(c.pool);
	return 0;
}

/* The published algorithm, in double, one number at a time. */
static void adamw_is_the_published_one(void **state)
{
	enum { N = 40000, STEPS = 5 };
	const struct tw_adamw o = {3e-3, 0.9, 0.99, 1e-8, 0.1};
	float *p = tw_xcalloc(4 * N, 4), *m = p + N, *v = m + N, *g = v + N;
	double *x = tw_xcalloc(3 * N, 8), *xm = x + N, *xv = xm + N, most = 0;
	(void)state;
	fill(p, N, 1, 1);
	for (int i = 0; i < N; i++)
		x[i] = (double)p[i];
	for (int t = 1; t <= STEPS; t++) {
		fill(g, N, 0.3f, (uint64_t)t + 10);
		tw_adamw_step(&c, p, m, v, g, N, 0.5f, t, &o);
		for (int i = 0; i < N; i++) {
			double grad = 0.5 * (double)g[i];
			xm[i] = 0.9 * xm[i] + 0.1 * grad;
			xv[i] = 0.99 * xv[i] + 0.01 * grad * grad;
			x[i] -= 3e-3 * 0.1 * x[i];
			x[i] -= 3e-3 * (xm[i] / (1 - pow(0.9, t))) /
				(sqrt(xv[i] / (1 - pow(0.99, t))) + 1e-8);
		}
	}
	for (int i = 0; i < N; i++)
		most = fmax(most, fabs(x[i] - (double)p[i]));
	print_message("AdamW: worst difference %.1e\n", most);
	assert_true(most < 1e-6);
	free(p);
	free(x);
}

static void the_first_step_is_as_long_as_the_learning_rate(void **state)
{
	const struct tw_adamw o = {1e-2, 0.9, 0.999, 1e-8, 0};
	float p[3] = {0}, m[3] = {0}, v[3] = {0};
	const float g[3] = {5, -1e-3f, 0};
	(void)state;
	tw_adamw_step(&c, p, m, v, g, 3, 1, 1, &o);
	assert_true(fabsf(p[0] + 1e-2f) < 1e-6f && fabsf(p[1] - 1e-2f) < 1e-6f && p[2] == 0);
}

static void the_norm_is_exact_for_any_length(void **state)
{
	static const size_t lengths[] = {1, 16383, 16384, 16385, 100000};
	float *g = tw_xcalloc(100000, 4);
	(void)state;
	for (size_t i = 0; i < 5; i++) {
		for (size_t k = 0; k < 100000; k++)
			g[k] = k < lengths[i] ? 2 : NAN; /* nothing behind the end is read */
		assert_true(fabs(tw_norm(&c, g, lengths[i]) - 2 * sqrt((double)lengths[i])) < 1e-9);
	}
	free(g);
}

static void the_schedule_rises_and_falls(void **state)
{
	struct tw_schedule s = {TW_SCHEDULE_LINEAR, 1.0, 4, 20};
	(void)state;
	assert_true(fabs(tw_schedule_lr(&s, 0) - 0.25) < 1e-12); /* never a step of nothing */
	assert_true(fabs(tw_schedule_lr(&s, 3) - 1.0) < 1e-12);
	assert_true(fabs(tw_schedule_lr(&s, 4) - 1.0) < 1e-12);
	assert_true(fabs(tw_schedule_lr(&s, 12) - 0.5) < 1e-12);
	assert_true(tw_schedule_lr(&s, 19) > 0 && tw_schedule_lr(&s, 19) < 0.1);
	for (int64_t i = 5; i < 20; i++)
		assert_true(tw_schedule_lr(&s, i) < tw_schedule_lr(&s, i - 1));
	s.kind = TW_SCHEDULE_COSINE;
	assert_true(fabs(tw_schedule_lr(&s, 12) - 0.5) < 1e-12);
	assert_true(tw_schedule_lr(&s, 6) > 0.9);
	s.kind = TW_SCHEDULE_CONSTANT;
	assert_true(tw_schedule_lr(&s, 19) == 1.0);
}

static void odd_schedules_stay_in_bounds(void **state)
{
	(void)state;
	for (int64_t total = 1; total < 12; total++)
		for (int64_t warmup = 0; warmup <= total; warmup++)
			for (int kind = 0; kind < 3; kind++) {
				const struct tw_schedule s = {(enum tw_schedule_kind)kind, 2e-4,
							      warmup, total};
				for (int64_t i = 0; i < total; i++) {
					double lr = tw_schedule_lr(&s, i);
					assert_true(lr > 0 && lr <= 2e-4);
				}
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adamw_is_the_published_one),
		cmocka_unit_test(the_first_step_is_as_long_as_the_learning_rate),
		cmocka_unit_test(the_norm_is_exact_for_any_length),
		cmocka_unit_test(the_schedule_rises_and_falls),
		cmocka_unit_test(odd_schedules_stay_in_bounds),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
