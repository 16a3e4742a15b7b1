#include "collect/export/books_int.h"

#include <math.h>
#include <string.h>

#include "collect/export/exchange_int.h"
#include "collect/quotation_int.h"

#define NEAR 8 /* clips that a new one may be part of */

struct book *books_at(struct books *b, const char *key, const char *title, const char *author)
{
	struct book *book = tw_map_get(&b->by_key, key);
	if (book)
		return book;
	book = TW_NEW(&b->arena, struct book);
	book->key = tw_strdup(&b->arena, key);
	book->title = tw_strdup(&b->arena, title);
	book->author = tw_strdup(&b->arena, author);
	b->bytes += sizeof(*book) + strlen(key) + (title ? strlen(title) : 0) +
		    (author ? strlen(author) : 0);
	tw_map_set(&b->by_key, book->key, book);
	tw_vec_push(&b->list, book);
	return book;
}

static bool overlap(const struct clip *one, const struct clip *other)
{
	return one->from <= other->to && other->from <= one->to;
}

/* Whether it is told already. A longer one takes the place of its part. */
static bool is_known(struct books *b, struct book *book, const struct clip *clip)
{
	size_t n = book->clips.n;
	for (size_t i = n; clip->text && !clip->note && i > 0 && n - i < NEAR; i--) {
		struct clip *c = &book->clips.at[i - 1];
		if (!c->text || !overlap(c, clip))
			continue;
		if (strstr(c->text, clip->text))
			return true;
		if (!strstr(clip->text, c->text))
			continue;
		c->text = tw_strdup(&b->arena, clip->text);
		c->from = clip->from;
		c->to = clip->to;
		return true;
	}
	return false;
}

/* A note and its passage, one told after the other. */
static bool is_joined(struct books *b, struct book *book, const struct clip *clip)
{
	struct clip *last = book->clips.n ? &book->clips.at[book->clips.n - 1] : NULL;
	bool both = last && (clip->text ? !last->text && !clip->note : last->text && !last->note);
	if (!both || !(clip->to > 0) || !overlap(last, clip))
		return false;
	if (clip->text) {
		last->text = tw_strdup(&b->arena, clip->text);
		last->from = clip->from;
		last->to = clip->to;
	} else {
		last->note = tw_strdup(&b->arena, clip->note);
	}
	return true;
}

enum tw_status book_add(struct books *b, struct book *book, const struct clip *clip,
			struct tw_err *err)
{
	struct clip c = *clip;
	if (!isfinite(c.to))
		c.from = c.to = 0;
	b->bytes += sizeof(c) + (c.text ? strlen(c.text) : 0) + (c.note ? strlen(c.note) : 0);
	if (b->bytes > BOOKS_MOST)
		return tw_fail(err, TW_BAD_DATA, "more than %zu MiB of passages", BOOKS_MOST >> 20);
	if (is_known(b, book, &c) || is_joined(b, book, &c))
		return TW_OK;
	c.text = tw_strdup(&b->arena, c.text);
	c.note = tw_strdup(&b->arena, c.note);
	c.nth = book->clips.n;
	tw_vec_push(&book->clips, c);
	return TW_OK;
}

/* By where they end in the book: a note stands at the end of its passage. Without a place, as they were told. */
static int by_place(const void *x, const void *y)
{
	const struct clip *a = x, *b = y;
	if (a->to != b->to)
		return a->to < b->to ? -1 : 1;
	if (a->to > 0 && !a->text != !b->text)
		return a->text ? -1 : 1;
	return a->nth < b->nth ? -1 : a->nth > b->nth;
}

static const char *source_line(const struct book *book, struct tw_arena *a)
{
	const char *title = book->title ? plain_as_markdown(book->title, a) : NULL;
	const char *author = book->author ? plain_as_markdown(book->author, a) : NULL;
	if (!title || !author)
		return title || author ? tw_sprintf(a, "— %s", title ? title : author) : NULL;
	return tw_sprintf(a, "— %s, %s", author, title);
}

static void add_passage(struct tw_str *out, struct exchanges *e, const char *text,
			const char *source, struct tw_arena *a)
{
	const char *md = plain_as_markdown(text, a);
	exchange_break(e);
	exchange_heard(e, md, 0);
	markdown_add_quotation(out, source ? tw_sprintf(a, "%s\n\n%s", md, source) : md);
}

static void add_note(struct tw_str *out, struct exchanges *e, const char *note, struct tw_arena *a)
{
	struct tw_str block = TW_STR_INIT;
	const char *md = plain_as_markdown(note, a);
	markdown_add_text(out, md);
	markdown_add_text(&block, md);
	exchange_said(e, tw_str_c(&block), 0);
	tw_str_release(&block);
}

static void note_date(struct tw_document *doc, int64_t at_ms)
{
	if (at_ms && (!doc->created_ms || at_ms < doc->created_ms))
		doc->created_ms = at_ms;
	if (at_ms > doc->modified_ms)
		doc->modified_ms = at_ms;
}

void book_fill(struct tw_document *doc, struct book *book, struct tw_arena *a)
{
	struct tw_str out = TW_STR_INIT;
	struct exchanges e = {0};
	struct export_tags tags = {0};
	const char *source = source_line(book, a);
	if (book->clips.n)
		qsort(book->clips.at, book->clips.n, sizeof(*book->clips.at), by_place);
	for (size_t i = 0; i < book->clips.n; i++) {
		const struct clip *c = &book->clips.at[i];
		if (!c->text && (!i || !(c->to > 0) || !overlap(c - 1, c)))
			exchange_break(&e); /* of something else in the book */
		if (c->text)
			add_passage(&out, &e, c->text, source, a);
		if (c->note)
			add_note(&out, &e, c->note, a);
		note_date(doc, c->at_ms);
	}
	doc->key = tw_strdup(a, book->key);
	doc->url = tw_strdup(a, book->url);
	tags.exchanges = exchanges_take(&e, a);
	doc->extra = export_tags(&tags, a);
	export_set_body(doc, "text/markdown", tw_str_dup(&out, a));
	exchanges_release(&e);
	tw_str_release(&out);
}

enum tw_status books_next(struct tw_document *doc, struct books *b, struct tw_arena *a)
{
	if (b->at == b->list.n)
		return TW_DONE;
	book_fill(doc, b->list.at[b->at++], a);
	return TW_OK;
}

void books_release(struct books *b)
{
	for (size_t i = 0; i < b->list.n; i++)
		tw_vec_release(&b->list.at[i]->clips);
	tw_vec_release(&b->list);
	tw_map_release(&b->by_key);
	tw_arena_release(&b->arena);
}
