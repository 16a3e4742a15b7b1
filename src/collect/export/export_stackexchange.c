/*
 * Stack Exchange: the data dump of a site, which each user gets under Settings,
 * Data dump access: Posts.xml, Comments.xml, Users.xml and others, described in
 * "Database schema documentation for the public data dump and SEDE" on
 * meta.stackexchange.com. A row of Posts.xml is a question (PostTypeId 1, with a Title)
 * or an answer (2, with the question's ParentId); bodies are HTML, comments the
 * Markdown that was typed.
 *
 * Of all that it holds only the author's questions, answers and comments are
 * documents. The question is what an answer answers, and the post what a comment does.
 */
#include <string.h>

#include "base/map.h"
#include "collect/export/exchange_int.h"
#include "collect/export/xml_rows_int.h"
#include "collect/quotation_int.h"

#define MAX_IDS	     64
#define CONTEXTS_MAX ((size_t)64 << 20) /* bytes of posts of others that are held */

struct dump {
	struct xml_rows rows;
	const char *ids[MAX_IDS]; /* of the author */
	size_t n_ids;
	struct tw_map
		posts; /* id → what stands there, of those that the author answers; in the arena */
	size_t held;
	struct tw_arena arena;
};

static bool is_posts(const char *name, const char *head, size_t n)
{
	(void)name;
	return export_has(head, n, "<posts>") && export_has(head, n, "PostTypeId=");
}

static bool is_comments(const char *name, const char *head, size_t n)
{
	(void)name;
	return export_has(head, n, "<comments>") && export_has(head, n, "PostId=") &&
	       export_has(head, n, " Text=");
}

static bool is_users(const char *name, const char *head, size_t n)
{
	(void)name;
	return export_has(head, n, "<users>") && export_has(head, n, "DisplayName=");
}

static bool is_writing(const char *name, const char *head, size_t n)
{
	return is_posts(name, head, n) || is_comments(name, head, n);
}

static void dump_close(void *state)
{
	struct dump *d = state;
	xml_rows_release(&d->rows);
	tw_map_release(&d->posts);
	tw_arena_release(&d->arena);
}

/* --- who the author is --- */

static bool is_own_id(const struct dump *d, const char *id)
{
	for (size_t i = 0; i < d->n_ids; i++)
		if (strcmp(d->ids[i], id) == 0)
			return true;
	return false;
}

static void add_id(struct dump *d, const char *id)
{
	if (!is_own_id(d, id) && d->n_ids < MAX_IDS)
		d->ids[d->n_ids++] = tw_strdup(&d->arena, id);
}

static bool is_number(const char *s)
{
	return *s && strspn(s, "0123456789") == strlen(s);
}

/* Many may have one name, and a wrong one of them is worse than none. */
static enum tw_status judge_ids(const struct dump *d, size_t named, struct tw_err *err)
{
	if (!d->n_ids)
		return tw_fail(err, TW_BAD_USE,
			       "nobody in this dump is known as the author: say who it is by the "
			       "name there or by the number in the address of the profile, as in "
			       "`author: [12345]`");
	if (named > 1)
		return tw_fail(
			err, TW_BAD_USE,
			"%zu users of this site have that name: say which one by the number in "
			"the address of the profile, as in `author: [%s]`",
			named, d->ids[d->n_ids - 1]);
	return TW_OK;
}

/* What a pass over all rows does with one of them. */
typedef void (*look_fn)(struct dump *d, const struct export_in *x, struct tw_arena *a);

static enum tw_status look_through(struct dump *d, struct export_in *x, export_recognise files,
				   look_fn look, struct tw_err *err)
{
	struct tw_arena a;
	const char *key;
	enum tw_status st = TW_OK;
	struct tw_err why = TW_ERR_INIT;
	tw_arena_init(&a);
	d->rows.recognise = files;
	while (st == TW_OK || st == TW_SKIPPED) {
		tw_arena_reset(&a);
		tw_err_clear(&why);
		st = xml_rows_next(&key, &d->rows, x, &a, &why);
		if (st == TW_OK)
			look(d, x, &a);
	}
	tw_arena_release(&a);
	xml_rows_release(&d->rows);
	return st == TW_DONE ? bundle_rewind(x->files, err) : tw_fail(err, st, "%s", why.msg);
}

static void look_at_user(struct dump *d, const struct export_in *x, struct tw_arena *a)
{
	const char *id = xml_row_get(&d->rows, "Id", a);
	if (id && export_is_author(x, xml_row_get(&d->rows, "DisplayName", a)))
		add_id(d, id);
}

static enum tw_status find_author(struct dump *d, struct export_in *x, struct tw_err *err)
{
	size_t numbers = 0;
	for (size_t i = 0; i < x->author.n; i++)
		if (is_number(x->author.at[i]))
			add_id(d, x->author.at[i]);
	numbers = d->n_ids;
	enum tw_status st = numbers ? TW_OK : look_through(d, x, is_users, look_at_user, err);
	return st == TW_OK ? judge_ids(d, d->n_ids - numbers, err) : st;
}

/* --- what the author answers --- */

