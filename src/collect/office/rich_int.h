/*
 * collect/office/rich_int.h: writes what a word processor holds as Markdown.
 *
 * The reader of a format says which blocks come and which runs of text in which
 * formatting; a run may be any piece of a word. Neighbours in the same
 * formatting become one, and marks stand at words, not at spaces. Everything
 * lives in the arena or on the heap until rich_end(). One thread.
 */
#ifndef TW_COLLECT_RICH_INT_H
#define TW_COLLECT_RICH_INT_H

#include "base/map.h"
#include "base/vec.h"
#include "collect/markdown_int.h"
#include "core/document.h"

struct rich_format {
	bool bold, italic, strike, code;
	const char *link; /* NULL none; compared by its text */
	/* BCP 47 of text in Latin (or any other), East Asian and right-to-left letters; NULL unknown. */
	const char *lang[3];
};

enum rich_block { RICH_PARAGRAPH, RICH_HEADING, RICH_QUOTE, RICH_CODE };

struct rich_span {
	size_t start, end; /* in text; a note's mark is its number, and start == end */
	struct rich_format format;
	int note; /* 0: text */
};

struct rich_item {
	int level;
	bool ordered, pushed;
};

struct rich {
	struct md_writer md;
	struct tw_str out;
	struct tw_arena *a;
	/* the present block */
	enum rich_block kind;
	int heading;
	struct tw_str text;
	TW_VEC(struct rich_span) spans;
	struct tw_str code; /* lines of RICH_CODE blocks that follow each other */
	bool quoted;	    /* the last block was a quote, whose mark is still open */
	/* where it stands */
	TW_VEC(struct rich_item) items;
	struct tw_str *cell; /* of a table: NULL none */
	struct tw_str table;
	size_t rows, columns, cells;
	struct tw_map langs;	  /* bytes of text in each */
	size_t bytes, code_bytes; /* of text so far, and of that in code */
};

void rich_begin(struct rich *r, struct tw_arena *a);
/* The whole as Markdown, in the arena. */
struct tw_bytes rich_end(struct rich *r);
/* Where most of the text is set in a typewriter's letters, they do not mean code: then it is read anew, without. */
bool rich_is_typed(const struct rich *r);
/* The language of most of the text; NULL unknown. Before rich_end(). */
const char *rich_lang(const struct rich *r);

/* A block: what comes before the next one is its text. A blank one leaves no trace. `heading`: 1 to 6. */
void rich_open(struct rich *r, enum rich_block kind, int heading);
void rich_close(struct rich *r);
void rich_text(struct rich *r, const char *s, size_t len, const struct rich_format *f);
void rich_break(struct rich *r);	    /* of the line */
void rich_note(struct rich *r, int number); /* the mark of a footnote */
/* The text of the block that is open, white space folded; in the arena. */
const char *rich_plain(const struct rich *r);
void rich_drop(struct rich *r); /* closes it, and leaves it out */
/* The block that is open is the document's title, if *title is NULL; at the head it is no part of the text. */
void rich_title(struct rich *r, const char **title);

/* An item of a list begins, at a level from 0 on; what follows is in it until the next or rich_list_end(). */
void rich_item(struct rich *r, int level, bool ordered, int number);
/* No item of this level or of deeper ones is open any more. */
void rich_list_end(struct rich *r, int level);

/* A table of data, of cells with little text; blocks in a cell become one line. */
void rich_table(struct rich *r, size_t columns);
void rich_cell(struct rich *r);
void rich_row_end(struct rich *r);
void rich_table_end(struct rich *r);

/* "[^3]: …": blocks until rich_note_end() are the text of the note. */
bool rich_note_begin(struct rich *r, int number);
void rich_note_end(struct rich *r, bool begun);

#endif
