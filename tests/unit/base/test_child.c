#include "base_test.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/fs.h"
#include "base/stop.h"
#include "base/str.h"
#include "base/time.h"

struct heard {
	struct tw_str text; /* "o:line\n" and "e:line\n" */
	const char *refuse; /* a line that is refused */
	const char *raise;  /* a line at which this process gets SIGTERM */
	size_t longest;
};

static enum tw_status hear(void *ctx, bool is_stderr, char *line, size_t len, struct tw_err *err)
{
	struct heard *h = ctx;
	assert_int_equal(line[len], '\0');
	h->longest = len > h->longest ? len : h->longest;
	if (len < 1000)
		tw_str_addf(&h->text, "%c:%s\n", is_stderr ? 'e' : 'o', line);
	if (h->raise && strcmp(line, h->raise) == 0)
		raise(SIGTERM);
	return h->refuse && strcmp(line, h->refuse) == 0
		       ? tw_fail(err, TW_BAD_DATA, "refused \"%s\"", line)
		       : TW_OK;
}

static enum tw_status run(int *status, struct heard *h, struct tw_child c, struct tw_err *err)
{
	c.on_line = hear;
	c.ctx = h;
	c.grace_s = c.grace_s > 0 ? c.grace_s : 5;
	return tw_child_run(status, &c, err);
}

static void lines_of_both_outputs_come_one_by_one(void **state)
{
	struct heard h = {0};
	struct tw_err err = TW_ERR_INIT;
	int status;
	(void)state;
	assert_ok(run(&status, &h,
		      (struct tw_child){.command = "echo one; echo; printf 'two\\r\\nthree'"},
		      &err),
		  &err);
	assert_int_equal(status, 0);
	assert_string_equal(h.text.data, "o:one\no:\no:two\no:three\n");
	tw_str_clear(&h.text);
	assert_ok(run(&status, &h, (struct tw_child){.command = "echo bad >&2; exit 3"}, &err),
		  &err);
	assert_int_equal(status, 3);
	assert_string_equal(h.text.data, "e:bad\n");
	tw_str_clear(&h.text);
	assert_ok(run(&status, &h, (struct tw_child){.command = "kill -9 $$"}, &err), &err);
	assert_int_equal(status, 128 + SIGKILL);
	tw_str_release(&h.text);
}

static void arguments_folder_and_environment_are_as_given(void **state)
{
	static const char *const args[] = {"a b", "$(echo no)", "'", NULL};
	static const char *const env[] = {"TWIN_CHILD_TEST=here", "PATH=/nowhere", NULL};
	struct heard h = {0};
	struct tw_err err = TW_ERR_INIT;
	struct tw_str want = TW_STR_INIT;
	int status;
	(void)state;
	const struct tw_child c = {
		.command =
			"cat; pwd; echo \"$TWIN_CHILD_TEST\"; test \"$PATH\" != /nowhere && printf '<%s>\\n'",
		.args = args,
		.env = env,
		.dir = tmp_dir()};
	assert_ok(run(&status, &h, c, &err), &err);
	assert_int_equal(status, 0);
	char *real = realpath(tmp_dir(), NULL);
	tw_str_addf(&want, "o:%s\no:here\no:<a b>\no:<$(echo no)>\no:<'>\n", real);
	assert_string_equal(h.text.data, want.data);
	free(real);
	tw_str_release(&want);
	tw_str_release(&h.text);
}

static void what_can_not_be_run_says_so_on_stderr(void **state)
{
	struct heard h = {0};
	struct tw_err err = TW_ERR_INIT;
	int status;
	(void)state;
	assert_ok(run(&status, &h, (struct tw_child){.command = "no-such-program-here"}, &err),
		  &err);
	assert_int_equal(status, 127);
	assert_contains(h.text.data, "no-such-program-here");
	assert_ok(run(&status, &h,
		      (struct tw_child){.command = "true", .dir = tmp_path("no-such-folder")},
		      &err),
		  &err);
	assert_int_equal(status, 126);
	tw_str_release(&h.text);
}

static void a_line_without_end_is_cut_and_takes_no_more_memory(void **state)
{
	struct heard h = {0};
	struct tw_err err = TW_ERR_INIT;
	int status;
	(void)state;
	assert_ok(run(&status, &h,
		      (struct tw_child){.command = "head -c 5000000 /dev/zero; echo; echo after"},
		      &err),
		  &err);
	assert_int_equal(h.longest, TW_CHILD_MAX_LINE);
	assert_string_equal(h.text.data, "o:after\n");
	tw_str_release(&h.text);
}

