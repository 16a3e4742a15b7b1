/*
 * Goodreads: goodreads_library_export.csv (My Books, Tools, Import and export).
 * Goodreads describes it only in its help ("How do I import or export my books?");
 * its columns are Book Id, Title, Author, …, My Rating, …, Date Read, Date Added,
 * Bookshelves, …, My Review, Spoiler, Private Notes, …. A review is HTML with little
 * more than <br/> in it.
 *
 * The reviews, each with the book's title as what it is about; private notes never.
 */
#include <string.h>

#include "collect/export/table_int.h"

static const char *const columns[] = {"Book Id", "Title", "My Rating", "My Review", NULL};

static bool is_library(const char *name, const char *head, size_t n)
{
	(void)name;
	return table_is(head, n, columns);
}

static void add_shelves(struct export_tags *tags, const char *shelves, struct tw_arena *a)
{
	for (const char *p = shelves; *p;) {
		size_t n = strcspn(p, ",");
		export_add_tag(tags, tw_strndup(a, p, n));
		p += n;
		p += strspn(p, ", ");
	}
}

static enum tw_status goodreads_next(struct tw_document *doc, void *state, struct export_in *x,
				     struct tw_arena *a, struct tw_err *err)
{
	struct table *t = state;
	enum tw_status st;
	t->recognise = is_library;
	t->columns = columns;
	while (tw_arena_reset(a), (st = table_next(&doc->key, t, x, a, err)) == TW_OK) {
		struct export_tags tags = {0};
		const char *id = table_get(t, "Book Id"), *review = table_get(t, "My Review");
		if (!*id || !*review)
			continue;
		doc->key = tw_strdup(a, id);
		doc->title = tw_strdup(a, table_get(t, "Title"));
		doc->created_ms = export_parse_date(table_get(t, "Date Read"));
		if (!doc->created_ms)
			doc->created_ms = export_parse_date(table_get(t, "Date Added"));
		add_shelves(&tags, table_get(t, "Bookshelves"), a);
		doc->extra = export_tags(&tags, a);
		export_set_body(doc, "text/markdown", export_markdown(review, NULL, NULL, a));
		return TW_OK;
	}
	return st;
}

static void goodreads_close(void *state)
{
	table_release(state);
}

const struct export_format export_goodreads = {
	.name = "Goodreads",
	.recognise = is_library,
	.state_size = sizeof(struct table),
	.next = goodreads_next,
	.close = goodreads_close,
};
