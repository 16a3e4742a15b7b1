/*
 * Subtitles of a talk as the text that was spoken: SubRip (.srt, as SubRip and FFmpeg write
 * it), WebVTT (w3.org/TR/webvtt1, and YouTube's rolling captions), TTML (w3.org/TR/ttml2).
 * Lines of cues become paragraphs: one ends where another speaks, after a pause, or where
 * it is long and a sentence ends.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "collect/html/dom_html_int.h"
#include "collect/markup/markup_int.h"

#define PAUSE_MS 3000
#define LONG	 700  /* bytes of a paragraph that the next end of a sentence ends */
#define LONGEST	 4000 /* that end it in any case: captions may have no sentences */
#define MAX_TAG	 500  /* bytes */
#define LAST	 4    /* lines that a rolling caption may show again */

struct talk {
	struct md_writer md;
	struct tw_str para, speaker, last[LAST];
	bool named; /* the speaker, in a paragraph before */
	size_t n_last;
	int64_t end_ms; /* of the cue before */
	bool rolling;
};

/* --- paragraphs --- */

static void end_paragraph(struct talk *t)
{
	struct tw_str text = TW_STR_INIT, escaped = TW_STR_INIT;
	tw_str_trim(&t->para);
	if (t->para.len) {
		markup_text(&escaped, t->para.data, t->para.len);
		if (t->speaker.len && !t->named) {
			tw_str_adds(&text, "**");
			markup_text(&text, t->speaker.data, t->speaker.len);
			tw_str_adds(&text, ":** ");
		}
		tw_str_add(&text, tw_str_c(&escaped), escaped.len);
		md_paragraphs(&t->md, text.data, text.len);
		t->named = true;
	}
	tw_str_clear(&t->para);
	tw_str_release(&escaped);
	tw_str_release(&text);
}

static bool ends_sentence(const struct tw_str *s)
{
	static const char *const wide[] = {"。", "！", "？", "…", "”", "»"};
	if (s->len && strchr(".!?\"", s->data[s->len - 1]))
		return true;
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (s->len >= strlen(wide[i]) &&
		    memcmp(s->data + s->len - strlen(wide[i]), wide[i], strlen(wide[i])) == 0)
			return true;
	return false;
}

/* Who is named where they begin to speak; no name: another speaks. */
static void speaks(struct talk *t, const char *name, size_t len)
{
	while (len && markup_is_space(name[len - 1]))
		len--;
	while (len && markup_is_space(*name))
		name++, len--;
	if (len && len == t->speaker.len && memcmp(name, t->speaker.data, len) == 0)
		return;
	end_paragraph(t);
	tw_str_clear(&t->speaker);
	tw_str_add(&t->speaker, name, len);
	t->named = false;
}

/* "[Music]", "(Applause)", "♪ …": nobody says that. */
static bool is_sound(const char *s, size_t len)
{
	if (len > 1 && ((s[0] == '[' && s[len - 1] == ']') || (s[0] == '(' && s[len - 1] == ')')))
		return !memchr(s + 1, s[0], len - 1);
	return len >= 3 && memcmp(s, "♪", 3) == 0;
}

/* "ANN LEE: text": capitals, as captions name who speaks. */
static size_t name_in_capitals(const char *s, size_t len)
{
	size_t n = 0, letters = 0;
	for (; n < len && n < 40 && s[n] != ':'; n++) {
		if (islower((unsigned char)s[n]) ||
		    !(isalpha((unsigned char)s[n]) || (unsigned char)s[n] >= 0x80 ||
		      strchr(" .'-", s[n])))
			return 0;
		letters += isalpha((unsigned char)s[n]) != 0;
	}
	return letters > 1 && n + 1 < len && s[n] == ':' && s[n + 1] == ' ' ? n : 0;
}

static void add_line(struct talk *t, const char *s, size_t len)
{
	size_t n;
	if (len > 2 && memcmp(s, ">>", 2) == 0) {
		speaks(t, "", 0);
		for (s += 2, len -= 2; len && (*s == '>' || *s == ' ');)
			s++, len--;
	} else if (len > 2 && s[0] == '-' && s[1] == ' ') {
		speaks(t, "", 0);
		s += 2, len -= 2;
	}
	if ((n = name_in_capitals(s, len))) {
		speaks(t, s, n);
		s += n + 1, len -= n + 1;
	}
	if (!len || is_sound(s, len))
		return;
	tw_str_addc(&t->para, ' ');
	tw_str_add(&t->para, s, len);
	if ((t->para.len > LONG && ends_sentence(&t->para)) || t->para.len > LONGEST)
		end_paragraph(t);
}

/* --- cues --- */

struct cue {
	int64_t start_ms, end_ms;
	struct tw_str text; /* lines, without markup */
};

struct lines {
	const char *at[64];
	size_t len[64], n;
};

