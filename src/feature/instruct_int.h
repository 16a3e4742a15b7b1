/*
 * feature/instruct_int.h: what a reader would ask, made from a title or a
 * heading. English only: a title in another language stands as it is.
 */
#ifndef TW_FEATURE_INSTRUCT_INT_H
#define TW_FEATURE_INSTRUCT_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"

struct instruct_source {
	const char *heading; /* title, or heading of a section */
	const char *title;   /* of the document, when `heading` is a section's; else NULL */
	const char *text;    /* of the document: says which words it writes in lower case */
	const char *lang;
	uint64_t seed; /* picks among the forms; the same for the same row */
};

/* NULL when nothing can be asked: no words, a number, a heading such as "Links". */
char *tw_instruct(const struct instruct_source *src, struct tw_arena *a);

#endif
