/*
 * Kindle's notebook as HTML: what its apps send by Export notebook (Kindle help,
 * "Export your notebook"). Elements of the classes bookTitle, authors,
 * sectionHeading, noteHeading and noteText follow each other; the Mac's program
 * ends them with the wrong tags, so they are read in a row and not by what holds
 * what. The heading of a highlight has its colour in a span of the class highlight_….
 *
 * What was marked is quotation, only notes are the reader's words.
 */
#include <string.h>

#include "collect/export/books_int.h"
#include "collect/export/kindle_int.h"
#include "collect/html/html_int.h"

#define LOCATION_OF_KINDLE 100 /* bytes of text, at least: what a location counts */

enum field { F_NONE, F_TITLE, F_AUTHORS, F_HEADING, F_TEXT };

struct notebook {
	struct books *books;
	struct book *book;
	const char *key;
	enum field field;
	struct tw_str text; /* of the field */
	char *title, *authors;
	enum kindle_kind kind; /* of the last heading */
	bool marked;	       /* it has a colour */
	struct clip clip;
	struct tw_arena *a;
};

static bool is_notebook(const char *name, const char *head, size_t n)
{
	(void)name;
	return export_has(head, n, "bookTitle") && export_has(head, n, "noteHeading") &&
	       export_has(head, n, "noteText");
}

/* "Highlight(yellow) - Chapter > Page 4 · Location 274": what it is stands before the dash. */
static void read_heading(struct notebook *b, const char *said)
{
	const char *dash = strstr(said, " - ");
	const char *first = dash ? tw_strndup(b->a, said, (size_t)(dash - said)) : said;
	b->kind = b->marked ? KINDLE_PASSAGE : kindle_kind_of(first, b->a);
	b->clip = (struct clip){0};
	kindle_place(&b->clip.from, &b->clip.to, dash ? dash : "");
}

/* Two books may have one title. */
static const char *key_of(const struct notebook *b)
{
	const char *title = b->title ? b->title : b->key;
	return b->authors ? tw_sprintf(b->a, "%s (%s)", title, b->authors) : title;
}

static enum tw_status add_clip(struct notebook *b, const char *text, struct tw_err *err)
{
	if (b->kind == KINDLE_BOOKMARK || !*text)
		return TW_OK;
	if (!b->book)
		b->book = books_at(b->books, key_of(b), b->title, b->authors);
	struct clip c = b->clip;
	*(b->kind == KINDLE_NOTE ? &c.note : &c.text) = text;
	/* The heading says where it begins; its note stands where it ends. */
	if (c.text && c.from > 0)
		c.to = c.from + 1 + (double)(strlen(text) / LOCATION_OF_KINDLE);
	return book_add(b->books, b->book, &c, err);
}

static enum tw_status end_field(struct notebook *b, struct tw_err *err)
{
	enum tw_status st = TW_OK;
	tw_str_trim(&b->text);
	char *text = tw_str_dup(&b->text, b->a);
	if (b->field == F_TITLE)
		b->title = *text ? text : NULL;
	else if (b->field == F_AUTHORS)
		b->authors = *text ? text : NULL;
	else if (b->field == F_HEADING)
		read_heading(b, text);
	else if (b->field == F_TEXT)
		st = add_clip(b, text, err);
	tw_str_clear(&b->text);
	b->field = F_NONE;
	return st;
}

static enum tw_status begin_field(struct notebook *b, enum field field, struct tw_err *err)
{
	enum tw_status st = end_field(b, err);
	b->field = field;
	if (field == F_HEADING)
		b->marked = false;
	return st;
}

/* White space as one space, but for line breaks of their own. */
static void add_text(struct tw_str *out, const struct dom_node *n)
{
	for (size_t i = 0; i < n->len; i++) {
		char c = n->text[i];
		bool space = strchr(" \t\r\n", c) != NULL;
		if (!space)
			tw_str_addc(out, c);
		else if (out->len && !strchr(" \n", out->data[out->len - 1]))
			tw_str_addc(out, ' ');
	}
}

static bool is_colour(const struct dom_node *n)
{
	const char *class = dom_attr(n, "class");
	return class && tw_starts_with(class, "highlight_");
}

static enum tw_status take_element(struct notebook *b, const struct dom_node *n, struct tw_err *err)
{
	static const struct {
		const char *class;
		enum field field;
	} fields[] = {{"bookTitle", F_TITLE},	  {"authors", F_AUTHORS},
		      {"citation", F_NONE},	  {"notebookFor", F_NONE},
		      {"sectionHeading", F_NONE}, {"noteHeading", F_HEADING},
		      {"noteText", F_TEXT}};
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (dom_attr_has(n, "class", fields[i].class))
			return begin_field(b, fields[i].field, err);
	if (n->tag == TAG_BR)
		tw_str_addc(&b->text, '\n');
	else if (n->tag == TAG_P && b->text.len)
		tw_str_adds(&b->text, "\n\n");
	b->marked |= b->field == F_HEADING && is_colour(n);
	return TW_OK;
}

static enum tw_status read_tree(struct notebook *b, const struct dom *d, struct tw_err *err)
{
	enum tw_status st = TW_OK;
	const struct dom_node *n = d->root;
	while (st == TW_OK && n) {
		bool silent = !n->text && html_is_silent(n);
		if (n->text)
			add_text(&b->text, n);
		else if (!silent)
			st = take_element(b, n, err);
		n = silent ? dom_skip(n, d->root) : dom_next(n, d->root);
	}
	return st == TW_OK ? end_field(b, err) : st;
}

/* Each file is a book, told at once. */
static enum tw_status read_notebook(struct tw_document *doc, void *state TW_UNUSED,
				    const struct export_in *x TW_UNUSED, struct tw_str *html,
				    struct tw_arena *a, struct tw_err *err)
{
	struct dom d;
	const char *charset;
	struct books books = {0};
	struct notebook b = {.books = &books, .key = doc->key, .a = a};
	enum tw_status st = html_tree(&d, &charset, html->data, html->len, NULL, a, err);
	if (st == TW_OK)
		st = read_tree(&b, &d, err);
	if (st == TW_OK && b.book)
		book_fill(doc, b.book, a);
	tw_str_release(&b.text);
	books_release(&books);
	return st;
}

static enum tw_status notebook_next(struct tw_document *doc, void *state, struct export_in *x,
				    struct tw_arena *a, struct tw_err *err)
{
	return export_next_page(doc, x, is_notebook, read_notebook, state, a, err);
}

const struct export_format export_kindle_html = {
	.name = "Notebook (Kindle)",
	.recognise = is_notebook,
	.next = notebook_next,
};
