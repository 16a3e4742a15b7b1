/* The native trainer with `use_dora`: what it leaves is a whole model. libllama is the judge. */
#include <math.h>

#include "app/plugins.h"
#include "base/fs.h"
#include "base/log.h"
#include "llm/llm_backends.h"
#include "support/train_fixture.h"

#define LORA "trainer: native, rank: 4, sequence: 128, batch: 2, learning_rate: 0.01"
#define DORA LORA ", use_dora: true"

static struct train_setup setup_of(const char *options)
{
	return (struct train_setup){.options = options,
				    .base = {.seed = 8},
				    .n_train = 20,
				    .n_valid = 4,
				    .work = train_folder(),
				    .threads = 1};
}

struct seen {
	const char *name;   /* of the loss; NULL: valid_loss */
	double first, last; /* validations */
};

static void on_metric(void *ctx, const char *name, int64_t step, double value)
{
	struct seen *s = ctx;
	if (strcmp(name, s->name ? s->name : "valid_loss") != 0)
		return;
	s->first = step == 0 ? value : s->first;
	s->last = value;
}

static struct tw_train_result run(struct train_setup *s, struct seen *seen)
{
	struct tw_train_result r;
	struct tw_err err = TW_ERR_INIT;
	s->on_metric = seen ? on_metric : NULL;
	s->ctx = seen ? seen : s->ctx;
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

/* Mean -log p of an answer of ours, by libllama with what was trained in the base's place; NULL: the base. */
static double score(const struct train_setup *s, const char *trained)
{
	const struct tw_message m[] = {{"system", "You are brief."},
				       {"user", "What about rope, 0?"},
				       {"assistant", s->answer}};
	const struct tw_llm_options o = {.adapter = trained, .threads = 1};
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
	assert_string_equal(tw_llm_info(llm)->path, train_base(&s->base));
	assert_ok(tw_llm_chat_tokens(&t, llm, m, 3, false, &a, &err), &err);
	assert_ok(tw_llm_score(&nll, &n, llm, &t, &err), &err);
	tw_llm_close(llm);
	tw_arena_release(&a);
	return nll / (double)n;
}

static void expect_libllama_to_agree(const char *options, const struct tiny_gguf *base,
				     double tolerance)
{
	struct train_setup s = setup_of(options);
	struct seen seen = {0};
	s.base = *base;
	s.answer = "The rope holds, and the sea is on the other side of the hill.";
	s.n_valid = 1; /* "What about rope, 0?" */
	struct tw_train_result r = run(&s, &seen);
	double before = score(&s, NULL), after = score(&s, r.adapter_path);
	print_message("%s: validation loss %.4f to %.4f; by libllama %.4f to %.4f\n",
		      base->arch ? base->arch : "llama", seen.first, r.valid_loss, before, after);
	assert_true(tw_is_whole_model(r.adapter_path));
	assert_true(fabs(seen.first - before) < tolerance);
	assert_true(fabs(r.valid_loss - after) < tolerance);
	assert_true(after < 0.5 * before);
}

static void it_learns_and_libllama_sees_what_it_learnt(void **state)
{
	(void)state;
	expect_libllama_to_agree(DORA ", epochs: 8, eval_every: 10", &(struct tiny_gguf){.seed = 8},
				 1e-3);
	expect_libllama_to_agree(DORA ", epochs: 8, eval_every: 10",
				 &(struct tiny_gguf){.seed = 9, .arch = "qwen2"}, 1e-3);
	expect_libllama_to_agree(DORA ", epochs: 8, eval_every: 10",
				 &(struct tiny_gguf){.seed = 10, .arch = "gemma2"}, 2e-3);
	/* libllama rounds what enters products with Q8_0, and the model is rounded to that once more */
	expect_libllama_to_agree(DORA ", epochs: 8, eval_every: 10",
				 &(struct tiny_gguf){.seed = 11, .type = "Q8_0"}, 0.03);
}

static void expect_it_learns(const char *options)
{
	struct train_setup s = setup_of(options);
	struct seen seen = {0};
	struct tw_train_result r = run(&s, &seen);
	print_message("%s: %.4f to %.4f\n", options + strlen(DORA), seen.first, r.valid_loss);
	assert_true(r.valid_loss < 0.8 * seen.first);
}

static void it_goes_together_with_the_other_ways_to_train(void **state)
{
	(void)state;
	expect_it_learns(DORA ", epochs: 4, optim: adamw_8bit");
	expect_it_learns(DORA ", epochs: 4, optim: adafactor");
	expect_it_learns(DORA ", epochs: 4, loraplus_lr_ratio: 8, use_rslora: true");
	expect_it_learns(DORA ", epochs: 4, targets: [q_proj, down_proj]");
	expect_it_learns(DORA ", epochs: 4, layers_to_transform: [1]");
}

static void blocks_computed_again_learn_the_very_same(void **state)
{
	struct train_setup s = setup_of(DORA ", max_steps: 5"), t = s;
	(void)state;
	t.options = DORA ", max_steps: 5, gradient_checkpointing: true";
	t.work = train_folder();
	struct tw_train_result a = run(&s, NULL), b = run(&t, NULL);
	assert_same_files(a.adapter_path, b.adapter_path);
}

static void preferences_begin_at_their_reference(void **state)
{
	struct train_setup s = setup_of(DORA ", method: dpo, epochs: 2");
	struct seen seen = {.name = "valid_preference_loss"};
	(void)state;
	s.n_pairs = 20;
	run(&s, &seen);
	assert_true(fabs(seen.first - log(2)) < 1e-6);
	assert_true(seen.last < 0.9 * seen.first);
}

static void from_a_lora_adapter_it_goes_on_where_that_stood(void **state)
{
	struct train_setup first = setup_of(LORA ", epochs: 2"), second = setup_of(DORA);
	struct seen seen = {0};
	struct tw_train_result a = run(&first, NULL);
	(void)state;
	second.options = DORA ", alpha: 8, max_steps: 6, epochs: 4";
	second.init_adapter = a.adapter_path;
	struct tw_train_result b = run(&second, &seen);
	print_message("ended with %.6f, begins with %.6f, ends with %.6f\n", a.valid_loss,
		      seen.first, b.valid_loss);
	assert_true(fabs(seen.first - a.valid_loss) < 1e-5);
	assert_true(b.valid_loss < a.valid_loss);
}

static void from_a_whole_model_nothing_can_go_on(void **state)
{
	struct train_setup first = setup_of(DORA ", max_steps: 1"), second = setup_of(DORA);
	struct tw_train_result a = run(&first, NULL);
	(void)state;
	second.init_adapter = a.adapter_path;
	expect_failure(&second, TW_BAD_USE, "a whole model, not a LoRA adapter");
	expect_failure(&second, TW_BAD_USE, "start from the base");
}

static void what_keeps_adapters_apart_is_refused(void **state)
{
	struct train_setup s = setup_of(DORA ", lora_dropout: 0.1");
	(void)state;
	expect_failure(&s, TW_BAD_USE, "training.lora_dropout");
	s.options = DORA ", precision: int16";
	expect_failure(&s, TW_BAD_USE, "training.precision: int16");
}

/* --- looking at it on the way --- */

struct looks {
	const struct train_setup *s;
	int n;
	double loss[10];
	char path[700];
};

static enum tw_status look(void *ctx, int64_t step, const char *path, struct tw_err *err)
{
	struct looks *l = ctx;
	(void)step;
	(void)err;
	l->loss[l->n++] = score(l->s, path);
	snprintf(l->path, sizeof(l->path), "%s", path);
	return TW_OK;
}

static void it_is_shown_after_each_validation(void **state)
{
	struct train_setup s = setup_of(DORA ", epochs: 4, eval_every: 6");
	struct looks l = {.s = &s};
	(void)state;
	s.answer = "The rope holds, and the sea is on the other side of the hill.";
	s.on_adapter = look;
	s.ctx = &l;
	run(&s, NULL);
	assert_true(l.n >= 2);
	assert_true(fabs(l.loss[0] - score(&s, NULL)) < 1e-6); /* nothing learnt yet */
	assert_true(l.loss[l.n - 1] < 0.7 * l.loss[0]);
	assert_false(tw_exists(l.path));
}

int main(void)
{
	tw_log_set_level(TW_LOG_ERROR);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_learns_and_libllama_sees_what_it_learnt),
		cmocka_unit_test(it_goes_together_with_the_other_ways_to_train),
		cmocka_unit_test(blocks_computed_again_learn_the_very_same),
		cmocka_unit_test(preferences_begin_at_their_reference),
		cmocka_unit_test(from_a_lora_adapter_it_goes_on_where_that_stood),
		cmocka_unit_test(from_a_whole_model_nothing_can_go_on),
		cmocka_unit_test(what_keeps_adapters_apart_is_refused),
		cmocka_unit_test(it_is_shown_after_each_validation),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
