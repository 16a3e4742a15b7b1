/* Files of questions: order, bad lines, stopping and going on. */
#include "inference/batch.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/stop.h"
#include "core/prediction.h"
#include "inference/batch_file.h"
#include "support/small_twin.h"

static struct small_twin t;
static struct tw_serving *serving;
static const char *in_path, *out_path;

static void open_serving(void)
{
	assert_ok(tw_deployment_open(&serving, &t.env, NULL, &t.err), &t.err);
	in_path = tw_path_join(&t.a, t.dir, "in.jsonl");
	out_path = tw_path_join(&t.a, t.dir, "out.jsonl");
}

static int setup(void **state)
{
	(void)state;
	small_twin_mara(&t, "cite", NULL);
	open_serving();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tw_serving_close(serving);
	serving = NULL;
	small_twin_close(&t);
	return 0;
}

static void write_in(const char *text)
{
	assert_ok(tw_write_file(in_path, text, strlen(text), &t.err), &t.err);
}

static char *read_text(const char *path)
{
	struct tw_str s = TW_STR_INIT;
	assert_ok(tw_read_file(&s, path, 0, &t.err), &t.err);
	char *out = tw_str_dup(&s, &t.a);
	tw_str_release(&s);
	return out;
}

static struct tw_batch_stats run(const char *name)
{
	struct tw_batch_stats stats;
	const struct tw_batch_job job = {in_path, out_path, name};
	assert_ok(tw_batch_run(&stats, serving, &job, &t.err), &t.err);
	return stats;
}

/* Line `i` (from 0) of the output. */
static const struct tw_json *line_of(char *text, int i)
{
	struct tw_json *v;
	while (i-- > 0)
		text = strchr(text, '\n') + 1;
	assert_ok(tw_json_parse(&v, text, strcspn(text, "\n"), &t.a, &t.err), &t.err);
	return v;
}

static const char *str(const struct tw_json *v, const char *key)
{
	return tw_json_str(tw_json_get(v, key), "");
}

static const char three[] =
	"{\"id\": \"a\", \"question\": \"Which spokes of the wheel are loose?\"}\n"
	"{\"id\": 2, \"question\": \"What is the capital of Mongolia?\"}\n"
	"{\"question\": \"When does the milk go into the brown pot of tea?\"}\n";

static void answers_come_in_the_order_of_the_questions(void **state)
{
	(void)state;
	write_in(three);
	struct tw_batch_stats s = run(NULL);
	assert_int_equal(s.lines, 3);
	assert_int_equal(s.answered, 3);
	assert_int_equal(s.failed + s.resumed, 0);
	char *out = read_text(out_path);
	const struct tw_json *v = line_of(out, 0);
	assert_int_equal(tw_json_int(tw_json_get(v, "line"), 0), 1);
	assert_string_equal(str(v, "id"), "a");
	assert_string_equal(str(v, "finish"), "stop");
	assert_string_equal(str(tw_json_get(v, "sources")->child, "title"), "Truing a wheel");
	v = line_of(out, 1);
	assert_int_equal(tw_json_int(tw_json_get(v, "id"), 0), 2);
	assert_string_equal(str(v, "finish"), "refused");
	assert_int_equal(tw_json_get(v, "sources")->n, 0);
	v = line_of(out, 2);
	assert_null(tw_json_get(v, "id"));
	assert_string_equal(str(tw_json_get(v, "sources")->child, "title"), "How I make tea");
}

static void answers_are_stored_under_the_name_of_the_batch(void **state)
{
	(void)state;
	struct tw_predictions p;
	write_in(three);
	struct tw_batch_stats s = run("exam");
	assert_string_equal(s.name, "exam");
	assert_ok(tw_fs_predictions(&p, t.fs, "exam", 0, &t.a, &t.err), &t.err);
	assert_int_equal(p.n, 3);
	struct tw_prediction one;
	const char *id = str(line_of(read_text(out_path), 0), "prediction");
	assert_ok(tw_fs_prediction(&one, t.fs, id, &t.a, &t.err), &t.err);
	assert_string_equal(one.question, "Which spokes of the wheel are loose?");
	/* Once more: the same answers are not stored a second time. */
	run("exam");
	assert_ok(tw_fs_predictions(&p, t.fs, "exam", 0, &t.a, &t.err), &t.err);
	assert_int_equal(p.n, 3);
}

