/*
 * collect/archive/unpack_int.h: the files of a ZIP, 7z or tar, one after the other,
 * out of a file or out of memory.
 *
 * Nothing is unpacked to the disk. Only regular files come: links, devices, and
 * names that are absolute or hold ".." are left out. One that is cut, is encrypted, or
 * expands out of proportion is an error. Messages do not name the archive. One
 * thread.
 */
#ifndef TW_COLLECT_UNPACK_INT_H
#define TW_COLLECT_UNPACK_INT_H

#include <stdbool.h>

#include "base/mem.h"

/* Limits against bombs. What an archive expands to, in one go through it: */
#define UNPACK_RATIO	   200		       /* times its own size … */
#define UNPACK_FREE	   ((int64_t)64 << 20) /* … once that is more than so much. */
#define UNPACK_MAX_ENTRIES 2000000

struct unpack; /* opaque, heap */

struct unpack_entry {
	const char *name; /* relative path with slashes, UTF-8; until the next entry */
	int64_t size;	  /* -1 unknown */
	int64_t modified_ms;
};

/* Told what is left out, in the first go: a name as it stands there, and why. */
typedef void (*unpack_left_out)(void *ctx, const char *name, const char *why);

/* By its first 512 bytes. */
bool unpack_knows(const char *head, size_t n);

/* `say` may be NULL. */
TW_MUST_USE enum tw_status unpack_file(struct unpack **out, const char *path, unpack_left_out say,
				       void *ctx, struct tw_err *err);
/* The bytes outlive it. */
TW_MUST_USE enum tw_status unpack_memory(struct unpack **out, const struct tw_bytes *bytes,
					 struct tw_err *err);
void unpack_close(struct unpack *u); /* NULL is fine */

/* TW_DONE behind the last. TW_UNSUPPORTED: it is encrypted. */
TW_MUST_USE enum tw_status unpack_next(struct unpack_entry *out, struct unpack *u,
				       struct tw_err *err);
/* Of the present entry: 0 bytes at its end. */
TW_MUST_USE enum tw_status unpack_read(struct unpack *u, void *buf, size_t cap, size_t *got,
				       struct tw_err *err);
/* Before the first entry again. */
TW_MUST_USE enum tw_status unpack_rewind(struct unpack *u, struct tw_err *err);

/* The cleaned name ("./a", "a\b"), or NULL when it leads out of where it stands. */
const char *unpack_clean_name(const char *name, struct tw_arena *a);

#endif
