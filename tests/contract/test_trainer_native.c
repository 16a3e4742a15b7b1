/* What the native trainer promises beyond core/trainer.h, with libllama as the judge. */
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "support/train_curve.h"
#include "support/train_fixture.h"
#include "trainer/train_loop_int.h"
#include "trainer/trainers.h"

#define QUICK "trainer: native, rank: 4, sequence: 128, batch: 2, learning_rate: 0.01"

static void it_learns_and_libllama_sees_what_it_learnt(void **state)
{
	struct train_setup s = train_setup_of(QUICK ", epochs: 8, eval_every: 10");
	struct tw_train_result r;
	(void)state;
	s.answer = "The rope holds, and the sea is on the other side of the hill.";
	s.n_valid = 1; /* "What about rope, 0?" */
	struct curve valid = curve_of("valid_loss", &s, &r);
	double before = train_score(&s, NULL), after = train_score(&s, r.adapter_path);
	print_message("validation loss %.4f to %.4f; by libllama %.4f to %.4f\n", valid.value[0],
		      r.valid_loss, before, after);
	assert_int_equal(valid.step[0], 0);
	assert_true(fabs(valid.value[0] - before) < 1e-3); /* its KV cache has 16 bits */
	assert_true(fabs(r.valid_loss - after) < 1e-3);
	assert_true(after < 0.3 * before);
	assert_true(r.train_loss < 0.3 * before);
}

static void steps_follow_from_epochs_rows_and_batch(void **state)
{
	struct tw_train_result r;
	struct curve loss;
	(void)state;
	struct train_setup one = train_setup_of("trainer: native, rank: 2, sequence: 128");
	loss = curve_of("loss", &one, &r);
	int64_t rows = r.steps, tokens = r.tokens;
	assert_true(rows > 3);
	assert_int_equal(loss.n, rows);
	struct train_setup half =
		train_setup_of("trainer: native, rank: 2, sequence: 128, epochs: 0.5");
	assert_int_equal(train_ok(&half).steps, (rows + 1) / 2);
	struct train_setup two =
		train_setup_of("trainer: native, rank: 2, sequence: 128, epochs: 2, batch: 3");
	r = train_ok(&two);
	assert_int_equal(r.steps, (2 * rows + 2) / 3);
	assert_int_equal(r.tokens,
			 2 * tokens); /* the last step is smaller, nothing is seen twice */
	struct train_setup cap =
		train_setup_of("trainer: native, rank: 2, sequence: 128, max_steps: 2");
	loss = curve_of("lr", &cap, &r);
	assert_int_equal(r.steps, 2);
	assert_true(fabs(loss.value[0] - 5e-4) < 1e-12); /* warmup of one step */
	assert_true(loss.value[1] > 0);
}

struct outcome {
	double loss[3];
	float p[100];
};

/* Three steps by `method` with passes of at most `cap` tokens, 0: as many as there is memory for. */
static struct outcome in_passes_of(int cap, const char *method)
{
	static const char *const set[][2] = {
		{"rank", "4"},
		{"alpha", "8"},
		{"max_steps", "3"},
		{"batch", "4"},
		{"sequence", "128"},
		{"epochs", "9"},
		{"learning_rate", "0.01"},
		{"schedule", "constant"},
	};
	struct tw_train_options o;
	struct train_setup setup = train_setup_of(QUICK);
	struct train_world w;
	struct tw_train_loop s;
	struct outcome r;
	struct tw_err err = TW_ERR_INIT;
	setup.n_valid = 0;
	setup.n_pairs = setup.n_train;
	assert_ok(train_open(&w, &setup, &err), &err);
	train_options(&o, set, sizeof(set) / sizeof(*set), &w.arena);
	o.method = method;
	assert_ok(tw_train_loop_init(&s, &o, &w.job, &err), &err);
	assert_true(s.batch.cap > 2 * 128 * s.train.group); /* or nothing is tried here */
	if (cap)
		s.batch.cap = cap * s.train.group;
	assert_ok(tw_train_loop_run(&s, &err), &err);
	memcpy(r.loss, s.state.loss, sizeof(r.loss));
	memcpy(r.p, s.state.p, sizeof(r.p));
	tw_train_loop_release(&s);
	train_close(&w);
	return r;
}

