/*
 * feature/clean_int.h: what the files of the cleaner share.
 *
 * Cleaning takes markup away and leaves every byte of the author's prose and
 * code: clean_blocks.c finds the blocks of a Markdown or MDX text, clean_inline.c
 * rewrites the text of one block, clean_tags.c reads HTML and JSX. The syntax is
 * CommonMark 0.30 with GitHub's and MDX's additions, as far as it decides what
 * is markup; what is not surely markup stays.
 */
#ifndef TW_FEATURE_CLEAN_INT_H
#define TW_FEATURE_CLEAN_INT_H

#include <stdbool.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"

/* A line of a block: `prefix` is indentation, quote and list marks, kept as written. */
struct clean_line {
	struct tw_bytes prefix, text;
};

enum clean_block_type {
	CLEAN_TEXT,  /* paragraph, list item, table */
	CLEAN_HEAD,  /* heading of `level` */
	CLEAN_CODE,  /* verbatim lines: fences, indented code, rules */
	CLEAN_PRE,   /* inside of <pre> */
	CLEAN_BLANK, /* at least one empty line */
};

struct clean_block {
	enum clean_block_type type;
	int level;
	size_t first, n; /* lines */
};

struct clean_blocks TW_VEC_BODY(struct clean_block);
struct clean_lines TW_VEC_BODY(struct clean_line);

/* One document in work. */
struct cleaner {
	bool mdx;
	struct tw_arena *a;
	struct tw_str out;
	struct clean_blocks blocks;
	struct clean_lines lines;
	struct tw_map labels; /* of link references; footnotes as "^name" */
	int quotes;	      /* open <blockquote> */
	/* Bytes that failed searches for an end may still read: keeps hostile input linear. */
	int64_t budget;
};

/* --- clean.c --- */

/* Appends a piece of a document's text as the view has it, or would if it stood there. */
void tw_clean_piece(struct tw_str *out, const char *media, const char *s, size_t n,
		    struct tw_arena *a);

/* --- clean_blocks.c --- */

void tw_clean_find_blocks(struct cleaner *c, const char *s, size_t n);
/* Key of a reference label in c->labels: folded, white space as one space. */
char *tw_clean_label(struct cleaner *c, const char *s, size_t n);

/* --- clean_inline.c --- */

/* Adds the block's text to c->out. */
void tw_clean_inline(struct cleaner *c, const struct clean_line *lines, size_t n);

/* --- clean_write.c --- */

/* Adds text to c->out; a line that it begins gets the marks of open <blockquote>s. */
void tw_clean_put(struct cleaner *c, const char *s, size_t n);

/* --- clean_emphasis.c --- */

struct clean_delim {
	size_t token; /* index of its token */
	char ch;
	int count, left; /* characters written, and still to be shown */
	bool can_open, can_close;
	size_t before; /* index + 1 of the nearest one before that may open; 0: none */
};
struct clean_delims TW_VEC_BODY(struct clean_delim);

/* Fills can_open and can_close of the run s[at, at + count). */
void tw_clean_flanking(struct clean_delim *d, const char *s, size_t n, size_t at);
/* Lowers `left` of every run by the characters that are emphasis marks. */
void tw_clean_emphasis(struct clean_delim *d, size_t n);

/* --- clean_tags.c --- */

struct clean_tag {
	char name[32]; /* lower case */
	bool closing, self_closing, component;
	size_t len; /* of the whole tag */
};

/* A tag or component at s (which begins with '<'); false when it is none. */
bool tw_clean_tag(struct cleaner *c, struct clean_tag *out, const char *s, size_t n);
/* Length of a comment, declaration or processing instruction at s; 0 when it is none. */
size_t tw_clean_comment(struct cleaner *c, const char *s, size_t n);
/* Length of the element that `open` (at s) begins when it is one whose content is no prose (script, svg, …); else 0. */
size_t tw_clean_dropped_element(struct cleaner *c, const struct clean_tag *open, const char *s,
				size_t n);
/* Length of the balanced JavaScript {expression} at s; 0 when it does not end. */
size_t tw_clean_expression(struct cleaner *c, const char *s, size_t n);
/* Length of the import or export statement at s, whole lines; 0 when it is none. */
size_t tw_clean_esm(struct cleaner *c, const char *s, size_t n);
/* Offset of "</name" with its ">" behind, or n. */
size_t tw_clean_find_close(struct cleaner *c, const char *name, const char *s, size_t n);

enum clean_tag_kind { CLEAN_INLINE_TAG, CLEAN_BLOCK_TAG, CLEAN_BREAK_TAG };
enum clean_tag_kind tw_clean_tag_kind(const struct clean_tag *t);

/* Looks for `what` (len bytes) in s; n when it is not there, at the cost of the budget. */
size_t tw_clean_search(struct cleaner *c, const char *s, size_t n, const char *what, size_t len);

/* --- clean_entities.c --- */

/* Decodes the character reference at s ("&amp;"): its length, and UTF-8 in out; 0 when it is none. */
size_t tw_clean_entity(char out[8], const char *s, size_t n);

/* --- clean_boilerplate.c --- */

/* A whole paragraph that pages carry and authors don't write: "Share this post". */
bool tw_clean_is_boilerplate(const char *s, size_t n);

/* --- language.c --- */

/* BCP 47 tag of the likely language of prose, "" when unsure. */
const char *tw_detect_language(const char *s, size_t n, struct tw_arena *a);

#endif
