/* What stands within a line of Org: "Objects" of its syntax description. */
#include "collect/markup/org_int.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

struct scan {
	struct markup *m;
	struct tw_str *out;
	const char *s;
	size_t n, i;
	int depth;
	bool dead[128];	  /* of which mark no end follows: looked for once */
	size_t ends[128]; /* of emphasis: the next place where the mark may end one */
	size_t breaks[2]; /* the next line breaks */
};

static void inline_at(struct tw_str *out, struct markup *m, const char *s, size_t len, int depth);

static bool is_digits(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isdigit((unsigned char)s[i]))
			return false;
	return true;
}

size_t org_timestamp(const char *s, size_t len)
{
	enum { LONGEST = 80 };
	if (len < 12 || (s[0] != '<' && s[0] != '[') || !is_digits(s + 1, 4) || s[5] != '-' ||
	    !is_digits(s + 6, 2) || s[8] != '-' || !is_digits(s + 9, 2))
		return 0;
	const char *end = memchr(s, s[0] == '<' ? '>' : ']', len < LONGEST ? len : LONGEST);
	return end ? (size_t)(end - s) + 1 : 0;
}

/* The time as it is written, without brackets, weekday ("Sun") and repeater ("+1w"). */
static size_t take_timestamp(struct scan *k)
{
	const char *s = k->s + k->i;
	size_t len = org_timestamp(s, k->n - k->i), n = 0;
	for (size_t i = 1; i + 1 < len; i += n) {
		while (i + 1 < len && s[i] == ' ')
			i++;
		for (n = 0; i + n + 1 < len && s[i + n] != ' ';)
			n++;
		if (n && isdigit((unsigned char)s[i])) {
			if (i > 1)
				tw_str_addc(k->out, ' ');
			markup_text(k->out, s + i, n);
		}
	}
	return len;
}

/* Where `end` begins behind [from), or 0. One search that finds nothing makes all later ones needless. */
static size_t find_end(struct scan *k, size_t from, const char *end, char mark)
{
	if (from >= k->n || k->dead[(int)mark])
		return 0;
	const char *p = memmem(k->s + from, k->n - from, end, strlen(end));
	k->dead[(int)mark] = !p;
	return p ? (size_t)(p - k->s) : 0;
}

static bool at_is(const struct scan *k, const char *s)
{
	size_t n = strlen(s);
	return k->n - k->i >= n && memcmp(k->s + k->i, s, n) == 0;
}

static void add_inner(struct scan *k, size_t from, size_t to, const char *open, const char *close)
{
	struct tw_str inner = TW_STR_INIT;
	inline_at(&inner, k->m, k->s + from, to - from, k->depth + 1);
	markup_wrap(k->out, &inner, open, close);
	tw_str_release(&inner);
}

/* --- links and notes --- */

static bool is_picture(const char *s, size_t n)
{
	static const char *const exts[] = {".png", ".jpg",  ".jpeg", ".gif", ".svg",
					   ".pdf", ".webp", ".avif", ".bmp", NULL};
	for (const char *const *e = exts; *e; e++)
		if (n > strlen(*e) && strncasecmp(s + n - strlen(*e), *e, strlen(*e)) == 0)
			return true;
	return false;
}

/* "[[target][description]]" and "[[target]]". A picture without a description shows no text. */
static size_t take_link(struct scan *k)
{
	size_t from = k->i + 2, end = find_end(k, from, "]]", '[');
	if (!end)
		return 0;
	const char *bar = memmem(k->s + from, end - from, "][", 2);
	size_t target_end = bar ? (size_t)(bar - k->s) : end;
	struct tw_str text = TW_STR_INIT;
	const char *target = k->s + from;
	size_t n = target_end - from;
	if (bar) {
		const char *shown = bar + 2;
		size_t left = end - target_end - 2;
		if (!is_picture(shown, left))
			inline_at(&text, k->m, shown, left, k->depth + 1);
	} else if (!markup_url(target, n) && !is_picture(target, n)) {
		const char *colon = memchr(target, ':', n);
		size_t skip = colon && strncasecmp(target, "file:", 5) == 0 ? 5 : 0;
		skip += n > skip && (target[skip] == '*' || target[skip] == '#');
		markup_text(&text, target + skip, n - skip);
	}
	if (text.len || (!bar && !is_picture(target, n)))
		markup_link(k->out, &text, target, n);
	tw_str_release(&text);
	return end + 2 - k->i;
}

/* The bracket that closes the one at `from`, or 0. */
static size_t closing(struct scan *k, size_t from)
{
	int depth = 0;
	if (k->dead[']'])
		return 0;
	for (size_t i = from; i < k->n; i++) {
		depth += (k->s[i] == '[') - (k->s[i] == ']');
		if (!depth)
			return i;
	}
	k->dead[']'] = true;
	return 0;
}

