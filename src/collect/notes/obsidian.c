/*
 * A note of Obsidian (help.obsidian.md: "Obsidian Flavored Markdown", "Callouts",
 * "Embed files", "Tags") as plain Markdown. A callout is a block quote whose first
 * line is "[!type] Title": of the types for quotations it stays one, all others
 * are the author's own words in a box.
 */
#include <string.h>
#include <strings.h>

#include "collect/markdown_int.h"
#include "collect/notes/notes_int.h"

#define MAX_DEPTH 32 /* of quotes in quotes */

struct writer {
	struct note *n;
	bool own[MAX_DEPTH]; /* the quotes that are open: of the author's own words */
	size_t depth;
	size_t fence, fence_depth; /* the code that is open: length of its fence */
	char fence_sign;
	bool hidden;			   /* it is left out */
	bool blank;			   /* the last line that was written, or none was */
	bool blank_before, list, indented; /* for code by indentation: what stands above */
};

static size_t skip_mark(const char *s, size_t len)
{
	size_t n = 0;
	while (n < len && n < 3 && s[n] == ' ')
		n++;
	if (n == len || s[n] != '>')
		return 0;
	return n + 1 + (n + 1 < len && s[n + 1] == ' ');
}

/* The marks ">" before a line, at most `most`; *n is their number. */
static size_t skip_marks(size_t *n, const char *s, size_t len, size_t most)
{
	size_t at = 0, used;
	for (*n = 0; *n < most && (used = skip_mark(s + at, len - at)); ++*n)
		at += used;
	return at;
}

/* The marks of the quotes that stay. */
static void begin_line(struct writer *w)
{
	for (size_t i = 0; i < w->depth; i++)
		if (!w->own[i])
			tw_str_adds(&w->n->out, "> ");
}

static void end_line(struct writer *w, bool blank)
{
	struct tw_str *out = &w->n->out;
	while (blank && out->len && out->data[out->len - 1] == ' ')
		out->data[--out->len] = '\0';
	tw_str_addc(out, '\n');
	w->blank = blank;
}

static void write_blank(struct writer *w)
{
	if (w->blank)
		return;
	begin_line(w);
	end_line(w, true);
}

static void write_line(struct writer *w, const char *s, size_t len)
{
	begin_line(w);
	tw_str_add(&w->n->out, s, len);
	end_line(w, !len);
}

/* Ends quotes down to a depth; a box of own words ends a paragraph. */
static void close_to(struct writer *w, size_t depth)
{
	bool own = false;
	while (w->depth > depth)
		own |= w->own[--w->depth];
	if (own)
		write_blank(w);
}

static bool is_word(const char *s, size_t len, const char *const *words)
{
	for (; *words; words++)
		if (strlen(*words) == len && strncasecmp(s, *words, len) == 0)
			return true;
	return false;
}

/* "[!type|more]- Title": the length up to the title, and the type; 0: none. */
static size_t callout(const char **type, size_t *type_len, const char *s, size_t len)
{
	const char *end = len > 3 && s[0] == '[' && s[1] == '!' ? memchr(s, ']', len) : NULL;
	if (!end || end == s + 2)
		return 0;
	*type = s + 2;
	*type_len = (size_t)(end - s) - 2;
	const char *bar = memchr(*type, '|', *type_len);
	if (bar)
		*type_len = (size_t)(bar - *type);
	size_t n = (size_t)(end - s) + 1;
	n += n < len && (s[n] == '-' || s[n] == '+');
	while (n < len && s[n] == ' ')
		n++;
	return n;
}

/* The title of a callout as a paragraph; of own words in bold. */
static void write_title(struct writer *w, const char *s, size_t len, bool own)
{
	struct tw_str title = TW_STR_INIT;
	if (note_line(&title, w->n, s, len)) {
		begin_line(w);
		tw_str_addf(&w->n->out, own ? "**%s**" : "%s", title.data);
		end_line(w, false);
		write_blank(w);
	}
	tw_str_release(&title);
}

/* New quotes of a line; true when its text was the head of a callout. */
static bool open_to(struct writer *w, size_t depth, const char *s, size_t len)
{
	static const char *const quotes[] = {"quote", "cite", NULL};
	const char *type;
	size_t type_len, skip = callout(&type, &type_len, s, len);
	bool own = skip && !is_word(type, type_len, quotes);
	if (own)
		write_blank(w);
	while (w->depth < depth)
		w->own[w->depth++] = false;
	w->own[depth - 1] = own;
	if (skip)
		write_title(w, s + skip, len - skip, own);
	return skip != 0;
}

