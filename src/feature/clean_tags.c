#include "feature/clean_int.h"

#include <string.h>
#include <strings.h>

#define MAX_TAG	 65536
#define MAX_NEST 64

size_t tw_clean_search(struct cleaner *c, const char *s, size_t n, const char *what, size_t len)
{
	if (c->budget <= 0)
		return n;
	const char *p = n >= len ? memmem(s, n, what, len) : NULL;
	if (p)
		return (size_t)(p - s);
	c->budget -= (int64_t)n;
	return n;
}

static bool is_alpha(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
}

static bool is_alnum(char ch)
{
	return is_alpha(ch) || (ch >= '0' && ch <= '9');
}

static bool is_space(char ch)
{
	return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r' || ch == '\f';
}

static size_t skip_space(const char *s, size_t n, size_t i)
{
	while (i < n && is_space(s[i]))
		i++;
	return i;
}

/* Past the closing quote of the string at s[i]; 0 when there is none. */
static size_t skip_string(struct cleaner *c, const char *s, size_t n, size_t i, bool escapes)
{
	char quote = s[i];
	size_t from = i++;
	while (i < n && s[i] != quote)
		i += escapes && s[i] == '\\' && i + 1 < n ? 2 : 1;
	if (i < n)
		return i + 1;
	c->budget -= (int64_t)(n - from);
	return 0;
}

/* Past a JavaScript comment at s[i], or i when there is none. */
static size_t skip_js_comment(const char *s, size_t n, size_t i)
{
	if (i + 1 >= n || s[i] != '/')
		return i;
	if (s[i + 1] == '/') {
		while (i < n && s[i] != '\n')
			i++;
		return i;
	}
	if (s[i + 1] != '*')
		return i;
	const char *end = memmem(s + i + 2, n - i - 2, "*/", 2);
	return end ? (size_t)(end - s) + 2 : n;
}

/* An apostrophe in JSX text inside an expression ("don't") is no string. */
static bool begins_string(const char *s, size_t i)
{
	return s[i] == '"' || s[i] == '`' || (s[i] == '\'' && (i == 0 || !is_alnum(s[i - 1])));
}

static size_t expression_end(struct cleaner *c, const char *s, size_t n)
{
	size_t depth = 0;
	for (size_t i = 0; i < n;) {
		size_t after = skip_js_comment(s, n, i);
		if (after != i) {
			i = after;
			continue;
		}
		if (begins_string(s, i)) {
			i = skip_string(c, s, n, i, true);
			if (!i)
				return 0;
			continue;
		}
		if (s[i] == '{' || s[i] == '(' || s[i] == '[')
			depth++;
		else if ((s[i] == '}' || s[i] == ')' || s[i] == ']') && --depth == 0)
			return i + 1;
		i++;
	}
	return 0;
}

size_t tw_clean_expression(struct cleaner *c, const char *s, size_t n)
{
	if (c->budget <= 0 || n < 2)
		return 0;
	if (n > MAX_TAG)
		n = MAX_TAG;
	size_t len = expression_end(c, s, n);
	if (!len)
		c->budget -= (int64_t)n;
	return len;
}

/* Past one attribute at s[i]: a="b", a='b', a=b, a={b}, {...b}, a. 0 when it is none. */
static size_t skip_attribute(struct cleaner *c, const char *s, size_t n, size_t i)
{
	if (s[i] == '{') {
		size_t len = tw_clean_expression(c, s + i, n - i);
		return len ? i + len : 0;
	}
	if (!is_alpha(s[i]) && s[i] != '_' && s[i] != ':' && s[i] != '@')
		return 0;
	while (i < n && (is_alnum(s[i]) || strchr("_.:-@", s[i])) && s[i])
		i++;
	size_t eq = skip_space(s, n, i);
	if (eq >= n || s[eq] != '=')
		return i;
	i = skip_space(s, n, eq + 1);
	if (i >= n)
		return 0;
	if (s[i] == '"' || s[i] == '\'')
		return skip_string(c, s, n, i, false);
	if (s[i] == '{') {
		size_t len = tw_clean_expression(c, s + i, n - i);
		return len ? i + len : 0;
	}
	size_t from = i;
	while (i < n && !is_space(s[i]) && !strchr("\"'=<>`", s[i]))
		i++;
	return i > from ? i : 0;
}

