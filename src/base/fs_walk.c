/* Whole folders: making, walking, removing. */
#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/vec.h"

enum tw_status tw_mkdirs(const char *path, struct tw_err *err)
{
	char *copy = tw_xstrdup(path);
	enum tw_status st = TW_OK;
	struct stat sb;

	/* Cuts at each slash in turn; the last piece ends at the NUL. */
	for (char *p = copy; *p && st == TW_OK;) {
		char cut;

		p += strspn(p, "/");
		p += strcspn(p, "/");
		cut = *p;
		*p = '\0';
		if (mkdir(copy, 0777) < 0) {
			int saved = errno;

			if (stat(copy, &sb) < 0 || !S_ISDIR(sb.st_mode)) {
				errno = saved == EEXIST ? ENOTDIR : saved;
				st = tw_fail_errno(err, TW_IO, "making the folder %s", copy);
			}
		}
		*p = cut;
	}
	free(copy);
	return st;
}

static int remove_one(const char *path, const struct stat *sb TW_UNUSED, int kind,
		      struct FTW *ftw TW_UNUSED)
{
	int rc = kind == FTW_DP || kind == FTW_DNR ? rmdir(path) : unlink(path);

	return rc < 0 && errno != ENOENT ? errno : 0;
}

enum tw_status tw_remove_all(const char *path, struct tw_err *err)
{
	struct stat sb;
	int rc;

	if (lstat(path, &sb) < 0)
		return errno == ENOENT ? TW_OK : tw_fail_errno(err, TW_IO, "%s", path);
	rc = nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	if (rc == 0)
		return TW_OK;
	if (rc > 0)
		errno = rc;
	return tw_fail_errno(err, TW_IO, "removing %s", path);
}

struct entry {
	char *name; /* heap; a folder's ends in "/" so that sorting names sorts whole paths */
	struct tw_stat st;
};

struct entries TW_VEC_BODY(struct entry);

static void free_entries(struct entries *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->at[i].name);
	tw_vec_release(v);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

/* Files and folders of `dir`, sorted; -1 with errno when it can't be read. */
static int list(struct entries *out, const char *dir, bool follow)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW));
	struct dirent *d;
	DIR *dp;

	if (fd < 0)
		return -1;
	dp = fdopendir(fd);
	if (!dp) {
		close(fd);
		return -1;
	}
	while (errno = 0, (d = readdir(dp))) {
		struct entry e = {0};
		struct stat sb;
		size_t len = strlen(d->d_name);

		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		/* Gone in between, or a link, a socket, a device: not ours to read. */
		if (fstatat(fd, d->d_name, &sb, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		e.st.is_dir = S_ISDIR(sb.st_mode);
		e.st.is_file = S_ISREG(sb.st_mode);
		if (!e.st.is_dir && !e.st.is_file)
			continue;
		e.st.size = sb.st_size;
		e.st.mtime_ns = (int64_t)sb.st_mtim.tv_sec * 1000000000 + sb.st_mtim.tv_nsec;
		e.name = tw_xmalloc(len + 2);
		memcpy(e.name, d->d_name, len + 1);
		if (e.st.is_dir)
			memcpy(e.name + len, "/", 2);
		tw_vec_push(out, e);
	}
	if (errno) {
		int saved = errno;

		closedir(dp);
		errno = saved;
		return -1;
	}
	closedir(dp);
	if (out->n)
		qsort(out->at, out->n, sizeof(*out->at), by_name);
	return 0;
}

struct walk {
	tw_walk_enter enter; /* NULL: into every folder */
	tw_walk_fn fn;
	void *ctx;
	struct tw_str path; /* root/rel */
	size_t root_len;    /* rel starts here */
};

static enum tw_status walk_folder(struct walk *w, const struct tw_stat *self, struct tw_err *err);

static enum tw_status walk_entries(struct walk *w, const struct entries *v, struct tw_err *err)
{
	enum tw_status st = TW_OK;
	size_t before = w->path.len;

	for (size_t i = 0; i < v->n && st == TW_OK; i++) {
		const struct entry *e = &v->at[i];

		tw_str_adds(&w->path, e->name);
		if (e->st.is_dir && w->enter && !w->enter(w->ctx, w->path.data + w->root_len))
			st = TW_OK;
		else if (e->st.is_dir)
			st = walk_folder(w, &e->st, err);
		else
			st = w->fn(w->ctx, w->path.data + w->root_len, &e->st, NULL, err);
		w->path.len = before;
		w->path.data[before] = '\0';
	}
	return st;
}

/* w->path ends in a slash. `self` is NULL for the root, whose failure ends the walk. */
static enum tw_status walk_folder(struct walk *w, const struct tw_stat *self, struct tw_err *err)
{
	struct entries v = {0};
	enum tw_status st;

	if (list(&v, w->path.data, self == NULL) == 0) {
		st = walk_entries(w, &v, err);
	} else if (self) {
		char reason[128];
		const char *why = strerror_r(errno, reason, sizeof(reason));

		w->path.data[w->path.len - 1] =
			'\0'; /* without the slash; the caller cuts it anyway */
		st = w->fn(w->ctx, w->path.data + w->root_len, self, why, err);
	} else {
		w->path.data[w->path.len - 1] = '\0';
		st = tw_fail_errno(err, errno == ENOENT ? TW_NOT_FOUND : TW_IO, "%s", w->path.data);
	}
	free_entries(&v);
	return st;
}

enum tw_status tw_walk(const char *root, tw_walk_enter enter, tw_walk_fn fn, void *ctx,
		       struct tw_err *err)
{
	struct walk w = {.enter = enter, .fn = fn, .ctx = ctx};
	enum tw_status st;

	tw_str_adds(&w.path, root);
	if (!tw_ends_with(root, "/"))
		tw_str_addc(&w.path, '/');
	w.root_len = w.path.len;
	st = walk_folder(&w, NULL, err);
	tw_str_release(&w.path);
	return st;
}
