#include "base/str.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void tw_str_release(struct tw_str *s)
{
	free(s->data);
	memset(s, 0, sizeof(*s));
}

void tw_str_clear(struct tw_str *s)
{
	s->len = 0;
	if (s->data)
		s->data[0] = '\0';
}

void tw_str_reserve(struct tw_str *s, size_t extra)
{
	size_t want, cap;

	/* Room for the NUL too; an absurd length ends in the allocator's abort. */
	if (__builtin_add_overflow(s->len, extra, &want) || want > SIZE_MAX / 2)
		want = SIZE_MAX / 2;
	want++;
	if (want <= s->cap)
		return;
	cap = s->cap ? s->cap + s->cap / 2 : 64;
	if (cap < want)
		cap = want;
	s->data = tw_xrealloc(s->data, cap);
	s->cap = cap;
}

void tw_str_add(struct tw_str *s, const char *data, size_t len)
{
	tw_str_reserve(s, len);
	if (len)
		memcpy(s->data + s->len, data, len);
	s->len += len;
	s->data[s->len] = '\0';
}

void tw_str_adds(struct tw_str *s, const char *cstr)
{
	tw_str_add(s, cstr, strlen(cstr));
}

void tw_str_addc(struct tw_str *s, char c)
{
	tw_str_add(s, &c, 1);
}

void tw_str_addf(struct tw_str *s, const char *fmt, ...)
{
	va_list ap;
	int len;

	tw_str_reserve(s, 64);
	va_start(ap, fmt);
	len = vsnprintf(s->data + s->len, s->cap - s->len, fmt, ap);
	va_end(ap);
	if (len < 0)
		len = 0;
	if ((size_t)len >= s->cap - s->len) {
		tw_str_reserve(s, (size_t)len);
		va_start(ap, fmt);
		vsnprintf(s->data + s->len, s->cap - s->len, fmt, ap);
		va_end(ap);
	}
	s->len += (size_t)len;
	s->data[s->len] = '\0';
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

void tw_str_trim(struct tw_str *s)
{
	size_t start = 0, end = s->len;

	while (start < end && is_space(s->data[start]))
		start++;
	while (end > start && is_space(s->data[end - 1]))
		end--;
	if (start == 0 && end == s->len)
		return;
	memmove(s->data, s->data + start, end - start);
	s->len = end - start;
	s->data[s->len] = '\0';
}

const char *tw_str_c(const struct tw_str *s)
{
	return s->data ? s->data : "";
}

char *tw_str_detach(struct tw_str *s)
{
	char *data = s->data ? s->data : tw_xstrdup("");

	memset(s, 0, sizeof(*s));
	return data;
}

char *tw_str_dup(const struct tw_str *s, struct tw_arena *a)
{
	return tw_strndup(a, tw_str_c(s), s->len);
}

bool tw_starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool tw_ends_with(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

bool tw_ends_with_nocase(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && strcasecmp(s + n - m, suffix) == 0;
}

bool tw_streq(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

enum tw_status tw_parse_i64(int64_t *out, const char *s, struct tw_err *err)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(s, &end, 10);
	if (end == s || *end || is_space(s[0]))
		return tw_fail(err, TW_BAD_DATA, "\"%s\" is not a whole number", s);
	if (errno == ERANGE)
		return tw_fail(err, TW_BAD_DATA, "%s is too large a number", s);
	*out = v;
	return TW_OK;
}

enum tw_status tw_parse_f64(double *out, const char *s, struct tw_err *err)
{
	char *end;
	double v;

	/* No "nan", "inf" or "0x1p3": a number in a configuration is a decimal one. */
	if (!s[0] || s[strspn(s, "+-.0123456789eE")])
		return tw_fail(err, TW_BAD_DATA, "\"%s\" is not a number", s);
	v = strtod(s, &end);
	if (end == s || *end)
		return tw_fail(err, TW_BAD_DATA, "\"%s\" is not a number", s);
	if (!isfinite(v))
		return tw_fail(err, TW_BAD_DATA, "%s is too large a number", s);
	*out = v;
	return TW_OK;
}

enum tw_status tw_parse_size(int64_t *out, const char *s, struct tw_err *err)
{
	static const struct {
		const char *name;
		double bytes;
	} units[] = {
		{"", 1},	 {"B", 1},	  {"K", 0x1p10},   {"M", 0x1p20},   {"G", 0x1p30},
		{"T", 0x1p40},	 {"kB", 1e3},	  {"MB", 1e6},	   {"GB", 1e9},	    {"TB", 1e12},
		{"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30}, {"TiB", 0x1p40},
	};
	size_t digits = strspn(s, ".0123456789");
	char number[32];
	double v;
	snprintf(number, sizeof(number), "%.*s", (int)(digits < 31 ? digits : 31), s);
	if (tw_parse_f64(&v, number, NULL) != TW_OK)
		return tw_fail(err, TW_BAD_DATA, "\"%s\" is not a size", s);
	const char *unit = s + digits + strspn(s + digits, " ");
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strcasecmp(unit, units[i].name) == 0 && v * units[i].bytes < 0x1p62) {
			*out = (int64_t)(v * units[i].bytes);
			return TW_OK;
		}
	return tw_fail(err, TW_BAD_DATA, "\"%s\" is not a size", s);
}

const char *tw_human_size(struct tw_arena *a, int64_t bytes)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
	double v = (double)bytes;
	size_t u = 0;

	/* 999.5 would print as "1000". */
	while (fabs(v) >= 999.5 && u + 1 < sizeof(units) / sizeof(units[0])) {
		v /= 1000;
		u++;
	}
	return tw_sprintf(a, u > 0 && fabs(v) < 9.95 ? "%.1f %s" : "%.0f %s", v, units[u]);
}

/* Levenshtein distance without regard to ASCII case; words beyond 63 bytes are far from everything. */
static size_t distance(const char *a, const char *b)
{
	size_t row[64], n = strlen(a), m = strlen(b);

	if (n > 63 || m > 63)
		return 64;
	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			bool same = tolower((unsigned char)a[i - 1]) ==
				    tolower((unsigned char)b[j - 1]);
			size_t best = diagonal + (same ? 0 : 1);

			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = row[j];
			row[j] = best;
		}
	}
	return row[m];
}

const char *tw_nearest(const char *word, const char *const *names)
{
	size_t best = strlen(word) / 3 + 1; /* more typing errors than this is another word */
	const char *found = NULL;

	for (; *names; names++) {
		size_t d = distance(word, *names);

		if (d < best || (d == best && !found)) {
			best = d;
			found = *names;
		}
	}
	return found;
}

enum tw_status tw_unknown(struct tw_err *err, const char *what, const char *name,
			  const char *const *names)
{
	const char *near = tw_nearest(name, names);
	if (near)
		return tw_fail(err, TW_BAD_USE, "unknown %s \"%s\"; did you mean \"%s\"?", what,
			       name, near);
	struct tw_str all = TW_STR_INIT;
	for (size_t i = 0; names[i]; i++)
		tw_str_addf(&all, "%s%s", i ? ", " : "", names[i]);
	enum tw_status st = tw_fail(err, TW_BAD_USE, "unknown %s \"%s\"; known are: %s", what, name,
				    all.len ? tw_str_c(&all) : "none");
	tw_str_release(&all);
	return st;
}
