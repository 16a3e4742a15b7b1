/* The encoding of a page: byte order mark, HTTP header, <meta>, then what the bytes look like. */
#include "collect/html_int.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

#define PRESCAN 4096 /* HTML standard: 1024; old pages have long heads */

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

/* Browsers read these names as windows-1252, which has what latin-1 leaves undefined. */
static const char *as_browsers_do(const char *c)
{
	return strcasecmp(c, "iso-8859-1") == 0 || strcasecmp(c, "ascii") == 0 ||
			       strcasecmp(c, "us-ascii") == 0 || strcasecmp(c, "latin1") == 0
		       ? "windows-1252"
		       : c;
}

enum tw_status html_to_utf8(struct tw_str *out, const char *data, size_t len, const char *charset,
			    struct tw_arena *a, struct tw_err *err)
{
	size_t skip = 0;
	const char *c = by_mark(&skip, data, len);
	if (!c)
		c = charset ? charset : by_meta(data, len, a);
	data += skip;
	len -= skip;
	if (!is_wide(c) && tw_utf8_valid(data, len)) {
		tw_str_add(out, data, len);
		return TW_OK;
	}
	if (c && is_utf8_name(c)) { /* mostly: a few bad bytes in an UTF-8 page */
		tw_utf8_repair(out, data, len);
		return TW_OK;
	}
	if (!c)
		c = tw_text_detect_charset(data, len, a);
	struct tw_err unknown = TW_ERR_INIT;
	if (c && tw_text_decode(out, data, len, as_browsers_do(c), &unknown) == TW_OK)
		return TW_OK;
	return tw_text_decode(out, data, len, "windows-1252", err);
}
