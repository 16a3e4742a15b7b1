#include "base_test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"

static void put(const char *path, const char *text)
{
	struct tw_err err = TW_ERR_INIT;

	assert_ok(tw_write_file(path, text, strlen(text), &err), &err);
}

static void assert_content(const char *path, const char *text)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_str s = TW_STR_INIT;

	assert_ok(tw_read_file(&s, path, 0, &err), &err);
	assert_string_equal(tw_str_c(&s), text);
	tw_str_release(&s);
}

static void what_was_written_is_read(void **state)
{
	(void)state;
	put(tmp_path("f"), "one");
	assert_content(tmp_path("f"), "one");
	put(tmp_path("f"), "two, longer");
	assert_content(tmp_path("f"), "two, longer");
	put(tmp_path("f"), "");
	assert_content(tmp_path("f"), "");
}

static void reading_appends_and_failing_leaves_the_string(void **state)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_str s = TW_STR_INIT;

	(void)state;
	put(tmp_path("f"), "12345678");
	tw_str_adds(&s, "> ");
	assert_ok(tw_read_file(&s, tmp_path("f"), 8, &err), &err);
	assert_string_equal(s.data, "> 12345678");
	assert_int_equal(tw_read_file(&s, tmp_path("f"), 7, &err), TW_BAD_DATA);
	assert_contains(err.msg, "limit of 7 bytes");
	assert_string_equal(s.data, "> 12345678");
	tw_str_release(&s);
}

static void a_file_without_a_size_is_read_and_limited(void **state)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_str s = TW_STR_INIT;

	(void)state;
	assert_ok(tw_read_file(&s, "/proc/self/status", 0, &err), &err);
	assert_contains(s.data, "Name:");
	tw_str_clear(&s);
	assert_int_equal(tw_read_file(&s, "/dev/zero", 100000, &err), TW_BAD_DATA);
	assert_int_equal(s.len, 0);
	tw_str_release(&s);
}

static void errors_name_the_path_and_the_reason(void **state)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_str s = TW_STR_INIT;

	(void)state;
	assert_int_equal(tw_read_file(&s, tmp_path("absent"), 0, &err), TW_NOT_FOUND);
	assert_contains(err.msg, "absent: No such file");
	tw_err_clear(&err);
	assert_int_equal(tw_read_file(&s, "/", 0, &err), TW_IO);
	assert_contains(err.msg, "Is a directory");
	tw_err_clear(&err);
	assert_int_equal(tw_write_file(tmp_path("no/such/folder"), "x", 1, &err), TW_NOT_FOUND);
	tw_str_release(&s);
}

static void a_full_disk_is_an_error(void **state)
{
	struct tw_err err = TW_ERR_INIT;

	(void)state;
	assert_int_equal(tw_write_file("/dev/full", "x", 1, &err), TW_IO);
	assert_contains(err.msg, "No space left");
	assert_ok(tw_write_file("/dev/null", "x", 1, &err), &err);
}

static enum tw_status write_two_lines(void *ctx, FILE *f, struct tw_err *err)
{
	(void)ctx;
	(void)err;
	fputs("one\ntwo\n", f);
	return TW_OK;
}

static void what_is_no_file_is_written_to_and_stays(void **state)
{
	struct tw_err err = TW_ERR_INIT;
	const char *fifo = tmp_path("fifo");
	char got[32] = "";
	struct stat sb;

	(void)state;
	assert_int_equal(mkfifo(fifo, 0600), 0);
	int fd = open(fifo, O_RDONLY | O_NONBLOCK);
	assert_true(fd >= 0);
	assert_ok(tw_write_file_by(fifo, write_two_lines, NULL, &err), &err);
	assert_int_equal(read(fd, got, sizeof(got)), 8);
	assert_string_equal(got, "one\ntwo\n");
	const char *from = tmp_path("from");
	assert_ok(tw_write_file(from, "three", 5, &err), &err);
	assert_ok(tw_copy_file(from, fifo, &err), &err);
	assert_int_equal(read(fd, got, sizeof(got)), 5);
	assert_int_equal(memcmp(got, "three", 5), 0);
	close(fd);
	assert_int_equal(stat(fifo, &sb), 0);
	assert_true(S_ISFIFO(sb.st_mode));
	assert_int_equal(tw_write_file_by("/dev/full", write_two_lines, NULL, &err), TW_IO);
}

static int count_files(const char *dir);

