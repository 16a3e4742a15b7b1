/* Messages of chats as documents, a month of one's own in each. */
#include "collect/export/export_bunch_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/text.h"
#include "base/time.h"
#include "base/vec.h"

#define MAX_WRITERS 8 /* named in a message */
#define OPEN_PAGES  2

/* A message in the text of its page. */
struct item {
	int64_t order;
	size_t at, len;
};

struct bunch_page {
	char *key;
	const char *month; /* the key in the map, while it is open */
	struct tw_str text;
	struct tw_str exchanges; /* elements of the array */
	TW_VEC(struct item) items;
	bool sorted;
	int64_t first_ms, last_ms;
};

struct bunch {
	const char *media;
	bool all;
	struct tw_map pages; /* month → its open page; NULL when it is given away */
	struct tw_map parts; /* month → how many pages it has */
	TW_VEC(struct bunch_page *) open, whole;
	size_t given; /* of `whole` */
	bool ended;
};

struct bunch *bunch_new(const char *media, bool all)
{
	struct bunch *b = tw_xcalloc(1, sizeof(*b));
	b->media = media;
	b->all = all;
	return b;
}

static void page_free(struct bunch_page *p)
{
	free(p->key);
	tw_str_release(&p->text);
	tw_str_release(&p->exchanges);
	tw_vec_release(&p->items);
	free(p);
}

void bunch_free(struct bunch *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->open.n; i++)
		page_free(b->open.at[i]);
	for (size_t i = b->given; i < b->whole.n; i++)
		page_free(b->whole.at[i]);
	tw_vec_release(&b->open);
	tw_vec_release(&b->whole);
	tw_map_release(&b->pages);
	tw_map_release(&b->parts);
	free(b);
}

/* --- pages --- */

/* The `n` that were opened first are whole. */
static void close_pages(struct bunch *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct bunch_page *p = b->open.at[i];
		if (tw_map_get(&b->pages, p->month) == p)
			tw_map_set(&b->pages, p->month, NULL);
		tw_vec_push(&b->whole, p);
	}
	if (n)
		b->open.n -= n;
	if (b->open.n)
		memmove(b->open.at, b->open.at + n, b->open.n * sizeof(*b->open.at));
}

static struct bunch_page *open_page(struct bunch *b, const char *key)
{
	struct bunch_page *p = tw_xcalloc(1, sizeof(*p));
	struct tw_str name = TW_STR_INIT;
	int64_t part = ++tw_map_at(&b->parts, key, strlen(key))->v.i;
	tw_str_adds(&name, key);
	if (part > 1)
		tw_str_addf(&name, "/%lld", (long long)part);
	p->key = tw_str_detach(&name);
	p->sorted = true;
	struct tw_map_slot *slot = tw_map_at(&b->pages, key, strlen(key));
	slot->v.p = p;
	p->month = slot->key;
	tw_vec_push(&b->open, p);
	if (!b->all && b->open.n > OPEN_PAGES)
		close_pages(b, b->open.n - OPEN_PAGES);
	return p;
}

static struct bunch_page *page_of(struct bunch *b, const char *key)
{
	const struct tw_map_slot *slot = tw_map_find(&b->pages, key, strlen(key));
	struct bunch_page *p = slot ? slot->v.p : NULL;
	if (slot && !p && b->open.n)
		p = b->open.at[b->open.n - 1];
	if (p && p->text.len <= BUNCH_MAX)
		return p;
	return open_page(b, p ? p->month : key);
}

static void add_item(struct bunch_page *p, const struct said *s)
{
	size_t before = p->text.len, gap = before ? 2 : 0;
	int64_t at = s->at_ms, last = s->edited_ms > at ? s->edited_ms : at;
	export_add_paragraph(&p->text, s->text);
	if (p->text.len == before)
		return;
	struct item one = {s->order, before + gap, p->text.len - before - gap};
	p->sorted = p->sorted && (!p->items.n || p->items.at[p->items.n - 1].order <= s->order);
	tw_vec_push(&p->items, one);
	if (at && (!p->first_ms || at < p->first_ms))
		p->first_ms = at;
	p->last_ms = last > p->last_ms ? last : p->last_ms;
}

/* --- talks --- */

static void settle(struct talk *t, struct tw_arena *a)
{
	const char *json = exchanges_take(&t->e, a); /* "[…]" */
	size_t n = json ? strlen(json) - 2 : 0;
	struct tw_str *to = t->page ? &t->page->exchanges : NULL;
	if (!n || !to || to->len + n > EXCHANGES_BYTES)
		return;
	if (to->len)
		tw_str_addc(to, ',');
	tw_str_add(to, json + 1, n);
}

