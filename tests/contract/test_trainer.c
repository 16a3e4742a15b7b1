/*
 * What core/trainer.h promises, asked of every trainer of the program. To add one: a row
 * in `trainers` with options that make it quick on a tiny base. Behind those of the program's list stand
 * ways to use one that leave another kind of file.
 */
#include <math.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/plugins.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/stop.h"
#include "support/train_fixture.h"

struct trainer {
	const char *name, *options;
	int64_t steps; /* that the options amount to */
	bool apart;    /* in another process, which goes on while a metric is handled here */
};

static struct trainer trainers[] = {
	{"native",
	 "trainer: native, rank: 4, sequence: 128, batch: 2, max_steps: 9, eval_every: 3, "
	 "checkpoint_every: 2, learning_rate: 0.01, epochs: 10",
	 9, false},
	{"command", NULL, 9, true}, /* options: see main() */
	{"none", "trainer: none", 0, false},
	{"native, DoRA",
	 "trainer: native, use_dora: true, rank: 4, sequence: 128, batch: 2, max_steps: 9, "
	 "eval_every: 3, checkpoint_every: 2, learning_rate: 0.01, epochs: 10",
	 9, false},
};
enum { N_TRAINERS = 3 };

static struct train_setup setup_of(const struct trainer *t)
{
	struct train_setup s = train_setup_of(t->options);
	s.base = (struct tiny_gguf){.seed = 5, .type = "Q8_0"};
	return s;
}

/* --- metrics --- */

struct seen {
	int n;
	int64_t last;
	double last_loss;
};

static void on_metric(void *ctx, const char *name, int64_t step, double value)
{
	struct seen *s = ctx;
	assert_true(step >= s->last);
	assert_true(isfinite(value));
	s->last = step;
	s->n++;
	if (strcmp(name, "loss") == 0)
		s->last_loss = value;
}

static void the_list_of_this_test_is_that_of_the_program(void **state)
{
	size_t n = 0;
	(void)state;
	for (; tw_trainers[n]; n++) {
		assert_true(n < N_TRAINERS);
		assert_string_equal(tw_trainers[n]->name, trainers[n].name);
	}
	assert_int_equal(n, N_TRAINERS);
}

static void it_tells_what_it_does_and_leaves_an_adapter_that_the_base_takes(void **state)
{
	const struct trainer *t = *state;
	struct seen seen = {0};
	struct train_setup s = setup_of(t);
	s.on_metric = on_metric;
	s.ctx = &seen;
	struct tw_train_result r = train_ok(&s);
	assert_int_equal(r.steps, t->steps);
	assert_int_equal(r.resumed_from, 0);
	if (t->steps == 0) {
		assert_string_equal(r.adapter_path, "");
		assert_int_equal(seen.n, 0);
		return;
	}
	assert_int_equal(seen.last, t->steps);
	assert_true(isfinite(seen.last_loss) && isfinite(r.train_loss) && isfinite(r.valid_loss));
	assert_true(r.tokens > 0 && r.trainable > 0);
	assert_true(strncmp(r.adapter_path, s.work, strlen(s.work)) == 0);

	struct tw_llm *llm;
	struct tw_err err = TW_ERR_INIT;
	char spec[700];
	snprintf(spec, sizeof(spec), "llama:%s", train_base(&s.base));
	const struct tw_llm_options o = {.adapter = r.adapter_path, .threads = 1};
	const struct tw_message m = {"user", "What about bread?"};
	const struct tw_gen_params p = {.max_tokens = 4};
	struct tw_generation g;
	assert_ok(tw_llm_open(&llm, tw_llms, spec, &o, &err), &err);
	assert_ok(tw_llm_chat(&g, llm, &m, 1, &p, NULL, NULL, &err), &err);
	tw_generation_release(&g);
	tw_llm_close(llm);
}

static void expect_same(const struct tw_train_result *a, const struct tw_train_result *b)
{
	assert_int_equal(a->steps, b->steps);
	assert_int_equal(a->tokens, b->tokens);
	assert_true(a->train_loss == b->train_loss ||
		    (isnan(a->train_loss) && isnan(b->train_loss)));
	assert_true(a->valid_loss == b->valid_loss ||
		    (isnan(a->valid_loss) && isnan(b->valid_loss)));
	if (a->adapter_path[0])
		assert_same_files(a->adapter_path, b->adapter_path);
	else
		assert_string_equal(b->adapter_path, "");
}

static void the_same_job_gives_the_same_file_on_any_number_of_threads(void **state)
{
	struct train_setup s = setup_of(*state), t = setup_of(*state);
	t.threads = 3;
	struct tw_train_result a = train_ok(&s), b = train_ok(&t);
	expect_same(&a, &b);
}

static void a_finished_job_is_not_done_again(void **state)
{
	const struct trainer *t = *state;
	struct train_setup s = setup_of(t);
	struct tw_train_result a = train_ok(&s);
	struct tw_str before = TW_STR_INIT;
	if (a.adapter_path[0])
		before = train_bytes(a.adapter_path);
	struct tw_train_result b = train_ok(&s);
	expect_same(&a, &b);
	assert_int_equal(b.resumed_from, t->steps);
	if (a.adapter_path[0]) {
		struct tw_str after = train_bytes(b.adapter_path);
		assert_int_equal(before.len, after.len);
		assert_memory_equal(before.data, after.data, after.len);
		tw_str_release(&after);
	}
	tw_str_release(&before);
}

