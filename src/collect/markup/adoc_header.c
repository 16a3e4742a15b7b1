/* The header of an AsciiDoc file, its attributes and conditions. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/time.h"
#include "collect/markup/adoc_int.h"

#define MAX_VALUE 4096

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_';
}

/* --- attributes --- */

size_t adoc_attribute(const struct markup_line *l)
{
	size_t n = 1;
	if (l->col || l->n < 3 || l->s[0] != ':')
		return 0;
	n += l->s[1] == '!';
	while (n < l->n && is_name_char(l->s[n]))
		n++;
	n += n < l->n && l->s[n] == '!';
	return n > 1 && n < l->n && l->s[n] == ':' && (n + 1 == l->n || l->s[n + 1] == ' ') ? n + 1
											    : 0;
}

static const struct {
	const char *name, *key;
} metas[] = {
	{"author", "author"},
	{"authors", "author"},
	{"page-author", "author"},
	{"revdate", "date"},
	{"date", "date"},
	{"docdate", "date"},
	{"page-date", "date"},
	{"published_at", "date"},
	{"jbake-date", "date"},
	{"updated", "updated"},
	{"page-updated", "updated"},
	{"lastmod", "lastmod"},
	{"lang", "lang"},
	{"page-lang", "lang"},
	{"keywords", "tags"},
	{"tags", "tags"},
	{"page-tags", "tags"},
	{"jbake-tags", "tags"},
	{"hp-tags", "tags"},
	{"categories", "categories"},
	{"page-categories", "categories"},
	{"description", "description"},
	{"page-description", "description"},
	{"summary", "description"},
	{"draft", "draft"},
	{"page-draft", "draft"},
};

static void add_meta(struct adoc *o, const char *name, const char *value)
{
	size_t len = strlen(value);
	if (len > 1 && *value == '[' && value[len - 1] == ']') /* "[a, b]", as YAML has it */
		value++, len -= 2;
	for (size_t i = 0; i < sizeof(metas) / sizeof(metas[0]); i++)
		if (strcasecmp(metas[i].name, name) == 0)
			markup_field(&o->m, metas[i].key, value, len);
}

static const char *value_of(struct adoc *o, const char *name, size_t n)
{
	char low[80];
	if (!n || n >= sizeof(low))
		return NULL;
	for (size_t i = 0; i < n; i++)
		low[i] = (char)tolower((unsigned char)name[i]);
	low[n] = '\0';
	return tw_map_get(&o->attrs, low);
}

