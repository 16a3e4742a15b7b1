/*
 * ZIP and tar through libarchive. A ZIP is read by the directory at its end,
 * never by what its pieces say of themselves, so one that is cut is seen at
 * once; a tar may be compressed (gzip, bzip2, xz, zstd).
 */
#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/text.h"
#include "collect/export/bundle_int.h"

struct file_in_archive {
	struct archive *lib;
	char *path;
	bool zip;
	int64_t limit; /* of bytes, in one go */
	int64_t said;  /* sizes of the entries so far */
	int64_t read;
	int64_t entries;
	struct reports *reports; /* NULL once the first go has said what is left out */
	struct tw_arena arena;	 /* of the present entry */
};

static bool is_zip(const char *s, size_t n)
{
	return n >= 4 && s[0] == 'P' && s[1] == 'K' &&
	       ((s[2] == 3 && s[3] == 4) || (s[2] == 5 && s[3] == 6));
}

bool archive_is_one(const char *s, size_t n)
{
	static const struct {
		size_t at, len;
		const char *magic;
	} kinds[] = {{0, 2, "\x1f\x8b"},
		     {0, 3, "BZh"},
		     {0, 6,
		      "\xfd"
		      "7zXZ\0"},
		     {0, 4, "\x28\xb5\x2f\xfd"},
		     {257, 5, "ustar"}};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (n >= kinds[i].at + kinds[i].len &&
		    memcmp(s + kinds[i].at, kinds[i].magic, kinds[i].len) == 0)
			return true;
	return is_zip(s, n);
}

/* libarchive's message may quote the archive. */
static enum tw_status fail_lib(const struct file_in_archive *f, struct tw_err *err)
{
	struct tw_str why = TW_STR_INIT;
	const char *said = archive_error_string(f->lib);
	said = said ? said : "not readable";
	tw_text_plain(&why, said, strlen(said), "");
	enum tw_status st = tw_fail(err, TW_BAD_DATA,
				    "%s: the archive is cut or broken (%s); download it again",
				    f->path, tw_str_c(&why));
	tw_str_release(&why);
	return st;
}

static enum tw_status start(struct file_in_archive *f, struct tw_err *err)
{
	f->said = f->read = f->entries = 0;
	f->lib = archive_read_new();
	if (!f->lib)
		return tw_fail(err, TW_NO_MEMORY, "%s: no memory for reading it", f->path);
	int rc = f->zip ? archive_read_support_format_zip_seekable(f->lib)
			: archive_read_support_format_tar(f->lib);
	if (!f->zip) {
		archive_read_support_filter_gzip(f->lib);
		archive_read_support_filter_bzip2(f->lib);
		archive_read_support_filter_xz(f->lib);
		archive_read_support_filter_zstd(f->lib);
	}
	if (rc >= ARCHIVE_WARN)
		rc = archive_read_open_filename(f->lib, f->path, (size_t)1 << 16);
	return rc == ARCHIVE_OK ? TW_OK : fail_lib(f, err);
}

static void archive_end(void *ctx)
{
	struct file_in_archive *f = ctx;
	if (f->lib)
		archive_read_free(f->lib);
	tw_arena_release(&f->arena);
	free(f->path);
	free(f);
}

static enum tw_status archive_begin(void **out, const char *path, struct reports *reports,
				    struct tw_err *err)
{
	char head[4] = "";
	struct tw_stat stat;
	enum tw_status st = tw_stat_path(&stat, path, err);
	FILE *file = st == TW_OK ? fopen(path, "rb") : NULL;
	if (st == TW_OK && !file)
		st = tw_fail_errno(err, TW_IO, "%s", path);
	if (st != TW_OK)
		return st;
	size_t n = fread(head, 1, sizeof(head), file);
	fclose(file);
	struct file_in_archive *f = tw_xcalloc(1, sizeof(*f));
	tw_arena_init(&f->arena);
	f->path = tw_xstrdup(path);
	f->zip = is_zip(head, n);
	f->reports = reports;
	f->limit = stat.size > BUNDLE_FREE / BUNDLE_RATIO ? stat.size * BUNDLE_RATIO : BUNDLE_FREE;
	st = start(f, err);
	*out = f;
	if (st != TW_OK)
		archive_end(f);
	return st;
}