/* RLIMIT_FSIZE makes a write fail in the middle, as a full disk would. */
static void a_write_that_fails_leaves_the_old_file_and_nothing_else(void **state)
{
	struct tw_err err = TW_ERR_INIT;
	struct rlimit old, small = {1000, RLIM_INFINITY};
	char *data = calloc(1, 5000);
	enum tw_status st;

	(void)state;
	assert_ok(tw_mkdirs(tmp_path("full"), &err), &err);
	put(tmp_path("full/f"), "old");
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_FSIZE, &small);
	st = tw_write_file(tmp_path("full/f"), data, 5000, &err);
	setrlimit(RLIMIT_FSIZE, &old);
	free(data);
	assert_int_equal(st, TW_IO);
	assert_content(tmp_path("full/f"), "old");
	assert_int_equal(count_files(tmp_path("full")), 1);
}

/* A child writes over and over; whenever it is killed the file is one of the whole ones. */
static void a_killed_write_leaves_a_whole_file(void **state)
{
	enum { SIZE = 300000 };
	char *data = malloc(SIZE);
	const char *path = tmp_path("kill");

	(void)state;
	memset(data, 'a', SIZE);
	put(path, "start");
	for (int i = 0; i < 15; i++) {
		struct tw_str s = TW_STR_INIT;
		pid_t pid = fork();

		if (pid == 0) {
			for (char c = 'a';; c = c == 'z' ? 'a' : (char)(c + 1)) {
				memset(data, c, SIZE);
				if (tw_write_file(path, data, SIZE, NULL) != TW_OK)
					_exit(1);
			}
		}
		usleep((useconds_t)(3000 + i * 700));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		assert_int_equal(tw_read_file(&s, path, 0, NULL), TW_OK);
		if (strcmp(s.data, "start") != 0) {
			assert_int_equal(s.len, SIZE);
			for (int j = 1; j < SIZE; j++)
				if (s.data[j] != s.data[0])
					fail_msg("torn at byte %d", j);
		}
		tw_str_release(&s);
	}
	free(data);
}

static void rewriting_keeps_the_mode(void **state)
{
	struct stat sb;

	(void)state;
	put(tmp_path("mode"), "x");
	assert_int_equal(chmod(tmp_path("mode"), 0600), 0);
	put(tmp_path("mode"), "y");
	assert_int_equal(stat(tmp_path("mode"), &sb), 0);
	assert_int_equal(sb.st_mode & 0777, 0600);
}

static void a_copy_is_equal_and_whole(void **state)
{
	struct tw_err err = TW_ERR_INIT;

	(void)state;
	put(tmp_path("from"), "content");
	assert_ok(tw_copy_file(tmp_path("from"), tmp_path("to"), &err), &err);
	assert_content(tmp_path("to"), "content");
	assert_int_equal(tw_copy_file(tmp_path("absent"), tmp_path("to"), &err), TW_NOT_FOUND);
	assert_content(tmp_path("to"), "content");
	assert_int_equal(tw_copy_file("/", tmp_path("to"), NULL), TW_IO);
	assert_content(tmp_path("to"), "content");
}

static void folders_are_made_and_removed_with_all_in_them(void **state)
{
	struct tw_err err = TW_ERR_INIT;

	(void)state;
	assert_ok(tw_mkdirs(tmp_path("d/e/f/"), &err), &err);
	assert_ok(tw_mkdirs(tmp_path("d/e/f"), &err), &err);
	assert_true(tw_is_dir(tmp_path("d/e/f")));
	put(tmp_path("d/file"), "x");
	put(tmp_path("outside"), "keep me");
	assert_int_equal(symlink(tmp_path("outside"), tmp_path("d/e/link")), 0);
	assert_int_equal(tw_mkdirs(tmp_path("d/file/x"), &err), TW_IO);
	assert_contains(err.msg, "d/file");
	tw_err_clear(&err);
	assert_ok(tw_remove_all(tmp_path("d"), &err), &err);
	assert_false(tw_exists(tmp_path("d")));
	assert_content(tmp_path("outside"), "keep me");
	assert_ok(tw_remove_all(tmp_path("d"), &err), &err);
	assert_ok(tw_remove_all(tmp_path("outside"), &err), &err);
	assert_false(tw_exists(tmp_path("outside")));
}

struct seen {
	struct tw_str names;
	int n, stop_after;
};

static enum tw_status on_file(void *ctx, const char *rel, const struct tw_stat *st,
			      const char *problem, struct tw_err *err)
{
	struct seen *s = ctx;

	tw_str_addf(&s->names, "%s%s\n", rel, problem ? " (problem)" : "");
	assert_true(problem || st->is_file);
	if (++s->n == s->stop_after)
		return tw_fail(err, TW_CANCELLED, "enough");
	return TW_OK;
}

