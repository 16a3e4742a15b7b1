/*
 * Dates as people and programs write them. ISO 8601 is read by position; all
 * else (RFC 822 of feeds, asctime, "January 2nd, 2006 at 3:04 pm") is a row of
 * words and numbers whose kind shows in the token itself.
 */
#include "base/time.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct moment {
	int year, month, day; /* 0: not seen yet */
	int hour, minute, second, ms;
	int zone_min; /* minutes east of UTC */
	bool has_time;
};

static int days_in(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* Days since 1970-01-01 in the Gregorian calendar, for year >= 1. */
static int64_t day_number(int year, int month, int day)
{
	int64_t y = year - 1, n = y * 365 + y / 4 - y / 100 + y / 400;

	for (int m = 1; m < month; m++)
		n += days_in(year, m);
	return n + day - 1 - 719162;
}

static bool to_ms(int64_t *out, const struct moment *m)
{
	int64_t s;

	if (m->year < 1 || m->year > 9999 || m->month < 1 || m->month > 12 || m->day < 1 ||
	    m->day > days_in(m->year, m->month))
		return false;
	/* 60 is a leap second, 24:00 the end of the day. */
	if (m->hour > 24 || m->minute > 59 || m->second > 60 ||
	    (m->hour == 24 && (m->minute || m->second)))
		return false;
	s = day_number(m->year, m->month, m->day) * 86400 + m->hour * 3600 + m->minute * 60 +
	    m->second - (int64_t)m->zone_min * 60;
	*out = s * 1000 + m->ms;
	return true;
}

static bool digits(const char **p, int n, int *out)
{
	int v = 0;

	for (int i = 0; i < n; i++) {
		if (!isdigit((unsigned char)(*p)[i]))
			return false;
		v = v * 10 + ((*p)[i] - '0');
	}
	*p += n;
	*out = v;
	return true;
}

static bool take(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

/* "+02:00", "-0530", "+02" */
static bool zone_offset(const char **p, int *out)
{
	int sign = **p == '-' ? -1 : 1, h, m = 0;

	(*p)++;
	if (!digits(p, 2, &h))
		return false;
	if (take(p, ':') || isdigit((unsigned char)**p)) {
		if (!digits(p, 2, &m))
			return false;
	}
	if (h > 14 || m > 59)
		return false;
	*out = sign * (h * 60 + m);
	return true;
}

static bool zone_name(const char *word, size_t len, int *out)
{
	static const struct {
		const char *name;
		int hours;
	} zones[] = {{"Z", 0},	  {"UT", 0},   {"UTC", 0},  {"GMT", 0},	 {"EST", -5},
		     {"EDT", -4}, {"CST", -6}, {"CDT", -5}, {"MST", -7}, {"MDT", -6},
		     {"PST", -8}, {"PDT", -7}, {"CET", 1},  {"CEST", 2}, {"BST", 1}};

	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		if (strlen(zones[i].name) == len && strncasecmp(word, zones[i].name, len) == 0) {
			*out = zones[i].hours * 60;
			return true;
		}
	}
	return false;
}

/* ".123456" or ",123": milliseconds are kept */
static void fraction(const char **p, int *ms)
{
	int scale = 100;

	if ((**p != '.' && **p != ',') || !isdigit((unsigned char)(*p)[1]))
		return;
	for ((*p)++; isdigit((unsigned char)**p); (*p)++) {
		*ms += (**p - '0') * scale;
		scale /= 10;
	}
}

static bool iso_time(struct moment *m, const char *p)
{
	bool colons;

	if (!digits(&p, 2, &m->hour))
		return false;
	colons = take(&p, ':');
	if (!digits(&p, 2, &m->minute))
		return false;
	if (colons ? take(&p, ':') : isdigit((unsigned char)*p)) {
		if (!digits(&p, 2, &m->second))
			return false;
		fraction(&p, &m->ms);
	}
	while (*p == ' ')
		p++;
	if (*p == '+' || *p == '-') {
		if (!zone_offset(&p, &m->zone_min))
			return false;
	} else if (*p) {
		size_t len = strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZz");

		if (!zone_name(p, len, &m->zone_min))
			return false;
		p += len;
	}
	return *p == '\0';
}

/* 2006-01-02, 2006/01/02, 20060102; then T or spaces and a time */
static bool iso(struct moment *m, const char *p)
{
	char sep = '\0';

	if (!digits(&p, 4, &m->year))
		return false;
	if (*p == '-' || *p == '/')
		sep = *p++;
	if (!digits(&p, 2, &m->month) || (sep && !take(&p, sep)) || !digits(&p, 2, &m->day))
		return false;
	if (!*p)
		return true;
	if (*p != 'T' && *p != 't' && *p != ' ')
		return false;
	p++;
	while (*p == ' ')
		p++;
	return iso_time(m, p);
}

/* 1 to `n` for a name or its abbreviation of three letters or more, else 0 */
static int named(const char *word, size_t len, const char *const *names, int n)
{
	for (int i = 0; i < n; i++)
		if (len >= 3 && len <= strlen(names[i]) && strncasecmp(word, names[i], len) == 0)
			return i + 1;
	return 0;
}

static bool one_of(const char *word, size_t len, const char *const *names)
{
	for (; *names; names++)
		if (strlen(*names) == len && strncasecmp(word, *names, len) == 0)
			return true;
	return false;
}

static bool take_word(struct moment *m, const char *word, size_t len)
{
	static const char *const months[] = {"January",	  "February", "March",	  "April",
					     "May",	  "June",     "July",	  "August",
					     "September", "October",  "November", "December"};
	static const char *const days[] = {"Monday", "Tuesday",	 "Wednesday", "Thursday",
					   "Friday", "Saturday", "Sunday"};
	static const char *const fill[] = {"at", "of", "on", "st", "nd", "rd", "th", "the", NULL};
	static const char *const noon[] = {"am", "pm", NULL};
	int month = named(word, len, months, 12);

	if (month) {
		if (m->month)
			return false;
		m->month = month;
		return true;
	}
	if (m->has_time && one_of(word, len, noon)) {
		if (m->hour < 1 || m->hour > 12)
			return false;
		m->hour = m->hour % 12 + (tolower((unsigned char)word[0]) == 'p' ? 12 : 0);
		return true;
	}
	if (named(word, len, days, 7) || one_of(word, len, fill))
		return true;
	return m->has_time && zone_name(word, len, &m->zone_min);
}

static bool take_number(struct moment *m, const char **p)
{
	size_t len = strspn(*p, "0123456789");
	int v;

	if (len > 4)
		return false;
	v = atoi(*p);
	*p += len;
	if (**p == ':') {
		if (m->has_time || len > 2)
			return false;
		m->has_time = true;
		m->hour = v;
		(*p)++;
		if (!digits(p, 2, &m->minute))
			return false;
		return !take(p, ':') || digits(p, 2, &m->second);
	}
	if (len == 4 && !m->year) {
		m->year = v;
	} else if (len <= 2 && !m->day) {
		m->day = v;
	} else if (len == 2 && !m->year) {
		m->year = v < 50 ? 2000 + v : 1900 + v; /* RFC 5322, section 4.3 */
	} else {
		return false;
	}
	return true;
}

static bool in_words(struct moment *m, const char *p)
{
	while (*p) {
		if (isspace((unsigned char)*p) || *p == ',' || *p == '.') {
			p++;
		} else if (isdigit((unsigned char)*p)) {
			if (!take_number(m, &p))
				return false;
		} else if (isalpha((unsigned char)*p)) {
			const char *word = p;

			while (isalpha((unsigned char)*p))
				p++;
			if (!take_word(m, word, (size_t)(p - word)))
				return false;
		} else if ((*p == '+' || *p == '-') && m->has_time) {
			if (!zone_offset(&p, &m->zone_min))
				return false;
		} else if (*p == '-' || *p == '(' || *p == ')') { /* 02-Jan-2006, "(UTC)" */
			p++;
		} else {
			return false;
		}
	}
	return m->day && m->month && m->year;
}

bool tw_parse_date(int64_t *out_ms, const char *s)
{
	struct moment m = {0}, words = {0};
	char buf[80];
	size_t len;

	while (isspace((unsigned char)*s))
		s++;
	len = strlen(s);
	while (len && isspace((unsigned char)s[len - 1]))
		len--;
	if (len == 0 || len >= sizeof(buf))
		return false;
	memcpy(buf, s, len);
	buf[len] = '\0';
	if (iso(&m, buf))
		return to_ms(out_ms, &m);
	return in_words(&words, buf) && to_ms(out_ms, &words);
}
