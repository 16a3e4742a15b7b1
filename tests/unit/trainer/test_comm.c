/* How a step is divided among ranks, along which tree they talk, and what one process does that is alone. */
#include <stdlib.h>

#include "test.h"

#include "trainer/comm_int.h"
#include "trainer/ranks.h"
#include "trainer/ranks_int.h"

enum { MOST = 40 };

static void every_row_is_in_one_block_and_blocks_are_alike(void **state)
{
	(void)state;
	for (int size = 1; size < MOST; size++)
		for (int64_t n = 0; n < MOST; n++) {
			int64_t next = 100, most = tw_ranks_most_rows(n, size);
			for (int rank = 0; rank < size; rank++) {
				struct tw_block_of_rows b =
					tw_ranks_block(100, 100 + n, rank, size);
				assert_int_equal(b.from, next);
				assert_in_range(b.end - b.from, n / size, most);
				next = b.end;
			}
			assert_int_equal(next, 100 + n);
		}
}

static void a_lone_rank_has_all_rows(void **state)
{
	(void)state;
	struct tw_block_of_rows b = tw_ranks_block(7, 12, 0, 1);
	assert_true(b.from == 7 && b.end == 12);
	assert_int_equal(tw_ranks_most_rows(5, 1), 5);
}

static int children_of(int rank, int size)
{
	int n = 0;
	while (tw_ranks_child(rank, n, size) >= 0)
		n++;
	return n;
}

static void every_rank_but_the_first_is_the_child_of_its_parent_alone(void **state)
{
	(void)state;
	for (int size = 1; size < MOST; size++) {
		int parent[MOST] = {0}, n[MOST] = {0};
		for (int rank = 0; rank < size; rank++)
			for (int i = 0; i < children_of(rank, size); i++) {
				int child = tw_ranks_child(rank, i, size);
				assert_in_range(child, rank + 1, size - 1);
				parent[child] = rank;
				n[child]++;
			}
		assert_int_equal(n[0], 0);
		for (int rank = 1; rank < size; rank++) {
			assert_int_equal(n[rank], 1);
			assert_int_equal(tw_ranks_parent(rank), parent[rank]);
		}
	}
}

/* Rank 0 would be a bottleneck if it talked to everybody. */
static void nobody_talks_to_more_than_the_logarithm_of_all(void **state)
{
	(void)state;
	assert_int_equal(children_of(0, 2), 1);
	assert_int_equal(children_of(0, 3), 2);
	assert_int_equal(children_of(0, 64), 6);
	assert_int_equal(children_of(0, 65), 7);
	assert_int_equal(children_of(32, 64), 5);
	assert_int_equal(children_of(63, 64), 0);
}

static void set_rank(const char *name, const char *rank)
{
	unsetenv("OMPI_COMM_WORLD_RANK");
	unsetenv("PMIX_RANK");
	unsetenv("PMI_RANK");
	if (name)
		setenv(name, rank, 1);
}

static void a_process_by_itself_is_rank_0_of_1(void **state)
{
	(void)state;
	struct tw_err err = TW_ERR_INIT;
	char data[4] = "abc";
	set_rank(NULL, NULL);
	assert_ok(tw_ranks_open(&err), &err);
	assert_false(tw_ranks_is_helper());
	assert_int_equal(tw_comm_size(), 1);
	assert_int_equal(tw_comm_threads(), 0);
	assert_ok(tw_ranks_spread(data, sizeof(data), &err), &err);
	assert_string_equal(data, "abc");
	assert_false(tw_comm_missing(data, sizeof(data)));
	tw_ranks_dismiss(TW_OK);
	tw_ranks_close();
	assert_non_null(strstr(tw_ranks_text(), "make MPI=1"));
}

static void one_of_several_processes_without_mpi_is_refused_but_for_the_first(void **state)
{
	(void)state;
	const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"};
	for (size_t i = 0; i < 3; i++) {
		struct tw_err err = TW_ERR_INIT;
		set_rank(names[i], "0");
		assert_ok(tw_ranks_open(&err), &err);
		set_rank(names[i], "3");
		assert_int_equal(tw_ranks_open(&err), TW_UNSUPPORTED);
		assert_non_null(strstr(err.msg, "built without MPI"));
		assert_non_null(strstr(err.msg, "make MPI=1"));
	}
	set_rank(NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_in_one_block_and_blocks_are_alike),
		cmocka_unit_test(a_lone_rank_has_all_rows),
		cmocka_unit_test(every_rank_but_the_first_is_the_child_of_its_parent_alone),
		cmocka_unit_test(nobody_talks_to_more_than_the_logarithm_of_all),
		cmocka_unit_test(a_process_by_itself_is_rank_0_of_1),
		cmocka_unit_test(one_of_several_processes_without_mpi_is_refused_but_for_the_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
