/*
 * Kindle: documents/My Clippings.txt of the device. Amazon describes only that
 * it is there (Kindle User's Guide, "Adding Bookmarks, Notes and Highlights"); an
 * entry is a line "Title (Author)", a line "- Your Highlight on page 12 | Location
 * 145-147 | Added on …" in the language that the device spoke then, an empty one,
 * the text, and a line of ten equals signs. UTF-8 with byte order marks, UTF-16 on
 * old devices.
 *
 * What was marked is quotation, only notes are the reader's words.
 */
#include <string.h>

#include "base/text.h"
#include "collect/export/books_int.h"
#include "collect/export/kindle_int.h"

#define BETWEEN "=========="

/* "- Your Highlight …"; of some languages with a longer dash. */
static bool is_said(const char *line)
{
	return tw_starts_with(line, "- ") || tw_starts_with(line, "– ");
}

/* The text before the separator as bytes, whatever the encoding. */
static bool is_clippings(const char *name, const char *head, size_t n)
{
	static const char wide[] = "=\0=\0=\0=\0=\0=\0=\0=\0=";
	bool is_wide = n > 2 && ((head[0] == '\xff' && head[1] == '\xfe') ||
				 (head[0] == '\xfe' && head[1] == '\xff'));
	(void)name;
	if (is_wide)
		return memmem(head, n, wide, sizeof(wide) - 1) &&
		       memmem(head, n, "\n\0-\0 ", 5) != NULL;
	const char *line = memchr(head, '\n', n);
	const char *end = line ? memchr(line + 1, '\n', n - (size_t)(line + 1 - head)) : NULL;
	return end && end - line > 4 && is_said(line + 1) &&
	       memchr(line, '|', (size_t)(end - line)) &&
	       memmem(end, n - (size_t)(end - head), "\n" BETWEEN, 11);
}

static enum tw_status decode(struct tw_str *text, struct tw_err *err)
{
	struct tw_str utf8 = TW_STR_INIT;
	const char *s = tw_str_c(text);
	bool little = text->len > 2 && s[0] == '\xff', big = text->len > 2 && s[0] == '\xfe';
	if (!little && !big) {
		export_mend(text);
		return TW_OK;
	}
	enum tw_status st =
		tw_text_decode(&utf8, s + 2, text->len - 2, little ? "UTF-16LE" : "UTF-16BE", err);
	if (st == TW_OK) {
		tw_str_release(text);
		*text = utf8;
	} else {
		tw_str_release(&utf8);
	}
	return st;
}

/* Trimmed, in the arena, without byte order marks, which stand before titles too. */
static char *trimmed(const char *s, size_t n, struct tw_arena *a)
{
	size_t i = 0;
	for (;;) {
		if (i < n && strchr(" \t\r\n", s[i]))
			i++;
		else if (n - i >= 3 && memcmp(s + i, "\xef\xbb\xbf", 3) == 0)
			i += 3;
		else
			break;
	}
	while (n > i && strchr(" \t\r\n", s[n - 1]))
		n--;
	return tw_strndup(a, s + i, n - i);
}

/* "Title (Series) (Author)": the last parentheses, with those within them. */
static void split_title(const char **title, const char **author, const char *line,
			struct tw_arena *a)
{
	size_t n = strlen(line), at = n;
	int depth = 0;
	*title = *line ? line : NULL;
	*author = NULL;
	if (!n || line[n - 1] != ')')
		return;
	do {
		at--;
		depth += line[at] == ')' ? 1 : line[at] == '(' ? -1 : 0;
	} while (at && depth);
	if (depth || !at)
		return;
	*author = trimmed(line + at + 1, n - at - 2, a);
	*title = trimmed(line, at, a);
	*author = **author ? *author : NULL;
}

/* "<You have reached the clipping limit for this item>", in any language. */
static bool is_refusal(const char *text)
{
	size_t n = strlen(text);
	return n > 2 && text[0] == '<' && text[n - 1] == '>' && !strchr(text, '\n');
}

