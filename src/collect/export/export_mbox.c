/*
 * Mail in mbox (RFC 4155), as Gmail's Takeout and mail programs give it; in
 * Takeout each mail also has X-Gmail-Labels and X-GM-THRID. A mail begins with a
 * line "From " at the start or after a blank line; in the text such lines have a
 * '>' in front (mboxrd). The mails themselves: mail_int.h.
 *
 * The mails that the author sent: from `author:` (addresses or names), or without
 * that from the twin's name, or labelled "Sent" by Gmail. Not the quotes and the
 * mail below in them (what they answer is context of the exchanges, exchange_int.h),
 * signatures, attachments, forwarded mail, automatic answers, spam and what is in
 * the trash. A subject is a title only where it isn't an answer's.
 *
 * The reader is our own: the libraries that Debian has (GMime brings GLib) build
 * trees of whole messages, and what is left out here is most of a mailbox.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "collect/export/exchange_int.h"
#include "collect/export/export_int.h"
#include "collect/export/lines_int.h"
#include "collect/export/mail_int.h"

#define MAX_MAIL ((size_t)8 << 20) /* the rest of a mail is attachments, and passed over */

struct mbox {
	bool open;
	struct lines lines;
	struct tw_str mail;
	bool blank;	       /* the line before was */
	bool looked, closed;   /* whether `closing` was looked for, and came */
	struct tw_str closing; /* "--boundary--" of the mail, empty when it has none */
	int64_t others, own;
};

/* "Name: value", as the second line of every mail. */
static bool is_field_line(const char *s, const char *end)
{
	const char *p = s;
	while (p<end && * p> ' ' && *p < 127 && *p != ':')
		p++;
	return p > s && p < end && *p == ':';
}

static bool is_mbox(const char *name, const char *head, size_t n)
{
	const char *line = n > 5 && memcmp(head, "From ", 5) == 0 ? memchr(head, '\n', n) : NULL;
	(void)name;
	return line && is_field_line(line + 1, head + n) &&
	       (memmem(head, n, "\nFrom:", 6) || memmem(head, n, "\nDate:", 6) ||
		memmem(head, n, "\nX-GM-THRID:", 12));
}

static void mbox_close(void *state)
{
	struct mbox *m = state;
	lines_release(&m->lines);
	tw_str_release(&m->mail);
	tw_str_release(&m->closing);
}

/* --- lines, mails --- */

static void look_for_boundary(struct mbox *m, struct tw_arena *a)
{
	const struct mail_part mail = mail_split(tw_str_c(&m->mail), m->mail.len);
	const char *type = mail_field(&mail, "Content-Type", a);
	const char *boundary = mail_parameter(type, "boundary", a);
	m->looked = true;
	if (boundary && *boundary && strncasecmp(type, "multipart/", 10) == 0)
		tw_str_addf(&m->closing, "--%s--", boundary);
}

/* Of a mail that is too long to be held whole, too. */
static void see_boundary(struct mbox *m, const char *line, struct tw_arena *a)
{
	if (!m->looked)
		look_for_boundary(m, a);
	m->closed |= m->closing.len && tw_starts_with(line, tw_str_c(&m->closing));
}

/* An mbox says neither how long it is nor how many mails it has: what can be seen of a cut is in its last mail. */
static enum tw_status check_last(struct mbox *m, struct tw_arena *a, struct tw_err *err)
{
	if (!m->looked)
		look_for_boundary(m, a);
	if (!m->lines.open && (m->closed || !m->closing.len))
		return TW_OK;
	return tw_fail(err, TW_BAD_DATA,
		       "the mailbox is cut: the last mail in it %s; download it again",
		       m->lines.open ? "ends within a line" : "lacks its closing boundary");
}

static void begin_mail(struct mbox *m)
{
	m->looked = m->closed = false;
	tw_str_clear(&m->closing);
	tw_str_clear(&m->mail);
}