static void set_value(struct adoc *o, const char *name, size_t n, const char *value)
{
	char *key = tw_strndup(o->m.a, name, n);
	for (char *c = key; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (value)
		tw_map_set(&o->attrs, key, (void *)value);
	else
		tw_map_remove(&o->attrs, key);
}

/* ":name: value", ":!name:", ":name!:"; a value that ends in " \" goes on below. */
size_t adoc_set_attribute(struct adoc *o, size_t i, size_t to)
{
	const struct markup_line *l = &o->m.at[i];
	size_t n = adoc_attribute(l);
	bool unset = l->s[1] == '!' || l->s[n - 2] == '!';
	const char *name = l->s + 1 + (l->s[1] == '!');
	size_t name_len = n - 2 - unset;
	struct tw_str raw = TW_STR_INIT, value = TW_STR_INIT;
	tw_str_add(&raw, l->s + n, l->n - n);
	for (i++; i < to && raw.len && raw.data[raw.len - 1] == '\\' && o->m.at[i].n; i++) {
		raw.len -= 1 + (raw.len > 1 && raw.data[raw.len - 2] == '+');
		tw_str_add(&raw, o->m.at[i].s, o->m.at[i].n);
	}
	tw_str_trim(&raw);
	if (raw.len <= MAX_VALUE)
		adoc_expand(&value, o, tw_str_c(&raw), raw.len);
	const char *copy = unset || value.len > MAX_VALUE ? NULL : tw_str_dup(&value, o->m.a);
	set_value(o, name, name_len, copy);
	if (copy)
		add_meta(o, tw_strndup(o->m.a, name, name_len), copy);
	tw_str_release(&raw);
	tw_str_release(&value);
	return i;
}

static const struct {
	const char *name, *text;
} characters[] = {
	{"nbsp", " "},	     {"sp", " "},	{"empty", ""},	      {"blank", ""},
	{"zwsp", ""},	     {"wj", ""},	{"apos", "'"},	      {"quot", "\""},
	{"lsquo", "‘"},	     {"rsquo", "’"},	{"ldquo", "“"},	      {"rdquo", "”"},
	{"deg", "°"},	     {"plus", "+"},	{"brvbar", "¦"},      {"vbar", "|"},
	{"amp", "&"},	     {"lt", "<"},	{"gt", ">"},	      {"startsb", "["},
	{"endsb", "]"},	     {"caret", "^"},	{"asterisk", "*"},    {"tilde", "~"},
	{"backslash", "\\"}, {"backtick", "`"}, {"two-colons", "::"}, {"two-semicolons", ";;"},
	{"cpp", "C++"},	     {"pp", "++"},
};

static const char *character(const char *name, size_t n)
{
	for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++)
		if (strlen(characters[i].name) == n && memcmp(characters[i].name, name, n) == 0)
			return characters[i].text;
	return NULL;
}

void adoc_expand(struct tw_str *out, struct adoc *o, const char *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		const char *brace = memchr(s + i, '{', len - i);
		size_t at = brace ? (size_t)(brace - s) : len, n = 0;
		tw_str_add(out, s + i, at - i);
		i = at;
		if (i == len)
			return;
		while (i + 1 + n < len && is_name_char(s[i + 1 + n]))
			n++;
		const char *value = NULL;
		if (n && i + 1 + n < len && s[i + 1 + n] == '}') {
			value = value_of(o, s + i + 1, n);
			value = value ? value : character(s + i + 1, n);
		}
		if (value && i && s[i - 1] == '\\') {
			out->len--;
			value = NULL;
		}
		if (value && markup_may_expand(&o->m, strlen(value))) {
			tw_str_adds(out, value);
			i += n + 2;
		} else {
			tw_str_addc(out, s[i++]);
		}
	}
}

/* --- conditions --- */

/* Whether one of the attributes that stand before the bracket is set ("a,b"), or all of them ("a+b"). */
static bool condition(struct adoc *o, const char *s, size_t len)
{
	bool all = memchr(s, '+', len) != NULL;
	for (size_t i = 0, n; i <= len; i += n + 1) {
		for (n = 0; i + n < len && s[i + n] != ',' && s[i + n] != '+';)
			n++;
		bool set = value_of(o, s + i, n) != NULL;
		if (set != all)
			return set;
	}
	return all;
}

/* What remains of "ifdef::name[text]" is its text. */
static bool take_condition(struct adoc *o, struct markup_line *l, bool *holds)
{
	bool ifndef = markup_line_starts(l, "ifndef::");
	if (!ifndef && !markup_line_starts(l, "ifdef::"))
		return false;
	const char *name = l->s + strlen(ifndef ? "ifndef::" : "ifdef::");
	const char *open = memchr(name, '[', (size_t)(l->s + l->n - name));
	if (!open || l->s[l->n - 1] != ']')
		return false;
	*holds = condition(o, name, (size_t)(open - name)) != ifndef;
	l->n = (size_t)(l->s + l->n - 1 - open) - 1;
	l->raw = l->s = open + 1;
	return true;
}

