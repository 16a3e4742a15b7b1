/*
 * collect/markup/org_int.h: Org in its files: blocks (format_org.c), keywords
 * (org_keywords.c), and what stands within a line (org_inline.c).
 */
#ifndef TW_COLLECT_ORG_INT_H
#define TW_COLLECT_ORG_INT_H

#include "collect/markup/markup_int.h"

struct org {
	struct markup m;
	uint32_t *ends; /* of lines that begin a block or drawer: the line that ends it, 0 none */
	struct tw_map states; /* TODO, DONE and the file's own */
	int commented;	      /* level of the headline whose tree is left out, 0 none */
};

/* A line that begins with "#+"; one that no row of the table knows says nothing here. */
void org_keyword(struct org *o, const struct markup_line *l);
/* The words that usually say how far a task is. */
void org_init_states(struct org *o);

/* Appends a run of Org's inline markup as Markdown; its lines may be broken by "\n". */
void org_inline(struct tw_str *out, struct markup *m, const char *s, size_t len);

/* "<2021-03-14 Sun 10:00>" or "[2021-03-14 Sun]" at s: its length, 0 when there is none. */
size_t org_timestamp(const char *s, size_t len);

#endif