static size_t tag_name(struct clean_tag *t, const char *s, size_t n, size_t i)
{
	size_t len = 0;
	t->component = s[i] >= 'A' && s[i] <= 'Z';
	for (; i < n && (is_alnum(s[i]) || s[i] == '-' || s[i] == '.' || s[i] == ':'); i++) {
		char ch = s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] + 32) : s[i];
		if (len + 1 < sizeof(t->name))
			t->name[len++] = ch;
	}
	return i;
}

/* Names with a dot or colon are JSX's alone: in Markdown <https://…> is a link and <user.text> is text. */
static bool is_plain_name(const struct clean_tag *t)
{
	return !strpbrk(t->name, ".:");
}

bool tw_clean_tag(struct cleaner *c, struct clean_tag *out, const char *s, size_t n)
{
	*out = (struct clean_tag){0};
	if (c->budget <= 0 || n < 3 || s[0] != '<')
		return false;
	if (n > MAX_TAG)
		n = MAX_TAG;
	/* JSX fragments, <> and </>. */
	if (c->mdx && (s[1] == '>' || (s[1] == '/' && s[2] == '>'))) {
		out->component = true;
		out->closing = s[1] == '/';
		out->len = out->closing ? 3 : 2;
		return true;
	}
	size_t i = 1;
	out->closing = s[i] == '/';
	i += out->closing;
	if (i >= n || !is_alpha(s[i]))
		return false;
	i = tag_name(out, s, n, i);
	if (s[i - 1] == ':' || (!c->mdx && !is_plain_name(out)))
		return false;
	for (;;) {
		size_t at = skip_space(s, n, i);
		if (at >= n)
			return false;
		if (s[at] == '/' && at + 1 < n && s[at + 1] == '>') {
			out->self_closing = true;
			out->len = at + 2;
			return true;
		}
		if (s[at] == '>') {
			out->len = at + 1;
			return true;
		}
		if (at == i || out->closing)
			return false;
		i = skip_attribute(c, s, n, at);
		if (!i)
			return false;
	}
}

size_t tw_clean_comment(struct cleaner *c, const char *s, size_t n)
{
	static const struct {
		const char *open, *close;
	} kinds[] = {{"<!--", "-->"}, {"<?", "?>"}, {"<![CDATA[", "]]>"}};
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		size_t len = strlen(kinds[k].open), end = strlen(kinds[k].close);
		if (n < len || memcmp(s, kinds[k].open, len) != 0)
			continue;
		size_t at = tw_clean_search(c, s + len, n - len, kinds[k].close, end);
		return at < n - len ? len + at + end : 0;
	}
	if (n > 3 && s[1] == '!' && is_alpha(s[2])) {
		size_t at = tw_clean_search(c, s, n < 512 ? n : 512, ">", 1);
		return at < n && at < 512 ? at + 1 : 0;
	}
	return 0;
}

