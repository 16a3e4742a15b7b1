/*
 * Org, the markup of Emacs' Org mode: "Org Syntax" (orgmode.org/worg/org-syntax.html)
 * and the manual's chapters on export. A file that names its title, author, date,
 * language or tags does so in keywords ("#+TITLE:"), also those of Hugo.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "collect/markup/org_int.h"

static void take_range(struct org *o, size_t from, size_t to);

/* --- what a line is --- */

static int headline_level(const struct markup_line *l)
{
	size_t n = 0;
	if (l->col)
		return 0;
	while (n < l->n && l->s[n] == '*')
		n++;
	return n && n < l->n && (l->s[n] == ' ' || l->s[n] == '\t') ? (int)(n < 1000 ? n : 1000)
								    : 0;
}

/* ":NAME:" alone on a line. */
static bool is_drawer(const struct markup_line *l)
{
	if (l->n < 3 || l->s[0] != ':' || l->s[l->n - 1] != ':')
		return false;
	for (size_t i = 1; i + 1 < l->n; i++)
		if (!markup_is_word(l->s[i]) && l->s[i] != '-' && l->s[i] != '_')
			return false;
	return true;
}

/* The key under which the line begins or ends something, "src" for "#+BEGIN_SRC c"; 0 bytes when it does neither. */
static size_t pair_key(const char **key, const struct markup_line *l, const char *mark)
{
	size_t from = strlen(mark), n = from;
	if (!markup_line_starts_nocase(l, mark))
		return 0;
	while (n < l->n && !markup_is_space(l->s[n]) && l->s[n] != '}')
		n++;
	*key = l->s + from - 1; /* with the '_', ':' or '{' that tells them apart */
	return n - from + 1;
}

static size_t begins(const char **key, const struct markup_line *l)
{
	size_t n = pair_key(key, l, "#+begin_");
	n = n ? n : pair_key(key, l, "#+begin:");
	n = n ? n : pair_key(key, l, "\\begin{");
	if (!n && is_drawer(l) && !markup_line_starts_nocase(l, ":end:"))
		*key = "drawer", n = 6;
	return n;
}

static size_t ends(const char **key, const struct markup_line *l)
{
	size_t n = pair_key(key, l, "#+end_");
	n = n ? n : pair_key(key, l, "#+end:");
	n = n ? n : pair_key(key, l, "\\end{");
	if (!n && l->n == 5 && markup_line_starts_nocase(l, ":end:"))
		*key = "drawer", n = 6;
	return n;
}

static struct tw_map_slot *slot_of(struct tw_map *map, const char *key, size_t n)
{
	char low[40];
	n = n < sizeof(low) ? n : sizeof(low);
	for (size_t i = 0; i < n; i++)
		low[i] = (char)tolower((unsigned char)key[i]);
	return tw_map_at(map, low, n);
}

/* From the last line to the first, so that the nearest end is always the one that was seen last. No block goes beyond a
 * headline. */
static void find_ends(struct org *o)
{
	struct tw_map last = TW_MAP_INIT;
	size_t headline = o->m.n, n;
	const char *key;
	o->ends = TW_NEW_ARRAY(o->m.a, o->m.n + 1, uint32_t);
	for (size_t i = o->m.n; i-- > 0;) {
		const struct markup_line *l = &o->m.at[i];
		if (headline_level(l)) {
			headline = i;
		} else if ((n = ends(&key, l))) {
			slot_of(&last, key, n)->v.i = (int64_t)i;
		} else if ((n = begins(&key, l))) {
			size_t end = (size_t)slot_of(&last, key, n)->v.i;
			o->ends[i] = end < headline ? (uint32_t)end : 0;
		}
	}
	tw_map_release(&last);
}

static bool is_table(const struct markup_line *l)
{
	return l->n && l->s[0] == '|';
}

static bool is_fixed_width(const struct markup_line *l)
{
	return l->n && l->s[0] == ':' && (l->n == 1 || l->s[1] == ' ');
}

