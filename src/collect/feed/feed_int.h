/*
 * collect/feed/feed_int.h: feeds (RSS 2.0 and 1.0, Atom, JSON Feed) as one shape.
 */
#ifndef TW_COLLECT_FEED_INT_H
#define TW_COLLECT_FEED_INT_H

#include <stdint.h>

#include "collect/html/dom_int.h"

/* One of: HTML as text, plain text, a tree (Atom's xhtml). All NULL: none. */
struct feed_text {
	const char *html, *plain;
	const struct dom_node *tree;
};

struct feed_item {
	const char *key;  /* guid or id, else the link; never NULL */
	const char *link; /* absolute; NULL unknown */
	const char *title, *author, *lang;
	const char *tags; /* JSON array, NULL for none */
	int64_t created_ms, modified_ms;
	struct feed_text content, summary;
};

struct feed {
	const char *author, *lang;
	struct feed_item *items; /* as the feed orders them, each key once */
	size_t n;
	const char *elsewhere; /* it is a page, and its feed is there; then n is 0 */
};

/* `url` is where it came from, `content_type` its header ("" unknown). TW_BAD_DATA when it is no feed. */
TW_MUST_USE enum tw_status feed_parse(struct feed *out, const char *data, size_t len,
				      const char *url, const char *content_type, struct tw_arena *a,
				      struct tw_err *err);
TW_MUST_USE enum tw_status feed_parse_json(struct feed *out, const char *data, size_t len,
					   const char *url, struct tw_arena *a, struct tw_err *err);

/* As Markdown, "" for none. */
const char *feed_text_markdown(const struct feed_text *t, const char *url, struct tw_arena *a);

/* "jane@example.org (Jane Doe)", "Jane Doe <jane@example.org>" → "Jane Doe"; NULL for an address alone. */
const char *feed_person(const char *s, struct tw_arena *a);

#endif
