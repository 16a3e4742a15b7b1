/* What the native trainer promises beyond core/trainer.h, with libllama as the judge. */
#include <math.h>
#include <signal.h>
#include <sys/resource.h>

#include "app/plugins.h"
#include "base/log.h"
#include "support/train_fixture.h"
#include "training/sft_int.h"

#define QUICK "trainer: native, rank: 4, sequence: 128, batch: 2, learning_rate: 0.01"

static struct train_setup setup_of(const char *options)
{
	return (struct train_setup){.options = options,
				    .base = {.seed = 8},
				    .n_train = 20,
				    .n_valid = 4,
				    .work = train_folder(),
				    .threads = 1};
}

static struct tw_train_result run(const struct train_setup *s)
{
	struct tw_train_result r;
	struct tw_err err = TW_ERR_INIT;
	assert_ok(train_run(&r, s, &err), &err);
	return r;
}

static void expect_failure(const struct train_setup *s, enum tw_status want, const char *words)
{
	struct tw_train_result r;
	struct tw_err err = TW_ERR_INIT;
	assert_int_equal(train_run(&r, s, &err), want);
	assert_contains(err.msg, words);
}

/* --- metrics by name --- */

struct curve {
	const char *name;
	size_t n;
	int64_t step[200];
	double value[200];
};

static void on_metric(void *ctx, const char *name, int64_t step, double value)
{
	struct curve *c = ctx;
	if (strcmp(name, c->name) != 0 || c->n == 200)
		return;
	c->step[c->n] = step;
	c->value[c->n++] = value;
}

static struct curve curve_of(const char *name, struct train_setup *s, struct tw_train_result *r)
{
	struct curve c = {.name = name};
	s->on_metric = on_metric;
	s->ctx = &c;
	*r = run(s);
	return c;
}

static double least(const struct curve *c)
{
	double x = INFINITY;
	for (size_t i = 0; i < c->n; i++)
		x = c->step[i] > 0 ? fmin(x, c->value[i]) : x;
	return x;
}

/* Mean -log p of an answer of ours, by libllama. */
static double score(const struct train_setup *s, const char *adapter)
{
	const struct tw_message m[] = {{"system", "You are brief."},
				       {"user", "What about rope, 0?"},
				       {"assistant", s->answer}};
	const struct tw_llm_options o = {.adapter = adapter, .threads = 1};
	struct tw_llm *llm;
	struct tw_tokens t;
	struct tw_arena a;
	struct tw_err err = TW_ERR_INIT;
	char spec[700];
	double nll;
	size_t n;
	tw_arena_init(&a);
	snprintf(spec, sizeof(spec), "llama:%s", train_base(&s->base));
	assert_ok(tw_llm_open(&llm, tw_llms, spec, &o, &err), &err);
	assert_ok(tw_llm_chat_tokens(&t, llm, m, 3, false, &a, &err), &err);
	assert_ok(tw_llm_score(&nll, &n, llm, &t, &err), &err);
	tw_llm_close(llm);
	tw_arena_release(&a);
	return nll / (double)n;
}

static void it_learns_and_libllama_sees_what_it_learnt(void **state)
{
	struct train_setup s = setup_of(QUICK ", epochs: 8, eval_every: 10");
	struct tw_train_result r;
	(void)state;
	s.answer = "The rope holds, and the sea is on the other side of the hill.";
	s.n_valid = 1; /* "What about rope, 0?" */
	struct curve valid = curve_of("valid_loss", &s, &r);
	double before = score(&s, NULL), after = score(&s, r.adapter_path);
	print_message("validation loss %.4f to %.4f; by libllama %.4f to %.4f\n", valid.value[0],
		      r.valid_loss, before, after);
	assert_int_equal(valid.step[0], 0);
	assert_true(fabs(valid.value[0] - before) < 1e-3); /* its KV cache has 16 bits */
	assert_true(fabs(r.valid_loss - after) < 1e-3);
	assert_true(after < 0.3 * before);
	assert_true(r.train_loss < 0.3 * before);
}