static void a_step_in_several_passes_is_the_same_step(void **state)
{
	static const char *const methods[] = {"sft", "dpo", "orpo"};
	(void)state;
	for (size_t m = 0; m < 3; m++) {
		struct outcome whole = in_passes_of(0, methods[m]),
			       parts = in_passes_of(128, methods[m]);
		for (int i = 0; i < 3; i++)
			assert_true(fabs(whole.loss[i] - parts.loss[i]) < 1e-4);
		for (int i = 0; i < 100; i++)
			assert_true(fabsf(whole.p[i] - parts.p[i]) < 1e-4f);
		assert_true(whole.loss[0] > 0.5);
	}
}

static void gradients_are_clipped(void **state)
{
	struct train_setup s = train_setup_of(QUICK ", max_steps: 3"),
			   t = train_setup_of(QUICK ", max_steps: 3, "
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

/* --- learning from pairs --- */

#define PAIRS "trainer: native, rank: 4, sequence: 128, batch: 2, epochs: 4, eval_every: 5, "

static struct train_setup pairs_of(const char *options)
{
	struct train_setup s = train_setup_of(options);
	s.n_pairs = 20;
	return s;
}

static void expect_it_learns_which_is_better(const char *options)
{
	struct curve c[] = {{.name = "valid_preference_loss"},
			    {.name = "valid_accuracy"},
			    {.name = "rewards/margins"},
			    {.name = NULL}};
	struct train_setup s = pairs_of(options);
	s.on_metric = curves_add;
	s.ctx = c;
	struct tw_train_result r = train_ok(&s);
	print_message("%s: loss %.4f to %.4f, accuracy %.2f to %.2f, margin %.3f to %.3f\n",
		      options + strlen(PAIRS), c[0].value[0], curve_last(&c[0]), c[1].value[0],
		      curve_last(&c[1]), c[2].value[0], curve_last(&c[2]));
	assert_int_equal(c[0].step[0], 0);
	assert_true(curve_last(&c[0]) < 0.9 * c[0].value[0]);
	assert_true(curve_last(&c[1]) == 1);
	assert_true(curve_last(&c[2]) > c[2].value[0]);
	assert_true(isfinite(r.valid_loss)); /* of the better answers alone */
}

static void every_method_learns_which_answer_is_better(void **state)
{
	(void)state;
	expect_it_learns_which_is_better(PAIRS "method: dpo, learning_rate: 0.005");
	expect_it_learns_which_is_better(PAIRS
					 "method: dpo, learning_rate: 0.005, loss_type: hinge");
	expect_it_learns_which_is_better(PAIRS "method: dpo, learning_rate: 0.005, loss_type: ipo");
	expect_it_learns_which_is_better(PAIRS "method: dpo, learning_rate: 0.005, rpo_alpha: 1");
	expect_it_learns_which_is_better(
		PAIRS "method: dpo, learning_rate: 0.005, length_normalized: true, beta: 1");
	expect_it_learns_which_is_better(PAIRS "method: orpo, learning_rate: 0.005");
	expect_it_learns_which_is_better(PAIRS "method: simpo, learning_rate: 0.005");
}

static void dpo_begins_at_its_reference(void **state)
{
	struct train_setup s = pairs_of(PAIRS "method: dpo, max_steps: 1, reference: base");
	struct tw_train_result r;
	(void)state;
	struct curve valid = curve_of("valid_preference_loss", &s, &r);
	assert_true(fabs(valid.value[0] - log(2)) < 1e-6);
	s.work = train_folder();
	assert_true(fabs(curve_of("loss", &s, &r).value[0] - log(2)) < 1e-6);
	s.work = train_folder();
	assert_true(curve_of("rewards/margins", &s, &r).value[0] == 0);
}

static void without_pairs_it_says_what_is_missing(void **state)
{
	struct train_setup s = train_setup_of(PAIRS "method: dpo");
	(void)state;
	train_fails(&s, TW_BLOCKED, "none of 20 training examples has a worse one");
	s.options = PAIRS "method: simpo";
	train_fails(&s, TW_BLOCKED, "method: simpo");
}

static void examples_without_a_worse_answer_are_left_out(void **state)
{
	struct train_setup s = train_setup_of(PAIRS "method: orpo, max_steps: 1");
	struct tw_train_result some, all;
	(void)state;
	s.n_pairs = 2;
	s.n_valid = 0;
	some = train_ok(&s);
	assert_true(some.tokens > 0 && isnan(some.valid_loss));
	struct train_setup t = pairs_of(PAIRS "method: orpo");
	all = train_ok(&t);
	assert_true(all.tokens > 2 * some.tokens && all.steps > some.steps);
}

/* --- variants of the optimiser and the adapter --- */

static void smaller_optimisers_learn_what_adamw_learns(void **state)
{
	static const char *const all[] = {"adamw", "adamw_8bit", "adafactor"};
	double loss[3], before = 0;
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char options[400];
		struct tw_train_result r;
		snprintf(options, sizeof(options), QUICK ", epochs: 6, eval_every: 100, optim: %s",
			 all[i]);
		struct train_setup s = train_setup_of(options);
		struct curve valid = curve_of("valid_loss", &s, &r);
		before = valid.value[0];
		loss[i] = r.valid_loss;
	}
	print_message("validation loss %.4f; after adamw %.4f, adamw_8bit %.4f, adafactor %.4f\n",
		      before, loss[0], loss[1], loss[2]);
	assert_true(fabs(loss[1] - loss[0]) < 0.1 * loss[0]);
	assert_true(loss[2] < 0.5 * before && loss[0] < 0.5 * before);
}

static void in_whole_numbers_it_learns_what_it_learns_in_float32(void **state)
{
	/* 8 bits of so small a model are coarse. */
	static const struct {
		const char *options;
		double close;
	} of[] = {{QUICK ", epochs: 2, precision: int16", 1e-3},
		  {QUICK ", epochs: 2, precision: int8", 0.03}};
	struct train_setup s = train_setup_of(QUICK ", epochs: 2");
	(void)state;
	struct tw_train_result want = train_ok(&s);
	for (int i = 0; i < 2; i++) {
		s.options = of[i].options;
		s.work = train_folder();
		struct tw_train_result r = train_ok(&s);
		print_message("loss %.5f, in float32 %.5f; to validate with %.5f, %.5f\n",
			      r.train_loss, want.train_loss, r.valid_loss, want.valid_loss);
		assert_int_equal(r.steps, want.steps);
		assert_true(fabs(r.train_loss - want.train_loss) < of[i].close);
		assert_true(fabs(r.valid_loss - want.valid_loss) < of[i].close);
	}
}

static void computed_again(const char *options, const char *again_options)
{
	struct train_setup s = train_setup_of(options), t = train_setup_of(again_options);
	struct tw_train_result kept, again;
	struct curve one = curve_of("loss", &s, &kept), other = curve_of("loss", &t, &again);
	assert_int_equal(one.n, other.n);
	for (size_t i = 0; i < one.n; i++)
		assert_true(one.value[i] == other.value[i]);
	assert_true(kept.valid_loss == again.valid_loss);
}

static void blocks_computed_again_learn_the_very_same(void **state)
{
	(void)state;
	computed_again(QUICK ", max_steps: 6",
		       QUICK ", max_steps: 6, gradient_checkpointing: true");
	computed_again(QUICK ", max_steps: 6, precision: int8",
		       QUICK ", max_steps: 6, precision: int8, gradient_checkpointing: true");
	computed_again(QUICK ", max_steps: 6, lora_dropout: 0.3",
		       QUICK ", max_steps: 6, lora_dropout: 0.3, gradient_checkpointing: true");
}

/* A window, caps, norms everywhere; matrices that are several in one. */
static void other_architectures_learn_and_libllama_sees_it(void **state)
{
	static const struct tiny_gguf bases[] = {
		{.arch = "gemma3", .seed = 5, .n_layer = 3, .keys = "attention.sliding_window=16"},
		{.arch = "phi3", .seed = 6}};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct train_setup s = train_setup_of(QUICK ", epochs: 8, eval_every: 100");
		s.answer = "The rope holds, and the sea is on the other side of the hill.";
		s.n_valid = 1;
		s.base = bases[i];
		struct tw_train_result r = train_ok(&s);
		double before = train_score(&s, NULL), after = train_score(&s, r.adapter_path);
		print_message("%s: validation loss %.4f; by libllama %.4f to %.4f\n", bases[i].arch,
			      r.valid_loss, before, after);
		assert_true(fabs(r.valid_loss - after) < 5e-3);
		assert_true(after < 0.3 * before);
	}
}

