/*
 * collect/office/package_int.h: the parts of a document that is a ZIP (ECMA-376
 * part 2, ODF part 2, EPUB's OCF), by their names, in memory.
 */
#ifndef TW_COLLECT_PACKAGE_INT_H
#define TW_COLLECT_PACKAGE_INT_H

#include "collect/html/dom_int.h"

#define PACKAGE_MOST	    ((size_t)24 << 20) /* bytes of the parts that are kept */
#define PACKAGE_MAX_ENTRIES 100000	       /* parts of a document */

struct package_part {
	const char *name; /* no slash in front */
	struct tw_bytes data;
	struct dom tree; /* no root: not parsed yet */
	size_t cost;	 /* of the tree */
};

struct package {
	struct package_part *parts; /* by name */
	size_t n;
};

/* Parts whose names end in one of `exts` (as struct file_format's), in the arena. TW_BAD_DATA; TW_UNSUPPORTED: encrypted. */
TW_MUST_USE enum tw_status package_read(struct package *out, const struct tw_bytes *zip,
					const char *const *exts, struct tw_arena *a,
					struct tw_err *err);
/* From parts that are there already; sorts them. For tests. */
struct package package_of(struct package_part *parts, size_t n);

/* NULL when absent. ASCII letters match in either case. */
struct package_part *package_find(const struct package *p, const char *name);

/* What a link in the part `from` ("" for the package itself) leads to: "text/ch%201.xhtml#x" → "OEBPS/text/ch 1.xhtml".
 * NULL when it leads out. */
const char *package_resolve(const char *from, const char *link, struct tw_arena *a);

/* The part as a tree, parsed once; TW_BAD_DATA when it is absent or no XML, or all trees together cost more than
 * DOM_XML_MOST. The arena lives as long as the package. */
TW_MUST_USE enum tw_status package_xml(struct dom *out, const struct package *p, const char *name,
				       struct tw_arena *a, struct tw_err *err);

#endif