/* "[fn:1]", "[fn:name: what it says]", "[fn:: what it says]" */
static size_t take_note(struct scan *k)
{
	size_t from = k->i + 4, end = closing(k, k->i), name = from;
	if (!end)
		return 0;
	while (name < end && (markup_is_word(k->s[name]) || strchr("-_", k->s[name])))
		name++;
	if (name != end && k->s[name] != ':')
		return 0;
	int number = markup_note(k->m, k->s + from, name - from);
	markup_note_mark(k->out, number);
	if (name < end && k->depth < MARKUP_DEPTH) {
		struct tw_str text = TW_STR_INIT;
		inline_at(&text, k->m, k->s + name + 1, end - name - 1, k->depth + 1);
		tw_str_trim(&text);
		markup_note_text(k->m, number, &text);
		tw_str_release(&text);
	}
	return end + 1 - k->i;
}

/* "[1/3]" and "[50%]" count what is done. */
static size_t take_cookie(struct scan *k)
{
	size_t i = k->i + 1;
	while (i < k->n && i < k->i + 12 && (isdigit((unsigned char)k->s[i]) || k->s[i] == '/'))
		i++;
	bool percent = i < k->n && k->s[i] == '%', slash = memchr(k->s + k->i, '/', i - k->i);
	i += percent;
	return i < k->n && k->s[i] == ']' && percent != slash ? i + 1 - k->i : 0;
}

static size_t take_bracket(struct scan *k)
{
	size_t len = 0;
	if (at_is(k, "[["))
		len = take_link(k);
	else if (at_is(k, "[fn:"))
		len = take_note(k);
	else if (at_is(k, "[cite:") || at_is(k, "[cite/"))
		len = (len = closing(k, k->i)) ? len + 1 - k->i : 0;
	else if (!(len = take_timestamp(k)))
		len = take_cookie(k);
	return len;
}

static size_t take_angle(struct scan *k)
{
	size_t len = take_timestamp(k), end;
	if (len)
		return len;
	if (at_is(k, "<<<") && (end = find_end(k, k->i + 3, ">>>", '{'))) {
		add_inner(k, k->i + 3, end, "", "");
		return end + 3 - k->i;
	}
	if (at_is(k, "<<") && (end = find_end(k, k->i + 2, ">>", '<')))
		return end + 2 - k->i;
	size_t url = markup_url(k->s + k->i + 1, k->n - k->i - 1);
	if (!url || k->i + 1 + url >= k->n || k->s[k->i + 1 + url] != '>')
		return 0;
	tw_str_add(k->out, k->s + k->i + 1, url);
	return url + 2;
}

/* --- emphasis --- */

static bool opens(const struct scan *k)
{
	char before = k->i ? k->s[k->i - 1] : ' ';
	return (markup_is_space(before) || strchr("-({'\"*/_+~=[", before)) && k->i + 2 < k->n &&
	       !markup_is_space(k->s[k->i + 1]);
}

static bool closes(const struct scan *k, size_t i)
{
	char behind = i + 1 < k->n ? k->s[i + 1] : ' ';
	return !markup_is_space(k->s[i - 1]) &&
	       (markup_is_space(behind) || strchr("-.,:;!?'\")}[]\\*/_+~=|", behind) ||
		(unsigned char)behind >= 0x80);
}

static size_t next_break(const struct scan *k, size_t from)
{
	const char *nl = from < k->n ? memchr(k->s + from, '\n', k->n - from) : NULL;
	return nl ? (size_t)(nl - k->s) : k->n;
}

/* The second line break behind k->i, or the end. */
static size_t second_break(struct scan *k)
{
	if (!k->breaks[1])
		k->breaks[1] = next_break(k, 0);
	while (k->breaks[0] <= k->i && k->breaks[0] < k->n) {
		k->breaks[0] = k->breaks[1];
		k->breaks[1] = next_break(k, k->breaks[1] + 1);
	}
	return k->breaks[1];
}

/* Where the mark at k->i ends, or 0; it may hold one line break. What a search has found holds for all marks
 * before it. */
static size_t emphasis_end(struct scan *k)
{
	char mark = k->s[k->i];
	size_t *end = &k->ends[(int)mark];
	if (!opens(k) || k->dead[(int)mark])
		return 0;
	if (*end < k->i + 2)
		for (*end = k->i + 2; *end < k->n; ++*end)
			if (k->s[*end] == mark && closes(k, *end))
				break;
	k->dead[(int)mark] = *end >= k->n;
	return *end < second_break(k) ? *end : 0;
}

