#include "base_test.h"

#include "base/mem.h"
#include "base/vec.h"

static void memory_is_zeroed_and_aligned(void **state)
{
	struct tw_arena a;

	(void)state;
	tw_arena_init(&a);
	for (size_t size = 0; size < 3000; size += 7) {
		unsigned char *p = tw_alloc(&a, size);

		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, size);
	}
	tw_arena_reset(&a);
	for (int i = 0; i < 100; i++) {
		unsigned char *p = tw_alloc(&a, 100);

		for (int j = 0; j < 100; j++)
			assert_int_equal(p[j], 0);
	}
	tw_arena_release(&a);
}

static void large_and_small_pieces_never_overlap(void **state)
{
	enum { N = 400 };
	struct tw_arena a;
	unsigned char *p[N];
	size_t size[N];

	(void)state;
	tw_arena_init(&a);
	for (int i = 0; i < N; i++) {
		size[i] = i % 10 == 0 ? 100000 : (size_t)(i * 13 % 900);
		p[i] = tw_alloc(&a, size[i]);
		memset(p[i], i & 0xff, size[i]);
	}
	for (int i = 0; i < N; i++)
		for (size_t j = 0; j < size[i]; j++)
			assert_int_equal(p[i][j], i & 0xff);
	tw_arena_release(&a);
}

static void a_large_first_piece_is_fine(void **state)
{
	struct tw_arena a;

	(void)state;
	tw_arena_init(&a);
	for (int i = 0; i < 3; i++) {
		memset(tw_alloc(&a, 3000000), 1, 3000000);
		memset(tw_alloc(&a, 100), 1, 100);
		tw_arena_reset(&a);
	}
	tw_arena_release(&a);
	tw_arena_release(&a); /* twice is fine */
	tw_arena_reset(&a);
}

static void strings_are_copied_and_formatted(void **state)
{
	struct tw_arena a;
	char *long_one;

	(void)state;
	tw_arena_init(&a);
	assert_null(tw_strdup(&a, NULL));
	assert_string_equal(tw_strdup(&a, "abc"), "abc");
	assert_string_equal(tw_strndup(&a, "abcdef", 3), "abc");
	assert_string_equal(tw_strndup(&a, NULL, 0), "");
	assert_string_equal(tw_sprintf(&a, "%d-%s", 7, "x"), "7-x");
	long_one = tw_sprintf(&a, "%0100000d", 1);
	assert_int_equal(strlen(long_one), 100000);
	tw_arena_release(&a);
}

static void a_huge_allocation_is_an_error_and_names_its_purpose(void **state)
{
	struct tw_err err = TW_ERR_INIT;

	(void)state;
	assert_null(tw_try_alloc(SIZE_MAX - 10, "the weights", &err));
	assert_int_equal(err.code, TW_NO_MEMORY);
	assert_contains(err.msg, "the weights");
}

static void a_tried_allocation_is_aligned_and_zeroed(void **state)
{
	struct tw_err err = TW_ERR_INIT;
	unsigned char *p = tw_try_alloc(100, "x", &err), *none = tw_try_alloc(0, "x", &err);

	(void)state;
	assert_non_null(p);
	assert_non_null(none);
	assert_int_equal((uintptr_t)p % 64, 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(p[i], 0);
	free(p);
	free(none);
}

static void a_vector_grows_and_keeps_its_elements(void **state)
{
	TW_VEC(int) v = {0};

	(void)state;
	for (int i = 0; i < 1000; i++)
		tw_vec_push(&v, i);
	assert_int_equal(v.n, 1000);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(v.at[i], i);
	tw_vec_release(&v);
	assert_null(v.at);
}

static void a_copied_array_has_a_zero_item_behind_it(void **state)
{
	const int items[] = {3, 4};
	struct tw_arena a;

	(void)state;
	tw_arena_init(&a);
	const int *copy = tw_copy_array(&a, items, 2, sizeof(*items));
	assert_int_equal(copy[0], 3);
	assert_int_equal(copy[1], 4);
	assert_int_equal(copy[2], 0);
	const int *none = tw_copy_array(&a, NULL, 0, sizeof(*items));
	assert_int_equal(none[0], 0);
	tw_arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_and_aligned),
		cmocka_unit_test(large_and_small_pieces_never_overlap),
		cmocka_unit_test(a_large_first_piece_is_fine),
		cmocka_unit_test(strings_are_copied_and_formatted),
		cmocka_unit_test(a_huge_allocation_is_an_error_and_names_its_purpose),
		cmocka_unit_test(a_tried_allocation_is_aligned_and_zeroed),
		cmocka_unit_test(a_vector_grows_and_keeps_its_elements),
		cmocka_unit_test(a_copied_array_has_a_zero_item_behind_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
