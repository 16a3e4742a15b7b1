/* Optimisers, the norm and the schedule. */
#include <math.h>

#include "base/hash.h"
#include "support/tiny_gguf.h"
#include "support/train_rig.h"
#include "trainer/optim_int.h"

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

/* A step of any optimiser on matrices that lie one behind the other. */
static void take_step(const struct tw_optim *o, void *memory, const struct tw_params *ps, float *p,
		      const float *g, int64_t step, double lr, double decay)
{
	const struct tw_optim_options options = {0.9, 0.99, 1e-8, decay};
	o->step(&c, memory, ps, &(struct tw_optim_step){p, g, 0.5f, lr, step, &options});
}

static const struct tw_param matrices[] = {
	{0, 100, 200, 1}, {20000, 1, 77, 1}, {20077, 300, 8, 4}, {22477, 5, 1, 1}};
static const struct tw_params some = {matrices, 4, 22482};

static double rate_at(size_t i)
{
	return i >= 20077 && i < 22477 ? 4 : 1;
}

/* The published algorithm, in double, one number at a time. */
static void adamw_is_the_published_one(void **state)
{
	enum { N = 22482, STEPS = 5 };
	float *p = tw_xcalloc(2 * N, 4), *g = p + N;
	void *memory = tw_xcalloc(1, tw_optim_adamw.bytes(&some));
	double *x = tw_xcalloc(3 * N, 8), *xm = x + N, *xv = xm + N, most = 0;
	(void)state;
	fill(p, N, 1, 1);
	for (int i = 0; i < N; i++)
		x[i] = (double)p[i];
	for (int t = 1; t <= STEPS; t++) {
		fill(g, N, 0.3f, (uint64_t)t + 10);
		take_step(&tw_optim_adamw, memory, &some, p, g, t, 3e-3, 0.1);
		for (int i = 0; i < N; i++) {
			double grad = 0.5 * (double)g[i], lr = 3e-3 * rate_at((size_t)i);
			xm[i] = 0.9 * xm[i] + 0.1 * grad;
			xv[i] = 0.99 * xv[i] + 0.01 * grad * grad;
			x[i] -= lr * 0.1 * x[i];
			x[i] -= lr * (xm[i] / (1 - pow(0.9, t))) /
				(sqrt(xv[i] / (1 - pow(0.99, t))) + 1e-8);
		}
	}
	for (int i = 0; i < N; i++)
		most = fmax(most, fabs(x[i] - (double)p[i]));
	print_message("AdamW: worst difference %.1e\n", most);
	assert_true(most < 2e-6);
	free(p);
	free(memory);
	free(x);
}

static void the_first_step_is_as_long_as_the_learning_rate(void **state)
{
	const struct tw_param one = {0, 1, 3, 1};
	const struct tw_params ps = {&one, 1, 3};
	const struct tw_optim *both[] = {&tw_optim_adamw, &tw_optim_adamw_8bit};
	const float g[3] = {5, -1e-3f, 0};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		float p[3] = {0};
		void *memory = tw_xcalloc(1, both[i]->bytes(&ps));
		take_step(both[i], memory, &ps, p, g, 1, 1e-2, 0);
		assert_true(fabsf(p[0] + 1e-2f) < 1e-6f && fabsf(p[1] - 1e-2f) < 1e-6f &&
			    p[2] == 0);
		free(memory);
	}
}

