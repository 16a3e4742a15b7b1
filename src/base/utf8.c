/* UTF-8 as bytes (Unicode, table 3-7). What needs Unicode's tables is in text_icu.c. */
#include "base/text.h"

#include <string.h>

/*
 * Length of the well-formed sequence at s, or 0. *bad is then how many bytes
 * to replace by one U+FFFD: the longest start of a well-formed sequence
 * (Unicode 5.22, "maximal subpart").
 */
static size_t sequence(const unsigned char *s, size_t len, size_t *bad)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t need;

	*bad = 1;
	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	need = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	/* Overlong forms, surrogates and what lies above U+10FFFF show in the second byte. */
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	for (size_t i = 1; i < need; i++) {
		if (i >= len || s[i] < low || s[i] > high) {
			*bad = i;
			return 0;
		}
		low = 0x80;
		high = 0xbf;
	}
	return need;
}

/* Bytes of ASCII at s, eight at a time. */
static size_t ascii_run(const unsigned char *s, size_t len)
{
	size_t i = 0;

	for (; i + 8 <= len; i += 8) {
		uint64_t v;

		memcpy(&v, s + i, 8);
		if (v & UINT64_C(0x8080808080808080))
			break;
	}
	while (i < len && s[i] < 0x80)
		i++;
	return i;
}

/* Length of the well-formed text at the start of s. */
static size_t valid_run(const unsigned char *s, size_t len, size_t *bad)
{
	size_t i = 0;

	*bad = 0;
	while (i < len) {
		size_t n;

		i += ascii_run(s + i, len - i);
		if (i == len)
			break;
		n = sequence(s + i, len - i, bad);
		if (!n)
			return i;
		i += n;
	}
	*bad = 0;
	return i;
}

bool tw_utf8_valid(const char *s, size_t len)
{
	size_t bad;

	return valid_run((const unsigned char *)s, len, &bad) == len;
}

bool tw_utf8_repair(struct tw_str *out, const char *s, size_t len)
{
	bool clean = true;

	for (size_t i = 0; i < len;) {
		size_t bad, n = valid_run((const unsigned char *)s + i, len - i, &bad);

		tw_str_add(out, s + i, n);
		i += n;
		if (bad) {
			tw_str_add(out, "\xef\xbf\xbd", 3);
			i += bad;
			clean = false;
		}
	}
	return clean;
}

size_t tw_utf8_mark(const char *s, size_t len)
{
	return len >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

size_t tw_utf8_floor(const char *s, size_t len)
{
	size_t n = len;

	/* At most three bytes belong to the code point before; more is no UTF-8. */
	while (n > 0 && len - n < 4 && ((unsigned char)s[n - 1] & 0xc0) == 0x80)
		n--;
	if (n > 0 && (unsigned char)s[n - 1] >= 0xc0) {
		unsigned char c = (unsigned char)s[n - 1];
		size_t need = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

		return n - 1 + need <= len ? len : n - 1;
	}
	return len;
}

size_t tw_utf8_prefix(const char *s, size_t len, size_t most)
{
	size_t at = 0;

	for (; at < len && most > 0; most--)
		for (at++; at < len && ((unsigned char)s[at] & 0xc0) == 0x80;)
			at++;
	return at;
}

size_t tw_utf8_count(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)s[i] & 0xc0) != 0x80;
	return n;
}

void tw_text_plain(struct tw_str *out, const char *s, size_t len, const char *but)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];
		bool c1 = c == 0xc2 && i + 1 < len && (unsigned char)s[i + 1] < 0xa0;

		if (c1)
			i++;
		bool control = (c < 0x20 && !(c && strchr(but, c))) || c == 0x7f || c1;
		tw_str_addc(out, control ? ' ' : (char)c);
	}
}
