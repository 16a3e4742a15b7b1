/* What a text and its file name say when no front matter does: title and date. */
#include "collect/file/files_int.h"

#include <ctype.h>
#include <string.h>

#include "base/fs.h"
#include "base/text.h"
#include "base/time.h"

/* --- headings (CommonMark 4.2, 4.3) --- */

static size_t indent_of(const char *s, size_t len)
{
	size_t n = 0;
	while (n < len && n < 4 && s[n] == ' ')
		n++;
	return n;
}

static int atx_level(const char *s, size_t len)
{
	size_t from = indent_of(s, len), n = from;
	if (from > 3)
		return 0;
	while (n < len && s[n] == '#')
		n++;
	size_t level = n - from;
	return level <= 6 && (n == len || s[n] == ' ' || s[n] == '\t') ? (int)level : 0;
}

static bool is_underline(const char *s, size_t len, char c)
{
	size_t n = indent_of(s, len), from = n;
	while (n < len && s[n] == c)
		n++;
	size_t marks = n - from;
	while (n < len && (s[n] == ' ' || s[n] == '\t'))
		n++;
	return marks >= 2 && n == len;
}

/* The length of the fence that the line opens or closes, with its character in *c. */
static size_t fence_length(const char *s, size_t len, char *c)
{
	size_t from = indent_of(s, len), n = from;
	if (from > 3 || n >= len || (s[n] != '`' && s[n] != '~'))
		return 0;
	*c = s[n];
	while (n < len && s[n] == *c)
		n++;
	return n - from >= 3 ? n - from : 0;
}

/* "[text](url)" → "text": the text of a link at s, or 0 when there is none. */
static size_t link_text(struct tw_str *out, const char *s, size_t len)
{
	size_t i = 1, depth = 1;
	for (; i < len && depth; i++)
		depth += (s[i] == '[') - (s[i] == ']');
	if (depth || i >= len || s[i] != '(')
		return 0;
	const char *close = memchr(s + i, ')', len - i);
	if (!close)
		return 0;
	tw_str_add(out, s + 1, i - 2);
	return (size_t)(close - s) + 1;
}

/* The heading as a reader sees it, without marks of emphasis, code and links. */
static char *plain_heading(const char *s, size_t len, struct tw_arena *a)
{
	struct tw_str out = TW_STR_INIT;
	for (size_t i = 0; i < len;) {
		size_t used = s[i] == '[' ? link_text(&out, s + i, len - i) : 0;
		if (used) {
			i += used;
		} else if (s[i] == '\\' && i + 1 < len && ispunct((unsigned char)s[i + 1])) {
			tw_str_addc(&out, s[i + 1]);
			i += 2;
		} else if (s[i] == '`' || s[i] == '*' ||
			   (s[i] == '!' && i + 1 < len && s[i + 1] == '[')) {
			i++;
		} else if (s[i] == '_' &&
			   (!i || s[i - 1] == ' ' || i + 1 == len || s[i + 1] == ' ')) {
			i++;
		} else {
			tw_str_addc(&out, s[i++]);
		}
	}
	tw_str_trim(&out);
	char *copy = out.len ? tw_str_dup(&out, a) : NULL;
	tw_str_release(&out);
	return copy;
}

static char *atx_text(const char *s, size_t len, struct tw_arena *a)
{
	while (len && (*s == ' ' || *s == '#'))
		s++, len--;
	size_t n = len;
	while (n && (s[n - 1] == '#'))
		n--;
	if (n < len && n && (s[n - 1] == ' ' || s[n - 1] == '\t')) /* closing sequence */
		len = n;
	return plain_heading(s, len, a);
}