/* Algorithm 4 of the paper as transformers has it, for the first matrix and the vector behind it. */
static void adafactor_is_the_published_one(void **state)
{
	enum { R = 100, C = 200, V = 77, STEPS = 4 };
	float *p = tw_xcalloc(2 * some.floats, 4), *g = p + some.floats;
	void *memory = tw_xcalloc(1, tw_optim_adafactor.bytes(&some));
	double *x = tw_xcalloc(2 * (R * C + V), 8), *u = x + R * C + V, most = 0;
	static double row[R], col[C], vec[V];
	(void)state;
	memset(row, 0, sizeof(row));
	memset(col, 0, sizeof(col));
	memset(vec, 0, sizeof(vec));
	fill(p, some.floats, 1, 1);
	for (int i = 0; i < R * C + V; i++)
		x[i] = (double)p[i];
	for (int t = 1; t <= STEPS; t++) {
		double beta = 1 - pow(t, -0.8), mean = 0, square[2] = {0};
		fill(g, some.floats, t == 3 ? 30 : 0.3f, (uint64_t)t + 10);
		take_step(&tw_optim_adafactor, memory, &some, p, g, t, 3e-3, 0.1);
		for (int i = 0; i < R; i++)
			row[i] *= beta;
		for (int k = 0; k < C; k++)
			col[k] *= beta;
		for (int i = 0; i < R * C; i++) {
			double q = 0.25 * (double)g[i] * (double)g[i] + 1e-30;
			row[i / C] += (1 - beta) * q / C;
			col[i % C] += (1 - beta) * q / R;
		}
		for (int i = 0; i < R; i++)
			mean += row[i] / R;
		for (int i = 0; i < R * C + V; i++) {
			int part = i >= R * C;
			double grad = 0.5 * (double)g[i];
			if (part)
				vec[i - R * C] =
					beta * vec[i - R * C] + (1 - beta) * (grad * grad + 1e-30);
			double v = part ? vec[i - R * C] : row[i / C] * col[i % C] / mean;
			u[i] = grad / sqrt(v);
			square[part] += u[i] * u[i] / (part ? V : R * C);
		}
		for (int i = 0; i < R * C + V; i++)
			x[i] -= 3e-3 * (0.1 * x[i] + u[i] / fmax(1, sqrt(square[i >= R * C])));
	}
	for (int i = 0; i < R * C + V; i++)
		most = fmax(most, fabs(x[i] - (double)p[i]));
	print_message("Adafactor: worst difference %.1e\n", most);
	assert_true(most < 2e-6);
	free(p);
	free(memory);
	free(x);
}

/* sum of a (x - goal)^2 with curvatures of three decades; from the same start, with noise that no step can remove. */
static double solve(const struct tw_optim *o, float *p, double lr)
{
	float *goal = tw_xcalloc(3 * some.floats, 4), *g = goal + some.floats,
	      *noise = g + some.floats;
	void *memory = tw_xcalloc(1, o->bytes(&some));
	double left = 0, start = 0;
	fill(goal, some.floats, 1, 3);
	memset(p, 0, some.floats * sizeof(*p));
	for (int t = 1; t <= 300; t++) {
		fill(noise, some.floats, 0.02f, (uint64_t)t);
		for (size_t i = 0; i < some.floats; i++)
			g[i] = powf(10, (float)(i % 3) - 2) * (p[i] - goal[i] + noise[i]);
		take_step(o, memory, &some, p, g, t, lr * (1 - t / 301.0), 0);
	}
	for (size_t i = 0; i < some.floats; i++) {
		left += pow((double)(p[i] - goal[i]), 2);
		start += pow((double)goal[i], 2);
	}
	free(goal);
	free(memory);
	return sqrt(left / start);
}

static void each_solves_a_known_problem(void **state)
{
	float *p = tw_xcalloc(3 * some.floats, 4), *q = p + some.floats, *r = q + some.floats;
	double a = solve(&tw_optim_adamw, p, 2e-2), b = solve(&tw_optim_adamw_8bit, q, 2e-2),
	       f = solve(&tw_optim_adafactor, r, 2e-2);
	(void)state;
	print_message("left of the way: adamw %.4f, adamw_8bit %.4f, adafactor %.4f; 8 bits move "
		      "parameters by %.3f at most\n",
		      a, b, f, worst(p, q, some.floats));
	assert_true(a < 0.03 && b < a + 0.02 && f < 0.3);
	free(p);
}

/*
 * Gradients of one block from 1e-12 to 1e3, which come and go: the second moments of the small ones lie far below what
 * 8 bits beside the large ones can tell apart, and a step is divided by their root.
 */
static void gradients_of_all_sizes_in_a_block_make_no_wild_steps(void **state)
{
	enum { N = 512, STEPS = 200 };
	const struct tw_param matrix = {0, 2, N / 2, 1};
	const struct tw_params ps = {&matrix, 1, N};
	const double lr = 1e-2;
	float p[N] = {0}, before[N], g[N];
	void *memory = tw_xcalloc(1, tw_optim_adamw_8bit.bytes(&ps));
	double most = 0;
	uint64_t random = 3;
	(void)state;
	for (int t = 1; t <= STEPS; t++) {
		for (int i = 0; i < N; i++) {
			double size = pow(10, -12 + 15.0 * ((i * 7) % N) / N);
			bool there =
				(t / 10 + i) % 3 > 0; /* as embeddings of rare words: often 0 */
			g[i] = there ? (float)(size * (2 * tw_random_unit(&random) - 1)) : 0;
		}
		memcpy(before, p, sizeof(p));
		take_step(&tw_optim_adamw_8bit, memory, &ps, p, g, t, lr, 0);
		for (int i = 0; i < N; i++) {
			assert_true(isfinite(p[i]));
			most = fmax(most, fabs((double)p[i] - (double)before[i]));
		}
	}
	print_message("adamw_8bit: the longest step is %.2f learning rates\n", most / lr);
	assert_true(most < 2 * lr);
	free(memory);
}

