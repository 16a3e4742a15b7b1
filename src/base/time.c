#include "base/time.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

int64_t tw_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

double tw_monotonic_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static char *format(struct tw_arena *a, int64_t ms, const char *fmt)
{
	/* Division towards minus infinity, for moments before 1970. */
	time_t s = (time_t)((ms - (ms < 0 ? 999 : 0)) / 1000);
	struct tm tm;
	char buf[64];

	if (ms == 0 || !gmtime_r(&s, &tm))
		return tw_strdup(a, "");
	strftime(buf, sizeof(buf), fmt, &tm);
	return tw_strdup(a, buf);
}

char *tw_format_date(struct tw_arena *a, int64_t ms)
{
	return format(a, ms, "%Y-%m-%d");
}

char *tw_format_time(struct tw_arena *a, int64_t ms)
{
	return format(a, ms, "%Y-%m-%dT%H:%M:%SZ");
}

char *tw_format_ago(struct tw_arena *a, int64_t ms)
{
	double s = (double)(tw_now_ms() - ms) / 1000, days = s / 86400;

	if (ms == 0)
		return tw_strdup(a, "");
	if (s < 1)
		return tw_strdup(a, "just now");
	if (s < 60)
		return tw_sprintf(a, "%d s ago", (int)s);
	if (s < 3600)
		return tw_sprintf(a, "%d min ago", (int)(s / 60));
	if (s < 86400)
		return tw_sprintf(a, "%d h ago", (int)(s / 3600));
	if (days < 60)
		return tw_sprintf(a, days < 2 ? "%d day ago" : "%d days ago", (int)days);
	return tw_sprintf(a, "on %s", tw_format_date(a, ms));
}

char *tw_format_duration(struct tw_arena *a, double seconds)
{
	long s;

	if (!(seconds > 0))
		return tw_strdup(a, "0 s");
	if (seconds < 0.9995)
		return tw_sprintf(a, "%.0f ms", fmax(seconds * 1000, 1));
	if (seconds < 9.95)
		return tw_sprintf(a, "%.1f s", seconds);
	if (seconds > 1e9)
		return tw_strdup(a, "for ever");
	s = lround(seconds);
	if (s < 60)
		return tw_sprintf(a, "%ld s", s);
	if (s < 3600)
		return tw_sprintf(a, "%ld min %02ld s", s / 60, s % 60);
	if (s < 86400)
		return tw_sprintf(a, "%ld h %02ld min", s / 3600, s / 60 % 60);
	return tw_sprintf(a, "%ld d %02ld h", s / 86400, s / 3600 % 24);
}
