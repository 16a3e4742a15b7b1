/*
 * collect/export/lines_int.h: an entry that is text, line by line, however long
 * the file or a line. Begins zeroed; ends with lines_release(). One thread.
 */
#ifndef TW_COLLECT_LINES_INT_H
#define TW_COLLECT_LINES_INT_H

#include "collect/export/export_int.h"

struct lines {
	struct tw_str line; /* the present one, without its "\n" */
	bool open;	    /* it has none: the file ends in it */
	char *buf;
	size_t at, n;
};

/* At the beginning of an entry. */
void lines_begin(struct lines *l);
/* Of a line of more than `most` bytes only a part that is longer than that is kept. TW_DONE behind the last, which `open`
 * then is about. */
TW_MUST_USE enum tw_status lines_next(struct lines *l, struct export_in *x, size_t most,
				      struct tw_err *err);
void lines_release(struct lines *l);

#endif
