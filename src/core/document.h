/*
 * core/document.h: one piece of writing.
 *
 * A source fills it; everything is borrowed from the arena that the source was
 * given. The feature store adds identity: `id` stays with the document through
 * edits and renames, `revision` counts its contents, `digest` is the content's.
 *
 * Members of `extra` that others read:
 *   "exchanges"  of a conversation: [{"context": "…", "reply": "…"}, …], what
 *                others wrote and what the author answered, in the order of the
 *                text. Not scrubbed; the view "labels" makes rows of them. The
 *                context is never the author's text, and no names stand in front.
 */
#ifndef TW_CORE_DOCUMENT_H
#define TW_CORE_DOCUMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/mem.h"

struct tw_document {
	/* From the source. */
	const char *key; /* names it within its source: relative path, URL, guid */
	const char
		*fingerprint; /* cheap sign of sameness: "mtime:size", blob id, ETag; NULL: none */
	bool unchanged;	      /* fingerprint equals the stored one: the rest is not filled */
	const char *title;    /* NULL or "" when it has none */
	const char *author;
	const char *url;      /* where a reader finds it; NULL: the key says it */
	const char *lang;     /* BCP 47, NULL: unknown */
	const char *media;    /* "text/markdown", "text/mdx", "text/plain" */
	const char *extra;    /* JSON object of what else the source knows, see below, or NULL */
	int64_t created_ms;   /* 0 unknown */
	int64_t modified_ms;  /* 0 unknown */
	struct tw_bytes body; /* UTF-8, as written; front matter taken out */

	/* From the feature store. */
	const char *id; /* 16 hexadecimal digits */
	const char *source;
	int64_t revision; /* 1, 2, … */
	bool deleted;	  /* tombstone: body is empty */
	struct tw_digest digest;
};

/* Of all that a feature may depend on: title, author, url, lang, media, extra, dates, body. Not key, not fingerprint. */
struct tw_digest tw_document_digest(const struct tw_document *d);

#endif