static bool in_list(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

size_t tw_clean_find_close(struct cleaner *c, const char *name, const char *s, size_t n)
{
	size_t len = strlen(name);
	for (size_t i = 0; i + len + 2 < n && c->budget > 0;) {
		const char *p = memmem(s + i, n - i, "</", 2);
		if (!p)
			break;
		i = (size_t)(p - s);
		if (n - i > len + 2 && strncasecmp(p + 2, name, len) == 0 &&
		    !is_alnum(s[i + 2 + len]))
			return i;
		i += 2;
	}
	c->budget -= (int64_t)n;
	return n;
}

size_t tw_clean_dropped_element(struct cleaner *c, const struct clean_tag *open, const char *s,
				size_t n)
{
	static const char *const names[] = {"script", "style",	  "svg", "canvas",
					    "head",   "template", NULL};
	if (open->closing || open->self_closing || !in_list(names, open->name))
		return 0;
	/* A component that happens to be named <Video> carries prose like any other. */
	if (open->component && !c->mdx)
		return 0;
	size_t at = tw_clean_find_close(c, open->name, s + open->len, n - open->len);
	if (at == n - open->len)
		return 0;
	at += open->len;
	const char *gt = memchr(s + at, '>', n - at);
	return gt ? (size_t)(gt - s) + 1 : 0;
}

enum clean_tag_kind tw_clean_tag_kind(const struct clean_tag *t)
{
	static const char *const blocks[] = {
		"address", "article", "aside",	 "blockquote", "body",	  "center",	"dd",
		"details", "dialog",  "div",	 "dl",	       "dt",	  "fieldset",	"figure",
		"footer",  "form",    "h1",	 "h2",	       "h3",	  "h4",		"h5",
		"h6",	   "header",  "hr",	 "html",       "li",	  "main",	"nav",
		"ol",	   "p",	      "picture", "pre",	       "section", "summary",	"table",
		"tbody",   "thead",   "tr",	 "ul",	       "caption", "figcaption", NULL};
	if (strcmp(t->name, "br") == 0)
		return CLEAN_BREAK_TAG;
	return !t->component && in_list(blocks, t->name) ? CLEAN_BLOCK_TAG : CLEAN_INLINE_TAG;
}

static size_t skip_word(const char *s, size_t n, size_t i)
{
	while (i < n && (is_alnum(s[i]) || s[i] == '_' || s[i] == '$'))
		i++;
	return i;
}

static bool word_is(const char *s, size_t from, size_t to, const char *const *words)
{
	for (; *words; words++)
		if (strlen(*words) == to - from && memcmp(s + from, *words, to - from) == 0)
			return true;
	return false;
}

/* "import taxes are high" is prose: an import names something and a string. */
static bool begins_esm(const char *s, size_t n)
{
	static const char *const after_export[] = {"const",   "let",   "var",	"function",
						   "default", "async", "class", "interface",
						   "type",    "enum",  NULL};
	bool import = n > 7 && memcmp(s, "import", 6) == 0;
	bool export = n > 7 && memcmp(s, "export", 6) == 0;
	if ((!import && !export) || (is_alnum(s[6]) || s[6] == '_'))
		return false;
	size_t at = skip_space(s, n, 6), end = skip_word(s, n, at);
	if (at >= n || strchr("{*", s[at]))
		return at < n;
	if (export)
		return word_is(s, at, end, after_export);
	if (s[at] == '"' || s[at] == '\'')
		return true;
	const char *const type[] = {"type", NULL}, *const from[] = {"from", NULL};
	if (word_is(s, at, end, type))
		return true;
	size_t next = skip_space(s, n, end);
	return next < n && (s[next] == ',' || word_is(s, next, skip_word(s, n, next), from));
}

/* A statement goes on behind a line that ends in an operator or an opening mark. */
static bool goes_on(const char *s, size_t i)
{
	while (i > 0 && (s[i - 1] == ' ' || s[i - 1] == '\t'))
		i--;
	return i > 0 && strchr("=>,+-*&|?:({[.", s[i - 1]) != NULL;
}

size_t tw_clean_esm(struct cleaner *c, const char *s, size_t n)
{
	if (!begins_esm(s, n) || c->budget <= 0)
		return 0;
	int64_t depth = 0;
	for (size_t i = 6; i < n;) { /* behind the keyword */
		size_t after = skip_js_comment(s, n, i);
		if (after == i && begins_string(s, i))
			after = skip_string(c, s, n, i, true);
		if (!after)
			break;
		if (after != i) {
			i = after;
			continue;
		}
		if (strchr("{([", s[i]) && s[i])
			depth++;
		else if (strchr("})]", s[i]) && s[i])
			depth--;
		else if (s[i] == '\n' && depth <= 0 && !goes_on(s, i))
			return i + 1;
		i++;
	}
	if (depth <= 0)
		return n;
	/* It never ends: take its paragraph, no more. */
	c->budget -= (int64_t)n;
	const char *blank = memmem(s, n, "\n\n", 2);
	return blank ? (size_t)(blank - s) + 1 : n;
}