static int count_files(const char *dir)
{
	struct tw_err err = TW_ERR_INIT;
	struct seen s = {0};

	assert_ok(tw_walk(dir, NULL, on_file, &s, &err), &err);
	tw_str_release(&s.names);
	return s.n;
}

static void a_walk_visits_files_in_byte_order_without_links(void **state)
{
	struct tw_err err = TW_ERR_INIT;
	struct seen s = {0};

	(void)state;
	assert_ok(tw_mkdirs(tmp_path("w/a/b"), &err), &err);
	assert_ok(tw_mkdirs(tmp_path("w/empty"), &err), &err);
	put(tmp_path("w/a/b/z"), "");
	put(tmp_path("w/a/y"), "");
	put(tmp_path("w/a-b"), "");
	put(tmp_path("w/B"), "");
	put(tmp_path("w/a.txt"), "");
	assert_int_equal(symlink("B", tmp_path("w/link")), 0);
	assert_int_equal(symlink("..", tmp_path("w/loop")), 0);
	assert_int_equal(mkfifo(tmp_path("w/fifo"), 0600), 0);
	assert_ok(tw_walk(tmp_path("w"), NULL, on_file, &s, &err), &err);
	assert_string_equal(s.names.data, "B\na-b\na.txt\na/b/z\na/y\n");

	tw_str_clear(&s.names);
	s.n = 0;
	s.stop_after = 2;
	assert_int_equal(tw_walk(tmp_path("w/"), NULL, on_file, &s, &err), TW_CANCELLED);
	assert_string_equal(s.names.data, "B\na-b\n");
	tw_str_release(&s.names);
}

static void a_walk_of_nothing_says_so(void **state)
{
	struct tw_err err = TW_ERR_INIT;
	struct seen s = {0};

	(void)state;
	assert_int_equal(tw_walk(tmp_path("nowhere"), NULL, on_file, &s, &err), TW_NOT_FOUND);
	assert_contains(err.msg, "nowhere");
	put(tmp_path("plain"), "");
	assert_int_equal(tw_walk(tmp_path("plain"), NULL, on_file, &s, NULL), TW_IO);
}

static void syncing_a_folder_that_is_not_there_fails_by_name(void **state)
{
	struct tw_err err = TW_ERR_INIT;

	(void)state;
	assert_ok(tw_mkdirs(tmp_path("sync"), &err), &err);
	assert_ok(tw_sync_folder(tmp_path("sync"), &err), &err);
	assert_int_equal(tw_sync_folder(tmp_path("sync/gone"), &err), TW_IO);
	assert_contains(err.msg, "sync/gone");
}

static void an_unreadable_folder_is_reported_and_passed(void **state)
{
	struct tw_err err = TW_ERR_INIT;
	struct seen s = {0};

	(void)state;
	if (geteuid() == 0)
		skip_because("root reads everything");
	assert_ok(tw_mkdirs(tmp_path("u/closed"), &err), &err);
	put(tmp_path("u/z"), "");
	chmod(tmp_path("u/closed"), 0);
	assert_ok(tw_walk(tmp_path("u"), NULL, on_file, &s, &err), &err);
	chmod(tmp_path("u/closed"), 0700);
	assert_string_equal(s.names.data, "closed (problem)\nz\n");
	tw_str_release(&s.names);
}

static void a_mapping_shows_the_file(void **state)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_mapping m;

	(void)state;
	put(tmp_path("m"), "mapped");
	assert_ok(tw_map_file(&m, tmp_path("m"), &err), &err);
	assert_int_equal(m.len, 6);
	assert_memory_equal(m.data, "mapped", 6);
	tw_unmap_file(&m);
	put(tmp_path("m"), "");
	assert_ok(tw_map_file(&m, tmp_path("m"), &err), &err);
	assert_null(m.data);
	tw_unmap_file(&m);
	assert_int_equal(tw_map_file(&m, tmp_path("absent"), NULL), TW_NOT_FOUND);
	assert_int_equal(tw_map_file(&m, "/", NULL), TW_IO);
}

static void a_lock_is_held_by_one(void **state)
{
	struct tw_err err = TW_ERR_INIT;
	int a, b;

	(void)state;
	assert_ok(tw_lock_file(&a, tmp_path("lock"), &err), &err);
	assert_int_equal(tw_lock_file(&b, tmp_path("lock"), &err), TW_CONFLICT);
	assert_contains(err.msg, "lock");
	assert_int_equal(b, -1);
	tw_err_clear(&err);
	tw_unlock_file(a);
	assert_ok(tw_lock_file(&b, tmp_path("lock"), &err), &err);
	tw_unlock_file(b);
	tw_unlock_file(-1);
}

