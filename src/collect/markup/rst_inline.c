/* What stands within a line of reStructuredText: "Inline Markup" of its specification. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "collect/markup/rst_int.h"

enum kind { STRONG, EMPHASIS, LITERAL, ROLE, SUBSTITUTION, TARGET, KINDS };

static const char *const marks_open[KINDS] = {"**", "*", "``", "`", "|", "_`"};
static const char *const marks_close[KINDS] = {"**", "*", "``", "`", "|", "`"};

struct scan {
	struct rst *r;
	struct tw_str *out;
	const char *s;
	size_t n, i, plain; /* [plain, i) is not written yet */
	int depth;
	size_t ends[KINDS]; /* the next place where such a mark may end */
};

static void inline_at(struct tw_str *out, struct rst *r, const char *s, size_t len, int depth);

const char *rst_name(struct rst *r, const char *s, size_t len)
{
	struct tw_str folded = TW_STR_INIT, name = TW_STR_INIT;
	tw_text_fold(&folded, s, len);
	for (size_t i = 0; i < folded.len; i++) {
		bool space = markup_is_space(folded.data[i]);
		if (folded.data[i] == '\\')
			continue;
		if (!space)
			tw_str_addc(&name, folded.data[i]);
		else if (name.len && name.data[name.len - 1] != ' ')
			tw_str_addc(&name, ' ');
	}
	tw_str_trim(&name);
	const char *copy = tw_str_dup(&name, r->m.a);
	tw_str_release(&name);
	tw_str_release(&folded);
	return copy;
}

static bool may_open_behind(char c)
{
	return markup_is_space(c) || strchr("'\"([{<-/:", c) || (unsigned char)c >= 0x80;
}

static bool may_close_before(const struct scan *k, size_t i)
{
	return i >= k->n || markup_is_space(k->s[i]) || strchr("'\")]}>-/:.,;!?\\_", k->s[i]) ||
	       (unsigned char)k->s[i] >= 0x80;
}

static bool opens(const struct scan *k, const char *mark)
{
	static const char pairs[] = "''\"\"()[]{}<>";
	size_t n = strlen(mark);
	if (k->n - k->i <= n || memcmp(k->s + k->i, mark, n) != 0 ||
	    markup_is_space(k->s[k->i + n]))
		return false;
	if (!k->i)
		return true;
	char before = k->s[k->i - 1], behind = k->s[k->i + n];
	for (size_t p = 0; p < sizeof(pairs) - 1; p += 2)
		if (before == pairs[p] && behind == pairs[p + 1])
			return false;
	return may_open_behind(before) && before != '\0';
}

static bool closes(const struct scan *k, size_t i, enum kind kind)
{
	size_t n = strlen(marks_close[kind]);
	if (k->n - i < n || memcmp(k->s + i, marks_close[kind], n) != 0 ||
	    markup_is_space(k->s[i - 1]) || (kind != LITERAL && k->s[i - 1] == '\\'))
		return false;
	if (kind == EMPHASIS && i + 1 < k->n && k->s[i + 1] == '*')
		return false;
	return may_close_before(k, i + n);
}

/* Where the mark that opens at k->i ends, or 0. What a search has found holds for all marks before it. */
static size_t find_end(struct scan *k, enum kind kind)
{
	size_t from = k->i + strlen(marks_open[kind]) + 1, *end = &k->ends[kind];
	if (*end < from)
		for (*end = from; *end < k->n; ++*end)
			if (closes(k, *end, kind))
				break;
	return *end < k->n ? *end : 0;
}

/* Writes what is before the markup at `upto`, without escapes: "\*" is "*", and "\ " nothing. */
static void write_plain(struct scan *k, size_t upto)
{
	size_t from = k->plain;
	for (size_t i = from; i < upto; i++) {
		if (k->s[i] != '\\')
			continue;
		markup_text(k->out, k->s + from, i - from);
		from = i + 1;
		if (from < upto && markup_is_space(k->s[from]))
			from++;
		i = from;
	}
	if (from < upto)
		markup_text(k->out, k->s + from, upto - from);
	k->plain = upto;
}

/* --- references --- */

