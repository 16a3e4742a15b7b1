#include "feature/clean_inline_int.h"

#include <string.h>

static struct token *add(struct inline_scan *k, enum token_type type, size_t start, size_t end)
{
	const struct token t = {.type = type, .start = start, .end = end};
	tw_vec_push(&k->tokens, t);
	return &k->tokens.at[k->tokens.n - 1];
}

static size_t run_length(const struct inline_scan *k, size_t i)
{
	size_t from = i;
	while (i < k->n && k->s[i] == k->s[from])
		i++;
	return i - from;
}

static size_t lex_code(struct inline_scan *k, size_t i)
{
	size_t run = run_length(k, i);
	if (run < 128 && (k->no_close[run / 64] >> run % 64 & 1)) {
		add(k, T_TEXT, i, i + run);
		return i + run;
	}
	for (size_t at = i + run; at < k->n;) {
		const char *p = memchr(k->s + at, '`', k->n - at);
		if (!p)
			break;
		at = (size_t)(p - k->s);
		size_t other = run_length(k, at);
		at += other;
		if (other != run)
			continue;
		add(k, T_CODE, i, at);
		return at;
	}
	if (run < 128)
		k->no_close[run / 64] |= (uint64_t)1 << run % 64;
	add(k, T_TEXT, i, i + run);
	return i + run;
}

bool tw_clean_is_punct(char ch)
{
	return (ch > 32 && ch < 48) || (ch > 57 && ch < 65) || (ch > 90 && ch < 97) ||
	       (ch > 122 && ch < 127);
}

/* Without its backslash this character would become markup for whoever reads the text next. */
static bool stays_escaped(const struct inline_scan *k, size_t i)
{
	bool first = i == 0 || k->s[i - 1] == '\n';
	return k->s[i + 1] == '`' || (first && strchr("#>~+-", k->s[i + 1]));
}

static size_t lex_escape(struct inline_scan *k, size_t i)
{
	if (i + 1 < k->n && k->s[i + 1] == '\n') {
		add(k, T_DROP, i, i + 1);
		return i + 1;
	}
	if (i + 1 >= k->n || !tw_clean_is_punct(k->s[i + 1])) {
		add(k, T_TEXT, i, i + 1);
		return i + 1;
	}
	if (!stays_escaped(k, i))
		add(k, T_DROP, i, i + 1);
	else
		add(k, T_TEXT, i, i + 1);
	add(k, T_TEXT, i + 1, i + 2);
	return i + 2;
}

/* <https://…> and <me@host>: the text without the brackets. */
static size_t lex_autolink(struct inline_scan *k, size_t i)
{
	size_t at = i + 1;
	bool mark = false;
	while (at < k->n && at - i < 2048 && (unsigned char)k->s[at] > ' ' && k->s[at] != '<' &&
	       k->s[at] != '>') {
		mark = mark || k->s[at] == ':' || k->s[at] == '@';
		at++;
	}
	if (!mark || at >= k->n || k->s[at] != '>')
		return i;
	add(k, T_TEXT, i + 1, at);
	return at + 1;
}

static size_t lex_angle(struct inline_scan *k, size_t i)
{
	struct clean_tag t;
	const char *s = k->s + i;
	size_t n = k->n - i, len = tw_clean_comment(k->c, s, n);
	if (len) {
		add(k, T_DROP, i, i + len);
		return i + len;
	}
	if (tw_clean_tag(k->c, &t, s, n)) {
		len = tw_clean_dropped_element(k->c, &t, s, n);
		if (len)
			add(k, T_DROP, i, i + len);
		else
			add(k, T_TAG, i, i + t.len)->tag = t;
		return i + (len ? len : t.len);
	}
	size_t end = lex_autolink(k, i);
	if (end > i)
		return end;
	add(k, T_TEXT, i, i + 1);
	return i + 1;
}

/* {" "} and {'…'} are text; other expressions go. Without an end the brace is a brace. */
static size_t lex_expression(struct inline_scan *k, size_t i)
{
	size_t len = k->c->mdx ? tw_clean_expression(k->c, k->s + i, k->n - i) : 0;
	if (!len) {
		add(k, T_TEXT, i, i + 1);
		return i + 1;
	}
	size_t from = i + 1, to = i + len - 1;
	while (from < to && (k->s[from] == ' ' || k->s[from] == '\n'))
		from++;
	while (to > from && (k->s[to - 1] == ' ' || k->s[to - 1] == '\n'))
		to--;
	char quote = from < to ? k->s[from] : 0;
	bool string = to - from >= 2 && quote && strchr("\"'`", quote) && k->s[to - 1] == quote &&
		      !memchr(k->s + from + 1, quote, to - from - 2);
	if (string)
		add(k, T_TEXT, from + 1, to - 1);
	else
		add(k, T_DROP, i, i + len);
	return i + len;
}

