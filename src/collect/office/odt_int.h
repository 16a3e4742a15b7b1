/*
 * collect/office/odt_int.h: text documents of OpenDocument (ODF 1.2 and 1.3,
 * part 3): elements are known by their local names. Styles are in a map by
 * family and name, "paragraph:Quotations".
 */
#ifndef TW_COLLECT_ODT_INT_H
#define TW_COLLECT_ODT_INT_H

#include "collect/office/office_int.h"
#include "collect/office/rich_int.h"
#include "collect/office/styles_int.h"

#define ODT_LEVELS 10

struct odt_list {
	bool ordered[ODT_LEVELS], none[ODT_LEVELS];
	int start[ODT_LEVELS], next[ODT_LEVELS];
};

struct odt {
	struct office_styles styles;
	struct tw_map lists; /* of struct odt_list * by name */
	struct rich rich;
	struct tw_arena *a;
	bool typed;
	struct office_style paragraph;
	TW_VEC(const struct dom_node *) boxes; /* of text, of the paragraph that is open */
	TW_VEC(const struct dom_node *) notes; /* their bodies, in the order of their marks */
	const char *title;
};

/* Adds the styles in the children of root that are called `group` (styles, automatic-styles). */
void odt_styles_read(struct odt *x, const struct dom_node *root, const char *group);
const struct office_style *odt_style(const struct odt *x, const char *family, const char *name);
/* A name as people see it: "Block_20_Text" → "Block Text". */
const char *odt_style_name(const char *name, struct tw_arena *a);
/* Their items are counted from the beginning. */
void odt_lists_restart(struct odt *x);

/* The blocks below n. */
void odt_blocks(struct odt *x, const struct dom_node *n);
/* The text below n, into the block that is open. */
void odt_runs(struct odt *x, const struct dom_node *n, const struct office_style *style,
	      const char *link);

#endif
