/* collect/office/docx_text_int.h: the text of a DOCX as it is written down: docx_blocks.c, docx_runs.c. */
#ifndef TW_COLLECT_DOCX_TEXT_INT_H
#define TW_COLLECT_DOCX_TEXT_INT_H

#include "base/vec.h"
#include "collect/office/docx_int.h"
#include "collect/office/rich_int.h"

#define DOCX_MAX_FIELDS 32 /* within each other */

/* A field is a program (TOC, HYPERLINK "…") and then what it gave. */
struct docx_field {
	char program[512];
	size_t n;
	bool result;  /* the program is over */
	bool unshown; /* what it gave is no text: a table of contents */
	const char *link;
};

struct docx_nodes TW_VEC_BODY(const struct dom_node *);

struct docx_note {
	const char *kind, *id; /* "footnote" */
};

struct docx {
	const struct package *package;
	struct office_styles styles;
	struct docx_numbering numbering;
	struct docx_links links; /* of the part that is read */
	struct rich rich;
	struct tw_arena *a;
	bool typed;    /* a typewriter's letters mean nothing */
	bool balanced; /* as many fields end as begin, so one may hide what is in it */
	struct docx_field fields[DOCX_MAX_FIELDS];
	int n_fields;
	struct office_style paragraph;	/* what its style says of letters */
	const char *link;		/* that runs stand in */
	struct docx_nodes boxes;	/* of text, of the paragraph that is open */
	TW_VEC(struct docx_note) notes; /* in the order of their marks */
	struct tw_map note_numbers;
	const char *title;
};

/* The blocks below n. */
void docx_blocks(struct docx *x, const struct dom_node *n);
/* The runs below n, into the block that is open. */
void docx_runs(struct docx *x, const struct dom_node *n);
/* What of alternatives is read: the first choice. */
const struct dom_node *docx_choice(const struct dom_node *alternates);
/* Fields whose program is not over with the paragraph never end it. */
void docx_end_programs(struct docx *x);

#endif
