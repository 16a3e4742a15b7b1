/* What core/blob_store.h promises. */
#include "test.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "core/blob_store.h"

struct world {
	struct tw_blob_store *b;
	struct tw_arena a;
	struct tw_err err;
	const char *dir;
};

static int setup(void **state)
{
	static int n;
	struct world *w = calloc(1, sizeof(*w));

	tw_arena_init(&w->a);
	w->dir = tw_sprintf(&w->a, "%s/blobs-%d-%d", tmp_dir(), (int)getpid(), n++);
	*state = w;
	return tw_blobs_open(&w->b, w->dir, &w->err) == TW_OK ? 0 : -1;
}

static int teardown(void **state)
{
	struct world *w = *state;

	tw_blobs_close(w->b);
	tw_arena_release(&w->a);
	free(w);
	return 0;
}

static const char *file_of(struct world *w, const char *data, size_t len)
{
	static int n;
	const char *path = tw_sprintf(&w->a, "%s/in-%d-%d", tmp_dir(), (int)getpid(), n++);

	assert_ok(tw_write_file(path, data, len, &w->err), &w->err);
	return path;
}

static struct tw_digest put(struct world *w, const char *data, size_t len)
{
	struct tw_digest d;

	assert_ok(tw_blob_put_file(&d, w->b, file_of(w, data, len), &w->err), &w->err);
	return d;
}

static const char *path_of(struct world *w, const char *digest)
{
	const char *path;

	assert_ok(tw_blob_path(&path, w->b, digest, &w->a, &w->err), &w->err);
	return path;
}

/* Files in the store's own folder: what is on its way in. */
static size_t halves(const struct world *w)
{
	size_t n = 0;
	const struct dirent *e;
	DIR *d = opendir(w->dir);

	while ((e = readdir(d)))
		n += strncmp(e->d_name, ".tmp-", 5) == 0;
	closedir(d);
	return n;
}

static void change_byte(const char *path, long at)
{
	assert_int_equal(chmod(path, 0644), 0);
	FILE *f = fopen(path, "r+b");

	assert_non_null(f);
	fseek(f, at, SEEK_SET);
	int c = fgetc(f);
	fseek(f, at, SEEK_SET);
	fputc(c ^ 1, f);
	fclose(f);
}

static void a_blob_is_named_by_its_content(void **state)
{
	struct world *w = *state;
	struct tw_str back = TW_STR_INIT;
	static const char data[] = "a\0b, and more";
	struct tw_digest d = put(w, data, sizeof(data)), empty = put(w, "", 0);

	assert_string_equal(d.hex, tw_sha256(data, sizeof(data)).hex);
	assert_string_equal(put(w, data, sizeof(data)).hex, d.hex);
	assert_string_not_equal(empty.hex, d.hex);
	tw_blobs_close(w->b);
	assert_ok(tw_blobs_open(&w->b, w->dir, &w->err), &w->err);
	assert_ok(tw_read_file(&back, path_of(w, d.hex), 0, &w->err), &w->err);
	assert_int_equal(back.len, sizeof(data));
	assert_memory_equal(back.data, data, sizeof(data));
	assert_ok(tw_blob_verify(w->b, d.hex, &w->err), &w->err);
	assert_ok(tw_blob_verify(w->b, empty.hex, &w->err), &w->err);
	assert_int_equal(halves(w), 0);
	tw_str_release(&back);
}

static void a_blob_may_not_be_written_to(void **state)
{
	struct world *w = *state;
	struct stat sb;
	struct tw_digest d = put(w, "x", 1);

	assert_int_equal(stat(path_of(w, d.hex), &sb), 0);
	assert_int_equal(sb.st_mode & 0777, 0444);
}

static void what_is_not_there_is_said(void **state)
{
	struct world *w = *state;
	struct tw_digest d = tw_sha256("never", 5), out;
	const char *path;

	assert_int_equal(tw_blob_path(&path, w->b, d.hex, &w->a, &w->err), TW_NOT_FOUND);
	assert_contains(w->err.msg, d.hex);
	assert_int_equal(tw_blob_verify(w->b, d.hex, NULL), TW_NOT_FOUND);
	assert_int_equal(tw_blob_remove(w->b, d.hex, NULL), TW_NOT_FOUND);
	assert_int_equal(tw_blob_path(&path, w->b, "../../etc/passwd", &w->a, NULL), TW_BAD_USE);
	assert_int_equal(tw_blob_path(&path, w->b, "", &w->a, NULL), TW_BAD_USE);
	tw_err_clear(&w->err);
	assert_int_equal(tw_blob_put_file(&out, w->b, "/no/such/file", &w->err), TW_NOT_FOUND);
	assert_contains(w->err.msg, "/no/such/file");
	assert_int_equal(tw_blob_put_file(&out, w->b, w->dir, NULL), TW_BAD_DATA);
	assert_int_equal(halves(w), 0);
}

static void a_removed_blob_is_gone_and_can_come_again(void **state)
{
	struct world *w = *state;
	struct tw_digest d = put(w, "x", 1), other = put(w, "y", 1);
	const char *path;

	assert_ok(tw_blob_remove(w->b, d.hex, &w->err), &w->err);
	assert_int_equal(tw_blob_path(&path, w->b, d.hex, &w->a, NULL), TW_NOT_FOUND);
	assert_ok(tw_blob_verify(w->b, other.hex, &w->err), &w->err);
	put(w, "x", 1);
	assert_ok(tw_blob_verify(w->b, d.hex, &w->err), &w->err);
}

