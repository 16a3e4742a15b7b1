/* What stands within a line of AsciiDoc: "Text" and "Macros" of its language documentation. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "collect/markup/adoc_scan_int.h"

void adoc_write_plain(struct adoc_scan *k, size_t upto)
{
	if (upto > k->plain)
		markup_text(k->out, k->s + k->plain, upto - k->plain);
	k->plain = upto;
}

void adoc_add_inner(struct adoc_scan *k, const char *s, size_t n, const char *mark)
{
	struct tw_str inner = TW_STR_INIT;
	adoc_inline_at(&inner, k->o, s, n, k->depth + 1);
	markup_wrap(k->out, &inner, mark, mark);
	tw_str_release(&inner);
}

bool adoc_at_is(const struct adoc_scan *k, const char *s)
{
	size_t n = strlen(s);
	return k->n - k->i >= n && memcmp(k->s + k->i, s, n) == 0;
}

/* --- formatting --- */

static void write_marked(struct adoc_scan *k, char mark, const char *s, size_t n)
{
	bool literal = n > 2 && s[0] == '+' && s[n - 1] == '+';
	switch (mark) {
	case '*':
		adoc_add_inner(k, s, n, "**");
		break;
	case '_':
		adoc_add_inner(k, s, n, "*");
		break;
	case '`':
		md_add_code(k->out, s + literal, n - 2 * literal);
		break;
	case '+':
		markup_text(k->out, s, n);
		break;
	default:
		adoc_add_inner(k, s, n, "");
	}
}

/* "**x**" may stand within a word. */
static size_t take_unconstrained(struct adoc_scan *k)
{
	char mark = k->s[k->i], two[3] = {mark, mark, '\0'};
	size_t from = k->i + 2;
	if (!adoc_at_is(k, two) || from + 2 >= k->n || k->dead[(int)mark] || k->s[from] == mark ||
	    (mark == '+' && markup_is_space(k->s[from])))
		return 0;
	const char *end = memmem(k->s + from + 1, k->n - from - 1, two, 2);
	k->dead[(int)mark] = !end;
	if (!end)
		return 0;
	adoc_write_plain(k, k->i);
	write_marked(k, mark, k->s + from, (size_t)(end - k->s) - from);
	return (size_t)(end - k->s) + 2 - k->i;
}

static bool closes(const struct adoc_scan *k, size_t i, char mark)
{
	return k->s[i] == mark && !markup_is_space(k->s[i - 1]) &&
	       (i + 1 == k->n || (!markup_is_word(k->s[i + 1]) && k->s[i + 1] != mark));
}

static size_t constrained_end(struct adoc_scan *k, size_t from)
{
	char mark = k->s[k->i];
	size_t *end = &k->ends[(int)mark];
	if (*end < from + 1)
		for (*end = from + 1; *end < k->n; ++*end)
			if (closes(k, *end, mark))
				break;
	return *end < k->n ? *end : 0;
}

static size_t take_constrained(struct adoc_scan *k)
{
	char before = k->i ? k->s[k->i - 1] : ' ';
	size_t from = k->i + 1, end;
	if (markup_is_word(before) || strchr("&;:}", before) || from >= k->n ||
	    markup_is_space(k->s[from]) || !(end = constrained_end(k, from)))
		return 0;
	adoc_write_plain(k, k->i);
	write_marked(k, k->s[k->i], k->s + from, end - from);
	return end + 1 - k->i;
}

/* "^x^" and "~x~" hold no space. */
static size_t take_script(struct adoc_scan *k)
{
	enum { LONGEST = 100 };
	size_t n = k->i + 1;
	while (n < k->n && n < k->i + LONGEST && !markup_is_space(k->s[n]) && k->s[n] != k->s[k->i])
		n++;
	if (n >= k->n || n == k->i + 1 || k->s[n] != k->s[k->i])
		return 0;
	adoc_write_plain(k, k->i);
	adoc_add_inner(k, k->s + k->i + 1, n - k->i - 1, "");
	return n + 1 - k->i;
}

