#include "test.h"
#include "support/arena.h"

#include "inference/evidence.h"
#include "inference/fuse.h"
#include "inference/passages.h"

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

static void words_of_the_question_make_up_for_a_middling_cosine(void **state)
{
	(void)state;
	const struct tw_retrieval_options o = {.min_evidence = 0.5, .word_weight = 0.3};
	assert_true(tw_is_evidence(&o, &(struct tw_fused){.known = 0.5}));
	assert_false(tw_is_evidence(&o, &(struct tw_fused){.known = 0.45}));
	assert_true(tw_is_evidence(&o, &(struct tw_fused){.known = 0.35, .coverage = 0.6}));
	assert_false(tw_is_evidence(&o, &(struct tw_fused){.known = 0.35, .coverage = 0.4}));
	assert_false(tw_is_evidence(&o, &(struct tw_fused){.known = 0.1, .coverage = 1}));
	assert_false(tw_is_evidence(&o, &(struct tw_fused){.known = -1, .coverage = 1}));
}

static void a_word_is_common_by_its_share_within_limits(void **state)
{
	(void)state;
	assert_int_equal(tw_common_limit(0, 0.3), 10);
	assert_int_equal(tw_common_limit(500, 0.3), 150);
	assert_int_equal(tw_common_limit(1000000, 0.3), 500);
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
		cmocka_unit_test_setup_teardown(found_by_both_beats_found_first_by_one, arena_setup,
						arena_teardown),
		cmocka_unit_test_setup_teardown(chunks_of_one_document_stay_apart, arena_setup,
						arena_teardown),
		cmocka_unit_test(words_of_the_question_make_up_for_a_middling_cosine),
		cmocka_unit_test(a_word_is_common_by_its_share_within_limits),
		cmocka_unit_test(overlap_of_neighbours_is_found_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
