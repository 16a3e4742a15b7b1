/*
 * feature/scrub_int.h: finding what must not leave a document: addresses and
 * numbers of people (scrub_people.c), keys and passwords (scrub_keys.c).
 *
 * Each finder looks at one place of the text; none looks farther than a few
 * hundred bytes, private keys in PEM apart. Precision counts as much as recall: a
 * version number, a hash or a date must stay what it is.
 */
#ifndef TW_FEATURE_SCRUB_INT_H
#define TW_FEATURE_SCRUB_INT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/vec.h"

enum scrub_kind { SCRUB_EMAIL, SCRUB_PHONE, SCRUB_KEY, SCRUB_PASSWORD, SCRUB_CARD, SCRUB_IBAN };
#define SCRUB_KINDS 6

struct scrub_span {
	size_t start, end;
	enum scrub_kind kind;
};

/* The text under search. */
struct scrub_text {
	const char *s;
	size_t n;
};

/* Appends the text as the view has it when it looks for every kind: for text beside the view's that is others' too. */
struct tw_str;
void tw_scrub_every_kind(struct tw_str *out, const char *s, size_t n);

/* Each fills *out and returns true when something of its kind is at `at`. */
bool tw_scrub_email(struct scrub_span *out, const struct scrub_text *t, size_t at); /* at '@' */
bool tw_scrub_phone(struct scrub_span *out, const struct scrub_text *t, size_t at);
bool tw_scrub_card(struct scrub_span *out, const struct scrub_text *t, size_t at);
bool tw_scrub_iban(struct scrub_span *out, const struct scrub_text *t, size_t at);
bool tw_scrub_key(struct scrub_span *out, const struct scrub_text *t, size_t at);
bool tw_scrub_password(struct scrub_span *out, const struct scrub_text *t,
		       size_t at); /* at '=' or ':' */

static inline bool scrub_digit(char ch)
{
	return ch >= '0' && ch <= '9';
}

static inline bool scrub_upper(char ch)
{
	return ch >= 'A' && ch <= 'Z';
}

static inline bool scrub_alpha(char ch)
{
	return scrub_upper(ch) || (ch >= 'a' && ch <= 'z');
}

static inline bool scrub_alnum(char ch)
{
	return scrub_alpha(ch) || scrub_digit(ch);
}

/* A number or a token may begin at s[at]: what is in front of it is no part of it. */
static inline bool scrub_begins(const struct scrub_text *t, size_t at)
{
	if (at == 0)
		return true;
	char ch = t->s[at - 1];
	return !scrub_alnum(ch) && (unsigned char)ch < 0x80 && ch != '_';
}

static inline bool scrub_ends(const struct scrub_text *t, size_t end)
{
	return end >= t->n || !(scrub_alnum(t->s[end]) || t->s[end] == '_');
}

#endif
