/*
 * collect/export/books_int.h: passages that somebody marked in books, and what they
 * noted on them.
 *
 * A book becomes a document: each passage as a quotation ("> ") with the name of
 * the book below it, each note as text, in the book's order. The note on a passage
 * is what the author says to it (exchange_int.h). The document has no title, for
 * the book's is not the author's.
 * All is held in memory until the last is read, since a list may name a book at any place.
 */
#ifndef TW_COLLECT_BOOKS_INT_H
#define TW_COLLECT_BOOKS_INT_H

#include "base/map.h"
#include "base/vec.h"
#include "collect/export/export_int.h"

#define BOOKS_MOST ((size_t)256 << 20) /* bytes of text in all */

struct clip {
	const char *text; /* plain; a passage, or NULL when there is only the note */
	const char *note; /* likewise */
	double from, to;  /* in the book, in whatever it counts; 0 unknown */
	int64_t at_ms;
	size_t nth; /* of the book: set by book_add() */
};

struct clips TW_VEC_BODY(struct clip);

struct book {
	const char *key, *title, *author, *url; /* NULL unknown, but for the key */
	struct clips clips;
};

struct book_list TW_VEC_BODY(struct book *);

/* Begins zeroed; ends with books_release(). */
struct books {
	struct tw_map by_key;
	struct book_list list;
	size_t at;    /* the next one to be told */
	size_t bytes; /* held */
	struct tw_arena arena;
};

/* The book of this key, new when there is none: title and author count then. Copies. */
struct book *books_at(struct books *b, const char *key, const char *title, const char *author);
/* Copies. A passage that is part of another at the same place is left out: a mark that was moved leaves the old
 * one behind. A note joins the passage told right before or after it, if it stands in it. TW_BAD_DATA: it is more
 * than can be held. */
TW_MUST_USE enum tw_status book_add(struct books *b, struct book *book, const struct clip *clip,
				    struct tw_err *err);
/* As a format's next(). */
enum tw_status books_next(struct tw_document *doc, struct books *b, struct tw_arena *a);
void books_release(struct books *b);

/* One of them, wherever it comes from; its clips are put in order. */
void book_fill(struct tw_document *doc, struct book *book, struct tw_arena *a);

#endif
