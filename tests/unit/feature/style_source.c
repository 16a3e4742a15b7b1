#include "style_source.h"

#include <ctype.h>

/* --- fences --- */

static size_t line_end(const char *s, size_t n, size_t at)
{
	const char *nl = memchr(s + at, '\n', n - at);
	return nl ? (size_t)(nl - s) : n;
}

/* Marks of the fence that the line opens or closes, behind indentation, quote and list marks; 0: none. */
static size_t fence(const char *s, size_t n, char *mark)
{
	size_t i = 0, run = 0;
	while (i < n && strchr(" \t>-*+", s[i]))
		i++;
	while (i < n && i < 12 && isdigit((unsigned char)s[i]))
		i++;
	while (i < n && strchr(".) ", s[i]))
		i++;
	*mark = i < n ? s[i] : 0;
	if (*mark != '`' && *mark != '~')
		return 0;
	while (i + run < n && s[i + run] == *mark)
		run++;
	bool rest = *mark == '`' && memchr(s + i + run, '`', n - i - run);
	return run >= 3 && !rest ? run : 0;
}

static size_t fence_end(const char *s, size_t n, size_t at, size_t run, char mark)
{
	for (at = line_end(s, n, at) + 1; at < n; at = line_end(s, n, at) + 1) {
		size_t end = line_end(s, n, at);
		char other;
		size_t close = fence(s + at, end - at, &other);
		size_t last = end;
		while (last > at && s[last - 1] == ' ')
			last--;
		if (close >= run && other == mark && s[last - 1] == mark)
			return end;
	}
	return n;
}

/* Takes the fences out of the source into s->code. */
static void take_code(struct style_source *out, struct tw_str *rest, const char *s, size_t n)
{
	for (size_t at = 0; at < n;) {
		size_t end = line_end(s, n, at);
		char mark;
		size_t run = fence(s + at, end - at, &mark);
		if (run) {
			end = fence_end(s, n, at, run, mark);
			const struct tw_bytes block = {s + at, end - at};
			tw_vec_push(&out->code, block);
		} else {
			tw_str_add(rest, s + at, end - at);
		}
		tw_str_addc(rest, '\n');
		at = end + 1;
	}
}

/* --- markup of whole lines --- */

static bool only(const char *s, size_t n, const char *set)
{
	size_t seen = 0;
	for (size_t i = 0; i < n; i++) {
		if (!strchr(set, s[i]))
			return false;
		seen += s[i] != ' ';
	}
	return seen >= 2;
}

/* "[label]: target", but not a footnote's text. */
static bool is_definition(const char *s, size_t n)
{
	while (n && *s == ' ')
		s++, n--;
	const char *close = n && s[0] == '[' && s[1] != '^' ? memchr(s, ']', n) : NULL;
	return close && close + 2 < s + n && close[1] == ':' &&
	       (close[2] == ' ' || close[2] == 'h');
}

static bool is_blank(const char *s, size_t n)
{
	return !n || only(s, n, " \t") || (n == 1 && *s == ' ');
}

/* Underlines of headings, definitions of links, "{#id}" behind headings. */
static void drop_lines(struct tw_str *out, const struct tw_str *in)
{
	bool text = false; /* the line above is text */
	for (size_t at = 0; at < in->len;) {
		const char *s = in->data + at;
		size_t n = line_end(in->data, in->len, at) - at, keep = n;
		if ((text && (only(s, n, "- ") || only(s, n, "= "))) || is_definition(s, n))
			keep = 0;
		if (n > 4 && s[0] == '#' && s[n - 1] == '}') {
			const char *open = memrchr(s, '{', n);
			if (open && open[1] == '#')
				keep = (size_t)(open - s);
		}
		tw_str_add(out, s, keep);
		tw_str_addc(out, '\n');
		text = !is_blank(s, n) && s[0] != '#' && keep;
		at += n + 1;
	}
}

/* --- markup within text --- */

struct reader {
	struct tw_str *out;
	const char *s;
	size_t n;
	bool mdx;
};

static size_t find(const struct reader *r, size_t from, const char *what)
{
	const char *p = from < r->n ? memmem(r->s + from, r->n - from, what, strlen(what)) : NULL;
	return p ? (size_t)(p - r->s) : r->n;
}

