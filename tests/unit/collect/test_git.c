/* A git repository as a source. */
#include "collect_test.h"

#include <sys/wait.h>

#include "base/fs.h"
#include "base/time.h"
#include "collect/collect.h"
#include "collect/git/git_int.h"
#include "support/git_fixture.h"
#include "support/web_server.h"

#define ANN    "Ann Example <ann@example.org>"
#define BO     "Bo <bo@example.org>"
#define DAY(n) (1262304000 + (int64_t)(n)*86400) /* days after 2010-01-01 */

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

static enum tw_status pass(const char *url, const char *more)
{
	return memory_pass(&h, &tw_source_git, tw_sprintf(&h.arena, "url: %s\n%s", url, more));
}

static const char *created(const char *key)
{
	return tw_format_date(&h.arena, find_seen(&h, key)->doc.created_ms);
}

static const char *modified(const char *key)
{
	return tw_format_date(&h.arena, find_seen(&h, key)->doc.modified_ms);
}

static void a_commit_is_read_without_a_checkout(void **state)
{
	(void)state;
	for (int bare = 0; bare < 2; bare++) {
		const char *dir = fresh_dir(bare ? "git-bare" : "git-work", &h.arena);
		struct git_fixture *g = git_fixture_new(dir, bare);
		git_fixture_put(g, "a.md", "# A\n");
		git_fixture_put(g, "posts/b.md", "---\ntitle: B\nauthor: Cy\n---\nb\n");
		git_fixture_put(g, "posts/x.png", "no");
		git_fixture_put(g, "posts/empty.md", "");
		git_fixture_commit(g, "main", NULL, ANN, DAY(0));
		git_fixture_put(g, "a.md", "# A2\n");
		git_fixture_commit(g, "main", NULL, BO, DAY(5));
		assert_ok(pass(dir, ""), &h.err);
		assert_int_equal(h.seen.n, 3);
		assert_string_equal(find_seen(&h, "a.md")->doc.title, "A2");
		assert_string_equal(find_seen(&h, "a.md")->doc.author, "Ann Example");
		assert_string_equal(created("a.md"), "2010-01-01");
		assert_string_equal(modified("a.md"), "2010-01-06");
		assert_string_equal(find_seen(&h, "posts/b.md")->doc.author, "Cy");
		assert_int_equal(find_seen(&h, "posts/empty.md")->status, TW_SKIPPED);
		assert_ok(pass(dir, ""), &h.err);
		assert_int_equal(count_unchanged(&h), 2);
		assert_ok(pass(tw_sprintf(&h.arena, "file://%s", dir), "subdir: /posts/\n"),
			  &h.err);
		assert_non_null(find_seen(&h, "b.md"));
		assert_int_equal(h.seen.n, 2);
		git_fixture_free(g);
	}
}

static void a_new_commit_changes_what_it_touched(void **state)
{
	(void)state;
	const char *dir = fresh_dir("git-step", &h.arena);
	struct git_fixture *g = git_fixture_new(dir, true);
	git_fixture_put(g, "a.md", "a");
	git_fixture_put(g, "b.md", "b");
	git_fixture_commit(g, "main", NULL, ANN, DAY(0));
	assert_ok(pass(dir, ""), &h.err);
	git_fixture_put(g, "a.md", "a2");
	git_fixture_put(g, "c.md", "c");
	git_fixture_put(g, "b.md", NULL);
	git_fixture_put(g, "moved.md", "b");
	git_fixture_commit(g, "main", NULL, ANN, DAY(3));
	assert_ok(pass(dir, ""), &h.err);
	assert_int_equal(h.seen.n, 3);
	assert_int_equal(count_unchanged(&h), 0);
	assert_string_equal(created("a.md"), "2010-01-01");
	assert_string_equal(modified("a.md"), "2010-01-04");
	assert_string_equal(created("c.md"), "2010-01-04");
	assert_string_equal(created("moved.md"), "2010-01-01");
	assert_ok(pass(dir, ""), &h.err);
	assert_int_equal(count_unchanged(&h), 3);
	git_fixture_free(g);
}

