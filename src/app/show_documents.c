#include "app/print.h"
#include "app/show.h"
#include "base/json.h"

static const struct tw_column columns[] = {
	{"id", "id", TW_COL_TEXT, 0},
	{"created_ms", "date", TW_COL_DAY, 0},
	{"revision", "rev", TW_COL_NUMBER, 0},
	{"source", "source", TW_COL_TEXT, 24},
	{"title", "title", TW_COL_TEXT, 60},
	{"key", "key", TW_COL_TEXT, 60},
	{0},
};

/* A parser said it: it is JSON only when it reads as such. */
static void write_extra(struct tw_json_writer *w, const char *extra)
{
	struct tw_arena a;
	tw_arena_init(&a);
	tw_jw_raw(w, "extra", extra && tw_json_of(extra, &a) ? extra : "null");
	tw_arena_release(&a);
}

static void write_document(struct tw_json_writer *w, const struct tw_document *d)
{
	tw_jw_object(w, NULL);
	tw_jw_str(w, "id", d->id);
	tw_jw_str(w, "source", d->source);
	tw_jw_str(w, "key", d->key);
	tw_jw_str(w, "title", d->title);
	tw_jw_str(w, "author", d->author);
	tw_jw_str(w, "url", d->url);
	tw_jw_str(w, "lang", d->lang);
	tw_jw_str(w, "media", d->media);
	write_extra(w, d->extra);
	tw_jw_int(w, "revision", d->revision);
	tw_jw_str(w, "digest", d->digest.hex);
	tw_jw_int(w, "created_ms", d->created_ms);
	tw_jw_int(w, "modified_ms", d->modified_ms);
	tw_jw_bool(w, "deleted", d->deleted);
	if (d->body.data)
		tw_jw_strn(w, "body", d->body.data, d->body.len);
	tw_jw_end(w);
}

static enum tw_status show_one(struct tw_app *app, const char *ref, struct tw_err *err)
{
	struct tw_document d;
	enum tw_status st = tw_fs_document(&d, app->fs, ref, 0, &app->arena, err);
	if (st != TW_OK)
		return st;
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	write_document(&w, &d);
	tw_print_object(app, &s);
	tw_str_release(&s);
	return TW_OK;
}

enum tw_status tw_show_documents(struct tw_app *app, const char *ref,
				 const struct tw_show_options *o, struct tw_err *err)
{
	if (ref)
		return show_one(app, ref, err);
	const struct tw_document_filter filter = {.deleted = o->deleted, .limit = (size_t)o->limit};
	struct tw_documents all;
	enum tw_status st = tw_fs_documents(&all, app->fs, &filter, &app->arena, err);
	if (st != TW_OK)
		return st;
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	tw_jw_array(&w, NULL);
	for (size_t i = 0; i < all.n; i++)
		write_document(&w, &all.at[i]);
	tw_jw_end(&w);
	tw_print_list(app, &s, columns, "no documents yet: `twin collect`");
	tw_print_more(all.total - all.n);
	tw_str_release(&s);
	return TW_OK;
}
