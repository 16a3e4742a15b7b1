/* References to characters in HTML: "&amp;", "&#8217;", "&#x2019;", "&eacute;". */
#include "collect/html/dom_html_int.h"

#include <ctype.h>
#include <string.h>

/* What the first 32 of the C1 controls mean on the web: windows-1252. */
static const unsigned short c1[32] = {
	0x20ac, 0x81,	0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
	0x2039, 0x0152, 0x8d,	0x017d, 0x8f,	0x90,	0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
	0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,	0x017e, 0x0178};

static size_t put_utf8(char *to, unsigned long c)
{
	if (c >= 0x80 && c < 0xa0)
		c = c1[c - 0x80];
	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		c = 0xfffd;
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		to[i] = (char)(0x80 | (c & 0x3f));
	to[0] = (char)((0xf00 >> n & 0xff) | c);
	return n;
}

/* "#123" or "#x1f" at s; its length, 0 when there is none. */
static size_t read_number(unsigned long *c, const char *s, size_t len)
{
	bool hex = len > 1 && (s[1] == 'x' || s[1] == 'X');
	size_t from = hex ? 2 : 1, i = from;
	*c = 0;
	for (; i < len && (hex ? isxdigit((unsigned char)s[i]) : isdigit((unsigned char)s[i]));
	     i++) {
		int digit = isdigit((unsigned char)s[i]) ? s[i] - '0' : (s[i] | 0x20) - 'a' + 10;
		if (*c <= 0x10ffff)
			*c = *c * (hex ? 16 : 10) + (unsigned long)digit;
	}
	return i > from ? i : 0;
}

/* A name at s; its length. Without ";" behind it only the oldest count, and not before what looks like a parameter
 * of a URL ("&copy=1"). */
static size_t read_name(unsigned long *c, const char *s, size_t len)
{
	static const struct {
		const char *name;
		unsigned long c;
	} common[] = {{"nbsp", 0xa0}, {"amp", '&'},   {"quot", '"'},  {"lt", '<'},
		      {"gt", '>'},    {"apos", '\''}, {"copy", 0xa9}, {"reg", 0xae}};
	size_t n = 0;
	while (n < len && n < 32 && isalnum((unsigned char)s[n]))
		n++;
	bool ended = n < len && s[n] == ';';
	*c = 0;
	if (!n)
		return 0;
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		if (strlen(common[i].name) == n && memcmp(common[i].name, s, n) == 0)
			*c = common[i].c;
	if (!*c && ended)
		*c = (unsigned long)dom_entity(s, n);
	return *c && (ended || (n < len && s[n] != '=') || n == len) ? n : 0;
}

size_t html_decode_refs(char *s, size_t len)
{
	char *amp = memchr(s, '&', len), *to = amp, *end = s + len;
	while (amp) {
		unsigned long c = 0;
		const char *ref = amp + 1;
		size_t left = (size_t)(end - ref);
		size_t n =
			left && *ref == '#' ? read_number(&c, ref, left) : read_name(&c, ref, left);
		char *from = amp + 1 + n;
		if (n) {
			to += put_utf8(to, c);
			from += from < end && *from == ';';
		} else {
			*to++ = '&';
		}
		amp = memchr(from, '&', (size_t)(end - from));
		size_t rest = (size_t)((amp ? amp : end) - from);
		memmove(to, from, rest);
		to += rest;
	}
	return to ? (size_t)(to - s) : len;
}