static void smaller_states_are_smaller(void **state)
{
	const size_t n = some.floats;
	(void)state;
	assert_int_equal(tw_optim_adamw.bytes(&some), 8 * n);
	assert_true(tw_optim_adamw_8bit.bytes(&some) < 2.1 * (double)n);
	assert_int_equal(tw_optim_adafactor.bytes(&some), 4 * (300 + 77 + 308 + 5));
	assert_ptr_equal(tw_optim_by_name("adamw_8bit"), &tw_optim_adamw_8bit);
	assert_null(tw_optim_by_name("sgd"));
}

static void optimisers_do_not_depend_on_threads_and_keep_to_their_state(void **state)
{
	static const char *const names[] = {"adamw", "adamw_8bit", "adafactor"};
	struct tw_compute two = c, one = {.pool = tw_pool_new(1), .gemm = c.gemm};
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const struct tw_optim *o = tw_optim_by_name(names[i]);
		size_t bytes = o->bytes(&some);
		static float g[22482];
		float *p[2];
		char *memory[2];
		for (int k = 0; k < 2; k++) {
			c = k ? two : one;
			p[k] = tw_xcalloc(some.floats, 4);
			memory[k] = tw_xcalloc(1, bytes + 8);
			memset(memory[k] + bytes, 0x5a, 8);
			for (int t = 1; t < 4; t++) {
				fill(g, some.floats, 1, (uint64_t)t);
				take_step(o, memory[k], &some, p[k], g, t, 0.1, 0.1);
			}
		}
		assert_memory_equal(p[0], p[1], some.floats * 4);
		assert_memory_equal(memory[0], memory[1], bytes + 8);
		for (int k = 0; k < 8; k++)
			assert_int_equal(memory[0][bytes + (size_t)k], 0x5a);
		for (int k = 0; k < 2; k++) {
			free(p[k]);
			free(memory[k]);
		}
	}
	tw_pool_free(one.pool);
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
	struct tw_schedule s = {TW_SCHEDULE_LINEAR, 1.0, 4, 20, 0, 0};
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
	s.least = 0.2;
	assert_true(fabs(tw_schedule_lr(&s, 12) - 0.6) < 1e-12);
	assert_true(tw_schedule_lr(&s, 19) > 0.2);
	s.kind = TW_SCHEDULE_CONSTANT;
	assert_true(tw_schedule_lr(&s, 19) == 1.0);
}

static void wsd_is_stable_until_its_end(void **state)
{
	struct tw_schedule s = {TW_SCHEDULE_WSD, 1.0, 4, 20, 6, 0};
	(void)state;
	assert_true(fabs(tw_schedule_lr(&s, 1) - 0.5) < 1e-12);
	for (int64_t i = 4; i <= 14; i++)
		assert_true(tw_schedule_lr(&s, i) == 1.0);
	assert_true(fabs(tw_schedule_lr(&s, 17) - 0.5) < 1e-12);
	assert_true(tw_schedule_lr(&s, 19) > 0 && tw_schedule_lr(&s, 19) < 0.1);
	s.least = 0.5;
	assert_true(fabs(tw_schedule_lr(&s, 17) - 0.75) < 1e-12);
	s.decay = 0;
	assert_true(tw_schedule_lr(&s, 19) == 1.0);
}

static void odd_schedules_stay_in_bounds(void **state)
{
	(void)state;
	for (int64_t total = 1; total < 12; total++)
		for (int64_t warmup = 0; warmup <= total; warmup++)
			for (int kind = 0; kind < 4; kind++) {
				const struct tw_schedule s = {(enum tw_schedule_kind)kind,
							      2e-4,
							      warmup,
							      total,
							      total / 2,
							      0};
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
		cmocka_unit_test(adafactor_is_the_published_one),
		cmocka_unit_test(each_solves_a_known_problem),
		cmocka_unit_test(gradients_of_all_sizes_in_a_block_make_no_wild_steps),
		cmocka_unit_test(smaller_states_are_smaller),
		cmocka_unit_test(optimisers_do_not_depend_on_threads_and_keep_to_their_state),
		cmocka_unit_test(the_norm_is_exact_for_any_length),
		cmocka_unit_test(the_schedule_rises_and_falls),
		cmocka_unit_test(wsd_is_stable_until_its_end),
		cmocka_unit_test(odd_schedules_stay_in_bounds),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