static void write_link(struct scan *k, const char *s, size_t n, const char *url)
{
	struct tw_str text = TW_STR_INIT;
	inline_at(&text, k->r, s, n, MARKUP_DEPTH);
	url = url ? url : "";
	markup_link(k->out, &text, url, strlen(url));
	tw_str_release(&text);
}

static const char *url_of(struct scan *k, const char *s, size_t n)
{
	return tw_map_get(&k->r->urls, rst_name(k->r, s, n));
}

static const char *next_nameless(struct scan *k)
{
	struct rst *r = k->r;
	return r->next_nameless < r->nameless.n ? r->nameless.at[r->next_nameless++] : NULL;
}

/* "text <target>": *n becomes the text's length, and the target is returned; NULL without one. */
static const char *embedded(struct scan *k, const char *s, size_t *n, size_t *target_len)
{
	if (*n < 3 || s[*n - 1] != '>')
		return NULL;
	const char *open = memrchr(s, '<', *n);
	if (!open || (open > s && !markup_is_space(open[-1])))
		return NULL;
	struct tw_str url = TW_STR_INIT;
	for (const char *p = open + 1; p < s + *n - 1; p++)
		if (!markup_is_space(*p) && *p != '\\')
			tw_str_addc(&url, *p);
	const char *copy = tw_str_dup(&url, k->r->m.a);
	*target_len = url.len;
	*n = (size_t)(open - s);
	while (*n && markup_is_space(s[*n - 1]))
		--*n;
	tw_str_release(&url);
	return copy;
}

/* `text`_, `text <url>`_, `text <name_>`_, and with "__" */
static void write_reference(struct scan *k, const char *s, size_t n, bool nameless)
{
	size_t len = 0;
	const char *target = embedded(k, s, &n, &len);
	const char *url = target;
	if (target && len > 1 && target[len - 1] == '_' && !markup_url(target, len))
		url = url_of(k, target, len - 1);
	else if (!target)
		url = nameless ? next_nameless(k) : url_of(k, s, n);
	if (target && !n)
		markup_text(k->out, target, len);
	else
		write_link(k, s, n, url);
}

/* "name_" and "name__" at an underscore: the word before it. */
static size_t take_simple_reference(struct scan *k)
{
	size_t from = k->i, len = k->i + 1 < k->n && k->s[k->i + 1] == '_' ? 2 : 1;
	if (!may_close_before(k, k->i + len) || (k->i + len < k->n && k->s[k->i + len] == '_'))
		return 0;
	while (from > k->plain && (markup_is_word(k->s[from - 1]) ||
				   (strchr("-_.+", k->s[from - 1]) && from > k->plain + 1 &&
				    markup_is_word(k->s[from - 2]))))
		from--;
	if (from == k->i || !markup_is_word(k->s[k->i - 1]) ||
	    (from && !may_open_behind(k->s[from - 1])))
		return 0;
	size_t n = k->i - from;
	write_plain(k, from);
	write_link(k, k->s + from, n, len == 2 ? next_nameless(k) : url_of(k, k->s + from, n));
	return len;
}

/* "[1]_", "[#]_", "[#name]_", "[CIT2002]_" */
static size_t take_note_mark(struct scan *k)
{
	enum { LONGEST = 100 };
	size_t left = k->n - k->i < LONGEST ? k->n - k->i : LONGEST;
	const char *s = k->s + k->i, *close = memchr(s, ']', left);
	size_t n = close ? (size_t)(close - s) - 1 : 0;
	if (!n || k->i + n + 2 >= k->n || close[1] != '_' || !may_close_before(k, k->i + n + 3))
		return 0;
	for (size_t i = 1; i <= n; i++)
		if (!markup_is_word(s[i]) && !strchr("#*-_.:+", s[i]))
			return 0;
	write_plain(k, k->i);
	const char *label = tw_strndup(k->r->m.a, s + 1, n);
	if (n == 1 && strchr("#*", *label))
		label = tw_sprintf(k->r->m.a, "#%d", k->r->note_marks++);
	while (k->out->len && k->out->data[k->out->len - 1] == ' ')
		k->out->data[--k->out->len] = '\0';
	markup_note_mark(k->out, markup_note(&k->r->m, label, strlen(label)));
	return n + 3;
}

