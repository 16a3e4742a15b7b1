#include "test.h"

#include "inference/evidence.h"
#include "inference/fuse.h"
#include "inference/passages.h"

static struct tw_arena arena;

static int setup(void **state)
{
	(void)state;
	tw_arena_init(&arena);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tw_arena_release(&arena);
	return 0;
}

static void found_by_both_beats_found_first_by_one(void **state)
{
	(void)state;
	struct tw_hit t[] = {{"a", "ra", 0, 9.0}, {"b", "rb", 0, 5.0}};
	struct tw_hit v[] = {{"c", "rc", 0, 0.8}, {"b", "rb", 0, 0.5}};
	struct tw_fusion f;
	tw_fuse(&f, &(struct tw_hits){t, 2}, &(struct tw_hits){v, 2}, 10, &arena);
	assert_int_equal(f.n, 3);
	assert_string_equal(f.at[0].doc, "b");
	assert_true(f.at[0].score > 2.0 / 12 - 1e-9 && f.at[0].score < 2.0 / 12 + 1e-9);
	assert_true(f.at[0].bm25 == 5.0 && f.at[0].cosine == 0.5);
	/* Equal scores: the one with a cosine first. */
	assert_string_equal(f.at[1].doc, "c");
	assert_true(f.at[1].bm25 == 0);
	assert_string_equal(f.at[2].doc, "a");
	assert_true(f.at[2].cosine == -1);
}

static void chunks_of_one_document_stay_apart(void **state)
{
	(void)state;
	struct tw_hit t[] = {{"a", "r0", 0, 9.0}, {"a", "r1", 1, 5.0}};
	struct tw_fusion f;
	tw_fuse(&f, &(struct tw_hits){t, 2}, &(struct tw_hits){NULL, 0}, 10, &arena);
	assert_int_equal(f.n, 2);
	tw_fuse(&f, &(struct tw_hits){NULL, 0}, &(struct tw_hits){NULL, 0}, 10, &arena);
	assert_int_equal(f.n, 0);
}

static void a_rare_word_counts_where_the_cosine_is_not_hopeless(void **state)
{
	(void)state;
	const struct tw_retrieval_options o = {.min_cosine = 0.35, .min_cosine_lexical = 0.2};
	assert_true(tw_is_evidence(&o, &(struct tw_fused){.known = 0.35}));
	assert_false(tw_is_evidence(&o, &(struct tw_fused){.known = 0.3}));
	assert_true(tw_is_evidence(&o, &(struct tw_fused){.known = 0.25, .rare = true}));
	assert_false(tw_is_evidence(&o, &(struct tw_fused){.known = 0.1, .rare = true}));
	assert_false(tw_is_evidence(&o, &(struct tw_fused){.known = -1, .rare = true}));
}

static void rare_is_a_share_of_all_within_limits(void **state)
{
	(void)state;
	assert_int_equal(tw_rare_limit(0, 0.02), 1);
	assert_int_equal(tw_rare_limit(500, 0.02), 10);
	assert_int_equal(tw_rare_limit(1000000, 0.02), 200);
}

static void overlap_of_neighbours_is_found_once(void **state)
{
	(void)state;
	assert_int_equal(tw_overlap("One. Two sentences.", "Two sentences. Three."), 14);
	assert_int_equal(tw_overlap("abc", "abc"), 0);
	assert_int_equal(tw_overlap("", "anything at all"), 0);
	assert_int_equal(tw_overlap("the same text twice", "the same text twice"), 19);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(found_by_both_beats_found_first_by_one, setup,
						teardown),
		cmocka_unit_test_setup_teardown(chunks_of_one_document_stay_apart, setup, teardown),
		cmocka_unit_test(a_rare_word_counts_where_the_cosine_is_not_hopeless),
		cmocka_unit_test(rare_is_a_share_of_all_within_limits),
		cmocka_unit_test(overlap_of_neighbours_is_found_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
