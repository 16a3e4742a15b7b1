/* A page that is read in a process of its own. */
#include "collect/child/child_int.h"
#include "collect/extract.h"

struct job {
	struct tw_page *page;
	const char *data;
	size_t len;
	const char *url, *charset;
	struct tw_arena *a;
};

/* All texts of a page, in the order in which they cross. */
static const char **texts_of(struct tw_page *p, size_t i)
{
	const char **const all[] = {&p->title,	   &p->author,	&p->description, &p->lang,
				    &p->canonical, &p->charset, &p->text,	 &p->markdown};
	return i < sizeof(all) / sizeof(*all) ? all[i] : NULL;
}

static enum tw_status parse(struct wire *w, void *ctx, struct tw_err *err)
{
	const struct job *j = ctx;
	enum tw_status st =
		tw_extract_page(j->page, j->data, j->len, j->url, j->charset, j->a, err);
	if (st != TW_OK)
		return st;
	for (size_t i = 0; texts_of(j->page, i); i++)
		wire_str(w, *texts_of(j->page, i));
	wire_i64(w, j->page->created_ms);
	wire_i64(w, j->page->modified_ms);
	return TW_OK;
}

static void take(struct wire_frame *f, void *ctx)
{
	const struct job *j = ctx;
	for (size_t i = 0; texts_of(j->page, i); i++)
		*texts_of(j->page, i) = tw_strdup(j->a, wire_get_str(f));
	j->page->created_ms = wire_get_i64(f);
	j->page->modified_ms = wire_get_i64(f);
	f->bad |= !j->page->text || !j->page->markdown;
}

enum tw_status tw_extract_page_apart(struct tw_page *out, const char *data, size_t len,
				     const char *url, const char *charset, struct tw_arena *a,
				     struct tw_err *err)
{
	struct job j = {out, data, len, url, charset, a};
	const struct child_question q = {
		.what = "the page", .parse = parse, .take = take, .ctx = &j};
	return child_ask(&q, err);
}
