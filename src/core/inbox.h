/*
 * core/inbox.h: one piece of writing that somebody hands in: a browser extension, a shortcut, another program.
 *
 * It becomes a Markdown file with front matter in the folder `inbox` beside twin.yaml, which is a source like any other
 * folder: the writing is the person's own file, may be edited, moved and removed, and the next pass takes it up.
 */
#ifndef TW_CORE_INBOX_H
#define TW_CORE_INBOX_H

#include <stdbool.h>

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"

#define TW_INBOX      "inbox"
#define TW_INBOX_MOST 5242880 /* bytes of a text: what a folder's files may have */

/* What is NULL or 0 is taken from the text: front matter, a page's head, the first heading. */
struct tw_inbox_item {
	struct tw_bytes
		text; /* Markdown, plain text, a page of HTML (any charset that can be told), or the file's bytes */
	const char *
		media; /* "text/markdown", "text/plain", "text/html"; NULL: by the file's name, or what it looks like */
	const char *file; /* the name of the file that it was; NULL: it was none */
	const char *title, *author, *url, *lang;
	int64_t created_ms; /* and where the text says nothing, now */
};

struct tw_inbox_receipt {
	const char *key, *path; /* the file's name, and where it is */
	const char *title;
	enum { TW_INBOX_NEW, TW_INBOX_CHANGED, TW_INBOX_UNCHANGED } outcome;
};

struct tw_inbox {
	const char *folder;
	/* The same url, or without one the same title, is the same document: it is written anew. TW_BAD_DATA: no text, binary,
	 * too large. May be called by several threads. */
	enum tw_status (*add)(struct tw_inbox_receipt *out, const struct tw_inbox *inbox,
			      const struct tw_inbox_item *item, struct tw_arena *a,
			      struct tw_err *err);
};

/* The media that the words html, markdown and text stand for, or that are themselves one of the three; else NULL. */
const char *tw_inbox_media(const char *word);
/* Into an open object: outcome ("new", "changed", "unchanged"), source, key, title. Not the path: that is for who is here. */
void tw_inbox_json(struct tw_json_writer *w, const struct tw_inbox_receipt *r);

#endif