/* {% tag %}, {{< tag >}}, {{% tag %}} of Jekyll, Eleventy and Hugo, on one line. */
static size_t template_tag(const struct inline_scan *k, size_t i)
{
	static const struct {
		const char *open, *close;
	} kinds[] = {{"{%", "%}"}, {"{{<", ">}}"}, {"{{%", "%}}"}};
	size_t n = k->n - i < 500 ? k->n - i : 500;
	const char *nl = memchr(k->s + i, '\n', n);
	n = nl ? (size_t)(nl - k->s) - i : n;
	for (size_t j = 0; j < sizeof(kinds) / sizeof(kinds[0]); j++) {
		size_t len = strlen(kinds[j].open), end = strlen(kinds[j].close);
		if (n < len + end || memcmp(k->s + i, kinds[j].open, len) != 0)
			continue;
		const char *p = memmem(k->s + i + len, n - len, kinds[j].close, end);
		if (p)
			return (size_t)(p - k->s) + end - i;
	}
	return 0;
}

static size_t lex_brace(struct inline_scan *k, size_t i)
{
	size_t len = k->c->mdx ? 0 : template_tag(k, i);
	if (!len)
		return lex_expression(k, i);
	add(k, T_DROP, i, i + len);
	return i + len;
}

static size_t lex_delim(struct inline_scan *k, size_t i)
{
	size_t run = run_length(k, i);
	struct clean_delim d = {.token = k->tokens.n,
				.ch = k->s[i],
				.count = run > 1000000 ? 1000000 : (int)run,
				.left = (int)run};
	tw_clean_flanking(&d, k->s, k->n, i);
	tw_vec_push(&k->delims, d);
	add(k, T_DELIM, i, i + run)->delim = k->delims.n - 1;
	return i + run;
}

static size_t lex_entity(struct inline_scan *k, size_t i)
{
	char text[8];
	size_t len = tw_clean_entity(text, k->s + i, k->n - i);
	if (!len) {
		add(k, T_TEXT, i, i + 1);
		return i + 1;
	}
	memcpy(add(k, T_LITERAL, i, i + len)->text, text, sizeof(text));
	return i + len;
}

/* Marks in a bare URL are part of it (GitHub's autolinks). */
static size_t lex_url(struct inline_scan *k, size_t i)
{
	size_t end = i;
	while (end < k->n && (unsigned char)k->s[end] > ' ' && !strchr("<>[]*`\"|{}\\", k->s[end]))
		end++;
	while (end > i && strchr("_~?!.,:;'()&", k->s[end - 1]))
		end--;
	add(k, T_TEXT, i, end);
	return end;
}

static bool begins_url(const struct inline_scan *k, size_t i)
{
	const char *s = k->s + i;
	size_t n = k->n - i;
	return (n > 8 && memcmp(s, "https://", 8) == 0) || (n > 7 && memcmp(s, "http://", 7) == 0);
}

static size_t lex_text(struct inline_scan *k, size_t i)
{
	size_t from = i++;
	while (i < k->n && !strchr("\\`<{[]!*_&\n", k->s[i]) &&
	       !(k->s[i] == 'h' && begins_url(k, i)))
		i++;
	add(k, T_TEXT, from, i);
	return i;
}

static size_t lex_one(struct inline_scan *k, size_t i)
{
	switch (k->s[i]) {
	case '\\':
		return lex_escape(k, i);
	case '`':
		return lex_code(k, i);
	case '<':
		return lex_angle(k, i);
	case '{':
		return lex_brace(k, i);
	case '&':
		return lex_entity(k, i);
	case '*':
	case '_':
		return lex_delim(k, i);
	case '\n':
		add(k, T_NEWLINE, i, i + 1);
		return i + 1;
	case '[':
		add(k, T_OPEN, i, i + 1);
		return i + 1;
	case ']':
		add(k, T_CLOSE, i, i + 1);
		return i + 1;
	case '!':
		if (i + 1 < k->n && k->s[i + 1] == '[') {
			add(k, T_IMAGE, i, i + 2);
			return i + 2;
		}
		break;
	case 'h':
		if (begins_url(k, i))
			return lex_url(k, i);
		break;
	}
	return lex_text(k, i);
}

void tw_clean_lex(struct inline_scan *k)
{
	for (size_t i = 0; i < k->n;)
		i = lex_one(k, i);
}
