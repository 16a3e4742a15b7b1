/* A folder as a source. */
#include "collect_test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/time.h"
#include "collect/collect.h"
#include "support/git_fixture.h"

static struct memory_host h;

static int setup(void **state)
{
	(void)state;
	memory_host_init(&h, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	memory_host_release(&h);
	return 0;
}

static enum tw_status pass(const char *dir, const char *more)
{
	return memory_pass(&h, &tw_source_dir, tw_sprintf(&h.arena, "path: %s\n%s", dir, more));
}

static const char *day(int64_t ms)
{
	return tw_format_date(&h.arena, ms);
}

static void files_come_in_order_and_once(void **state)
{
	(void)state;
	const char *dir = fresh_dir("dir-order", &h.arena);
	write_file(dir, "b.md", "# B\n\ntext\n");
	write_file(dir, "a/z.txt", "text\n");
	write_file(dir, "a.html",
		   "<p>A sentence that is long enough, as they say, to be taken.</p>");
	write_file(dir, "a/.hidden.md", "no");
	write_file(dir, ".git/x.md", "no");
	write_file(dir, "node_modules/x.md", "no");
	write_file(dir, "x.png", "no");
	write_file(dir, "old/x.md", "no");
	assert_int_equal(symlink("b.md", tw_path_join(&h.arena, dir, "link.md")), 0);
	assert_ok(pass(dir, "exclude: [old]\nauthor: Ann\n"), &h.err);
	assert_int_equal(h.seen.n, 3);
	assert_string_equal(h.seen.at[0].doc.key, "a.html");
	assert_string_equal(h.seen.at[1].doc.key, "a/z.txt");
	assert_string_equal(h.seen.at[2].doc.key, "b.md");
	assert_string_equal(h.seen.at[2].doc.author, "Ann");
	assert_string_equal(h.seen.at[1].doc.media, "text/plain");
}

static void what_has_not_changed_is_not_read_again(void **state)
{
	(void)state;
	const char *dir = fresh_dir("dir-same", &h.arena);
	write_file(dir, "a.md", "one");
	write_file(dir, "b.md", "two");
	assert_ok(pass(dir, ""), &h.err);
	assert_int_equal(count_unchanged(&h), 0);
	assert_ok(pass(dir, ""), &h.err);
	assert_int_equal(count_unchanged(&h), 2);
	write_file(dir, "a.md", "changed");
	assert_ok(pass(dir, ""), &h.err);
	assert_int_equal(count_unchanged(&h), 1);
	assert_false(find_seen(&h, "a.md")->doc.unchanged);
	assert_ok(pass(dir, "author: Somebody\n"), &h.err); /* another option, another document */
	assert_int_equal(count_unchanged(&h), 0);
}

static void files_that_cannot_be_taken_say_why(void **state)
{
	(void)state;
	const char *dir = fresh_dir("dir-bad", &h.arena);
	write_file(dir, "empty.md", "");
	write_file(dir, "big.md", "0123456789012345678901234567890123456789");
	write_file(dir, "good.md", "good");
	assert_ok(pass(dir, "max_size: 30\n"), &h.err);
	assert_int_equal(find_seen(&h, "empty.md")->status, TW_SKIPPED);
	assert_contains(find_seen(&h, "empty.md")->why, "empty");
	assert_contains(find_seen(&h, "big.md")->why, "max_size");
	assert_int_equal(find_seen(&h, "good.md")->status, TW_OK);
}

/* Permissions don't bind root, so a file that goes away stands for one that can't be read. */
static void a_file_that_vanishes_is_skipped(void **state)
{
	struct tw_json *node = NULL;
	struct tw_source *s = NULL;
	struct tw_document doc;
	struct tw_err err = TW_ERR_INIT;
	(void)state;
	const char *dir = fresh_dir("dir-gone", &h.arena);
	const char *yaml = tw_sprintf(&h.arena, "path: %s", dir);
	write_file(dir, "a.md", "one");
	assert_ok(tw_yaml_parse(&node, yaml, strlen(yaml), "t", &h.arena, &err), &err);
	assert_ok(tw_source_new(&s, &tw_source_dir, node, "t", "/", &h.host, &err), &err);
	assert_int_equal(unlink(tw_path_join(&h.arena, dir, "a.md")), 0);
	assert_int_equal(tw_source_next(&doc, s, &h.arena, &err), TW_SKIPPED);
	assert_string_equal(doc.key, "a.md");
	assert_int_equal(tw_source_next(&doc, s, &h.arena, NULL), TW_DONE);
	tw_source_free(s);
}

static void a_missing_folder_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(pass("/nowhere/at/all", ""), TW_NOT_FOUND);
	assert_contains(h.err.msg, "/nowhere/at/all");
}

