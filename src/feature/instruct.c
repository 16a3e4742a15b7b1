#include "feature/instruct_int.h"

#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "base/str.h"
#include "base/vec.h"
#include "feature/instruct_words_int.h"

#define MAX_HEADING 140 /* bytes */

struct words TW_VEC_BODY(char *);

/* A heading on its way to an instruction. */
struct phrase {
	const struct instruct_source *src;
	struct tw_arena *a;
	struct words words; /* as written */
};

static char *lower(const char *w, struct tw_arena *a)
{
	struct tw_str s = TW_STR_INIT;
	for (const char *p = w; *p; p++) {
		if ((unsigned char)p[0] == 0xE2 && (unsigned char)p[1] == 0x80 &&
		    (unsigned char)p[2] == 0x99) { /* the curly apostrophe */
			tw_str_addc(&s, '\'');
			p += 2;
		} else {
			tw_str_addc(&s, *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p);
		}
	}
	while (s.len && strchr(",.:;!?", s.data[s.len - 1]))
		s.data[--s.len] = '\0';
	char *out = tw_str_dup(&s, a);
	tw_str_release(&s);
	return out;
}

static const char *word(const struct phrase *p, size_t i)
{
	return i < p->words.n ? lower(p->words.at[i], p->a) : "";
}

static bool is_letter(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (signed char)ch < 0;
}

/* "Author": one capital and small letters. */
static bool is_capitalized(const char *w)
{
	if (w[0] < 'A' || w[0] > 'Z')
		return false;
	for (w++; *w; w++)
		if (*w >= 'A' && *w <= 'Z')
			return false;
	return true;
}

/* The author writes the word in lower case somewhere, so it is no name. */
static bool text_has(const char *text, const char *w)
{
	size_t n = strlen(w);
	for (const char *at = text; n && (at = strstr(at, w)); at += n)
		if ((at == text || !is_letter(at[-1])) && !is_letter(at[n]))
			return true;
	return false;
}

/* The author writes it with a capital in the middle of a sentence: a name. */
static bool text_names(const char *text, const char *w)
{
	size_t n = strlen(w);
	for (const char *at = text; n && (at = strstr(at, w)); at += n)
		if (at > text + 1 && at[-1] == ' ' && (is_letter(at[-2]) || at[-2] == ',') &&
		    !is_letter(at[n]))
			return true;
	return false;
}

static bool may_lower(const struct phrase *p, const char *w, bool title_case)
{
	if (strcmp(w, "I") == 0 || !is_capitalized(w))
		return false;
	const char *l = lower(w, p->a);
	if (text_has(p->src->text, l))
		return true;
	if (tw_is_small_word(l) || tw_is_gerund(l))
		return true;
	if (text_names(p->src->text, w))
		return false;
	return title_case || tw_is_verb(l) || tw_is_adverb(l);
}

/* Title Case: a small word has a capital ("The Syntax Of nginx Files"), or most of the longer words have. */
static bool is_title_case(const struct phrase *p)
{
	size_t capital = 0, all = 0;
	for (size_t i = 1; i < p->words.n; i++) {
		const char *w = p->words.at[i];
		if (i + 1 < p->words.n && is_capitalized(w) && strcmp(w, "I") != 0 &&
		    tw_is_small_word(lower(w, p->a)))
			return true;
		if (strlen(p->words.at[i]) < 4 || !is_letter(p->words.at[i][0]))
			continue;
		all++;
		capital += p->words.at[i][0] >= 'A' && p->words.at[i][0] <= 'Z';
	}
	return all && capital * 4 >= all * 3;
}

static char *decapitalized(const struct phrase *p, size_t i, bool title_case)
{
	char *w = tw_strdup(p->a, p->words.at[i]);
	if (may_lower(p, w, title_case))
		w[0] = (char)(w[0] + 32);
	return w;
}

static const char *swapped(const char *l, const char *before)
{
	static const char *const pairs[][2] = {
		{"i", "you"},		{"i'm", "you're"},
		{"i've", "you've"},	{"i'd", "you'd"},
		{"i'll", "you'll"},	{"my", "your"},
		{"mine", "yours"},	{"me", "you"},
		{"myself", "yourself"}, {"we", "you"},
		{"we're", "you're"},	{"we've", "you've"},
		{"we'll", "you'll"},	{"our", "your"},
		{"us", "you"},		{"ourselves", "yourselves"},
	};
	if (strcmp(before, "i") == 0 && strcmp(l, "am") == 0)
		return "are";
	if (strcmp(before, "i") == 0 && strcmp(l, "was") == 0)
		return "were";
	for (size_t k = 0; k < sizeof(pairs) / sizeof(pairs[0]); k++)
		if (strcmp(pairs[k][0], l) == 0)
			return pairs[k][1];
	return NULL;
}

