/* The native trainer with `use_dora`: what it leaves is a whole model. libllama is the judge. */
#include <math.h>

#include "base/fs.h"
#include "base/log.h"
#include "llm/llm_backends.h"
#include "support/train_curve.h"

#define LORA "trainer: native, rank: 4, sequence: 128, batch: 2, learning_rate: 0.01"
#define DORA LORA ", use_dora: true"

static void expect_libllama_to_agree(const char *options, const struct tiny_gguf *base,
				     double tolerance)
{
	struct train_setup s = train_setup_of(options);
	struct tw_train_result r;
	s.base = *base;
	s.answer = "The rope holds, and the sea is on the other side of the hill.";
	s.n_valid = 1; /* "What about rope, 0?" */
	struct curve valid = curve_of("valid_loss", &s, &r);
	double before = train_score(&s, NULL), after = train_score(&s, r.adapter_path);
	print_message("%s: validation loss %.4f to %.4f; by libllama %.4f to %.4f\n",
		      base->arch ? base->arch : "llama", valid.value[0], r.valid_loss, before,
		      after);
	assert_true(tw_is_whole_model(r.adapter_path));
	assert_true(fabs(valid.value[0] - before) < tolerance);
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
	struct train_setup s = train_setup_of(options);
	struct tw_train_result r;
	struct curve valid = curve_of("valid_loss", &s, &r);
	print_message("%s: %.4f to %.4f\n", options + strlen(DORA), valid.value[0], r.valid_loss);
	assert_true(r.valid_loss < 0.8 * valid.value[0]);
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
	struct train_setup s = train_setup_of(DORA ", max_steps: 5"), t = s;
	(void)state;
	t.options = DORA ", max_steps: 5, gradient_checkpointing: true";
	t.work = train_folder();
	struct tw_train_result a = train_ok(&s), b = train_ok(&t);
	assert_same_files(a.adapter_path, b.adapter_path);
}

static void preferences_begin_at_their_reference(void **state)
{
	struct train_setup s = train_setup_of(DORA ", method: dpo, epochs: 2");
	struct tw_train_result r;
	(void)state;
	s.n_pairs = 20;
	struct curve pairs = curve_of("valid_preference_loss", &s, &r);
	assert_int_equal(pairs.step[0], 0);
	assert_true(fabs(pairs.value[0] - log(2)) < 1e-6);
	assert_true(curve_last(&pairs) < 0.9 * pairs.value[0]);
}

static void from_a_lora_adapter_it_goes_on_where_that_stood(void **state)
{
	struct train_setup first = train_setup_of(LORA ", epochs: 2"),
			   second = train_setup_of(DORA);
	struct tw_train_result b, a = train_ok(&first);
	(void)state;
	second.options = DORA ", alpha: 8, max_steps: 6, epochs: 4";
	second.init_adapter = a.adapter_path;
	struct curve valid = curve_of("valid_loss", &second, &b);
	print_message("ended with %.6f, begins with %.6f, ends with %.6f\n", a.valid_loss,
		      valid.value[0], b.valid_loss);
	assert_true(fabs(valid.value[0] - a.valid_loss) < 1e-5);
	assert_true(b.valid_loss < a.valid_loss);
}

static void from_a_whole_model_nothing_can_go_on(void **state)
{
	struct train_setup first = train_setup_of(DORA ", max_steps: 1"),
			   second = train_setup_of(DORA);
	struct tw_train_result a = train_ok(&first);
	(void)state;
	second.init_adapter = a.adapter_path;
	train_fails(&second, TW_BAD_USE, "a whole model, not a LoRA adapter");
	train_fails(&second, TW_BAD_USE, "start from the base");
}

static void what_keeps_adapters_apart_is_refused(void **state)
{
	struct train_setup s = train_setup_of(DORA ", lora_dropout: 0.1");
	(void)state;
	train_fails(&s, TW_BAD_USE, "training.lora_dropout");
	s.options = DORA ", precision: int8";
	train_fails(&s, TW_BAD_USE, "training.precision: int8");
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
	l->loss[l->n++] = train_score(l->s, path);
	snprintf(l->path, sizeof(l->path), "%s", path);
	return TW_OK;
}

static void it_is_shown_after_each_validation(void **state)
{
	struct train_setup s = train_setup_of(DORA ", epochs: 4, eval_every: 6");
	struct looks l = {.s = &s};
	(void)state;
	s.answer = "The rope holds, and the sea is on the other side of the hill.";
	s.on_adapter = look;
	s.ctx = &l;
	train_ok(&s);
	assert_true(l.n >= 2);
	assert_true(fabs(l.loss[0] - train_score(&s, NULL)) < 1e-6); /* nothing learnt yet */
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