static void one_file_is_a_source_too(void **state)
{
	(void)state;
	const char *dir = fresh_dir("dir-one", &h.arena);
	write_file(dir, "a.md", "# One\n");
	assert_ok(pass(tw_path_join(&h.arena, dir, "a.md"), ""), &h.err);
	assert_int_equal(h.seen.n, 1);
	assert_string_equal(h.seen.at[0].doc.title, "One");
}

static void set_mtime(const char *dir, const char *name, time_t s)
{
	const struct timespec t[2] = {{.tv_sec = s}, {.tv_sec = s}};
	assert_int_equal(utimensat(AT_FDCWD, tw_path_join(&h.arena, dir, name), t, 0), 0);
}

static void dates_come_from_the_best_place(void **state)
{
	(void)state;
	const char *dir = fresh_dir("dir-dates", &h.arena);
	struct git_fixture *g = git_fixture_new(dir, false);
	const char *names[] = {"front.md", "2001-01-01-name.md", "git.md", "moved.md"};
	for (int i = 0; i < 3; i++)
		git_fixture_put(g, names[i], "x");
	git_fixture_put(g, "old-name.md", "moved text");
	git_fixture_commit(g, "main", NULL, "Ann <ann@x.org>", 1262304000); /* 2010-01-01 */
	git_fixture_put(g, "git.md", "y");
	git_fixture_put(g, "old-name.md", NULL);
	git_fixture_put(g, "moved.md", "moved text");
	git_fixture_commit(g, "main", NULL, "Ann <ann@x.org>", 1293840000); /* 2011-01-01 */
	write_file(dir, "front.md", "---\ndate: 1999-09-09\n---\nx");
	write_file(dir, names[1], "x");
	write_file(dir, "git.md", "y");
	write_file(dir, "moved.md", "moved text");
	write_file(dir, "new.md", "not in git");
	set_mtime(dir, "new.md", 1325376000); /* 2012-01-01 */
	assert_ok(pass(dir, ""), &h.err);
	assert_string_equal(day(find_seen(&h, "front.md")->doc.created_ms), "1999-09-09");
	assert_string_equal(day(find_seen(&h, names[1])->doc.created_ms), "2001-01-01");
	assert_string_equal(day(find_seen(&h, "git.md")->doc.created_ms), "2010-01-01");
	assert_string_equal(day(find_seen(&h, "git.md")->doc.modified_ms), "2011-01-01");
	assert_string_equal(day(find_seen(&h, "moved.md")->doc.created_ms), "2010-01-01");
	assert_string_equal(day(find_seen(&h, "moved.md")->doc.modified_ms), "2010-01-01");
	assert_string_equal(day(find_seen(&h, "new.md")->doc.created_ms), "2012-01-01");
	assert_ok(pass(dir, ""), &h.err);
	assert_int_equal(count_unchanged(&h), 5);

	git_fixture_put(g, "new.md", "not in git"); /* now it is: dates change, the file doesn't */
	git_fixture_commit(g, "main", NULL, "Ann <ann@x.org>", 1293850000);
	assert_ok(pass(dir, ""), &h.err);
	assert_int_equal(count_unchanged(&h), 4);
	assert_string_equal(day(find_seen(&h, "new.md")->doc.created_ms), "2011-01-01");
	assert_ok(pass(dir, ""), &h.err);
	assert_int_equal(count_unchanged(&h), 5);
	git_fixture_free(g);
}

