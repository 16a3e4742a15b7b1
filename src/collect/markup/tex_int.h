/*
 * collect/markup/tex_int.h: LaTeX in its files: the text without comments, its braces (tex_source.c),
 * what is between them (format_tex.c), commands (tex_commands.c), letters and signs
 * (tex_signs.c), environments (tex_environments.c), formulas (tex_math.c).
 */
#ifndef TW_COLLECT_TEX_INT_H
#define TW_COLLECT_TEX_INT_H

#include "collect/markup/markup_int.h"

/* A text: the file's, or what a macro stands for. */
struct tex_source {
	const char *s;
	size_t n;
	uint32_t *match; /* of "{", "[" and "\begin" what ends them; 0 none */
};

struct tex_list {
	bool numbered, open, pushed;
	int n;
};

struct tex {
	struct markup m;
	struct tw_map signs, commands; /* of tex_signs.c and tex_commands.c, by name */
	struct tw_map macros;	/* struct tex_source, of those without arguments, in the arena */
	struct tw_map theorems; /* names of environments: their titles */
	struct tw_str para;
	struct tw_bytes class_options;
	int within; /* more than 0: in an argument, where no block can begin */
	struct tex_list *list;
	struct markup_table *table;
	int top; /* command level that is the first heading: 0 part, 1 chapter, 2 section */
	struct {
		const struct tex_source *x;
		size_t from, to;
	} endless[4]; /* where no formula ends, by the mark that would: looked for once */
};

/* --- tex_source.c --- */

/* The file's text without comments, and its braces. */
void tex_read(struct tex_source *out, struct tex *t);
void tex_match(struct tex_source *x, struct tw_arena *a);
/* Where the verbatim text of the environment ends whose "\begin{name}" ends at `from`. */
size_t tex_verbatim_end(const struct tex_source *x, const char *name, size_t len, size_t from);
bool tex_is_verbatim(const char *name, size_t len);

/* --- format_tex.c --- */

/* Takes [i, to). */
void tex_run(struct tex *t, const struct tex_source *x, size_t i, size_t to);
/* The same as inline text alone. */
void tex_inline(struct tw_str *out, struct tex *t, const struct tex_source *x, size_t i, size_t to);
/* Ends the paragraph. */
void tex_flush(struct tex *t);

/* An argument at *i, which moves behind it: "{…}", or a single letter or command; white space before it is
 * skipped. False when there is none. */
bool tex_arg(const struct tex_source *x, size_t *i, size_t to, size_t *from, size_t *end);
/* "[…]" at *i, without white space before it. */
bool tex_option(const struct tex_source *x, size_t *i, size_t to, size_t *from, size_t *end);
/* The name of the command whose backslash is at i: letters, or one other character. */
size_t tex_name(const struct tex_source *x, size_t i, size_t to);

/* --- the others --- */

void tex_init_commands(struct tex *t);
void tex_init_signs(struct tex *t);
/* The command at i; returns the position behind it and its arguments. */
size_t tex_command(struct tex *t, const struct tex_source *x, size_t i, size_t to);
/* A letter with an accent or a sign; 0 when the command is none of them, or else the position behind it. */
size_t tex_sign(struct tex *t, const struct tex_source *x, size_t i, size_t to);
/* "\begin{name}" at i. */
size_t tex_environment(struct tex *t, const struct tex_source *x, size_t i, size_t to);
void tex_item(struct tex *t, const struct tex_source *x, size_t *i, size_t to);
/* "$", "\(" or "\[" at i; 0 when it ends nowhere. */
size_t tex_formula(struct tex *t, const struct tex_source *x, size_t i, size_t to);
/* The inside of a formula, macros put in, labels left out. */
void tex_copy_math(struct tw_str *out, struct tex *t, const struct tex_source *x, size_t i,
		   size_t to, int depth);
/* "\newcommand", "\def" and their like at i; 0 for another command. */
size_t tex_definition(struct tex *t, const struct tex_source *x, size_t i, size_t to);
/* Title, authors, date, language; 0 for another command. */
size_t tex_metadata(struct tex *t, const struct tex_source *x, size_t i, size_t to);
void tex_expand(struct tex *t, const struct tex_source *macro);

#endif
