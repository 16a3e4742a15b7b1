/*
 * Substack: the export (Settings, Import / Export) is a ZIP of posts.csv and
 * posts/ID.SLUG.html. Substack describes it only in its help centre ("How do I
 * export my posts?"); posts.csv begins with the names of its columns: post_id (which
 * is ID.SLUG), post_date, is_published, …, type, audience, title, subtitle, podcast_url.
 * The lists of subscribers and readers in it are never read.
 */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "collect/export/csv_int.h"
#include "collect/export/export_int.h"

struct row {
	const char *id; /* of the post, without the slug */
	const char *title, *subtitle;
	bool published;
	int64_t date_ms;
};

struct substack {
	struct tw_map rows; /* "ID.SLUG" → struct row, in the arena */
	struct tw_arena arena;
};

static bool is_csv(const char *name, const char *head, size_t n)
{
	const char *end = memchr(head, '\n', n);
	(void)name;
	return n > 8 && end && export_has(head, 12, "post_id") &&
	       export_has(head, (size_t)(end - head), "post_date") &&
	       export_has(head, (size_t)(end - head), "is_published");
}

/* The pages have no mark of their own: they are found by their names, which posts.csv gives. */
static bool is_page(const char *name, const char *head, size_t n)
{
	(void)head;
	(void)n;
	return tw_ends_with_nocase(name, ".html");
}

static void substack_close(void *state)
{
	struct substack *s = state;
	tw_map_release(&s->rows);
	tw_arena_release(&s->arena);
}

static const char *column(const struct tw_strings *names, const struct tw_strings *row,
			  const char *name)
{
	for (size_t i = 0; i < names->n && i < row->n; i++)
		if (tw_ends_with(names->at[i],
				 name)) /* a byte order mark may stand before the first */
			return row->at[i];
	return "";
}

static void add_row(struct substack *s, const struct tw_strings *names, const struct tw_strings *f)
{
	const char *id = column(names, f, "post_id");
	struct row *r = TW_NEW(&s->arena, struct row);
	if (!*id)
		return;
	r->id = tw_strndup(&s->arena, id, strcspn(id, "."));
	r->title = column(names, f, "title");
	r->subtitle = column(names, f, "subtitle");
	r->published = strcasecmp(column(names, f, "is_published"), "true") == 0;
	r->date_ms = export_parse_date(column(names, f, "post_date"));
	tw_map_set(&s->rows, id, r);
}

static enum tw_status substack_open(void *state, struct export_in *x, struct tw_err *err)
{
	struct substack *s = state;
	struct bundle_entry e;
	struct tw_str text = TW_STR_INIT;
	struct tw_strings names = {0}, fields;
	tw_arena_init(&s->arena);
	enum tw_status st = export_next_entry(&e, x, is_csv, err);
	if (st == TW_OK)
		st = bundle_read_all(&text, x->files, EXPORT_MAX_PIECE, err);
	export_mend(&text);
	struct csv csv = {.at = tw_str_c(&text), .end = tw_str_c(&text) + text.len};
	if (st == TW_OK && csv_next(&names, &csv, &s->arena))
		while (csv_next(&fields, &csv, &s->arena))
			add_row(s, &names, &fields);
	if (csv.cut)
		st = tw_fail(err, TW_BAD_DATA, "%s is cut; download the export again", e.name);
	tw_str_release(&text);
	if (st == TW_OK)
		st = bundle_rewind(x->files, err);
	if (st != TW_OK)
		substack_close(s);
	return st;
}

static const char *name_without_folder(const char *name, struct tw_arena *a)
{
	const char *slash = strrchr(name, '/');
	name = slash ? slash + 1 : name;
	return tw_strndup(a, name, strlen(name) - strlen(".html"));
}

static void fill(struct tw_document *doc, const struct row *r, const char *html, struct tw_arena *a)
{
	/* "Subscribe now", "Share", "Leave a comment" */
	static const char *const without[] = {"button-wrapper", "subscription-widget-wrap",
					      "subscription-widget-wrap-editor", NULL};
	struct export_tags none = {0};
	doc->title = *r->title ? r->title : NULL;
	doc->created_ms = r->date_ms;
	doc->extra = export_extra(&none, *r->subtitle ? r->subtitle : NULL, NULL, a);
	export_set_body(doc, "text/markdown", export_markdown(html, without, NULL, a));
}

static enum tw_status substack_next(struct tw_document *doc, void *state, struct export_in *x,
				    struct tw_arena *a, struct tw_err *err)
{
	struct substack *s = state;
	struct bundle_entry e;
	enum tw_status st;
	while ((st = export_next_entry(&e, x, is_page, err)) == TW_OK) {
		const struct row *r = tw_map_get(&s->rows, name_without_folder(e.name, a));
		struct tw_str html = TW_STR_INIT;
		if (!r || (!r->published && !x->drafts))
			continue;
		doc->key = r->id;
		st = bundle_read_all(&html, x->files, EXPORT_MAX_PIECE, err);
		export_mend(&html);
		if (st == TW_OK)
			fill(doc, r, tw_str_c(&html), a);
		tw_str_release(&html);
		return st;
	}
	return st;
}

const struct export_format export_substack = {
	.name = "Substack",
	.recognise = is_csv,
	.state_size = sizeof(struct substack),
	.open = substack_open,
	.next = substack_next,
	.close = substack_close,
};