/* --- interpreted text --- */

enum role_kind { ROLE_TEXT, ROLE_CODE, ROLE_EM, ROLE_STRONG, ROLE_MATH };

static enum role_kind role_kind(const char *role)
{
	static const char *const code[] = {
		"code",	   "literal", "file",	  "samp",   "command",	"program",
		"kbd",	   "func",    "meth",	  "class",  "attr",	"mod",
		"data",	   "const",   "exc",	  "obj",    "option",	"envvar",
		"keyword", "makevar", "mimetype", "regexp", "dir",	"role",
		"type",	   "member",  "macro",	  "var",    "function", "method",
		"setting", "confval", "fa",	  "source", "command",	NULL};
	const char *last = strrchr(role, ':');
	last = last ? last + 1 : role;
	for (const char *const *p = code; *p; p++)
		if (strcmp(last, *p) == 0)
			return ROLE_CODE;
	if (!strcmp(role, "math"))
		return ROLE_MATH;
	if (!strcmp(role, "strong") || !strcmp(role, "b"))
		return ROLE_STRONG;
	bool em = !*role || !strcmp(role, "emphasis") || !strcmp(role, "title-reference") ||
		  !strcmp(role, "title") || !strcmp(role, "t") || !strcmp(role, "dfn");
	return em ? ROLE_EM : ROLE_TEXT;
}

/* Sphinx: "~pkg.name" shows "name", "!name" is no link. */
static void write_code_role(struct scan *k, const char *s, size_t n)
{
	const char *dot = n && *s == '~' ? memrchr(s, '.', n) : NULL;
	size_t skip = dot ? (size_t)(dot - s) + 1 : n && strchr("~!", *s) ? 1 : 0;
	md_add_code(k->out, s + skip, n - skip);
}

