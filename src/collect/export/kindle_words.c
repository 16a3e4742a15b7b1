#include "collect/export/kindle_int.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"

/* English, German, French, Spanish and Italian and Portuguese, Dutch, Russian, Chinese, Japanese, Korean, Hindi. */
static const char *const notes[] = {"note", "notiz", "nota", "notitie", "заметка", "笔记",
				    "筆記", "メモ",  "메모", "नोट",	NULL};
static const char *const bookmarks[] = {
	"bookmark", "lesezeichen", "signet", "marque-page",  "marcador", "segnalibro", "bladwijzer",
	"закладка", "书签",	   "書籤",   "ブックマーク", "북마크",	 "बुकमार्क",     NULL};

static const struct {
	const char *name;
	int month;
} months[] = {
	{"january", 1},	  {"february", 2},   {"march", 3},	{"april", 4},	  {"may", 5},
	{"june", 6},	  {"july", 7},	     {"august", 8},	{"september", 9}, {"october", 10},
	{"november", 11}, {"december", 12},  {"januar", 1},	{"februar", 2},	  {"märz", 3},
	{"mai", 5},	  {"juni", 6},	     {"juli", 7},	{"oktober", 10},  {"dezember", 12},
	{"janvier", 1},	  {"février", 2},    {"mars", 3},	{"avril", 4},	  {"juin", 6},
	{"juillet", 7},	  {"août", 8},	     {"septembre", 9},	{"octobre", 10},  {"novembre", 11},
	{"décembre", 12}, {"enero", 1},	     {"febrero", 2},	{"marzo", 3},	  {"abril", 4},
	{"mayo", 5},	  {"junio", 6},	     {"julio", 7},	{"agosto", 8},	  {"septiembre", 9},
	{"octubre", 10},  {"noviembre", 11}, {"diciembre", 12}, {"gennaio", 1},	  {"febbraio", 2},
	{"aprile", 4},	  {"maggio", 5},     {"giugno", 6},	{"luglio", 7},	  {"settembre", 9},
	{"ottobre", 10},  {"dicembre", 12},  {"janeiro", 1},	{"fevereiro", 2}, {"março", 3},
	{"maio", 5},	  {"junho", 6},	     {"julho", 7},	{"setembro", 9},  {"outubro", 10},
	{"novembro", 11}, {"dezembro", 12},  {"januari", 1},	{"februari", 2},  {"maart", 3},
	{"mei", 5},	  {"augustus", 8},   {"января", 1},	{"февраля", 2},	  {"марта", 3},
	{"апреля", 4},	  {"мая", 5},	     {"июня", 6},	{"июля", 7},	  {"августа", 8},
	{"сентября", 9},  {"октября", 10},   {"ноября", 11},	{"декабря", 12},
};

static char *folded(const char *s, struct tw_arena *a)
{
	struct tw_str out = TW_STR_INIT;
	tw_text_fold(&out, s, strlen(s));
	char *low = tw_str_dup(&out, a);
	tw_str_release(&out);
	/* Before "PM" newer systems write a narrow space, whose bytes would be letters. */
	for (char *p = low; (p = strstr(p, "\u202f"));)
		memset(p, ' ', strlen("\u202f"));
	return low;
}

