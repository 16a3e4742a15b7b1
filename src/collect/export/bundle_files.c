/* A folder, in byte order of its paths, or one file. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/vec.h"
#include "collect/export/bundle_int.h"
#include "collect/file/files_int.h"

struct file {
	const char *rel;
	int64_t size, mtime_ns;
};

struct files {
	const char *root;
	bool single;
	TW_VEC(struct file) all;
	size_t at;
	int fd; /* of the present entry, -1: not opened yet */
	const char *path;
	struct tw_arena arena;
};

static enum tw_status on_file(void *ctx, const char *rel, const struct tw_stat *st,
			      const char *problem, struct tw_err *err TW_UNUSED)
{
	struct files *f = ctx;
	if (problem) /* documents in it would look removed */
		return tw_fail(err, TW_IO, "%s/%s: %s", f->root, rel, problem);
	struct file one = {tw_strdup(&f->arena, rel), st->size, st->mtime_ns};
	tw_vec_push(&f->all, one);
	return TW_OK;
}

static void files_close(void *ctx)
{
	struct files *f = ctx;
	if (f->fd >= 0)
		close(f->fd);
	tw_vec_release(&f->all);
	tw_arena_release(&f->arena);
	free(f);
}

static enum tw_status files_open(void **out, const char *path, struct reports *reports TW_UNUSED,
				 struct tw_err *err)
{
	struct tw_stat stat;
	enum tw_status st = tw_stat_path(&stat, path, err);
	if (st != TW_OK)
		return st;
	struct files *f = tw_xcalloc(1, sizeof(*f));
	f->fd = -1;
	tw_arena_init(&f->arena);
	f->root = tw_strdup(&f->arena, path);
	f->single = !stat.is_dir;
	st = stat.is_dir ? tw_walk(path, NULL, on_file, f, err)
			 : on_file(f, tw_path_base(path), &stat, NULL, err);
	*out = f;
	if (st != TW_OK)
		files_close(f);
	return st;
}

static enum tw_status files_next(struct bundle_entry *out, void *ctx, struct tw_err *err TW_UNUSED)
{
	struct files *f = ctx;
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	if (f->at == f->all.n)
		return TW_DONE;
	const struct file *one = &f->all.at[f->at++];
	f->path = f->single ? f->root : tw_path_join(&f->arena, f->root, one->rel);
	*out = (struct bundle_entry){key_from_path(one->rel, &f->arena), one->size,
				     one->mtime_ns / 1000000};
	return TW_OK;
}

/* A folder may be changed while it is read: what was a file is not followed when it has become a link. */
static enum tw_status files_read(void *ctx, void *buf, size_t cap, size_t *got, struct tw_err *err)
{
	struct files *f = ctx;
	if (f->fd < 0)
		f->fd = open(f->path,
			     O_RDONLY | O_CLOEXEC | O_NONBLOCK | (f->single ? 0 : O_NOFOLLOW));
	ssize_t n = f->fd < 0 ? -1 : read(f->fd, buf, cap);
	while (n < 0 && f->fd >= 0 && errno == EINTR)
		n = read(f->fd, buf, cap);
	if (n < 0)
		return tw_fail_errno(err, TW_IO, "%s", f->path);
	*got = (size_t)n;
	return TW_OK;
}

static enum tw_status files_rewind(void *ctx, struct tw_err *err TW_UNUSED)
{
	struct files *f = ctx;
	f->at = 0;
	return TW_OK;
}

const struct bundle_type bundle_of_files = {
	.open = files_open,
	.next = files_next,
	.read = files_read,
	.rewind = files_rewind,
	.close = files_close,
};
