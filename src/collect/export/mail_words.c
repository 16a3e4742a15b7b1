/*
 * What in a mail is the author's own. Programs write quotes in few ways: lines
 * with '>' under a line that names the other ("On Monday, Ann wrote:"), or the
 * other mail whole, below a ruler ("-----Original Message-----") or its header.
 */
#include <ctype.h>
#include <string.h>

#include "base/vec.h"
#include "collect/export/mail_int.h"

struct line {
	const char *s;
	size_t n; /* without white space at its end */
	bool drop;
};

struct lines TW_VEC_BODY(struct line);

static void split(struct lines *out, const char *s)
{
	while (*s) {
		size_t n = strcspn(s, "\n"), len = n;
		while (len && isspace((unsigned char)s[len - 1]))
			len--;
		struct line l = {s, len, false};
		tw_vec_push(out, l);
		s += n + (s[n] == '\n');
	}
}

static bool is_blank(const struct line *l)
{
	return l->n == 0;
}

static bool begins(const struct line *l, const char *with)
{
	size_t n = strlen(with);
	return l->n >= n && strncasecmp(l->s, with, n) == 0;
}

static bool is_quote(const struct line *l)
{
	return l->n && l->s[0] == '>';
}

/* "----- Original Message -----": a word between rulers, in any language. */
static bool is_ruler_with_words(const struct line *l)
{
	size_t left = 0, right = 0;
	while (left < l->n && l->s[left] == '-')
		left++;
	while (right < l->n && l->s[l->n - 1 - right] == '-')
		right++;
	return left >= 4 && right >= 4 && left + right + 3 < l->n;
}

static bool is_rule(const struct line *l)
{
	size_t n = 0;
	while (n < l->n && (l->s[n] == '_' || l->s[n] == '-'))
		n++;
	return l->n >= 20 && n == l->n;
}

/* "From: Ann", "Von: Ann", "*De :* Ann": a word and a colon. */
static bool is_header_line(const struct line *l)
{
	size_t i = 0, word = 0;
	while (i < l->n && (l->s[i] == '*' || l->s[i] == ' '))
		i++;
	for (; i < l->n && l->s[i] != ':' && word < 20; i++)
		word += (unsigned char)l->s[i] >= 0x80 || isalpha((unsigned char)l->s[i]) ? 1 : 20;
	return word > 1 && word < 20 && i + 1 < l->n && l->s[i] == ':';
}

/* Three lines of a mail's header, one of them with an address or the like. */
static bool is_header_block(const struct lines *all, size_t i)
{
	size_t n = 0, first = i;
	while (i < all->n && is_blank(&all->at[i]) && i < first + 2)
		i++;
	for (; i + n < all->n && n < 4 && is_header_line(&all->at[i + n]); n++)
		;
	return n >= 3;
}

/* Below it stands another mail. */
static bool is_foreign_below(const struct lines *all, size_t i)
{
	const struct line *l = &all->at[i];
	if (begins(l, "-----BEGIN PGP SIGNATURE") || begins(l, "-----BEGIN PGP MESSAGE"))
		return true;
	if (is_ruler_with_words(l) && !begins(l, "-----BEGIN PGP"))
		return i + 1 >= all->n || is_header_block(all, i + 1) || is_quote(l + 1);
	return is_rule(l) ? is_header_block(all, i + 1)
			  : (begins(l, "From:") || begins(l, "*From:*")) && is_header_block(all, i);
}

static bool is_signature(const struct line *l)
{
	return l->n == 2 && l->s[0] == '-' && l->s[1] == '-';
}

/* What telephones add. */
static bool is_advertisement(const struct line *l)
{
	static const char *const begin[] = {"Sent from my ",
					    "Sent from Mail for",
					    "Sent from Outlook",
					    "Get Outlook for",
					    "Von meinem ",
					    "Gesendet von ",
					    "Envoyé de mon ",
					    "Enviado desde mi ",
					    "Inviato da ",
					    "Verzonden vanaf ",
					    NULL};
	for (const char *const *p = begin; *p; p++)
		if (begins(l, *p) && l->n < 80)
			return true;
	return false;
}

static bool begins_introduction(const struct line *l)
{
	static const char *const words[] = {"On ", "Am ",  "Le ", "El ",     "Il ",
					    "Op ", "Den ", "Em ", "W dniu ", NULL};
	for (const char *const *p = words; *p; p++)
		if (begins(l, *p))
			return true;
	return false;
}

static bool has_date_or_address(const struct line *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (isdigit((unsigned char)l->s[i]) || l->s[i] == '@')
			return true;
	return false;
}

/* "On Mon, Jan 1, 2020 at 10:00, Ann <ann@example.org> wrote:", perhaps wrapped; of another language the last line. */
static void drop_introduction(struct lines *all, size_t quote)
{
	size_t end = quote, n = 0;
	while (end > 0 && is_blank(&all->at[end - 1]))
		end--;
	if (end == 0 || all->at[end - 1].s[all->at[end - 1].n - 1] != ':')
		return;
	while (n < 3 && n < end && !is_blank(&all->at[end - 1 - n]) &&
	       !begins_introduction(&all->at[end - 1 - n]))
		n++;
	bool known = n < 3 && n < end && !is_blank(&all->at[end - 1 - n]);
	if (!known && !has_date_or_address(&all->at[end - 1]))
		return;
	for (size_t i = 0; i <= (known ? n : 0); i++)
		all->at[end - 1 - i].drop = true;
}

/* Marks what is foreign; returns where the mail ends for its author. */
static size_t mark(struct lines *all)
{
	size_t end = 0;
	while (end < all->n && !is_signature(&all->at[end]) && !is_foreign_below(all, end))
		end++;
	for (size_t i = 0; i < end; i++) {
		struct line *l = &all->at[i];
		if (is_quote(l) && (i == 0 || !is_quote(l - 1)))
			drop_introduction(all, i);
		l->drop |= is_quote(l) || begins(l, "-----BEGIN PGP SIGNED");
		l->drop |= begins(l, "Hash: ") && i > 0 && l[-1].drop;
	}
	while (end > 0 && (is_blank(&all->at[end - 1]) || is_advertisement(&all->at[end - 1])))
		end--;
	return end;
}

const char *mail_own_words(const char *text, struct tw_arena *a)
{
	struct lines all = {0};
	struct tw_str out = TW_STR_INIT;
	split(&all, text);
	size_t end = mark(&all), blanks = 0;
	for (size_t i = 0; i < end; i++) {
		const struct line *l = &all.at[i];
		blanks += is_blank(l) || l->drop;
		if (is_blank(l) || l->drop)
			continue;
		if (out.len)
			tw_str_adds(&out, blanks ? "\n\n" : "\n");
		tw_str_add(&out, l->s, l->n);
		blanks = 0;
	}
	tw_vec_release(&all);
	const char *own = tw_str_dup(&out, a);
	tw_str_release(&out);
	return own;
}
