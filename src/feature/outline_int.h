/*
 * feature/outline_int.h: the structure of cleaned text: headings, code,
 * paragraphs, list items, quotes, as byte ranges of it. Chunks and labels are
 * cut along it. Everything lives in the arena; offsets are bytes.
 */
#ifndef TW_FEATURE_OUTLINE_INT_H
#define TW_FEATURE_OUTLINE_INT_H

#include <stdbool.h>

#include "base/mem.h"
#include "base/text.h"

enum outline_type {
	OUTLINE_HEADING,
	OUTLINE_CODE,
	OUTLINE_PROSE,
	OUTLINE_ITEM, /* of a list */
	OUTLINE_QUOTE,
	OUTLINE_TABLE,
	OUTLINE_RULE,
};

struct outline_block {
	enum outline_type type;
	int level;	     /* HEADING: 1 to 6 */
	size_t start, end;   /* without the newline behind */
	size_t text, text_n; /* HEADING: its words, without the marks */
};

/* A heading with what stands under it, up to the next heading of any level; the first has none. */
struct outline_section {
	size_t heading;	  /* index of its block, or SIZE_MAX */
	size_t first, n;  /* blocks of its body */
	const char *path; /* "Title > Section > Sub" */
};

struct outline {
	struct outline_block *blocks;
	size_t n_blocks;
	struct outline_section *sections;
	size_t n_sections;
};

struct outline tw_outline(const char *title, const char *s, size_t n, struct tw_arena *a);

/* Sentences of a block, covering it; line breaks within a paragraph end none. */
struct tw_spans tw_outline_sentences(const char *s, const struct outline_block *b,
				     struct tw_arena *a);

/* One line of text, white space as single spaces. */
char *tw_outline_line(const char *s, size_t n, struct tw_arena *a);

#endif
