/* The encoding of a page: byte order mark, HTTP header, <meta>, then what the bytes look like. */
#include "collect/html/html_int.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

#define DETECT_MOST 65536
#define PRESCAN	    4096 /* HTML standard: 1024; old pages have long heads */

const char *charset_of_content_type(const char *content_type, struct tw_arena *a)
{
	const char *p = content_type ? strcasestr(content_type, "charset") : NULL;
	if (!p)
		return NULL;
	p += strlen("charset");
	p += strspn(p, " \t");
	if (*p != '=')
		return NULL;
	p++;
	p += strspn(p, " \t\"'");
	size_t n = strcspn(p, " \t\"';>/,\r\n");
	return n && n < 40 ? tw_strndup(a, p, n) : NULL;
}

static const char *by_mark(size_t *skip, const char *s, size_t len)
{
	static const struct {
		const char *mark, *charset;
		size_t len;
	} marks[] = {{"\xef\xbb\xbf", "utf-8", 3},
		     {"\xff\xfe", "utf-16le", 2},
		     {"\xfe\xff", "utf-16be", 2}};
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (len < marks[i].len || memcmp(s, marks[i].mark, marks[i].len) != 0)
			continue;
		*skip = marks[i].len;
		return marks[i].charset;
	}
	return NULL;
}

static const char *by_meta(const char *s, size_t len, struct tw_arena *a)
{
	char *head = tw_strndup(a, s, len < PRESCAN ? len : PRESCAN);
	for (const char *p = head; (p = strcasestr(p, "<meta")); p += 5) {
		const char *end = strchr(p, '>');
		if (!end)
			break;
		const char *c = charset_of_content_type(tw_strndup(a, p, (size_t)(end - p)), a);
		if (c)
			return strncasecmp(c, "utf-16", 6) == 0 ? "utf-8" : c;
	}
	return NULL;
}

static bool is_utf8_name(const char *c)
{
	return strcasecmp(c, "utf-8") == 0 || strcasecmp(c, "utf8") == 0;
}

/* What is no text in the named charset may still be valid UTF-8 by chance, but not in these. */
static bool is_wide(const char *c)
{
	return c && (strncasecmp(c, "utf-16", 6) == 0 || strncasecmp(c, "iso-2022", 8) == 0 ||
		     strncasecmp(c, "hz", 2) == 0);
}

/*
 * What browsers read where a page names these (the WHATWG's Encoding standard): the name of a standard means its
 * superset on Windows, which has what the standard leaves undefined.
 */
static const char *as_browsers_do(const char *c)
{
	static const char *const pairs[][2] = {
		{"ascii", "windows-1252"},
		{"us-ascii", "windows-1252"},
		{"latin1", "windows-1252"},
		{"iso-8859-1", "windows-1252"},
		{"iso-8859-9", "windows-1254"},
		{"iso-8859-11", "windows-874"},
		{"tis-620", "windows-874"},
		{"shift_jis", "windows-31j"},
		{"shift-jis", "windows-31j"},
		{"sjis", "windows-31j"},
		{"x-sjis", "windows-31j"},
		{"gb2312", "gb18030"},
		{"gb_2312-80", "gb18030"},
		{"gbk", "gb18030"},
		{"x-gbk", "gb18030"},
		{"euc-kr", "windows-949"},
		{"ks_c_5601-1987", "windows-949"},
		{"ksc5601", "windows-949"},
		{"x-euc-jp", "euc-jp"},
		{"x-x-big5", "big5"},
		{"utf-16", "utf-16le"},
		{"x-cp1251", "windows-1251"},
		{"win-1251", "windows-1251"},
	};
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (strcasecmp(c, pairs[i][0]) == 0)
			return pairs[i][1];
	return c;
}

/* UTF-16 without a mark: markup is ASCII, so every second byte is zero. */
static const char *by_zeros(const char *s, size_t len)
{
	size_t even = 0, odd = 0, n = len < 512 ? len & ~(size_t)1 : 512;
	for (size_t i = 0; n >= 16 && i < n; i += 2) {
		even += s[i] == 0;
		odd += s[i + 1] == 0;
	}
	if (odd > n / 5 && even < n / 50 + 1)
		return "utf-16le";
	return even > n / 5 && odd < n / 50 + 1 ? "utf-16be" : NULL;
}

/* The words alone: the detector goes by statistics, and tags and scripts are in no language. */
static void add_words(struct tw_str *out, const char *s, size_t len)
{
	const char *end = s + len;
	while (s < end && out->len < DETECT_MOST) {
		const char *tag = memchr(s, '<', (size_t)(end - s));
		tw_str_add(out, s, (size_t)((tag ? tag : end) - s));
		if (!tag)
			return;
		bool script = end - tag > 7 && (strncasecmp(tag, "<script", 7) == 0 ||
						strncasecmp(tag, "<style", 6) == 0);
		const char *close = script ? memmem(tag + 1, (size_t)(end - tag - 1), "</", 2)
					   : memchr(tag, '>', (size_t)(end - tag));
		if (!close) /* all that follows is script, or within the tag */
			return;
		s = close + !script;
	}
}

/* All ASCII, and yet no text: Japanese between escapes. */
static bool is_iso2022(const char *s, size_t len)
{
	const char *end = s + len;
	for (; (s = memchr(s, 0x1b, (size_t)(end - s))); s++)
		if (end - s > 2 && s[1] == '$' && (s[2] == 'B' || s[2] == '@'))
			return true;
	return false;
}

/* Too little to go by: what most such pages are in. */
static bool is_scarce(const struct tw_str *words)
{
	size_t high = 0;
	for (size_t i = 0; i < words->len; i++)
		high += (unsigned char)words->data[i] >= 0x80;
	return high < 4;
}

static const char *detect(const char *data, size_t len, struct tw_arena *a)
{
	struct tw_str words = TW_STR_INIT;
	add_words(&words, data, len);
	const char *c = is_scarce(&words) ? "windows-1252"
					  : tw_text_detect_charset(words.data, words.len, a);
	tw_str_release(&words);
	return c;
}

enum tw_status html_decode(struct tw_str *out, const char **used, const char *data, size_t len,
			   const char *charset, struct tw_arena *a, struct tw_err *err)
{
	size_t skip = 0;
	const char *c = by_mark(&skip, data, len);
	if (!c)
		c = by_zeros(data, len);
	if (!c)
		c = charset ? charset : by_meta(data, len, a);
	if (!c && is_iso2022(data, len))
		c = "iso-2022-jp";
	data += skip;
	len -= skip;
	*used = "utf-8";
	if (!is_wide(c) && tw_utf8_valid(data, len)) {
		tw_str_add(out, data, len);
		return TW_OK;
	}
	if (c && is_utf8_name(c)) { /* mostly: a few bad bytes in an UTF-8 page */
		tw_utf8_repair(out, data, len);
		return TW_OK;
	}
	struct tw_err unknown = TW_ERR_INIT;
	*used = as_browsers_do(c ? c : detect(data, len, a));
	if (tw_text_decode(out, data, len, *used, &unknown) == TW_OK)
		return TW_OK;
	*used = as_browsers_do(detect(data, len, a));
	if (tw_text_decode(out, data, len, *used, &unknown) == TW_OK)
		return TW_OK;
	*used = "windows-1252";
	return tw_text_decode(out, data, len, *used, err);
}

enum tw_status html_to_utf8(struct tw_str *out, const char *data, size_t len, const char *charset,
			    struct tw_arena *a, struct tw_err *err)
{
	const char *used;
	return html_decode(out, &used, data, len, charset, a, err);
}
