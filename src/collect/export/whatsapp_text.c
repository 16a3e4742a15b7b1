/*
 * What a person wrote of a message in WhatsApp's text export. WhatsApp's own words are
 * left out: the iOS app sets U+200E before them, those of Android are known by their
 * form or from a list (whatsapp_phrases.c).
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "collect/export/whatsapp_int.h"

#define MARK	   "\xe2\x80\x8e" /* U+200E */
#define MAX_PHRASE ((size_t)160)
#define MIN_NUMBER 8 /* digits of a telephone number, with its country's */
#define MAX_NUMBER 15

extern const char *const whatsapp_whole[], *const whatsapp_attached[], *const whatsapp_edited[];

static void add_all(struct tw_map *to, const char *const *phrases)
{
	struct tw_str folded = TW_STR_INIT;
	for (; *phrases; phrases++) {
		tw_str_clear(&folded);
		tw_text_fold(&folded, *phrases, strlen(*phrases));
		tw_map_set_int(to, tw_str_c(&folded), 1);
	}
	tw_str_release(&folded);
}

void whatsapp_words_init(struct whatsapp_words *w)
{
	add_all(&w->whole, whatsapp_whole);
	add_all(&w->attached, whatsapp_attached);
	add_all(&w->edited, whatsapp_edited);
}

void whatsapp_words_release(struct whatsapp_words *w)
{
	tw_map_release(&w->whole);
	tw_map_release(&w->attached);
	tw_map_release(&w->edited);
}

/* --- pieces of a line --- */

struct piece {
	const char *at;
	size_t len;
};

static struct piece trimmed(struct piece p)
{
	size_t n;
	for (n = 1; p.len && n;) {
		n = isspace((unsigned char)*p.at) ? 1 : whatsapp_marks(p.at, p.len);
		p.at += n;
		p.len -= n;
	}
	while (p.len && isspace((unsigned char)p.at[p.len - 1]))
		p.len--;
	return p;
}

static bool ends_with(struct piece p, const char *end)
{
	size_t n = strlen(end);
	return p.len >= n && memcmp(p.at + p.len - n, end, n) == 0;
}

/* Full stops: of Latin, Chinese, Devanagari and Urdu writing. */
static struct piece without_stop(struct piece p)
{
	static const char *const stops[] = {".", "。", "।", "۔"};
	for (size_t i = 0; i < sizeof(stops) / sizeof(*stops); i++)
		if (ends_with(p, stops[i]))
			p.len -= strlen(stops[i]);
	return p;
}

static bool is_listed(const struct tw_map *in, struct piece p)
{
	struct tw_str folded = TW_STR_INIT;
	p = without_stop(trimmed(p));
	if (!p.len || p.len > MAX_PHRASE)
		return false;
	tw_text_fold(&folded, p.at, p.len);
	bool found = tw_map_has(in, tw_str_c(&folded));
	tw_str_release(&folded);
	return found;
}

/* Behind the last '.', up to five letters and digits. */
static bool is_file_name(struct piece p)
{
	size_t n = 0;
	while (n < p.len && isalnum((unsigned char)p.at[p.len - 1 - n]))
		n++;
	return n && n <= 5 && n + 1 < p.len && p.at[p.len - 1 - n] == '.' &&
	       !memchr(p.at, '\n', p.len);
}

/* As Android names them: IMG-20180521-WA0003.jpg */
static bool is_android_name(struct piece p)
{
	const char *wa = memmem(p.at, p.len, "-WA", 3);
	return wa && p.len < 60 && wa + 7 <= p.at + p.len && isdigit((unsigned char)wa[3]) &&
	       isdigit((unsigned char)wa[6]) && !memchr(p.at, ' ', p.len);
}

/* "NAME.pdf (file attached)" */
static bool is_attached_android(const struct whatsapp_words *w, struct piece p)
{
	const char *open = p.len && p.at[p.len - 1] == ')' ? memrchr(p.at, '(', p.len) : NULL;
	if (!open || open <= p.at + 1 || open[-1] != ' ')
		return false;
	struct piece name = {p.at, (size_t)(open - 1 - p.at)};
	struct piece what = {open + 1, (size_t)(p.at + p.len - 1 - (open + 1))};
	return is_android_name(name) || is_listed(&w->attached, what);
}

/* "<attached: 00000002-PHOTO-2018-05-21-10-22-11.jpg>": a word, a colon, the name of a file */
static bool is_attached_ios(struct piece p)
{
	if (p.len < 5 || p.at[0] != '<' || p.at[p.len - 1] != '>')
		return false;
	struct piece in = {p.at + 1, p.len - 2};
	const char *colon = memchr(in.at, ':', in.len);
	struct piece file = {colon ? colon + 1 : in.at, 0};
	file.len = (size_t)(in.at + in.len - file.at);
	return colon && colon - in.at <= 60 && !memchr(in.at, '<', in.len) && is_file_name(file) &&
	       isdigit((unsigned char)*trimmed(file).at);
}

/* "location: https://maps.google.com/?q=1,2" */
static bool is_place(struct piece p)
{
	static const char link[] = "https://maps.google.com/?q=";
	const char *at = memmem(p.at, p.len, link, strlen(link));
	const char *word_end = at ? memchr(p.at, ':', (size_t)(at - p.at)) : NULL;
	return word_end && at - word_end <= 2 && word_end - p.at <= 40 &&
	       !memchr(at, ' ', (size_t)(p.at + p.len - at));
}