static void the_best_by_validation_is_kept(void **state)
{
	struct train_setup s =
		setup_of("trainer: native, rank: 8, sequence: 128, learning_rate: 0.1, epochs: 10, "
			 "eval_every: 2, schedule: constant");
	struct tw_train_result r;
	(void)state;
	struct curve valid = curve_of("valid_loss", &s, &r);
	assert_true(valid.n > 5);
	assert_true(least(&valid) < valid.value[valid.n - 1]); /* too high a rate: it gets worse */
	assert_true(r.valid_loss == least(&valid));
}

static void steps_follow_from_epochs_rows_and_batch(void **state)
{
	struct tw_train_result r;
	struct curve loss;
	(void)state;
	struct train_setup one = setup_of("trainer: native, rank: 2, sequence: 128");
	loss = curve_of("loss", &one, &r);
	int64_t rows = r.steps, tokens = r.tokens;
	assert_true(rows > 3);
	assert_int_equal(loss.n, rows);
	struct train_setup half = setup_of("trainer: native, rank: 2, sequence: 128, epochs: 0.5");
	assert_int_equal(run(&half).steps, (rows + 1) / 2);
	struct train_setup two =
		setup_of("trainer: native, rank: 2, sequence: 128, epochs: 2, batch: 3");
	r = run(&two);
	assert_int_equal(r.steps, (2 * rows + 2) / 3);
	assert_int_equal(r.tokens,
			 2 * tokens); /* the last step is smaller, nothing is seen twice */
	struct train_setup cap = setup_of("trainer: native, rank: 2, sequence: 128, max_steps: 2");
	loss = curve_of("lr", &cap, &r);
	assert_int_equal(r.steps, 2);
	assert_true(fabs(loss.value[0] - 5e-4) < 1e-12); /* warmup of one step */
	assert_true(loss.value[1] > 0);
}

struct outcome {
	double loss[3];
	float p[100];
};

/* Trains with passes of at most `cap` tokens, 0: as many as there is memory for. */
static struct outcome in_passes_of(int cap)
{
	static const char *const names[] = {"q_proj", "down_proj", NULL};
	const struct tw_sft_options o = {.rank = 4,
					 .alpha = 8,
					 .max_steps = 3,
					 .batch = 4,
					 .sequence = 128,
					 .max_valid = 1,
					 .learning_rate = 0.01,
					 .beta1 = 0.9,
					 .beta2 = 0.999,
					 .eps = 1e-8,
					 .epochs = 3,
					 .schedule = "constant",
					 .targets = {names, 2}};
	struct train_setup setup = setup_of(QUICK);
	struct train_world w;
	struct tw_sft s;
	struct outcome r;
	struct tw_err err = TW_ERR_INIT;
	setup.n_valid = 0;
	assert_ok(train_open(&w, &setup, &err), &err);
	assert_ok(tw_sft_init(&s, &o, &w.job, &err), &err);
	assert_true(s.batch.cap > 2 * 128); /* or nothing is tried here */
	if (cap)
		s.batch.cap = cap;
	assert_ok(tw_sft_run(&s, &err), &err);
	memcpy(r.loss, s.state.loss, sizeof(r.loss));
	memcpy(r.p, s.state.p, sizeof(r.p));
	tw_sft_release(&s);
	train_close(&w);
	return r;
}

static void a_step_in_several_passes_is_the_same_step(void **state)
{
	struct outcome whole = in_passes_of(0), parts = in_passes_of(128);
	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(fabs(whole.loss[i] - parts.loss[i]) < 1e-4);
	for (int i = 0; i < 100; i++)
		assert_true(fabsf(whole.p[i] - parts.p[i]) < 1e-4f);
	assert_true(whole.loss[0] > 1);
}

