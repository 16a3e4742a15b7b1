/*
 * collect/markup/markup_int.h: what the formats share that are lightweight markup
 * (Org, reStructuredText, AsciiDoc, LaTeX): the file as lines, fields of metadata,
 * Markdown as it is written, footnotes and tables.
 *
 * A format's parse() calls markup_open(), writes blocks through m->md, and ends
 * with markup_close(). All is in the arena of the document or released there.
 */
#ifndef TW_COLLECT_MARKUP_INT_H
#define TW_COLLECT_MARKUP_INT_H

#include "collect/file/files_int.h"
#include "collect/html/html_int.h"
#include "collect/markdown_int.h"

#include "base/map.h"
#include "base/vec.h"

#define MARKUP_DEPTH 24 /* of blocks within blocks, and of emphasis within emphasis */

struct markup_line {
	const char *raw; /* the line as it is */
	const char *s;	 /* its first byte that is no white space */
	size_t n;	 /* bytes from there, without white space at the end: 0 is a blank line */
	int col;	 /* column of s; a tab leads to the next multiple of 8 */
};

struct markup {
	struct tw_arena *a;
	struct tw_bytes text; /* UTF-8, without front matter */
	struct markup_line *at;
	size_t n;
	struct md_writer md;
	struct tw_str out;
	struct tw_json *fields;	    /* as front matter would have them */
	struct meta front;	    /* front matter of site generators before the markup */
	struct tw_map note_numbers; /* by label */
	TW_VEC(struct tw_bytes) notes;
	struct tw_str lead; /* what the next paragraph begins with */
	size_t expanded;
	int depth;
};

TW_MUST_USE enum tw_status markup_open(struct markup *m, const struct file_input *in,
				       struct tw_arena *a, struct tw_err *err);
/* Writes the footnotes, and fills the document: what front matter and fields say, or else the first heading. */
void markup_close(struct markup *m, struct tw_document *doc);

/* A field under a name that front matter knows; a list has commas. The first of a name stays, a blank one counts
 * as none. */
void markup_field(struct markup *m, const char *key, const char *s, size_t len);
/* The same of inline Markdown, as a reader sees it. */
void markup_field_inline(struct markup *m, const char *key, const struct tw_str *s);
/* Another value of a list (tags). */
void markup_field_more(struct markup *m, const char *key, const char *s, size_t len);

/* --- lines --- */

bool markup_line_is(const struct markup_line *l, const char *s);
bool markup_line_starts(const struct markup_line *l, const char *s);
/* As markup_line_starts(); ASCII letters match in either case. */
bool markup_line_starts_nocase(const struct markup_line *l, const char *s);
/* Whether the line is `c` and nothing else; at least `least` of them. */
bool markup_line_of(const struct markup_line *l, char c, size_t least);
/* The first line of [from, to) that is not blank, or `to`. */
size_t markup_skip_blank(const struct markup *m, size_t from, size_t to);
/* The first line of [from, to) that is not blank and begins left of `col`, or `to`; blank lines before it are not
 * part. */
size_t markup_indented_end(const struct markup *m, size_t from, size_t to, int col);
/* Takes `n` bytes and the white space behind them off the beginning of a line: marks of items. */
void markup_take_mark(struct markup_line *l, size_t n);
/* Lines [from, to) joined by "\n", without white space at their ends. */
void markup_join(struct tw_str *out, const struct markup *m, size_t from, size_t to);
/* Lines as a block of code, without the indentation that all of them have. */
void markup_code(struct markup *m, const char *lang, size_t from, size_t to);

/* --- inline --- */

/* Appends text, escaped for Markdown, with white space folded. */
#define markup_text html_inline_text
/* Appends inner between marks; white space at its ends moves outside. */
void markup_wrap(struct tw_str *out, const struct tw_str *inner, const char *open,
		 const char *close);
/* Appends a link; without text the address itself. An address that leads nowhere by itself (no scheme) leaves the
 * text alone. */
void markup_link(struct tw_str *out, const struct tw_str *text, const char *url, size_t len);
/* Whether `n` more bytes may be put in for a name that stands for them: what a file may grow by so is limited. */
bool markup_may_expand(struct markup *m, size_t n);
/* Length of a URL with a scheme that readers know at s, 0 when there is none. */
size_t markup_url(const char *s, size_t len);
/* A word: letters, digits, and everything beyond ASCII. */
bool markup_is_word(char c);
bool markup_is_space(char c);

/* --- footnotes --- */

/* The number of the note with this label, a new one when it is new or empty. */
int markup_note(struct markup *m, const char *label, size_t len);
/* Appends the mark of a note. */
void markup_note_mark(struct tw_str *out, int number);
/* What it says, as Markdown; the first text stays. */
void markup_note_text(struct markup *m, int number, const struct tw_str *text);

/* --- tables --- */

struct markup_table {
	TW_VEC(struct tw_bytes) cells; /* inline Markdown */
	TW_VEC(size_t) ends;	       /* of rows, in cells */
};
void markup_cell(struct markup *m, struct markup_table *t, const struct tw_str *text);
void markup_row(struct markup_table *t); /* ends one; without cells it is none */
/* Writes and empties it. */
void markup_table(struct markup *m, struct markup_table *t);

/* --- blocks --- */

/* Inline Markdown as a heading, a paragraph; both empty `s`. */
void markup_heading(struct markup *m, int level, struct tw_str *s);
void markup_paragraph(struct markup *m, struct tw_str *s);
/* Plain text that the next paragraph begins with, in bold ("Note:"). */
void markup_lead(struct markup *m, const char *s, size_t len);
/* Writes it as a paragraph of its own, where none has taken it. */
void markup_lead_end(struct markup *m);
/* A term and what is said of it are an item, whose first line this is: the term in bold; empties `term`. */
void markup_term(struct markup *m, struct tw_str *term);
/* A formula that stands alone: TeX between "$$". */
void markup_math(struct markup *m, const struct tw_str *tex);

#endif