static void add_line(struct mbox *m, struct tw_arena *a)
{
	const struct tw_str *line = &m->lines.line;
	const char *s = tw_str_c(line);
	if (tw_starts_with(s, "--"))
		see_boundary(m, s, a);
	size_t quotes = strspn(s, ">");
	size_t skip = quotes && strncmp(s + quotes, "From ", 5) == 0;
	if (m->mail.len + line->len >= MAX_MAIL)
		return;
	tw_str_add(&m->mail, s + skip, line->len - skip);
	tw_str_addc(&m->mail, '\n');
}

/* Into m->mail, up to the line that begins the next one; TW_DONE at the end of the file. */
static enum tw_status next_mail(struct mbox *m, struct export_in *x, struct tw_arena *a,
				struct tw_err *err)
{
	enum tw_status st;
	begin_mail(m);
	while ((st = lines_next(&m->lines, x, MAX_MAIL, err)) == TW_OK) {
		const char *s = tw_str_c(&m->lines.line);
		bool begins = m->blank && strncmp(s, "From ", 5) == 0;
		m->blank = m->lines.line.len == (s[0] == '\r');
		if (begins && m->mail.len)
			return TW_OK;
		if (!begins)
			add_line(m, a);
	}
	return st == TW_DONE && (m->mail.len || m->lines.open) ? check_last(m, a, err) : st;
}

/* --- which, and what of it --- */