static void split(struct lines *l, const struct tw_str *text)
{
	const char *s = tw_str_c(text), *end = s + text->len;
	l->n = 0;
	while (s < end && l->n < sizeof(l->at) / sizeof(l->at[0])) {
		const char *nl = memchr(s, '\n', (size_t)(end - s));
		const char *e = nl ? nl : end;
		l->at[l->n] = s;
		while (l->at[l->n] < e && markup_is_space(*l->at[l->n]))
			l->at[l->n]++;
		while (e > l->at[l->n] && markup_is_space(e[-1]))
			e--;
		l->len[l->n] = (size_t)(e - l->at[l->n]);
		l->n += l->len[l->n] > 0;
		s = nl ? nl + 1 : end;
	}
}

/* Whether the cue begins with the last `k` lines of the one before. */
static bool repeats(const struct talk *t, const struct lines *l, size_t k)
{
	for (size_t i = 0; i < k; i++) {
		const struct tw_str *last = &t->last[t->n_last - k + i];
		if (last->len != l->len[i] || memcmp(tw_str_c(last), l->at[i], l->len[i]) != 0)
			return false;
	}
	return true;
}

/* Rolling captions show a line again, above the next: it was said once. A line alone that comes again may
 * have been said again, unless the captions are known to roll or it is there for a moment. */
static size_t count_repeated(struct talk *t, const struct lines *l, const struct cue *c)
{
	bool adjoins = c->start_ms - t->end_ms < 200, moment = c->end_ms - c->start_ms < 100;
	for (size_t k = t->n_last < l->n ? t->n_last : l->n; k > 0 && adjoins; k--) {
		if (!repeats(t, l, k))
			continue;
		bool whole = k == l->n && k == t->n_last;
		if (whole && !t->rolling && !moment)
			return 0;
		t->rolling = true;
		return k;
	}
	return 0;
}

static void keep_last(struct talk *t, const struct lines *l)
{
	size_t from = l->n > LAST ? l->n - LAST : 0;
	t->n_last = l->n - from;
	for (size_t i = 0; i < t->n_last; i++) {
		tw_str_clear(&t->last[i]);
		tw_str_add(&t->last[i], l->at[from + i], l->len[from + i]);
	}
}

static void add_cue(struct talk *t, const struct cue *c)
{
	struct lines l;
	split(&l, &c->text);
	if (!l.n)
		return;
	if (c->start_ms - t->end_ms > PAUSE_MS && ends_sentence(&t->para))
		end_paragraph(t);
	for (size_t i = count_repeated(t, &l, c); i < l.n; i++)
		add_line(t, l.at[i], l.len[i]);
	keep_last(t, &l);
	t->end_ms = c->end_ms;
}

/* --- the text of a cue --- */

/* Its text may have references to characters: "&amp;". */
static void end_cue(struct talk *t, struct cue *c)
{
	if (c->text.len)
		c->text.len = html_decode_refs(c->text.data, c->text.len);
	add_cue(t, c);
	tw_str_clear(&c->text);
}

/* Tags go; "<v Ann>" names who speaks. */
static void add_tag(struct talk *t, struct cue *c, const char *s, size_t len)
{
	bool voice = len > 3 && s[1] == 'v' && (s[2] == ' ' || s[2] == '.');
	const char *name = voice ? memchr(s, ' ', len) : NULL;
	if (!name)
		return;
	end_cue(t, c);
	speaks(t, name + 1, len - (size_t)(name - s) - 2);
}

static void add_text(struct talk *t, struct cue *c, const char *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		const char *end = NULL;
		size_t most = len - i < MAX_TAG ? len - i : MAX_TAG;
		if (s[i] == '<')
			end = memchr(s + i, '>', most);
		else if (s[i] == '{' && i + 1 < len && s[i + 1] == '\\')
			end = memchr(s + i, '}', most);
		size_t n = end ? (size_t)(end - s) - i + 1 : 1;
		if (end && s[i] == '<')
			add_tag(t, c, s + i, n);
		else if (!end)
			tw_str_addc(&c->text, s[i]);
		i += n;
	}
	tw_str_addc(&c->text, '\n');
}

/* "01:02:03,004", "02:03.004": -1 when it is none. */
static int64_t clock_ms(const char *s, size_t len, size_t *used)
{
	int64_t part = 0, total = 0;
	int digits = 0, colons = 0;
	size_t i = 0;
	for (; i < len && (isdigit((unsigned char)s[i]) || s[i] == ':'); i++) {
		if (s[i] == ':') {
			total = (total + part) * 60;
			part = 0;
			colons++;
		} else if (digits++ < 12) {
			part = part * 10 + (s[i] - '0');
		}
	}
	total = (total + part) * 1000;
	if (i < len && (s[i] == ',' || s[i] == '.'))
		for (int64_t unit = 100; ++i < len && isdigit((unsigned char)s[i]); unit /= 10)
			total += unit * (s[i] - '0');
	*used = i;
	return colons ? total : -1;
}

