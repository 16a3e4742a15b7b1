/*
 * What the numbers of a date in WhatsApp's text export mean. A file has one order, and
 * its messages stand as they came: under a wrong order there are days that do not
 * exist, or time runs backwards again and again.
 *
 * Years may be of the Buddhist calendar (Thai phones), the Jalali one (Persian) or the
 * Islamic one (some Arabic phones; by the tables, a day off at most).
 */
#include <time.h>

#include "collect/export/whatsapp_int.h"

#define MANY 10 /* heads, from which on a year of two digits is believed to stand first */

struct day {
	int y, m, d;
};

static bool read_order(struct day *out, const struct whatsapp_head *h, enum whatsapp_order order)
{
	static const int at[ORDERS][3] = {[ORDER_DMY] = {2, 1, 0},
					  [ORDER_MDY] = {2, 0, 1},
					  [ORDER_YMD] = {0, 1, 2},
					  [ORDER_YDM] = {0, 2, 1}};
	const int *p = at[order];
	*out = (struct day){h->n[p[0]], h->n[p[1]], h->n[p[2]]};
	if (h->digits[p[0]] == 2) /* WhatsApp is of 2009; of the Buddhist years, from 52 on */
		out->y += out->y < 52 ? 2000 : 2500;
	return h->digits[p[0]] != 1 && h->digits[p[1]] <= 2 && h->digits[p[2]] <= 2 &&
	       out->y > 1380 && out->m >= 1 && out->m <= 12 && out->d >= 1 && out->d <= 31;
}

/* --- what speaks for an order --- */

static void weigh(struct whatsapp_doubt *to, const struct whatsapp_head *h,
		  enum whatsapp_order order)
{
	struct day day;
	if (!read_order(&day, h, order)) {
		to->wrong++;
		return;
	}
	long at = (day.y * 12L + day.m) * 31 + day.d;
	to->backwards += to->prev && at < to->prev;
	to->prev = at;
	to->first = !to->first || at < to->first ? at : to->first;
	to->last = at > to->last ? at : to->last;
}

void whatsapp_learn(struct whatsapp_dates *d, const struct whatsapp_head *h)
{
	struct whatsapp_evidence *e = &d->of[h->form];
	e->n++;
	e->with_seconds += h->seconds;
	for (int i = 0; i < 2; i++)
		e->padded |= h->n[i] < 10 && h->digits[i] == 2;
	e->sample = *h;
	for (int i = 0; i < ORDERS; i++)
		weigh(&e->against[i], h, (enum whatsapp_order)i);
}

/* Only American English writes 5/6/18, 9:05 PM. */
static bool is_american(const struct whatsapp_evidence *e)
{
	const struct whatsapp_head *h = &e->sample;
	return h->sep == '/' && h->capitals && !e->padded && h->digits[2] == 2;
}

/* Nobody puts the month first where dots stand, and few a year of two digits. */
static bool is_better(const struct whatsapp_evidence *e, enum whatsapp_order one,
		      enum whatsapp_order than)
{
	const struct whatsapp_doubt *a = &e->against[one], *b = &e->against[than];
	long doubts_a = a->wrong + a->backwards, doubts_b = b->wrong + b->backwards;
	if (doubts_a != doubts_b)
		return doubts_a < doubts_b;
	if (one == ORDER_YDM) /* Kyrgyz alone */
		return false;
	bool short_year = one == ORDER_YMD && e->sample.digits[0] == 2;
	if ((one == ORDER_MDY && e->sample.sep == '.') ||
	    (short_year && e->sample.sep != '-' && e->n < MANY))
		return false;
	if (one == ORDER_MDY && is_american(e))
		return true;
	return a->last - a->first < b->last - b->first; /* those of a few days */
}

void whatsapp_decide(struct whatsapp_dates *d)
{
	d->form = WHATSAPP_BRACKETS;
	for (int i = 0; i < WHATSAPP_FORMS; i++)
		if (d->of[i].n > d->of[d->form].n)
			d->form = (enum whatsapp_form)i;
	const struct whatsapp_evidence *e = &d->of[d->form];
	d->seconds = e->with_seconds * 2 > e->n;
	d->order = ORDER_DMY;
	for (int i = 1; i < ORDERS; i++)
		if (is_better(e, (enum whatsapp_order)i, d->order))
			d->order = (enum whatsapp_order)i;
}

/* --- days since 1970 --- */

/* Leap years come eight times in 33; so it is from 1343 to 1472. The year 1387 began on 20 March 2008. */
static long days_of_jalali(const struct day *day)
{
	const long begin_1387 = 13958;
	long days = begin_1387;
	for (int y = 1387; y < day->y; y++)
		days += 365 + ((y * 8 + 29) % 33 < 8);
	return days + (day->m - 1) * 30L + (day->m <= 7 ? day->m - 1 : 6) + day->d - 1;
}

/* The tabular calendar: eleven leap years of 355 days in thirty. Its year 1 began on 18 July 622,
 * as phones in Arabia count. */
static long days_of_islamic(const struct day *day)
{
	const long begin_1 = -492149;
	long y = day->y - 1;
	return begin_1 + y * 354 + (11L * y + 14) / 30 + (day->m - 1) * 30L - (day->m - 1) / 2 +
	       day->d - 1;
}

static long days_of(struct day day)
{
	if (day.y >= 1387 && day.y < 1430)
		return days_of_jalali(&day);
	if (day.y < 1900)
		return days_of_islamic(&day);
	day.y -= day.y > 2400 ? 543 : 0;
	struct tm tm = {.tm_year = day.y - 1900, .tm_mon = day.m - 1, .tm_mday = day.d};
	return (long)(timegm(&tm) / 86400);
}

static int hour_of(const struct whatsapp_head *h)
{
	int twelve = h->hour % 12;
	switch (h->half) {
	case HALF_AM:
		return h->hour > 12 ? h->hour : twelve;
	case HALF_PM:
		return h->hour > 12 ? h->hour : twelve + 12;
	case HALF_NOON:
		return h->hour < 10 ? h->hour + 12 : h->hour;
	case HALF_NONE:
		break;
	}
	return h->hour % 24;
}

bool whatsapp_moment(int64_t *ms, const struct whatsapp_dates *d, const struct whatsapp_head *h)
{
	struct day day;
	if (h->form != d->form || h->seconds != d->seconds)
		return false;
	if (!read_order(&day, h, d->order))
		return true;
	int64_t minutes = (days_of(day) * 24LL + hour_of(h)) * 60 + h->minute;
	*ms = (minutes * 60 + h->second) * 1000;
	return true;
}
