/* Runs of formatted text as inline Markdown. */
#include <string.h>

#include "base/text.h"
#include "collect/html/html_int.h"
#include "collect/office/rich_spans_int.h"

/* Code stands for itself, within all others. */
enum mark { LINK, BOLD, ITALIC, STRIKE, MARKS };

#define LOOK_AHEAD 50 /* runs */

static bool same_format(const struct rich_format *x, const struct rich_format *y)
{
	return x->bold == y->bold && x->italic == y->italic && x->strike == y->strike &&
	       x->code == y->code && tw_streq(x->link, y->link);
}

/* By UTF-8's first bytes. 0: Latin and all that is not named; 1: East Asian; 2: Hebrew, Arabic and between them. */
static int script_of(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];
		if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
			return 0;
		if (c >= 0xe3 && c <= 0xed)
			return 1;
		if (c >= 0xd6 && c <= 0xdf)
			return 2;
		if (c >= 0xc3 && c < 0xd6)
			return 0;
	}
	return 0;
}

static void count_lang(struct rich *r, const char *s, size_t len, const struct rich_format *f)
{
	const char *lang = f->lang[script_of(s, len)];
	if (lang && *lang && (r->langs.n < 64 || tw_map_has(&r->langs, lang)))
		tw_map_at(&r->langs, lang, strlen(lang))->v.i += (int64_t)len;
}

/* The text is there already. */
static void add_run(struct rich *r, size_t start, const struct rich_format *f)
{
	struct rich_span span = {start, r->text.len, *f, 0};
	if (r->spans.n) {
		struct rich_span *last = &r->spans.at[r->spans.n - 1];
		if (!last->note && same_format(&last->format, f)) {
			last->end = span.end;
			return;
		}
	}
	tw_vec_push(&r->spans, span);
}

/* Line ends within a text are spaces: where a line ends, rich_break() says. */
void rich_text(struct rich *r, const char *s, size_t len, const struct rich_format *f)
{
	size_t start = r->text.len;
	if (!len)
		return;
	count_lang(r, s, len, f);
	r->bytes += len;
	r->code_bytes += f->code ? len : 0;
	tw_str_add(&r->text, s, len);
	for (size_t i = start; i < r->text.len; i++) {
		if (r->text.data[i] == '\n' || r->text.data[i] == '\r')
			r->text.data[i] = ' ';
	}
	add_run(r, start, f);
}

void rich_break(struct rich *r)
{
	static const struct rich_format plain = {0};
	const struct rich_span *last = r->spans.n ? &r->spans.at[r->spans.n - 1] : NULL;
	const struct rich_format f = last ? last->format : plain;
	tw_str_addc(&r->text, '\n');
	add_run(r, r->text.len - 1, &f);
}

void rich_note(struct rich *r, int number)
{
	struct rich_span span = {r->text.len, r->text.len, {0}, number};
	if (r->kind != RICH_CODE)
		tw_vec_push(&r->spans, span);
}

const char *rich_plain(const struct rich *r)
{
	struct tw_str s = TW_STR_INIT;
	for (size_t i = 0; i < r->text.len; i++) {
		char c = r->text.data[i];
		bool space = strchr(" \t\r\n", c) != NULL && c;
		if (!space)
			tw_str_addc(&s, c);
		else if (s.len && s.data[s.len - 1] != ' ')
			tw_str_addc(&s, ' ');
	}
	tw_str_trim(&s);
	const char *plain = tw_str_dup(&s, r->a);
	tw_str_release(&s);
	return plain;
}

const char *rich_lang(const struct rich *r)
{
	const struct tw_map_slot *s, *best = NULL;
	for (size_t it = 0; (s = tw_map_next(&r->langs, &it));)
		if (!best || s->v.i > best->v.i ||
		    (s->v.i == best->v.i && strcmp(s->key, best->key) < 0))
			best = s;
	return best ? tw_strdup(r->a, best->key) : NULL;
}

/* --- writing --- */

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct spans TW_VEC_BODY(struct rich_span);

static void add_span(struct spans *to, struct rich_span s, size_t start, size_t end)
{
	s.start = start;
	s.end = end;
	if (start < end || s.note)
		tw_vec_push(to, s);
}

/* White space at the ends of a run is a run of its own. */
static void split_spaces(struct spans *to, const struct rich *r)
{
	for (size_t i = 0; i < r->spans.n; i++) {
		struct rich_span s = r->spans.at[i];
		size_t from = s.start, till = s.end;
		while (from < till && is_space(r->text.data[from]))
			from++;
		while (till > from && is_space(r->text.data[till - 1]))
			till--;
		if (s.note) {
			add_span(to, s, s.start, s.end);
			continue;
		}
		add_span(to, s, s.start, from);
		add_span(to, s, from, till);
		add_span(to, s, till, s.end);
	}
}

static bool is_blank(const struct rich *r, const struct rich_span *s)
{
	return !s->note && is_space(r->text.data[s->start]);
}

static void level_run(struct rich_span *s, const struct rich *r, const struct rich_format *x,
		      const struct rich_format *y)
{
	struct rich_format f = {0};
	if (!memchr(r->text.data + s->start, '\n', s->end - s->start)) {
		f.bold = x->bold && y->bold;
		f.italic = x->italic && y->italic;
		f.strike = x->strike && y->strike;
		f.code = x->code && y->code;
		f.link = tw_streq(x->link, y->link) ? x->link : NULL;
	}
	s->format = f;
}

