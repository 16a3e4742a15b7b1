#include "base_test.h"

#include <stdatomic.h>

#include "base/pool.h"

struct count {
	atomic_int *seen;
	atomic_int bad_worker;
	int size;
};

static void mark(void *ctx, size_t i, int worker)
{
	struct count *c = ctx;

	atomic_fetch_add(&c->seen[i], 1);
	if (worker < 0 || worker >= c->size)
		atomic_store(&c->bad_worker, 1);
}

static void every_item_is_done_once(void **state)
{
	static const size_t sizes[] = {0, 1, 2, 7, 1000, 100000};
	static atomic_int seen[100000];

	(void)state;
	for (int threads = 1; threads <= 5; threads++) {
		struct tw_pool *p = tw_pool_new(threads);
		struct count c = {.seen = seen, .size = threads};

		assert_int_equal(tw_pool_size(p), threads);
		for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
			for (size_t i = 0; i < sizes[s]; i++)
				atomic_store(&seen[i], 0);
			tw_pool_run(p, sizes[s], mark, &c);
			for (size_t i = 0; i < sizes[s]; i++)
				assert_int_equal(atomic_load(&seen[i]), 1);
		}
		assert_int_equal(atomic_load(&c.bad_worker), 0);
		tw_pool_free(p);
	}
}

static void many_short_runs_lose_nothing(void **state)
{
	struct tw_pool *p = tw_pool_new(3);
	static atomic_int seen[4];
	struct count c = {.seen = seen, .size = 3};

	(void)state;
	for (int i = 0; i < 20000; i++)
		tw_pool_run(p, 4, mark, &c);
	for (int i = 0; i < 4; i++)
		assert_int_equal(atomic_load(&seen[i]), 20000);
	tw_pool_free(p);
}

/* What one worker number owns needs no lock: never two at a time. */
static void scale(void *ctx, size_t i, int worker)
{
	long *sums = ctx;

	sums[worker] += (long)i;
}

static void a_workers_own_data_needs_no_lock(void **state)
{
	struct tw_pool *p = tw_pool_new(4);
	long sums[4] = {0};

	(void)state;
	tw_pool_run(p, 10001, scale, sums);
	assert_int_equal(sums[0] + sums[1] + sums[2] + sums[3], 10000L * 10001 / 2);
	tw_pool_free(p);
	tw_pool_free(NULL);
}

static void the_default_is_one_thread_a_core(void **state)
{
	struct tw_pool *p = tw_pool_new(0);

	(void)state;
	assert_true(tw_cores() >= 1);
	assert_in_range(tw_idle_cores(), 1, tw_cores());
	assert_int_equal(tw_pool_size(p), tw_cores());
	tw_pool_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_item_is_done_once),
		cmocka_unit_test(many_short_runs_lose_nothing),
		cmocka_unit_test(a_workers_own_data_needs_no_lock),
		cmocka_unit_test(the_default_is_one_thread_a_core),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