static void a_dead_process_holds_no_lock(void **state)
{
	struct tw_err err = TW_ERR_INIT;
	int fd, p[2];
	char c;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(p), 0);
	pid = fork();
	if (pid == 0) {
		if (tw_lock_file(&fd, tmp_path("lock2"), NULL) == TW_OK)
			(void)!write(p[1], "x", 1);
		pause();
	}
	assert_int_equal(read(p[0], &c, 1), 1);
	assert_int_equal(tw_lock_file(&fd, tmp_path("lock2"), NULL), TW_CONFLICT);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_ok(tw_lock_file(&fd, tmp_path("lock2"), &err), &err);
	tw_unlock_file(fd);
	close(p[0]);
	close(p[1]);
}

static void paths_join_and_split(void **state)
{
	struct tw_arena a;

	(void)state;
	tw_arena_init(&a);
	assert_string_equal(tw_path_join(&a, "a", "b"), "a/b");
	assert_string_equal(tw_path_join(&a, "a/", "b"), "a/b");
	assert_string_equal(tw_path_join(&a, "a", "/b"), "/b");
	assert_string_equal(tw_path_join(&a, "", "b"), "b");
	assert_string_equal(tw_path_dir(&a, "a/b"), "a");
	assert_string_equal(tw_path_dir(&a, "a/b/"), "a");
	assert_string_equal(tw_path_dir(&a, "a"), ".");
	assert_string_equal(tw_path_dir(&a, "/a"), "/");
	assert_string_equal(tw_path_dir(&a, "/"), "/");
	assert_string_equal(tw_path_dir(&a, ""), ".");
	assert_string_equal(tw_path_base("a/b.c"), "b.c");
	assert_string_equal(tw_path_ext("a.b/c.tar.gz"), "gz");
	assert_string_equal(tw_path_ext("a.b/c"), "");
	assert_string_equal(tw_path_ext(".bashrc"), "");
	tw_arena_release(&a);
}

static void home_and_cache_follow_the_environment(void **state)
{
	struct tw_arena a;

	(void)state;
	tw_arena_init(&a);
	setenv("HOME", "/home/x", 1);
	assert_string_equal(tw_expand_home(&a, "~/notes"), "/home/x/notes");
	assert_string_equal(tw_expand_home(&a, "~"), "/home/x");
	assert_string_equal(tw_expand_home(&a, "a/~/b"), "a/~/b");
	setenv("XDG_CACHE_HOME", "/c", 1);
	assert_string_equal(tw_cache_dir(&a), "/c/twin");
	setenv("XDG_CACHE_HOME", "relative", 1);
	assert_string_equal(tw_cache_dir(&a), "/home/x/.cache/twin");
	unsetenv("XDG_CACHE_HOME");
	assert_string_equal(tw_cache_dir(&a), "/home/x/.cache/twin");
	tw_arena_release(&a);
}

static void free_space_is_that_of_the_nearest_parent(void **state)
{
	(void)state;
	assert_true(tw_disk_free(tmp_path("not/yet/made")) > 0);
	assert_true(tw_disk_free("not-yet-made") > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(reading_appends_and_failing_leaves_the_string),
		cmocka_unit_test(a_file_without_a_size_is_read_and_limited),
		cmocka_unit_test(errors_name_the_path_and_the_reason),
		cmocka_unit_test(a_full_disk_is_an_error),
		cmocka_unit_test(a_write_that_fails_leaves_the_old_file_and_nothing_else),
		cmocka_unit_test(a_killed_write_leaves_a_whole_file),
		cmocka_unit_test(rewriting_keeps_the_mode),
		cmocka_unit_test(a_copy_is_equal_and_whole),
		cmocka_unit_test(folders_are_made_and_removed_with_all_in_them),
		cmocka_unit_test(a_walk_visits_files_in_byte_order_without_links),
		cmocka_unit_test(a_walk_of_nothing_says_so),
		cmocka_unit_test(syncing_a_folder_that_is_not_there_fails_by_name),
		cmocka_unit_test(an_unreadable_folder_is_reported_and_passed),
		cmocka_unit_test(a_mapping_shows_the_file),
		cmocka_unit_test(a_lock_is_held_by_one),
		cmocka_unit_test(a_dead_process_holds_no_lock),
		cmocka_unit_test(what_is_no_file_is_written_to_and_stays),
		cmocka_unit_test(paths_join_and_split),
		cmocka_unit_test(home_and_cache_follow_the_environment),
		cmocka_unit_test(free_space_is_that_of_the_nearest_parent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
