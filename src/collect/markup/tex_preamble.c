/* What a LaTeX file says of itself, and the macros that it defines. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/time.h"
#include "collect/markup/tex_int.h"

static bool name_is(const struct tex_source *x, size_t i, size_t n, const char *name)
{
	return strlen(name) == n && memcmp(x->s + i + 1, name, n) == 0;
}

static bool name_in(const struct tex_source *x, size_t i, size_t n, const char *names)
{
	char key[32] = " ";
	if (n + 3 > sizeof(key))
		return false;
	memcpy(key + 1, x->s + i + 1, n);
	key[n + 1] = ' ';
	return strstr(names, key) != NULL;
}

/* --- definitions --- */

static void add_macro(struct tex *t, const struct tex_source *x, size_t name, size_t n, size_t from,
		      size_t end)
{
	enum { LONGEST = 4096 };
	if (!n || end - from > LONGEST)
		return;
	struct tex_source *m = TW_NEW(t->m.a, struct tex_source);
	m->s = tw_strndup(t->m.a, x->s + from, end - from);
	m->n = end - from;
	tex_match(m, t->m.a);
	char *key = tw_strndup(t->m.a, x->s + name, n);
	if (!tw_map_has(&t->macros, key))
		tw_map_set(&t->macros, key, m);
}

/* "\newcommand{\name}[2][default]{text}": one that takes arguments is dropped, its use shows them. */
static size_t new_command(struct tex *t, const struct tex_source *x, size_t i, size_t to)
{
	size_t name, name_end, from, end, options = 0;
	if (i < to && x->s[i] == '*')
		i++;
	if (!tex_arg(x, &i, to, &name, &name_end))
		return i;
	while (tex_option(x, &i, to, &from, &end))
		options++;
	if (!tex_arg(x, &i, to, &from, &end))
		return i;
	while (name < name_end && markup_is_space(x->s[name]))
		name++;
	if (!options && name < name_end && x->s[name] == '\\') {
		size_t n = tex_name(x, name, name_end);
		add_macro(t, x, name + 1, n, from, end);
	}
	return i;
}

/* "\def\name#1{text}" */
static size_t take_def(struct tex *t, const struct tex_source *x, size_t i, size_t to)
{
	while (i < to && markup_is_space(x->s[i]))
		i++;
	if (i >= to || x->s[i] != '\\')
		return i;
	size_t n = tex_name(x, i, to), brace = i + 1 + n, from, end;
	while (brace < to && brace < i + 60 && x->s[brace] != '{' && x->s[brace] != '\n')
		brace++;
	if (brace >= to || x->s[brace] != '{')
		return i + 1 + n;
	size_t behind = brace;
	if (!tex_arg(x, &behind, to, &from, &end))
		return brace;
	if (brace == i + 1 + n)
		add_macro(t, x, i + 1, n, from, end);
	return behind;
}

/* "\newtheorem{thm}[counter]{Theorem}[section]" */
static size_t new_theorem(struct tex *t, const struct tex_source *x, size_t i, size_t to)
{
	size_t name, name_end, from, end;
	if (i < to && x->s[i] == '*')
		i++;
	if (!tex_arg(x, &i, to, &name, &name_end))
		return i;
	while (tex_option(x, &i, to, &from, &end))
		;
	if (!tex_arg(x, &i, to, &from, &end))
		return i;
	struct tw_str title = TW_STR_INIT;
	if (t->m.depth < MARKUP_DEPTH)
		tex_inline(&title, t, x, from, end);
	tw_map_set(&t->theorems, tw_strndup(t->m.a, x->s + name, name_end - name),
		   tw_str_dup(&title, t->m.a));
	tw_str_release(&title);
	while (tex_option(x, &i, to, &from, &end))
		;
	return i;
}

static size_t skip_args(const struct tex_source *x, size_t i, size_t to, int n)
{
	size_t from, end;
	if (i < to && x->s[i] == '*')
		i++;
	for (int k = 0; k < n; k++) {
		while (tex_option(x, &i, to, &from, &end))
			;
		if (!tex_arg(x, &i, to, &from, &end))
			break;
	}
	return i;
}

