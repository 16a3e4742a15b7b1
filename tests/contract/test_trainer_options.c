/* Options of the native trainer that do not go together, or that have no effect with the others. */
#include "base/log.h"
#include "support/train_fixture.h"

static void expect_refused(const char *options, const char *words)
{
	struct train_setup s = train_setup_of(options);
	s.n_pairs = 20;
	train_fails(&s, TW_BAD_USE, words);
}

static void options_that_do_not_go_together_are_refused(void **state)
{
	static const struct {
		const char *options, *words;
	} all[] = {
		{"method: ppo", "sft|dpo|orpo|simpo"},
		{"method: dpo, loss_type: exo", "sigmoid|hinge|ipo"},
		{"method: dpo, label_smoothing: 0.7", "at most 0.5"},
		{"early_stopping_patience: 2, eval_every: 0", "eval_every"},
		{"save_total_limit: 0", "save_total_limit"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		expect_refused(all[i].options, all[i].words);
}

/* An option, what makes it have no effect, and what it belongs to. */
static void an_option_without_effect_is_refused_by_name(void **state)
{
	static const struct {
		const char *option, *with, *belongs;
	} all[] = {
		{"beta: 0.2", "method: sft", "method: dpo|orpo|simpo"},
		{"loss_type: hinge", "method: sft", "method: dpo"},
		{"loss_type: hinge", "method: simpo", "method: dpo"},
		{"reference: base", "method: orpo", "method: dpo"},
		{"length_normalized: true", "method: sft", "method: dpo"},
		{"rpo_alpha: 1", "method: orpo", "method: dpo"},
		{"simpo_gamma: 0.7", "method: sft", "method: simpo"},
		{"simpo_gamma: 0.7", "method: dpo", "method: simpo"},
		{"label_smoothing: 0.1", "method: orpo", "method: sft|dpo|simpo"},
		{"neftune_noise_alpha: 5", "method: dpo", "method: sft"},
		{"loss_on: all", "method: dpo", "method: sft"},
		{"beta1: 0.8", "optim: adafactor", "optim: adamw|adamw_8bit"},
		{"beta2: 0.99", "optim: adafactor", "optim: adamw|adamw_8bit"},
		{"eps: 1e-6", "optim: adafactor", "optim: adamw|adamw_8bit"},
		{"decay: 0.5", "schedule: linear", "schedule: wsd"},
		{"min_lr_rate: 0.1", "schedule: constant", "schedule: linear|cosine|wsd"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		char options[200], words[200];
		snprintf(options, sizeof(options), "%s, %s", all[i].option, all[i].with);
		snprintf(words, sizeof(words), "training.%.*s has no effect with %s: it is for %s;",
			 (int)strcspn(all[i].option, ":"), all[i].option, all[i].with,
			 all[i].belongs);
		expect_refused(options, words);
	}
	expect_refused("method: dpo, loss_type: ipo, label_smoothing: 0.1",
		       "training.label_smoothing has no effect with loss_type: ipo");
	expect_refused("method: dpo, loss_type: ipo, length_normalized: true",
		       "training.length_normalized has no effect with loss_type: ipo");
}

static void set_to_its_default_an_option_may_stand_anywhere(void **state)
{
	static const char *const all[] = {
		"trainer: native, beta: 0, loss_type: sigmoid, reference: start, rpo_alpha: 0, "
		"simpo_gamma: 0.5, length_normalized: false, decay: 0.2",
		"trainer: native, optim: adafactor, schedule: constant, beta1: 0.9, beta2: 0.999, "
		"eps: 1e-8, min_lr_rate: 0, method: orpo, loss_on: assistant, label_smoothing: 0"};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct train_setup s = {.options = all[i], .work = train_folder()};
		struct train_world w;
		struct tw_err err = TW_ERR_INIT;
		assert_ok(train_open(&w, &s, &err), &err);
		train_close(&w);
	}
}

int main(void)
{
	tw_log_set_level(TW_LOG_ERROR);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_that_do_not_go_together_are_refused),
		cmocka_unit_test(an_option_without_effect_is_refused_by_name),
		cmocka_unit_test(set_to_its_default_an_option_may_stand_anywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
