#include "collect/reports_int.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"

void report(struct reports *r, const char *fmt, ...)
{
	char line[1200];
	va_list ap;
	if (r->n++ >= MAX_REPORTS)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	tw_warn("%s", line);
}

void reports_end(const struct reports *r, const char *source)
{
	if (r->n > MAX_REPORTS)
		tw_warn("%s: %ld more like these", source, r->n - MAX_REPORTS);
}
