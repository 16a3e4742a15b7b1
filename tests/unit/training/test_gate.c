/* The gate of promotion. */
#include "test.h"

#include <math.h>

#include "training/evaluate.h"

static const struct tw_evaluation_options all = {
	.max_test_loss_ratio = 0.98, .max_style_ratio = 1.05, .min_hit5 = 0.6};

#define CHECK(metrics, gate, err)                                                                \
	tw_gate_check(&(struct tw_metric_list){(metrics), sizeof(metrics) / sizeof(*(metrics))}, \
		      (gate), (err))

static void what_reaches_every_limit_passes(void **state)
{
	const struct tw_metric m[] = {
		{.name = "test_loss", .value = 9},
		{.name = "test_loss_ratio", .value = 0.98},
		{.name = "style_delta_ratio", .value = 1.05},
		{.name = "hit5", .value = 0.6},
	};
	struct tw_err err = TW_ERR_INIT;
	(void)state;
	assert_ok(CHECK(m, &all, &err), &err);
}

static void each_figure_that_fails_is_named_with_value_and_limit(void **state)
{
	const struct tw_metric m[] = {
		{.name = "test_loss_ratio", .value = 1.25},
		{.name = "style_delta_ratio", .value = 1.5},
		{.name = "hit5", .value = 0.375},
	};
	struct tw_err err = TW_ERR_INIT;
	(void)state;
	assert_int_equal(CHECK(m, &all, &err), TW_BLOCKED);
	assert_contains(err.msg, "test_loss_ratio is 1.25, at most 0.98");
	assert_contains(err.msg, "style_delta_ratio is 1.5, at most 1.05");
	assert_contains(err.msg, "hit5 is 0.375, at least 0.6");
}

static void a_figure_that_passes_is_not_named(void **state)
{
	const struct tw_metric m[] = {
		{.name = "test_loss_ratio", .value = 0.9},
		{.name = "style_delta_ratio", .value = 1},
		{.name = "hit5", .value = 0.2},
	};
	struct tw_err err = TW_ERR_INIT;
	(void)state;
	assert_int_equal(CHECK(m, &all, &err), TW_BLOCKED);
	assert_null(strstr(err.msg, "test_loss_ratio"));
	assert_null(strstr(err.msg, "style_delta_ratio"));
	assert_contains(err.msg, "hit5");
}

static void what_is_no_number_or_missing_fails(void **state)
{
	const struct tw_metric m[] = {
		{.name = "test_loss_ratio", .value = NAN},
		{.name = "style_delta_ratio", .value = NAN},
	};
	struct tw_err err = TW_ERR_INIT;
	(void)state;
	assert_int_equal(CHECK(m, &all, &err), TW_BLOCKED);
	assert_contains(err.msg, "test_loss_ratio was not measured, at most 0.98");
	assert_contains(err.msg, "style_delta_ratio was not measured");
	assert_contains(err.msg, "hit5 was not measured, at least 0.6");
}

static void an_infinite_loss_fails(void **state)
{
	const struct tw_metric m[] = {{.name = "test_loss_ratio", .value = INFINITY}};
	const struct tw_evaluation_options gate = {.max_test_loss_ratio = 1};
	(void)state;
	assert_int_equal(CHECK(m, &gate, NULL), TW_BLOCKED);
}

static void what_is_not_asked_is_not_needed(void **state)
{
	const struct tw_metric_list none = {NULL, 0};
	const struct tw_evaluation_options gate = {0};
	struct tw_err err = TW_ERR_INIT;
	(void)state;
	assert_ok(tw_gate_check(&none, &gate, &err), &err);
}

static void by_default_a_model_must_not_be_worse_than_its_base(void **state)
{
	const struct tw_metric worse[] = {{.name = "test_loss_ratio", .value = 1.001}};
	const struct tw_metric same[] = {{.name = "test_loss_ratio", .value = 1}};
	struct tw_evaluation_options o = {0};
	struct tw_err err = TW_ERR_INIT;
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	assert_ok(tw_opt_parse(&o, tw_evaluation_opts, NULL, "twin.yaml", ".", &a, &err), &err);
	assert_ok(CHECK(same, &o, &err), &err);
	assert_int_equal(CHECK(worse, &o, &err), TW_BLOCKED);
	assert_contains(err.msg, "1.001");
	tw_arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_reaches_every_limit_passes),
		cmocka_unit_test(each_figure_that_fails_is_named_with_value_and_limit),
		cmocka_unit_test(a_figure_that_passes_is_not_named),
		cmocka_unit_test(what_is_no_number_or_missing_fails),
		cmocka_unit_test(an_infinite_loss_fails),
		cmocka_unit_test(what_is_not_asked_is_not_needed),
		cmocka_unit_test(by_default_a_model_must_not_be_worse_than_its_base),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
