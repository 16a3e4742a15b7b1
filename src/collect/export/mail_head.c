/* Header fields. */
#include <string.h>
#include <strings.h>

#include "collect/export/mail_int.h"

static const char *end_of_line(const char *p, const char *end)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));
	return nl ? nl + 1 : end;
}

struct mail_part mail_split(const char *data, size_t len)
{
	const char *end = data + len, *p = data;
	while (p < end && *p != '\n' && !(*p == '\r' && p + 1 < end && p[1] == '\n'))
		p = end_of_line(p, end);
	const char *body = p < end ? end_of_line(p, end) : end;
	return (struct mail_part){{data, (size_t)(p - data)}, {body, (size_t)(end - body)}};
}

static bool is_field(const char *p, const char *end, const char *name, size_t n)
{
	return (size_t)(end - p) > n && strncasecmp(p, name, n) == 0 && p[n] == ':';
}

/* Lines that begin with a space go on with the one before. */
const char *mail_field(const struct mail_part *m, const char *name, struct tw_arena *a)
{
	const char *p = m->head.data, *end = p + m->head.len;
	size_t n = strlen(name);
	while (p < end && !is_field(p, end, name, n))
		p = end_of_line(p, end);
	if (p >= end)
		return NULL;
	const char *next = end_of_line(p, end);
	while (next < end && (*next == ' ' || *next == '\t'))
		next = end_of_line(next, end);
	p += n + 1;
	char *value = tw_strndup(a, p, (size_t)(next - p));
	for (char *c = value; *c; c++)
		if (*c == '\r' || *c == '\n' || *c == '\t')
			*c = ' ';
	value += strspn(value, " ");
	size_t len = strlen(value);
	while (len && value[len - 1] == ' ')
		value[--len] = '\0';
	return value;
}

#define MAX_WORD 1000 /* RFC 2047 says 75 */

/* "=?charset?Q?text?=": its length, 0 when it is none. */
static size_t encoded_word(struct tw_str *out, const char *s)
{
	size_t room = s[0] == '=' && s[1] == '?' ? strnlen(s, MAX_WORD) : 0;
	const char *kind = room ? memchr(s + 2, '?', room - 2) : NULL;
	const char *text = kind && kind[1] && kind[2] == '?' ? kind + 3 : NULL;
	const char *end =
		text && text < s + room ? memmem(text, (size_t)(s + room - text), "?=", 2) : NULL;
	struct tw_str bytes = TW_STR_INIT;
	char charset[40];
	size_t n = kind ? strcspn(s + 2, "?*") : 0; /* a language may stand behind '*' */
	if (!end || n >= sizeof(charset) || memchr(s, ' ', (size_t)(end - s)))
		return 0;
	memcpy(charset, s + 2, n);
	charset[n] = '\0';
	if (kind[1] == 'B' || kind[1] == 'b')
		mail_base64(&bytes, text, (size_t)(end - text));
	else
		mail_quoted_printable(&bytes, text, (size_t)(end - text), true);
	mail_decode(out, tw_str_c(&bytes), bytes.len, charset);
	tw_str_release(&bytes);
	return (size_t)(end + 2 - s);
}

static const char *decode_words(const char *s, struct tw_arena *a)
{
	struct tw_str out = TW_STR_INIT;
	bool after_word = false;
	while (*s) {
		size_t spaces = strspn(s, " ");
		size_t n = encoded_word(&out, s + (after_word ? spaces : 0));
		if (n) { /* the space between two of them is none of the text's */
			s += n + (after_word ? spaces : 0);
			after_word = true;
			continue;
		}
		size_t plain = 1 + strcspn(s + 1, "=");
		if (after_word && spaces)
			plain = spaces;
		mail_decode(&out, s, plain, NULL);
		s += plain;
		after_word = false;
	}
	const char *text = tw_str_dup(&out, a);
	tw_str_release(&out);
	return text;
}

const char *mail_words(const struct mail_part *m, const char *name, struct tw_arena *a)
{
	const char *value = mail_field(m, name, a);
	return value ? decode_words(value, a) : NULL;
}

static const char *unquoted(const char *s, size_t n, struct tw_arena *a)
{
	while (n && strchr(" \"'", *s)) {
		s++;
		n--;
	}
	while (n && strchr(" \"'", s[n - 1]))
		n--;
	return n ? tw_strndup(a, s, n) : NULL;
}

/* "Ann <ann@example.org>", "ann@example.org (Ann)", "ann@example.org"; decoded last, since a name may hold '<'. */
struct mail_person mail_from(const struct mail_part *m, struct tw_arena *a)
{
	struct mail_person p = {0};
	const char *from = mail_field(m, "From", a);
	const char *angle = from ? strrchr(from, '<') : NULL;
	const char *comment = from ? strchr(from, '(') : NULL;
	if (!from)
		return p;
	if (angle) {
		p.name = unquoted(from, (size_t)(angle - from), a);
		p.address = unquoted(angle + 1, strcspn(angle + 1, ">"), a);
	} else {
		p.address = unquoted(from, strcspn(from, "(,"), a);
		p.name = comment ? unquoted(comment + 1, strcspn(comment + 1, ")"), a) : NULL;
	}
	p.name = p.name ? decode_words(p.name, a) : NULL;
	return p;
}

const char *mail_parameter(const char *value, const char *name, struct tw_arena *a)
{
	size_t n = strlen(name);
	for (const char *p = value ? strchr(value, ';') : NULL; p; p = strchr(p, ';')) {
		p += 1 + strspn(p + 1, " ;");
		if (strncasecmp(p, name, n) != 0)
			continue;
		const char *v = p + n + strspn(p + n, " ");
		if (*v != '=')
			continue;
		v += 1 + strspn(v + 1, " ");
		if (*v == '"')
			return tw_strndup(a, v + 1, strcspn(v + 1, "\""));
		return tw_strndup(a, v, strcspn(v, "; "));
	}
	return NULL;
}