static bool is_comment(const struct markup_line *l)
{
	return l->n && l->s[0] == '#' && (l->n == 1 || l->s[1] == ' ');
}

/* Length of the mark of an item, and whether it is numbered. */
static size_t item_mark(const struct markup_line *l, bool *numbered)
{
	size_t n = 0;
	*numbered = false;
	if (!l->n)
		return 0;
	if (l->s[0] == '-' || l->s[0] == '+' || (l->s[0] == '*' && l->col)) {
		n = 1;
	} else {
		while (n < l->n && n < 9 && isdigit((unsigned char)l->s[n]))
			n++;
		if (!n && isalpha((unsigned char)l->s[0]))
			n = 1;
		*numbered = true;
		if (!n || n >= l->n || (l->s[n] != '.' && l->s[n] != ')'))
			return 0;
		n++;
	}
	return n == l->n || markup_is_space(l->s[n]) ? n : 0;
}

static bool is_planning(const struct markup_line *l)
{
	return markup_line_starts(l, "CLOSED: [") || markup_line_starts(l, "SCHEDULED: <") ||
	       markup_line_starts(l, "DEADLINE: <") || markup_line_starts(l, "CLOCK: [") ||
	       markup_line_starts(l, "CLOCK: =>");
}

static bool is_note(const struct markup_line *l)
{
	return !l->col && markup_line_starts(l, "[fn:") && memchr(l->s, ']', l->n);
}

static bool ends_paragraph(const struct org *o, size_t i)
{
	const struct markup_line *l = &o->m.at[i];
	const char *key;
	bool numbered;
	if (!l->n || headline_level(l) || is_table(l) || is_fixed_width(l) || is_comment(l) ||
	    markup_line_starts(l, "#+") || markup_line_of(l, '-', 5) || is_planning(l) ||
	    is_note(l))
		return true;
	return (begins(&key, l) && o->ends[i]) ||
	       (o->m.depth < MARKUP_DEPTH && item_mark(l, &numbered));
}

/* --- headlines --- */

/* ":a:b:" at the end of a headline; *len becomes what is before it. */
static struct tw_bytes headline_tags(const char *s, size_t *len)
{
	size_t i = *len;
	if (!i || s[i - 1] != ':')
		return (struct tw_bytes){0};
	while (i && (markup_is_word(s[i - 1]) || strchr("_@#%:", s[i - 1])))
		i--;
	if (*len - i < 3 || s[i] != ':' || (i && !markup_is_space(s[i - 1])))
		return (struct tw_bytes){0};
	struct tw_bytes tags = {s + i, *len - i};
	*len = i;
	return tags;
}

static size_t word_length(const char *s, size_t len)
{
	size_t n = 0;
	while (n < len && !markup_is_space(s[n]))
		n++;
	return n;
}

static void take_headline(struct org *o, const struct markup_line *l, int level)
{
	const char *s = l->s + level;
	size_t len = l->n - (size_t)level, n;
	struct tw_str text = TW_STR_INIT;
	struct tw_bytes tags = headline_tags(s, &len);
	if (o->commented && level > o->commented)
		return;
	while (len && markup_is_space(*s))
		s++, len--;
	n = word_length(s, len);
	if (tw_map_find(&o->states, s, n))
		s += n, len -= n;
	while (len && markup_is_space(*s))
		s++, len--;
	if (len >= 4 && s[0] == '[' && s[1] == '#' && s[3] == ']')
		s += 4, len -= 4;
	while (len && markup_is_space(*s))
		s++, len--;
	n = word_length(s, len);
	bool left_out = (n == 7 && memcmp(s, "COMMENT", 7) == 0) ||
			(tags.len && (memmem(tags.data, tags.len, ":noexport:", 10) ||
				      memmem(tags.data, tags.len, ":ARCHIVE:", 9)));
	o->commented = left_out ? level : 0;
	if (left_out)
		return;
	org_inline(&text, &o->m, s, len);
	markup_heading(&o->m, level, &text);
}

