/*
 * Files named by the SHA-256 of their content: dir/aa/bb/<digest>-<size>.
 * The size in the name tells a cut file from a whole one without reading it.
 * A file on its way in is .tmp-…, locked by who writes it: one that nobody
 * locks was left by a process that died, and goes at the next opening.
 */
#include "core/blob_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"

#define BUFFER	  ((size_t)1 << 20)
#define HALF	  ".tmp-"
#define TMP_TRIES 16

struct tw_blob_store {
	char *dir;
};

static void remove_if_left(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		unlinkat(dir, name, 0);
	close(fd);
}

static void remove_halves(const char *path)
{
	const struct dirent *e;
	DIR *d = opendir(path);

	while (d && (e = readdir(d)))
		if (tw_starts_with(e->d_name, HALF))
			remove_if_left(dirfd(d), e->d_name);
	if (d)
		closedir(d);
}

enum tw_status tw_blobs_open(struct tw_blob_store **out, const char *dir, struct tw_err *err)
{
	struct tw_blob_store *b;
	enum tw_status st = tw_mkdirs(dir, err);

	if (st != TW_OK)
		return st;
	remove_halves(dir);
	b = tw_xcalloc(1, sizeof(*b));
	b->dir = tw_xstrdup(dir);
	*out = b;
	return TW_OK;
}

void tw_blobs_close(struct tw_blob_store *b)
{
	if (!b)
		return;
	free(b->dir);
	free(b);
}

/* --- putting --- */

static enum tw_status write_all(int fd, const char *data, size_t len, const char *path,
				struct tw_err *err)
{
	while (len) {
		ssize_t n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return tw_fail_errno(err, TW_IO, "%s", path);
		data += n;
		len -= (size_t)n;
	}
	return TW_OK;
}

/* Digest and size are those of what was written, even if the source changes meanwhile. */
static enum tw_status copy(struct tw_digest *digest, int64_t *size, int to, const char *tmp,
			   int from, const char *path, struct tw_err *err)
{
	struct tw_hasher *h = tw_hasher_new();
	char *buf = tw_xmalloc(BUFFER);
	enum tw_status st = TW_OK;

	*size = 0;
	while (st == TW_OK) {
		ssize_t n = read(from, buf, BUFFER);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			st = tw_fail_errno(err, TW_IO, "%s", path);
		if (n <= 0)
			break;
		tw_hasher_raw(h, buf, (size_t)n);
		*size += n;
		st = write_all(to, buf, (size_t)n, tmp, err);
	}
	if (st == TW_OK && fsync(to) != 0)
		st = tw_fail_errno(err, TW_IO, "%s", tmp);
	*digest = tw_hasher_end(h);
	free(buf);
	return st;
}

static char *folder_of(const struct tw_blob_store *b, const char *digest, struct tw_arena *a)
{
	return tw_sprintf(a, "%s/%.2s/%.2s", b->dir, digest, digest + 2);
}

static enum tw_status put_in_place(const struct tw_blob_store *b, const char *tmp,
				   const char *digest, int64_t size, struct tw_err *err)
{
	struct tw_arena a;

	tw_arena_init(&a);
	const char *folder = folder_of(b, digest, &a);
	const char *path = tw_sprintf(&a, "%s/%s-%" PRId64, folder, digest, size);
	enum tw_status st = tw_mkdirs(folder, err);
	if (st == TW_OK && rename(tmp, path) != 0)
		st = tw_fail_errno(err, TW_IO, "%s", path);
	/* The new folders, too, must be there after a power cut. */
	if (st == TW_OK)
		st = tw_sync_folder(folder, err);
	if (st == TW_OK)
		st = tw_sync_folder(tw_path_dir(&a, folder), err);
	if (st == TW_OK)
		st = tw_sync_folder(b->dir, err);
	tw_arena_release(&a);
	return st;
}

/* Between making and locking, another process that opens the store may take the file for one that was left. */
static int make_locked(char **tmp, const struct tw_blob_store *b, struct tw_arena *a)
{
	struct stat sb;

	for (int i = 0; i < TMP_TRIES; i++) {
		*tmp = tw_sprintf(a, "%s/" HALF "XXXXXX", b->dir);
		int fd = mkostemp(*tmp, O_CLOEXEC);
		if (fd < 0)
			return -1;
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &sb) == 0 && sb.st_nlink > 0)
			return fd;
		unlink(*tmp);
		close(fd);
	}
	return -1;
}