static size_t take_emphasis(struct scan *k)
{
	char mark = k->s[k->i];
	size_t end = emphasis_end(k);
	const char *md = mark == '*' ? "**" : mark == '+' ? "~~" : "*";
	if (!end)
		return 0;
	if (mark == '=' || mark == '~')
		md_add_code(k->out, k->s + k->i + 1, end - k->i - 1);
	else
		add_inner(k, k->i + 1, end, md, md);
	return end + 1 - k->i;
}

/* --- the rest --- */

/* "$x$": no space within the marks, no letter behind. "$$x$$" too. */
static size_t take_dollar(struct scan *k)
{
	if (at_is(k, "$$")) {
		size_t end = find_end(k, k->i + 2, "$$", '$');
		if (end)
			tw_str_add(k->out, k->s + k->i, end + 2 - k->i);
		return end ? end + 2 - k->i : 0;
	}
	enum { LONGEST = 1000 };
	size_t from = k->i + 1, to = k->n - k->i < LONGEST ? k->n : k->i + LONGEST;
	const char *p = from < to ? memchr(k->s + from, '$', to - from) : NULL;
	size_t end = p ? (size_t)(p - k->s) : 0;
	if (!p || end == from || markup_is_space(k->s[from]) || markup_is_space(p[-1]) ||
	    (end + 1 < k->n && markup_is_word(p[1])))
		return 0;
	tw_str_add(k->out, k->s + k->i, end + 1 - k->i);
	return end + 1 - k->i;
}

static size_t take_backslash(struct scan *k)
{
	bool round = at_is(k, "\\("), square = at_is(k, "\\[");
	size_t end = 0;
	if (round || square)
		end = find_end(k, k->i + 2, round ? "\\)" : "\\]", round ? '(' : ')');
	if (end) {
		tw_str_adds(k->out, round ? "$" : "$$");
		tw_str_add(k->out, k->s + k->i + 2, end - k->i - 2);
		tw_str_adds(k->out, round ? "$" : "$$");
		return end + 2 - k->i;
	}
	if (!at_is(k, "\\\\") || (k->i + 2 < k->n && k->s[k->i + 2] != '\n'))
		return 0;
	tw_str_trim(k->out);
	tw_str_addc(k->out, '\n');
	return k->i + 2 < k->n ? 3 : 2;
}

/* "@@html:…@@" is for one exporter, "{{{macro}}}" what a program fills in, "src_sh{code}" code. */
static size_t take_special(struct scan *k)
{
	size_t end = 0;
	if (at_is(k, "@@"))
		return (end = find_end(k, k->i + 2, "@@", '@')) ? end + 2 - k->i : 0;
	if (at_is(k, "{{{"))
		return (end = find_end(k, k->i + 3, "}}}", '}')) ? end + 3 - k->i : 0;
	if (!at_is(k, "src_") || (k->i && markup_is_word(k->s[k->i - 1])))
		return 0;
	size_t i = k->i + 4;
	while (i < k->n && i < k->i + 40 && (markup_is_word(k->s[i]) || k->s[i] == '-'))
		i++;
	if (i >= k->n || k->s[i] != '{' || !(end = find_end(k, i + 1, "}", 's')))
		return 0;
	md_add_code(k->out, k->s + i + 1, end - i - 1);
	return end + 1 - k->i;
}

static size_t take_object(struct scan *k)
{
	size_t url = 0;
	switch (k->s[k->i]) {
	case '[':
		return take_bracket(k);
	case '<':
		return take_angle(k);
	case '*':
	case '/':
	case '_':
	case '+':
	case '=':
	case '~':
		return take_emphasis(k);
	case '$':
		return take_dollar(k);
	case '\\':
		return take_backslash(k);
	case '@':
	case '{':
	case 's':
		return take_special(k);
	case 'h':
		if (!k->i || !markup_is_word(k->s[k->i - 1]))
			url = markup_url(k->s + k->i, k->n - k->i);
		tw_str_add(k->out, k->s + k->i, url);
		return url;
	default:
		return 0;
	}
}

static void inline_at(struct tw_str *out, struct markup *m, const char *s, size_t len, int depth)
{
	struct scan k = {.m = m, .out = out, .s = s, .n = len, .depth = depth};
	size_t plain = 0;
	while (k.i < len && depth < MARKUP_DEPTH) {
		if (!strchr("[<*/_+=~$\\@{sh", s[k.i]) || !s[k.i]) {
			k.i++;
			continue;
		}
		struct tw_str piece = TW_STR_INIT;
		k.out = &piece;
		size_t used = take_object(&k);
		if (used) {
			markup_text(out, s + plain, k.i - plain);
			tw_str_add(out, tw_str_c(&piece), piece.len);
			plain = k.i + used;
		}
		k.i += used ? used : 1;
		tw_str_release(&piece);
	}
	markup_text(out, s + plain, len - plain);
}

void org_inline(struct tw_str *out, struct markup *m, const char *s, size_t len)
{
	inline_at(out, m, s, len, 0);
}