static void a_bad_line_is_reported_with_its_number_and_the_rest_goes_on(void **state)
{
	(void)state;
	struct tw_str in = TW_STR_INIT;
	tw_str_adds(&in, "\n{\"question\": \"Which spokes of the wheel are loose?\"}\n   \n"
			 "{\"question\": unquoted}\n"
			 "{\"id\": \"x\", \"ask\": \"no question\"}\n"
			 "{\"question\": 7}\n[]\n{\"id\": 8, \"question\": \"  \"}\n");
	for (int i = 0; i <= TW_BATCH_LINE_MAX; i++)
		tw_str_addc(&in, 'x');
	tw_str_adds(&in, "\n{\"question\": \"How long in the brown pot, and the milk?\"}");
	write_in(tw_str_c(&in));
	tw_str_release(&in);
	struct tw_batch_stats s = run(NULL);
	assert_int_equal(s.lines, 8);
	assert_int_equal(s.answered, 2);
	assert_int_equal(s.failed, 6);
	char *out = read_text(out_path);
	static const int lines[] = {2, 4, 5, 6, 7, 8, 9, 10};
	for (int i = 0; i < 8; i++) {
		const struct tw_json *v = line_of(out, i);
		assert_int_equal(tw_json_int(tw_json_get(v, "line"), 0), lines[i]);
		bool good = i == 0 || i == 7;
		assert_true(good == (tw_json_get(v, "error") == NULL));
	}
	assert_string_equal(str(line_of(out, 2), "id"), "x");
	assert_contains(str(line_of(out, 2), "error"), "question");
	assert_contains(str(line_of(out, 5), "error"), "empty");
	assert_contains(str(line_of(out, 6), "error"), "longer");
}

static void a_batch_that_was_cut_off_ends_as_if_it_had_not_been(void **state)
{
	(void)state;
	struct tw_predictions p;
	write_in(three);
	struct tw_batch_stats s = run(NULL);
	char *whole = read_text(out_path);
	assert_ok(tw_remove_all(out_path, &t.err), &t.err);
	/* The name ends in the digest that the part file has in its own. */
	char *part = tw_sprintf(&t.a, "%s.%s.part", out_path, s.name + strlen("batch-"));
	size_t two = (size_t)(strchr(strchr(whole, '\n') + 1, '\n') - whole) + 1;
	assert_ok(tw_write_file(part, whole, two + 9, &t.err), &t.err); /* torn in line three */
	s = run(NULL);
	assert_int_equal(s.resumed, 2);
	assert_int_equal(s.answered, 1);
	assert_string_equal(read_text(out_path), whole);
	assert_false(tw_exists(part));
	assert_ok(tw_fs_predictions(&p, t.fs, s.name, 0, &t.a, &t.err), &t.err);
	assert_int_equal(p.n, 3);
}

static void a_changed_input_or_deployment_is_another_batch(void **state)
{
	(void)state;
	write_in(three);
	struct tw_batch_stats a = run(NULL);
	write_in("{\"question\": \"Which spokes of the wheel are loose?\"}\n");
	struct tw_batch_stats b = run(NULL);
	assert_string_not_equal(a.name, b.name);
	assert_int_equal(b.lines, 1);
	assert_null(strstr(read_text(out_path), "Mongolia"));
	struct small_features f = small_twin_declare(&t, "2");
	small_twin_compute(&t, &f);
	small_twin_deploy(&t, small_twin_register(&t, &f), &f);
	tw_serving_close(serving);
	open_serving();
	struct tw_batch_stats c = run(NULL);
	assert_string_not_equal(b.name, c.name);
	assert_int_equal(c.answered, 1);
}

