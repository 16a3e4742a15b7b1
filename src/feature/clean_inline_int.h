/*
 * feature/clean_inline_int.h: one block's text on its way through the cleaner:
 * clean_lex.c cuts it into tokens, clean_links.c and clean_emphasis.c find what
 * belongs together, clean_write.c writes what is left.
 */
#ifndef TW_FEATURE_CLEAN_INLINE_INT_H
#define TW_FEATURE_CLEAN_INLINE_INT_H

#include "feature/clean_int.h"

enum token_type {
	T_TEXT,
	T_CODE,	   /* code span with its backticks */
	T_TAG,	   /* HTML or JSX */
	T_DROP,	   /* comment, expression, script */
	T_LITERAL, /* text other than the source: `text` */
	T_OPEN,	   /* [ */
	T_IMAGE,   /* ![ */
	T_CLOSE,   /* ] */
	T_DELIM,   /* run of * or _ */
	T_NEWLINE,
};

struct token {
	enum token_type type;
	size_t start, end;
	bool skip;
	char text[8]; /* T_LITERAL */
	size_t delim; /* T_DELIM: index */
	struct clean_tag tag;
};

struct clean_tokens TW_VEC_BODY(struct token);

/* Text of one block: its lines' texts with '\n' between. */
struct inline_scan {
	struct cleaner *c;
	const struct clean_line *lines;
	struct tw_str text;
	const char *s;
	size_t n;
	size_t *starts;	      /* offset of each line in s */
	size_t n_lines, line; /* line: the one being written */
	struct clean_tokens tokens;
	struct clean_delims delims;
	uint64_t no_close[2]; /* lengths of backtick runs without a second one, below 128 */
};

void tw_clean_lex(struct inline_scan *k);
void tw_clean_links(struct inline_scan *k);
void tw_clean_write(struct inline_scan *k);

bool tw_clean_is_punct(char ch); /* ASCII */

#endif