static void write_role(struct scan *k, char *role, const char *s, size_t n)
{
	size_t len = 0;
	for (char *c = role; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	enum role_kind kind = role_kind(role);
	const char *mark = kind == ROLE_EM ? "*" : kind == ROLE_STRONG ? "**" : "";
	if (kind == ROLE_MATH) {
		tw_str_addc(k->out, '$');
		tw_str_add(k->out, s, n);
		tw_str_addc(k->out, '$');
		return;
	}
	const char *target = embedded(k, s, &n, &len);
	if (kind == ROLE_CODE) {
		write_code_role(k, n ? s : target, n ? n : len);
		return;
	}
	struct tw_str text = TW_STR_INIT;
	if (!strcmp(role, "pep") || !strcmp(role, "rfc"))
		tw_str_adds(&text, *role == 'p' ? "PEP " : "RFC ");
	inline_at(&text, k->r, n ? s : target, n ? n : len, MARKUP_DEPTH);
	markup_wrap(k->out, &text, mark, mark);
	tw_str_release(&text);
}

/* Length of ":name:" at s, 0 when there is none. */
static size_t role_length(const char *s, size_t len)
{
	size_t n = 1;
	if (len < 3 || *s != ':')
		return 0;
	while (n < len && (isalnum((unsigned char)s[n]) || strchr("-_.+", s[n])))
		n++;
	return n > 1 && n < len && s[n] == ':' ? n + 1 : 0;
}

/* ":name:" in front of the backquote, where it was not written yet. */
static size_t role_before(const struct scan *k)
{
	enum { LONGEST = 60 };
	size_t from = k->i;
	if (k->i < k->plain + 3 || k->s[k->i - 1] != ':')
		return 0;
	for (from = k->i - 1; from > k->plain && k->i - from < LONGEST;) {
		char c = k->s[from - 1];
		if (!isalnum((unsigned char)c) && !strchr("-_.+:", c))
			break;
		from--;
	}
	while (from < k->i && k->s[from] != ':')
		from++;
	return k->i - from >= 3 ? k->i - from : 0;
}

static size_t take_role(struct scan *k)
{
	size_t before = role_before(k), from = k->i + 1, end;
	if (!before && !opens(k, "`"))
		return 0;
	if (!(end = find_end(k, ROLE)))
		return 0;
	write_plain(k, k->i - before);
	char *role =
		tw_strndup(k->r->m.a, k->s + k->i - before + (before > 0), before ? before - 2 : 0);
	size_t used = end + 1 - k->i;
	if (!before && end + 1 < k->n && k->s[end + 1] == '_') {
		bool nameless = end + 2 < k->n && k->s[end + 2] == '_';
		write_reference(k, k->s + from, end - from, nameless);
		return used + 1 + nameless;
	}
	size_t behind = before ? 0 : role_length(k->s + end + 1, k->n - end - 1);
	if (behind)
		role = tw_strndup(k->r->m.a, k->s + end + 2, behind - 2);
	write_role(k, role, k->s + from, end - from);
	return used + behind;
}

/* --- the rest --- */

static size_t take_marked(struct scan *k, enum kind kind)
{
	size_t n = strlen(marks_open[kind]), end;
	if (!opens(k, marks_open[kind]) || !(end = find_end(k, kind)))
		return 0;
	write_plain(k, k->i);
	const char *s = k->s + k->i + n, *mark = kind == STRONG	    ? "**"
						 : kind == EMPHASIS ? "*"
								    : "";
	size_t len = end - k->i - n;
	if (kind == LITERAL) {
		md_add_code(k->out, s, len);
	} else if (kind == SUBSTITUTION) {
		const char *text = tw_map_get(&k->r->texts, rst_name(k->r, s, len));
		if (text && k->depth < MARKUP_DEPTH && markup_may_expand(&k->r->m, strlen(text)))
			inline_at(k->out, k->r, text, strlen(text), k->depth + 1);
	} else {
		struct tw_str inner = TW_STR_INIT;
		inline_at(&inner, k->r, s, len, MARKUP_DEPTH);
		markup_wrap(k->out, &inner, mark, mark);
		tw_str_release(&inner);
	}
	size_t used = n + len + strlen(marks_close[kind]), at = k->i + used;
	if (kind == SUBSTITUTION) /* "|name|_" is a link too */
		while (at < k->n && k->s[at] == '_')
			at++, used++;
	return used;
}

static size_t take_url(struct scan *k)
{
	size_t n = 0;
	if (!k->i || !markup_is_word(k->s[k->i - 1]))
		n = markup_url(k->s + k->i, k->n - k->i);
	if (n) {
		write_plain(k, k->i);
		tw_str_add(k->out, k->s + k->i, n);
	}
	return n;
}

static size_t take_markup(struct scan *k)
{
	size_t n = 0;
	switch (k->s[k->i]) {
	case '*':
		n = take_marked(k, STRONG);
		return n ? n : take_marked(k, EMPHASIS);
	case '`':
		n = take_marked(k, LITERAL);
		return n ? n : take_role(k);
	case '|':
		return take_marked(k, SUBSTITUTION);
	case '_':
		n = take_marked(k, TARGET);
		return n ? n : take_simple_reference(k);
	case '[':
		return opens(k, "[") || (k->i && !markup_is_space(k->s[k->i - 1]))
			       ? take_note_mark(k)
			       : 0;
	case 'h':
	case 'm':
	case 'f':
		return take_url(k);
	default:
		return 0;
	}
}

/* Inline markup does not nest: from MARKUP_DEPTH on there are escapes alone. */
static void inline_at(struct tw_str *out, struct rst *r, const char *s, size_t len, int depth)
{
	struct scan k = {.r = r, .out = out, .s = s, .n = len, .depth = depth};
	for (k.i = 0; k.i < len && depth < MARKUP_DEPTH;) {
		size_t used = 0;
		if (s[k.i] == '\\')
			k.i++;
		else
			used = take_markup(&k);
		k.i += used ? used : 1;
		if (used)
			k.plain = k.i;
	}
	write_plain(&k, len);
}

void rst_inline(struct tw_str *out, struct rst *r, const char *s, size_t len)
{
	inline_at(out, r, s, len, 0);
}

void rst_inline_lines(struct tw_str *out, struct rst *r, size_t from, size_t to)
{
	struct tw_str raw = TW_STR_INIT;
	markup_join(&raw, &r->m, from, to);
	rst_inline(out, r, tw_str_c(&raw), raw.len);
	tw_str_release(&raw);
}
