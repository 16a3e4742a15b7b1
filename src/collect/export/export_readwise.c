/*
 * Readwise: readwise-data.csv (readwise.io/export, CSV) has the columns Highlight,
 * Book Title, Book Author, Amazon Book ID, Note, Color, Tags, Location Type,
 * Location, Highlighted at, Document tags. The answers of its API (readwise.io/api_deets,
 * "Highlight EXPORT") are an object whose "results" are books with "highlights".
 * The Markdown that it writes is by a template of the user's own, and not read.
 *
 * Highlights are quotations; the notes are the user's. A book is one document.
 */
#include <stdlib.h>
#include <string.h>

#include "collect/export/books_int.h"
#include "collect/export/table_int.h"

static const char *const columns[] = {"Highlight", "Book Title", "Book Author", "Note", NULL};

struct readwise {
	struct table table;
	struct elements books;
	struct books of_table;
	bool is_read; /* the table */
};

static bool is_table(const char *name, const char *head, size_t n)
{
	(void)name;
	return table_is(head, n, columns);
}

static bool is_answer(const char *name, const char *head, size_t n)
{
	(void)name;
	return export_has(head, n, "\"results\"") && export_has(head, n, "\"user_book_id\"");
}

static bool is_either(const char *name, const char *head, size_t n)
{
	return is_table(name, head, n) || is_answer(name, head, n);
}

static void readwise_close(void *state)
{
	struct readwise *r = state;
	table_release(&r->table);
	elements_release(&r->books);
	books_release(&r->of_table);
}

/* --- the table --- */

/* Two books may have one title, and one book two spellings of its author. */
static const char *key_of(const struct table *t, struct tw_arena *a)
{
	const char *asin = table_get(t, "Amazon Book ID"), *author = table_get(t, "Book Author");
	if (*asin)
		return tw_strdup(a, asin);
	return tw_sprintf(a, "%s%s%s%s", table_get(t, "Book Title"), *author ? " (" : "", author,
			  *author ? ")" : "");
}

static const char *or_null(const char *s)
{
	return s && *s ? s : NULL;
}

static enum tw_status add_row(struct readwise *r, struct tw_arena *a, struct tw_err *err)
{
	const struct table *t = &r->table;
	struct clip c = {.text = or_null(table_get(t, "Highlight")),
			 .note = or_null(table_get(t, "Note"))};
	const char *key = key_of(t, a);
	if ((!c.text && !c.note) || !*key)
		return TW_OK;
	c.from = c.to = strtod(table_get(t, "Location"), NULL);
	c.at_ms = export_parse_date(table_get(t, "Highlighted at"));
	struct book *book = books_at(&r->of_table, key, or_null(table_get(t, "Book Title")),
				     or_null(table_get(t, "Book Author")));
	return book_add(&r->of_table, book, &c, err);
}

static enum tw_status read_table(const char **key, struct readwise *r, struct export_in *x,
				 struct tw_arena *a, struct tw_err *err)
{
	enum tw_status st = TW_OK;
	while (st == TW_OK) {
		tw_arena_reset(a);
		st = table_next(key, &r->table, x, a, err);
		if (st == TW_OK)
			st = add_row(r, a, err);
	}
	if (st != TW_DONE)
		return st;
	r->is_read = true;
	return bundle_rewind(x->files, err);
}

/* --- the answers --- */

static enum tw_status add_highlight(struct books *b, struct book *book, const struct tw_json *h,
				    struct tw_err *err)
{
	struct clip c = {.text = export_text(h, "text"), .note = export_text(h, "note")};
	if ((!c.text && !c.note) || tw_json_bool(tw_json_get(h, "is_discard"), false) ||
	    tw_json_bool(tw_json_get(h, "is_deleted"), false))
		return TW_OK;
	c.from = c.to = tw_json_real(tw_json_get(h, "location"), 0);
	c.at_ms = export_date(h, "highlighted_at");
	return book_add(b, book, &c, err);
}

static enum tw_status fill(struct tw_document *doc, const struct tw_json *v, struct tw_arena *a,
			   struct tw_err *err)
{
	struct books one = {0};
	int64_t id = tw_json_int(tw_json_get(v, "user_book_id"), 0);
	if (!id)
		return tw_fail(err, TW_SKIPPED, "%s: a book without user_book_id", doc->key);
	struct book *book = books_at(&one, tw_sprintf(a, "%lld", (long long)id),
				     export_text(v, "title"), export_text(v, "author"));
	enum tw_status st = TW_OK;
	const char *note = export_text(v, "document_note");
	if (note)
		st = book_add(&one, book, &(struct clip){.note = note}, err);
	for (const struct tw_json *h = export_list(v, "highlights"); st == TW_OK && h; h = h->next)
		st = add_highlight(&one, book, h, err);
	book->url = export_text(v, "source_url");
	if (st == TW_OK)
		book_fill(doc, book, a);
	books_release(&one);
	return st;
}

static enum tw_status next_book(struct tw_document *doc, struct readwise *r, struct export_in *x,
				struct tw_arena *a, struct tw_err *err)
{
	struct tw_json *v;
	enum tw_status st = elements_next(&v, &doc->key, &r->books, x, a, err);
	if (st != TW_OK)
		return st;
	doc->key = tw_strdup(a, r->books.name);
	return fill(doc, v, a, err);
}

static enum tw_status readwise_next(struct tw_document *doc, void *state, struct export_in *x,
				    struct tw_arena *a, struct tw_err *err)
{
	struct readwise *r = state;
	enum tw_status st = TW_OK;
	r->table.recognise = is_table;
	r->table.columns = columns;
	r->books.recognise = is_answer;
	r->books.member = "results";
	if (!r->is_read)
		st = read_table(&doc->key, r, x, a, err);
	if (st != TW_OK)
		return st;
	st = books_next(doc, &r->of_table, a);
	return st == TW_DONE ? next_book(doc, r, x, a, err) : st;
}

const struct export_format export_readwise = {
	.name = "Readwise",
	.recognise = is_either,
	.state_size = sizeof(struct readwise),
	.next = readwise_next,
	.close = readwise_close,
};