size_t tex_definition(struct tex *t, const struct tex_source *x, size_t i, size_t to)
{
	size_t n = tex_name(x, i, to), behind = i + 1 + n;
	if (name_in(x, i, n, " newcommand renewcommand providecommand DeclareRobustCommand "))
		return new_command(t, x, behind, to);
	if (name_in(x, i, n, " def gdef edef xdef "))
		return take_def(t, x, behind, to);
	if (name_is(x, i, n, "newtheorem"))
		return new_theorem(t, x, behind, to);
	if (name_in(x, i, n,
		    " newenvironment renewenvironment NewDocumentCommand "
		    "RenewDocumentCommand "))
		return skip_args(x, behind, to, 3);
	if (name_in(x, i, n, " DeclareMathOperator DeclarePairedDelimiter let "))
		return skip_args(x, behind, to, 2);
	return 0;
}

/* --- metadata --- */

static const struct {
	const char *babel, *lang;
} languages[] = {
	{"english", "en"},   {"american", "en"},  {"british", "en"},	{"usenglish", "en"},
	{"ukenglish", "en"}, {"german", "de"},	  {"ngerman", "de"},	{"austrian", "de"},
	{"naustrian", "de"}, {"french", "fr"},	  {"francais", "fr"},	{"frenchb", "fr"},
	{"spanish", "es"},   {"italian", "it"},	  {"portuguese", "pt"}, {"brazil", "pt"},
	{"brazilian", "pt"}, {"dutch", "nl"},	  {"russian", "ru"},	{"ukrainian", "uk"},
	{"polish", "pl"},    {"czech", "cs"},	  {"slovak", "sk"},	{"swedish", "sv"},
	{"danish", "da"},    {"norsk", "nb"},	  {"nynorsk", "nn"},	{"finnish", "fi"},
	{"magyar", "hu"},    {"hungarian", "hu"}, {"greek", "el"},	{"turkish", "tr"},
	{"catalan", "ca"},   {"romanian", "ro"},  {"croatian", "hr"},	{"slovene", "sl"},
	{"serbian", "sr"},   {"hebrew", "he"},	  {"arabic", "ar"},	{"japanese", "ja"},
};

static const char *language(const char *s, size_t n)
{
	for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++)
		if (strlen(languages[i].babel) == n && strncasecmp(languages[i].babel, s, n) == 0)
			return languages[i].lang;
	return NULL;
}

/* The last of a list is the text's own: "[english,ngerman]"; false when none is known. */
static bool add_language(struct tex *t, const char *s, size_t len)
{
	const char *main = len ? memmem(s, len, "main=", 5) : NULL, *lang = NULL;
	size_t from = main ? (size_t)(main - s) + 5 : 0;
	for (size_t n; from < len && !(main && lang); from += n + 1) {
		for (n = 0; from + n < len && isalpha((unsigned char)s[from + n]);)
			n++;
		const char *one = language(s + from, n);
		lang = one ? one : lang;
	}
	if (lang)
		markup_field(&t->m, "lang", lang, 2);
	return lang != NULL;
}

/* "\documentclass[ngerman]{article}": options of the class are all packages' too. */
static size_t take_class(struct tex *t, const struct tex_source *x, size_t i, size_t to)
{
	size_t from = 0, end = 0;
	if (tex_option(x, &i, to, &from, &end))
		t->class_options = (struct tw_bytes){x->s + from, end - from};
	tex_arg(x, &i, to, &from, &end);
	return i;
}

/* "\usepackage[ngerman]{babel}" */
static size_t take_package(struct tex *t, const struct tex_source *x, size_t i, size_t to)
{
	size_t from = 0, end = 0, name, name_end;
	tex_option(x, &i, to, &from, &end);
	if (tex_arg(x, &i, to, &name, &name_end) && name_end - name == 5 &&
	    memcmp(x->s + name, "babel", 5) == 0 && !add_language(t, x->s + from, end - from)) {
		add_language(t, t->class_options.data, t->class_options.len);
		t->class_options.len = 0; /* is looked at once */
	}
	return i;
}

