/*
 * collect/export/bundle_int.h: the files of an export, one after the other.
 *
 * A bundle is an archive (ZIP; tar, also compressed), a folder, or one file.
 * Nothing is unpacked to the disk. The caller goes through the entries in
 * order, and reads the present one whole or in pieces. Only regular files are
 * entries: links are left out and named, and so are names that are absolute or
 * hold "..". An archive that is cut, encrypted, or expands out of proportion
 * (archive/unpack_int.h) is an error. One thread.
 */
#ifndef TW_COLLECT_BUNDLE_INT_H
#define TW_COLLECT_BUNDLE_INT_H

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "collect/reports_int.h"
#include "core/source.h"

#define BUNDLE_HEAD ((size_t)1 << 14) /* bytes that bundle_peek() shows at most */

struct bundle; /* opaque, heap */

struct bundle_entry {
	const char *name; /* relative path with slashes, UTF-8; until the next entry */
	int64_t size;	  /* -1 unknown */
	int64_t modified_ms;
};

/* `reports` takes what is left out, and outlives the bundle. */
TW_MUST_USE enum tw_status bundle_open(struct bundle **out, const char *path,
				       struct reports *reports, struct tw_err *err);
void bundle_close(struct bundle *b); /* NULL is fine */

/* Tells `host` of each entry (tw_source_enter) and of getting on. An entry that has ended a parser is passed over. */
void bundle_watch(struct bundle *b, const struct tw_source_host *host);
bool bundle_left_out(const struct bundle *b); /* any */
bool bundle_is_archive(const struct bundle *b);

/* The same as long as nothing was written to the file, or to one in the folder; by sizes and times. Opens nothing. */
TW_MUST_USE enum tw_status bundle_stamp(struct tw_digest *out, const char *path,
					struct tw_err *err);

/* TW_DONE behind the last. What was not read of the present entry is passed over. */
TW_MUST_USE enum tw_status bundle_next(struct bundle_entry *out, struct bundle *b,
				       struct tw_err *err);
/* Before the first entry again. */
TW_MUST_USE enum tw_status bundle_rewind(struct bundle *b, struct tw_err *err);

/* The beginning of the entry, which reading then gives once more. Valid until the next entry. */
TW_MUST_USE enum tw_status bundle_peek(struct tw_bytes *head, struct bundle *b, struct tw_err *err);
/* A tw_read_fn (base/json_reader.h): at most `cap` bytes, 0 at the end. TW_CANCELLED when the process is to stop. */
TW_MUST_USE enum tw_status bundle_read(void *bundle, void *buf, size_t cap, size_t *got,
				       struct tw_err *err);
/* What is left of the entry. TW_SKIPPED over `max` bytes. */
TW_MUST_USE enum tw_status bundle_read_all(struct tw_str *out, struct bundle *b, size_t max,
					   struct tw_err *err);

/* --- for the files that read one kind of bundle --- */

struct bundle_type {
	enum tw_status (*next)(struct bundle_entry *out, void *ctx, struct tw_err *err);
	enum tw_status (*read)(void *ctx, void *buf, size_t cap, size_t *got, struct tw_err *err);
	enum tw_status (*rewind)(void *ctx, struct tw_err *err);
	void (*close)(void *ctx);
	enum tw_status (*open)(void **ctx, const char *path, struct reports *reports,
			       struct tw_err *err);
};

extern const struct bundle_type bundle_of_files, bundle_of_archive;

#endif
