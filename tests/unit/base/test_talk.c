/* log, progress and stop: what people see and press. */
#include "base_test.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/progress.h"
#include "base/stop.h"
#include "base/str.h"
#include "base/text.h"
#include "support/said.h"

static struct tw_str said;

static void listen(void (*fn)(void), bool terminal)
{
	said_begin(terminal);
	fn();
	said_end(&said);
}

static int quiet_environment(void **state)
{
	(void)state;
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	setenv("LC_ALL", "C", 1);
	tw_log_set_level(TW_LOG_INFO);
	return 0;
}

static void some_lines(void)
{
	tw_error("disk %s", "full");
	tw_warn("careful");
	tw_info("fine");
	tw_debug("hidden");
}

static void a_line_says_its_level(void **state)
{
	(void)state;
	listen(some_lines, false);
	assert_string_equal(said.data, "error: disk full\nwarning: careful\nfine\n");
}

static void the_level_hides_what_is_below(void **state)
{
	(void)state;
	tw_log_set_level(TW_LOG_ERROR);
	listen(some_lines, false);
	assert_string_equal(said.data, "error: disk full\n");
	tw_log_set_level(TW_LOG_DEBUG);
	listen(some_lines, false);
	assert_contains(said.data, "hidden\n");
	tw_log_set_level(TW_LOG_INFO);
}

static void colour_only_on_a_terminal_that_wants_it(void **state)
{
	(void)state;
	listen(some_lines, true);
	assert_contains(said.data, "\033[31merror: \033[0mdisk full");
	setenv("NO_COLOR", "1", 1);
	listen(some_lines, true);
	assert_null(strchr(said.data, '\033'));
	unsetenv("NO_COLOR");
	setenv("TERM", "dumb", 1);
	listen(some_lines, true);
	assert_null(strchr(said.data, '\033'));
	assert_string_equal(tw_color(stderr, "no such colour"), "");
}

static void one_long_line(void)
{
	tw_info("%05000d", 1);
}

static void a_long_line_is_whole(void **state)
{
	(void)state;
	listen(one_long_line, false);
	assert_int_equal(said.len, 5001);
}

static void *talk(void *arg)
{
	for (int i = 0; i < 200; i++)
		tw_info("%s%s%s", (char *)arg, (char *)arg, (char *)arg);
	return NULL;
}

static void two_threads_talk(void)
{
	pthread_t a, b;

	pthread_create(&a, NULL, talk, "aaaaaaaaaa");
	pthread_create(&b, NULL, talk, "bbbbbbbbbb");
	pthread_join(a, NULL);
	pthread_join(b, NULL);
}

static void lines_of_two_threads_never_mix(void **state)
{
	(void)state;
	listen(two_threads_talk, false);
	assert_int_equal(said.len, 400 * 31);
	for (size_t i = 0; i < said.len; i += 31)
		for (size_t j = 1; j < 30; j++)
			assert_int_equal(said.data[i + j], said.data[i]);
}

static void some_work(void)
{
	struct tw_progress *p = tw_progress_new("embed", "chunks", 10);

	for (int i = 0; i < 10; i++) {
		tw_progress_add(p, 1);
		if (i == 5) {
			usleep(150000);
			tw_progress_note(p, "loss %.2f", 2.5);
			tw_progress_add(p, 0);
			tw_info("by the way");
		}
	}
	tw_progress_free(p);
}

static void progress_is_plain_lines_away_from_a_terminal(void **state)
{
	(void)state;
	listen(some_work, false);
	assert_contains(said.data, "embed: 10 chunks\nby the way\nembed: 10 chunks in ");
	assert_contains(said.data, "loss 2.50\n");
	assert_null(strchr(said.data, '\r'));
}

static void progress_is_a_bar_that_leaves_the_line_to_others(void **state)
{
	(void)state;
	listen(some_work, true);
	assert_contains(said.data, "embed  [##############..........]  6/10");
	assert_contains(said.data, "loss 2.50\033[K\r\033[Kby the way\r\n");
	assert_contains(said.data, "embed: 10 chunks in ");
}

