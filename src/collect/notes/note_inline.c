/*
 * What stands within lines of notes. Obsidian: help.obsidian.md, "Obsidian Flavored
 * Markdown", "Tags", "Link to blocks". Logseq: docs.logseq.com, "Block references",
 * "Macros", "Tags". Links [[Page|shown]] stay: features read them as their words.
 */
#include <ctype.h>
#include <string.h>

#include "collect/notes/notes_int.h"

#define MAX_TICKS 32 /* of one run that begins code */

struct scan {
	struct note *n;
	struct tw_str *out;
	const char *s;
	size_t len, at;
	size_t mark_end;	     /* where the highlight that is open ends; 0: none is */
	bool no_brackets, no_braces; /* there is no more "]]", "}}" */
	bool no_ticks[MAX_TICKS];    /* nor a run of as many backticks */
	bool words;		     /* there is more than tags */
};

void note_tag(struct note *n, const char *s, size_t len)
{
	while (len && strchr("/ \t", s[len - 1]))
		len--;
	if (!len || n->tagless)
		return;
	char *tag = tw_strndup(n->a, s, len), *low = tw_strndup(n->a, s, len);
	for (char *p = low; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	if (tw_map_has(&n->seen, low))
		return;
	tw_map_set_int(&n->seen, low, 1);
	tw_vec_push(&n->tags, tag);
}

static bool has(const struct scan *k, const char *what)
{
	size_t n = strlen(what);
	return k->at + n <= k->len && memcmp(k->s + k->at, what, n) == 0;
}

/* Behind the next `what` after the present place; 0: there is none. */
static size_t behind(const struct scan *k, const char *what)
{
	const char *p = memmem(k->s + k->at + 2, k->len - k->at - 2, what, strlen(what));
	return p ? (size_t)(p - k->s) + strlen(what) : 0;
}

static void copy(struct scan *k, size_t n)
{
	for (size_t i = 0; i < n && !k->words; i++)
		k->words = !strchr(" \t", k->s[k->at + i]);
	tw_str_add(k->out, k->s + k->at, n);
	k->at += n;
}

static size_t run_of(const struct scan *k, size_t at, char c)
{
	size_t n = at;
	while (n < k->len && k->s[n] == c)
		n++;
	return n - at;
}

/* Code, or backticks that begin none. */
static void take_code(struct scan *k)
{
	size_t n = run_of(k, k->at, '`');
	for (size_t i = k->at + n; n < MAX_TICKS && !k->no_ticks[n] && i < k->len;) {
		const char *p = memchr(k->s + i, '`', k->len - i);
		size_t from = p ? (size_t)(p - k->s) : k->len, run = run_of(k, from, '`');
		if (run == n) {
			copy(k, from + n - k->at);
			return;
		}
		i = from + run;
	}
	if (n < MAX_TICKS)
		k->no_ticks[n] = true;
	copy(k, n);
}

static bool is_tag_sign(const struct scan *k, size_t i)
{
	unsigned char c = (unsigned char)k->s[i];
	if (c < 0x80)
		return isalnum(c) || (c && strchr("_-/", c));
	if (c == 0xe3 && i + 1 < k->len) /* 、。「」 */
		return (unsigned char)k->s[i + 1] != 0x80;
	if (c == 0xe2 && i + 1 < k->len) /* quotes, dashes, dots */
		return (unsigned char)k->s[i + 1] != 0x80;
	if (c == 0xef && i + 1 < k->len) /* ，：！？ */
		return (unsigned char)k->s[i + 1] < 0xbc || (unsigned char)k->s[i + 1] > 0xbd;
	return true;
}

/* "#[[two words]]" of Logseq: they stay as a link. */
static bool take_long_tag(struct scan *k)
{
	k->at++;
	size_t end = k->no_brackets ? 0 : behind(k, "]]");
	k->no_brackets |= !end;
	if (!end) {
		k->at--;
		return false;
	}
	note_tag(k->n, k->s + k->at + 2, end - k->at - 4);
	tw_str_add(k->out, k->s + k->at, end - k->at);
	k->at = end;
	return true;
}

static bool take_tag(struct scan *k)
{
	bool digits = true;
	size_t end = k->at + 1;
	if (k->at && !strchr(" \t", k->s[k->at - 1]))
		return false;
	if (k->n->kind == VAULT_LOGSEQ && has(k, "#[["))
		return take_long_tag(k);
	for (; end < k->len && is_tag_sign(k, end); end++)
		digits &= k->s[end] >= '0' && k->s[end] <= '9';
	if (digits)
		return false;
	note_tag(k->n, k->s + k->at + 1, end - k->at - 1);
	tw_str_add(k->out, k->s + k->at, end - k->at);
	k->at = end;
	return true;
}

/* A link stays as it is, an embedded page goes. */
static bool take_brackets(struct scan *k, bool embed)
{
	k->at += embed;
	size_t end = k->no_brackets ? 0 : behind(k, "]]");
	k->no_brackets |= !end;
	k->at -= end ? 0 : embed;
	if (end && embed)
		k->at = end;
	else if (end)
		copy(k, end - k->at);
	return end != 0;
}

/* ==marked== or ^^marked^^, not within a word or address; what stands in it is read on. */
static bool take_mark(struct scan *k, const char *sign)
{
	bool in_word = k->at && isalnum((unsigned char)k->s[k->at - 1]);
	size_t end = k->mark_end || in_word ? 0 : behind(k, sign);
	if (!end || end == k->at + 4 || isspace((unsigned char)k->s[k->at + 2]) ||
	    isspace((unsigned char)k->s[end - 3]))
		return false;
	k->mark_end = end;
	k->at += 2;
	return true;
}

/* To the end of the remark, or of the line. */
static void skip_remark(struct scan *k)
{
	const char *p = memmem(k->s + k->at, k->len - k->at, "%%", 2);
	k->n->commented = !p;
	k->at = p ? (size_t)(p - k->s) + 2 : k->len;
}

static bool take_remark(struct scan *k)
{
	if (!k->n->last_remark || k->s + k->at >= k->n->last_remark)
		return false; /* nothing ends it */
	k->at += 2;
	skip_remark(k);
	return true;
}

/* ((6423a0d1-…)): 36 digits and dashes. */
static bool take_reference(struct scan *k)
{
	size_t from = k->at + 2;
	if (from + 38 > k->len || memcmp(k->s + from + 36, "))", 2) != 0)
		return false;
	for (size_t i = from; i < from + 36; i++)
		if (!isxdigit((unsigned char)k->s[i]) && k->s[i] != '-')
			return false;
	k->at = from + 38;
	return true;
}

/* {{query …}}, {{embed …}}, {{video …}}; braces may stand within. */
static bool take_macro(struct scan *k)
{
	size_t end = k->no_braces ? 0 : behind(k, "}}");
	k->no_braces |= !end;
	if (end)
		k->at = end;
	while (end && k->at < k->len && k->s[k->at] == '}')
		k->at++;
	return end != 0;
}

static bool take_obsidian(struct scan *k)
{
	return (has(k, "%%") && take_remark(k)) || (has(k, "![[") && take_brackets(k, true));
}

static bool take_logseq(struct scan *k)
{
	return (has(k, "((") && take_reference(k)) || (has(k, "{{") && take_macro(k)) ||
	       (has(k, "^^") && take_mark(k, "^^"));
}

static void take_one(struct scan *k)
{
	char c = k->s[k->at];
	if (k->mark_end && k->at + 2 >= k->mark_end) {
		k->at = k->mark_end > k->at ? k->mark_end : k->at;
		k->mark_end = 0;
		return;
	}
	size_t run = c == '=' || c == '^' ? run_of(k, k->at, c) : 1;
	if (c == '\\' && k->at + 1 < k->len)
		copy(k, 2);
	else if (c == '`')
		take_code(k);
	else if (run > 2)
		copy(k, run);
	else if ((c == '#' && take_tag(k)) || (has(k, "==") && take_mark(k, "==")) ||
		 (has(k, "[[") && take_brackets(k, false)) ||
		 (k->n->kind == VAULT_OBSIDIAN ? take_obsidian(k) : take_logseq(k)))
		return;
	else
		copy(k, run);
}

/* Without " ^block-id" at the end. */
static size_t without_id(const char *s, size_t len)
{
	size_t end = len, at;
	while (end && strchr(" \t\r", s[end - 1]))
		end--;
	for (at = end; at && (isalnum((unsigned char)s[at - 1]) || s[at - 1] == '-'); at--)
		;
	if (at == end || !at || s[at - 1] != '^' || (at > 1 && !strchr(" \t", s[at - 2])))
		return len;
	return at - 1;
}

bool note_line(struct tw_str *out, struct note *n, const char *s, size_t len)
{
	struct tw_str line = TW_STR_INIT;
	if (n->kind == VAULT_OBSIDIAN)
		len = without_id(s, len);
	struct scan k = {.n = n, .out = &line, .s = s, .len = len};
	if (n->commented)
		skip_remark(&k);
	while (k.at < k.len)
		take_one(&k);
	if (k.words) {
		size_t end = line.len;
		while (end && strchr(" \t", line.data[end - 1]))
			end--;
		/* Two spaces at the end are a line's break. */
		bool breaks = len > 1 && end && memcmp(s + len - 2, "  ", 2) == 0;
		tw_str_add(out, line.data, end);
		tw_str_adds(out, breaks ? "  " : "");
	}
	tw_str_release(&line);
	return k.words;
}