static void a_checkpoint_is_as_small_as_its_optimiser(void **state)
{
	static const char *const all[] = {"adamw", "adamw_8bit", "adafactor"};
	/* floats a parameter: itself, the best, and what the optimiser remembers */
	const double most[] = {4.01, 2.7, 2.6};
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct tw_train_loop l;
		struct train_world w;
		struct tw_err err = TW_ERR_INIT;
		const char *const set[][2] = {{"rank", "8"}, {"sequence", "64"}, {"optim", all[i]}};
		struct tw_train_options o;
		struct train_setup s = train_setup_of(QUICK);
		assert_ok(train_open(&w, &s, &err), &err);
		train_options(&o, set, 3, &w.arena);
		assert_ok(tw_train_loop_init(&l, &o, &w.job, &err), &err);
		double floats = (double)l.state.bytes / 4 / (double)l.lora.n;
		print_message("%s: %.2f floats a parameter\n", all[i], floats);
		assert_true(floats < most[i]);
		tw_train_loop_release(&l);
		train_close(&w);
	}
}

/* --- going on --- */

static void stop_at_5(void *ctx, const char *name, int64_t step, double value)
{
	(void)ctx;
	(void)value;
	if (step == 5 && strcmp(name, "loss") == 0)
		raise(SIGKILL);
}

