/* Files: reading, writing that survives a crash, locks. Walking is in fs_walk.c, paths in fs_path.c. */
#include "base/fs.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_BUFFER ((size_t)256 * 1024)

static enum tw_status fail_open(struct tw_err *err, const char *path)
{
	enum tw_status st = errno == ENOENT || errno == ENOTDIR ? TW_NOT_FOUND : TW_IO;

	return tw_fail_errno(err, st, "%s", path);
}

static enum tw_status too_large(struct tw_err *err, const char *path, int64_t max_bytes)
{
	return tw_fail(err, TW_BAD_DATA, "%s: larger than the limit of %" PRId64 " bytes", path,
		       max_bytes);
}

/* A failure leaves *out as it was. */
static enum tw_status read_all(struct tw_str *out, int fd, const char *name, int64_t max_bytes,
			       struct tw_err *err)
{
	enum tw_status st = TW_OK;
	size_t before = out->len;
	struct stat sb;

	if (fstat(fd, &sb) == 0 && S_ISREG(sb.st_mode)) {
		if (max_bytes && sb.st_size > max_bytes)
			return too_large(err, name, max_bytes);
		tw_str_reserve(out, (size_t)sb.st_size + 1);
	}
	/* A size is a hint only: files grow, and those in /proc have none. */
	for (;;) {
		ssize_t n;

		tw_str_reserve(out, out->cap - out->len < 4096 ? COPY_BUFFER : 0);
		n = read(fd, out->data + out->len, out->cap - out->len - 1);
		if (n == 0)
			break;
		if (n < 0) {
			if (errno == EINTR)
				continue;
			st = tw_fail_errno(err, TW_IO, "%s", name);
			break;
		}
		out->len += (size_t)n;
		if (max_bytes && (int64_t)(out->len - before) > max_bytes) {
			st = too_large(err, name, max_bytes);
			break;
		}
	}
	if (st != TW_OK)
		out->len = before;
	if (out->data)
		out->data[out->len] = '\0';
	return st;
}

enum tw_status tw_read_file(struct tw_str *out, const char *path, int64_t max_bytes,
			    struct tw_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fail_open(err, path);
	enum tw_status st = read_all(out, fd, path, max_bytes, err);
	close(fd);
	return st;
}

enum tw_status tw_read_stdin(struct tw_str *out, int64_t max_bytes, struct tw_err *err)
{
	return read_all(out, STDIN_FILENO, "standard input", max_bytes, err);
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* A file under a name of its own beside `path`, which commit() puts in its place. */
struct replacement {
	const char *path;
	char *tmp; /* heap; NULL: a device or a pipe, which is written to and stays */
	int fd;
};

/* /dev/stdout, a pipe: nothing to replace. */
static bool is_device(const char *path)
{
	struct stat sb;

	return stat(path, &sb) == 0 && !S_ISREG(sb.st_mode) && !S_ISDIR(sb.st_mode);
}

static int begin_replace(struct replacement *r, const char *path)
{
	const char *base = tw_path_base(path);
	struct stat sb;
	mode_t mode;

	r->path = path;
	r->tmp = NULL;
	if (is_device(path)) {
		r->fd = open(path, O_WRONLY | O_CLOEXEC);
		return r->fd < 0 ? -1 : 0;
	}
	r->tmp = tw_xmalloc(strlen(path) + 16);
	sprintf(r->tmp, "%.*s.%s.tmp-XXXXXX", (int)(base - path), path, base);
	r->fd = mkostemp(r->tmp, O_CLOEXEC);
	if (r->fd < 0) {
		free(r->tmp);
		r->tmp = NULL;
		return -1;
	}
	if (stat(path, &sb) == 0) {
		mode = sb.st_mode & 0777;
	} else {
		mode = umask(
			0); /* the only way to read it; the gap is harmless for files of ours */
		umask(mode);
		mode = 0666 & ~mode;
	}
	(void)!fchmod(r->fd, mode);
	return 0;
}

static int sync_folder(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	if (fd < 0)
		return -1;
	rc = fsync(fd);
	/* Some file systems know no fsync of folders. */
	if (rc < 0 && (errno == EINVAL || errno == ENOTSUP))
		rc = 0;
	close(fd);
	return rc;
}

static int sync_folder_of(const char *path)
{
	const char *base = tw_path_base(path);
	char *dir = tw_xstrdup(path);
	int rc;

	dir[base - path] = '\0';
	rc = sync_folder(dir[0] ? dir : ".");
	free(dir);
	return rc;
}

enum tw_status tw_sync_folder(const char *dir, struct tw_err *err)
{
	return sync_folder(dir) < 0 ? tw_fail_errno(err, TW_IO, "%s", dir) : TW_OK;
}

static void abandon(struct replacement *r)
{
	int saved = errno;

	if (r->fd >= 0)
		close(r->fd);
	if (r->tmp) {
		unlink(r->tmp);
		free(r->tmp);
	}
	errno = saved;
}

static int commit(struct replacement *r)
{
	int rc = r->tmp ? fsync(r->fd) : 0;

	if (close(r->fd) < 0)
		rc = -1;
	r->fd = -1;
	if (!r->tmp)
		return rc;
	if (rc < 0 || rename(r->tmp, r->path) < 0)
		return -1;
	free(r->tmp);
	r->tmp = NULL;
	return sync_folder_of(r->path);
}

enum tw_status tw_write_file(const char *path, const void *data, size_t len, struct tw_err *err)
{
	struct replacement r;

