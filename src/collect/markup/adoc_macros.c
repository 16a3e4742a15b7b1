/* Macros within a line of AsciiDoc: links, notes, references, formulas, terms of an index. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "collect/markup/adoc_scan_int.h"

/* The bracket that closes the one at `from`, or 0. */
static size_t closing(struct adoc_scan *k, size_t from)
{
	TW_VEC(uint32_t) open = {0};
	if (k->brackets)
		return k->brackets[from];
	k->brackets = tw_xcalloc(k->n, sizeof(*k->brackets));
	for (size_t i = 0; i < k->n; i++) {
		if (k->s[i] == '\\')
			i++;
		else if (k->s[i] == '[')
			tw_vec_push(&open, (uint32_t)i);
		else if (k->s[i] == ']' && open.n)
			k->brackets[open.at[--open.n]] = (uint32_t)i;
	}
	tw_vec_release(&open);
	return k->brackets[from];
}

/* The text of a link: what is before "^" and before attributes ("text,window=_blank"), without its quotes. */
static struct tw_bytes link_text(const char *s, size_t n)
{
	const char *comma = memchr(s, ',', n);
	if (n > 1 && *s == '"' && memchr(s + 1, '"', n - 1)) {
		const char *end = memchr(s + 1, '"', n - 1);
		return (struct tw_bytes){s + 1, (size_t)(end - s) - 1};
	}
	if (comma && memchr(comma, '=', n - (size_t)(comma - s)))
		n = (size_t)(comma - s);
	else if (!comma && n > 5 && (memcmp(s, "role=", 5) == 0 || memcmp(s, "window", 6) == 0))
		n = 0;
	return (struct tw_bytes){s, n && s[n - 1] == '^' ? n - 1 : n};
}

static void write_link(struct adoc_scan *k, const char *url, size_t url_len, const char *s,
		       size_t n)
{
	struct tw_bytes shown = link_text(s, n);
	struct tw_str text = TW_STR_INIT;
	adoc_inline_at(&text, k->o, shown.data, shown.len, k->depth + 1);
	if (!text.len && !markup_url(url, url_len))
		markup_text(&text, url, url_len);
	markup_link(k->out, &text, url, url_len);
	tw_str_release(&text);
}

static void write_note(struct adoc_scan *k, const char *label, size_t label_len, const char *s,
		       size_t n)
{
	int number = markup_note(&k->o->m, label, label_len);
	struct tw_str text = TW_STR_INIT;
	while (k->out->len && k->out->data[k->out->len - 1] == ' ')
		k->out->data[--k->out->len] = '\0';
	markup_note_mark(k->out, number);
	adoc_inline_at(&text, k->o, s, n, k->depth + 1);
	markup_note_text(&k->o->m, number, &text);
	tw_str_release(&text);
}

static void write_math(struct adoc_scan *k, const char *s, size_t n)
{
	tw_str_addc(k->out, '$');
	tw_str_add(k->out, s, n);
	tw_str_addc(k->out, '$');
}

enum macro {
	M_NONE,
	M_LINK,
	M_MAILTO,
	M_XREF,
	M_DROP,
	M_TEXT,
	M_MENU,
	M_NOTE,
	M_NOTEREF,
	M_MATH,
	M_PASS
};

static enum macro macro_of(const char *name, size_t n)
{
	static const struct {
		const char *name;
		enum macro macro;
	} all[] = {
		{"link", M_LINK},	    {"mailto", M_MAILTO}, {"xref", M_XREF},
		{"image", M_DROP},	    {"icon", M_DROP},	  {"indexterm", M_DROP},
		{"anchor", M_DROP},	    {"kbd", M_TEXT},	  {"btn", M_TEXT},
		{"indexterm2", M_TEXT},	    {"menu", M_MENU},	  {"footnote", M_NOTE},
		{"footnoteref", M_NOTEREF}, {"stem", M_MATH},	  {"latexmath", M_MATH},
		{"asciimath", M_MATH},	    {"pass", M_PASS},
	};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strlen(all[i].name) == n && memcmp(all[i].name, name, n) == 0)
			return all[i].macro;
	return M_NONE;
}

static void write_macro(struct adoc_scan *k, enum macro macro, const struct tw_bytes *target,
			const char *s, size_t n)
{
	const char *comma = memchr(s, ',', n);
	switch (macro) {
	case M_LINK:
	case M_MAILTO:
		write_link(k, target->data - (macro == M_MAILTO ? 7 : 0),
			   target->len + (macro == M_MAILTO ? 7 : 0), s, n);
		break;
	case M_XREF:
		if (n)
			adoc_add_inner(k, s, n, "");
		else
			markup_text(k->out, target->data, target->len);
		break;
	case M_MENU:
		markup_text(k->out, target->data, target->len);
		if (n)
			tw_str_adds(k->out, " > ");
		markup_text(k->out, s, n);
		break;
	case M_NOTE:
		write_note(k, target->data, target->len, s, n);
		break;
	case M_NOTEREF:
		write_note(k, s, comma ? (size_t)(comma - s) : n, comma ? comma + 1 : s,
			   comma ? (size_t)(s + n - comma) - 1 : 0);
		break;
	case M_MATH:
		write_math(k, s, n);
		break;
	case M_TEXT:
	case M_PASS:
		markup_text(k->out, s, n);
		break;
	default:
		break;
	}
}

