/*
 * Ghost: Settings, Advanced, Import/Export, Export content: one JSON file of the
 * tables, {"db": [{"meta": {"exported_on": …}, "data": {"posts": […], "users": …}}]},
 * newer ones without "db" (docs.ghost.org, "Developing for Ghost: the JSON file format").
 *
 * Posts and pages that are published or were sent, with their tags; with `drafts`
 * also drafts and scheduled ones. Of a site with several authors, only the author's.
 * Members, settings and the cards of a post that are no HTML are left out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "collect/export/export_int.h"

struct ghost {
	struct tw_json_reader *r; /* in the array of posts; NULL: no file is open */
	struct tw_map users;	  /* id → name, in the arena */
	struct tw_map writers;	  /* id of a post → id of its first author */
	struct tw_map tags;	  /* id → name */
	struct tw_map tagged;	  /* id of a post → struct tagged */
	struct tw_map mine;	  /* ids of users that are the author */
	bool all_mine;
	struct tw_arena arena;
};

struct tagged {
	const char *tag; /* id */
	struct tagged *next;
	struct tagged *last; /* of the first one: the end of the list */
};

static bool is_ghost(const char *name, const char *head, size_t n)
{
	(void)name;
	return n && head[0] == '{' && export_has(head, n, "\"exported_on\"") &&
	       export_has(head, n, "\"data\"") && export_has(head, n, "\"version\"");
}

static void ghost_close(void *state)
{
	struct ghost *g = state;
	tw_json_reader_free(g->r);
	tw_map_release(&g->users);
	tw_map_release(&g->writers);
	tw_map_release(&g->tags);
	tw_map_release(&g->tagged);
	tw_map_release(&g->mine);
	tw_arena_release(&g->arena);
}

/* Into the object of the tables. TW_DONE: there is none. */
static enum tw_status enter_data(struct tw_json_reader *r, struct tw_err *err)
{
	const char *key;
	enum tw_status st = tw_json_enter(r, err);
	while (st == TW_OK && (st = tw_json_next(&key, r, err)) == TW_OK) {
		if (strcmp(key, "data") == 0)
			return tw_json_enter(r, err);
		if (strcmp(key, "db") != 0)
			continue;
		st = tw_json_enter(r, err);
		if (st == TW_OK)
			st = tw_json_next(NULL, r, err);
		if (st == TW_OK)
			st = tw_json_enter(r, err);
	}
	return st;
}

/* Old exports number their rows. */
static const char *id_of(const struct tw_json *row, const char *key, struct tw_arena *a)
{
	const struct tw_json *v = tw_json_get(row, key);
	if (v && v->type == TW_JSON_INT)
		return tw_sprintf(a, "%lld", (long long)v->i);
	return tw_json_str(v, "");
}

static void add_user(struct ghost *g, const struct export_in *x, const struct tw_json *row)
{
	const char *id = id_of(row, "id", &g->arena), *name = export_text(row, "name");
	if (name)
		tw_map_set(&g->users, id, tw_strdup(&g->arena, name));
	if (export_is_author(x, name) || export_is_author(x, export_text(row, "email")) ||
	    export_is_author(x, export_text(row, "slug")))
		tw_map_set_int(&g->mine, id, 1);
}

static void add_row(struct ghost *g, const struct export_in *x, const char *table,
		    const struct tw_json *row)
{
	struct tw_arena *a = &g->arena;
	const char *post = id_of(row, "post_id", a);
	if (strcmp(table, "users") == 0)
		add_user(g, x, row);
	else if (strcmp(table, "tags") == 0 && export_text(row, "name"))
		tw_map_set(&g->tags, id_of(row, "id", a), tw_strdup(a, export_text(row, "name")));
	else if (strcmp(table, "posts_authors") == 0 && !tw_map_has(&g->writers, post))
		tw_map_set(&g->writers, post, tw_strdup(a, id_of(row, "author_id", a)));
	else if (strcmp(table, "posts_tags") == 0) {
		struct tagged *t = TW_NEW(a, struct tagged), *first = tw_map_get(&g->tagged, post);
		t->tag = tw_strdup(a, id_of(row, "tag_id", a));
		if (first)
			first->last->next = t;
		else
			tw_map_set(&g->tagged, post, first = t);
		first->last = t;
	}
}

static bool is_small_table(const char *key)
{
	return !strcmp(key, "users") || !strcmp(key, "tags") || !strcmp(key, "posts_authors") ||
	       !strcmp(key, "posts_tags");
}

static enum tw_status read_rows(struct ghost *g, const struct export_in *x,
				struct tw_json_reader *r, const char *table, struct tw_err *err)
{
	struct tw_arena a;
	struct tw_json *row;
	tw_arena_init(&a);
	enum tw_status st = tw_json_enter(r, err);
	while (st == TW_OK && (st = tw_json_next(NULL, r, err)) == TW_OK) {
		struct tw_err why = TW_ERR_INIT;
		tw_arena_reset(&a);
		st = tw_json_value(&row, r, &a, &why);
		if (st == TW_OK)
			add_row(g, x, table, row);
		else
			st = st == TW_SKIPPED ? TW_OK : tw_fail(err, st, "%s", why.msg);
	}
	tw_arena_release(&a);
	return st == TW_DONE ? TW_OK : st;
}

