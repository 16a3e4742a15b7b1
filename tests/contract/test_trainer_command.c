/* The trainer that runs another program: what it hands over, what it hears, what it takes. */
#include <math.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"
#include "support/train_fixture.h"
#include "trainer/convert.h"

static struct train_setup setup_of(const char *arguments)
{
	return (struct train_setup){.options = train_peer(arguments),
				    .base = {.seed = 5, .type = "Q8_0"},
				    .n_train = 20,
				    .n_valid = 4,
				    .work = train_folder(),
				    .threads = 1};
}

static void expect_failure(const char *arguments, enum tw_status want, const char *words)
{
	struct train_setup s = setup_of(arguments);
	struct tw_train_result r;
	struct tw_err err = TW_ERR_INIT;
	assert_int_equal(train_run(&r, &s, &err), want);
	assert_contains(err.msg, words);
}

/* --- what is heard --- */

struct heard {
	int loss, lr, valid, other;
	double last_valid;
};

static void hear(void *ctx, const char *name, int64_t step, double value)
{
	struct heard *h = ctx;
	assert_true(isfinite(value));
	if (strcmp(name, "loss") == 0) {
		h->loss++;
		assert_int_equal(step, h->loss);
	} else if (strcmp(name, "lr") == 0) {
		h->lr++;
	} else if (strcmp(name, "valid_loss") == 0) {
		h->valid++;
		h->last_valid = value;
	} else {
		h->other++;
	}
}

static void lines_become_metrics_under_our_names(void **state)
{
	struct heard h = {0};
	struct tw_train_result r;
	struct tw_err err = TW_ERR_INIT;
	struct train_setup s = setup_of("--steps, 6");
	(void)state;
	s.on_metric = hear;
	s.ctx = &h;
	assert_ok(train_run(&r, &s, &err), &err);
	assert_int_equal(h.loss, 6);
	assert_int_equal(h.lr, 6);
	assert_int_equal(h.valid, 3);
	assert_int_equal(h.other, 0);
	assert_true(r.valid_loss == h.last_valid);
	assert_int_equal(r.tokens, 600);
	assert_int_equal(r.trainable, 4 * 64 + 32 * 4);
	assert_true(fabs(r.train_loss - (4.0 / 6 + 0.02)) < 1e-6);
}

static void what_is_no_metric_is_talk(void **state)
{
	struct heard h = {0};
	struct tw_train_result r;
	struct tw_err err = TW_ERR_INIT;
	struct train_setup s = setup_of("--steps, 3, --do, garbage");
	(void)state;
	s.on_metric = hear;
	s.ctx = &h;
	assert_ok(train_run(&r, &s, &err), &err);
	assert_int_equal(h.loss, 3);
	assert_int_equal(h.other, 0);
	assert_int_equal(r.steps, 3);
	assert_int_equal(r.tokens, 300); /* not 1e300, nor -5 */
}

/* --- what is handed over --- */

/* Its settings stay where a run that failed has left them. */
static struct tw_json *settings_of(const struct train_setup *s, struct tw_arena *a)
{
	struct tw_str text = TW_STR_INIT;
	struct tw_json *v;
	struct tw_err err = TW_ERR_INIT;
	const struct tw_digest d = tw_sha256("job", 3);
	const char *path = tw_sprintf(a, "%s/%.16s/settings.json", s->work, d.hex);
	assert_ok(tw_read_file(&text, path, 0, &err), &err);
	assert_ok(tw_json_parse(&v, text.data, text.len, a, &err), &err);
	tw_str_release(&text);
	return v;
}

static const char *file_of(const struct tw_json *settings, const char *name, struct tw_arena *a)
{
	struct tw_str text = TW_STR_INIT;
	struct tw_err err = TW_ERR_INIT;
	const char *path = tw_json_str(tw_json_get(settings, name), NULL);
	if (!path)
		return NULL;
	assert_ok(tw_read_file(&text, path, 0, &err), &err);
	char *copy = tw_str_dup(&text, a);
	tw_str_release(&text);
	return copy;
}