/* Killed in the middle, another process ends with the same bytes. */
static void expect_resume(const char *options)
{
	struct train_setup whole = pairs_of(options), s = pairs_of(options);
	int status;
	struct tw_train_result a = train_ok(&whole);
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
	s.threads = 2;
	struct tw_train_result b = train_ok(&s);
	assert_int_equal(b.resumed_from, 4);
	assert_true(a.train_loss == b.train_loss && a.valid_loss == b.valid_loss);
	assert_same_files(a.adapter_path, b.adapter_path);
}

#define STOPS \
	"trainer: native, rank: 4, sequence: 128, learning_rate: 0.005, max_steps: 7, epochs: 9, checkpoint_every: 2, "

static void every_method_goes_on_as_if_it_had_never_stopped(void **state)
{
	(void)state;
	expect_resume(STOPS "method: dpo");
	expect_resume(STOPS "method: orpo, batch: 2");
	expect_resume(STOPS "method: simpo");
	expect_resume(STOPS "neftune_noise_alpha: 5, label_smoothing: 0.1, batch: 2");
	expect_resume(STOPS "loss_on: all, lora_dropout: 0.2");
	expect_resume(STOPS "optim: adamw_8bit, use_rslora: true, lora_dropout: 0.1, batch: 3");
	expect_resume(STOPS "optim: adafactor, loraplus_lr_ratio: 4, schedule: wsd, decay: 0.5, "
			    "layers_to_transform: [1], targets: all-linear");
}

static void the_reference_is_computed_once(void **state)
{
	struct train_setup s = pairs_of(STOPS "method: dpo");
	char path[700];
	struct tw_digest job = tw_sha256("job", 3);
	(void)state;
	struct tw_train_result a = train_ok(&s);
	snprintf(path, sizeof(path), "%s/%.16s.reference", s.work, job.hex);
	struct tw_str kept = train_bytes(path);
	/* A finished job is loaded, and reads what lies there. */
	struct tw_err err = TW_ERR_INIT;
	assert_ok(tw_write_file(path, "no reference", 12, &err), &err);
	struct tw_train_result b = train_ok(&s);
	struct tw_str again =
		train_bytes(path); /* damaged: computed again, from what training began with */
	assert_int_equal(kept.len, again.len);
	assert_memory_equal(kept.data, again.data, kept.len);
	assert_same_files(a.adapter_path, b.adapter_path);
	tw_str_release(&kept);
	tw_str_release(&again);
}

static void a_damaged_checkpoint_gives_way_to_the_one_before(void **state)
{
	struct train_setup whole = train_setup_of(STOPS "save_total_limit: 2"), s = whole;
	char path[700];
	struct tw_digest job = tw_sha256("job", 3);
	(void)state;
	s.work = train_folder();
	struct tw_train_result a = train_ok(&whole);
	train_ok(&s);
	struct tw_err err = TW_ERR_INIT;
	snprintf(path, sizeof(path), "%s/%.16s.7.checkpoint", s.work, job.hex);
	assert_ok(tw_write_file(path, "torn", 4, &err), &err);
	struct tw_train_result b = train_ok(&s);
	assert_int_equal(b.resumed_from, 6);
	assert_same_files(a.adapter_path, b.adapter_path);
}

