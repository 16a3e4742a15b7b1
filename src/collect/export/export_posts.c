/* Short posts in memory: only when all are known, it is known which of them answer each other. */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/vec.h"
#include "collect/export/export_posts_int.h"

#define NONE SIZE_MAX

struct node {
	struct post post;
	size_t root; /* of its thread; itself when it begins one */
	size_t order;
};

struct posts {
	struct elements items;
	bool joined; /* all are read */
	TW_VEC(struct node) all;
	struct tw_map ids; /* id → place in `all` */
	size_t at;
	struct tw_arena arena;
};

struct posts *posts_new(export_recognise recognise, const char *member)
{
	struct posts *p = tw_xcalloc(1, sizeof(*p));
	p->items = (struct elements){.recognise = recognise, .member = member};
	tw_arena_init(&p->arena);
	return p;
}

void posts_free(struct posts *p)
{
	if (!p)
		return;
	elements_release(&p->items);
	tw_vec_release(&p->all);
	tw_map_release(&p->ids);
	tw_arena_release(&p->arena);
	free(p);
}

void posts_add(struct posts *p, const struct post *post)
{
	struct tw_arena *a = &p->arena;
	if (tw_map_has(&p->ids, post->id))
		return;
	struct node n = {.post = *post, .root = NONE, .order = p->all.n};
	n.post.id = tw_strdup(a, post->id);
	n.post.parent = tw_strdup(a, post->parent);
	n.post.text = tw_strdup(a, post->text);
	n.post.url = tw_strdup(a, post->url);
	n.post.lang = tw_strdup(a, post->lang);
	n.post.author = tw_strdup(a, post->author);
	n.post.title = tw_strdup(a, post->title);
	n.post.extra = tw_strdup(a, post->extra);
	tw_map_set_int(&p->ids, post->id, (int64_t)p->all.n);
	tw_vec_push(&p->all, n);
}

const char *posts_entry(const struct posts *p)
{
	return p->items.name;
}

static size_t parent_of(const struct posts *p, size_t i)
{
	const char *parent = p->all.at[i].post.parent;
	int64_t at = parent ? tw_map_get_int(&p->ids, parent, -1) : -1;
	return at < 0 ? NONE : (size_t)at;
}

/* Each post is passed at most twice. An export may even say that two posts answer each other: then one begins. */
static void find_root(struct posts *p, size_t i)
{
	struct node *all = p->all.at;
	size_t top = i, steps = 0;
	for (size_t up; all[top].root == NONE && (up = parent_of(p, top)) != NONE; top = up)
		if (steps++ == p->all.n) {
			top = i;
			break;
		}
	size_t root = all[top].root == NONE ? top : all[top].root;
	for (size_t k = i; k != NONE && all[k].root == NONE; k = parent_of(p, k))
		all[k].root = root;
}

static int by_thread(const void *x, const void *y)
{
	const struct node *a = x, *b = y;
	if (a->root != b->root)
		return a->root < b->root ? -1 : 1;
	bool first_a = a->order == a->root, first_b = b->order == b->root;
	if (first_a != first_b)
		return first_a ? -1 : 1;
	if (a->post.created_ms != b->post.created_ms)
		return a->post.created_ms < b->post.created_ms ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static void join(struct posts *p)
{
	for (size_t i = 0; i < p->all.n; i++)
		find_root(p, i);
	if (p->all.n)
		qsort(p->all.at, p->all.n, sizeof(*p->all.at), by_thread);
}

static enum tw_status next_thread(struct tw_document *doc, struct posts *p, struct tw_arena *a)
{
	if (p->at == p->all.n)
		return TW_DONE;
	const struct node *first = &p->all.at[p->at];
	struct tw_str text = TW_STR_INIT;
	doc->key = first->post.id;
	doc->title = first->post.title;
	doc->author = first->post.author;
	doc->url = first->post.url;
	doc->lang = first->post.lang;
	doc->extra = first->post.extra;
	doc->created_ms = first->post.created_ms;
	for (; p->at < p->all.n && p->all.at[p->at].root == first->root; p->at++) {
		const struct post *post = &p->all.at[p->at].post;
		int64_t at = post->modified_ms ? post->modified_ms : post->created_ms;
		export_add_paragraph(&text, post->text);
		doc->modified_ms = at > doc->modified_ms ? at : doc->modified_ms;
	}
	export_set_body(doc, first->post.media, tw_str_dup(&text, a));
	tw_str_release(&text);
	return TW_OK;
}

enum tw_status posts_next(struct tw_document *doc, struct posts *p, posts_take take, void *state,
			  struct export_in *x, struct tw_arena *a, struct tw_err *err)
{
	while (!p->joined) {
		struct tw_json *item;
		tw_arena_reset(a);
		enum tw_status st = elements_next(&item, &doc->key, &p->items, x, a, err);
		if (st == TW_OK)
			st = take(&doc->key, state, x, item, a, err);
		if (st != TW_OK && st != TW_DONE)
			return st;
		p->joined = st == TW_DONE;
		if (p->joined)
			join(p);
	}
	return next_thread(doc, p, a);
}