/* Words [from, …) as they read within a sentence; with `swap` as said to the author: "my" becomes "your". */
static char *within(const struct phrase *p, size_t from, bool swap)
{
	struct tw_str s = TW_STR_INIT;
	bool title_case = is_title_case(p);
	for (size_t i = from; i < p->words.n; i++) {
		const char *you = swap ? swapped(word(p, i), i > from ? word(p, i - 1) : "") : NULL;
		const char *w = you			  ? you
				: title_case || i == from ? decapitalized(p, i, title_case)
							  : p->words.at[i];
		tw_str_addf(&s, "%s%s", s.len ? " " : "", w);
	}
	while (s.len && strchr(".:;,", s.data[s.len - 1]))
		s.data[--s.len] = '\0';
	char *out = tw_str_dup(&s, p->a);
	tw_str_release(&s);
	return out;
}

static char *as_written(const struct phrase *p)
{
	struct tw_str s = TW_STR_INIT;
	for (size_t i = 0; i < p->words.n; i++)
		tw_str_addf(&s, "%s%s", i ? " " : "", p->words.at[i]);
	char *out = tw_str_dup(&s, p->a);
	tw_str_release(&s);
	return out;
}

/* One of the forms; %s takes `part`. */
static char *form(const struct phrase *p, const char *const *forms, size_t n, const char *part)
{
	uint64_t state = p->src->seed;
	const char *f = forms[tw_random_u64(&state) % n];
	const char *hole = strstr(f, "%s");
	return tw_sprintf(p->a, "%.*s%s%s", (int)(hole - f), f, part, hole + 2);
}

#define FORM(p, forms, part) form((p), (forms), sizeof(forms) / sizeof((forms)[0]), (part))

static char *ask_imperative(const struct phrase *p, size_t from)
{
	static const char *const forms[] = {"How do I %s?", "How can I %s?", "How would I %s?",
					    "Show me how to %s.", "Explain how to %s."};
	char *q = within(p, from, false);
	if (is_capitalized(p->words.at[from]))
		q[0] = (char)(p->words.at[from][0] +
			      32); /* a verb, whatever the text says of the word */
	return FORM(p, forms, q);
}

static char *ask_clause(const struct phrase *p)
{
	static const char *const forms[] = {"Tell me %s.", "Explain %s.", "Can you explain %s?"};
	return FORM(p, forms, within(p, 0, true));
}

static char *ask_about(const struct phrase *p)
{
	static const char *const forms[] = {"Tell me about %s.", "What can you tell me about %s?",
					    "What have you written about %s?",
					    "What do you know about %s?"};
	return FORM(p, forms, within(p, 0, true));
}

/* For text that stands in quotes. */
static char *without_quotes(char *text)
{
	for (char *c = text; *c; c++)
		if (*c == '"')
			*c = '\'';
	return text;
}

/* What does not fit into a sentence stands in quotes. */
static char *ask_quoted(const struct phrase *p)
{
	static const char *const forms[] = {"What is \"%s\" about?", "Tell me about \"%s\".",
					    "What did you write in \"%s\"?"};
	return FORM(p, forms, without_quotes(as_written(p)));
}

static bool begins_question(const struct phrase *p)
{
	static const char wh[] = " what why how when where who which whose ";
	return tw_word_in(wh, word(p, 0)) && p->words.n > 2;
}

static bool is_imperative(const struct phrase *p, size_t at)
{
	const char *first = word(p, at), *second = word(p, at + 1);
	if (!tw_is_verb(first) || at + 1 >= p->words.n)
		return false;
	if (strcmp(second, "of") == 0 || tw_is_auxiliary(second))
		return false;
	return p->words.n > at + 2 || !tw_is_noun_too(first);
}

/* "Quickly", but no name such as "WebAssembly". */
static bool begins_with_adverb(const struct phrase *p)
{
	const char *w = p->words.at[0];
	return tw_is_adverb(word(p, 0)) && (is_capitalized(w) || w[0] >= 'a');
}

/* A sentence, or marks that a sentence around it could not take. */
static bool needs_quotes(const struct phrase *p)
{
	if (tw_begins_sentence(word(p, 0)))
		return true;
	for (size_t i = 0; i < p->words.n; i++) {
		const char *w = p->words.at[i];
		size_t n = strlen(w);
		if (strpbrk(w, "[]|\"") || strchr(",:;!?", w[n - 1]) || strcmp(w, "-") == 0)
			return true;
		if (i && tw_is_finite_verb(word(p, i)))
			return true;
	}
	return p->words.n == 1 && is_capitalized(p->words.at[0]) &&
	       !may_lower(p, p->words.at[0], false);
}

static char *ask_wh(const struct phrase *p)
{
	static const char *const to[] = {"How do I %s?", "How can I %s?", "How would you %s?"};
	if (strcmp(word(p, 0), "how") == 0 && strcmp(word(p, 1), "to") == 0)
		return FORM(p, to, within(p, 2, false));
	bool question = tw_is_auxiliary(word(p, 1));
	if (!question)
		return ask_clause(p);
	char *q = within(p, 0, true);
	if (q[0] >= 'a' && q[0] <= 'z')
		q[0] = (char)(q[0] - 32);
	return tw_sprintf(p->a, "%s?", q);
}

