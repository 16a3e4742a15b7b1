/*
 * base/fs.h: files.
 *
 * Writes that must survive a crash go through tw_write_file(): temporary file,
 * fsync, rename, fsync of the folder. Errors name the path and the reason.
 */
#ifndef TW_BASE_FS_H
#define TW_BASE_FS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

/* Appends the whole file; TW_NOT_FOUND, TW_IO, TW_BAD_DATA over max_bytes (0: no limit). */
TW_MUST_USE enum tw_status tw_read_file(struct tw_str *out, const char *path, int64_t max_bytes,
					struct tw_err *err);
/* The same of all that is left of standard input, as messages call it. */
TW_MUST_USE enum tw_status tw_read_stdin(struct tw_str *out, int64_t max_bytes, struct tw_err *err);

TW_MUST_USE enum tw_status tw_write_file(const char *path, const void *data, size_t len,
					 struct tw_err *err);

/* The same for content that is made piece by piece. */
typedef enum tw_status (*tw_write_fn)(void *ctx, FILE *f, struct tw_err *err);
TW_MUST_USE enum tw_status tw_write_file_by(const char *path, tw_write_fn fn, void *ctx,
					    struct tw_err *err);

/* Until the folder is synced, a power failure may bring the old name of a file in it back. */
TW_MUST_USE enum tw_status tw_sync_folder(const char *dir, struct tw_err *err);

/* Copies; the target appears whole or not at all. */
TW_MUST_USE enum tw_status tw_copy_file(const char *from, const char *to, struct tw_err *err);

TW_MUST_USE enum tw_status tw_mkdirs(const char *path, struct tw_err *err);

/* A file or a whole folder; absent is TW_OK. Never follows links. */
TW_MUST_USE enum tw_status tw_remove_all(const char *path, struct tw_err *err);

bool tw_exists(const char *path);
bool tw_is_dir(const char *path);

struct tw_stat {
	int64_t size, mtime_ns;
	bool is_dir, is_file;
};

TW_MUST_USE enum tw_status tw_stat_path(struct tw_stat *out, const char *path, struct tw_err *err);

/* Calls fn for each regular file below `root`, in byte order of their relative paths, without following links and
 * without the folders that `enter` (NULL: all are entered) says no to; their relative path ends in "/".
 * A folder that cannot be read is reported to `fn` with status TW_SKIPPED in `problem` and passed over.
 * fn's status other than TW_OK ends the walk and is returned. */
typedef enum tw_status (*tw_walk_fn)(void *ctx, const char *rel_path, const struct tw_stat *st,
				     const char *problem, struct tw_err *err);
typedef bool (*tw_walk_enter)(void *ctx, const char *rel_path);
TW_MUST_USE enum tw_status tw_walk(const char *root, tw_walk_enter enter, tw_walk_fn fn, void *ctx,
				   struct tw_err *err);

/* Read-only mapping of a file; data is NULL for an empty one. */
struct tw_mapping {
	const void *data;
	size_t len;
};
TW_MUST_USE enum tw_status tw_map_file(struct tw_mapping *out, const char *path,
				       struct tw_err *err);
void tw_unmap_file(struct tw_mapping *m);

/* An exclusive lock (flock) on a file, made when absent. TW_CONFLICT when another process holds it. */
TW_MUST_USE enum tw_status tw_lock_file(int *fd_out, const char *path, struct tw_err *err);
void tw_unlock_file(int fd);

char *tw_path_join(struct tw_arena *a, const char *dir,
		   const char *name);			    /* an absolute `name` wins */
char *tw_path_dir(struct tw_arena *a, const char *path);    /* "." when there is none */
const char *tw_path_base(const char *path);		    /* points into path */
const char *tw_path_ext(const char *path);		    /* without dot; "" when none */
char *tw_expand_home(struct tw_arena *a, const char *path); /* leading "~/" */
char *tw_cache_dir(struct tw_arena *a);			    /* ${XDG_CACHE_HOME:-~/.cache}/twin */

/* Bytes free on the file system that holds `path`. */
int64_t tw_disk_free(const char *path);

#endif