/* --- keywords --- */

/* What a program printed: a table, lines of fixed width or a block. */
static size_t skip_results(const struct org *o, size_t i, size_t to)
{
	const char *key;
	if (i < to && begins(&key, &o->m.at[i]) && o->ends[i] && o->ends[i] < to)
		return o->ends[i] + 1;
	while (i < to && (is_fixed_width(&o->m.at[i]) || is_table(&o->m.at[i])))
		i++;
	return i;
}

static size_t take_keyword(struct org *o, size_t i, size_t to)
{
	if (markup_line_starts_nocase(&o->m.at[i], "#+results"))
		return skip_results(o, i + 1, to);
	org_keyword(o, &o->m.at[i]);
	return i + 1;
}

/* --- blocks --- */

/* ",*" and ",#+" stand for what Org would read as its own. */
static void unescape(struct org *o, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		struct markup_line *l = &o->m.at[i];
		if (l->n < 2 || l->s[0] != ',' || !strchr("*#,", l->s[1]))
			continue;
		char *line = tw_strndup(o->m.a, l->raw, (size_t)(l->s - l->raw) + l->n);
		size_t at = (size_t)(l->s - l->raw);
		memmove(line + at, line + at + 1, l->n);
		l->raw = line;
		l->s = line + at;
		l->n--;
	}
}

static const char *code_language(struct org *o, const struct markup_line *l)
{
	size_t skip = strlen("#+begin_src"), n = 0;
	while (skip < l->n && markup_is_space(l->s[skip]))
		skip++;
	while (skip + n < l->n && !markup_is_space(l->s[skip + n]) && l->s[skip + n] != '`')
		n++;
	if (n && strchr(":-", l->s[skip]))
		return "";
	bool elisp = n == 10 && strncasecmp(l->s + skip, "emacs-lisp", n) == 0;
	return elisp ? "elisp" : tw_strndup(o->m.a, l->s + skip, n);
}

static void take_verse(struct org *o, size_t from, size_t to)
{
	struct tw_str text = TW_STR_INIT;
	for (size_t i = from; i < to; i++) {
		if (i > from)
			tw_str_addc(&text, '\n');
		org_inline(&text, &o->m, o->m.at[i].s, o->m.at[i].n);
	}
	markup_paragraph(&o->m, &text);
}

static void take_block(struct org *o, size_t i, size_t end)
{
	const struct markup_line *l = &o->m.at[i];
	bool src = markup_line_starts_nocase(l, "#+begin_src");
	if (src || markup_line_starts_nocase(l, "#+begin_example")) {
		unescape(o, i + 1, end);
		markup_code(&o->m, src ? code_language(o, l) : "", i + 1, end);
	} else if (is_drawer(l)) {
		if (!markup_line_starts_nocase(l, ":properties:") &&
		    !markup_line_starts_nocase(l, ":logbook:"))
			take_range(o, i + 1, end);
	} else if (markup_line_starts_nocase(l, "#+begin_verse")) {
		take_verse(o, i + 1, end);
	} else if (l->s[0] == '\\') {
		struct tw_str math = TW_STR_INIT;
		markup_join(&math, &o->m, i, end + 1);
		markup_math(&o->m, &math);
		tw_str_release(&math);
	} else if (markup_line_starts_nocase(l, "#+begin_") &&
		   !markup_line_starts_nocase(l, "#+begin_comment") &&
		   !markup_line_starts_nocase(l, "#+begin_export")) {
		bool quote = markup_line_starts_nocase(l, "#+begin_quote");
		bool pushed = quote && md_push(&o->m.md, "> ", "> ");
		take_range(o, i + 1, end);
		md_pop(&o->m.md, pushed);
	}
}

/* --- tables --- */

static bool is_rule_row(const struct markup_line *l)
{
	return l->n > 1 && l->s[1] == '-';
}