static enum tw_status add_entry(struct books *b, const char *s, size_t n, struct tw_arena *a,
				struct tw_err *err)
{
	const char *end = s + n, *said = memchr(s, '\n', n), *title, *author;
	const char *text = said ? memchr(said + 1, '\n', (size_t)(end - said - 1)) : NULL;
	if (!text)
		return TW_OK;
	const char *line = trimmed(s, (size_t)(said - s), a);
	said = trimmed(said, (size_t)(text - said), a);
	text = trimmed(text, (size_t)(end - text), a);
	/* "- Your Highlight on page 12 | Location 145-147 | Added on …": what it is may stand in any part but the last. */
	const char *date = strrchr(said, '|');
	const char *what = date ? tw_strndup(a, said, (size_t)(date - said)) : said;
	enum kindle_kind kind = kindle_kind_of(what, a);
	if (kind == KINDLE_BOOKMARK || !*text || is_refusal(text) || !is_said(said))
		return TW_OK;
	struct clip c = {.text = kind == KINDLE_NOTE ? NULL : text,
			 .note = kind == KINDLE_NOTE ? text : NULL,
			 .at_ms = date ? kindle_date(date + 1, a) : 0};
	kindle_place(&c.from, &c.to, what);
	split_title(&title, &author, line, a);
	return book_add(b, books_at(b, *line ? line : "(no title)", title, author), &c, err);
}

/* The separator that ends the entry at s: at the start of a line. NULL: there is none. */
static const char *separator_in(const char *s, const char *end)
{
	const char *p = s;
	while ((p = memmem(p, (size_t)(end - p), "\n" BETWEEN, 11))) {
		if (p + 11 == end || p[11] == '\r' || p[11] == '\n')
			return p;
		p += 11;
	}
	return NULL;
}

static enum tw_status read_entries(struct books *b, const struct tw_str *text, const char *name,
				   struct tw_err *err)
{
	const char *start = tw_str_c(text), *p = start, *end = p + text->len, *next;
	struct tw_arena a;
	enum tw_status st = TW_OK;
	tw_arena_init(&a);
	/* The newline before the separator of an empty entry is the one behind the last. */
	while (st == TW_OK && (next = separator_in(p > start ? p - 1 : p, end))) {
		tw_arena_reset(&a);
		if (next > p)
			st = add_entry(b, p, (size_t)(next - p), &a, err);
		p = next + 11;
		p += strcspn(p, "\n");
		p += *p == '\n';
	}
	if (st == TW_OK && *trimmed(p, (size_t)(end - p), &a))
		st = tw_fail(err, TW_BAD_DATA,
			     "%s is cut: its last entry has no end; copy it again", name);
	tw_arena_release(&a);
	return st;
}

static void kindle_close(void *state)
{
	books_release(state);
}

static enum tw_status kindle_open(void *state, struct export_in *x, struct tw_err *err)
{
	struct books *b = state;
	struct bundle_entry e;
	enum tw_status st = TW_OK;
	tw_arena_init(&b->arena);
	while (st == TW_OK && (st = export_next_entry(&e, x, is_clippings, err)) == TW_OK) {
		struct tw_str text = TW_STR_INIT;
		st = bundle_read_all(&text, x->files, EXPORT_MAX_PIECE, err);
		if (st == TW_OK)
			st = decode(&text, err);
		if (st == TW_OK)
			st = read_entries(b, &text, e.name, err);
		tw_str_release(&text);
	}
	if (st != TW_DONE)
		books_release(b);
	return st == TW_DONE ? TW_OK : st;
}

static enum tw_status kindle_next(struct tw_document *doc, void *state, struct export_in *x,
				  struct tw_arena *a, struct tw_err *err)
{
	(void)x;
	(void)err;
	return books_next(doc, state, a);
}

const struct export_format export_kindle = {
	.name = "Kindle",
	.recognise = is_clippings,
	.state_size = sizeof(struct books),
	.open = kindle_open,
	.next = kindle_next,
	.close = kindle_close,
};