/* Of an author the name alone: what is behind the first line break is where they work. */
static void add_author(struct tex *t, struct tw_str *all, const struct tex_source *x, size_t from,
		       size_t to)
{
	struct tw_str one = TW_STR_INIT;
	tex_inline(&one, t, x, from, to);
	tw_str_trim(&one);
	size_t n = 0;
	while (n < one.len && one.data[n] != '\n' && memcmp(one.data + n, "[^", 2) != 0)
		n++;
	while (n && strchr(" ,*", one.data[n - 1]))
		n--;
	if (n)
		tw_str_addf(all, "%s%.*s", all->len ? ", " : "", (int)n, one.data);
	tw_str_release(&one);
}

/* "\author{Ann \and Bob}"; several of them name one each. */
static void take_authors(struct tex *t, const struct tex_source *x, size_t from, size_t to)
{
	struct tw_str all = TW_STR_INIT;
	for (size_t i = from, next; i <= to; i = next) {
		size_t at = i;
		for (next = to + 1; at < to; at++) {
			size_t n = x->s[at] == '\\' ? tex_name(x, at, to) : 0;
			if (n == 3 && strncasecmp(x->s + at + 1, "and", 3) == 0) {
				next = at + 4;
				break;
			}
			at += n;
		}
		add_author(t, &all, x, i, at);
	}
	struct tw_json *before = tw_json_get(t->m.fields, "author");
	if (before && all.len && strlen(before->s) < 1000)
		before->s = tw_sprintf(t->m.a, "%s, %s", before->s, all.data);
	else
		markup_field(&t->m, "author", tw_str_c(&all), all.len);
	tw_str_release(&all);
}

static size_t take_field(struct tex *t, const struct tex_source *x, size_t i, size_t to,
			 const char *key)
{
	struct tw_str text = TW_STR_INIT;
	size_t from, end;
	while (tex_option(x, &i, to, &from, &end))
		;
	if (!tex_arg(x, &i, to, &from, &end))
		return i;
	if (strcmp(key, "author") == 0)
		take_authors(t, x, from, end);
	else
		tex_inline(&text, t, x, from, end);
	markup_field_inline(&t->m, key, &text);
	tw_str_release(&text);
	return i;
}

/* "\hypersetup{pdfauthor={Ann}, pdfkeywords={a, b}}" */
static size_t take_pdf(struct tex *t, const struct tex_source *x, size_t i, size_t to)
{
	static const struct {
		const char *name, *key;
	} all[] = {{"pdfkeywords", "tags"},
		   {"pdfauthor", "author"},
		   {"pdftitle", "title"},
		   {"pdfsubject", "description"}};
	size_t from, end;
	if (!tex_arg(x, &i, to, &from, &end))
		return i;
	for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
		const char *p = memmem(x->s + from, end - from, all[k].name, strlen(all[k].name));
		size_t at = p ? (size_t)(p - x->s) + strlen(all[k].name) : end;
		while (at < end && (x->s[at] == '=' || markup_is_space(x->s[at])))
			at++;
		if (at < end && x->s[at] == '{')
			take_field(t, x, at, end, all[k].key);
	}
	return i;
}

size_t tex_metadata(struct tex *t, const struct tex_source *x, size_t i, size_t to)
{
	static const char *const fields[] = {"title",	 "author",   "date",
					     "subtitle", "keywords", NULL};
	size_t n = tex_name(x, i, to), behind = i + 1 + n, from, end;
	if (t->within || t->m.depth >= MARKUP_DEPTH)
		return 0;
	for (const char *const *f = fields; *f; f++)
		if (name_is(x, i, n, *f))
			return take_field(t, x, behind, to, strcmp(*f, "keywords") ? *f : "tags");
	if (name_is(x, i, n, "documentclass"))
		return take_class(t, x, behind, to);
	if (name_is(x, i, n, "usepackage"))
		return take_package(t, x, behind, to);
	if (name_is(x, i, n, "hypersetup"))
		return take_pdf(t, x, behind, to);
	if (name_in(x, i, n, " setdefaultlanguage setmainlanguage ")) {
		while (tex_option(x, &behind, to, &from, &end))
			;
		if (tex_arg(x, &behind, to, &from, &end))
			add_language(t, x->s + from, end - from);
		return behind;
	}
	return 0;
}