static bool is_timing(const struct markup_line *l, struct cue *c)
{
	size_t n, end;
	int64_t start = l->n ? clock_ms(l->s, l->n, &n) : -1;
	const char *arrow = start >= 0 ? memmem(l->s + n, l->n - n, "-->", 3) : NULL;
	if (!arrow || arrow - l->s > 40)
		return false;
	for (arrow += 3; arrow < l->s + l->n && *arrow == ' ';)
		arrow++;
	int64_t stop = clock_ms(arrow, (size_t)(l->s + l->n - arrow), &end);
	c->start_ms = start;
	c->end_ms = stop < start ? start : stop;
	return true;
}

static void read_cues(struct talk *t, struct markup *m)
{
	struct cue c = {0};
	for (size_t i = 0; i < m->n; i++) {
		const struct markup_line *l = &m->at[i];
		if (markup_line_starts_nocase(l, "Language:") && i < 8)
			markup_field(m, "lang", l->s + 9, l->n - 9);
		if (!is_timing(l, &c))
			continue; /* header, numbers, notes, styles */
		for (i++; i < m->n && m->at[i].n; i++)
			add_text(t, &c, m->at[i].s, m->at[i].n);
		end_cue(t, &c);
	}
	tw_str_release(&c.text);
}

/* --- TTML --- */

static int64_t attr_ms(const struct dom_node *n, const char *name)
{
	size_t used;
	const char *s = dom_attr(n, name);
	int64_t ms = s ? clock_ms(s, strlen(s), &used) : -1;
	if (s && ms < 0) { /* "12.5s", "300ms", "123t" */
		size_t len = strlen(s);
		double v = strtod(s, NULL);
		bool milli = len > 2 && strcmp(s + len - 2, "ms") == 0;
		ms = v >= 0 && v < 1e9 ? (int64_t)(milli ? v : v * 1000) : -1;
	}
	return ms < 0 ? 0 : ms;
}

/* libxml2 lets bytes pass that are no UTF-8, where the file is broken. */
static void repair(struct tw_str *s)
{
	struct tw_str valid = TW_STR_INIT;
	if (!tw_utf8_valid(tw_str_c(s), s->len)) {
		tw_utf8_repair(&valid, tw_str_c(s), s->len);
		tw_str_release(s);
		*s = valid;
	}
}

static void read_ttml(struct talk *t, const struct dom *d)
{
	struct cue c = {0};
	for (const struct dom_node *n = d->root; n; n = dom_next(n, d->root)) {
		if (strcmp(n->name, "p") != 0)
			continue;
		tw_str_clear(&c.text);
		c.start_ms = attr_ms(n, "begin");
		c.end_ms = dom_attr(n, "end") ? attr_ms(n, "end") : c.start_ms + attr_ms(n, "dur");
		for (const struct dom_node *x = n; x; x = dom_next(x, n)) {
			for (size_t i = 0; x->text && i < x->len; i++)
				tw_str_addc(&c.text, x->text[i] == '\n' ? ' ' : x->text[i]);
			if (strcmp(x->name, "br") == 0)
				tw_str_addc(&c.text, '\n');
		}
		repair(&c.text);
		add_cue(t, &c);
	}
	tw_str_release(&c.text);
}

/* --- all --- */

/* "talk.de.srt": language and title. */
static void take_name(struct tw_document *doc, const char *rel, struct tw_arena *a)
{
	const char *ext = strrchr(rel, '.');
	size_t n = ext ? (size_t)(ext - rel) : 0;
	bool two = n > 4 && rel[n - 3] == '.' && islower((unsigned char)rel[n - 2]) &&
		   islower((unsigned char)rel[n - 1]);
	if (!two)
		return;
	if (!doc->lang)
		doc->lang = tw_strndup(a, rel + n - 2, 2);
	doc->title = title_from_path(tw_sprintf(a, "%.*s%s", (int)(n - 3), rel, ext), a);
}

static void end_talk(struct talk *t)
{
	end_paragraph(t);
	tw_str_release(&t->para);
	tw_str_release(&t->speaker);
	for (size_t i = 0; i < LAST; i++)
		tw_str_release(&t->last[i]);
}

static enum tw_status parse(struct tw_document *doc, const struct file_input *in,
			    struct tw_arena *a, struct tw_err *err)
{
	static const char *const xml[] = {"ttml", "dfxp", NULL};
	struct markup m;
	struct dom d = {0};
	bool ttml = file_has_ext(in->rel, xml);
	enum tw_status st = TW_OK;
	if (ttml)
		st = dom_parse_xml(&d, in->data.data, in->data.len, NULL, a, err);
	if (st == TW_OK)
		st = markup_open(&m, in, a, err);
	if (st != TW_OK)
		return st;
	struct talk t = {.md = {.out = &m.out}};
	if (ttml) {
		const char *lang = dom_attr(d.root, "lang");
		read_ttml(&t, &d);
		if (lang && tw_utf8_valid(lang, strlen(lang)))
			markup_field(&m, "lang", lang, strlen(lang));
	} else {
		read_cues(&t, &m);
	}
	end_talk(&t);
	markup_close(&m, doc);
	take_name(doc, in->rel, a);
	return TW_OK;
}

static const char *const exts[] = {"srt", "vtt", "ttml", "dfxp", NULL};

const struct file_format file_format_subtitles = {.exts = exts, .parse = parse};