static void a_merge_touches_what_differs_from_all_its_parents(void **state)
{
	(void)state;
	const char *dir = fresh_dir("git-merge", &h.arena);
	struct git_fixture *g = git_fixture_new(dir, true);
	char base[64], side[64];
	git_fixture_put(g, "a.md", "a");
	git_fixture_put(g, "b.md", "b");
	snprintf(base, sizeof(base), "%s", git_fixture_commit(g, "main", NULL, ANN, DAY(0)));
	git_fixture_commit(g, "side", base, ANN, DAY(0)); /* the branch begins here */
	git_fixture_put(g, "b.md", "b on the side");
	git_fixture_put(g, "both.md", "side");
	snprintf(side, sizeof(side), "%s", git_fixture_commit(g, "side", NULL, BO, DAY(1)));
	git_fixture_reset(g, base);
	git_fixture_put(g, "a.md", "a on main");
	git_fixture_put(g, "both.md", "main");
	git_fixture_commit(g, "main", NULL, ANN, DAY(2));
	git_fixture_put(g, "b.md", "b on the side");
	git_fixture_put(g, "both.md", "resolved");
	git_fixture_commit(g, "main", side, ANN, DAY(3));
	assert_ok(pass(dir, ""), &h.err);
	assert_string_equal(modified("a.md"), "2010-01-03");
	assert_string_equal(modified("b.md"), "2010-01-02");
	assert_string_equal(modified("both.md"), "2010-01-04");
	assert_string_equal(created("both.md"), "2010-01-02");

	assert_ok(pass(dir, "branch: side\n"), &h.err);
	assert_string_equal(find_seen(&h, "both.md")->doc.body.data, "side");
	assert_int_equal(pass(dir, "branch: none\n"), TW_NOT_FOUND);
	assert_contains(h.err.msg, "none");
	git_fixture_free(g);
}

static void only_the_files_of_an_author_are_taken(void **state)
{
	(void)state;
	const char *dir = fresh_dir("git-author", &h.arena);
	struct git_fixture *g = git_fixture_new(dir, true);
	git_fixture_put(g, "ann.md", "a");
	git_fixture_put(g, "both.md", "a");
	git_fixture_commit(g, "main", NULL, ANN, DAY(0));
	git_fixture_put(g, "bo.md", "b");
	git_fixture_put(g, "both.md", "b");
	git_fixture_commit(g, "main", NULL, BO, DAY(1));
	assert_ok(pass(dir, "author: BO@example.org\n"), &h.err);
	assert_int_equal(h.seen.n, 2);
	assert_non_null(find_seen(&h, "bo.md"));
	assert_non_null(find_seen(&h, "both.md"));
	assert_ok(pass(dir, "author: [ann example, nobody]\n"), &h.err);
	assert_int_equal(h.seen.n, 2);
	assert_non_null(find_seen(&h, "ann.md"));
	assert_ok(pass(dir, "author: [ann example, nobody]\n"), &h.err);
	assert_int_equal(count_unchanged(&h), 2);
	assert_int_equal(h.seen.n, 2);
	git_fixture_free(g);
}

static void what_is_no_repository_is_said(void **state)
{
	(void)state;
	const char *dir = fresh_dir("git-none", &h.arena);
	assert_int_equal(pass(dir, ""), TW_NOT_FOUND);
	assert_contains(h.err.msg, "no git repository");
	struct git_fixture *g = git_fixture_new(dir, true);
	assert_int_equal(pass(dir, ""), TW_NOT_FOUND);
	assert_contains(h.err.msg, "no commit");
	git_fixture_put(g, "a.md", "a");
	git_fixture_commit(g, "main", NULL, ANN, DAY(0));
	assert_int_equal(pass(dir, "subdir: posts\n"), TW_NOT_FOUND);
	assert_contains(h.err.msg, "posts");
	git_fixture_free(g);
}

/* --- remote --- */

struct git_site {
	const char *repo; /* folder */
	bool broken;
};

static void add_file(struct tw_str *out, const char *path)
{
	struct tw_err err = TW_ERR_INIT;
	assert_int_equal(tw_read_file(out, path, 0, &err), TW_OK);
}

/* git's smart HTTP, by git's own program: what a server's CGI does. */
static void git_site(struct web_answer *out, const struct web_request *req, void *ctx)
{
	const struct git_site *site = ctx;
	char command[1200], in[512], got[512];
	bool refs = strstr(req->path, "/info/refs?service=git-upload-pack") != NULL;
	snprintf(in, sizeof(in), "%s/request", site->repo);
	snprintf(got, sizeof(got), "%s/answer", site->repo);
	if (strncmp(req->path, "/moved/", 7) == 0) {
		out->status = 301;
		snprintf(out->headers, sizeof(out->headers), "Location: /repo/%s\r\n",
			 req->path + 7);
		return;
	}
	if (site->broken || strncmp(req->path, "/repo/", 6) != 0) {
		out->status = site->broken ? 500 : 404;
		return;
	}
	FILE *f = fopen(in, "w");
	fwrite(req->body, 1, req->body_len, f);
	fclose(f);
	snprintf(command, sizeof(command), "git upload-pack --stateless-rpc %s '%s' <'%s' >'%s'",
		 refs ? "--advertise-refs" : "", site->repo, in, got);
	out->status = system(command) == 0 ? 200 : 500;
	out->type = refs ? "application/x-git-upload-pack-advertisement"
			 : "application/x-git-upload-pack-result";
	if (refs)
		tw_str_adds(&out->body, "001e# service=git-upload-pack\n0000");
	add_file(&out->body, got);
}