static size_t lines_of(const char *text)
{
	size_t n = 0;
	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void the_program_gets_dataset_base_and_seed_in_files(void **state)
{
	struct train_world w;
	struct tw_train_result r;
	struct tw_err err = TW_ERR_INIT;
	struct train_setup s = setup_of("--steps, 2");
	(void)state;
	assert_ok(train_open(&w, &s, &err), &err);
	struct tw_example *e = (struct tw_example *)(uintptr_t)w.job.train.at;
	e[3].rejected = "A worse \"answer\".";
	assert_ok(tw_train(&r, w.trainer, &w.job, &err), &err);
	const struct tw_json *v = settings_of(&s, &w.arena);
	assert_string_equal(tw_json_str(tw_json_get(tw_json_get(v, "base"), "path"), ""),
			    tw_llm_info(w.llm)->path);
	assert_int_equal(tw_json_int(tw_json_get(v, "seed"), 0), 11);
	assert_int_equal(tw_json_int(tw_json_get(v, "threads"), 0), 1);
	assert_int_equal(lines_of(file_of(v, "train", &w.arena)), 20);
	assert_int_equal(lines_of(file_of(v, "valid", &w.arena)), 4);
	assert_contains(file_of(v, "train", &w.arena), "{\"messages\":[{\"role\":\"system\"");
	const char *pairs = file_of(v, "train_pairs", &w.arena);
	assert_int_equal(lines_of(pairs), 1);
	assert_contains(pairs, "{\"prompt\":[{\"role\":\"system\"");
	assert_contains(
		pairs,
		"\"rejected\":[{\"role\":\"assistant\",\"content\":\"A worse \\\"answer\\\".\"}]");
	assert_null(file_of(v, "valid_pairs", &w.arena));
	assert_null(tw_json_str(tw_json_get(v, "init_adapter"), NULL));
	train_close(&w);
}

static void an_adapter_to_go_on_from_is_handed_over_in_both_forms(void **state)
{
	struct train_world w;
	struct tw_train_result first, r;
	struct tw_err err = TW_ERR_INIT;
	struct train_setup s = setup_of("--steps, 2");
	(void)state;
	assert_ok(train_run(&first, &s, &err), &err);
	struct train_setup again = setup_of("--steps, 2, --do, gguf");
	assert_ok(train_open(&w, &again, &err), &err);
	w.job.init_adapter = first.adapter_path;
	assert_ok(tw_train(&r, w.trainer, &w.job, &err), &err);
	assert_same_files(first.adapter_path, r.adapter_path); /* it came back as GGUF */
	const char *folder =
		tw_json_str(tw_json_get(settings_of(&again, &w.arena), "init_adapter"), NULL);
	assert_non_null(folder);
	const char *back = tw_path_join(&w.arena, again.work, "back.gguf");
	assert_ok(tw_adapter_import(NULL, back, folder, tw_llm_info(w.llm)->path, &err), &err);
	assert_same_files(first.adapter_path, back);
	train_close(&w);
}

struct shown {
	int n;
	int64_t last;
};

static enum tw_status show(void *ctx, int64_t step, const char *path, struct tw_err *err)
{
	struct shown *s = ctx;
	struct tw_str file = train_bytes(path);
	assert_true(file.len > 100 && memcmp(file.data, "GGUF", 4) == 0);
	tw_str_release(&file);
	s->n++;
	s->last = step;
	return step == 3 ? tw_fail(err, TW_BLOCKED, "enough") : TW_OK;
}

static void an_adapter_shown_on_the_way_is_a_gguf_and_may_end_it(void **state)
{
	struct train_world w;
	struct tw_train_result r;
	struct tw_err err = TW_ERR_INIT;
	struct shown shown = {0};
	struct train_setup s = setup_of("--steps, 9, --do, show");
	(void)state;
	s.ctx = &shown;
	assert_ok(train_open(&w, &s, &err), &err);
	w.job.on_adapter = show;
	assert_int_equal(tw_train(&r, w.trainer, &w.job, &err), TW_BLOCKED);
	assert_string_equal(err.msg, "enough");
	assert_int_equal(shown.n, 2);
	assert_int_equal(shown.last, 3);
	train_close(&w);
}

/* --- failures --- */

static void a_program_that_fails_is_told_with_its_last_words(void **state)
{
	(void)state;
	expect_failure("--fail, 3", TW_IO, "exit status 1");
	expect_failure("--fail, 3", TW_IO, "line ");
	expect_failure("--fail, 3", TW_IO, "RuntimeError: out of memory at step 3");
}

static void without_an_adapter_or_with_one_of_another_shape_it_fails(void **state)
{
	(void)state;
	expect_failure("--steps, 1, --do, nothing", TW_BAD_DATA, "left neither adapter.gguf");
	expect_failure("--steps, 1, --do, damaged", TW_BAD_DATA, "does not fit");
}

static void after_a_failure_it_goes_on_from_the_programs_own_checkpoint(void **state)
{
	struct tw_train_result r;
	struct tw_err err = TW_ERR_INIT;
	struct train_setup s = setup_of("--fail, 6");
	(void)state;
	assert_int_equal(train_run(&r, &s, &err), TW_IO);
	s.options = train_peer("--steps, 9");
	tw_err_clear(&err);
	assert_ok(train_run(&r, &s, &err), &err);
	assert_int_equal(r.resumed_from, 4);
	assert_int_equal(r.steps, 9);
}

static void a_program_that_takes_too_long_is_ended(void **state)
{
	char options[1300];
	struct tw_train_result r;
	struct tw_err err = TW_ERR_INIT;
	struct train_setup s = setup_of("");
	(void)state;
	snprintf(options, sizeof(options), "%s, timeout: 1, grace: 0.2",
		 train_peer("--steps, 1, --do, deaf"));
	s.options = options;
	assert_int_equal(train_run(&r, &s, &err), TW_IO);
	assert_contains(err.msg, "not done after 1 s");
}

static void a_command_that_is_not_there_says_so(void **state)
{
	struct tw_train_result r;
	struct tw_err err = TW_ERR_INIT;
	struct train_setup s = setup_of("");
	(void)state;
	s.options = "trainer: command, command: no-such-trainer";
	assert_int_equal(train_run(&r, &s, &err), TW_IO);
	assert_contains(err.msg, "127");
	assert_contains(err.msg, "no-such-trainer");
	tw_err_clear(&err);
	s.options = "trainer: command";
	assert_int_equal(train_run(&r, &s, &err), TW_BAD_USE);
	assert_contains(err.msg, "command is missing");
}

static void a_base_that_is_no_file_here_is_refused(void **state)
{
	struct tw_train_result r;
	struct tw_err err = TW_ERR_INIT;
	struct train_setup s = setup_of("");
	(void)state;
	s.llm = "echo:x";
	assert_int_equal(train_run(&r, &s, &err), TW_UNSUPPORTED);
	assert_contains(err.msg, "no file on this machine");
}

int main(void)
{
	tw_log_set_level(TW_LOG_ERROR);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_become_metrics_under_our_names),
		cmocka_unit_test(what_is_no_metric_is_talk),
		cmocka_unit_test(the_program_gets_dataset_base_and_seed_in_files),
		cmocka_unit_test(an_adapter_to_go_on_from_is_handed_over_in_both_forms),
		cmocka_unit_test(an_adapter_shown_on_the_way_is_a_gguf_and_may_end_it),
		cmocka_unit_test(a_program_that_fails_is_told_with_its_last_words),
		cmocka_unit_test(without_an_adapter_or_with_one_of_another_shape_it_fails),
		cmocka_unit_test(after_a_failure_it_goes_on_from_the_programs_own_checkpoint),
		cmocka_unit_test(a_program_that_takes_too_long_is_ended),
		cmocka_unit_test(a_command_that_is_not_there_says_so),
		cmocka_unit_test(a_base_that_is_no_file_here_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
