/* What a training is planned to take of memory, and how it is made to fit. */
#include "net/qnet.h"
#include "support/train_rig.h"
#include "trainer/plan_int.h"

struct fixture {
	struct rig rig;
	struct tw_plan_request r;
	struct tw_plan p;
	struct tw_err err;
};

static int setup(void **state)
{
	struct fixture *f = tw_xcalloc(1, sizeof(*f));
	rig_tiny(&f->rig, &(struct tiny_gguf){.arch = "llama", .n_layer = 12, .seed = 1}, 4, 64, 1);
	f->r = (struct tw_plan_request){.shape = &f->rig.w.shape,
					.lora = &f->rig.lora,
					.row = 1024,
					.rows = 8,
					.longest = 512,
					.weights = 1000000,
					.states = 2000000};
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	rig_close(&f->rig);
	free(f);
	return 0;
}

static void make(struct fixture *f, int64_t limit)
{
	f->r.limit = limit;
	assert_ok(tw_plan_make(&f->p, &f->r, &f->err), &f->err);
}

static void without_a_limit_all_rows_pass_at_once_and_blocks_are_kept(void **state)
{
	struct fixture *f = *state;
	make(f, 0);
	assert_int_equal(f->p.rows, 8);
	assert_false(f->p.checkpointing);
	assert_int_equal(f->p.total, f->p.program + f->p.weights + f->p.states + f->p.activations +
					     f->p.buffers);
	assert_int_equal(f->p.weights, 1000000);
	assert_int_equal(f->p.states, 2000000);
}

static void a_limit_takes_rows_first_and_then_computes_blocks_again(void **state)
{
	struct fixture *f = *state;
	make(f, 0);
	const struct tw_plan all = f->p;
	make(f, all.total);
	assert_int_equal(f->p.rows, 8);
	make(f, all.total - 1);
	assert_int_equal(f->p.rows, 7);
	assert_false(f->p.checkpointing);
	make(f, all.total - all.activations * 7 / 8);
	assert_int_equal(f->p.rows, 1);
	assert_false(f->p.checkpointing);
	make(f, all.total - all.activations * 7 / 8 - 1000);
	assert_true(f->p.checkpointing);
	assert_true(f->p.rows > 1);
	assert_true(f->p.total <= f->r.limit);
}

static void a_plan_is_what_the_net_then_takes(void **state)
{
	struct fixture *f = *state;
	make(f, 0);
	const struct tw_net_size size = {.cap = f->p.rows * f->r.row,
					 .longest = f->r.longest,
					 .recompute = f->p.checkpointing};
	const int64_t net = tw_net_bytes(f->r.shape, f->r.lora, &size, TW_PLAN_WORKERS) +
			    TW_PLAN_WORKERS * tw_gemm_bytes();
	assert_int_equal(f->p.activations + f->p.buffers, net);
}

/* And what adapters give, and a part of the rows as whole numbers. */
static void a_plan_counts_whole_numbers(void **state)
{
	struct fixture *f = *state;
	f->r.whole_numbers = true;
	f->r.back = TW_Q8;
	make(f, 0);
	struct tw_net_size size = {.cap = f->p.rows * f->r.row,
				   .longest = f->r.longest,
				   .recompute = f->p.checkpointing,
				   .apart = true};
	const int64_t net = tw_net_bytes(f->r.shape, f->r.lora, &size, TW_PLAN_WORKERS) +
			    TW_PLAN_WORKERS * tw_gemm_bytes();
	int64_t rows = tw_net_q_scratch_bytes(f->r.shape, TW_Q8, &size, TW_PLAN_WORKERS);
	assert_int_equal(f->p.activations + f->p.buffers, net + rows);
	const int cap = size.cap;
	size.cap = 0;
	const int64_t keys = tw_net_q_scratch_bytes(f->r.shape, TW_Q8, &size, TW_PLAN_WORKERS);
	assert_true(keys >= TW_PLAN_WORKERS * f->r.longest * (int64_t)f->r.shape->D * 4);
	rows -= keys;
	assert_true(rows >= cap * f->r.shape->C * 33 / 16);
	assert_true(rows <= cap * (int64_t)(4 * TW_Q_PART * 34 / 16 + 128));
}

static void what_never_fits_says_what_would(void **state)
{
	struct fixture *f = *state;
	f->r.checkpointing = true;
	f->r.rows = 1;
	make(f, 0);
	const struct tw_plan least = f->p;
	f->r.limit = least.total - least.activations / 2;
	assert_int_equal(tw_plan_make(&f->p, &f->r, &f->err), TW_NO_MEMORY);
	assert_non_null(strstr(f->err.msg, "training.sequence: 512 would fit"));
	f->r.limit = 1000;
	f->err = (struct tw_err)TW_ERR_INIT;
	assert_int_equal(tw_plan_make(&f->p, &f->r, &f->err), TW_NO_MEMORY);
	assert_non_null(strstr(f->err.msg, "training.rank"));
}

static void a_run_that_has_begun_keeps_its_rows(void **state)
{
	struct fixture *f = *state;
	make(f, 0);
	const struct tw_plan all = f->p;
	f->r.begun = 3;
	make(f, 0);
	assert_int_equal(f->p.rows, 3);
	make(f, all.total * 2);
	assert_int_equal(f->p.rows, 3);
	assert_false(f->p.checkpointing);
	make(f, all.total - all.activations * 5 / 8 - 1000); /* less than its three rows take */
	assert_int_equal(f->p.rows, 3);
	assert_true(f->p.checkpointing);
	f->r.limit = 1000;
	assert_int_equal(tw_plan_make(&f->p, &f->r, &f->err), TW_NO_MEMORY);
	assert_non_null(strstr(f->err.msg, "began with 3 rows at a time"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(without_a_limit_all_rows_pass_at_once_and_blocks_are_kept),
		T(a_limit_takes_rows_first_and_then_computes_blocks_again),
		T(a_plan_is_what_the_net_then_takes),
		T(a_plan_counts_whole_numbers),
		T(what_never_fits_says_what_would),
		T(a_run_that_has_begun_keeps_its_rows),
	};
	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
