/* gzip (RFC 1952), of one member or several, with nothing else switched on in libarchive. */
#include "collect/site/sitemap_int.h"

#include <archive.h>
#include <archive_entry.h>

#define BLOCK 65536

bool is_gzip(const char *data, size_t len)
{
	return len >= 2 && data[0] == '\x1f' && data[1] == '\x8b';
}

static enum tw_status read_all(struct tw_str *out, struct archive *ar, size_t max,
			       struct tw_err *err)
{
	struct archive_entry *entry;
	char block[BLOCK];
	if (archive_read_next_header(ar, &entry) != ARCHIVE_OK)
		return tw_fail(err, TW_BAD_DATA, "broken gzip data");
	for (;;) {
		la_ssize_t n = archive_read_data(ar, block, sizeof(block));
		if (n == 0)
			return TW_OK;
		if (n < 0)
			return tw_fail(err, TW_BAD_DATA, "broken gzip data");
		if ((size_t)n > max - out->len)
			return tw_fail(err, TW_BAD_DATA, "unpacked it is larger than %zu bytes",
				       max);
		tw_str_add(out, block, (size_t)n);
	}
}

enum tw_status gunzip(struct tw_str *out, const char *data, size_t len, size_t max,
		      struct tw_err *err)
{
	struct archive *ar = archive_read_new();
	enum tw_status st;
	if (!ar)
		return tw_fail(err, TW_NO_MEMORY, "out of memory");
	if (archive_read_support_filter_gzip(ar) != ARCHIVE_OK ||
	    archive_read_support_format_raw(ar) != ARCHIVE_OK ||
	    archive_read_open_memory(ar, data, len) != ARCHIVE_OK)
		st = tw_fail(err, TW_BAD_DATA, "broken gzip data");
	else
		st = read_all(out, ar, max, err);
	archive_read_free(ar);
	return st;
}
