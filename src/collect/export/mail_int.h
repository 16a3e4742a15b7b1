/*
 * collect/export/mail_int.h: a mail as its author wrote it.
 *
 * Reads the message format of RFC 5322 with MIME (RFC 2045, 2046, 2047, 3676):
 * what one needs to get at the text, no more. Nothing is trusted: nesting and
 * the number of parts are bounded, attachments are not looked into, and what
 * cannot be decoded stays as it stands.
 */
#ifndef TW_COLLECT_MAIL_INT_H
#define TW_COLLECT_MAIL_INT_H

#include <stdbool.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"

#define MAIL_MAX_DEPTH 16
#define MAIL_MAX_PARTS 1000

/* A header block and what follows it; both within the message. */
struct mail_part {
	struct tw_bytes head, body;
};

struct mail_part mail_split(const char *data, size_t len);

/* The field's value on one line, as it was sent; NULL when absent. Names are matched in any case. */
const char *mail_field(const struct mail_part *m, const char *name, struct tw_arena *a);
/* The same with encoded words (RFC 2047) in UTF-8. */
const char *mail_words(const struct mail_part *m, const char *name, struct tw_arena *a);

/* Of the first sender; each NULL when absent. */
struct mail_person {
	const char *name, *address;
};
struct mail_person mail_from(const struct mail_part *m, struct tw_arena *a);

/* A parameter of a field's value, "charset" of "text/plain; charset=…"; NULL when absent. */
const char *mail_parameter(const char *value, const char *name, struct tw_arena *a);

struct mail_text {
	const char *text; /* UTF-8, "" when there is none */
	bool is_html;	  /* only when the mail has no plain text */
};

struct mail_text mail_text(const struct mail_part *m, struct tw_arena *a);

/* Plain text without what others wrote in it: quotes and the line that leads to them, a forwarded or answered mail below,
 * and without the signature. */
const char *mail_own_words(const char *text, struct tw_arena *a);

/* The lines of plain text, and what they are; they point into it. */
struct mail_line {
	const char *s;
	size_t n;   /* without white space at its end */
	bool quote; /* begins with '>' */
	bool intro; /* of the lines that lead to a quote: "On Monday, Ann wrote:" */
	bool drop;  /* not the author's: a quote, what leads to it, marks of PGP */
};
struct mail_lines {
	TW_VEC(struct mail_line) all;
	size_t end; /* what is the author's ends here */
	/* A mail that stands below: the line that names its sender, its text. All 0: none. */
	size_t below_from, below, below_end;
};
void mail_lines_init(struct mail_lines *out, const char *text);
void mail_lines_release(struct mail_lines *l);

/* What the author answers in plain text, for each piece of it: the quote before it, or all that is quoted below. Only
 * quotes of one level, led to by a line that says who wrote them, and that is none of `author` (names and addresses,
 * NULL-terminated). */
struct exchanges;
void mail_exchanges(struct exchanges *out, const char *text, const char *const *author);

/* Appends what base64 or quoted-printable text stands for; what is neither is passed over or stays. */
void mail_base64(struct tw_str *out, const char *s, size_t len);
void mail_quoted_printable(struct tw_str *out, const char *s, size_t len, bool underscore_is_space);
/* Appends text of a charset (NULL unknown) as UTF-8. */
void mail_decode(struct tw_str *out, const char *s, size_t len, const char *charset);

#endif
