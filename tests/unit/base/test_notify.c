#include "base_test.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/notify.h"
#include "base/str.h"

#define LONG  20.0 /* seconds: what is waited for comes at once */
#define SHORT 0.2  /* in which nothing must come */
#define QUIET 0.02

static void put(const char *path)
{
	struct tw_err err = TW_ERR_INIT;
	assert_ok(tw_write_file(path, "x", 1, &err), &err);
}

static struct tw_notify *watching(const char *path)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_notify *n;
	assert_ok(tw_notify_new(&n, &err), &err);
	tw_notify_add(n, path, NULL, NULL);
	return n;
}

static void expect_change(struct tw_notify *n)
{
	assert_true(tw_notify_wait(n, QUIET, LONG));
}

static void expect_none(struct tw_notify *n)
{
	assert_false(tw_notify_wait(n, QUIET, SHORT));
}

static void changes_below_a_folder_are_told(void **state)
{
	(void)state;
	mkdir(tmp_path("a"), 0700);
	mkdir(tmp_path("a/b"), 0700);
	struct tw_notify *n = watching(tmp_path("a"));
	expect_none(n);
	put(tmp_path("a/b/f"));
	expect_change(n);
	expect_none(n);
	assert_int_equal(rename(tmp_path("a/b/f"), tmp_path("a/g")), 0);
	expect_change(n);
	assert_int_equal(unlink(tmp_path("a/g")), 0);
	expect_change(n);
	assert_int_equal(tw_notify_missing(n), 0);
	tw_notify_free(n);
}

static void new_folders_are_watched_with_what_they_hold(void **state)
{
	(void)state;
	mkdir(tmp_path("a"), 0700);
	struct tw_notify *n = watching(tmp_path("a"));
	mkdir(tmp_path("a/b"), 0700);
	mkdir(tmp_path("a/b/c"), 0700);
	expect_change(n);
	put(tmp_path("a/b/c/f"));
	expect_change(n);
	tw_notify_free(n);
}

static void hidden_names_are_left_out(void **state)
{
	(void)state;
	mkdir(tmp_path("a"), 0700);
	mkdir(tmp_path("a/.git"), 0700);
	mkdir(tmp_path("a/node_modules"), 0700);
	struct tw_notify *n = watching(tmp_path("a"));
	put(tmp_path("a/.f.swp"));
	put(tmp_path("a/.git/f"));
	put(tmp_path("a/node_modules/f"));
	mkdir(tmp_path("a/.new"), 0700);
	expect_none(n);
	tw_notify_free(n);
}

static void of_a_file_its_own_changes_alone_are_told(void **state)
{
	(void)state;
	put(tmp_path("f"));
	struct tw_notify *n = watching(tmp_path("f"));
	put(tmp_path("other"));
	expect_none(n);
	put(tmp_path("f"));
	expect_change(n);
	tw_notify_free(n);
}

static void what_is_not_there_yet_is_waited_for(void **state)
{
	(void)state;
	struct tw_notify *n = watching(tmp_path("later/"));
	put(tmp_path("other"));
	expect_none(n);
	mkdir(tmp_path("later"), 0700);
	expect_change(n);
	assert_int_equal(tw_notify_missing(n), 0);
	tw_notify_free(n);
	n = watching(tmp_path("nowhere/at/all"));
	assert_int_equal(tw_notify_missing(n), 1);
	expect_none(n);
	tw_notify_free(n);
}

static void one_folder_may_be_watched_for_several_reasons(void **state)
{
	(void)state;
	put(tmp_path("f"));
	struct tw_notify *n = watching(tmp_path("f"));
	tw_notify_add(n, tmp_path("g"), NULL, NULL);
	put(tmp_path("g"));
	expect_change(n);
	put(tmp_path("f"));
	expect_change(n);
	put(tmp_path("h"));
	expect_none(n);
	tw_notify_free(n);
}

/* "drafts/" at any depth, and "notes.txt" at the top. */
static bool leave_drafts_out(const void *ctx, const char *rel)
{
	assert_string_equal(ctx, "a");
	return tw_ends_with(rel, "drafts/") || strcmp(rel, "notes.txt") == 0;
}

static void what_is_left_out_is_not_watched(void **state)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_notify *n;
	(void)state;
	assert_ok(tw_mkdirs(tmp_path("a/b/drafts"), &err), &err);
	assert_ok(tw_mkdirs(tmp_path("a/drafts/deep"), &err), &err);
	assert_ok(tw_notify_new(&n, &err), &err);
	tw_notify_add(n, tmp_path("a"), leave_drafts_out, "a");
	put(tmp_path("a/drafts/f"));
	put(tmp_path("a/drafts/deep/f"));
	put(tmp_path("a/b/drafts/f"));
	put(tmp_path("a/notes.txt"));
	expect_none(n);
	mkdir(tmp_path("a/c"), 0700);
	expect_change(n);
	mkdir(tmp_path("a/c/drafts"), 0700);
	put(tmp_path("a/c/drafts/f"));
	expect_none(n);
	put(tmp_path("a/c/notes.txt"));
	expect_change(n);
	assert_int_equal(tw_notify_missing(n), 0);
	tw_notify_free(n);
}

static void what_one_leaves_out_another_may_watch(void **state)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_notify *n;
	(void)state;
	mkdir(tmp_path("a"), 0700);
	assert_ok(tw_notify_new(&n, &err), &err);
	tw_notify_add(n, tmp_path("a"), leave_drafts_out, "a");
	tw_notify_add(n, tmp_path("a"), NULL, NULL);
	mkdir(tmp_path("a/b"), 0700);
	expect_change(n);
	mkdir(tmp_path("a/b/drafts"), 0700);
	expect_change(n);
	put(tmp_path("a/b/drafts/f"));
	expect_change(n);
	tw_notify_free(n);
}

static int clean(void **state)
{
	static const char *const names[] = {"a", "f", "g", "h", "later", "other"};
	struct tw_err err = TW_ERR_INIT;
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_ok(tw_remove_all(tmp_path(names[i]), &err), &err);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(changes_below_a_folder_are_told, clean),
		cmocka_unit_test_teardown(new_folders_are_watched_with_what_they_hold, clean),
		cmocka_unit_test_teardown(hidden_names_are_left_out, clean),
		cmocka_unit_test_teardown(of_a_file_its_own_changes_alone_are_told, clean),
		cmocka_unit_test_teardown(what_is_not_there_yet_is_waited_for, clean),
		cmocka_unit_test_teardown(one_folder_may_be_watched_for_several_reasons, clean),
		cmocka_unit_test_teardown(what_is_left_out_is_not_watched, clean),
		cmocka_unit_test_teardown(what_one_leaves_out_another_may_watch, clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
