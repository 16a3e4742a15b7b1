/* Programs as filters: what they get, what they may, and how they end. */
#include "base_test.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/filter.h"
#include "base/fs.h"
#include "base/sandbox.h"
#include "base/stop.h"
#include "base/str.h"

static struct tw_arena a;
static struct tw_str out;
static char said[200];
static size_t most;

static int setup(void **state)
{
	(void)state;
	tw_arena_init(&a);
	tw_str_clear(&out);
	most = (size_t)64 << 20;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tw_arena_release(&a);
	tw_str_release(&out);
	return 0;
}

static enum tw_status take(void *ctx, const char *data, size_t len, struct tw_err *err)
{
	(void)ctx;
	tw_str_add(&out, data, len);
	return out.len > most ? tw_fail(err, TW_BAD_DATA, "too much") : TW_OK;
}

static enum tw_status run(int *status, const char *const *argv, const char *in, size_t len,
			  struct tw_err *err)
{
	const struct tw_filter f = {.argv = argv,
				    .in = {in, len},
				    .memory = (int64_t)1 << 30,
				    .seconds = 20,
				    .on_bytes = take};
	return tw_filter_run(status, said, sizeof(said), &f, err);
}

static enum tw_status shell(int *status, const char *script, struct tw_err *err)
{
	const char *const argv[] = {tw_filter_find("sh", &a), "-c", script, NULL};
	assert_non_null(argv[0]);
	return run(status, argv, "", 0, err);
}

static void bytes_go_through_however_many(void **state)
{
	const size_t len = 3000000;
	const char *const argv[] = {tw_filter_find("cat", &a), NULL};
	char *in = tw_alloc(&a, len);
	struct tw_err err = TW_ERR_INIT;
	int status;
	(void)state;
	for (size_t i = 0; i < len; i++)
		in[i] = (char)(i * 7 >> 3);
	assert_ok(run(&status, argv, in, len, &err), &err);
	assert_int_equal(status, 0);
	assert_int_equal(out.len, len);
	assert_memory_equal(out.data, in, len);
}

static void a_program_that_reads_nothing_ends_well(void **state)
{
	const char *const argv[] = {tw_filter_find("true", &a), NULL};
	struct tw_err err = TW_ERR_INIT;
	int status;
	(void)state;
	assert_ok(run(&status, argv, tw_alloc(&a, 1 << 20), 1 << 20, &err), &err);
	assert_int_equal(status, 0);
}

static void what_it_says_and_how_it_ends_is_told(void **state)
{
	struct tw_err err = TW_ERR_INIT;
	const char *const none[] = {"/nowhere/none", NULL};
	int status;
	(void)state;
	assert_ok(shell(&status, "echo text; echo why >&2; exit 3", &err), &err);
	assert_int_equal(status, 3);
	assert_string_equal(out.data, "text\n");
	assert_string_equal(said, "why\n");
	assert_ok(shell(&status, "kill -s KILL $$", &err), &err);
	assert_int_equal(status, 128 + SIGKILL);
	assert_ok(run(&status, none, "", 0, &err), &err);
	assert_int_equal(status, 127);
	assert_null(tw_filter_find("no-such-program-here", &a));
}

static void it_gets_no_other_open_file(void **state)
{
	struct tw_err err = TW_ERR_INIT;
	int status, ends[2];
	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(dup2(ends[1], 9), 9);
	assert_ok(shell(&status, "echo got it >&9", &err), &err);
	assert_int_not_equal(status, 0);
	close(9);
	close(ends[0]);
	close(ends[1]);
}

static void output_that_is_refused_ends_it(void **state)
{
	struct tw_err err = TW_ERR_INIT;
	int status;
	(void)state;
	most = 100000;
	assert_int_equal(shell(&status, "while :; do echo more and more; done", &err), TW_BAD_DATA);
	assert_contains(err.msg, "too much");
}

static void it_ends_when_its_time_is_up(void **state)
{
	const char *const argv[] = {tw_filter_find("sleep", &a), "1000", NULL};
	const struct tw_filter f = {.argv = argv, .seconds = 1, .on_bytes = take};
	struct tw_err err = TW_ERR_INIT;
	int status;
	(void)state;
	assert_int_equal(tw_filter_run(&status, said, sizeof(said), &f, &err), TW_IO);
	assert_contains(err.msg, "sleep was not done after 1 s");
}

static void it_reads_and_writes_no_file_of_the_user(void **state)
{
	const char *top = getenv("TWIN_TEST_TMP");
	const char *secret = tw_path_join(&a, top ? top : "/tmp", "filter-secret.txt");
	const char *made = tw_path_join(&a, top ? top : "/tmp", "filter-made.txt");
	struct tw_err err = TW_ERR_INIT;
	int status;
	(void)state;
	if (!(tw_sandbox_probe() & TW_SANDBOX_FILES)) {
		print_message("no Landlock here: only the limits stand\n");
		assert_true(tw_sandbox_probe() & TW_SANDBOX_LIMITS);
		return;
	}
	assert_ok(tw_write_file(secret, "mine\n", 5, &err), &err);
	assert_ok(shell(&status, tw_sprintf(&a, "read -r x <%s && echo \"$x\"", secret), &err),
		  &err);
	assert_int_not_equal(status, 0);
	assert_int_equal(out.len, 0);
	assert_ok(shell(&status, tw_sprintf(&a, "echo x >%s", made), &err), &err);
	assert_int_not_equal(status, 0);
	assert_false(tw_exists(made));
}

/* Who runs it may itself be in a sandbox, which reads more: the filter still does not. */
static void within_a_sandbox_it_has_less_than_its_caller(void **state)
{
	const char *top = getenv("TWIN_TEST_TMP");
	const char *dir = top ? top : "/tmp", *sh = tw_filter_find("sh", &a);
	const char *mine = tw_path_join(&a, dir, "filter-mine.txt");
	const char *const read[] = {dir, NULL}, *const run_it[] = {sh, NULL};
	const char *script = tw_sprintf(&a, "read -r x <%s && echo \"$x\"", mine);
	const struct tw_sandbox box = {.read = read, .run = run_it, .file_size = -1};
	struct tw_err err = TW_ERR_INIT;
	int status = 0, ended = 0;
	(void)state;
	assert_ok(tw_write_file(mine, "mine\n", 5, &err), &err);
	pid_t pid = fork();
	if (pid == 0) {
		const bool files = tw_sandbox_enter(&box) & TW_SANDBOX_FILES;
		const bool ran = shell(&status, "echo runs", NULL) == TW_OK && out.len == 5;
		const bool reads = shell(&status, script, NULL) == TW_OK && out.len > 5;
		_exit(tw_exists(mine) && ran && !(files && reads) ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &ended, 0), pid);
	assert_true(WIFEXITED(ended) && WEXITSTATUS(ended) == 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(bytes_go_through_however_many),
		T(a_program_that_reads_nothing_ends_well),
		T(what_it_says_and_how_it_ends_is_told),
		T(it_gets_no_other_open_file),
		T(output_that_is_refused_ends_it),
		T(it_ends_when_its_time_is_up),
		T(it_reads_and_writes_no_file_of_the_user),
		T(within_a_sandbox_it_has_less_than_its_caller),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
