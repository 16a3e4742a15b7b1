/* The text of a mail: its parts, how they are encoded, and soft line ends. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "collect/export/export_int.h"
#include "collect/export/mail_int.h"

void mail_base64(struct tw_str *out, const char *s, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned bits = 0;
	int n = 0;
	for (size_t i = 0; i < len && s[i] != '='; i++) {
		const char *d = s[i] ? strchr(digits, s[i]) : NULL;
		if (!d)
			continue;
		bits = bits << 6 | (unsigned)(d - digits);
		n += 6;
		if (n >= 8)
			tw_str_addc(out, (char)(bits >> (n -= 8) & 0xff));
	}
}

static int hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
				      : -1;
}

/* The length of "=" and the line end behind it, 0 when there is none. */
static size_t soft_break(const char *s, size_t len)
{
	size_t i = 1;
	while (i < len && (s[i] == ' ' || s[i] == '\t' || s[i] == '\r'))
		i++;
	return i < len && s[i] == '\n' ? i + 1 : i == len ? i : 0;
}

void mail_quoted_printable(struct tw_str *out, const char *s, size_t len, bool underscore_is_space)
{
	for (size_t i = 0; i < len; i++) {
		int hi = s[i] == '=' && i + 2 < len ? hex(s[i + 1]) : -1;
		int lo = hi >= 0 ? hex(s[i + 2]) : -1;
		size_t soft = s[i] == '=' && lo < 0 ? soft_break(s + i, len - i) : 0;
		if (lo >= 0) {
			tw_str_addc(out, (char)(hi << 4 | lo));
			i += 2;
		} else if (soft) {
			i += soft - 1;
		} else {
			tw_str_addc(out, s[i] == '_' && underscore_is_space ? ' ' : s[i]);
		}
	}
}

void mail_decode(struct tw_str *out, const char *s, size_t len, const char *charset)
{
	struct tw_str text = TW_STR_INIT;
	bool own = !charset || !strcasecmp(charset, "utf-8") || !strcasecmp(charset, "us-ascii");
	if (own || tw_text_decode(&text, s, len, charset, NULL) != TW_OK) {
		tw_str_clear(&text);
		tw_str_add(&text, s, len);
		export_mend(&text);
	}
	tw_str_add(out, tw_str_c(&text), text.len);
	tw_str_release(&text);
}

/* --- parts --- */

struct walk {
	struct tw_str plain, html;
	int parts;
	struct tw_arena *a;
};

static bool type_is(const char *type, const char *prefix)
{
	return strncasecmp(type, prefix, strlen(prefix)) == 0;
}

/* RFC 3676: a line that ends in a space goes on with the next one of the same depth of quoting. */
static void unflow(struct tw_str *out, const char *s, bool delete_space)
{
	bool open = false, quoted_before = false;
	while (*s) {
		size_t n = strcspn(s, "\n"), len = n;
		while (len && s[len - 1] == '\r')
			len--;
		bool quoted = *s == '>';
		size_t stuffed = *s == ' ';
		if (out->len && (!open || quoted || quoted_before))
			tw_str_addc(out, '\n');
		bool signature = len == 3 && memcmp(s, "-- ", 3) == 0;
		open = len > stuffed && s[len - 1] == ' ' && !signature;
		tw_str_add(out, s + stuffed, len - stuffed - (open && delete_space));
		quoted_before = quoted;
		s += n + (s[n] == '\n');
	}
}

static void add_leaf(struct walk *w, const struct mail_part *m, const char *type)
{
	struct tw_str bytes = TW_STR_INIT, text = TW_STR_INIT;
	const char *encoding = mail_field(m, "Content-Transfer-Encoding", w->a);
	const char *format = mail_parameter(type, "format", w->a);
	const char *delsp = mail_parameter(type, "delsp", w->a);
	struct tw_str *to = type_is(type, "text/html") ? &w->html : &w->plain;
	if (encoding && type_is(encoding, "base64"))
		mail_base64(&bytes, m->body.data, m->body.len);
	else if (encoding && type_is(encoding, "quoted-printable"))
		mail_quoted_printable(&bytes, m->body.data, m->body.len, false);
	else
		tw_str_add(&bytes, m->body.data, m->body.len);
	mail_decode(&text, tw_str_c(&bytes), bytes.len, mail_parameter(type, "charset", w->a));
	if (to->len)
		tw_str_adds(to, "\n\n");
	if (format && strcasecmp(format, "flowed") == 0 && to == &w->plain)
		unflow(to, tw_str_c(&text), delsp && strcasecmp(delsp, "yes") == 0);
	else
		tw_str_adds(to, tw_str_c(&text));
	tw_str_release(&bytes);
	tw_str_release(&text);
}

static void add_part(struct walk *w, const struct mail_part *m, int depth);

/* The next "--boundary" at the start of a line, NULL when there is none. */
static const char *find_boundary(const char *p, const char *end, const char *mark)
{
	size_t n = strlen(mark);
	for (const char *start = p; p && p < end; p++) {
		p = memmem(p, (size_t)(end - p), mark, n);
		if (!p || p == start || p[-1] == '\n')
			return p;
	}
	return NULL;
}

static void add_children(struct walk *w, const struct mail_part *m, const char *boundary, int depth)
{
	const char *mark = tw_sprintf(w->a, "--%s", boundary), *end = m->body.data + m->body.len;
	const char *p = find_boundary(m->body.data, end, mark);
	while (p && w->parts < MAIL_MAX_PARTS) {
		const char *line = memchr(p, '\n', (size_t)(end - p));
		p += strlen(mark);
		if (!line || (end - p >= 2 && memcmp(p, "--", 2) == 0))
			break;
		const char *next = find_boundary(line + 1, end, mark);
		struct mail_part child =
			mail_split(line + 1, (size_t)((next ? next : end) - line - 1));
		add_part(w, &child, depth + 1);
		p = next;
	}
}

static void add_part(struct walk *w, const struct mail_part *m, int depth)
{
	const char *type = mail_field(m, "Content-Type", w->a);
	const char *place = mail_field(m, "Content-Disposition", w->a);
	const char *boundary = mail_parameter(type, "boundary", w->a);
	type = type ? type : "text/plain";
	w->parts++;
	if (place && (type_is(place, "attachment") || mail_parameter(place, "filename", w->a)))
		return;
	if (type_is(type, "multipart/") && boundary && *boundary && depth < MAIL_MAX_DEPTH)
		add_children(w, m, boundary, depth);
	else if (type_is(type, "text/plain") || type_is(type, "text/html"))
		add_leaf(w, m, type);
}

static bool is_blank(const char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	return !*s;
}

struct mail_text mail_text(const struct mail_part *m, struct tw_arena *a)
{
	struct walk w = {.a = a};
	struct mail_text t = {0};
	add_part(&w, m, 0);
	t.is_html = is_blank(tw_str_c(&w.plain));
	t.text = tw_str_dup(t.is_html ? &w.html : &w.plain, a);
	tw_str_release(&w.plain);
	tw_str_release(&w.html);
	return t;
}