static void files_that_cannot_be_are_refused_before_anything_is_done(void **state)
{
	(void)state;
	struct tw_batch_stats s;
	struct tw_err err = TW_ERR_INIT;
	struct tw_batch_job job = {in_path, out_path, NULL};
	assert_int_equal(tw_batch_run(&s, serving, &job, &err), TW_NOT_FOUND);
	assert_contains(err.msg, "in.jsonl");
	write_in(three);
	job.out = t.dir;
	tw_err_clear(&err);
	assert_int_equal(tw_batch_run(&s, serving, &job, &err), TW_BAD_USE);
	job.out = in_path;
	tw_err_clear(&err);
	assert_int_equal(tw_batch_run(&s, serving, &job, &err), TW_BAD_USE);
	assert_string_equal(read_text(in_path), three);
	job.out = tw_path_join(&t.a, t.dir, "no/such/folder/out");
	tw_err_clear(&err);
	assert_int_equal(tw_batch_run(&s, serving, &job, &err), TW_IO);
}

static void an_empty_file_gives_an_empty_file(void **state)
{
	(void)state;
	write_in("\n\n");
	struct tw_batch_stats s = run(NULL);
	assert_int_equal(s.lines, 0);
	assert_string_equal(read_text(out_path), "");
}

static void *terminate_soon(void *arg)
{
	const struct timespec nap = {0, 150 * 1000000L};
	(void)arg;
	nanosleep(&nap, NULL);
	kill(getpid(), SIGTERM);
	return NULL;
}

/* In a process of its own, since a polite stop is for good. */
static int run_and_be_stopped(const char *dir, const char *in, const char *out)
{
	struct small_twin mine;
	struct tw_serving *s;
	struct tw_batch_stats stats;
	struct tw_err err = TW_ERR_INIT;
	pthread_t thread;
	const struct tw_batch_job job = {in, out, "slow"};
	tw_stop_install();
	small_twin_open_at(&mine, dir);
	if (tw_deployment_open(&s, &mine.env, NULL, &err) != TW_OK)
		return 3;
	pthread_create(&thread, NULL, terminate_soon, NULL);
	enum tw_status st = tw_batch_run(&stats, s, &job, &err);
	pthread_join(thread, NULL);
	return st == TW_CANCELLED && strstr(err.msg, "stopped") && !tw_exists(out) ? 0 : 4;
}

static void a_polite_stop_keeps_what_was_answered(void **state)
{
	(void)state;
	int status;
	char dir[512];
	struct tw_predictions p;
	teardown(NULL);
	small_twin_mara(&t, "slow", "answer: {max_tokens: 3}\n");
	open_serving();
	struct tw_str in = TW_STR_INIT;
	for (int i = 0; i < 20; i++)
		tw_str_adds(&in, "{\"question\": \"Which spokes of the wheel are loose?\"}\n");
	write_in(tw_str_c(&in));
	tw_str_release(&in);
	const char *in_file = in_path, *out_file = out_path;
	snprintf(dir, sizeof(dir), "%s", t.dir);
	tw_serving_close(serving);
	serving = NULL;
	tw_fs_close(t.fs);
	tw_mr_close(t.mr);
	t.fs = NULL;
	t.mr = NULL;
	pid_t pid = fork();
	if (pid == 0)
		_exit(run_and_be_stopped(dir, in_file, out_file));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	small_twin_close(&t);
	small_twin_open_at(&t, dir);
	open_serving();
	struct tw_batch_stats s = run("slow");
	assert_int_equal(s.resumed + s.answered, 20);
	assert_int_equal(s.failed, 0);
	assert_int_equal(tw_json_int(tw_json_get(line_of(read_text(out_path), 19), "line"), 0), 20);
	assert_ok(tw_fs_predictions(&p, t.fs, "slow", 0, &t.a, &t.err), &t.err);
	assert_int_equal(p.n, 20);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(answers_come_in_the_order_of_the_questions),
		T(answers_are_stored_under_the_name_of_the_batch),
		T(a_bad_line_is_reported_with_its_number_and_the_rest_goes_on),
		T(a_batch_that_was_cut_off_ends_as_if_it_had_not_been),
		T(a_changed_input_or_deployment_is_another_batch),
		T(files_that_cannot_be_are_refused_before_anything_is_done),
		T(an_empty_file_gives_an_empty_file),
		T(a_polite_stop_keeps_what_was_answered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