static bool is_own(const struct dump *d)
{
	for (size_t i = 0; i < d->n_ids; i++)
		if (xml_row_is(&d->rows, "OwnerUserId", d->ids[i]) ||
		    xml_row_is(&d->rows, "UserId", d->ids[i]))
			return true;
	return false;
}

static bool is_comment(const struct dump *d)
{
	return xml_row_has(&d->rows, "PostId");
}

/* The post that it stands below; NULL for a question. */
static const char *parent_of(const struct dump *d, struct tw_arena *a)
{
	return xml_row_get(&d->rows, is_comment(d) ? "PostId" : "ParentId", a);
}

static void look_for_parent(struct dump *d, const struct export_in *x, struct tw_arena *a)
{
	(void)x;
	const char *parent = is_own(d) ? parent_of(d, a) : NULL;
	if (parent)
		tw_map_set(&d->posts, parent, "");
}

static void look_at_parent(struct dump *d, const struct export_in *x, struct tw_arena *a)
{
	(void)x;
	const char *id = xml_row_get(&d->rows, "Id", a);
	if (!id || !tw_map_has(&d->posts, id) || d->held > CONTEXTS_MAX)
		return;
	const char *title = xml_row_get(&d->rows, "Title", a);
	const char *body = export_markdown(xml_row_get(&d->rows, "Body", a), NULL, NULL, a);
	const char *text = title ? tw_sprintf(a, "%s\n\n%s", title, body) : body;
	/* An exchange takes no more, and takes the end of it. */
	size_t n = strlen(text);
	if (n > 2 * EXCHANGE_HEARD)
		return;
	d->held += n;
	tw_map_set(&d->posts, id, tw_strdup(&d->arena, text));
}

static enum tw_status dump_open(void *state, struct export_in *x, struct tw_err *err)
{
	struct dump *d = state;
	tw_arena_init(&d->arena);
	enum tw_status st = find_author(d, x, err);
	if (st == TW_OK)
		st = look_through(d, x, is_writing, look_for_parent, err);
	if (st == TW_OK)
		st = look_through(d, x, is_posts, look_at_parent, err);
	d->rows.recognise = is_writing;
	if (st != TW_OK)
		dump_close(d);
	return st;
}

/* --- documents --- */

/* "<c><pointers>" or, since 2023, "|c|pointers|". */
static void add_tags(struct export_tags *tags, const char *names, struct tw_arena *a)
{
	for (const char *p = names; p && *p;) {
		size_t n = strcspn(p, "<>|");
		export_add_tag(tags, tw_strndup(a, p, n));
		p += n;
		p += strspn(p, "<>|");
	}
}

/* Further down, quotations of other writings stand between what is said. */
static const char *exchange_of(const char *context, const char *reply, struct tw_arena *a)
{
	struct exchanges e = {0};
	exchange_heard(&e, context, 0);
	exchange_said(&e, markdown_before_quotations(reply, a), 0);
	const char *json = exchanges_take(&e, a);
	exchanges_release(&e);
	return json;
}

static void fill(struct tw_document *doc, const struct dump *d, struct tw_arena *a)
{
	const struct xml_rows *r = &d->rows;
	bool comment = is_comment(d);
	struct export_tags tags = {0};
	const char *parent = parent_of(d, a);
	const char *text = comment ? xml_row_get(r, "Text", a)
				   : export_markdown(xml_row_get(r, "Body", a), NULL, NULL, a);
	doc->title = xml_row_get(r, "Title", a);
	doc->created_ms = export_parse_date(xml_row_get(r, "CreationDate", a));
	doc->modified_ms = export_parse_date(xml_row_get(r, "LastEditDate", a));
	add_tags(&tags, xml_row_get(r, "Tags", a), a);
	/* "@Ann …" answers another comment. */
	if (parent && text && !(comment && *text == '@'))
		tags.exchanges = exchange_of(tw_map_get(&d->posts, parent), text, a);
	doc->extra =
		export_extra(&tags, NULL, parent ? tw_sprintf(a, "posts/%s", parent) : NULL, a);
	export_set_body(doc, "text/markdown", text ? text : "");
}

/* Wikis of tags and other posts that nobody asked or answered are left out. */
static bool is_wanted(const struct dump *d)
{
	return is_own(d) && (is_comment(d) || xml_row_is(&d->rows, "PostTypeId", "1") ||
			     xml_row_is(&d->rows, "PostTypeId", "2"));
}

static enum tw_status dump_next(struct tw_document *doc, void *state, struct export_in *x,
				struct tw_arena *a, struct tw_err *err)
{
	struct dump *d = state;
	enum tw_status st;
	while (tw_arena_reset(a), (st = xml_rows_next(&doc->key, &d->rows, x, a, err)) == TW_OK) {
		const char *id = is_wanted(d) ? xml_row_get(&d->rows, "Id", a) : NULL;
		if (!id)
			continue;
		doc->key = tw_sprintf(a, "%s/%s", is_comment(d) ? "comments" : "posts", id);
		fill(doc, d, a);
		return TW_OK;
	}
	return st;
}

const struct export_format export_stackexchange = {
	.name = "Stack Exchange",
	.recognise = is_writing,
	.state_size = sizeof(struct dump),
	.open = dump_open,
	.next = dump_next,
	.close = dump_close,
};
