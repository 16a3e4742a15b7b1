/* A training that goes on under another limit of memory learns the same. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "support/train_fixture.h"
#include "trainer/train_loop_int.h"
#include "trainer/trainers.h"

#define JOB                                                                             \
	"trainer: native, rank: 4, sequence: 128, batch: 4, max_steps: 8, epochs: 20, " \
	"learning_rate: 0.01, checkpoint_every: 2"

/* With max_memory of so many bytes; 0: without. */
static struct train_setup setup_of(int64_t limit)
{
	static char options[8][400];
	static int n;
	char *to = options[n++ % 8];
	snprintf(to, sizeof(*options), JOB ", max_memory: %lld", (long long)limit);
	return train_setup_of(to);
}

static struct tw_plan plan_without_limit(void)
{
	static const char *const set[][2] = {
		{"rank", "4"}, {"sequence", "128"}, {"batch", "4"}, {"max_steps", "8"}};
	struct train_setup s = setup_of(0);
	struct train_world w;
	struct tw_train_loop l;
	struct tw_train_options o;
	struct tw_err err = TW_ERR_INIT;
	assert_ok(train_open(&w, &s, &err), &err);
	train_options(&o, set, 4, &w.arena);
	assert_ok(tw_train_loop_init(&l, &o, &w.job, &err), &err);
	const struct tw_plan p = l.plan;
	tw_train_loop_release(&l);
	train_close(&w);
	assert_int_equal(p.rows, 4);
	return p;
}

static void stop_at_5(void *ctx, const char *name, int64_t step, double value)
{
	(void)ctx;
	(void)value;
	if (step == 5 && strcmp(name, "loss") == 0)
		raise(SIGKILL);
}

/* Begins under one limit and is killed; its folder and job for a run under another. */
static struct train_setup begun_under(int64_t limit, int64_t then)
{
	struct train_setup s = setup_of(limit);
	int status;
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		struct tw_train_result r;
		struct tw_err err = TW_ERR_INIT;
		s.on_metric = stop_at_5;
		_exit(train_run(&r, &s, &err) == TW_OK ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	s.options = setup_of(then).options;
	return s;
}

static void under_another_limit_it_rounds_as_it_began(void **state)
{
	const struct tw_plan p = plan_without_limit();
	const int64_t one_row = p.total - p.activations / 4 * 3 + 1000;
	(void)state;
	struct train_setup less = setup_of(one_row), more = setup_of(0);
	struct tw_train_result small = train_ok(&less), large = train_ok(&more);
	assert_false(same_files(small.adapter_path, large.adapter_path)); /* or nothing is tried */
	struct train_setup s = begun_under(one_row, 0);
	struct tw_train_result r = train_ok(&s);
	assert_int_equal(r.resumed_from, 4);
	assert_same_files(r.adapter_path, small.adapter_path);
	s = begun_under(0, p.total - 1000); /* blocks computed again */
	r = train_ok(&s);
	assert_int_equal(r.resumed_from, 4);
	assert_same_files(r.adapter_path, large.adapter_path);
}

static void what_fits_no_more_says_what_to_do(void **state)
{
	struct train_setup s = begun_under(0, 1000000);
	(void)state;
	train_fails(&s, TW_NO_MEMORY, "began with 4 rows at a time");
	train_fails(&s, TW_NO_MEMORY, "--max-memory 1");
	train_fails(&s, TW_NO_MEMORY, "begin anew");
}

int main(void)
{
	tw_log_set_level(TW_LOG_ERROR);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(under_another_limit_it_rounds_as_it_began),
		cmocka_unit_test(what_fits_no_more_says_what_to_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
