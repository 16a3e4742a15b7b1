/*
 * collect/markdown_int.h: writes Markdown (CommonMark with GFM tables), block by block.
 *
 * Owns how blocks stand behind the marks of open quotes and list items, and what
 * has to be escaped; what the blocks are is said by who reads HTML or another
 * markup. Inline Markdown comes in as text: "\n" is a line break, "\n\n" ends a
 * paragraph.
 */
#ifndef TW_COLLECT_MARKDOWN_INT_H
#define TW_COLLECT_MARKDOWN_INT_H

#include <stdbool.h>

#include "base/str.h"
#include "base/vec.h"

#define MD_LEVELS 32 /* of quotes and list items; deeper ones continue on the last level */

struct md_level {
	char first[16], rest[16]; /* before the first line, before the others */
	bool begun;
};

struct md_writer {
	struct tw_str *out;
	struct md_level levels[MD_LEVELS];
	int n_levels;
	bool tight; /* the next block begins on the next line, without an empty one before */
};

/* Marks before the lines of what follows, until the same number of md_pop(); false at MD_LEVELS, where nothing was
 * pushed. */
bool md_push(struct md_writer *w, const char *first, const char *rest);
void md_pop(struct md_writer *w, bool pushed);
/* An item of a list: a number of 0 and more, or a negative one for "- ". */
bool md_push_item(struct md_writer *w, int number);
/* Whether a list may begin on the next line: in an item or a quote that has text already. */
bool md_list_is_tight(const struct md_writer *w);
/* Puts a box before the text of the item that was pushed last. */
void md_check(struct md_writer *w, bool done);

/* Lines as they are. */
void md_lines(struct md_writer *w, const char *s, size_t len);
/* Inline Markdown as paragraphs. */
void md_paragraphs(struct md_writer *w, const char *s, size_t len);
/* Levels 1 to 6; others become the nearest. */
void md_heading(struct md_writer *w, int level, const char *s, size_t len);
/* Text between fences; what ends it is left out. Nothing when it is blank. */
void md_code(struct md_writer *w, const char *lang, const char *s, size_t len);

/* A table as it grows: "| a |" for each row, the first of them above the line. */
void md_row(struct tw_str *table);
void md_cell(struct tw_str *table, const char *s, size_t len);
void md_row_end(struct tw_str *table, bool first, size_t columns);

/* Lines that are read. Whether there is nothing but spaces and tabs. */
bool md_is_blank(const char *s, size_t len);
/* The length of a fence of code that begins the line, and its sign in *c; 0: none. */
size_t md_fence(const char *s, size_t len, char *c);

/* Inline: code with as many backticks as it takes, and a link's address. */
void md_add_code(struct tw_str *out, const char *s, size_t len);
void md_add_url(struct tw_str *out, const char *url, size_t len);

#endif
