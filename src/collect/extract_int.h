/*
 * collect/extract_int.h: what the files of the content extraction share.
 *
 * extract.c takes the steps in order: drop what is no content by tag, hiding
 * or name (extract_hints.c), value the blocks of text (extract_blocks.c),
 * choose the subtree of the highest value, clean it (extract_clean.c).
 * Arrays are indexed by node id.
 */
#ifndef TW_COLLECT_EXTRACT_INT_H
#define TW_COLLECT_EXTRACT_INT_H

#include "collect/html_int.h"

/* Sums over the nodes with a smaller id, so that a subtree is the difference of its ends. */
struct sums {
	double chars, link_chars, value, sentences, fields;
};

struct extraction {
	const struct dom *d;
	unsigned char *drop;
	struct sums *before; /* d->n + 1 of them */
	const char *title;   /* folded; NULL unknown */
	struct tw_arena *a;
};

static inline struct sums sums_of(const struct extraction *e, const struct dom_node *n)
{
	const struct sums *from = &e->before[n->id], *to = &e->before[n->end];
	return (struct sums){
		to->chars - from->chars,   to->link_chars - from->link_chars,
		to->value - from->value,   to->sentences - from->sentences,
		to->fields - from->fields,
	};
}

/* What class, id and role say of a node. */
enum hint {
	HINT_NONE,
	HINT_CONTENT,	/* "article-body", "entry-content" */
	HINT_CHROME,	/* "sidebar", "share", "related": no content, whatever is in it */
	HINT_COMMENTS,	/* what others wrote below */
	HINT_FURNITURE, /* "byline", "tags", "caption": no content when short */
};
enum hint hint_of(const struct dom_node *n);
bool is_hidden(const struct dom_node *n);

/* Fills e->before from what is not dropped. */
void value_blocks(struct extraction *e);

/* Marks what is not content inside the chosen node. */
void clean_content(struct extraction *e, const struct dom_node *top);

void drop_subtree(struct extraction *e, const struct dom_node *n);

#endif