static void from_an_adapter_it_goes_on_where_that_stood(void **state)
{
	struct train_setup first = train_setup_of(QUICK ", epochs: 2");
	struct tw_train_result a = train_ok(&first), b;
	(void)state;
	/* Another alpha is no other model. */
	struct train_setup second =
		train_setup_of("trainer: native, rank: 4, alpha: 8, sequence: 128, batch: 2, "
			       "learning_rate: 0.002, max_steps: 6, epochs: 4");
	second.init_adapter = a.adapter_path;
	struct curve valid = curve_of("valid_loss", &second, &b);
	print_message("ended with %.6f, begins with %.6f, ends with %.6f\n", a.valid_loss,
		      valid.value[0], b.valid_loss);
	assert_true(fabs(valid.value[0] - a.valid_loss) < 1e-5);
	assert_true(b.valid_loss < a.valid_loss);
}

static void dpo_from_an_adapter_begins_at_that(void **state)
{
	struct train_setup first = train_setup_of(QUICK ", epochs: 2");
	struct tw_train_result a = train_ok(&first), b;
	(void)state;
	struct train_setup second = pairs_of(PAIRS "method: dpo, max_steps: 1");
	second.init_adapter = a.adapter_path;
	assert_true(fabs(curve_of("valid_preference_loss", &second, &b).value[0] - log(2)) < 1e-6);
	second.options = PAIRS "method: dpo, max_steps: 1, reference: base";
	second.work = train_folder();
	double base = curve_of("valid_preference_loss", &second, &b).value[0];
	assert_true(fabs(base - log(2)) > 1e-3); /* it has left the base already */
}

static void an_adapter_of_another_shape_is_refused(void **state)
{
	struct train_setup first = train_setup_of(QUICK ", max_steps: 1");
	struct tw_train_result a = train_ok(&first);
	struct train_setup s = train_setup_of("trainer: native, rank: 8, sequence: 128");
	char path[700];
	struct tw_err err = TW_ERR_INIT;
	(void)state;
	s.init_adapter = a.adapter_path;
	train_fails(&s, TW_BAD_USE, "training.rank");
	s.options = "trainer: native, rank: 4, sequence: 128, targets: [q_proj, v_proj]";
	train_fails(&s, TW_BAD_USE, "also adapts");
	s.options = QUICK;
	s.base.arch = "qwen2";
	train_fails(&s, TW_BAD_USE, "adapter for llama");
	s.base.arch = NULL;
	s.init_adapter = train_base(&s.base);
	train_fails(&s, TW_BAD_USE, "not a LoRA adapter");
	s.init_adapter = "/nowhere/x.gguf";
	train_fails(&s, TW_NOT_FOUND, "/nowhere/x.gguf");
	snprintf(path, sizeof(path), "%s/torn.gguf", s.work);
	assert_ok(tw_write_file(path, "GGUFtorn", 8, &err), &err);
	s.init_adapter = path;
	train_fails(&s, TW_BAD_DATA, "training.init");
	struct train_setup few =
		train_setup_of("trainer: native, rank: 4, sequence: 128, max_steps: 1, "
			       "targets: [q_proj]");
	struct tw_train_result q = train_ok(&few);
	s.options = QUICK;
	s.init_adapter = q.adapter_path;
	train_fails(&s, TW_BAD_USE, "has no blk.0");
}

/* --- looking at the adapter on the way --- */

struct looks {
	int n;
	int64_t step[20];
	double loss[20];
	enum tw_status answer;
	const struct train_setup *s;
	char path[700];
};

static enum tw_status look(void *ctx, int64_t step, const char *path, struct tw_err *err)
{
	struct looks *l = ctx;
	l->step[l->n] = step;
	l->loss[l->n++] = train_score(l->s, path);
	snprintf(l->path, sizeof(l->path), "%s", path);
	return l->answer == TW_OK ? TW_OK : tw_fail(err, l->answer, "no more of this");
}

static void ignore(void *ctx, const char *name, int64_t step, double value)
{
	(void)ctx;
	(void)name;
	(void)step;
	(void)value;
}

