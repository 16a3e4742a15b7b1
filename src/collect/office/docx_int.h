/*
 * collect/office/docx_int.h: WordprocessingML (ECMA-376 part 1, clause 17), transitional and strict alike: elements are
 * known by their local names.
 */
#ifndef TW_COLLECT_DOCX_INT_H
#define TW_COLLECT_DOCX_INT_H

#include "base/map.h"
#include "collect/office/office_int.h"
#include "collect/office/styles_int.h"

void docx_styles_read(struct office_styles *out, const struct package *p, const char *part,
		      struct tw_arena *a);
/* What <w:rPr> says, over what *out says already; its character style too. `s` may be NULL. */
void docx_run_properties(struct office_style *out, const struct dom_node *rpr,
			 const struct office_styles *s);
struct docx_list {
	bool ordered[OFFICE_LEVELS], none[OFFICE_LEVELS];
	int start[OFFICE_LEVELS], next[OFFICE_LEVELS];
};
struct docx_num {
	struct docx_list *list;
	int restart
		[OFFICE_LEVELS]; /* number that it begins with where it comes first; -1: goes on */
};
struct docx_numbering {
	struct tw_map nums; /* of struct docx_num * by w:numId */
};

void docx_numbering_read(struct docx_numbering *out, const struct package *p, const char *part,
			 const struct office_styles *styles, struct tw_arena *a);
void docx_numbering_release(struct docx_numbering *n);
/* The item that comes now: false when it has no mark. */
bool docx_number(const struct docx_numbering *n, const char *num_id, int level, bool *ordered,
		 int *number);

/* w:val of a child; NULL when there is no such child or value. */
const char *docx_val(const struct dom_node *n, const char *child);
/* A property that is on or off, -1 when it is not there. */
signed char docx_toggle(const struct dom_node *property);

/* What a part is related to: targets by r:id. */
struct docx_links {
	struct tw_map by_id; /* of texts in the arena: the whole address, or the part's name */
};
void docx_links_read(struct docx_links *out, const struct package *p, const char *part,
		     struct tw_arena *a);
void docx_links_release(struct docx_links *l);
/* The part that `from` ("" for the package) is related to by a type that ends in this; NULL when none. */
const char *docx_related(const struct package *p, const char *from, const char *type,
			 struct tw_arena *a);

#endif
