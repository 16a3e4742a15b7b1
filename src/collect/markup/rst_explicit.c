/* Explicit markup of reStructuredText (".. "): targets, footnotes, substitutions, directives, comments; and
 * metadata. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "collect/markup/rst_int.h"

bool rst_is_explicit(const struct markup_line *l)
{
	return markup_line_is(l, "..") || markup_line_starts(l, ".. ");
}

/* --- metadata --- */

static const struct {
	const char *name, *key; /* NULL: known, and no text */
} metas[] = {
	{"title", "title"},
	{"author", "author"},
	{"authors", "author"},
	{"date", "date"},
	{"modified", "modified"},
	{"updated", "updated"},
	{"tags", "tags"},
	{"keywords", "tags"},
	{"category", "categories"},
	{"summary", "description"},
	{"description", "description"},
	{"lang", "lang"},
	{"language", "lang"},
	{"link", NULL},
	{"slug", NULL},
	{"type", NULL},
	{"status", "status"},
};

/* "$Date: 2021-03-14 10:00:00 +0100 $" of version control. */
static void add_date(struct rst *r, const char *key, const char *s, size_t len)
{
	if (len && *s == '$')
		while (len && !isdigit((unsigned char)*s))
			s++, len--;
	while (len && (s[len - 1] == '$' || markup_is_space(s[len - 1])))
		len--;
	markup_field(&r->m, key, s, len);
}

bool rst_meta(struct rst *r, const char *name, size_t name_len, const char *s, size_t len)
{
	for (size_t i = 0; i < sizeof(metas) / sizeof(metas[0]); i++) {
		const char *key = metas[i].key;
		if (strlen(metas[i].name) != name_len ||
		    strncasecmp(metas[i].name, name, name_len) != 0)
			continue;
		if (!key)
			return true;
		if (strcmp(key, "status") == 0)
			markup_field(&r->m, "draft", "true",
				     len == 5 && strncasecmp(s, "draft", 5) == 0 ? 4 : 0);
		else if (strstr("date modified updated", key))
			add_date(r, key, s, len);
		else
			markup_field(&r->m, key, s, len);
		return true;
	}
	return false;
}

/* Nikola writes ".. title: About ropes" at the top of a file. */
static void take_comment(struct rst *r, const struct markup_line *l)
{
	const char *s = l->s + (l->n > 2 ? 3 : 2);
	size_t len = (size_t)(l->s + l->n - s);
	const char *colon = memchr(s, ':', len);
	if (colon && !r->begun)
		rst_meta(r, s, (size_t)(colon - s), colon + 1, (size_t)(s + len - colon) - 1);
}

/* --- footnotes --- */

/* "[1] ", "[#name] ", "[CIT2002] " behind the dots: its length with the brackets, 0 when it is none. */
static size_t note_label(const char *s, size_t len)
{
	const char *close = len && *s == '[' ? memchr(s, ']', len) : NULL;
	size_t n = close ? (size_t)(close - s) + 1 : 0;
	for (size_t i = 1; i + 1 < n; i++)
		if (!markup_is_word(s[i]) && !strchr("#*-_.:+", s[i]))
			return 0;
	return n > 2 && (n == len || s[n] == ' ') ? n : 0;
}

static void take_note(struct rst *r, size_t i, size_t end, size_t n)
{
	struct md_writer before = r->m.md;
	struct tw_str text = TW_STR_INIT;
	const char *label = tw_strndup(r->m.a, r->m.at[i].s + 4, n - 2);
	if (n == 3 && strchr("#*", *label))
		label = tw_sprintf(r->m.a, "#%d", r->note_texts++);
	int number = markup_note(&r->m, label, strlen(label));
	markup_take_mark(&r->m.at[i], 3 + n);
	rst_align(r, i, end);
	r->m.md = (struct md_writer){.out = &text};
	rst_content(r, i, end);
	r->m.md = before;
	markup_note_text(&r->m, number, &text);
	tw_str_release(&text);
}

/* --- targets and substitutions --- */

/* The colon that ends the name at s: within backquotes all is name. */
static const char *name_end(const char *s, size_t len)
{
	bool quoted = len && *s == '`';
	for (size_t i = quoted; i < len; i++) {
		if (s[i] == '\\')
			i++;
		else if (quoted && s[i] == '`' && i + 1 < len && s[i + 1] == ':')
			return s + i + 1;
		else if (!quoted && s[i] == ':' && (i + 1 == len || s[i + 1] == ' '))
			return s + i;
	}
	return NULL;
}