/* White space has the marks that both its neighbours have: marks must touch words. Line ends stand outside. */
static void level_spaces(struct spans *all, const struct rich *r)
{
	static const struct rich_format none = {0};
	for (size_t i = 0, end; i < all->n; i = end + 1) {
		for (end = i; end < all->n && is_blank(r, &all->at[end]);)
			end++;
		const struct rich_format *x = i ? &all->at[i - 1].format : &none;
		const struct rich_format *y = end < all->n ? &all->at[end].format : &none;
		for (size_t k = i; k < end; k++)
			level_run(&all->at[k], r, x, y);
	}
}

static bool has(const struct rich_format *f, enum mark m)
{
	return m == LINK     ? f->link != NULL
	       : m == BOLD   ? f->bold
	       : m == ITALIC ? f->italic
			     : f->strike;
}

/* Marks that are open, from the outside in. */
struct open_marks {
	enum mark at[MARKS];
	int n;
	const char *link;
};

static bool goes_on(const struct open_marks *o, enum mark m, const struct rich_format *f)
{
	return has(f, m) && (m != LINK || tw_streq(o->link, f->link));
}

static void close_last(struct tw_str *out, struct open_marks *o)
{
	static const char *const marks[] = {"](", "**", "*", "~~"};
	enum mark m = o->at[--o->n];
	tw_str_adds(out, marks[m]);
	if (m == LINK) {
		md_add_url(out, o->link, strlen(o->link));
		tw_str_addc(out, ')');
	}
}

/* Those that the run has not, and what stands within them. */
static void close_marks(struct tw_str *out, struct open_marks *o, const struct rich_format *f)
{
	int kept = 0;
	while (kept < o->n && goes_on(o, o->at[kept], f))
		kept++;
	while (o->n > kept)
		close_last(out, o);
}

static bool is_open(const struct open_marks *o, enum mark m)
{
	for (int i = 0; i < o->n; i++)
		if (o->at[i] == m)
			return true;
	return false;
}

/* How many runs from here on have the mark, as far as it is looked. */
static size_t reach(const struct spans *all, size_t i, enum mark m)
{
	size_t n = 0;
	while (n < LOOK_AHEAD && i + n < all->n && has(&all->at[i + n].format, m) &&
	       (m != LINK || tw_streq(all->at[i + n].format.link, all->at[i].format.link)))
		n++;
	return n;
}

/* The longest outermost, so that what is within ends within. */
static void open_marks(struct tw_str *out, struct open_marks *o, const struct spans *all, size_t i,
		       const struct rich_format *f)
{
	static const char *const opens[] = {"[", "**", "*", "~~"};
	for (;;) {
		int best = -1;
		size_t most = 0;
		for (int m = 0; m < MARKS; m++) {
			size_t n = has(f, m) && !is_open(o, m) ? reach(all, i, m) : 0;
			if (n > most || (n && best < 0)) {
				most = n;
				best = m;
			}
		}
		if (best < 0)
			return;
		tw_str_adds(out, opens[best]);
		o->at[o->n++] = best;
		if (best == LINK)
			o->link = f->link;
	}
}

/* A soft line end is a space, one of rich_break() is one of Markdown's. */
static void add_text(struct tw_str *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		const char *nl = memchr(s + i, '\n', len - i);
		size_t n = nl ? (size_t)(nl - s) - i : len - i;
		html_inline_text(out, s + i, n);
		if (nl) {
			while (out->len && out->data[out->len - 1] == ' ')
				out->data[--out->len] = '\0';
			tw_str_addc(out, '\n');
		}
		i += n + (nl != NULL);
	}
}

/* Code that changes within (a word in bold) is one piece of code. */
static size_t code_end(const struct spans *all, size_t i)
{
	size_t j = i;
	while (j < all->n && !all->at[j].note && all->at[j].format.code &&
	       tw_streq(all->at[j].format.link, all->at[i].format.link))
		j++;
	return j;
}

/* A heading is set off as a whole: nothing in it is stressed. */
static struct rich_format format_of(const struct rich *r, const struct rich_span *s)
{
	struct rich_format f = s->format;
	if (r->kind == RICH_HEADING)
		f.bold = f.italic = f.strike = false;
	return f;
}

void rich_write_spans(struct tw_str *out, struct rich *r)
{
	static const struct rich_format none = {0};
	struct spans all = {0};
	struct open_marks open = {.n = 0};
	split_spaces(&all, r);
	level_spaces(&all, r);
	for (size_t i = 0; i < all.n; i++) {
		const struct rich_span *s = &all.at[i];
		const struct rich_format f = format_of(r, s);
		close_marks(out, &open, &f);
		if (!is_blank(r, s))
			open_marks(out, &open, &all, i, &f);
		if (s->note) {
			tw_str_addf(out, "[^%d]", s->note);
		} else if (f.code && !is_blank(r, s)) {
			size_t end = code_end(&all, i);
			md_add_code(out, r->text.data + s->start, all.at[end - 1].end - s->start);
			i = end - 1;
		} else {
			add_text(out, r->text.data + s->start, s->end - s->start);
		}
	}
	close_marks(out, &open, &none);
	tw_vec_release(&all);
}
