/*
 * collect/markup/adoc_int.h: AsciiDoc in its files: header and attributes (adoc_header.c), blocks
 * (format_adoc.c), lists (adoc_lists.c), tables (adoc_tables.c), and what stands within a
 * line (adoc_scan_int.h).
 */
#ifndef TW_COLLECT_ADOC_INT_H
#define TW_COLLECT_ADOC_INT_H

#include "collect/markup/markup_int.h"

/* What the lines in brackets before a block say: "[quote, who, where]". */
struct adoc_style {
	const char *at
		[3]; /* by position, at[0] is the style; "" where nothing is given; in the arena */
	const char *raw; /* all between the brackets */
	size_t title;	 /* 1 + the line of ".Title", 0 none */
};

struct adoc {
	struct markup m;
	struct tw_map attrs; /* values, in the arena */
	struct adoc_style style;
	int markers[MARKUP_DEPTH]; /* of the lists that are open */
	int n_markers;
};

/* --- header and attributes --- */

/* Drops the lines that conditions (ifdef) leave out, and includes. */
void adoc_conditions(struct adoc *o);
/* Title, authors, revision, attributes; returns the first line of the text. */
size_t adoc_header(struct adoc *o);
/* Length of ":name:" at the start of a line, 0 when it is no attribute. */
size_t adoc_attribute(const struct markup_line *l);
/* Takes the attribute at i, whose value may go on below; returns the line behind it. */
size_t adoc_set_attribute(struct adoc *o, size_t i, size_t to);
/* Appends the text with "{name}" as what it stands for. */
void adoc_expand(struct tw_str *out, struct adoc *o, const char *s, size_t len);

/* --- blocks --- */

void adoc_range(struct adoc *o, size_t from, size_t to);
/* Takes one block, with the lines of attributes and the title before it; returns the line behind it. */
size_t adoc_block(struct adoc *o, size_t i, size_t to);
/* Whether the line ends a paragraph above it. */
bool adoc_ends_paragraph(const struct markup_line *l);
bool adoc_is_comment(const struct markup_line *l);

/* --- lists --- */

/* What kind of item begins at the line (a number for each mark), and the length of the mark; 0 for none. */
int adoc_marker(const struct markup_line *l, size_t *len);
size_t adoc_list(struct adoc *o, size_t i, size_t to);

/* --- tables --- */

bool adoc_is_table(const struct markup_line *l);
/* Of the lines between the delimiters; `mark` is the first character of those. */
void adoc_table(struct adoc *o, size_t from, size_t to, char mark);

/* --- inline --- */

void adoc_inline(struct tw_str *out, struct adoc *o, const char *s, size_t len);
/* Of lines [from, to), comments left out. */
void adoc_inline_lines(struct tw_str *out, struct adoc *o, size_t from, size_t to);

#endif