/* "Sent,Important": whether one of the labels is `label`. */
static bool has_label(const char *labels, const char *label)
{
	size_t n = strlen(label);
	for (const char *p = labels; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
		if (strncmp(p, label, n) == 0 && (!p[n] || p[n] == ','))
			return true;
	return false;
}

static bool is_left_out(const struct mail_part *m, const struct export_in *x, struct tw_arena *a)
{
	const char *labels = mail_words(m, "X-Gmail-Labels", a);
	const char *automatic = mail_field(m, "Auto-Submitted", a);
	const char *mozilla = mail_field(m, "X-Mozilla-Status", a);
	if (automatic && strncasecmp(automatic, "no", 2) != 0)
		return true;
	if (mozilla && strtol(mozilla, NULL, 16) & 8) /* deleted, and still there */
		return true;
	return has_label(labels, "Spam") || has_label(labels, "Trash") ||
	       (!x->drafts &&
		(has_label(labels, "Drafts") || mail_field(m, "X-Mozilla-Draft-Info", a)));
}

static bool is_own(const struct mail_part *m, const struct mail_person *from,
		   const struct export_in *x, struct tw_arena *a)
{
	if (export_is_author(x, from->address) || export_is_author(x, from->name))
		return true;
	return !x->author.n && has_label(mail_words(m, "X-Gmail-Labels", a), "Sent");
}

/* "Re:", "AW:", "Fwd:": a few letters and a colon. The subject is the other's then. */
static bool is_answer(const struct mail_part *m, const char *subject, struct tw_arena *a)
{
	size_t n = 0;
	while (isalpha((unsigned char)subject[n]))
		n++;
	return mail_field(m, "In-Reply-To", a) || (n >= 2 && n <= 4 && subject[n] == ':') ||
	       (n >= 2 && n <= 4 && subject[n] == '[');
}

static const char *key_of(const struct mail_part *m, struct tw_arena *a)
{
	const char *id = mail_field(m, "Message-ID", a);
	if (id && *id) {
		id += *id == '<';
		return tw_strndup(a, id, strcspn(id, "> "));
	}
	struct tw_digest d = tw_sha256(m->head.data, m->head.len);
	return tw_sprintf(a, "mail:%.24s", d.hex);
}

static bool is_forwarded(const char *subject)
{
	static const char *const begin[] = {"Fw:", "Fwd:", "WG:", "TR:", "RV:", "Enc:", "I:", NULL};
	for (const char *const *p = begin; *p; p++)
		if (strncasecmp(subject, *p, strlen(*p)) == 0)
			return true;
	return false;
}

/* What is quoted in plain text; programs write it in HTML in too many ways to tell whose it is. */
static const char *extra_of(const char *text, const struct export_in *x,
			    const struct mail_person *from, struct tw_arena *a)
{
	const char **author = TW_NEW_ARRAY(a, x->author.n + 4, const char *);
	struct exchanges exchanges = {0};
	struct export_tags tags = {0};
	size_t n = 0;
	for (size_t i = 0; i < x->author.n; i++)
		author[n++] = x->author.at[i];
	if (from->name)
		author[n++] = from->name;
	if (from->address)
		author[n++] = from->address;
	author[n++] = x->twin;
	author[n] = NULL;
	mail_exchanges(&exchanges, text, author);
	tags.exchanges = exchanges_take(&exchanges, a);
	exchanges_release(&exchanges);
	return export_tags(&tags, a);
}

static void fill(struct tw_document *doc, const struct mail_part *m, const struct export_in *x,
		 const struct mail_person *from, struct tw_arena *a)
{
	static const char *const foreign[] = {
		"gmail_quote",	 "gmail_signature", "gmail_attr",	"moz-cite-prefix",
		"moz-signature", "yahoo_quoted",    "protonmail_quote", NULL};
	const struct mail_text text = mail_text(m, a);
	const char *subject = mail_words(m, "Subject", a), *date = mail_field(m, "Date", a);
	subject = subject ? subject : "";
	doc->key = key_of(m, a);
	doc->author = from->name;
	doc->title = *subject && !is_answer(m, subject, a) ? subject : NULL;
	doc->created_ms = export_parse_date(date);
	if (!text.is_html && is_answer(m, subject, a) && !is_forwarded(subject))
		doc->extra = extra_of(text.text, x, from, a);
	if (text.is_html)
		export_set_body(doc, "text/markdown",
				mail_own_words(export_markdown(text.text, foreign, NULL, a), a));
	else
		export_set_body(doc, "text/plain", mail_own_words(text.text, a));
}

static enum tw_status end_file(struct mbox *m, struct tw_err *err)
{
	bool nobody = !m->own && m->others;
	m->open = false;
	m->own = m->others = 0;
	if (!nobody)
		return TW_OK;
	return tw_fail(err, TW_BAD_USE,
		       "no mail in it is from the author; say which addresses are, as in `author: "
		       "[me@example.org]`");
}

static enum tw_status begin_file(struct mbox *m, struct export_in *x, struct tw_err *err)
{
	struct bundle_entry e;
	lines_begin(&m->lines);
	m->blank = true;
	enum tw_status st = export_next_entry(&e, x, is_mbox, err);
	m->open = st == TW_OK;
	return st;
}

static enum tw_status mbox_next(struct tw_document *doc, void *state, struct export_in *x,
				struct tw_arena *a, struct tw_err *err)
{
	struct mbox *m = state;
	for (;;) {
		enum tw_status st = m->open ? TW_OK : begin_file(m, x, err);
		if (st != TW_OK)
			return st;
		tw_arena_reset(a);
		st = next_mail(m, x, a, err);
		if (st == TW_DONE)
			st = end_file(m, err);
		if (st != TW_OK)
			return st;
		if (!m->open)
			continue;
		const struct mail_part mail = mail_split(tw_str_c(&m->mail), m->mail.len);
		const struct mail_person from = mail_from(&mail, a);
		bool own = is_own(&mail, &from, x, a);
		m->own += own;
		m->others += !own;
		if (!own || is_left_out(&mail, x, a))
			continue;
		fill(doc, &mail, x, &from, a);
		return TW_OK;
	}
}

const struct export_format export_mbox = {
	.name = "mbox (Gmail)",
	.recognise = is_mbox,
	.state_size = sizeof(struct mbox),
	.next = mbox_next,
	.close = mbox_close,
};