/* Who wrote what, and the tags: tables that may stand behind the posts. */
static enum tw_status read_tables(struct ghost *g, struct export_in *x, struct tw_err *err)
{
	struct bundle_entry e;
	enum tw_status st;
	while ((st = export_next_entry(&e, x, is_ghost, err)) == TW_OK) {
		const char *key;
		char table[32];
		struct tw_json_reader *r =
			tw_json_reader_new(bundle_read, x->files, EXPORT_MAX_PIECE);
		st = enter_data(r, err);
		while (st == TW_OK && (st = tw_json_next(&key, r, err)) == TW_OK)
			if (is_small_table(key)) {
				snprintf(table, sizeof(table), "%s", key);
				st = read_rows(g, x, r, table, err);
			}
		tw_json_reader_free(r);
		if (st != TW_DONE)
			return tw_wrap(err, st, "%s", e.name);
	}
	return st == TW_DONE ? bundle_rewind(x->files, err) : st;
}

static enum tw_status check_authors(struct ghost *g, const struct export_in *x, struct tw_err *err)
{
	struct tw_str all = TW_STR_INIT;
	const struct tw_map_slot *s;
	g->all_mine = export_is_of_one(x, g->users.n);
	if (g->all_mine || g->mine.n)
		return TW_OK;
	for (size_t it = 0; (s = tw_map_next(&g->users, &it)) && all.len < 300;)
		export_add_name(&all, s->v.p);
	return export_no_author(&all, err);
}

static enum tw_status ghost_open(void *state, struct export_in *x, struct tw_err *err)
{
	struct ghost *g = state;
	tw_arena_init(&g->arena);
	enum tw_status st = read_tables(g, x, err);
	if (st == TW_OK)
		st = check_authors(g, x, err);
	if (st != TW_OK)
		ghost_close(g);
	return st;
}

/* Before the first post of the next file. TW_DONE: there is none. */
static enum tw_status open_posts(struct ghost *g, struct export_in *x, struct tw_err *err)
{
	struct bundle_entry e;
	enum tw_status st = export_next_entry(&e, x, is_ghost, err);
	if (st != TW_OK)
		return st;
	g->r = tw_json_reader_new(bundle_read, x->files, EXPORT_MAX_PIECE);
	st = enter_data(g->r, err);
	if (st == TW_OK)
		st = tw_json_enter_member(g->r, "posts", err);
	return st == TW_DONE ? tw_fail(err, TW_BAD_DATA, "%s: no posts in it", e.name) : st;
}

static const char *tags_of(const struct ghost *g, const char *post, struct tw_arena *a)
{
	struct export_tags tags = {0};
	for (const struct tagged *t = tw_map_get(&g->tagged, post); t; t = t->next)
		export_add_tag(&tags, tw_map_get(&g->tags, t->tag));
	return export_tags(&tags, a);
}

static bool is_wanted(const struct ghost *g, const struct export_in *x, const struct tw_json *post,
		      const char *writer)
{
	const char *status = export_text(post, "status");
	bool live = tw_streq(status, "published") || tw_streq(status, "sent");
	return (g->all_mine || tw_map_has(&g->mine, writer)) && status && (live || x->drafts);
}

/* TW_DONE: not one of the author's, or not published. */
static enum tw_status read_post(struct tw_document *doc, const struct ghost *g,
				const struct export_in *x, const struct tw_json *post,
				struct tw_arena *a, struct tw_err *err)
{
	const char *id = id_of(post, "id", a), *uuid = export_text(post, "uuid");
	const char *writer = tw_map_get(&g->writers, id), *html = export_text(post, "html");
	if (!writer) /* before version 1.22 */
		writer = id_of(post, "author_id", a);
	if (!is_wanted(g, x, post, writer))
		return TW_DONE;
	doc->key = uuid ? uuid : id;
	if (!*doc->key)
		return tw_fail(err, TW_SKIPPED, "a post without an id");
	doc->title = export_text(post, "title");
	doc->author = tw_map_get(&g->users, writer);
	doc->url = export_text(post, "canonical_url");
	doc->lang = export_text(post, "locale");
	doc->extra = tags_of(g, id, a);
	doc->created_ms = export_date(post, "published_at");
	if (!doc->created_ms)
		doc->created_ms = export_date(post, "created_at");
	doc->modified_ms = export_date(post, "updated_at");
	if (html)
		export_set_body(doc, "text/markdown", export_markdown(html, NULL, doc->url, a));
	else
		export_set_body(doc, "text/plain", tw_json_str(tw_json_get(post, "plaintext"), ""));
	return TW_OK;
}

static enum tw_status ghost_next(struct tw_document *doc, void *state, struct export_in *x,
				 struct tw_arena *a, struct tw_err *err)
{
	struct ghost *g = state;
	for (;;) {
		struct tw_json *post;
		enum tw_status st = g->r ? TW_OK : open_posts(g, x, err);
		if (st != TW_OK)
			return st;
		tw_arena_reset(a);
		st = tw_json_next(NULL, g->r, err);
		if (st == TW_DONE) { /* that the file is whole was seen at open() */
			tw_json_reader_free(g->r);
			g->r = NULL;
			continue;
		}
		doc->key = "posts/"; /* of one that is no JSON: nothing is removed then */
		if (st == TW_OK)
			st = tw_json_value(&post, g->r, a, err);
		if (st == TW_OK)
			st = read_post(doc, g, x, post, a, err);
		if (st != TW_DONE)
			return st;
	}
}

const struct export_format export_ghost = {
	.name = "Ghost",
	.recognise = is_ghost,
	.state_size = sizeof(struct ghost),
	.open = ghost_open,
	.next = ghost_next,
	.close = ghost_close,
};
