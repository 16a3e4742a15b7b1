/*
 * ZIP, 7z and tar through libarchive. A ZIP is read by the directory at its end,
 * never by what its pieces say of themselves, and a 7z has no other, so one that is
 * cut is seen at once; a tar may be compressed (gzip, bzip2, xz, zstd).
 */
#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/text.h"
#include "collect/archive/unpack_int.h"

struct unpack {
	struct archive *lib;
	char *path; /* NULL: in memory */
	struct tw_bytes bytes;
	bool zip, seven;
	int64_t limit; /* of bytes, in one go */
	int64_t said;  /* sizes of the entries so far */
	int64_t read;
	int64_t entries;
	unpack_left_out say; /* NULL once the first go has said what is left out */
	void *say_ctx;
	struct tw_arena arena; /* of the present entry */
};

static bool is_zip(const char *s, size_t n)
{
	return n >= 4 && s[0] == 'P' && s[1] == 'K' &&
	       ((s[2] == 3 && s[3] == 4) || (s[2] == 5 && s[3] == 6));
}

static bool is_7z(const char *s, size_t n)
{
	return n >= 6 && memcmp(s, "7z\xbc\xaf\x27\x1c", 6) == 0;
}

bool unpack_knows(const char *s, size_t n)
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
	return is_zip(s, n) || is_7z(s, n);
}

/* libarchive's message may quote the archive. */
static enum tw_status fail_lib(const struct unpack *u, struct tw_err *err)
{
	struct tw_str why = TW_STR_INIT;
	const char *said = archive_error_string(u->lib);
	said = said ? said : "not readable";
	tw_text_plain(&why, said, strlen(said), "");
	enum tw_status st =
		tw_fail(err, TW_BAD_DATA, "the archive is cut or broken (%s); download it again",
			tw_str_c(&why));
	tw_str_release(&why);
	return st;
}

static enum tw_status start(struct unpack *u, struct tw_err *err)
{
	u->said = u->read = u->entries = 0;
	u->lib = archive_read_new();
	if (!u->lib)
		return tw_fail(err, TW_NO_MEMORY, "no memory for reading the archive");
	int rc = u->zip	    ? archive_read_support_format_zip_seekable(u->lib)
		 : u->seven ? archive_read_support_format_7zip(u->lib)
			    : archive_read_support_format_tar(u->lib);
	if (!u->zip && !u->seven) {
		archive_read_support_filter_gzip(u->lib);
		archive_read_support_filter_bzip2(u->lib);
		archive_read_support_filter_xz(u->lib);
		archive_read_support_filter_zstd(u->lib);
	}
	if (rc >= ARCHIVE_WARN)
		rc = u->path ? archive_read_open_filename(u->lib, u->path, (size_t)1 << 16)
			     : archive_read_open_memory(u->lib, u->bytes.data, u->bytes.len);
	return rc == ARCHIVE_OK ? TW_OK : fail_lib(u, err);
}

void unpack_close(struct unpack *u)
{
	if (!u)
		return;
	if (u->lib)
		archive_read_free(u->lib);
	tw_arena_release(&u->arena);
	free(u->path);
	free(u);
}

/* Takes *u over. */
static enum tw_status begin(struct unpack **out, struct unpack *u, int64_t size, struct tw_err *err)
{
	u->limit = size > UNPACK_FREE / UNPACK_RATIO ? size * UNPACK_RATIO : UNPACK_FREE;
	enum tw_status st = start(u, err);
	*out = st == TW_OK ? u : NULL;
	if (st != TW_OK)
		unpack_close(u);
	return st;
}

static struct unpack *unpack_new(const char *head, size_t n)
{
	struct unpack *u = tw_xcalloc(1, sizeof(*u));
	tw_arena_init(&u->arena);
	u->zip = is_zip(head, n);
	u->seven = is_7z(head, n);
	return u;
}

