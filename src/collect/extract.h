/*
 * collect/extract.h: one web page, from its bytes to what its author wrote.
 *
 * Owns nothing: a page lives in the caller's arena. Fetching is the caller's.
 * What a page is about is chosen by lengths of text, links, tags and names of
 * parts (see extract_int.h); no site is known by name. Any bytes end in a page
 * or an error, in time that grows with their number, and in memory that has a
 * bound (below a gigabyte for the largest page). Threads may work on different
 * pages at once.
 */
#ifndef TW_COLLECT_EXTRACT_H
#define TW_COLLECT_EXTRACT_H

#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

#define TW_PAGE_MOST (64 << 20) /* bytes of a page at most */

/* What a page says and says of itself; NULL or 0 where it says nothing. */
struct tw_page {
	const char *title, *author, *description;
	const char *lang;      /* BCP 47 */
	const char *canonical; /* absolute */
	const char *charset;   /* that it was read in: "utf-8", "windows-1251" … */
	int64_t created_ms, modified_ms;
	const char *text;     /* main content as plain text, "" when there is none */
	const char *markdown; /* the same as Markdown */
};

/*
 * `url`: where the page was, NULL when unknown; relative links are resolved
 * against it (or against <base>). `charset`: of the HTTP header, or NULL.
 * TW_BAD_DATA: nothing there, no text, or too large.
 */
TW_MUST_USE enum tw_status tw_extract_page(struct tw_page *out, const char *data, size_t len,
					   const char *url, const char *charset, struct tw_arena *a,
					   struct tw_err *err);

/* The same, where nothing else can be reached or read (docs/architecture.md); TW_BAD_DATA, too, when it ended its parser. */
TW_MUST_USE enum tw_status tw_extract_page_apart(struct tw_page *out, const char *data, size_t len,
						 const char *url, const char *charset,
						 struct tw_arena *a, struct tw_err *err);

#endif