static void gradients_are_clipped(void **state)
{
	struct train_setup s = setup_of(QUICK ", max_steps: 3"),
			   t = setup_of(QUICK ", max_steps: 3, "
					      "max_grad_norm: 1e-6, "
					      "eps: 1");
	struct tw_train_result r;
	(void)state;
	struct curve norm = curve_of("grad_norm", &s, &r);
	for (size_t i = 0; i < norm.n; i++)
		assert_true(norm.value[i] > 0.01);
	/* With gradients of 1e-6 and eps 1, nothing moves. */
	struct curve loss = curve_of("valid_loss", &t, &r);
	assert_true(fabs(loss.value[0] - r.valid_loss) < 1e-4);
}

/* --- loud failures --- */

static void a_loss_that_is_no_number_ends_it(void **state)
{
	struct train_setup s = setup_of(QUICK);
	(void)state;
	s.base = (struct tiny_gguf){.seed = 9, .scale = 1e25f};
	s.n_valid = 0;
	expect_failure(&s, TW_BAD_DATA, "step 1: the loss is");
	expect_failure(&s, TW_BAD_DATA, "learning_rate");
	s.base = (struct tiny_gguf){.seed = 10, .scale = 1e18f}; /* q k overflows */
	s.n_valid = 4;
	expect_failure(&s, TW_BAD_DATA, "the base model's own loss");
}

static void models_that_it_cannot_train_are_refused(void **state)
{
	struct train_setup s = setup_of(QUICK);
	(void)state;
	s.base.arch = "gemma2";
	expect_failure(&s, TW_UNSUPPORTED, "\"gemma2\"");
	s.llm = "echo:cite"; /* as a remote one: no file */
	expect_failure(&s, TW_UNSUPPORTED, "remote");
}

static void options_out_of_reach_are_refused(void **state)
{
	struct train_setup s = setup_of("trainer: native, sequence: 4096");
	(void)state;
	expect_failure(&s, TW_BAD_USE, "512 tokens");
	s.options = "trainer: native, targets: [q_proj, lm_head]";
	expect_failure(&s, TW_BAD_USE, "lm_head");
	s.options = "trainer: native, rank: 0";
	expect_failure(&s, TW_BAD_USE, "rank");
	s.options = "trainer: native, learning_rates: 1";
	expect_failure(&s, TW_BAD_USE, "learning_rate");
}

/* --- a disk that is full for a while --- */

static struct rlimit files;

static void fill_disk(void *ctx, const char *name, int64_t step, double value)
{
	(void)ctx;
	(void)value;
	if (step != 5 || strcmp(name, "loss") != 0)
		return;
	struct rlimit small = files;
	small.rlim_cur = 1000;
	setrlimit(RLIMIT_FSIZE, &small);
}

static void a_full_disk_ends_it_and_it_goes_on_later(void **state)
{
	const char *options = QUICK ", max_steps: 8, epochs: 9, checkpoint_every: 2";
	struct train_setup whole = setup_of(options), s = setup_of(options);
	struct tw_train_result a = run(&whole);
	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &files);
	s.on_metric = fill_disk;
	struct tw_train_result b;
	struct tw_err err = TW_ERR_INIT;
	enum tw_status st = train_run(&b, &s, &err);
	setrlimit(RLIMIT_FSIZE, &files);
	assert_int_equal(st, TW_IO);
	assert_contains(err.msg, "checkpoint");
	s.on_metric = NULL;
	b = run(&s);
	assert_int_equal(b.resumed_from, 4);
	assert_same_files(a.adapter_path, b.adapter_path);
}

int main(void)
{
	tw_log_set_level(TW_LOG_ERROR);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_learns_and_libllama_sees_what_it_learnt),
		cmocka_unit_test(the_best_by_validation_is_kept),
		cmocka_unit_test(steps_follow_from_epochs_rows_and_batch),
		cmocka_unit_test(a_step_in_several_passes_is_the_same_step),
		cmocka_unit_test(gradients_are_clipped),
		cmocka_unit_test(a_loss_that_is_no_number_ends_it),
		cmocka_unit_test(models_that_it_cannot_train_are_refused),
		cmocka_unit_test(options_out_of_reach_are_refused),
		cmocka_unit_test(a_full_disk_ends_it_and_it_goes_on_later),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
