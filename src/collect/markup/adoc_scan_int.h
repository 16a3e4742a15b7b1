/*
 * collect/markup/adoc_scan_int.h: a run of AsciiDoc's inline text in work: formatting in
 * adoc_inline.c, macros in adoc_macros.c.
 */
#ifndef TW_COLLECT_ADOC_SCAN_INT_H
#define TW_COLLECT_ADOC_SCAN_INT_H

#include "collect/markup/adoc_int.h"

struct adoc_scan {
	struct adoc *o;
	struct tw_str *out;
	const char *s;
	size_t n, i, plain; /* [plain, i) is not written yet */
	int depth;
	size_t ends[128];   /* of a constrained mark: the next place where it may end */
	bool dead[128];	    /* of which unconstrained mark no end follows */
	uint32_t *brackets; /* of "[" the "]" that closes it, 0 none; found when first asked for */
};

/* The whole of a text, with attributes put in. */
void adoc_inline_at(struct tw_str *out, struct adoc *o, const char *s, size_t len, int depth);
/* Writes what is before the markup at `upto`. */
void adoc_write_plain(struct adoc_scan *k, size_t upto);
/* Writes inline text between marks. */
void adoc_add_inner(struct adoc_scan *k, const char *s, size_t n, const char *mark);
bool adoc_at_is(const struct adoc_scan *k, const char *s);

/* Each takes what begins at k->i, "name:target[text]" at its colon, and returns its length, 0 when it is something
 * else. */
size_t adoc_take_macro(struct adoc_scan *k);
size_t adoc_take_url(struct adoc_scan *k);
size_t adoc_take_angle(struct adoc_scan *k);
size_t adoc_take_index(struct adoc_scan *k);
size_t adoc_take_bracket(struct adoc_scan *k);

#endif