static bool gone(pid_t pid)
{
	for (int i = 0; i < 200; i++) {
		if (kill(pid, 0) != 0 && errno == ESRCH)
			return true;
		usleep(20000);
	}
	return false;
}

/* The number that a command wrote into the file `name`, once it is there. */
static pid_t pid_in(const char *name)
{
	struct tw_str s = TW_STR_INIT;
	for (int i = 0; i < 500 && (tw_read_file(&s, tmp_path(name), 0, NULL) != TW_OK ||
				    !strchr(s.data, '\n'));
	     i++) {
		tw_str_clear(&s);
		usleep(10000);
	}
	pid_t pid = (pid_t)atoi(tw_str_c(&s));
	tw_str_release(&s);
	assert_true(pid > 1);
	return pid;
}

static void what_it_leaves_running_goes_with_it(void **state)
{
	struct heard h = {0};
	struct tw_err err = TW_ERR_INIT;
	int status;
	(void)state;
	assert_ok(run(&status, &h,
		      (struct tw_child){.command = "sleep 100 & echo $! >left; echo done",
					.dir = tmp_dir()},
		      &err),
		  &err);
	assert_string_equal(h.text.data, "o:done\n");
	assert_true(gone(pid_in("left")));
	tw_str_release(&h.text);
}

static void a_refused_line_ends_it_with_that_error(void **state)
{
	struct heard h = {.refuse = "no"};
	struct tw_err err = TW_ERR_INIT;
	int status;
	(void)state;
	assert_int_equal(
		run(&status, &h,
		    (struct tw_child){.command = "echo yes; echo no; echo more; sleep 100"}, &err),
		TW_BAD_DATA);
	assert_contains(err.msg, "refused \"no\"");
	assert_string_equal(h.text.data, "o:yes\no:no\n");
	tw_str_release(&h.text);
}

static void when_its_time_is_up_it_is_ended_even_if_it_does_not_listen(void **state)
{
	struct heard h = {0};
	struct tw_err err = TW_ERR_INIT;
	int status;
	(void)state;
	const struct tw_child c = {
		.command = "trap '' TERM; echo $$ >deaf; while :; do sleep 0.05; done",
		.dir = tmp_dir(),
		.timeout_s = 0.3,
		.grace_s = 0.2};
	assert_int_equal(run(&status, &h, c, &err), TW_IO);
	assert_contains(err.msg, "was not done after");
	assert_true(gone(pid_in("deaf")));
	tw_str_release(&h.text);
}

static void killed_with_this_process_it_is_gone(void **state)
{
	(void)state;
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		struct heard h = {0};
		int status;
		const struct tw_child c = {
			.command = "sleep 100 & echo $! >inner; echo $$ >outer; wait",
			.dir = tmp_dir()};
		_exit(run(&status, &h, c, NULL) == TW_OK ? 0 : 1);
	}
	pid_t inner = pid_in("inner"), outer = pid_in("outer");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_true(gone(inner));
	assert_true(gone(outer));
}

/* Last: after it this process is stopping for good. The shell that it was started through ends at once; what that runs
 * has its time all the same. */
static void asked_to_stop_it_is_asked_too_and_its_last_words_are_heard(void **state)
{
	struct heard h = {.raise = "go"};
	struct tw_err err = TW_ERR_INIT;
	int status;
	(void)state;
	tw_stop_install();
	const struct tw_child c = {
		.command = "sh -c \"trap 'sleep 0.3; echo saved; exit 0' TERM; echo go; while :; "
			   "do sleep 0.05; done\"; true"};
	assert_int_equal(run(&status, &h, c, &err), TW_CANCELLED);
	assert_contains(err.msg, "stopped");
	assert_contains(h.text.data, "o:go\n");
	assert_contains(h.text.data, "o:saved\n");
	tw_str_release(&h.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_both_outputs_come_one_by_one),
		cmocka_unit_test(arguments_folder_and_environment_are_as_given),
		cmocka_unit_test(what_can_not_be_run_says_so_on_stderr),
		cmocka_unit_test(a_line_without_end_is_cut_and_takes_no_more_memory),
		cmocka_unit_test(what_it_leaves_running_goes_with_it),
		cmocka_unit_test(a_refused_line_ends_it_with_that_error),
		cmocka_unit_test(when_its_time_is_up_it_is_ended_even_if_it_does_not_listen),
		cmocka_unit_test(killed_with_this_process_it_is_gone),
		cmocka_unit_test(asked_to_stop_it_is_asked_too_and_its_last_words_are_heard),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
