/* What core/prediction.h promises of answers that were given. */
#include "support/store_fixture.h"

#include "core/prediction.h"

static const char *put(struct store_world *w, const char *batch, const char *answer)
{
	struct tw_prediction p = {.batch = batch,
				  .deployment = 3,
				  .question = "why \"so\"?",
				  .answer = answer,
				  .sources = "[{\"n\":1,\"doc\":\"0123456789abcdef\"}]"};

	assert_ok(tw_fs_prediction_put(&p, w->fs, &w->a, &w->err), &w->err);
	return p.id;
}

static void an_answer_reads_back_as_it_was_given(void **state)
{
	struct store_world *w = *state;
	struct tw_prediction out;
	const char *id = put(w, NULL, "\xf0\x9f\x9a\xb2 because\n");

	store_reopen(w);
	assert_ok(tw_fs_prediction(&out, w->fs, id, &w->a, &w->err), &w->err);
	assert_string_equal(out.id, id);
	assert_string_equal(out.batch, "");
	assert_int_equal(out.deployment, 3);
	assert_string_equal(out.question, "why \"so\"?");
	assert_string_equal(out.answer, "\xf0\x9f\x9a\xb2 because\n");
	assert_string_equal(out.sources, "[{\"n\":1,\"doc\":\"0123456789abcdef\"}]");
	assert_true(out.created_ms > 0);
}

static void the_same_answer_twice_is_two_predictions(void **state)
{
	struct store_world *w = *state;
	struct tw_predictions all;

	assert_string_not_equal(put(w, "b", "same"), put(w, "b", "same"));
	assert_ok(tw_fs_predictions(&all, w->fs, "b", 0, &w->a, &w->err), &w->err);
	assert_int_equal(all.n, 2);
}

static void they_are_listed_newest_first_by_batch_and_limit(void **state)
{
	struct store_world *w = *state;
	struct tw_predictions all;

	put(w, "a", "1");
	put(w, "b", "2");
	put(w, "a", "3");
	assert_ok(tw_fs_predictions(&all, w->fs, NULL, 2, &w->a, &w->err), &w->err);
	assert_int_equal(all.n, 2);
	assert_string_equal(all.at[0].answer, "3");
	assert_string_equal(all.at[1].answer, "2");
	assert_ok(tw_fs_predictions(&all, w->fs, "a", 0, &w->a, &w->err), &w->err);
	assert_int_equal(all.n, 2);
	assert_string_equal(all.at[1].answer, "1");
	assert_ok(tw_fs_predictions(&all, w->fs, "none", 0, &w->a, &w->err), &w->err);
	assert_int_equal(all.n, 0);
}

static void sources_must_be_json(void **state)
{
	struct store_world *w = *state;
	struct tw_predictions all;
	struct tw_prediction p = {.question = "q", .answer = "a", .sources = "[{"};

	assert_int_equal(tw_fs_prediction_put(&p, w->fs, &w->a, &w->err), TW_BAD_DATA);
	assert_contains(w->err.msg, "sources");
	assert_ok(tw_fs_predictions(&all, w->fs, NULL, 0, &w->a, NULL), &w->err);
	assert_int_equal(all.n, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)
	const struct CMUnitTest tests[] = {
		T(an_answer_reads_back_as_it_was_given),
		T(the_same_answer_twice_is_two_predictions),
		T(they_are_listed_newest_first_by_batch_and_limit),
		T(sources_must_be_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