/* Alignment and widths: "| <l> | <10> |", and columns' groups: "| / | < | > |". */
static bool is_cookie_row(const struct markup_line *l)
{
	bool any = false;
	for (size_t i = 0; i < l->n; i++) {
		any = any || l->s[i] == '<' || l->s[i] == '>';
		if (!strchr("|<>/lrc ", l->s[i]) && !isdigit((unsigned char)l->s[i]))
			return false;
	}
	return any;
}

static void take_row(struct org *o, struct markup_table *t, const struct markup_line *l)
{
	for (size_t i = 1, n; i < l->n; i += n + 1) {
		const char *bar = memchr(l->s + i, '|', l->n - i);
		struct tw_str text = TW_STR_INIT;
		n = bar ? (size_t)(bar - l->s) - i : l->n - i;
		org_inline(&text, &o->m, l->s + i, n);
		markup_cell(&o->m, t, &text);
		tw_str_release(&text);
	}
	markup_row(t);
}

static size_t take_table(struct org *o, size_t i, size_t to)
{
	struct markup_table t = {0};
	for (; i < to && is_table(&o->m.at[i]); i++)
		if (!is_rule_row(&o->m.at[i]) && !is_cookie_row(&o->m.at[i]))
			take_row(o, &t, &o->m.at[i]);
	markup_table(&o->m, &t);
	return i;
}

/* --- lists --- */

/* The line behind the item at i: one that begins no further right than its mark, or what two blank lines follow. */
static size_t item_end(const struct org *o, size_t i, size_t to)
{
	int col = o->m.at[i].col;
	size_t end = i + 1;
	for (size_t k = i + 1; k < to && k - end < 2; k++) {
		if (o->m.at[k].n && o->m.at[k].col <= col)
			break;
		if (o->m.at[k].n)
			end = k + 1;
	}
	return end;
}

/* "[X] ", "term :: ": the mark stays, the term becomes bold. */
static void take_item_head(struct org *o, size_t i)
{
	struct markup_line *l = &o->m.at[i];
	struct tw_str term = TW_STR_INIT;
	const char *colons = memmem(l->s, l->n, " ::", 3);
	if (l->n > 3 && l->s[0] == '[' && l->s[1] == '@' && memchr(l->s, ']', l->n))
		markup_take_mark(l, (size_t)((const char *)memchr(l->s, ']', l->n) - l->s) + 1);
	if (l->n >= 3 && l->s[0] == '[' && strchr(" Xx-", l->s[1]) && l->s[2] == ']') {
		md_check(&o->m.md, l->s[1] == 'X' || l->s[1] == 'x');
		markup_take_mark(l, 3);
		return;
	}
	if (!colons || colons < l->s || (colons + 3 < l->s + l->n && !markup_is_space(colons[3])))
		return;
	org_inline(&term, &o->m, l->s, (size_t)(colons - l->s));
	markup_term(&o->m, &term);
	markup_take_mark(l, (size_t)(colons - l->s) + 3);
}

static size_t take_list(struct org *o, size_t i, size_t to)
{
	bool numbered, tight = md_list_is_tight(&o->m.md);
	int col = o->m.at[i].col, number = 1;
	size_t n;
	while (i < to && o->m.at[i].col == col && (n = item_mark(&o->m.at[i], &numbered))) {
		size_t end = item_end(o, i, to);
		bool pushed = md_push_item(&o->m.md, numbered ? number++ : -1);
		o->m.md.tight = tight;
		markup_take_mark(&o->m.at[i], n);
		take_item_head(o, i);
		take_range(o, i, end);
		md_pop(&o->m.md, pushed);
		i = markup_skip_blank(&o->m, end, to);
		tight = i == end;
		if (i - end > 1)
			break;
	}
	o->m.md.tight = false;
	return i;
}

/* --- all --- */