/* "What's in my saddlebag". */
static bool is_contracted_question(const struct phrase *p)
{
	static const char wh[] = " what's who's where's how's why's when's ";
	return tw_word_in(wh, word(p, 0)) && p->words.n > 2;
}

static char *ask(const struct phrase *p)
{
	const char *last = p->words.at[p->words.n - 1];
	if (tw_ends_with(last, "?"))
		return as_written(p);
	if (is_contracted_question(p)) {
		char *q = within(p, 0, true);
		q[0] = (char)(q[0] >= 'a' && q[0] <= 'z' ? q[0] - 32 : q[0]);
		return tw_sprintf(p->a, "%s?", q);
	}
	bool marks = strpbrk(as_written(p), ":;[]|\"") != NULL;
	if (!marks && begins_question(p))
		return ask_wh(p);
	if (!marks && is_imperative(p, begins_with_adverb(p)))
		return ask_imperative(p, 0);
	return marks || needs_quotes(p) ? ask_quoted(p) : ask_about(p);
}

/* --- headings of sections --- */

/* Not what a reader asks for. */
static bool is_apparatus(const char *l)
{
	static const char *const names[] = {"links",
					    "link",
					    "references",
					    "reference",
					    "footnotes",
					    "notes",
					    "video",
					    "transcript",
					    "slides",
					    "further reading",
					    "resources",
					    "credits",
					    "thanks",
					    "special thanks",
					    "acknowledgements",
					    "sources",
					    "see also",
					    "comments",
					    "tags",
					    "table of contents",
					    "contents",
					    "changelog",
					    "questions",
					    "with apologies to",
					    "appendix",
					    "audio",
					    "external links",
					    "related posts",
					    "bibliography",
					    NULL};
	for (const char *const *n = names; *n; n++)
		if (strcmp(*n, l) == 0)
			return true;
	return false;
}

/* A question that the heading asks by itself, or one that names the document too. */
static char *ask_section(const struct phrase *p)
{
	static const char *const forms[] = {"In \"%s\", what do you say about ",
					    "What does \"%s\" say about ",
					    "Thinking of \"%s\", what can you tell me about "};
	char *q = ask(p);
	if (tw_ends_with(p->words.at[p->words.n - 1], "?") || !p->src->title[0] ||
	    (is_imperative(p, begins_with_adverb(p)) && p->words.n > 3))
		return q;
	char *title = without_quotes(tw_strdup(p->a, p->src->title));
	bool quoted = p->words.n == 1 || needs_quotes(p) || begins_question(p) ||
		      tw_is_preposition(word(p, 0));
	const char *part = quoted ? tw_sprintf(p->a, "\"%s\"", without_quotes(as_written(p)))
				  : within(p, 0, true);
	return tw_sprintf(p->a, "%s%s?", FORM(p, forms, title), part);
}

/* --- reading the heading --- */

/* "3.", "2)", "Step 4:", "[talk]": numbers and marks in front say nothing. */
static const char *skip_number(const char *s)
{
	const char *p = s;
	if (strncasecmp(p, "step ", 5) == 0)
		p += 5;
	const char *digits = p;
	while (*p >= '0' && *p <= '9')
		p++;
	if (p > digits && p - digits < 4 && strchr(".):", *p) && p[1] == ' ')
		return p + 2;
	return s;
}

static void split(struct phrase *p, const char *s)
{
	while (*s) {
		size_t n = strcspn(s, " \t\n");
		if (n) {
			char *w = tw_strndup(p->a, s, n);
			tw_vec_push(&p->words, w);
		}
		s += n + (s[n] != '\0');
	}
	while (p->words.n) {
		char *last = p->words.at[p->words.n - 1];
		size_t n = strlen(last);
		while (n && strchr(".:;,", last[n - 1]) && !tw_ends_with(last, "..."))
			last[--n] = '\0';
		if (n)
			break;
		p->words.n--;
	}
}

static bool has_letters(const char *s, int least)
{
	int n = 0;
	for (; *s; s++)
		n += is_letter(*s);
	return n >= least;
}

char *tw_instruct(const struct instruct_source *src, struct tw_arena *a)
{
	struct phrase p = {.src = src, .a = a};
	const char *heading = skip_number(src->heading);
	if (strlen(heading) > MAX_HEADING || !has_letters(heading, 3) ||
	    (src->title && is_apparatus(lower(heading, a))))
		return NULL;
	split(&p, heading);
	char *out = NULL;
	bool english = !src->lang[0] || strncmp(src->lang, "en", 2) == 0;
	if (p.words.n && !english)
		out = as_written(&p);
	else if (p.words.n)
		out = src->title ? ask_section(&p) : ask(&p);
	tw_vec_release(&p.words);
	return out;
}