void bunch_said(struct bunch *b, struct talk *t, const char *key, const struct said *s,
		struct tw_arena *a)
{
	const struct bunch_page *before = t->page;
	struct bunch_page *p = page_of(b, key);
	if (before != p)
		settle(t, a);
	t->page = p;
	exchange_said(&t->e, s->text, s->at_ms);
	add_item(p, s);
}

void talk_end(struct talk *t, struct tw_arena *a)
{
	settle(t, a);
	exchanges_release(&t->e);
	t->page = NULL;
}

void bunch_end(struct bunch *b)
{
	close_pages(b, b->open.n);
	tw_map_clear(&b->pages);
}

/* --- documents --- */

static int by_order(const void *x, const void *y)
{
	const struct item *a = x, *b = y;
	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	return a->at < b->at ? -1 : a->at > b->at;
}

static const char *text_of(struct bunch_page *p, struct tw_arena *a)
{
	struct tw_str text = TW_STR_INIT;
	if (p->sorted)
		return tw_str_dup(&p->text, a);
	qsort(p->items.at, p->items.n, sizeof(*p->items.at), by_order);
	for (size_t i = 0; i < p->items.n; i++) {
		if (i)
			tw_str_adds(&text, "\n\n");
		tw_str_add(&text, p->text.data + p->items.at[i].at, p->items.at[i].len);
	}
	const char *s = tw_str_dup(&text, a);
	tw_str_release(&text);
	return s;
}

bool bunch_next(struct tw_document *doc, struct bunch *b, struct tw_arena *a)
{
	if (b->given == b->whole.n) {
		b->given = b->whole.n = 0;
		return false;
	}
	struct bunch_page *p = b->whole.at[b->given++];
	struct export_tags tags = {0};
	if (p->exchanges.len)
		tags.exchanges = tw_sprintf(a, "[%s]", tw_str_c(&p->exchanges));
	doc->key = tw_strdup(a, p->key);
	doc->created_ms = p->first_ms;
	doc->modified_ms = p->last_ms;
	doc->extra = export_tags(&tags, a);
	export_set_body(doc, b->media, text_of(p, a));
	page_free(p);
	return true;
}

enum tw_status bunch_read(struct tw_document *doc, struct bunch *b, bunch_step step, void *state,
			  struct export_in *x, struct tw_arena *a, struct tw_err *err)
{
	while (!bunch_next(doc, b, a)) {
		if (b->ended)
			return TW_DONE;
		tw_arena_reset(a);
		enum tw_status st = step(doc, state, x, a, err);
		if (st == TW_DONE)
			bunch_end(b);
		else if (st != TW_OK)
			return st;
		b->ended = st == TW_DONE;
	}
	return TW_OK;
}

const char *bunch_folder(const char *entry, const char *none, struct tw_arena *a)
{
	const char *slash = strrchr(entry, '/'), *from = entry;
	for (const char *p = entry; slash && p < slash; p++)
		from = *p == '/' ? p + 1 : from;
	return slash ? tw_strndup(a, from, (size_t)(slash - from)) : tw_strdup(a, none);
}

const char *bunch_month(const char *chat, int64_t at_ms, struct tw_arena *a)
{
	return tw_sprintf(a, "%s/%.7s", chat, tw_format_date(a, at_ms));
}

/* --- writers --- */

void writers_note(struct writers *w, const char *name)
{
	struct tw_str quoted = TW_STR_INIT;
	if (!name || w->n == MAX_WRITERS)
		return;
	tw_str_addf(&quoted, "\"%.*s\"", (int)tw_utf8_prefix(name, strlen(name), 40), name);
	if (!strstr(tw_str_c(&w->names), tw_str_c(&quoted))) {
		tw_str_addf(&w->names, "%s%s", w->n ? ", " : "", tw_str_c(&quoted));
		w->n++;
	}
	tw_str_release(&quoted);
}

enum tw_status writers_unknown(struct writers *w, struct tw_err *err)
{
	enum tw_status st =
		tw_fail(err, TW_BAD_USE,
			"no message in it is by the author; say who that is, as in `author: "
			"[NAME]`: there are %s",
			tw_str_c(&w->names));
	tw_str_release(&w->names);
	w->n = 0;
	return st;
}
