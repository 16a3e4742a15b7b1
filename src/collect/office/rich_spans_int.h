/* collect/office/rich_spans_int.h: between the two files of the writer of rich text. */
#ifndef TW_COLLECT_RICH_SPANS_INT_H
#define TW_COLLECT_RICH_SPANS_INT_H

#include "collect/office/rich_int.h"

/* Appends the open block's runs as inline Markdown. */
void rich_write_spans(struct tw_str *out, struct rich *r);

#endif