/* A letter; those beyond ASCII are told from others by where the word of the table is written. */
static bool is_letter(char c)
{
	return isalpha((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* As a word of its own; Chinese, Japanese and Korean write no spaces. */
static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);
	bool spaced = (unsigned char)word[0] < 0xe0;
	for (const char *p = text; (p = strstr(p, word)); p += n)
		if (!spaced || ((p == text || !is_letter(p[-1])) && !is_letter(p[n])))
			return true;
	return false;
}

static bool has_any(const char *text, const char *const *words)
{
	while (*words && !has_word(text, *words))
		words++;
	return *words != NULL;
}

enum kindle_kind kindle_kind_of(const char *said, struct tw_arena *a)
{
	const char *low = folded(said, a);
	if (has_any(low, bookmarks))
		return KINDLE_BOOKMARK;
	return has_any(low, notes) ? KINDLE_NOTE : KINDLE_PASSAGE;
}

struct when {
	int year, month, day, hour, minute, second;
};

/* "9:12:45": the number before the first colon is the hour. */
static bool take_time(struct when *w, const char *p)
{
	int used = 0;
	if (sscanf(p, "%2d:%2d%n", &w->hour, &w->minute, &used) != 2 || !used)
		return false;
	if (p[used] == ':')
		sscanf(p + used + 1, "%2d", &w->second);
	return true;
}

static void take_number(struct when *w, int n, size_t digits, bool months_are_numbers)
{
	if (digits == 4 && !w->year)
		w->year = n;
	else if (digits <= 2 && months_are_numbers && w->year && !w->month)
		w->month = n;
	else if (digits <= 2 && !w->day)
		w->day = n;
}

/* `behind` is the text from the time on: "am" is German for "on", too. The others stand before it. */
static void take_half(struct when *w, const char *low, const char *behind)
{
	static const char *const pm[] = {"pm", "p.m.", "p. m.", NULL};
	static const char *const am[] = {"am", "a.m.", "a. m.", NULL};
	static const char *const after_noon[] = {"下午", "晚上", "午後", "오후", NULL};
	static const char *const before_noon[] = {"上午", "午前", "오전", NULL};
	if ((has_any(behind, pm) || has_any(low, after_noon)) && w->hour < 12)
		w->hour += 12;
	else if ((has_any(behind, am) || has_any(low, before_noon)) && w->hour == 12)
		w->hour = 0;
}

int64_t kindle_date(const char *said, struct tw_arena *a)
{
	const char *low = folded(said, a);
	struct when w = {0};
	const char *timed = NULL; /* behind the time */
	for (size_t i = 0; !w.month && i < sizeof(months) / sizeof(*months); i++)
		if (has_word(low, months[i].name))
			w.month = months[i].month;
	bool numbers = !w.month;
	for (const char *p = low; *p;) {
		size_t n = strspn(p, "0123456789");
		if (n && n <= 2 && p[n] == ':' && !timed) {
			bool is_time = take_time(&w, p);
			p += strspn(p, "0123456789:");
			timed = is_time ? p : NULL;
			continue;
		}
		if (n && n <= 4)
			take_number(&w, atoi(p), n, numbers);
		p += n ? n : 1;
	}
	if (!w.year || !w.month || !w.day)
		return 0;
	if (timed)
		take_half(&w, low, timed);
	int64_t ms;
	const char *iso = tw_sprintf(a, "%04d-%02d-%02dT%02d:%02d:%02dZ", w.year, w.month % 100,
				     w.day % 100, w.hour % 100, w.minute % 100, w.second % 100);
	return tw_parse_date(&ms, iso) ? ms : 0;
}

/* The end of a range may leave out the digits that it shares with the beginning: "3399-02" ends at 3402. */
static double whole_end(double from, double to, size_t digits)
{
	double unit = 1;
	for (size_t i = 0; i < digits; i++)
		unit *= 10;
	if (to >= from)
		return to;
	double whole = floor(from / unit) * unit + to;
	return whole >= from ? whole : whole + unit;
}

void kindle_place(double *from, double *to, const char *said)
{
	*from = *to = 0;
	for (const char *p = said; *p;) {
		size_t n = strspn(p, "0123456789");
		if (!n || n > 9) {
			p += n ? n : 1;
			continue;
		}
		*from = *to = strtod(p, NULL);
		p += n;
		size_t dash = *p == '-' ? 1 : strncmp(p, "–", 3) == 0 ? 3 : 0;
		size_t m = dash ? strspn(p + dash, "0123456789") : 0;
		if (m && m <= 9) {
			*to = whole_end(*from, strtod(p + dash, NULL), m);
			p += dash + m;
		}
	}
}