static enum tw_status put(struct tw_digest *out, const struct tw_blob_store *b, int from,
			  const char *path, struct tw_arena *a, struct tw_err *err)
{
	int64_t size;
	char *tmp;
	int to = make_locked(&tmp, b, a);

	if (to < 0)
		return tw_fail_errno(err, TW_IO, "%s", tmp);
	enum tw_status st = copy(out, &size, to, tmp, from, path, err);
	if (st == TW_OK && fchmod(to, 0444) != 0)
		st = tw_fail_errno(err, TW_IO, "%s", tmp);
	if (st == TW_OK)
		st = put_in_place(b, tmp, out->hex, size, err);
	if (st != TW_OK)
		unlink(tmp);
	close(to);
	return st;
}

enum tw_status tw_blob_put_file(struct tw_digest *out, struct tw_blob_store *b, const char *path,
				struct tw_err *err)
{
	struct stat sb;
	struct tw_arena a;
	int from = open(path, O_RDONLY | O_CLOEXEC);

	if (from < 0)
		return tw_fail_errno(err, errno == ENOENT ? TW_NOT_FOUND : TW_IO, "%s", path);
	if (fstat(from, &sb) != 0 || !S_ISREG(sb.st_mode)) {
		close(from);
		return tw_fail(err, TW_BAD_DATA, "%s: is not a file", path);
	}
	tw_arena_init(&a);
	enum tw_status st = put(out, b, from, path, &a, err);
	tw_arena_release(&a);
	close(from);
	return st;
}

/* --- finding --- */

static bool is_digest(const char *s)
{
	return strlen(s) == TW_DIGEST_LEN && strspn(s, "0123456789abcdef") == TW_DIGEST_LEN;
}

static enum tw_status no_blob(const char *digest, const struct tw_blob_store *b, struct tw_err *err)
{
	return tw_fail(err, TW_NOT_FOUND, "%s: holds no file %s", b->dir, digest);
}

/* The file in the folder whose name begins with the digest and tells its size. */
static enum tw_status find(const char **out, const struct tw_blob_store *b, const char *digest,
			   struct tw_arena *a, struct tw_err *err)
{
	const struct dirent *e;
	const char *folder;
	DIR *d;

	if (!is_digest(digest))
		return tw_fail(err, TW_BAD_USE, "\"%s\" is not a digest", digest);
	folder = folder_of(b, digest, a);
	d = opendir(folder);
	if (!d)
		return errno == ENOENT ? no_blob(digest, b, err)
				       : tw_fail_errno(err, TW_IO, "%s", folder);
	*out = NULL;
	while (!*out && (e = readdir(d)))
		if (strncmp(e->d_name, digest, TW_DIGEST_LEN) == 0 &&
		    e->d_name[TW_DIGEST_LEN] == '-')
			*out = tw_path_join(a, folder, e->d_name);
	closedir(d);
	return *out ? TW_OK : no_blob(digest, b, err);
}

enum tw_status tw_blob_path(const char **out, struct tw_blob_store *b, const char *digest,
			    struct tw_arena *a, struct tw_err *err)
{
	struct stat sb;
	int64_t size = -1;
	enum tw_status st = find(out, b, digest, a, err);

	if (st != TW_OK)
		return st;
	if (stat(*out, &sb) != 0)
		return tw_fail_errno(err, TW_IO, "%s", *out);
	if (tw_parse_i64(&size, strrchr(*out, '-') + 1, NULL) != TW_OK || sb.st_size != size)
		return tw_fail(err, TW_BAD_DATA,
			       "%s: has %lld bytes, not those that it was stored with; register "
			       "the model again",
			       *out, (long long)sb.st_size);
	return TW_OK;
}

enum tw_status tw_blob_verify(struct tw_blob_store *b, const char *digest, struct tw_err *err)
{
	const char *path;
	struct tw_digest d;
	struct tw_arena a;

	tw_arena_init(&a);
	enum tw_status st = tw_blob_path(&path, b, digest, &a, err);
	if (st == TW_OK)
		st = tw_sha256_file(&d, path, err);
	if (st == TW_OK && strcmp(d.hex, digest) != 0)
		st = tw_fail(err, TW_BAD_DATA, "%s: its content is not what its name says", path);
	tw_arena_release(&a);
	return st;
}

enum tw_status tw_blob_remove(struct tw_blob_store *b, const char *digest, struct tw_err *err)
{
	const char *path;
	struct tw_arena a;

	tw_arena_init(&a);
	enum tw_status st = find(&path, b, digest, &a, err);
	if (st == TW_OK && unlink(path) != 0)
		st = tw_fail_errno(err, errno == ENOENT ? TW_NOT_FOUND : TW_IO, "%s", path);
	tw_arena_release(&a);
	return st;
}
