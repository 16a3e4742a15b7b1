/*
 * base/time.h: clocks and dates.
 *
 * A moment is int64_t milliseconds since 1970 UTC; 0 means unknown.
 */
#ifndef TW_BASE_TIME_H
#define TW_BASE_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"

int64_t tw_now_ms(void);
double tw_monotonic_s(void);

/* ISO 8601 / RFC 3339 dates and date-times, RFC 822 dates of feeds, and "January 2, 2006" forms. False when it is none. */
bool tw_parse_date(int64_t *out_ms, const char *s);

char *tw_format_date(struct tw_arena *a, int64_t ms);	      /* "2026-11-24", "" for 0 */
char *tw_format_time(struct tw_arena *a, int64_t ms);	      /* "2026-11-24T09:30:00Z", "" for 0 */
char *tw_format_ago(struct tw_arena *a, int64_t ms);	      /* "3 min ago" */
char *tw_format_duration(struct tw_arena *a, double seconds); /* "1 h 02 min", "4.2 s" */

#endif
