#include "base_test.h"

#include "base/hash.h"
#include "base/map.h"

static void what_was_set_is_found(void **state)
{
	struct tw_map m = TW_MAP_INIT;
	char key[32];

	(void)state;
	assert_null(tw_map_get(&m, "x"));
	assert_false(tw_map_remove(&m, "x"));
	for (int i = 0; i < 10000; i++) {
		snprintf(key, sizeof(key), "key %d", i);
		tw_map_set_int(&m, key, i);
	}
	assert_int_equal(m.n, 10000);
	for (int i = 0; i < 10000; i++) {
		snprintf(key, sizeof(key), "key %d", i);
		assert_int_equal(tw_map_get_int(&m, key, -1), i);
	}
	assert_int_equal(tw_map_get_int(&m, "key 10000", -1), -1);
	tw_map_set_int(&m, "key 5", 99);
	assert_int_equal(tw_map_get_int(&m, "key 5", -1), 99);
	assert_int_equal(m.n, 10000);
	tw_map_release(&m);
}

/* A plain array of flags is the reference. */
static void removing_never_loses_another_key(void **state)
{
	struct tw_map m = TW_MAP_INIT;
	bool there[500] = {false};
	uint64_t seed = 1;
	char key[32];

	(void)state;
	for (int step = 0; step < 50000; step++) {
		size_t i = tw_random_u64(&seed) % 500;

		snprintf(key, sizeof(key), "%zu", i);
		if (tw_random_u64(&seed) & 1) {
			tw_map_set_int(&m, key, (int64_t)i);
			there[i] = true;
		} else {
			assert_int_equal(tw_map_remove(&m, key), there[i]);
			there[i] = false;
		}
		if (step % 1000 == 0)
			for (i = 0; i < 500; i++) {
				snprintf(key, sizeof(key), "%zu", i);
				assert_int_equal(tw_map_has(&m, key), there[i]);
			}
	}
	tw_map_release(&m);
}

static void iteration_visits_each_key_once(void **state)
{
	struct tw_map m = TW_MAP_INIT;
	struct tw_map_slot *s;
	int seen[100] = {0};
	size_t it = 0;
	char key[32];

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "%d", i);
		tw_map_set_int(&m, key, i);
	}
	while ((s = tw_map_next(&m, &it)))
		seen[s->v.i]++;
	for (int i = 0; i < 100; i++)
		assert_int_equal(seen[i], 1);
	tw_map_clear(&m);
	it = 0;
	assert_null(tw_map_next(&m, &it));
	tw_map_release(&m);
}

static void keys_may_hold_any_bytes(void **state)
{
	struct tw_map m = TW_MAP_INIT;

	(void)state;
	tw_map_at(&m, "a\0b", 3)->v.i = 1;
	tw_map_at(&m, "a\0c", 3)->v.i = 2;
	tw_map_at(&m, "a", 1)->v.i = 3;
	tw_map_at(&m, "", 0)->v.i = 4;
	assert_int_equal(tw_map_find(&m, "a\0b", 3)->v.i, 1);
	assert_int_equal(tw_map_find(&m, "a\0c", 3)->v.i, 2);
	assert_int_equal(tw_map_get_int(&m, "a", 0), 3);
	assert_int_equal(tw_map_get_int(&m, "", 0), 4);
	tw_map_release(&m);
}

static void a_new_slot_is_zero(void **state)
{
	struct tw_map m = TW_MAP_INIT;

	(void)state;
	assert_null(tw_map_at(&m, "x", 1)->v.p);
	tw_map_set(&m, "x", &m);
	assert_ptr_equal(tw_map_get(&m, "x"), &m);
	tw_map_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_set_is_found),
		cmocka_unit_test(removing_never_loses_another_key),
		cmocka_unit_test(iteration_visits_each_key_once),
		cmocka_unit_test(keys_may_hold_any_bytes),
		cmocka_unit_test(a_new_slot_is_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