static void ten_thousand_files_cost_little_when_unchanged(void **state)
{
	(void)state;
	const char *dir = fresh_dir("dir-many", &h.arena);
	char name[64];
	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "%s/%02d", dir, i / 100);
		if (i % 100 == 0)
			assert_int_equal(mkdir(name, 0777), 0);
		char *path = tw_sprintf(&h.arena, "%s/%04d.md", name, i);
		FILE *f = fopen(path, "w");
		fprintf(f, "# Note %d\n\ntext\n", i);
		fclose(f);
	}
	assert_ok(pass(dir, ""), &h.err);
	assert_int_equal(h.seen.n, 10000);
	double start = tw_monotonic_s();
	assert_ok(pass(dir, ""), &h.err);
	double took = tw_monotonic_s() - start;
	assert_int_equal(count_unchanged(&h), 10000);
	print_message("10,000 unchanged files: %.3f s\n", took);
	assert_true(took < 2); /* 0.05 on an idle machine; sanitizers and a busy one take longer */
}

/* Posts of one real site and one real notebook, where they are at hand. */
static void real_collections_are_taken_whole(void **state)
{
	static const struct {
		const char *dir;
		size_t n, bare; /* bare: front matter and nothing else */
	} sets[] = {{"xe-site", 637, 3}, {"jbranchaud-til", 1871, 0}};
	const char *shared = getenv("TWIN_SHARED_DATA");
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char *dir = tw_path_join(&h.arena, shared ? shared : "../shared/data", sets[i].dir);
		if (!tw_is_dir(dir)) {
			dir = (char *)fresh_dir("dir-real", &h.arena);
			write_file(dir, "x.md", "---\ntitle: T\ndate: 2020-01-01\n---\ntext");
		}
		char real[4096];
		assert_non_null(realpath(dir, real));
		assert_ok(pass(real, ""), &h.err);
		size_t titled = 0, dated = 0, bare = 0;
		for (size_t k = 0; k < h.seen.n; k++) {
			const struct tw_document *d = &h.seen.at[k].doc;
			if (h.seen.at[k].status != TW_OK) {
				assert_contains(h.seen.at[k].why, "front matter");
				bare++;
				continue;
			}
			titled += d->title && *d->title;
			dated += d->created_ms > 0;
		}
		print_message("%s: %zu documents, %zu with a title, %zu with a date\n", sets[i].dir,
			      h.seen.n, titled, dated);
		assert_true(h.seen.n == sets[i].n || h.seen.n == 1);
		assert_int_equal(bare, h.seen.n == 1 ? 0 : sets[i].bare);
		assert_int_equal(titled + bare, h.seen.n);
		assert_int_equal(dated + bare, h.seen.n);
	}
}

static void who_watches_is_told_what_is_left_out(void **state)
{
	const struct tw_json *node = tw_json_of(
		"{\"path\": \"posts\", \"exclude\": [\"drafts/\", \"*.log\", \"a/b/*\"]}",
		&h.arena);
	struct tw_str places = TW_STR_INIT;
	void *ctx;
	(void)state;
	assert_ok(tw_source_places(&places, &ctx, &tw_source_dir, node, "twin.yaml", "/home/ann",
				   &h.arena, &h.err),
		  &h.err);
	assert_string_equal(tw_str_c(&places), "/home/ann/posts\n");
	static const char *const out[] = {"drafts/", "x/drafts/", "x/y.log",
					  "a/b/c/",  "a/b/c.md",  "x/~$y.docx"};
	static const char *const in[] = {"drafts", "drafts.md", "a/", "a/b/", "a/c.md", "x.png"};
	for (size_t i = 0; i < sizeof(out) / sizeof(*out); i++)
		if (!tw_source_dir.leaves_out(ctx, out[i]))
			fail_msg("%s is watched", out[i]);
	for (size_t i = 0; i < sizeof(in) / sizeof(*in); i++)
		if (tw_source_dir.leaves_out(ctx, in[i]))
			fail_msg("%s is not watched", in[i]);
	tw_str_release(&places);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(files_come_in_order_and_once),
		T(what_has_not_changed_is_not_read_again),
		T(files_that_cannot_be_taken_say_why),
		T(a_file_that_vanishes_is_skipped),
		T(a_missing_folder_is_an_error),
		T(one_file_is_a_source_too),
		T(dates_come_from_the_best_place),
		T(ten_thousand_files_cost_little_when_unchanged),
		T(real_collections_are_taken_whole),
		T(who_watches_is_told_what_is_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