static void a_long_note(void)
{
	struct tw_progress *p = tw_progress_new("train", "steps", 60);

	tw_progress_note(p, "loss 2.310  validation 2.402  205 tokens/s");
	usleep(600000); /* until there is a rate, and it is time to draw */
	tw_progress_add(p, 24);
	tw_progress_hide();
	tw_progress_free(p);
}

static void progress_fits_the_line_and_keeps_the_note(void **state)
{
	(void)state;
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("NO_COLOR", "1", 1);
	listen(a_long_note, true);
	assert_contains(said.data, "train  ━━━");
	assert_contains(said.data, "24/60  0:01 left  loss 2.310  validation 2.402  205 tokens/s");
	assert_null(strstr(said.data, "s/s  0:01 left"));
	const char *line = strchr(said.data, '\r');
	assert_non_null(line);
	assert_true(tw_utf8_count(line + 1, strcspn(line + 1, "\033")) < 80);
	unsetenv("NO_COLOR");
}

static void progress_is_silent_when_the_log_is(void **state)
{
	(void)state;
	tw_log_set_level(TW_LOG_WARN);
	listen(some_work, false);
	tw_log_set_level(TW_LOG_INFO);
	assert_int_equal(said.len, 0);
	tw_progress_add(NULL, 1);
	tw_progress_set(NULL, 1);
	tw_progress_note(NULL, "x");
	tw_progress_free(NULL);
}

/* In a child: signals `sig` `times` times, then exits with tw_stopping(). */
static int child_status(int sig, int times)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		tw_stop_install();
		if (tw_stopping())
			_exit(9);
		for (int i = 0; i < times; i++)
			raise(sig);
		_exit(tw_stopping() ? 1 : 0);
	}
	waitpid(pid, &status, 0);
	return status;
}

static void the_first_signal_asks_the_second_ends(void **state)
{
	int status;

	(void)state;
	status = child_status(SIGINT, 1);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	status = child_status(SIGTERM, 1);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	status = child_status(SIGINT, 2);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
	status = child_status(SIGPIPE, 1);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void a_bad_name(void)
{
	tw_info("%sdone%s post\033]0;x\a\033[2Js.md", tw_color(stderr, "bold"),
		tw_color(stderr, "reset"));
}

static void of_escape_sequences_only_our_colours_pass(void **state)
{
	(void)state;
	listen(a_bad_name, false);
	assert_string_equal(tw_str_c(&said), "done post ]0;x  [2Js.md\n");
	listen(a_bad_name, true);
	assert_non_null(strstr(tw_str_c(&said), "\033[1mdone\033[0m post ]0;x  [2Js.md"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(of_escape_sequences_only_our_colours_pass,
				       quiet_environment),
		cmocka_unit_test_setup(a_line_says_its_level, quiet_environment),
		cmocka_unit_test_setup(the_level_hides_what_is_below, quiet_environment),
		cmocka_unit_test_setup(colour_only_on_a_terminal_that_wants_it, quiet_environment),
		cmocka_unit_test_setup(a_long_line_is_whole, quiet_environment),
		cmocka_unit_test_setup(lines_of_two_threads_never_mix, quiet_environment),
		cmocka_unit_test_setup(progress_is_plain_lines_away_from_a_terminal,
				       quiet_environment),
		cmocka_unit_test_setup(progress_is_a_bar_that_leaves_the_line_to_others,
				       quiet_environment),
		cmocka_unit_test_setup(progress_fits_the_line_and_keeps_the_note,
				       quiet_environment),
		cmocka_unit_test_setup(progress_is_silent_when_the_log_is, quiet_environment),
		cmocka_unit_test(the_first_signal_asks_the_second_ends),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	tw_str_release(&said);
	return failed;
}