static void the_adapter_is_shown_after_each_validation(void **state)
{
	struct train_setup s = train_setup_of(QUICK ", epochs: 4, eval_every: 4");
	struct looks l = {.s = &s};
	(void)state;
	s.answer = "The rope holds, and the sea is on the other side of the hill.";
	s.n_valid = 1;
	s.on_adapter = look;
	s.on_metric = ignore;
	s.ctx = &l;
	struct tw_train_result r = train_ok(&s);
	assert_true(l.n >= 3);
	assert_int_equal(l.step[0], 0);
	assert_int_equal(l.step[1], 4);
	assert_int_equal(l.step[l.n - 1], r.steps);
	assert_true(fabs(l.loss[0] - train_score(&s, NULL)) < 1e-6); /* nothing learnt yet */
	assert_true(l.loss[l.n - 1] < 0.7 * l.loss[0]);
	assert_false(tw_exists(l.path));
	l = (struct looks){.s = &s, .answer = TW_IO};
	s.work = train_folder();
	train_fails(&s, TW_IO, "no more of this");
	assert_int_equal(l.n, 1);
	assert_false(tw_exists(l.path));
}

/* --- loud failures --- */

static void a_loss_that_is_no_number_ends_it(void **state)
{
	struct train_setup s = train_setup_of(QUICK);
	(void)state;
	s.base = (struct tiny_gguf){.seed = 9, .scale = 1e25f};
	s.n_valid = 0;
	train_fails(&s, TW_BAD_DATA, "step 1: the loss is");
	train_fails(&s, TW_BAD_DATA, "learning_rate");
	s.base = (struct tiny_gguf){.seed = 10, .scale = 1e18f}; /* q k overflows */
	s.n_valid = 4;
	train_fails(&s, TW_BAD_DATA, "the base model's own loss");
}

static void models_that_it_cannot_train_are_refused(void **state)
{
	struct train_setup s = train_setup_of(QUICK);
	(void)state;
	s.base.arch = "mamba";
	train_fails(&s, TW_UNSUPPORTED, "\"mamba\"");
	s.llm = "echo:cite"; /* as a remote one: no file */
	train_fails(&s, TW_UNSUPPORTED, "remote");
}

static void options_out_of_reach_are_refused(void **state)
{
	struct train_setup s = train_setup_of("trainer: native, sequence: 4096");
	(void)state;
	train_fails(&s, TW_BAD_USE, "512 tokens");
	s.options = "trainer: native, targets: [q_proj, lm_head]";
	train_fails(&s, TW_BAD_USE, "lm_head");
	s.options = "trainer: native, rank: 0";
	train_fails(&s, TW_BAD_USE, "rank");
	s.options = "trainer: native, learning_rates: 1";
	train_fails(&s, TW_BAD_USE, "learning_rate");
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
	struct train_setup whole = train_setup_of(options), s = train_setup_of(options);
	struct tw_train_result a = train_ok(&whole);
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
	b = train_ok(&s);
	assert_int_equal(b.resumed_from, 4);
	assert_same_files(a.adapter_path, b.adapter_path);
}

int main(void)
{
	tw_log_set_level(TW_LOG_ERROR);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_learns_and_libllama_sees_what_it_learnt),
		cmocka_unit_test(steps_follow_from_epochs_rows_and_batch),
		cmocka_unit_test(a_step_in_several_passes_is_the_same_step),
		cmocka_unit_test(gradients_are_clipped),
		cmocka_unit_test(every_method_learns_which_answer_is_better),
		cmocka_unit_test(dpo_begins_at_its_reference),
		cmocka_unit_test(without_pairs_it_says_what_is_missing),
		cmocka_unit_test(examples_without_a_worse_answer_are_left_out),
		cmocka_unit_test(smaller_optimisers_learn_what_adamw_learns),
		cmocka_unit_test(in_whole_numbers_it_learns_what_it_learns_in_float32),
		cmocka_unit_test(blocks_computed_again_learn_the_very_same),
		cmocka_unit_test(other_architectures_learn_and_libllama_sees_it),
		cmocka_unit_test(a_checkpoint_is_as_small_as_its_optimiser),
		cmocka_unit_test(every_method_goes_on_as_if_it_had_never_stopped),
		cmocka_unit_test(the_reference_is_computed_once),
		cmocka_unit_test(a_damaged_checkpoint_gives_way_to_the_one_before),
		cmocka_unit_test(from_an_adapter_it_goes_on_where_that_stood),
		cmocka_unit_test(dpo_from_an_adapter_begins_at_that),
		cmocka_unit_test(an_adapter_of_another_shape_is_refused),
		cmocka_unit_test(the_adapter_is_shown_after_each_validation),
		cmocka_unit_test(a_loss_that_is_no_number_ends_it),
		cmocka_unit_test(models_that_it_cannot_train_are_refused),
		cmocka_unit_test(options_out_of_reach_are_refused),
		cmocka_unit_test(a_full_disk_ends_it_and_it_goes_on_later),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