/* What is behind the colon, and on the lines below, further right: an address that is broken over lines. */
static const char *target_url(struct rst *r, size_t i, const char *from)
{
	enum { LINES = 8 };
	struct tw_str url = TW_STR_INIT;
	const struct markup_line *l = &r->m.at[i];
	tw_str_add(&url, from, (size_t)(l->s + l->n - from));
	for (size_t k = i + 1; k < r->m.n && k < i + LINES && r->m.at[k].n; k++) {
		if (r->m.at[k].col <= l->col)
			break;
		tw_str_add(&url, r->m.at[k].s, r->m.at[k].n);
	}
	tw_str_trim(&url);
	const char *copy = tw_str_dup(&url, r->m.a);
	tw_str_release(&url);
	return copy;
}

static void add_target(struct rst *r, size_t i)
{
	const struct markup_line *l = &r->m.at[i];
	size_t skip = 4;
	if (l->n > 6 && memcmp(l->s + 3, "__:", 3) == 0) {
		tw_vec_push(&r->nameless, target_url(r, i, l->s + 6));
		return;
	}
	const char *colon = name_end(l->s + skip, l->n - skip);
	if (!colon)
		return;
	size_t n = (size_t)(colon - l->s) - skip;
	if (n >= 2 && l->s[skip] == '`')
		skip++, n -= 2;
	const char *name = rst_name(r, l->s + skip, n), *url = target_url(r, i, colon + 1);
	if (*url && !tw_map_has(&r->urls, name))
		tw_map_set(&r->urls, name, (void *)url);
}

/* ".. |name| replace:: text"; others are pictures and dates. */
static void add_substitution(struct rst *r, size_t i)
{
	const struct markup_line *l = &r->m.at[i];
	const char *close = memmem(l->s + 4, l->n - 4, "| replace::", 11);
	if (!close)
		return;
	size_t end = markup_indented_end(&r->m, i + 1, i + 8 < r->m.n ? i + 8 : r->m.n, l->col + 1);
	struct tw_str text = TW_STR_INIT;
	tw_str_add(&text, close + 11, (size_t)(l->s + l->n - close) - 11);
	if (end > i + 1) {
		tw_str_addc(&text, ' ');
		markup_join(&text, &r->m, i + 1, end);
	}
	tw_str_trim(&text);
	tw_map_set(&r->texts, rst_name(r, l->s + 4, (size_t)(close - l->s) - 4),
		   tw_str_dup(&text, r->m.a));
	tw_str_release(&text);
}

void rst_find_targets(struct rst *r)
{
	for (size_t i = 0; i < r->m.n; i++) {
		const struct markup_line *l = &r->m.at[i];
		if (l->n > 5 && markup_line_starts(l, ".. _"))
			add_target(r, i);
		else if (l->n > 5 && markup_line_starts(l, ".. |"))
			add_substitution(r, i);
		else if (l->n > 3 && markup_line_starts(l, "__ "))
			tw_vec_push(&r->nameless, target_url(r, i, l->s + 3));
	}
}

/* --- all --- */

/* "name::" at s: length of the name, which may have a domain ("py:function"); 0 when it is none. */
static size_t directive_name(const char *s, size_t len)
{
	size_t n = 0;
	while (n < len && (isalnum((unsigned char)s[n]) || strchr("-_.+", s[n]) ||
			   (s[n] == ':' && n + 1 < len && isalnum((unsigned char)s[n + 1]))))
		n++;
	bool space = n < len && s[n] == ' '; /* "code ::" is read too */
	size_t at = n + space;
	return n && at + 1 < len && s[at] == ':' && s[at + 1] == ':' &&
			       (at + 2 == len || s[at + 2] == ' ')
		       ? n
		       : 0;
}

size_t rst_explicit(struct rst *r, size_t i, size_t to)
{
	const struct markup_line *l = &r->m.at[i];
	if (l->n == 2 && (i + 1 == to || !l[1].n))
		return i + 1;
	size_t end = markup_indented_end(&r->m, i + 1, to, l->col + 1), n;
	const char *s = l->s + 2;
	while (s < l->s + l->n && markup_is_space(*s))
		s++;
	size_t len = (size_t)(l->s + l->n - s);
	if ((n = note_label(s, len)) && s == l->s + 3 && r->m.depth < MARKUP_DEPTH) {
		take_note(r, i, end, n);
	} else if ((n = directive_name(s, len))) {
		const char *arg = (const char *)memmem(s + n, len - n, "::", 2) + 2;
		while (arg < s + len && markup_is_space(*arg))
			arg++;
		rst_directive(r, &(struct tw_bytes){s, n},
			      &(struct tw_bytes){arg, (size_t)(s + len - arg)}, i, end);
	} else if (len && !strchr("_|", *s)) {
		take_comment(r, l);
	}
	return end;
}