/* --- code --- */

/* What the program fills when the note is shown. */
static bool is_filled(const char *info, size_t len)
{
	static const char *const kinds[] = {"dataview",	  "dataviewjs",	     "tasks", "query",
					    "excalidraw", "compressed-json", "base",  NULL};
	size_t n = 0;
	while (len && *info == ' ')
		info++, len--;
	while (n < len && !strchr(" {", info[n]))
		n++;
	return is_word(info, n, kinds);
}

static void open_fence(struct writer *w, const char *s, size_t len, size_t run)
{
	const char *info = memchr(s, w->fence_sign, len);
	info += run;
	w->fence = run;
	w->fence_depth = w->depth;
	w->hidden = is_filled(info, (size_t)(s + len - info));
	if (!w->hidden)
		write_line(w, s, len);
}

static void code_line(struct writer *w, const char *s, size_t len)
{
	char c;
	size_t run = md_fence(s, len, &c);
	if (!w->hidden)
		write_line(w, s, len);
	if (run >= w->fence && c == w->fence_sign)
		w->fence = 0;
}

/* The length of the white space before a line; *columns counts a tab as four. */
static size_t indent_of(size_t *columns, const char *s, size_t len)
{
	size_t n = 0;
	for (*columns = 0; n < len && (s[n] == ' ' || s[n] == '\t'); n++)
		*columns += s[n] == '\t' ? 4 : 1;
	return n;
}

static bool is_item(const char *s, size_t len)
{
	size_t digits = 0;
	while (digits < len && s[digits] >= '0' && s[digits] <= '9')
		digits++;
	return (len > 1 && strchr("-*+", s[0]) && s[1] == ' ') ||
	       (digits && digits + 1 < len && strchr(".)", s[digits]) && s[digits + 1] == ' ');
}

/* Whether the line is code for its indentation: after an empty line, and in no list. */
static bool is_indented(struct writer *w, const char *s, size_t len)
{
	size_t columns, from = indent_of(&columns, s, len);
	if (from == len) {
		w->blank_before = true;
		return false;
	}
	w->indented = columns >= 4 && !w->list && (w->blank_before || w->indented);
	w->blank_before = false;
	if (!w->indented)
		w->list = is_item(s + from, len - from) || (w->list && from);
	return w->indented;
}

/* --- lines --- */

static void text_line(struct writer *w, const char *s, size_t len)
{
	struct tw_str line = TW_STR_INIT;
	if (w->n->commented ? false : is_indented(w, s, len))
		write_line(w, s, len);
	else if (note_line(&line, w->n, s, len))
		write_line(w, tw_str_c(&line), line.len);
	else if (md_is_blank(s, len) && !w->n->commented)
		write_blank(w);
	tw_str_release(&line);
}

static void take_line(struct writer *w, const char *s, size_t len)
{
	size_t depth, skip;
	if (w->fence) {
		skip = skip_marks(&depth, s, len, w->fence_depth);
		if (depth == w->fence_depth) {
			code_line(w, s + skip, len - skip);
			return;
		}
		w->fence = 0;
	}
	skip = skip_marks(&depth, s, len, w->n->commented ? w->depth : MAX_DEPTH);
	s += skip;
	len -= skip;
	if (!w->n->commented) {
		close_to(w, depth);
		if (depth > w->depth && open_to(w, depth, s, len))
			return;
	}
	size_t run = w->n->commented ? 0 : md_fence(s, len, &w->fence_sign);
	if (run)
		open_fence(w, s, len, run);
	else
		text_line(w, s, len);
}

static const char *last_remark(const char *text, size_t len)
{
	for (size_t i = len; i >= 2; i--)
		if (text[i - 1] == '%' && text[i - 2] == '%')
			return text + i - 2;
	return NULL;
}

void obsidian_note(struct note *n, const char *text, size_t len)
{
	struct writer w = {.n = n, .blank = true, .blank_before = true};
	n->last_remark = last_remark(text, len);
	for (size_t at = 0; at < len;) {
		const char *s = text + at, *nl = memchr(s, '\n', len - at);
		size_t line = nl ? (size_t)(nl - s) : len - at;
		at += line + 1;
		take_line(&w, s, line - (line && s[line - 1] == '\r'));
	}
}