	if (begin_replace(&r, path) < 0)
		return fail_open(err, path);
	if (write_all(r.fd, data, len) < 0 || commit(&r) < 0) {
		abandon(&r);
		return tw_fail_errno(err, TW_IO, "%s", path);
	}
	return TW_OK;
}

static int copy_bytes(int to, int from)
{
	char *buf = tw_xmalloc(COPY_BUFFER);
	ssize_t n;

	while ((n = read(from, buf, COPY_BUFFER)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || write_all(to, buf, (size_t)n) < 0) {
			n = -1;
			break;
		}
	}
	free(buf);
	return n < 0 ? -1 : 0;
}

enum tw_status tw_write_file_by(const char *path, tw_write_fn fn, void *ctx, struct tw_err *err)
{
	struct replacement r = {.fd = -1};
	enum tw_status st = TW_OK;
	FILE *f = NULL;
	if (begin_replace(&r, path) < 0)
		return fail_open(err, path);
	int fd = dup(r.fd);
	if (fd >= 0)
		f = fdopen(fd, "w");
	if (f)
		st = fn(ctx, f, err);
	bool wrote = f && !ferror(f);
	if (f && fclose(f) != 0)
		wrote = false;
	if (st == TW_OK && (!wrote || commit(&r) < 0))
		st = tw_fail_errno(err, TW_IO, "%s", path);
	abandon(&r);
	return st;
}

enum tw_status tw_copy_file(const char *from, const char *to, struct tw_err *err)
{
	enum tw_status st = TW_OK;
	struct replacement r;
	int fd = open(from, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fail_open(err, from);
	if (begin_replace(&r, to) < 0) {
		st = fail_open(err, to);
	} else if (copy_bytes(r.fd, fd) < 0 || commit(&r) < 0) {
		abandon(&r);
		st = tw_fail_errno(err, TW_IO, "copying %s to %s", from, to);
	}
	close(fd);
	return st;
}

bool tw_exists(const char *path)
{
	struct stat sb;

	return stat(path, &sb) == 0;
}

bool tw_is_dir(const char *path)
{
	struct stat sb;

	return stat(path, &sb) == 0 && S_ISDIR(sb.st_mode);
}

enum tw_status tw_stat_path(struct tw_stat *out, const char *path, struct tw_err *err)
{
	struct stat sb;

	if (stat(path, &sb) < 0)
		return fail_open(err, path);
	out->size = sb.st_size;
	out->mtime_ns = (int64_t)sb.st_mtim.tv_sec * 1000000000 + sb.st_mtim.tv_nsec;
	out->is_dir = S_ISDIR(sb.st_mode);
	out->is_file = S_ISREG(sb.st_mode);
	return TW_OK;
}

enum tw_status tw_map_file(struct tw_mapping *out, const char *path, struct tw_err *err)
{
	enum tw_status st = TW_OK;
	struct stat sb;
	void *p;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	memset(out, 0, sizeof(*out));
	if (fd < 0)
		return fail_open(err, path);
	if (fstat(fd, &sb) < 0) {
		st = tw_fail_errno(err, TW_IO, "%s", path);
	} else if (!S_ISREG(sb.st_mode)) {
		st = tw_fail(err, TW_IO, "%s: not a regular file", path);
	} else if (sb.st_size > 0) {
		p = mmap(NULL, (size_t)sb.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (p == MAP_FAILED) {
			st = tw_fail_errno(err, TW_IO, "mapping %s", path);
		} else {
			out->data = p;
			out->len = (size_t)sb.st_size;
		}
	}
	close(fd);
	return st;
}

void tw_unmap_file(struct tw_mapping *m)
{
	if (m->data)
		munmap((void *)m->data, m->len);
	memset(m, 0, sizeof(*m));
}

enum tw_status tw_lock_file(int *fd_out, const char *path, struct tw_err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644), rc;

	*fd_out = -1;
	if (fd < 0)
		return fail_open(err, path);
	do
		rc = flock(fd, LOCK_EX | LOCK_NB);
	while (rc < 0 && errno == EINTR);
	if (rc < 0) {
		enum tw_status st;

		if (errno == EWOULDBLOCK)
			st = tw_fail(err, TW_CONFLICT,
				     "%s: another process holds it; wait for it to end", path);
		else
			st = tw_fail_errno(err, TW_IO, "locking %s", path);
		close(fd);
		return st;
	}
	*fd_out = fd;
	return TW_OK;
}

void tw_unlock_file(int fd)
{
	if (fd >= 0)
		close(fd);
}