static enum tw_status archive_again(void *ctx, struct tw_err *err)
{
	struct file_in_archive *f = ctx;
	archive_read_free(f->lib);
	f->lib = NULL;
	f->reports = NULL;
	return start(f, err);
}

static enum tw_status check_limits(const struct file_in_archive *f, struct tw_err *err)
{
	if (f->read > f->limit || f->said > f->limit)
		return tw_fail(err, TW_BAD_DATA,
			       "%s expands to more than %d times its size: that is no export, and "
			       "it is not read further",
			       f->path, BUNDLE_RATIO);
	if (f->entries > BUNDLE_MAX_ENTRIES)
		return tw_fail(err, TW_BAD_DATA, "%s holds more than %d files", f->path,
			       BUNDLE_MAX_ENTRIES);
	return TW_OK;
}

static const char *name_of(struct archive_entry *e)
{
	const char *name = archive_entry_pathname_utf8(e);
	return name ? name : archive_entry_pathname(e);
}

static void say_left_out(struct file_in_archive *f, const char *name, const char *why)
{
	struct tw_str shown = TW_STR_INIT;
	tw_text_plain(&shown, name, strlen(name), "");
	report(f->reports, "%s: %.300s is left out: %s", f->path, tw_str_c(&shown), why);
	tw_str_release(&shown);
}

/* Its cleaned name, or NULL when it is no file of an export, which is said unless it is a folder. */
static const char *judge(struct file_in_archive *f, struct archive_entry *e)
{
	const char *name = name_of(e), *clean = NULL, *why = NULL;
	if (archive_entry_filetype(e) == AE_IFDIR)
		return NULL;
	if (archive_entry_filetype(e) != AE_IFREG || archive_entry_hardlink(e))
		why = "a link, or a device";
	else if (!name || !(clean = bundle_clean_name(name, &f->arena)))
		why = "the name leads out of the archive";
	if (why && f->reports)
		say_left_out(f, name ? name : "", why);
	return clean;
}

static enum tw_status archive_step(struct bundle_entry *out, void *ctx, struct tw_err *err)
{
	struct file_in_archive *f = ctx;
	struct archive_entry *e;
	tw_arena_reset(&f->arena);
	for (;;) {
		int rc = archive_read_next_header(f->lib, &e);
		if (rc == ARCHIVE_EOF)
			return TW_DONE;
		if (rc < ARCHIVE_WARN)
			return fail_lib(f, err);
		if (archive_entry_is_encrypted(e))
			return tw_fail(err, TW_UNSUPPORTED,
				       "%s is encrypted; unpack it with its password, and give "
				       "the folder as path",
				       f->path);
		int64_t size = archive_entry_size_is_set(e) ? archive_entry_size(e) : -1;
		f->said += size > 0 ? size : 0;
		f->entries++;
		enum tw_status st = check_limits(f, err);
		if (st != TW_OK)
			return st;
		const char *name = judge(f, e);
		if (!name)
			continue;
		*out = (struct bundle_entry){name, size, archive_entry_mtime(e) * 1000};
		return TW_OK;
	}
}

static enum tw_status archive_take(void *ctx, void *buf, size_t cap, size_t *got,
				   struct tw_err *err)
{
	struct file_in_archive *f = ctx;
	la_ssize_t n = archive_read_data(f->lib, buf, cap);
	if (n < 0)
		return fail_lib(f, err);
	*got = (size_t)n;
	f->read += n;
	return check_limits(f, err);
}

const struct bundle_type bundle_of_archive = {
	.open = archive_begin,
	.next = archive_step,
	.read = archive_take,
	.rewind = archive_again,
	.close = archive_end,
};
