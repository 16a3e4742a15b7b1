/* Heads of messages in WhatsApp's text export: the moment, in the form of the phone's language. */
#include <string.h>

#include "base/text.h"
#include "collect/export/whatsapp_int.h"

#define MAX_HEAD 120 /* bytes */
#define MAX_GAP	 48  /* between date and time, and behind them */

struct scan {
	const char *at, *end;
};

/* One code point; 0 at the end. */
static unsigned peek(const struct scan *s, size_t *len)
{
	const unsigned char *p = (const unsigned char *)s->at;
	size_t left = (size_t)(s->end - s->at);
	*len = 1;
	if (!left)
		return 0;
	if (p[0] < 0x80)
		return p[0];
	size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc2 ? 2 : 1;
	if (n > left || n == 1)
		return 0xfffd;
	unsigned c = p[0] & (0xffU >> (n + 1));
	for (size_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3fU);
	*len = n;
	return c;
}

static bool is_mark(unsigned c)
{
	return c == 0x200e || c == 0x200f || c == 0x061c || c == 0xfeff ||
	       (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static bool is_space(unsigned c)
{
	return c == ' ' || c == 0xa0 || c == 0x202f || c == 0x2009;
}

/* Digits of the scripts that phones write dates in. -1 for anything else. */
static int digit_of(unsigned c)
{
	static const unsigned zeros[] = {'0',	0x660, 0x6f0, 0x966,  0x9e6,  0xa66,
					 0xae6, 0xb66, 0xbe6, 0xc66,  0xce6,  0xd66,
					 0xe50, 0xed0, 0xf20, 0x1040, 0x17e0, 0xff10};
	for (size_t i = 0; i < sizeof(zeros) / sizeof(*zeros); i++)
		if (c >= zeros[i] && c < zeros[i] + 10)
			return (int)(c - zeros[i]);
	return -1;
}

size_t whatsapp_marks(const char *s, size_t len)
{
	struct scan in = {s, s + len};
	size_t n;
	while (is_mark(peek(&in, &n)))
		in.at += n;
	return (size_t)(in.at - s);
}

static void pass_marks(struct scan *s)
{
	s->at += whatsapp_marks(s->at, (size_t)(s->end - s->at));
}

static void pass_blanks(struct scan *s)
{
	size_t n;
	for (unsigned c = peek(s, &n); is_mark(c) || is_space(c); c = peek(s, &n))
		s->at += n;
}

/* One to `most` digits; their number, 0 when there is none. */
static int number(int *out, struct scan *s, int most)
{
	int digits = 0, d;
	size_t n;
	*out = 0;
	pass_marks(s);
	while (digits <= most && (d = digit_of(peek(s, &n))) >= 0) {
		*out = *out * 10 + d;
		s->at += n;
		digits++;
	}
	return digits > most ? 0 : digits;
}

static bool pass(struct scan *s, const char *word)
{
	size_t n = strlen(word);
	if ((size_t)(s->end - s->at) < n || memcmp(s->at, word, n) != 0)
		return false;
	s->at += n;
	return true;
}

/* 21/05/2018, 21.5.18, 2018-05-21, 2018. 5. 21. */
static bool date(struct whatsapp_head *out, struct scan *s)
{
	for (int i = 0; i < 3; i++) {
		out->digits[i] = number(&out->n[i], s, 4);
		pass_marks(s);
		char c = s->at < s->end ? *s->at : '\0';
		if (!out->digits[i] || out->digits[i] == 3)
			return false;
		if (i == 2)
			return true;
		if ((c != '/' && c != '.' && c != '-') || (i && c != out->sep))
			return false;
		out->sep = c;
		s->at++;
		if (c == '.')
			pass_blanks(s);
	}
	return false;
}

/* 9:05, 21.05, 10:22:11, 10 h 22 min 11 s */
static bool clock_time(struct whatsapp_head *out, struct scan *s)
{
	if (!number(&out->hour, s, 2))
		return false;
	struct scan h = *s;
	pass_blanks(&h);
	bool letters = pass(&h, "h");
	if (letters) {
		pass_blanks(&h);
		*s = h;
	} else if (!pass(s, ":") && !pass(s, ".")) {
		return false;
	}
	if (number(&out->minute, s, 2) != 2)
		return false;
	struct scan more = *s;
	pass_blanks(&more);
	if (letters ? pass(&more, "min") : (pass(&more, ":") || pass(&more, "."))) {
		pass_blanks(&more);
		out->seconds = number(&out->second, &more, 2) == 2;
		if (out->seconds)
			*s = more;
		pass_blanks(&more);
		if (out->seconds && letters && pass(&more, "s"))
			*s = more;
	}
	return out->hour <= 24 && out->minute < 60 && out->second < 62;
}

/* Up to a digit or an end of the head: a comma, "PM", "г.", "kl.", in `gap`. */
static bool pass_gap(struct tw_str *gap, struct scan *s)
{
	const char *from = s->at;
	size_t n;
	tw_str_clear(gap);
	for (;;) {
		unsigned c = peek(s, &n);
		struct scan next = *s;
		if (!c || (size_t)(s->at - from) > MAX_GAP)
			return false;
		if (digit_of(c) >= 0 || c == ']' || pass(&next, " - ") || pass(&next, " – ") ||
		    pass(&next, ": "))
			break;
		s->at += n;
	}
	tw_str_add(gap, from, (size_t)(s->at - from));
	return true;
}

/* In lower case, letters alone; dots, spaces and marks vary within a language. */
static void letters_of(struct tw_str *out, const struct tw_str *gap)
{
	struct scan s = {tw_str_c(gap), tw_str_c(gap) + gap->len};
	struct tw_str kept = TW_STR_INIT;
	size_t n;
	for (unsigned c = peek(&s, &n); c; s.at += n, c = peek(&s, &n))
		if (!is_mark(c) && !is_space(c) && !strchr(".,'\"-", (int)(c < 0x80 ? c : 'x')) &&
		    c != 0x60c && c != 0x200c && c != 0x5f4)
			tw_str_add(&kept, s.at, n);
	tw_text_fold(out, tw_str_c(&kept), kept.len);
	tw_str_release(&kept);
}

/* As the Unicode CLDR has them, and its older releases. */
static const char *const am_words[] = {
	/* Latin */
	"am", "vm", "ap", "matin", "rn", "dop", "de", "fh", "priešpiet", "priekšpusdienā",
	"priekšp", "pg", "damanhã", "eparadites", "fm", "öö", "to", "sa", "prijepodne",
	"inthemorning", "delamañana",
	/* Cyrillic */
	"таңкы", "претпл", "үө", "преподне", "дп", "то", "проб", "чпроб", "пријеподне",
	/* Greek, Hebrew, Arabic */
	"ص", "صباحا", "πμ", "قظ", "قبلازظهر", "לפנהצ", "غم", "بن",
	/* Chinese, Japanese, Korean */
	"午前", "上午", "凌晨", "早上", "清晨", "오전",
	/* of southern Asia, and Ethiopic */
	"ጥዋት", "পূর্বাহ্ণ", "পূৰ্বাহ্ন", "पूर्वाह्न", "मपू", "ಪೂರ್ವಾಹ್ನ", "ກ່ອນທ່ຽງ", "နံနက်", "ਪੂਦੁ", "முற்பகல்",
	"முப", "ก่อนเที่ยง", "ព្រឹក", "පෙව"};
static const char *const pm_words[] = {
	/* Latin */
	"pm", "nm", "ip", "soir", "in", "odp", "pop", "du", "eh", "popiet", "pēcpusdienā", "pēcp",
	"ptg", "datarde", "epasdites", "em", "ös", "tk", "ch", "popodne", "intheafternoon",
	"intheevening", "atnight", "delatarde", "delanoche",
	/* Cyrillic */
	"түштөнкийинки", "попл", "үх", "поподне", "пп", "тк", "слоб", "чслоб", "послијеподне",
	/* Greek, Hebrew, Arabic */
	"م", "مساء", "μμ", "بظ", "بعدازظهر", "אחהצ", "غو", "دن",
	/* Chinese, Japanese, Korean */
	"午後", "下午", "晚上", "傍晚", "오후",
	/* of southern Asia, and Ethiopic */
	"ከሰዓት", "অপরাহ্ণ", "অপৰাহ্ন", "अपराह्न", "मउ", "ಅಪರಾಹ್ನ", "ຫຼັງທ່ຽງ", "ညနေ", "ਬਾਦੁ", "பிற்பகல்",
	"பிப", "หลังเที่ยง", "ល្ងាច", "පව"};

static enum whatsapp_half half_of(const char *word)
{
	for (size_t i = 0; i < sizeof(am_words) / sizeof(*am_words); i++)
		if (strcmp(word, am_words[i]) == 0)
			return HALF_AM;
	for (size_t i = 0; i < sizeof(pm_words) / sizeof(*pm_words); i++)
		if (strcmp(word, pm_words[i]) == 0)
			return HALF_PM;
	return strcmp(word, "中午") == 0 ? HALF_NOON : HALF_NONE;
}

static void note_half(struct whatsapp_head *out, const struct tw_str *gap)
{
	struct tw_str word = TW_STR_INIT;
	if (out->half != HALF_NONE || !gap->len)
		return;
	letters_of(&word, gap);
	if (word.len)
		out->half = half_of(tw_str_c(&word));
	out->capitals = out->half && strpbrk(tw_str_c(gap), "AP") != NULL;
	tw_str_release(&word);
}

/* Behind the moment: "] ", " - " or, as older ones had it, ": ". */
static bool ending(struct whatsapp_head *out, struct scan *s, bool bracket)
{
	if (bracket) {
		out->form = WHATSAPP_BRACKETS;
		if (!pass(s, "]"))
			return false;
		pass(s, " ");
		return true;
	}
	out->form = WHATSAPP_DASH;
	if (pass(s, " - ") || pass(s, " – "))
		return true;
	out->form = WHATSAPP_COLON;
	return out->seconds && pass(s, ": ");
}

static bool moment(struct whatsapp_head *out, struct scan *s, struct tw_str *gap)
{
	const struct scan from = *s;
	bool time_first = false;
	if (!date(out, s)) {
		*s = from;
		*out = (struct whatsapp_head){0};
		time_first = clock_time(out, s);
		if (!time_first)
			return false;
	}
	if (!pass_gap(gap, s))
		return false;
	note_half(out, gap);
	if (!(time_first ? date(out, s) : clock_time(out, s)) || !pass_gap(gap, s))
		return false;
	note_half(out, gap);
	return true;
}

bool whatsapp_head(struct whatsapp_head *out, const char *line, size_t len)
{
	struct scan s = {line, line + (len < MAX_HEAD ? len : MAX_HEAD)};
	struct tw_str gap = TW_STR_INIT;
	size_t n;
	*out = (struct whatsapp_head){0};
	pass_marks(&s);
	bool bracket = pass(&s, "[");
	pass_marks(&s);
	bool found =
		digit_of(peek(&s, &n)) >= 0 && moment(out, &s, &gap) && ending(out, &s, bracket);
	out->len = (size_t)(s.at - line);
	tw_str_release(&gap);
	return found;
}