static void another_job_in_the_same_folder_starts_afresh(void **state)
{
	struct train_setup s = setup_of(*state);
	train_ok(&s);
	s.digest = "another";
	assert_int_equal(train_ok(&s).resumed_from, 0);
}

/* --- being killed --- */

struct killer {
	const char *metric;
	int64_t step;
	int sig;
};

static void kill_at(void *ctx, const char *name, int64_t step, double value)
{
	const struct killer *k = ctx;
	(void)value;
	if (step == k->step && strcmp(name, k->metric) == 0)
		raise(k->sig);
}

/* Trains in a child that ends itself; its exit status, or -signal. */
static int run_killed(struct train_setup s, struct killer k)
{
	int status;
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		struct tw_train_result r;
		struct tw_err err = TW_ERR_INIT;
		tw_stop_install();
		s.on_metric = kill_at;
		s.ctx = &k;
		_exit(train_run(&r, &s, &err) == TW_CANCELLED ? 42 : 1);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void killed_anywhere_it_goes_on_and_ends_with_the_same_file(void **state)
{
	static const struct killer kills[] = {
		{"valid_loss", 0, SIGKILL}, {"loss", 1, SIGKILL}, {"loss", 4, SIGKILL},
		{"valid_loss", 6, SIGKILL}, {"loss", 9, SIGKILL}, {"valid_loss", 9, SIGKILL},
	};
	const struct trainer *t = *state;
	struct train_setup whole = setup_of(t);
	struct tw_train_result a = train_ok(&whole);
	if (t->steps == 0) { /* nothing to kill: the promise holds by itself */
		expect_same(&a, &a);
		return;
	}
	for (size_t i = 0; i < sizeof(kills) / sizeof(*kills); i++) {
		struct train_setup s = setup_of(t);
		assert_int_equal(run_killed(s, kills[i]), -SIGKILL);
		struct tw_train_result b = train_ok(&s);
		assert_true(b.resumed_from <= kills[i].step);
		if (kills[i].step > 3)
			assert_true(b.resumed_from >= kills[i].step - 3);
		expect_same(&a, &b);
	}
	/* and when it dies again and again */
	struct train_setup s = setup_of(t);
	for (int64_t step = 3; step < 9; step += 3)
		assert_int_equal(run_killed(s, (struct killer){"loss", step, SIGKILL}), -SIGKILL);
	struct tw_train_result b = train_ok(&s);
	expect_same(&a, &b);
}

static void asked_to_stop_it_saves_and_goes_on_from_there(void **state)
{
	static const struct killer kills[] = {
		{"loss", 1, SIGTERM}, {"loss", 3, SIGTERM}, {"valid_loss", 3, SIGINT}};
	const struct trainer *t = *state;
	struct train_setup whole = setup_of(t);
	struct tw_train_result a = train_ok(&whole);
	for (size_t i = 0; i < 3 && t->steps > 0; i++) {
		struct train_setup s = setup_of(t);
		assert_int_equal(run_killed(s, kills[i]), 42);
		struct tw_train_result b = train_ok(&s);
		assert_true(t->apart ? b.resumed_from >= kills[i].step
				     : b.resumed_from == kills[i].step);
		expect_same(&a, &b);
	}
}

static void without_validation_it_trains_too(void **state)
{
	struct train_setup s = setup_of(*state);
	s.n_valid = 0;
	struct tw_train_result r = train_ok(&s);
	assert_true(isnan(r.valid_loss));
	assert_int_equal(r.steps, ((const struct trainer *)*state)->steps);
}

static void where_no_token_carries_loss_it_fails_loudly(void **state)
{
	const struct trainer *t = *state;
	struct tw_train_result r;
	struct tw_err err = TW_ERR_INIT;
	struct train_setup s = setup_of(t);
	s.answer = "";
	enum tw_status st = train_run(&r, &s, &err);
	if (t->steps == 0) {
		assert_int_equal(st, TW_OK);
		return;
	}
	assert_int_equal(st, TW_BLOCKED);
	assert_contains(err.msg, "no token carries loss");
	tw_err_clear(&err);
	s.n_train = 0;
	assert_int_equal(train_run(&r, &s, &err), TW_BLOCKED);
}

#define ROW(fn, i, name)                                        \
	{                                                       \
#fn " (" name ")", fn, NULL, NULL, &trainers[i] \
	}
#define EACH(fn) \
	ROW(fn, 0, "native"), ROW(fn, 1, "command"), ROW(fn, 2, "none"), ROW(fn, 3, "native, DoRA")

int main(void)
{
	tw_log_set_level(TW_LOG_ERROR);
	trainers[1].options = train_peer("--steps, 9");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_list_of_this_test_is_that_of_the_program),
		EACH(it_tells_what_it_does_and_leaves_an_adapter_that_the_base_takes),
		EACH(the_same_job_gives_the_same_file_on_any_number_of_threads),
		EACH(a_finished_job_is_not_done_again),
		EACH(another_job_in_the_same_folder_starts_afresh),
		EACH(killed_anywhere_it_goes_on_and_ends_with_the_same_file),
		EACH(asked_to_stop_it_saves_and_goes_on_from_there),
		EACH(without_validation_it_trains_too),
		EACH(where_no_token_carries_loss_it_fails_loudly),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