/* "`x`" and '`x`' are quotes. */
static size_t take_quotes(struct adoc_scan *k)
{
	char quote = k->s[k->i], close[3] = {'`', quote, '\0'};
	if (k->i + 2 >= k->n || k->s[k->i + 1] != '`' || k->dead[(int)quote])
		return 0;
	const char *end = memmem(k->s + k->i + 2, k->n - k->i - 2, close, 2);
	k->dead[(int)quote] = !end;
	if (!end)
		return 0;
	adoc_write_plain(k, k->i);
	tw_str_adds(k->out, quote == '"' ? "“" : "‘");
	adoc_add_inner(k, k->s + k->i + 2, (size_t)(end - k->s) - k->i - 2, "");
	tw_str_adds(k->out, quote == '"' ? "”" : "’");
	return (size_t)(end - k->s) + 2 - k->i;
}

static size_t take_passthrough(struct adoc_scan *k)
{
	if (!adoc_at_is(k, "+++") || k->dead[0])
		return 0;
	const char *s = k->s + k->i + 3, *end = memmem(s, k->n - k->i - 3, "+++", 3);
	k->dead[0] = !end;
	if (!end)
		return 0;
	adoc_write_plain(k, k->i);
	markup_text(k->out, s, (size_t)(end - s));
	return (size_t)(end - s) + 6;
}

/* " +" at the end of a line breaks it. */
static size_t take_break(struct adoc_scan *k)
{
	if (!k->i || !markup_is_space(k->s[k->i - 1]) ||
	    (k->i + 1 < k->n && k->s[k->i + 1] != '\n'))
		return 0;
	adoc_write_plain(k, k->i - 1);
	if (k->i + 1 < k->n)
		tw_str_addc(k->out, '\n');
	return k->i + 1 < k->n ? 2 : 1;
}

static size_t take_markup(struct adoc_scan *k)
{
	size_t n = 0;
	switch (k->s[k->i]) {
	case '+':
		if ((n = take_break(k)) || (n = take_passthrough(k)))
			return n;
		/* fall through */
	case '*':
	case '_':
	case '`':
	case '#':
		n = take_unconstrained(k);
		return n ? n : take_constrained(k);
	case '^':
	case '~':
		return take_script(k);
	case '"':
	case '\'':
		return take_quotes(k);
	case ':':
		return adoc_take_macro(k);
	case 'h':
	case 'f':
		return adoc_take_url(k);
	case '<':
		return adoc_take_angle(k);
	case '(':
		return adoc_take_index(k);
	case '[':
		return adoc_take_bracket(k);
	default:
		return 0;
	}
}

void adoc_inline_at(struct tw_str *out, struct adoc *o, const char *s, size_t len, int depth)
{
	struct adoc_scan k = {.o = o, .out = out, .s = s, .n = len, .depth = depth};
	for (k.i = 0; k.i < len && depth < MARKUP_DEPTH;) {
		size_t used = 0;
		if (s[k.i] == '\\' && k.i + 1 < len && strchr("*_`#+^~<[{h\"'", s[k.i + 1])) {
			adoc_write_plain(&k, k.i);
			k.plain =
				++k.i; /* the backslash is no text, and what it stands before no markup */
		} else {
			used = take_markup(&k);
		}
		k.i += used ? used : 1;
		if (used)
			k.plain = k.i;
	}
	adoc_write_plain(&k, len);
	free(k.brackets);
}

void adoc_inline(struct tw_str *out, struct adoc *o, const char *s, size_t len)
{
	struct tw_str text = TW_STR_INIT;
	adoc_expand(&text, o, s, len);
	adoc_inline_at(out, o, tw_str_c(&text), text.len, 0);
	tw_str_release(&text);
}

void adoc_inline_lines(struct tw_str *out, struct adoc *o, size_t from, size_t to)
{
	struct tw_str raw = TW_STR_INIT;
	for (size_t i = from; i < to; i++) {
		if (adoc_is_comment(&o->m.at[i]))
			continue;
		if (raw.len)
			tw_str_addc(&raw, '\n');
		tw_str_add(&raw, o->m.at[i].s, o->m.at[i].n);
	}
	adoc_inline(out, o, tw_str_c(&raw), raw.len);
	tw_str_release(&raw);
}