/* "name:target[text]" at its colon. */
size_t adoc_take_macro(struct adoc_scan *k)
{
	enum { LONGEST = 2000 };
	size_t name = k->i, open = k->i + 1;
	while (name > k->plain && k->i - name < 12 && isalnum((unsigned char)k->s[name - 1]))
		name--;
	enum macro macro = macro_of(k->s + name, k->i - name);
	if (macro == M_NONE || (name && k->s[name - 1] == '\\'))
		return 0;
	while (open < k->n && open - k->i < LONGEST && k->s[open] != '[' && k->s[open] != '\n' &&
	       (macro == M_MENU || !markup_is_space(k->s[open])))
		open++;
	size_t end = open < k->n && k->s[open] == '[' ? closing(k, open) : 0;
	if (!end)
		return 0;
	adoc_write_plain(k, name);
	write_macro(k, macro, &(struct tw_bytes){k->s + k->i + 1, open - k->i - 1}, k->s + open + 1,
		    end - open - 1);
	return end + 1 - k->i;
}

size_t adoc_take_url(struct adoc_scan *k)
{
	size_t n = 0, end;
	if (!k->i || !markup_is_word(k->s[k->i - 1]))
		n = markup_url(k->s + k->i, k->n - k->i);
	if (!n || (k->i && k->s[k->i - 1] == '\\'))
		return 0;
	adoc_write_plain(k, k->i);
	bool open = k->i + n < k->n && k->s[k->i + n] == '[';
	if (open && (end = closing(k, k->i + n))) {
		write_link(k, k->s + k->i, n, k->s + k->i + n + 1, end - k->i - n - 1);
		return end + 1 - k->i;
	}
	tw_str_add(k->out, k->s + k->i, n);
	return n;
}

/* "<<id,text>>", and an address in angle brackets. */
size_t adoc_take_angle(struct adoc_scan *k)
{
	size_t url = markup_url(k->s + k->i + 1, k->n - k->i - 1);
	if (url && k->i + 1 + url < k->n && k->s[k->i + 1 + url] == '>') {
		adoc_write_plain(k, k->i);
		tw_str_add(k->out, k->s + k->i + 1, url);
		return url + 2;
	}
	if (!adoc_at_is(k, "<<") || k->dead['<'] || k->i + 4 >= k->n)
		return 0;
	const char *s = k->s + k->i + 2, *end = memmem(s, k->n - k->i - 2, ">>", 2);
	k->dead['<'] = !end;
	if (!end)
		return 0;
	const char *comma = memchr(s, ',', (size_t)(end - s));
	const char *text = comma ? comma + 1 : s + (*s == '#');
	adoc_write_plain(k, k->i);
	adoc_add_inner(k, text, (size_t)(end - text), "");
	return (size_t)(end - s) + 4;
}

/* "((term))" is text and a place in the index, "(((term)))" the place alone. */
size_t adoc_take_index(struct adoc_scan *k)
{
	bool hidden = adoc_at_is(k, "(((");
	const char *close = hidden ? ")))" : "))";
	if (!adoc_at_is(k, "((") || k->dead['('])
		return 0;
	const char *s = k->s + k->i + (hidden ? 3 : 2);
	const char *end = memmem(s, (size_t)(k->s + k->n - s), close, strlen(close));
	k->dead['('] = !end;
	if (!end)
		return 0;
	adoc_write_plain(k, k->i);
	if (!hidden)
		adoc_add_inner(k, s, (size_t)(end - s), "");
	return (size_t)(end - k->s) + strlen(close) - k->i;
}

/* "[[id]]", and "[.role]" before marked text. */
size_t adoc_take_bracket(struct adoc_scan *k)
{
	enum { LONGEST = 200 };
	size_t left = k->n - k->i < LONGEST ? k->n - k->i : LONGEST;
	const char *s = k->s + k->i, *end = memchr(s, ']', left);
	size_t n = end ? (size_t)(end - s) + 1 : 0;
	if (n > 3 && s[1] == '[' && n < left && s[n] == ']') {
		adoc_write_plain(k, k->i);
		return n + 1;
	}
	if (n < 3 || n >= left || !strchr("#*_`", s[n]) ||
	    !(isalpha((unsigned char)s[1]) || strchr(".#%", s[1])))
		return 0;
	adoc_write_plain(k, k->i);
	k->plain = k->i + n;
	return n;
}