const char *markdown_title(const char *text, size_t len, struct tw_arena *a)
{
	const char *first = NULL, *prev = NULL;
	size_t prev_len = 0, fence = 0;
	char mark = 0, c = 0;
	bool begun = false;
	for (size_t at = 0; at < len;) {
		const char *s = text + at, *nl = memchr(s, '\n', len - at);
		size_t n = nl ? (size_t)(nl - s) : len - at;
		at += n + 1;
		while (n && (s[n - 1] == '\r' || s[n - 1] == ' '))
			n--;
		size_t run = fence_length(s, n, &c);
		if (fence || run) {
			if (!fence)
				mark = c, fence = run;
			else if (run >= fence && c == mark)
				fence = 0;
			prev = NULL;
			begun = true;
			continue;
		}
		int level = atx_level(s, n);
		char *title = level ? atx_text(s, n, a) : NULL;
		if (level == 1 && title)
			return title;
		if (prev && prev_len && is_underline(s, n, '=') && atx_level(prev, prev_len) == 0)
			return plain_heading(prev, prev_len, a);
		if (title && !begun)
			first = title;
		begun = begun || n;
		prev = s;
		prev_len = n;
	}
	return first;
}

/* --- file names --- */

static bool is_date(const char *s)
{
	for (int i = 0; i < 10; i++)
		if (i == 4 || i == 7 ? s[i] != '-' : !isdigit((unsigned char)s[i]))
			return false;
	return true;
}

/* Where a date stands in a stem: at its beginning ("2021-03-14-x") or its end ("x-2021-03-14"). */
static const char *find_date(const char *stem, size_t len)
{
	if (len >= 10 && is_date(stem) && (len == 10 || !isalnum((unsigned char)stem[10])))
		return stem;
	if (len > 11 && is_date(stem + len - 10) && !isalnum((unsigned char)stem[len - 11]))
		return stem + len - 10;
	return NULL;
}

static size_t stem_length(const char *base)
{
	const char *dot = strrchr(base, '.');
	return dot && dot != base ? (size_t)(dot - base) : strlen(base);
}

int64_t date_from_path(const char *rel)
{
	const char *base = tw_path_base(rel);
	const char *date = find_date(base, stem_length(base));
	char iso[11];
	int64_t ms;
	if (!date)
		return 0;
	memcpy(iso, date, 10);
	iso[10] = '\0';
	return tw_parse_date(&ms, iso) ? ms : 0;
}

static bool says_nothing(const char *stem, size_t len)
{
	return (len == 5 && strncasecmp(stem, "index", 5) == 0) ||
	       (len == 6 && strncasecmp(stem, "readme", 6) == 0);
}

const char *title_from_path(const char *rel, struct tw_arena *a)
{
	const char *base = tw_path_base(rel);
	size_t len = stem_length(base);
	if (says_nothing(base, len) && base != rel) {
		char *dir = tw_path_dir(a, rel);
		base = tw_path_base(dir);
		len = strlen(base);
	}
	const char *date = find_date(base, len), *from = base, *end = base + len;
	if (date && len > 11) {
		from = date == base ? base + 11 : base;
		end = date == base ? end : date - 1;
	}
	struct tw_str s = TW_STR_INIT, utf8 = TW_STR_INIT;
	for (; from < end; from++)
		tw_str_addc(&s, *from == '-' || *from == '_' ? ' ' : *from);
	tw_str_trim(&s);
	tw_utf8_repair(&utf8, tw_str_c(&s), s.len);
	if (utf8.len)
		utf8.data[0] = (char)toupper((unsigned char)utf8.data[0]);
	char *copy = utf8.len ? tw_str_dup(&utf8, a) : tw_strdup(a, tw_path_base(rel));
	tw_str_release(&s);
	tw_str_release(&utf8);
	return copy;
}

const char *key_from_path(const char *rel, struct tw_arena *a)
{
	size_t len = strlen(rel);
	if (tw_utf8_valid(rel, len))
		return tw_strdup(a, rel);
	struct tw_str s = TW_STR_INIT;
	for (size_t i = 0; i < len; i++) {
		size_t n = 1;
		while (n < 4 && i + n < len && ((unsigned char)rel[i + n] & 0xc0) == 0x80)
			n++;
		if (tw_utf8_valid(rel + i, n)) {
			tw_str_add(&s, rel + i, n);
			i += n - 1;
		} else {
			tw_str_addf(&s, "%%%02X", (unsigned char)rel[i]);
		}
	}
	char *copy = tw_str_dup(&s, a);
	tw_str_release(&s);
	return copy;
}
