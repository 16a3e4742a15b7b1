/*
 * HTML as browsers read it, nearly: the tokens of the WHATWG's standard
 * ("HTML", 13.2.5); what they mean for the tree stands in dom_html_tree.c.
 * Written for speed and for hostile pages: one pass, no recursion, no step
 * that looks back. Names, values and texts are borrowed from one copy of the
 * page, in which they are decoded where they stand: nothing decoded is longer
 * than it was.
 */
#include "collect/html/dom_html_int.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define MAX_NODES 1000000
#define MAX_ATTRS 500 /* kept of an element */

/* The value at s, behind "=". Returns where to go on; *end: where its NUL goes, once the page's byte there was read. */
static char *read_value(const struct html_reader *r, const char **value, char **end, char *s)
{
	while (s < r->end && (unsigned char)*s <= ' ')
		s++;
	char quote = *s == '"' || *s == '\'' ? *s : '\0', *from = s + (quote != 0);
	if (quote) {
		s = memchr(from, quote, (size_t)(r->end - from));
		s = s ? s : r->end;
	} else {
		while (s < r->end && (unsigned char)*s > ' ' && *s != '>')
			s++;
	}
	*value = from;
	*end = from + html_decode_refs(from, (size_t)(s - from));
	return quote && s < r->end ? s + 1 : s;
}

/* One attribute; *name_end and *value_end (NULL: none) as with read_value(). */
static char *read_attr(const struct html_reader *r, struct dom_attr *at, char **name_end,
		       char **value_end, char *s)
{
	at->name = s;
	do {
		*s = (char)tolower((unsigned char)*s);
		s++;
	} while (s < r->end && (unsigned char)*s > ' ' && *s != '>' && *s != '/' && *s != '=');
	*name_end = s;
	*value_end = NULL;
	at->value = "";
	char *after = s;
	while (after < r->end && (unsigned char)*after <= ' ')
		after++;
	return *after == '=' ? read_value(r, &at->value, value_end, after + 1) : s;
}

/* Attributes up to '>', which is passed. *closed: "/>" ends the element too. */
static char *read_attrs(struct html_reader *r, struct dom_attr **out, bool *closed, char *s)
{
	struct dom_attr **last = out;
	bool slash = false;
	*out = NULL;
	*closed = false;
	for (int n = 0; s < r->end;) {
		if ((unsigned char)*s <= ' ' || *s == '/') {
			slash = *s++ == '/';
			continue;
		}
		if (*s == '>') {
			*closed = slash;
			return s + 1;
		}
		struct dom_attr scrap,
			*attr = n++ < MAX_ATTRS ? TW_NEW(r->a, struct dom_attr) : &scrap;
		char *name_end, *value_end;
		s = read_attr(r, attr, &name_end, &value_end, s);
		char here = *s;
		*name_end = '\0';
		if (value_end)
			*value_end = '\0';
		if (attr != &scrap) {
			*last = attr;
			last = &attr->next;
		}
		if (here == '>')
			return s + 1;
		slash = here == '/';
		s += s < r->end && (slash || (unsigned char)here <= ' ');
	}
	return s;
}

/* "</script" at or behind s, or the end of the page. */
static char *find_end_tag(const struct html_reader *r, const struct html_name *name, char *s)
{
	size_t n = strlen(name->text);
	while ((s = memchr(s, '<', (size_t)(r->end - s)))) {
		if (s[1] == '/' && strncasecmp(s + 2, name->text, n) == 0 &&
		    !isalnum((unsigned char)s[2 + n]))
			return s;
		s++;
	}
	return r->end;
}

static char *read_start_tag(struct html_reader *r, char *s)
{
	char *from = s;
	struct dom_attr *attrs;
	bool closed;
	while (s < r->end && (unsigned char)*s > ' ' && *s != '>' && *s != '/')
		s++;
	const struct html_name *name = html_name(r, from, (size_t)(s - from));
	s = read_attrs(r, &attrs, &closed, s);
	bool foreign =
		name->tag == TAG_OTHER; /* of SVG, or made up: "/>" means there what it says */
	html_start_tag(r, name, attrs, closed && foreign);
	if (!(name->is & (HTML_RAW | HTML_TEXT)))
		return s;
	char *end = find_end_tag(r, name, s);
	html_add_text(r, s, (size_t)(end - s), name->is & HTML_TEXT);
	if (end == r->end)
		html_end_tag(r, name);
	return end;
}

static char *read_end_tag(struct html_reader *r, char *s)
{
	char *from = s;
	while (s < r->end && (unsigned char)*s > ' ' && *s != '>' && *s != '/')
		s++;
	html_end_tag(r, html_name(r, from, (size_t)(s - from)));
	s = memchr(s, '>', (size_t)(r->end - s));
	return s ? s + 1 : r->end;
}

static char *skip_past(const struct html_reader *r, char *s, const char *mark)
{
	size_t n = strlen(mark);
	s = memmem(s, (size_t)(r->end - s), mark, n);
	return s ? s + n : r->end;
}

static bool begins_markup(const char *s)
{
	return isalpha((unsigned char)s[1]) || s[1] == '!' || s[1] == '?' || s[1] == '/';
}

/* At '<', before what begins_markup(). */
static char *read_markup(struct html_reader *r, char *s)
{
	if (isalpha((unsigned char)s[1]))
		return read_start_tag(r, s + 1);
	if (s[1] == '/' && isalpha((unsigned char)s[2]))
		return read_end_tag(r, s + 2);
	if (strncmp(s, "<!--", 4) == 0)
		return s[4] == '>' ? s + 5 : skip_past(r, s + 4, "-->");
	return skip_past(r, s + 1, ">");
}

static void read_all(struct html_reader *r, char *s)
{
	while (s < r->end && r->d.n < MAX_NODES) {
		char *lt = s;
		while ((lt = memchr(lt, '<', (size_t)(r->end - lt))) && !begins_markup(lt))
			lt++;
		html_add_text(r, s, (size_t)((lt ? lt : r->end) - s), true);
		s = lt ? read_markup(r, lt) : r->end;
	}
}

/* A copy to decode in; without NULs, and with one behind it. */
static char *copy_page(const char *html, size_t len, struct tw_arena *a)
{
	char *copy = tw_strndup(a, html, len), *end = copy + len;
	for (char *nul = copy; (nul = memchr(nul, '\0', (size_t)(end - nul)));)
		*nul = ' ';
	return copy;
}

enum tw_status dom_parse_html(struct dom *out, const char *html, size_t len, struct tw_arena *a,
			      struct tw_err *err)
{
	if (len > INT32_MAX)
		return tw_fail(err, TW_BAD_DATA, "a page of %zu bytes is too large", len);
	while (len && ((unsigned char)html[len - 1] <= ' ' || html[len - 1] == '<'))
		len--;
	char *copy = copy_page(html, len, a);
	struct html_reader *r = TW_NEW(a, struct html_reader);
	r->a = a;
	r->end = copy + len;
	html_begin(r);
	read_all(r, copy);
	html_pop_to(r, 0);
	if (r->d.n == 1)
		return tw_fail(err, TW_BAD_DATA, "no HTML in it");
	*out = r->d;
	return TW_OK;
}