static bool is_put_there(const struct whatsapp_words *w, struct piece p)
{
	p = trimmed(p);
	return is_listed(&w->whole, p) || is_attached_ios(p) || is_attached_android(w, p) ||
	       is_place(p);
}

/* --- lines --- */

/* "text <This message was edited>" */
static struct piece without_edited(const struct whatsapp_words *w, struct piece p)
{
	struct piece all = trimmed(p);
	const char *open =
		all.len && all.at[all.len - 1] == '>' ? memrchr(all.at, '<', all.len) : NULL;
	if (!open)
		return p;
	struct piece in = {open + 1, (size_t)(all.at + all.len - 1 - (open + 1))};
	size_t before = (size_t)(open - p.at);
	bool marked = before >= 3 && memcmp(open - 3, MARK, 3) == 0;
	if (!is_listed(&w->edited, in) &&
	    (!marked || is_attached_ios((struct piece){open, in.len + 2})))
		return p;
	return (struct piece){p.at, before - (marked ? 3 : 0)};
}

/* "Plan.pdf • ‎2 pages ‎<attached: 00000017-Plan.pdf>", "What a view! ‎<attached: …>" */
static struct piece without_attached(const struct whatsapp_words *w, struct piece p)
{
	const char *mark = NULL;
	for (const char *m = p.at; (m = memmem(m, (size_t)(p.at + p.len - m), MARK, 3)); m += 3)
		mark = m;
	if (!mark || mark == p.at)
		return p;
	struct piece behind = {mark + 3, (size_t)(p.at + p.len - (mark + 3))};
	struct piece before = {p.at, (size_t)(mark - p.at)};
	if (!is_put_there(w, behind))
		return p;
	bool document = memmem(before.at, before.len, "\xe2\x80\xa2 " MARK, 7) != NULL;
	return document || is_file_name(trimmed(before)) ? (struct piece){p.at, 0} : before;
}

/* "@4915112345678": who is in no address book is mentioned by a number, which Android writes without its plus. */
static bool is_number_mentioned(struct piece p, size_t at)
{
	size_t n = at + 1;
	if (p.at[at] != '@' || (at && isalnum((unsigned char)p.at[at - 1])))
		return false;
	while (n < p.len && n - at <= MAX_NUMBER + 1 && isdigit((unsigned char)p.at[n]))
		n++;
	return n - at > MIN_NUMBER && n - at <= MAX_NUMBER + 1 &&
	       (n == p.len || !isalnum((unsigned char)p.at[n]));
}

/* U+2068 and U+2069 stand around the name of one who is mentioned. */
static void add_line(struct tw_str *out, struct piece p)
{
	if (out->len)
		tw_str_addc(out, '\n');
	for (size_t i = 0; i < p.len; i++) {
		bool isolate = p.len - i >= 3 && memcmp(p.at + i, "\xe2\x81", 2) == 0 &&
			       (p.at[i + 2] == '\xa8' || p.at[i + 2] == '\xa9');
		if (isolate)
			i += 2;
		else
			tw_str_addc(out, p.at[i]);
		if (is_number_mentioned(p, i))
			tw_str_addc(out, '+'); /* so that scrubbing knows it for what it is */
	}
}

static bool is_marked(struct piece p)
{
	return p.len >= 3 && memcmp(p.at, MARK, 3) == 0;
}

void whatsapp_text(struct tw_str *out, const struct whatsapp_words *w, const char *text, size_t len)
{
	struct tw_str lines = TW_STR_INIT;
	struct piece rest = without_edited(w, (struct piece){text, len});
	if (tw_streq(text, "null")) /* Android, of a picture that was to be seen once */
		return;
	for (bool first = true, more = true; more; first = false) {
		const char *nl = memchr(rest.at, '\n', rest.len);
		struct piece line = {rest.at, nl ? (size_t)(nl - rest.at) : rest.len};
		more = nl != NULL;
		if (more)
			rest = (struct piece){nl + 1, rest.len - line.len - 1};
		if (line.len && line.at[line.len - 1] == '\r')
			line.len--;
		if (is_marked(line) || (first && is_put_there(w, line)))
			continue;
		struct piece kept = without_attached(w, line);
		if (kept.len || !line.len)
			add_line(&lines, kept);
	}
	tw_str_trim(&lines);
	if (lines.len)
		tw_str_add(out, lines.data, lines.len);
	tw_str_release(&lines);
}

void whatsapp_name(struct tw_str *out, const char *name, size_t len)
{
	struct tw_str s = TW_STR_INIT;
	for (size_t i = 0; i < len;) {
		size_t mark = whatsapp_marks(name + i, len - i);
		bool narrow = len - i >= 3 && memcmp(name + i, "\xe2\x80\xaf", 3) == 0;
		bool no_break = len - i >= 2 && memcmp(name + i, "\xc2\xa0", 2) == 0;
		if (!mark)
			tw_str_addc(&s, narrow || no_break ? ' ' : name[i]);
		i += mark ? mark : narrow ? 3 : no_break ? 2 : 1;
	}
	tw_str_trim(&s);
	tw_text_nfc(out, tw_str_c(&s), s.len);
	tw_str_release(&s);
}