enum tw_status unpack_file(struct unpack **out, const char *path, unpack_left_out say, void *ctx,
			   struct tw_err *err)
{
	char head[8] = "";
	struct tw_stat stat;
	enum tw_status st = tw_stat_path(&stat, path, err);
	FILE *file = st == TW_OK ? fopen(path, "rb") : NULL;
	if (st == TW_OK && !file)
		st = tw_fail_errno(err, TW_IO, "%s", path);
	if (st != TW_OK)
		return st;
	size_t n = fread(head, 1, sizeof(head), file);
	fclose(file);
	struct unpack *u = unpack_new(head, n);
	u->path = tw_xstrdup(path);
	u->say = say;
	u->say_ctx = ctx;
	return begin(out, u, stat.size, err);
}

enum tw_status unpack_memory(struct unpack **out, const struct tw_bytes *bytes, struct tw_err *err)
{
	struct unpack *u = unpack_new(bytes->data, bytes->len);
	u->bytes = *bytes;
	return begin(out, u, (int64_t)bytes->len, err);
}

enum tw_status unpack_rewind(struct unpack *u, struct tw_err *err)
{
	archive_read_free(u->lib);
	u->lib = NULL;
	u->say = NULL;
	return start(u, err);
}

static enum tw_status check_limits(const struct unpack *u, struct tw_err *err)
{
	if (u->read > u->limit || u->said > u->limit)
		return tw_fail(err, TW_BAD_DATA,
			       "the archive expands to more than %d times its size, and is not "
			       "read further",
			       UNPACK_RATIO);
	if (u->entries > UNPACK_MAX_ENTRIES)
		return tw_fail(err, TW_BAD_DATA, "the archive holds more than %d files",
			       UNPACK_MAX_ENTRIES);
	return TW_OK;
}

static const char *name_of(struct archive_entry *e)
{
	const char *name = archive_entry_pathname_utf8(e);
	return name ? name : archive_entry_pathname(e);
}

/* Its cleaned name, or NULL when it is no file that is taken, which is said unless it is a folder. */
static const char *judge(struct unpack *u, struct archive_entry *e)
{
	const char *name = name_of(e), *clean = NULL, *why = NULL;
	if (archive_entry_filetype(e) == AE_IFDIR)
		return NULL;
	if (archive_entry_filetype(e) != AE_IFREG || archive_entry_hardlink(e))
		why = "a link, or a device";
	else if (!name || !(clean = unpack_clean_name(name, &u->arena)))
		why = "the name leads out of the archive";
	if (why && u->say)
		u->say(u->say_ctx, name ? name : "", why);
	return clean;
}

enum tw_status unpack_next(struct unpack_entry *out, struct unpack *u, struct tw_err *err)
{
	struct archive_entry *e;
	tw_arena_reset(&u->arena);
	for (;;) {
		int rc = archive_read_next_header(u->lib, &e);
		if (rc == ARCHIVE_EOF)
			return TW_DONE;
		if (rc < ARCHIVE_WARN)
			return fail_lib(u, err);
		if (archive_entry_is_encrypted(e))
			return tw_fail(err, TW_UNSUPPORTED, "the archive is encrypted");
		int64_t size = archive_entry_size_is_set(e) ? archive_entry_size(e) : -1;
		u->said += size > 0 ? size : 0;
		u->entries++;
		enum tw_status st = check_limits(u, err);
		if (st != TW_OK)
			return st;
		const char *name = judge(u, e);
		if (!name)
			continue;
		*out = (struct unpack_entry){name, size, archive_entry_mtime(e) * 1000};
		return TW_OK;
	}
}

enum tw_status unpack_read(struct unpack *u, void *buf, size_t cap, size_t *got, struct tw_err *err)
{
	la_ssize_t n = archive_read_data(u->lib, buf, cap);
	if (n < 0)
		return fail_lib(u, err);
	*got = (size_t)n;
	u->read += n;
	return check_limits(u, err);
}
