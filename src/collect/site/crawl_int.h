/*
 * collect/site/crawl_int.h: what the files of the crawler (source_site.c) share.
 *
 * crawl_url.c says which addresses are pages of the site and writes each in one
 * way; crawl_links.c reads off a page what it links to and asks of programs;
 * crawl_kind.c tells writing from lists of links; crawl_table.c keeps what is
 * known of each address between passes.
 */
#ifndef TW_COLLECT_CRAWL_INT_H
#define TW_COLLECT_CRAWL_INT_H

#include "base/map.h"
#include "base/vec.h"
#include "collect/site/robots_int.h"
#include "collect/web_page_int.h"
#include "core/source.h"

/* --- addresses: crawl_url.c --- */

/* One spelling for one page: scheme and host in lower case, no default port, user, fragment, tracking parameter or session;
 * octets as octets_normal(). NULL when it is no http(s) URL. */
char *url_normal(const char *url, struct tw_arena *a);

struct crawl_scope {
	const char *origin; /* "https://example.org" */
	const char *folder; /* "/" or "/~ann/": only what is below */
	struct tw_strings exclude;
};
/* Of the start page's address (normal). */
void crawl_scope_of(struct crawl_scope *out, const char *start, struct tw_arena *a);
/* The same where the start page is found at `to` (normal): the folder stays, the origin is that of `to`. Where only a slash
 * was left out ("/~ann" leads to "/~ann/"), the folder is what was meant. */
void crawl_scope_moved(struct crawl_scope *out, const char *start, const char *to,
		       struct tw_arena *a);

/* http and https, with and without "www.": the same site. */
bool crawl_same_site(const struct crawl_scope *s, const char *url);
bool crawl_in_folder(const struct crawl_scope *s, const char *url);
/* The normal address at the site's own origin, wherever on it; NULL when it is elsewhere. */
char *crawl_site_url(const struct crawl_scope *s, const char *base, const char *ref,
		     struct tw_arena *a);
/* The same of what may be a page to ask for: below the folder, not excluded, not the name of a picture or an archive, and
 * not so deep or repeating that it looks like a trap. */
char *crawl_page_url(const struct crawl_scope *s, const char *base, const char *ref,
		     struct tw_arena *a);
/* Whether a glob matches the path of the URL, or a folder that it is in. */
bool crawl_path_matches(const struct tw_strings *globs, const char *url, struct tw_arena *a);

/* --- pages: crawl_links.c, crawl_kind.c --- */

struct crawl_links {
	TW_VEC(const char *) urls; /* pages of the site, each once */
	struct robots_words words; /* of <meta name="robots"> */
	const char *canonical;	   /* of the site, NULL when it names none or another's */
	bool is_list;		   /* says by schema.org that it is a list */
	bool cut;		   /* has more links than are taken */
};
/* What a page of HTML says; strings in the arena, *out ends with tw_vec_release(&out->urls). */
void crawl_links_read(struct crawl_links *out, const struct dom *d, const char *url,
		      const struct crawl_scope *scope, struct tw_arena *a);

/* Whether the page is a piece of writing, by its main content and what it says of itself. */
bool crawl_is_writing(const struct page *page, bool says_list, const char *url);

/* --- what is known of each address: crawl_table.c --- */

enum crawl_result {		   /* stored as numbers */
		    CRAWL_UNKNOWN, /* found, never answered for */
		    CRAWL_DOCUMENT,
		    CRAWL_PAGE,	     /* read for its links */
		    CRAWL_MAP,	     /* a sitemap of pages */
		    CRAWL_MAP_INDEX, /* one of sitemaps */
		    CRAWL_NOTHING,   /* not there, not a page, or leads elsewhere */
};

struct crawl_record {
	const char *url, *etag, *last_modified, *digest; /* of the answer; NULL or "" unknown */
	const char *key;				 /* of the document that it became */
	uint32_t *links;				 /* indices of records */
	size_t n_links;
	int64_t pass; /* the last one in which it answered */
	enum crawl_result result;
	bool cut; /* leads to more than is kept here */
	/* Of this pass alone. */
	bool queued;
};

struct crawl_table {
	TW_VEC(struct crawl_record) records;
	struct tw_map by_url;
	size_t max;
	bool full;  /* something was not taken in; then it is not whole either */
	bool whole; /* nothing hid in this pass what it may lead to: what is not found is gone */
	int64_t pass;
	bool resumed;	   /* the pass before was not finished, and goes on */
	const char *start; /* the address that the start page is at in this pass, NULL unknown */
	const char *home;  /* that it was at in the first of all passes, NULL unknown */
	int64_t began_ms;
	const char *tag; /* of the options; what was kept under another one is forgotten */
	const struct tw_source_host *host;
	struct tw_arena arena;
};

/* Reads what is kept, and begins a pass or goes on with one that was cut short within a day. */
void crawl_table_load(struct crawl_table *t, const struct tw_source_host *host, const char *tag,
		      size_t max);
void crawl_table_release(struct crawl_table *t);
/* The index of the address, entered if need be; -1 when the table is full. */
int64_t crawl_table_index(struct crawl_table *t, const char *url);
/* Copies the links' indices; strings of the record must live in the table's arena or longer. */
void crawl_table_set_links(struct crawl_table *t, struct crawl_record *r, const char *const *urls,
			   size_t n);
void crawl_table_save(struct crawl_table *t, const struct crawl_record *r);
void crawl_table_save_pass(struct crawl_table *t, bool finished);

#endif