void adoc_conditions(struct adoc *o)
{
	size_t kept = 0, depth = 0, off = 0; /* `off`: the depth at which lines are left out */
	for (size_t i = 0; i < o->m.n; i++) {
		struct markup_line l = o->m.at[i];
		bool holds = true, is_if = !l.col && take_condition(o, &l, &holds);
		if (!l.col && markup_line_starts(&l, "endif::")) {
			if (off == depth)
				off = 0;
			depth -= depth > 0;
			continue;
		}
		if ((is_if && !l.n) || (!l.col && markup_line_starts(&l, "ifeval::"))) {
			depth++;
			if (!off && !holds)
				off = depth;
			continue;
		}
		if (off || !holds || (!l.col && markup_line_starts(&l, "include::")))
			continue;
		o->m.at[kept++] = l;
		if (adoc_attribute(&l))
			adoc_set_attribute(o, kept - 1, kept);
	}
	o->m.n = kept;
	tw_map_clear(&o->attrs);
	o->m.fields->child = NULL;
	o->m.fields->n = 0;
}

/* --- header --- */

/* "Ann B. Lee <ann@example.org>; Bob": the names. */
static bool take_authors(struct adoc *o, const struct markup_line *l)
{
	struct tw_str names = TW_STR_INIT;
	bool skip = false, ok = markup_is_word(l->s[0]);
	for (size_t i = 0; i < l->n; i++) {
		char c = l->s[i];
		skip = c == '<' || (skip && c != '>');
		if (c == ';')
			tw_str_adds(&names, ", ");
		else if (!skip && c != '>')
			tw_str_addc(&names, c == '_' ? ' ' : c);
		ok = ok && (skip || !isdigit((unsigned char)c)) && c != '=';
	}
	size_t kept = 0; /* the space that stood before an address */
	for (size_t i = 0; i < names.len; i++)
		if (names.data[i] != ' ' || (kept && names.data[kept - 1] != ' ' &&
					     i + 1 < names.len && names.data[i + 1] != ','))
			names.data[kept++] = names.data[i];
	if (ok)
		markup_field(&o->m, "author", tw_str_c(&names), kept);
	tw_str_release(&names);
	return ok;
}

/* "v1.0, 2021-03-14: what is new", or the date alone. */
static bool take_revision(struct adoc *o, const struct markup_line *l)
{
	const char *s = l->s, *end = l->s + l->n, *comma = memchr(s, ',', l->n);
	bool version = l->n > 1 && *s == 'v' && isdigit((unsigned char)s[1]);
	if (version)
		s = comma ? comma + 1 : end;
	const char *remark = memmem(s, (size_t)(end - s), ": ", 2);
	const char *date = tw_strndup(o->m.a, s, (size_t)((remark ? remark : end) - s));
	int64_t ms;
	date += *date == ' ';
	bool ok = tw_parse_date(&ms, date);
	if (ok)
		markup_field(&o->m, "date", date, strlen(date));
	return ok || version;
}

size_t adoc_header(struct adoc *o)
{
	size_t i = 0, to = o->m.n;
	bool titled = false;
	int line = 0; /* 1: below the title, where authors may stand; 2: below those */
	while (i < to) {
		const struct markup_line *l = &o->m.at[i];
		if (!titled && !line && !l->n) {
			i++;
		} else if (adoc_attribute(l)) {
			i = adoc_set_attribute(o, i, to);
			line = titled ? 3 : 0;
		} else if (adoc_is_comment(l)) {
			i++;
		} else if (!titled && !l->col && l->n > 2 && strchr("=#", l->s[0]) &&
			   l->s[1] == ' ') {
			struct tw_str text = TW_STR_INIT;
			adoc_inline(&text, o, l->s + 2, l->n - 2);
			markup_field_inline(&o->m, "title", &text);
			tw_str_release(&text);
			titled = true;
			line = 1;
			i++;
		} else if (line == 1 && l->n && take_authors(o, l)) {
			line = 2;
			i++;
		} else if (line == 2 && l->n && take_revision(o, l)) {
			line = 3;
			i++;
		} else {
			break;
		}
	}
	return i;
}
