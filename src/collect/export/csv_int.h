/*
 * collect/export/csv_int.h: tables as text (RFC 4180), read leniently: a quote within a
 * field that is not quoted is a character.
 */
#ifndef TW_COLLECT_CSV_INT_H
#define TW_COLLECT_CSV_INT_H

#include "base/mem.h"
#include "core/opt.h"

struct csv {
	const char *at, *end;
	bool backslash; /* within quotes, \" is a quote too */
	bool cut;	/* the text ended within a quoted field */
};

/* The fields of the next record, in the arena; false at the end. */
bool csv_next(struct tw_strings *out, struct csv *c, struct tw_arena *a);

#endif
