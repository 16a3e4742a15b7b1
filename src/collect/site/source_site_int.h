/*
 * collect/site/source_site_int.h: what the files of the source `site` share.
 *
 * source_site.c has the options and the order of a pass: the start page, the
 * sitemaps, then page after page in the order in which they were found.
 * source_site_fetch.c asks for one address, source_site_page.c says what came
 * back, source_site_map.c reads sitemaps.
 */
#ifndef TW_COLLECT_SOURCE_SITE_INT_H
#define TW_COLLECT_SOURCE_SITE_INT_H

#include "collect/site/crawl_int.h"
#include "collect/site/polite_int.h"

struct site_place {
	uint32_t record;
	int depth; /* links from the start page, at most; of a sitemap: indexes above it */
};

struct site_queue TW_VEC_BODY(struct site_place);

struct site_source {
	/* options */
	const char *url;
	bool allow_private, sitemap;
	int64_t max_pages, max_depth, max_size, timeout;
	double delay;
	struct tw_strings include, exclude, author;
	/* the pass */
	const struct tw_source_host *host;
	const char *tag;
	struct polite polite;
	struct crawl_scope scope;
	struct crawl_table table;
	struct site_queue maps, pages;
	size_t at_map, at_page; /* the next ones */
	bool maps_are_named;	/* by robots.txt; else one place is tried */
	struct tw_map keys;	/* of the documents so far */
	struct tw_http_response
		first; /* of the start page, which open() asked for; status 0: taken */
	bool given_up; /* the host does not answer, or wants to be left alone */
	bool too_deep; /* pages were found beyond max_depth */
	int misses;    /* answers that did not come, in a row */
	double committed_s;
	struct tw_arena arena;
	struct tw_arena page; /* for one step; many pages yield nothing */
};

/* --- source_site_fetch.c --- */

/* Asks for the record's address, on condition that it changed where that is known; redirects are answers. TW_OK for every
 * status, TW_SKIPPED when no answer came, TW_CANCELLED. Stores what there is so far, first. */
TW_MUST_USE enum tw_status site_fetch(struct tw_http_response *res, struct site_source *s,
				      size_t record, struct tw_err *err);

/* Whether the document of this record is in the store as it was fetched. */
bool site_has_document(const struct site_source *s, const struct crawl_record *r);
const char *site_fingerprint(const struct site_source *s, const char *digest, struct tw_arena *a);

/* --- source_site_page.c --- */

/* Takes what the page at this place is: asks for it unless it was asked for in this pass. TW_OK with *yields: *doc is a document;
 * TW_SKIPPED as next(). */
TW_MUST_USE enum tw_status site_visit(struct tw_document *doc, bool *yields, struct site_source *s,
				      struct site_place at, struct tw_arena *a, struct tw_err *err);

/* --- source_site_map.c --- */

/* The same of a sitemap, which yields nothing. */
TW_MUST_USE enum tw_status site_visit_map(struct site_source *s, struct site_place at,
					  struct tw_arena *a, struct tw_err *err);

/* --- source_site.c --- */

/* Marks that more lies below this address than is read, and says so once. */
void site_cut_short(struct site_source *s, const char *url);
void site_queue_links(struct site_source *s, size_t record, int depth);
void site_queue_page(struct site_source *s, size_t record, int depth);
void site_queue_map(struct site_source *s, size_t record, int depth);

/* Marks that this address has answered in this pass, with these validators, and saves its record. */
void site_record_answer(struct site_source *s, size_t record, const struct tw_http_response *res);
/* It has not, or not with what can be read. What it led to before still counts as found; if that is unknown, `hides` says that it may lead to documents, so that nothing is removed in this pass. */
void site_record_failure(struct site_source *s, size_t record, bool hides);

#endif
