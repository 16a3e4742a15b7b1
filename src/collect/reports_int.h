/*
 * collect/reports_int.h: says what is wrong with single files, and not too often.
 */
#ifndef TW_COLLECT_REPORTS_INT_H
#define TW_COLLECT_REPORTS_INT_H

#include "base/err.h"

#define MAX_REPORTS 20

struct reports {
	long n;
};

/* tw_warn() for the first MAX_REPORTS, then silence. */
void report(struct reports *r, const char *fmt, ...) TW_PRINTF(2, 3);
/* Says how many were not shown. */
void reports_end(const struct reports *r, const char *source);

#endif