/* Past a code span; it stays as it is. */
static size_t code_span(const struct reader *r, size_t at)
{
	size_t run = 0;
	while (at + run < r->n && r->s[at + run] == '`')
		run++;
	for (size_t i = at + run; i < r->n; i++) {
		size_t other = 0;
		if (r->s[i] == '\n' && r->s[i + 1] == '\n')
			break;
		while (i + other < r->n && r->s[i + other] == '`')
			other++;
		if (other == run) {
			tw_str_add(r->out, r->s + at, i + run - at);
			return i + run;
		}
		i += other ? other - 1 : 0;
	}
	tw_str_add(r->out, r->s + at, run);
	return at + run;
}

/* Past what is balanced in braces; `at` when it never ends. */
static size_t braces(const struct reader *r, size_t at)
{
	int depth = 0;
	for (size_t i = at; i < r->n && i - at < 20000; i++) {
		depth += r->s[i] == '{';
		depth -= r->s[i] == '}';
		if (!depth)
			return i + 1;
	}
	return at;
}

/* Past a tag, with attributes in quotes and braces; `at` when it is none. */
static size_t tag(const struct reader *r, size_t at)
{
	size_t i = at + 1 + (r->s[at + 1] == '/');
	if (r->mdx && r->s[i] == '>')
		return i + 1;
	if (!isalpha((unsigned char)r->s[i]))
		return at;
	while (i < r->n &&
	       (isalnum((unsigned char)r->s[i]) || r->s[i] == '-' || (r->mdx && r->s[i] == '.')))
		i++;
	if (i < r->n && !strchr(" \n\t/>", r->s[i]))
		return at;
	for (; i < r->n && i - at < 20000; i++) {
		if (r->s[i] == '>')
			return i + 1;
		if (r->s[i] == '<')
			return at;
		if (r->s[i] == '"' || r->s[i] == '\'') {
			const char *q = memchr(r->s + i + 1, r->s[i], r->n - i - 1);
			if (!q)
				return at;
			i = (size_t)(q - r->s);
		} else if (r->s[i] == '{') {
			size_t end = braces(r, i);
			if (end == i)
				return at;
			i = end - 1;
		}
	}
	return at;
}

/* Elements whose content is no prose. */
static size_t dropped_element(const struct reader *r, size_t at)
{
	static const char *const names[] = {"script", "style", "svg", NULL};
	for (const char *const *name = names; *name; name++) {
		size_t len = strlen(*name);
		char close[16];
		if (strncmp(r->s + at + 1, *name, len) != 0 ||
		    isalnum((unsigned char)r->s[at + 1 + len]))
			continue;
		snprintf(close, sizeof(close), "</%s>", *name);
		size_t end = find(r, at, close);
		return end < r->n ? end + strlen(close) : at;
	}
	return at;
}

static size_t angle(const struct reader *r, size_t at)
{
	if (strncmp(r->s + at, "<!--", 4) == 0) {
		size_t end = find(r, at, "-->");
		return end < r->n ? end + 3 : at;
	}
	size_t end = dropped_element(r, at);
	return end > at ? end : tag(r, at);
}

/* Past "(target "title")" behind a link's text. */
static size_t target(const struct reader *r, size_t at)
{
	int depth = 0;
	for (size_t i = at; i < r->n && i - at < 3000; i++) {
		depth += r->s[i] == '(';
		depth -= r->s[i] == ')';
		if (!depth)
			return i + 1;
		if (r->s[i] == '\n' && r->s[i + 1] == '\n')
			break;
	}
	return at;
}

/* Past an image, its words too. */
static size_t image(const struct reader *r, size_t at)
{
	size_t close = find(r, at, "]");
	if (close + 1 < r->n && r->s[close + 1] == '(')
		return target(r, close + 1);
	return at;
}

/* Past a statement of JavaScript: to the line at whose end no bracket is open. */
static size_t statement(const struct reader *r, size_t at)
{
	int depth = 0;
	for (size_t i = at; i < r->n; i++) {
		depth += r->s[i] && strchr("({[", r->s[i]) != NULL;
		depth -= r->s[i] && strchr(")}]", r->s[i]) != NULL;
		if (r->s[i] == '\n' && depth <= 0 && !strchr("=>,", r->s[i - 1]))
			return i;
	}
	return r->n;
}