static void a_damaged_blob_is_found_out_and_healed_by_another_put(void **state)
{
	struct world *w = *state;
	const char *path;
	struct tw_digest d = put(w, "some content", 12);

	change_byte(path_of(w, d.hex), 5);
	assert_int_equal(tw_blob_verify(w->b, d.hex, &w->err), TW_BAD_DATA);
	assert_contains(w->err.msg, d.hex);
	assert_int_equal(truncate(path_of(w, d.hex), 4), 0);
	tw_err_clear(&w->err);
	assert_int_equal(tw_blob_path(&path, w->b, d.hex, &w->a, &w->err), TW_BAD_DATA);
	assert_contains(w->err.msg, "4 bytes");
	tw_err_clear(&w->err);
	put(w, "some content", 12);
	assert_ok(tw_blob_verify(w->b, d.hex, &w->err), &w->err);
}

#define LARGE ((size_t)3 << 20)

static char *large(char seed)
{
	char *data = malloc(LARGE);

	for (size_t i = 0; i < LARGE; i++)
		data[i] = (char)(seed + i * i / 7);
	return data;
}

struct putter {
	struct tw_blob_store *b;
	const char *path;
	int failures;
};

static void *put_often(void *arg)
{
	struct putter *p = arg;
	struct tw_digest d;

	for (int i = 0; i < 4; i++) {
		p->failures += tw_blob_put_file(&d, p->b, p->path, NULL) != TW_OK;
		p->failures += tw_blob_verify(p->b, d.hex, NULL) != TW_OK;
	}
	return NULL;
}

static void the_same_blob_can_be_put_from_many_sides(void **state)
{
	struct world *w = *state;
	struct putter p[6];
	pthread_t t[6];
	char *data = large(1);
	const char *path = file_of(w, data, LARGE);

	for (int i = 0; i < 6; i++) {
		p[i] = (struct putter){.path = path};
		/* Half of them through handles of their own, as other processes would. */
		if (i % 2)
			assert_ok(tw_blobs_open(&p[i].b, w->dir, &w->err), &w->err);
		else
			p[i].b = w->b;
		assert_int_equal(pthread_create(&t[i], NULL, put_often, &p[i]), 0);
	}
	for (int i = 0; i < 6; i++) {
		pthread_join(t[i], NULL);
		assert_int_equal(p[i].failures, 0);
		if (i % 2)
			tw_blobs_close(p[i].b);
	}
	assert_ok(tw_blob_verify(w->b, tw_sha256(data, LARGE).hex, &w->err), &w->err);
	assert_int_equal(halves(w), 0);
	free(data);
}

static void opening_does_not_disturb_one_that_is_being_put(void **state)
{
	struct world *w = *state;
	struct putter p = {.b = w->b};
	struct tw_blob_store *other;
	pthread_t t;
	char *data = large(2);

	p.path = file_of(w, data, LARGE);
	assert_int_equal(pthread_create(&t, NULL, put_often, &p), 0);
	for (int i = 0; i < 200; i++) {
		assert_ok(tw_blobs_open(&other, w->dir, &w->err), &w->err);
		tw_blobs_close(other);
	}
	pthread_join(t, NULL);
	assert_int_equal(p.failures, 0);
	free(data);
}

static void a_killed_put_leaves_nothing_or_all_of_it(void **state)
{
	struct world *w = *state;
	char *data = large(3);
	const char *path = file_of(w, data, LARGE);
	struct tw_digest d = tw_sha256(data, LARGE);
	int status;

	for (unsigned i = 0; i < 12; i++) {
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			struct tw_digest out;
			for (;;)
				if (tw_blob_put_file(&out, w->b, path, NULL) != TW_OK ||
				    tw_blob_remove(w->b, out.hex, NULL) != TW_OK)
					_exit(1);
		}
		usleep(2000 + i * 1700);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		tw_blobs_close(w->b);
		assert_ok(tw_blobs_open(&w->b, w->dir, &w->err), &w->err);
		assert_int_equal(halves(w), 0);
		enum tw_status st = tw_blob_verify(w->b, d.hex, &w->err);
		assert_true(st == TW_OK || st == TW_NOT_FOUND);
		tw_err_clear(&w->err);
	}
	free(data);
}

static void a_full_disk_is_said_and_leaves_nothing(void **state)
{
	struct world *w = *state;
	struct rlimit before, small;
	struct tw_digest d, first = put(w, "first", 5);
	char *data = large(4);
	const char *path = file_of(w, data, LARGE);

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	small = before;
	small.rlim_cur = LARGE / 2;
	setrlimit(RLIMIT_FSIZE, &small);
	enum tw_status st = tw_blob_put_file(&d, w->b, path, &w->err);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(st, TW_IO);
	assert_contains(w->err.msg, "too large");
	tw_err_clear(&w->err);
	assert_int_equal(halves(w), 0);
	assert_ok(tw_blob_verify(w->b, first.hex, &w->err), &w->err);
	assert_ok(tw_blob_put_file(&d, w->b, path, &w->err), &w->err);
	free(data);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_blob_is_named_by_its_content),
		T(a_blob_may_not_be_written_to),
		T(what_is_not_there_is_said),
		T(a_removed_blob_is_gone_and_can_come_again),
		T(a_damaged_blob_is_found_out_and_healed_by_another_put),
		T(the_same_blob_can_be_put_from_many_sides),
		T(opening_does_not_disturb_one_that_is_being_put),
		T(a_killed_put_leaves_nothing_or_all_of_it),
		T(a_full_disk_is_said_and_leaves_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