static void a_remote_repository_is_cloned_and_followed(void **state)
{
	const struct tw_http_policy policy = {0}, offline = {.offline = true};
	struct tw_err err = TW_ERR_INIT;
	struct tw_http *http = NULL;
	(void)state;
	const char *dir = fresh_dir("git-remote", &h.arena);
	setenv("XDG_CACHE_HOME", fresh_dir("git-cache", &h.arena), 1);
	struct git_fixture *g = git_fixture_new(dir, true);
	struct git_site site = {dir, false};
	struct web_server *web = web_server_start(git_site, &site);
	git_fixture_put(g, "a.md", "# A\n");
	git_fixture_commit(g, "main", NULL, ANN, DAY(0));
	git_fixture_commit(g, "other", NULL, ANN, DAY(0));
	assert_ok(tw_http_new(&http, &policy, &err), &err);
	h.host.http = http;
	char *url = tw_sprintf(&h.arena, "http://127.0.0.1:%d/moved", web_server_port(web));

	/* Loopback is refused unless the source says so: the guard of every fetch holds here too. */
	assert_int_equal(pass(url, ""), TW_NETWORK);
	assert_contains(h.err.msg, "loopback");
	if (system("git --version >/dev/null 2>&1") != 0) {
		print_message("no git program: the clone itself is not tried\n");
	} else {
		assert_ok(pass(url, "allow_private: true\n"), &h.err);
		assert_string_equal(find_seen(&h, "a.md")->doc.title, "A");
		git_fixture_put(g, "b.md", "# B\n");
		git_fixture_commit(g, "main", NULL, ANN, DAY(2));
		assert_ok(pass(url, "allow_private: true\n"), &h.err);
		assert_string_equal(created("b.md"), "2010-01-03");
		assert_int_equal(count_unchanged(&h), 1);
		assert_ok(pass(url, "allow_private: true\nbranch: other\n"), &h.err);
		assert_int_equal(h.seen.n, 1);
	}
	site.broken = true;
	assert_int_equal(pass(url, "allow_private: true\n"), TW_NETWORK);
	assert_contains(h.err.msg, "500");
	tw_http_free(http);
	assert_ok(tw_http_new(&http, &offline, &err), &err);
	h.host.http = http;
	assert_int_equal(pass(url, "allow_private: true\n"), TW_NETWORK);
	assert_contains(h.err.msg, "offline");
	assert_int_equal(pass("ssh://git@example.invalid/x", ""), TW_NETWORK);
	assert_contains(h.err.msg, "offline");
	assert_int_equal(pass("git://example.org/x", ""), TW_BAD_USE);
	tw_http_free(http);
	web_server_stop(web);
	git_fixture_free(g);
}

static void hosts_of_urls_are_named(void **state)
{
	static const struct {
		const char *url, *host;
		bool remote;
	} cases[] = {{"https://user:secret@git.example.org/x.git", "git.example.org\n", true},
		     {"git@example.org:notes.git", "example.org\n", true},
		     {"ssh://git@example.org:22/x", "example.org:22\n", true},
		     {"/home/x/notes", "", false},
		     {"file:///home/x", "", false}};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tw_str s = TW_STR_INIT;
		assert_int_equal(git_url_is_remote(cases[i].url), cases[i].remote);
		git_url_host(&s, cases[i].url);
		assert_string_equal(tw_str_c(&s), cases[i].host);
		tw_str_release(&s);
	}
}

/* What has taken over the reading of one repository can't write into the copy of another, or beside it. */
static void each_copy_is_written_to_by_its_own_source_alone(void **state)
{
	(void)state;
	struct tw_source_needs one = {0}, two = {0};
	git_remote_needs(&one, "https://example.org/one.git");
	git_remote_needs(&two, "https://example.org/two.git");
	const char *name = strrchr(tw_str_c(&one.write), '/');
	assert_non_null(name);
	assert_int_equal(strlen(name), strlen("/0123456789abcdef0123456789abcdef\n"));
	assert_string_not_equal(tw_str_c(&one.write), tw_str_c(&two.write));
	assert_int_equal(one.read.len, 0);
	tw_source_needs_release(&one);
	tw_source_needs_release(&two);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_commit_is_read_without_a_checkout),
		T(a_new_commit_changes_what_it_touched),
		T(a_merge_touches_what_differs_from_all_its_parents),
		T(only_the_files_of_an_author_are_taken),
		T(what_is_no_repository_is_said),
		T(a_remote_repository_is_cloned_and_followed),
		T(hosts_of_urls_are_named),
		T(each_copy_is_written_to_by_its_own_source_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
