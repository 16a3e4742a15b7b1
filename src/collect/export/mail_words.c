/*
 * What in a mail is the author's own. Programs write quotes in few ways: lines
 * with '>' under a line that names the other ("On Monday, Ann wrote:"), or the
 * other mail whole, below a ruler ("-----Original Message-----") or its header.
 */
#include <ctype.h>
#include <string.h>

#include "collect/export/mail_int.h"

static void split(struct mail_lines *out, const char *s)
{
	while (*s) {
		size_t n = strcspn(s, "\n"), len = n;
		while (len && isspace((unsigned char)s[len - 1]))
			len--;
		struct mail_line l = {.s = s, .n = len, .quote = len && s[0] == '>'};
		tw_vec_push(&out->all, l);
		s += n + (s[n] == '\n');
	}
}

static bool is_blank(const struct mail_line *l)
{
	return l->n == 0;
}

static bool begins(const struct mail_line *l, const char *with)
{
	size_t n = strlen(with);
	return l->n >= n && strncasecmp(l->s, with, n) == 0;
}

/* "----- Original Message -----": a word between rulers, in any language. */
static bool is_ruler_with_words(const struct mail_line *l)
{
	size_t left = 0, right = 0;
	while (left < l->n && l->s[left] == '-')
		left++;
	while (right < l->n && l->s[l->n - 1 - right] == '-')
		right++;
	return left >= 4 && right >= 4 && left + right + 3 < l->n;
}

static bool is_rule(const struct mail_line *l)
{
	size_t n = 0;
	while (n < l->n && (l->s[n] == '_' || l->s[n] == '-'))
		n++;
	return l->n >= 20 && n == l->n;
}

/* "From: Ann", "Von: Ann", "*De :* Ann": a word and a colon. */
static bool is_header_line(const struct mail_line *l)
{
	size_t i = 0, word = 0;
	while (i < l->n && (l->s[i] == '*' || l->s[i] == ' '))
		i++;
	for (; i < l->n && l->s[i] != ':' && word < 20; i++)
		word += (unsigned char)l->s[i] >= 0x80 || isalpha((unsigned char)l->s[i]) ? 1 : 20;
	return word > 1 && word < 20 && i + 1 < l->n && l->s[i] == ':';
}

/* Three lines of a mail's header, one of them with an address or the like. */
static bool is_header_block(const struct mail_lines *m, size_t i)
{
	size_t n = 0, first = i;
	while (i < m->all.n && is_blank(&m->all.at[i]) && i < first + 2)
		i++;
	for (; i + n < m->all.n && n < 4 && is_header_line(&m->all.at[i + n]); n++)
		;
	return n >= 3;
}

/* Below it stands another mail. */
static bool is_foreign_below(const struct mail_lines *m, size_t i)
{
	const struct mail_line *l = &m->all.at[i];
	if (begins(l, "-----BEGIN PGP SIGNATURE") || begins(l, "-----BEGIN PGP MESSAGE"))
		return true;
	if (is_ruler_with_words(l) && !begins(l, "-----BEGIN PGP"))
		return i + 1 >= m->all.n || is_header_block(m, i + 1) || l[1].quote;
	return is_rule(l) ? is_header_block(m, i + 1)
			  : (begins(l, "From:") || begins(l, "*From:*")) && is_header_block(m, i);
}

static bool is_signature(const struct mail_line *l)
{
	return l->n == 2 && l->s[0] == '-' && l->s[1] == '-';
}

/* What telephones add. */
static bool is_advertisement(const struct mail_line *l)
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

static bool begins_introduction(const struct mail_line *l)
{
	static const char *const words[] = {"On ", "Am ",  "Le ", "El ",     "Il ",
					    "Op ", "Den ", "Em ", "W dniu ", NULL};
	for (const char *const *p = words; *p; p++)
		if (begins(l, *p))
			return true;
	return false;
}

static bool has_date_or_address(const struct mail_line *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (isdigit((unsigned char)l->s[i]) || l->s[i] == '@')
			return true;
	return false;
}

/* "On Mon, Jan 1, 2020 at 10:00, Ann <ann@example.org> wrote:", perhaps wrapped; of another language the last line. */
static void drop_introduction(struct mail_lines *m, size_t quote)
{
	size_t end = quote, n = 0;
	while (end > 0 && is_blank(&m->all.at[end - 1]))
		end--;
	if (end == 0 || m->all.at[end - 1].s[m->all.at[end - 1].n - 1] != ':')
		return;
	while (n < 3 && n < end && !is_blank(&m->all.at[end - 1 - n]) &&
	       !begins_introduction(&m->all.at[end - 1 - n]))
		n++;
	bool known = n < 3 && n < end && !is_blank(&m->all.at[end - 1 - n]);
	if (!known && !has_date_or_address(&m->all.at[end - 1]))
		return;
	for (size_t i = 0; i <= (known ? n : 0); i++)
		m->all.at[end - 1 - i].drop = m->all.at[end - 1 - i].intro = true;
}

/* The mail below, up to the next one or to a signature. Its header ends with a blank line. */
static void find_below(struct mail_lines *m, size_t at)
{
	size_t n = m->all.n;
	at += !is_header_line(&m->all.at[at]); /* the ruler */
	if (!is_header_block(m, at))
		return;
	while (is_blank(&m->all.at[at]))
		at++;
	m->below_from = at;
	while (at < n && !is_blank(&m->all.at[at]))
		at++;
	m->below = m->below_end = at;
	while (m->below_end < n && !is_signature(&m->all.at[m->below_end]) &&
	       !is_foreign_below(m, m->below_end) && !m->all.at[m->below_end].quote)
		m->below_end++;
}

/* Marks what is foreign, and where the mail ends for its author. */
static void mark(struct mail_lines *m)
{
	size_t end = 0;
	while (end < m->all.n && !is_signature(&m->all.at[end]) && !is_foreign_below(m, end))
		end++;
	if (end < m->all.n && !is_signature(&m->all.at[end]))
		find_below(m, end);
	for (size_t i = 0; i < m->all.n; i++) {
		struct mail_line *l = &m->all.at[i];
		if (l->quote && (i == 0 || !l[-1].quote))
			drop_introduction(m, i);
		l->drop |= l->quote || begins(l, "-----BEGIN PGP SIGNED");
		l->drop |= begins(l, "Hash: ") && i > 0 && l[-1].drop;
	}
	while (end > 0 && (is_blank(&m->all.at[end - 1]) || is_advertisement(&m->all.at[end - 1])))
		end--;
	m->end = end;
}

void mail_lines_init(struct mail_lines *out, const char *text)
{
	*out = (struct mail_lines){0};
	split(out, text);
	mark(out);
}

void mail_lines_release(struct mail_lines *l)
{
	tw_vec_release(&l->all);
}

const char *mail_own_words(const char *text, struct tw_arena *a)
{
	struct mail_lines lines;
	struct tw_str out = TW_STR_INIT;
	size_t blanks = 0;
	mail_lines_init(&lines, text);
	for (size_t i = 0; i < lines.end; i++) {
		const struct mail_line *l = &lines.all.at[i];
		blanks += is_blank(l) || l->drop;
		if (is_blank(l) || l->drop)
			continue;
		if (out.len)
			tw_str_adds(&out, blanks ? "\n\n" : "\n");
		tw_str_add(&out, l->s, l->n);
		blanks = 0;
	}
	mail_lines_release(&lines);
	const char *own = tw_str_dup(&out, a);
	tw_str_release(&out);
	return own;
}
