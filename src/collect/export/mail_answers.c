/*
 * What a mail answers. People answer below each quote, or above all of it: where
 * something of theirs stands below a quote, what is above the first one is a
 * greeting. Programs that quote without '>' put the other mail below.
 */
#include <string.h>

#include "collect/export/exchange_int.h"
#include "collect/export/export_int.h"
#include "collect/export/mail_int.h"

struct answers {
	struct exchanges *out;
	const struct mail_lines *lines;
	const char *const *author;
	struct tw_str quote, own, top; /* top: what is above the first quote */
	bool quoted;		       /* there was one */
	bool known;		       /* it is said who wrote it, and it is not the author */
	bool answered;		       /* something of the author's stands below it */
	bool signature;		       /* the rest of the quote is one */
};

static void add_line(struct tw_str *out, const char *s, size_t n)
{
	if (out->len)
		tw_str_addc(out, '\n');
	tw_str_add(out, s, n);
}

/* Whether the lines [from, to) name one of the author's. */
static bool names_author(const struct answers *k, size_t from, size_t to)
{
	struct tw_str text = TW_STR_INIT;
	bool found = false;
	for (size_t i = from; i < to; i++)
		tw_str_addf(&text, "%.*s ", (int)k->lines->all.at[i].n, k->lines->all.at[i].s);
	for (const char *const *name = k->author; *name && !found; name++)
		found = **name && strcasestr(tw_str_c(&text), *name);
	tw_str_release(&text);
	return found;
}

static void end_own(struct answers *k)
{
	tw_str_trim(&k->own);
	if (!k->quoted)
		tw_str_add(&k->top, tw_str_c(&k->own), k->own.len);
	else
		exchange_said(k->out, tw_str_c(&k->own), 0);
	k->answered |= k->quoted && k->own.len;
	tw_str_clear(&k->own);
}

static void end_quote(struct answers *k)
{
	tw_str_trim(&k->quote);
	if (k->known && k->quote.len)
		exchange_heard(k->out, tw_str_c(&k->quote), 0);
	else
		exchange_break(k->out);
	tw_str_clear(&k->quote);
	k->signature = false;
}

/* Who wrote a quote is said before the first one, and holds for those that follow. */
static void see_intro(struct answers *k, size_t i)
{
	const struct mail_line *l = &k->lines->all.at[i];
	size_t n = 1;
	if (i && l[-1].intro)
		return;
	while (i + n < k->lines->all.n && l[n].intro)
		n++;
	k->known = !names_author(k, i, i + n);
}

static bool is_deeper(const struct mail_line *l)
{
	size_t i = 1;
	while (i < l->n && l->s[i] == ' ')
		i++;
	return l->quote && i < l->n && l->s[i] == '>';
}

/* What leads to a quote in the quote, "> On Sunday, I wrote:", names people and says nothing. */
static bool leads_deeper(const struct answers *k, size_t i)
{
	const struct mail_line *l = &k->lines->all.at[i];
	return l->s[l->n - 1] == ':' && i + 1 < k->lines->all.n && is_deeper(l + 1);
}

static void add_quote(struct answers *k, size_t i)
{
	const struct mail_line *l = &k->lines->all.at[i];
	size_t skip = l->n > 1 && l->s[1] == ' ' ? 2 : 1;
	k->signature |= l->n - skip == 2 && memcmp(l->s + skip, "--", 2) == 0;
	if (is_deeper(l) || leads_deeper(k, i) || k->signature)
		return;
	if (k->quote.len || l->n > skip)
		add_line(&k->quote, l->s + skip, l->n - skip);
}

static void add_below(struct answers *k)
{
	const struct mail_lines *l = k->lines;
	k->known = l->below_end && !names_author(k, l->below_from, l->below_from + 1);
	for (size_t i = l->below; i < l->below_end; i++)
		add_line(&k->quote, l->all.at[i].s, l->all.at[i].n);
	end_quote(k);
}

static void add_own(struct answers *k, const struct mail_line *l)
{
	if (!l->n && (!k->own.len || k->own.data[k->own.len - 1] == '\n'))
		return;
	if (k->quoted && !k->own.len)
		end_quote(k);
	add_line(&k->own, l->s, l->n);
}

static void read_lines(struct answers *k)
{
	for (size_t i = 0; i < k->lines->end; i++) {
		const struct mail_line *l = &k->lines->all.at[i];
		if (l->intro)
			see_intro(k, i);
		if (l->quote) {
			if (k->own.len)
				end_own(k);
			k->quoted = true;
			add_quote(k, i);
		} else if (!l->drop) {
			add_own(k, l);
		}
	}
	if (k->own.len)
		end_own(k);
}

/* The quote below a signature. */
static void read_tail(struct answers *k)
{
	for (size_t i = k->lines->end; i < k->lines->all.n; i++) {
		const struct mail_line *l = &k->lines->all.at[i];
		if (l->intro)
			see_intro(k, i);
		if (l->quote)
			add_quote(k, i);
		else if (k->quoted && l->n)
			break;
		k->quoted |= l->quote;
	}
}

void mail_exchanges(struct exchanges *out, const char *text, const char *const *author)
{
	struct mail_lines lines;
	struct answers k = {.out = out, .lines = &lines, .author = author};
	mail_lines_init(&lines, text);
	read_lines(&k);
	if (!k.quoted && !lines.below_end)
		read_tail(&k);
	if (k.quoted && !k.answered)
		end_quote(&k);
	else if (!k.quoted)
		add_below(&k);
	if (!k.answered)
		exchange_said(out, tw_str_c(&k.top), 0);
	tw_str_release(&k.quote);
	tw_str_release(&k.own);
	tw_str_release(&k.top);
	mail_lines_release(&lines);
}
