/* Opening a store: what is refused and in which words, and what an older one becomes. */
#include "support/store_fixture.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/hash.h"
#include "core/model_registry.h"
#include "store/db_sqlite_int.h"
#include "store/dialect.h"
#include "store/fs_int.h"

static void sql(const char *path, const char *script)
{
	sqlite3 *h;

	assert_int_equal(sqlite3_open(path, &h), SQLITE_OK);
	assert_int_equal(sqlite3_exec(h, script, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(h);
}

static int64_t sql_int(const char *path, const char *query)
{
	sqlite3 *h;
	sqlite3_stmt *s;

	assert_int_equal(sqlite3_open(path, &h), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(h, query, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(h);
	return n;
}

static struct tw_digest digest_of(const char *path)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_digest d;

	assert_ok(tw_sha256_file(&d, path, &err), &err);
	return d;
}

/* A store with a document and its lines, closed. */
static const char *make_store(void)
{
	struct store_world w = {.fs = NULL};
	const char *path = fresh_path(".db");

	tw_arena_init(&w.a);
	assert_ok(tw_fs_open(&w.fs, path, &w.err), &w.err);
	collect(w.fs, "s", "a", "one\ntwo", "b", "three", NULL);
	const char *v = declare(w.fs, "lines", "{}", text_schema, &w.a, "documents", NULL);
	materialize(w.fs, v, "documents");
	tw_fs_close(w.fs);
	tw_arena_release(&w.a);
	return path;
}

static void assert_refused(const char *path, enum tw_status expected, const char *says)
{
	struct tw_feature_store *fs = NULL;
	struct tw_err err = TW_ERR_INIT;
	enum tw_status st = tw_fs_open(&fs, path, &err);

	if (st != expected)
		fail_msg("%s: %s (%s)", path, tw_status_name(st), err.msg);
	assert_null(fs);
	assert_contains(err.msg, path);
	assert_contains(err.msg, says);
}

static void one_of_a_newer_twin_is_refused_untouched(void **state)
{
	(void)state;
	const char *path = make_store();

	sql(path, "PRAGMA user_version = 99");
	struct tw_digest before = digest_of(path);
	assert_refused(path, TW_UNSUPPORTED, "a newer Twin wrote this feature store (version 99");
	assert_refused(path, TW_UNSUPPORTED, "use that Twin");
	assert_string_equal(digest_of(path).hex, before.hex);
}

static void another_programs_file_is_refused_untouched(void **state)
{
	(void)state;
	struct tw_model_registry *mr = NULL;
	struct tw_err err = TW_ERR_INIT;
	const char *path = fresh_path(".db"), *text = fresh_path(".txt");

	sql(path, "CREATE TABLE mine (x); INSERT INTO mine VALUES (1)");
	struct tw_digest before = digest_of(path);
	assert_refused(path, TW_BAD_DATA, "another program's database");
	assert_string_equal(digest_of(path).hex, before.hex);
	assert_ok(tw_write_file(text, "Dear diary,\n", 12, &err), &err);
	assert_refused(text, TW_BAD_DATA, "not a database");
	assert_string_equal(digest_of(text).hex, tw_sha256("Dear diary,\n", 12).hex);
	assert_int_equal(tw_mr_open(&mr, make_store(), &err), TW_BAD_DATA);
	assert_contains(err.msg, "not a model registry");
	assert_null(mr);
}

static void half_a_database_is_refused(void **state)
{
	(void)state;
	const char *path = make_store();
	struct stat sb;

	assert_int_equal(stat(path, &sb), 0);
	for (int64_t size = sb.st_size - 4096; size > 0; size -= size > 4096 ? 12288 : 1000) {
		assert_int_equal(truncate(path, size), 0);
		assert_refused(path, TW_BAD_DATA, "damaged or not a database");
		assert_refused(path, TW_BAD_DATA, "backup");
	}
}

static void damaged_pages_are_an_error_and_no_crash(void **state)
{
	(void)state;
	struct tw_feature_store *fs = NULL;
	struct tw_documents all;
	struct tw_arena a;
	const struct tw_document_filter f = {.deleted = true};

	tw_arena_init(&a);
	for (uint64_t seed = 1; seed <= 20; seed++) {
		const char *path = make_store();
		struct stat sb;
		struct tw_err err = TW_ERR_INIT;
		uint64_t rnd = seed, noise[64];
		int fd = open(path, O_RDWR);
		assert_int_equal(fstat(fd, &sb), 0);
		for (off_t at = 4096; at < sb.st_size; at += 4096) {
			for (size_t i = 0; i < 64; i++)
				noise[i] = tw_random_u64(&rnd);
			assert_int_equal(pwrite(fd, noise, sizeof(noise), at), sizeof(noise));
		}
		close(fd);
		enum tw_status st = tw_fs_open(&fs, path, &err);
		if (st == TW_OK) {
			st = tw_fs_documents(&all, fs, &f, &a, &err);
			tw_fs_close(fs);
		}
		assert_int_equal(st, TW_BAD_DATA);
		assert_contains(err.msg, "damaged");
	}
	tw_arena_release(&a);
}

static void one_that_was_not_closed_is_checked(void **state)
{
	(void)state;
	const char *path = make_store();
	struct stat sb;
	int fd = open(path, O_RDWR);

	assert_int_equal(fstat(fd, &sb), 0);
	for (off_t at = 4096; at < sb.st_size; at += 4096)
		assert_int_equal(pwrite(fd, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, at), 8);
	close(fd);
	/* A log of no use, as a killed process may leave it. */
	char name[700];
	snprintf(name, sizeof(name), "%s-wal", path);
	fd = open(name, O_RDWR | O_CREAT, 0644);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	assert_refused(path, TW_BAD_DATA, "damaged");
}

static void a_place_that_is_none_is_refused(void **state)
{
	(void)state;
	const char *dir = fresh_path(".folder");
	char below[700];

	snprintf(below, sizeof(below), "%s/store.db", dir);
	assert_refused(below, TW_IO, "check that the folder is there");
	assert_int_equal(mkdir(dir, 0755), 0);
	assert_refused(dir, TW_IO, "cannot be opened");
}

/* In a child, and as nobody when the tests run as root, whom no mode stops. The lent folder is open to all. */
static int open_as_nobody(const char *path, const char *says)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct tw_feature_store *fs = NULL;
		struct tw_err err = TW_ERR_INIT;
		if (getuid() == 0 &&
		    (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0))
			_exit(3);
		enum tw_status st = tw_fs_open(&fs, path, &err);
		if (st != TW_IO || !strstr(err.msg, says) || !strstr(err.msg, path))
			fprintf(stderr, "%s: %s\n", tw_status_name(st), err.msg);
		_exit(st == TW_IO && strstr(err.msg, says) && strstr(err.msg, path) ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void what_may_not_be_written_is_refused(void **state)
{
	(void)state;
	struct tw_err err = TW_ERR_INIT;
	char dir[] = "/tmp/twin-store-XXXXXX", path[64];

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/store.db", dir);
	assert_int_equal(chmod(dir, 0555), 0);
	int nothing = open_as_nobody(path, "check that the folder is there and yours");
	assert_int_equal(chmod(dir, 0755), 0);
	assert_ok(tw_copy_file(make_store(), path, &err), &err);
	assert_int_equal(chmod(path, 0444), 0);
	assert_int_equal(chmod(dir, 0555), 0);
	int folder = open_as_nobody(path, "cannot be opened for writing");
	assert_int_equal(chmod(dir, 0777), 0);
	int file = open_as_nobody(path, "make the file and its folder writable");
	assert_ok(tw_remove_all(dir, &err), &err);
	assert_int_equal(nothing, 0);
	assert_int_equal(folder, 0);
	assert_int_equal(file, 0);
}

static void an_older_store_is_brought_up_to_date(void **state)
{
	(void)state;
	struct tw_db_schema first = tw_features_schema;
	struct tw_feature_store *fs;
	struct tw_document d;
	struct tw_db *db;
	struct tw_err err = TW_ERR_INIT;
	struct tw_arena a;
	const char *path = fresh_path(".db");

	tw_arena_init(&a);
	first.version = 1;
	assert_ok(tw_db_open(&db, path, &first, &err), &err);
	tw_db_close(db);
	assert_int_equal(sql_int(path, "PRAGMA user_version"), 1);
	sql(path, "INSERT INTO forgotten (digest, doc, at_ms) VALUES ('d', '0123456789abcdef', 1)");
	assert_ok(tw_fs_open(&fs, path, &err), &err);
	collect(fs, "s", "a", "one", NULL);
	assert_ok(tw_fs_document(&d, fs, "a", 0, &a, &err), &err);
	tw_fs_close(fs);
	assert_int_equal(sql_int(path, "PRAGMA user_version"), tw_features_schema.version);
	/* What it had forgotten is taken out of the files now. */
	assert_int_equal(sql_int(path, "SELECT settled FROM forgotten"), 1);
	tw_arena_release(&a);
}

static void another_writer_is_waited_for_then_named(void **state)
{
	struct store_world *w = *state;
	struct tw_view v = {.name = "x", .digest = "d", .params = "{}", .schema = text_schema};
	struct tw_documents all;
	const struct tw_document_filter f = {.limit = 1};
	sqlite3 *other;

	collect(w->fs, "s", "a", "one", NULL);
	sqlite3_busy_timeout(w->fs->db->writer->h, 20);
	assert_int_equal(sqlite3_open(w->url, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(tw_fs_view_declare(&v, w->fs, &w->err), TW_CONFLICT);
	assert_contains(w->err.msg, "another process has been writing");
	tw_err_clear(&w->err);
	/* Readers are not in its way, nor it in theirs. */
	assert_ok(tw_fs_documents(&all, w->fs, &f, &w->a, &w->err), &w->err);
	assert_int_equal(all.n, 1);
	assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
	assert_ok(tw_fs_view_declare(&v, w->fs, &w->err), &w->err);
}

static void a_full_disk_is_said_and_nothing_is_lost(void **state)
{
	struct store_world *w = *state;
	struct tw_document d;
	struct tw_pass *p;
	char *body = malloc(200001), limit[64];

	memset(body, 'x', 200000);
	body[200000] = '\0';
	collect(w->fs, "s", "a", "one", NULL);
	sqlite3 *h = w->fs->db->writer->h;
	snprintf(limit, sizeof(limit), "PRAGMA max_page_count = %lld",
		 (long long)sql_int(w->url, "PRAGMA page_count") + 5);
	assert_int_equal(sqlite3_exec(h, limit, NULL, NULL, NULL), SQLITE_OK);
	assert_ok(tw_pass_begin(&p, w->fs, "s", &w->err), &w->err);
	struct tw_document in = doc_of("b", body);
	assert_ok(tw_pass_put(p, &in, NULL, &w->err), &w->err);
	assert_int_equal(tw_pass_end(p, true, NULL, &w->err), TW_IO);
	assert_contains(w->err.msg, "the disk is full");
	tw_err_clear(&w->err);
	assert_ok(tw_fs_document(&d, w->fs, "a", 0, &w->a, &w->err), &w->err);
	assert_false(d.deleted);
	assert_int_equal(tw_fs_document(&d, w->fs, "b", 0, &w->a, NULL), TW_NOT_FOUND);
	assert_int_equal(sqlite3_exec(h, "PRAGMA max_page_count = 1000000", NULL, NULL, NULL),
			 SQLITE_OK);
	collect(w->fs, "s", "a", "one", "b", body, NULL);
	assert_ok(tw_fs_document(&d, w->fs, "b", 0, &w->a, &w->err), &w->err);
	assert_int_equal(d.body.len, 200000);
	free(body);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_of_a_newer_twin_is_refused_untouched),
		cmocka_unit_test(another_programs_file_is_refused_untouched),
		cmocka_unit_test(half_a_database_is_refused),
		cmocka_unit_test(damaged_pages_are_an_error_and_no_crash),
		cmocka_unit_test(one_that_was_not_closed_is_checked),
		cmocka_unit_test(a_place_that_is_none_is_refused),
		cmocka_unit_test(what_may_not_be_written_is_refused),
		cmocka_unit_test(an_older_store_is_brought_up_to_date),
		T(another_writer_is_waited_for_then_named),
		T(a_full_disk_is_said_and_nothing_is_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