static size_t take_fixed_width(struct org *o, size_t i, size_t to)
{
	size_t from = i;
	for (; i < to && is_fixed_width(&o->m.at[i]); i++) {
		struct markup_line *l = &o->m.at[i];
		size_t skip = l->n > 1 ? 2 : 1;
		l->raw = l->s += skip;
		l->n -= skip;
		for (l->col = 0; l->n && *l->s == ' '; l->col++)
			l->s++, l->n--;
	}
	markup_code(&o->m, "", from, i);
	return i;
}

/* "[fn:1] what it says", until a blank line, a headline or the next note. */
static size_t take_note(struct org *o, size_t i, size_t to)
{
	const char *s = o->m.at[i].s, *close = memchr(s, ']', o->m.at[i].n);
	size_t end = i + 1;
	struct tw_str raw = TW_STR_INIT, text = TW_STR_INIT;
	int number = markup_note(&o->m, s + 4, (size_t)(close - s) - 4);
	while (end < to && !ends_paragraph(o, end))
		end++;
	markup_join(&raw, &o->m, i, end);
	org_inline(&text, &o->m, raw.data + (close - s) + 1, raw.len - (size_t)(close - s) - 1);
	markup_note_text(&o->m, number, &text);
	tw_str_release(&raw);
	tw_str_release(&text);
	return end;
}

static size_t take_paragraph(struct org *o, size_t i, size_t to)
{
	size_t end = i + 1;
	struct tw_str raw = TW_STR_INIT, text = TW_STR_INIT;
	while (end < to && !ends_paragraph(o, end))
		end++;
	markup_join(&raw, &o->m, i, end);
	org_inline(&text, &o->m, tw_str_c(&raw), raw.len);
	markup_paragraph(&o->m, &text);
	tw_str_release(&raw);
	return end;
}

static size_t take_line(struct org *o, size_t i, size_t to)
{
	const struct markup_line *l = &o->m.at[i];
	const char *key;
	bool numbered;
	if (begins(&key, l) && o->ends[i] && o->ends[i] < to && o->m.depth < MARKUP_DEPTH) {
		take_block(o, i, o->ends[i]);
		return o->ends[i] + 1;
	}
	if (markup_line_starts(l, "#+"))
		return take_keyword(o, i, to);
	if (!l->n || is_comment(l) || is_planning(l))
		return i + 1;
	if (is_table(l))
		return take_table(o, i, to);
	if (is_fixed_width(l))
		return take_fixed_width(o, i, to);
	if (markup_line_of(l, '-', 5)) {
		md_lines(&o->m.md, "---", 3);
		return i + 1;
	}
	if (is_note(l))
		return take_note(o, i, to);
	if (o->m.depth < MARKUP_DEPTH && item_mark(l, &numbered))
		return take_list(o, i, to);
	return take_paragraph(o, i, to);
}

static void take_range(struct org *o, size_t from, size_t to)
{
	o->m.depth++;
	for (size_t i = from; i < to;)
		i = take_line(o, i, to);
	o->m.depth--;
}

static size_t section_end(const struct org *o, size_t i)
{
	while (i < o->m.n && !headline_level(&o->m.at[i]))
		i++;
	return i;
}

static enum tw_status parse(struct tw_document *doc, const struct file_input *in,
			    struct tw_arena *a, struct tw_err *err)
{
	struct org o = {0};
	enum tw_status st = markup_open(&o.m, in, a, err);
	if (st != TW_OK)
		return st;
	org_init_states(&o);
	find_ends(&o);
	for (size_t i = 0; i < o.m.n;) {
		int level = headline_level(&o.m.at[i]);
		size_t end = section_end(&o, i + (level > 0));
		if (level)
			take_headline(&o, &o.m.at[i], level);
		if (!o.commented)
			take_range(&o, i + (level > 0), end);
		i = end;
	}
	markup_close(&o.m, doc);
	tw_map_release(&o.states);
	return TW_OK;
}

static const char *const exts[] = {"org", NULL};

const struct file_format file_format_org = {.exts = exts, .parse = parse};
