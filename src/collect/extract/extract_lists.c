/*
 * Parts of a page that repeat: lists of teasers (a linked title and a line or
 * two, for each of several other pages) beside what the page is about, and
 * more articles below the one that its title names.
 */
#include "collect/extract/extract_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"

#define REPEAT_CHARS 120 /* shorter lines repeat by chance, or as a pattern of the page */
#define TEASER_CHARS 700 /* of an item at most; longer ones are the posts themselves */

static bool shown(const struct extraction *e, const struct dom_node *n)
{
	return !e->drop[n->id] && sums_of(e, n).chars > 0;
}

/* Is this node a list of which nearly every item has the linked title of another page? */
static bool is_teaser_list(const struct extraction *e, const struct dom_node *list)
{
	double teasers = 0, others = 0;
	if (sums_of(e, list).linked_headings < 2)
		return false;
	for (const struct dom_node *c = list->first; c; c = c->next) {
		struct sums s = sums_of(e, c);
		if (!shown(e, c) || dom_is_heading(c->tag))
			continue;
		bool teaser =
			s.linked_headings >= 1 && s.linked_headings <= 2 && s.chars < TEASER_CHARS;
		teasers += teaser;
		others += !teaser;
	}
	return teasers >= 2 && teasers >= 3 * others;
}

/* The few words over a list that went: "From the same pen". */
static void drop_label(struct extraction *e, const struct dom_node *list)
{
	const struct dom_node *n = list->prev;
	while (n && (e->drop[n->id] || sums_of(e, n).chars == 0))
		n = n->prev;
	if (!n)
		return;
	struct sums s = sums_of(e, n);
	if (s.chars < 50 && s.sentences == 0 && s.fields == 0)
		drop_subtree(e, n);
}

/* They go where something else is left that is worth reading; on a page that lists, the list stays. */
void drop_teasers(struct extraction *e)
{
	const struct dom_node *root = e->d->root;
	double lists = 0;
	struct node_list found = {0};
	for (const struct dom_node *n = root; n;) {
		bool list = !n->text && !e->drop[n->id] && is_teaser_list(e, n);
		if (list) {
			double v = sums_of(e, n).value;
			lists += v > 0 ? v : 0;
			tw_vec_push(&found, n);
		}
		n = list || e->drop[n->id] ? dom_skip(n, root) : dom_next(n, root);
	}
	double rest = sums_of(e, root).gain - lists, share = e->is_article ? 0.05 : 0.6;
	for (size_t i = 0; i < found.n && rest > 100 && rest > share * lists; i++) {
		drop_label(e, found.at[i]);
		drop_subtree(e, found.at[i]);
	}
	tw_vec_release(&found);
}

/* Long, and no part of a list or table, whose entries may be alike (ingredients, results). */
static bool may_repeat(const struct block *b)
{
	return b->chars >= REPEAT_CHARS && b->value > 0 && !b->code && !b->cell &&
	       (!b->item || b->link_chars > 0);
}

/* Does a paragraph beside it say the same? That is a refrain, no second copy. */
static bool is_refrain(struct tw_map *said, const struct block *b)
{
	const struct dom_node *p = b->first->parent;
	const uint64_t key[] = {b->hash, p && p->parent ? p->parent->id : 0};
	return p && p->tag == TAG_P && tw_map_at(said, (const char *)key, sizeof(key))->v.i++ > 0;
}

/*
 * A text that stands on the page twice: news of the day above and below what
 * the page is about (with links to them: both copies go, if all such are a
 * small part of the page), a summary over the text and in it, or all of a page
 * made for two widths (the later copy goes). More than twice is a pattern of
 * the writing.
 */
void drop_repeats(struct extraction *e)
{
	struct tw_map seen = TW_MAP_INIT, said = TW_MAP_INIT;
	TW_VEC(const struct block *) long_ones = {0};
	double twice = 0, all = sums_of(e, e->d->root).gain;
	for (size_t i = 0; i < e->blocks.n; i++) {
		const struct block *b = &e->blocks.at[i];
		if (!may_repeat(b) || is_refrain(&said, b))
			continue;
		tw_vec_push(&long_ones, b);
		if (++tw_map_at(&seen, (const char *)&b->hash, sizeof(b->hash))->v.i == 2)
			twice += 2 * b->value;
	}
	for (size_t i = 0; i < long_ones.n; i++) {
		const struct block *b = long_ones.at[i];
		struct tw_map_slot *s = tw_map_find(&seen, (const char *)&b->hash, sizeof(b->hash));
		if (s->v.i == 1 || s->v.i > 2)
			continue;
		if ((b->link_chars > 0 && twice < 0.4 * all) || s->v.i < 0)
			drop_block(e, b);
		else
			s->v.i = -1;
	}
	tw_vec_release(&long_ones);
	tw_map_release(&said);
	tw_map_release(&seen);
}

/* The heading of an article that says what the page is called; it stands near the beginning, or is none. */
static const struct dom_node *named_heading(const struct extraction *e,
					    const struct dom_node *article)
{
	int near = 300;
	for (const struct dom_node *n = article; n && near > 0; n = dom_next(n, article), near--)
		if (dom_is_heading(n->tag) && !e->drop[n->id] && is_title(e, n))
			return n;
	return NULL;
}

static double articles_in(const struct extraction *e, const struct dom_node *parent,
			  const struct dom_node **named)
{
	double n = 0;
	for (const struct dom_node *c = parent->first; c; c = c->next) {
		if (c->tag != TAG_ARTICLE || !shown(e, c))
			continue;
		n++;
		const struct dom_node *h = named_heading(e, c);
		if (h && *named)
			return 0; /* two of that name: a list */
		*named = h ? c : *named;
	}
	return n;
}

/* Pages that go on with the next article as one scrolls down: the one that the title names stays. */
void drop_next_articles(struct extraction *e)
{
	const struct dom_node *root = e->d->root;
	for (const struct dom_node *n = root; n;) {
		const struct dom_node *named = NULL;
		bool many = !n->text && !e->drop[n->id] && articles_in(e, n, &named) > 1 && named &&
			    sums_of(e, named).gain > 200;
		for (const struct dom_node *c = n->first; c && many; c = c->next)
			if (c->tag == TAG_ARTICLE && c != named)
				drop_subtree(e, c);
		n = e->drop[n->id] || many ? dom_skip(n, root) : dom_next(n, root);
	}
}
