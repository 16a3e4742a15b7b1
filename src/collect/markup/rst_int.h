/*
 * collect/markup/rst_int.h: reStructuredText in its files: blocks (format_rst.c), explicit
 * markup (rst_explicit.c, rst_directives.c), tables (rst_tables.c), and what stands within a line (rst_inline.c).
 */
#ifndef TW_COLLECT_RST_INT_H
#define TW_COLLECT_RST_INT_H

#include "collect/markup/markup_int.h"

struct rst {
	struct markup m;
	struct {
		char mark;
		bool over;
	} styles[16]; /* of sections, in order of appearance */
	int n_styles;
	struct tw_map urls;	       /* of targets, by folded name; strings in the arena */
	struct tw_map texts;	       /* of substitutions: the raw text, in the arena */
	TW_VEC(const char *) nameless; /* URLs of anonymous targets, in order */
	size_t next_nameless;
	int note_marks, note_texts; /* of notes without a label so far */
	const char *lang;	    /* of code that names none */
	bool begun;		    /* behind what may be metadata */
};

/* Blocks of [from, to); text in them begins at column `base`, and what is further right is quoted. */
void rst_range(struct rst *r, size_t from, size_t to, int base);
/* The same with the least column that there is. */
void rst_content(struct rst *r, size_t from, size_t to);

/* Puts the line of a mark, whose text is behind that, at the column of the lines below it. */
void rst_align(struct rst *r, size_t i, size_t end);

/* Appends a run of inline markup as Markdown. */
void rst_inline(struct tw_str *out, struct rst *r, const char *s, size_t len);
/* Of lines [from, to). */
void rst_inline_lines(struct tw_str *out, struct rst *r, size_t from, size_t to);
/* A name as references are compared, in the arena: case and white space folded. */
const char *rst_name(struct rst *r, const char *s, size_t len);

/* --- explicit markup --- */

bool rst_is_explicit(const struct markup_line *l);
/* Takes the block at i, returns the line behind it. */
size_t rst_explicit(struct rst *r, size_t i, size_t to);
/* Notes targets and substitutions of the whole file. */
void rst_find_targets(struct rst *r);
/* A directive whose content and options are lines [i + 1, end); `arg` stands behind its name. */
void rst_directive(struct rst *r, const struct tw_bytes *name, const struct tw_bytes *arg, size_t i,
		   size_t end);
/* Metadata by the names that docutils, Pelican and Nikola use; false for another name. */
bool rst_meta(struct rst *r, const char *name, size_t name_len, const char *s, size_t len);
/* Length of ":name:" at the start of a line of a field list, 0 when it is none. */
size_t rst_field(const struct markup_line *l);

/* --- tables --- */

bool rst_is_grid(const struct markup_line *l);
bool rst_is_simple(const struct rst *r, size_t i, size_t to);
size_t rst_grid(struct rst *r, size_t i, size_t to);
size_t rst_simple(struct rst *r, size_t i, size_t to);
void rst_list_table(struct rst *r, size_t from, size_t to);
void rst_csv_table(struct rst *r, const struct tw_str *csv);

#endif
