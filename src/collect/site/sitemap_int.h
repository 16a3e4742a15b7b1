/*
 * collect/site/sitemap_int.h: the addresses that a site names itself, by the
 * protocol of sitemaps.org: <urlset>, <sitemapindex>, or a text with one
 * address a line, each plain or compressed with gzip.
 *
 * The text is scanned once, without a tree, so a sitemap of the largest size
 * that the protocol allows takes little more memory than its addresses.
 */
#ifndef TW_COLLECT_SITEMAP_INT_H
#define TW_COLLECT_SITEMAP_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"

/* Limits of the protocol: a file is no larger than this when it is unpacked, and names no more. */
#define SITEMAP_MAX_BYTES   (50 << 20)
#define SITEMAP_MAX_ENTRIES 50000

struct sitemap_entry {
	const char *loc;    /* as written, entities resolved */
	int64_t lastmod_ms; /* 0 unknown */
};

struct sitemap {
	bool is_index;		       /* its entries are sitemaps */
	struct sitemap_entry *entries; /* the newest first; of equal ones in the file's order */
	size_t n;
	bool cut; /* there is more: it names too many, or is one that could not be read to its end */
};

/* Strings in the arena. TW_BAD_DATA when it is no sitemap, ends before its end (out->cut), or unpacks to more
 * than SITEMAP_MAX_BYTES (the same). */
TW_MUST_USE enum tw_status sitemap_read(struct sitemap *out, const char *data, size_t len,
					struct tw_arena *a, struct tw_err *err);

/* --- gunzip_libarchive.c --- */

bool is_gzip(const char *data, size_t len);
/* Appends what is packed in all members. TW_BAD_DATA when it is broken or longer than `max`. */
TW_MUST_USE enum tw_status gunzip(struct tw_str *out, const char *data, size_t len, size_t max,
				  struct tw_err *err);

#endif
