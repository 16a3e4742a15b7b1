#include "feature/clean_int.h"

#include <string.h>

/* The references that people type; others stay as they are written. */
static const struct {
	const char *name;
	uint32_t code;
} names[] = {
	{"amp", '&'},	   {"lt", '<'},	      {"gt", '>'},	 {"quot", '"'},
	{"apos", '\''},	   {"nbsp", 0xA0},    {"copy", 0xA9},	 {"reg", 0xAE},
	{"trade", 0x2122}, {"mdash", 0x2014}, {"ndash", 0x2013}, {"hellip", 0x2026},
	{"lsquo", 0x2018}, {"rsquo", 0x2019}, {"ldquo", 0x201C}, {"rdquo", 0x201D},
	{"laquo", 0xAB},   {"raquo", 0xBB},   {"bull", 0x2022},	 {"middot", 0xB7},
	{"times", 0xD7},   {"divide", 0xF7},  {"deg", 0xB0},	 {"plusmn", 0xB1},
	{"frac12", 0xBD},  {"frac14", 0xBC},  {"frac34", 0xBE},	 {"euro", 0x20AC},
	{"pound", 0xA3},   {"cent", 0xA2},    {"yen", 0xA5},	 {"sect", 0xA7},
	{"para", 0xB6},	   {"larr", 0x2190},  {"rarr", 0x2192},	 {"uarr", 0x2191},
	{"darr", 0x2193},  {"auml", 0xE4},    {"ouml", 0xF6},	 {"uuml", 0xFC},
	{"Auml", 0xC4},	   {"Ouml", 0xD6},    {"Uuml", 0xDC},	 {"szlig", 0xDF},
	{"eacute", 0xE9},  {"egrave", 0xE8},  {"agrave", 0xE0},	 {"ccedil", 0xE7},
	{"ntilde", 0xF1},  {"aring", 0xE5},   {"oslash", 0xF8},	 {"aelig", 0xE6},
	{"ecirc", 0xEA},   {"iexcl", 0xA1},   {"iquest", 0xBF},	 {"infin", 0x221E},
	{"le", 0x2264},	   {"ge", 0x2265},    {"ne", 0x2260},	 {"zwj", 0x200D},
	{"zwnj", 0x200C},  {"lbrace", '{'},   {"rbrace", '}'},	 {"lbrack", '['},
	{"rbrack", ']'},   {"num", '#'},      {"ast", '*'},	 {"lowbar", '_'},
	{"grave", '`'},	   {"vert", '|'},     {"bsol", '\\'},	 {"sol", '/'},
};

static size_t encode(char out[8], uint32_t u)
{
	size_t n = 0;
	if (u == 0 || u > 0x10FFFF || (u >= 0xD800 && u < 0xE000))
		u = 0xFFFD;
	if (u < 0x80) {
		out[n++] = (char)u;
	} else if (u < 0x800) {
		out[n++] = (char)(0xC0 | u >> 6);
		out[n++] = (char)(0x80 | (u & 63));
	} else if (u < 0x10000) {
		out[n++] = (char)(0xE0 | u >> 12);
		out[n++] = (char)(0x80 | (u >> 6 & 63));
		out[n++] = (char)(0x80 | (u & 63));
	} else {
		out[n++] = (char)(0xF0 | u >> 18);
		out[n++] = (char)(0x80 | (u >> 12 & 63));
		out[n++] = (char)(0x80 | (u >> 6 & 63));
		out[n++] = (char)(0x80 | (u & 63));
	}
	out[n] = '\0';
	return n;
}

static int digit(char ch, int base)
{
	int d = ch >= '0' && ch <= '9'	 ? ch - '0'
		: ch >= 'a' && ch <= 'f' ? ch - 'a' + 10
		: ch >= 'A' && ch <= 'F' ? ch - 'A' + 10
					 : 99;
	return d < base ? d : -1;
}

static size_t numeric(char out[8], const char *s, size_t n)
{
	int base = n > 3 && (s[2] == 'x' || s[2] == 'X') ? 16 : 10;
	size_t i = base == 16 ? 3 : 2, from = i;
	uint32_t u = 0;
	for (; i < n && i - from < 7 && digit(s[i], base) >= 0; i++)
		u = u * (uint32_t)base + (uint32_t)digit(s[i], base);
	if (i == from || i >= n || s[i] != ';')
		return 0;
	encode(out, u);
	return i + 1;
}

size_t tw_clean_entity(char out[8], const char *s, size_t n)
{
	if (n < 4 || s[0] != '&')
		return 0;
	if (s[1] == '#')
		return numeric(out, s, n);
	const char *end = memchr(s, ';', n < 10 ? n : 10);
	if (!end)
		return 0;
	size_t len = (size_t)(end - s) - 1;
	for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
		if (strlen(names[k].name) == len && memcmp(names[k].name, s + 1, len) == 0) {
			encode(out, names[k].code);
			return len + 2;
		}
	return 0;
}