static bool begins_statement(const struct reader *r, size_t at)
{
	static const char *const starts[] = {"import ", "export const ", "export default ",
					     "export function ", NULL};
	if (!r->mdx || (at && r->s[at - 1] != '\n'))
		return false;
	for (const char *const *s = starts; *s; s++)
		if (strncmp(r->s + at, *s, strlen(*s)) == 0)
			return strcmp(*s, "import ") != 0 ||
			       memmem(r->s + at, line_end(r->s, r->n, at) - at, " from ", 6) ||
			       strchr("{\"*", r->s[at + 7]);
	return false;
}

/* Past an expression; one that is a string alone is text. */
static size_t expression(const struct reader *r, size_t at)
{
	size_t end = braces(r, at);
	if (end > at + 4 && strchr("\"'`", r->s[at + 1]) && r->s[end - 2] == r->s[at + 1])
		tw_str_add(r->out, r->s + at + 2, end - at - 4);
	return end;
}

/* Past what is markup at `at`; `at` when nothing is. */
static size_t markup(const struct reader *r, size_t at)
{
	const char *s = r->s + at;
	if (begins_statement(r, at))
		return statement(r, at);
	if (s[0] == '`')
		return code_span(r, at);
	if (s[0] == '<')
		return angle(r, at);
	if (s[0] == '!' && s[1] == '[')
		return image(r, at);
	if (s[0] == ']' && s[1] == '(')
		return target(r, at + 1);
	if (s[0] == ']' && s[1] == '[' && find(r, at, "\n") > find(r, at + 2, "]"))
		return find(r, at + 2, "]") + 1;
	if (r->mdx && s[0] == '{')
		return expression(r, at);
	return at;
}

/* --- --- */

void style_source_read(struct style_source *out, const char *body, bool mdx)
{
	struct tw_str rest = TW_STR_INIT, lines = TW_STR_INIT;
	*out = (struct style_source){0};
	take_code(out, &rest, body, strlen(body));
	drop_lines(&lines, &rest);
	const struct reader r = {&out->prose, tw_str_c(&lines), lines.len, mdx};
	for (size_t i = 0; i < r.n;) {
		if (r.s[i] == '\\' && ispunct((unsigned char)r.s[i + 1])) {
			tw_str_addc(r.out, r.s[i + 1]);
			i += 2;
			continue;
		}
		size_t end = markup(&r, i);
		if (end == i)
			tw_str_addc(r.out, r.s[i++]);
		i = end > i ? end : i;
	}
	tw_str_add(&out->prose, "", 0);
	tw_str_release(&rest);
	tw_str_release(&lines);
}

void style_source_release(struct style_source *s)
{
	tw_str_release(&s->prose);
	tw_vec_release(&s->code);
}

static uint32_t code_point(const unsigned char *p, size_t n)
{
	if (n >= 3 && p[0] >= 0xE0 && p[0] < 0xF0)
		return (uint32_t)(p[0] & 15) << 12 | (uint32_t)(p[1] & 63) << 6 | (p[2] & 63);
	if (n >= 4 && p[0] >= 0xF0)
		return (uint32_t)(p[0] & 7) << 18 | (uint32_t)(p[1] & 63) << 12 |
		       (uint32_t)(p[2] & 63) << 6 | (p[3] & 63);
	return p[0] < 0x80 ? p[0] : 0;
}

struct style_marks style_marks_of(const char *s, size_t n)
{
	struct style_marks m = {0};
	for (size_t i = 0; i < n; i++) {
		uint32_t u = code_point((const unsigned char *)s + i, n - i);
		m.apostrophes += u == '\'' || u == 0x2019;
		m.hyphens += u == '-' || (u >= 0x2010 && u <= 0x2015);
		m.emoji +=
			(u >= 0x2600 && u <= 0x27BF) || u >= 0x1F000 || u == 0x200D || u == 0xFE0F;
	}
	return m;
}
