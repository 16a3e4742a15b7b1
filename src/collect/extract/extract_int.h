/*
 * collect/extract/extract_int.h: what the files of the content extraction share.
 *
 * extract.c takes the steps in order: drop what is no content by tag, hiding
 * or name (extract_hints.c), value the blocks of text (extract_blocks.c), drop
 * what repeats (extract_lists.c), choose the subtree of the highest value,
 * clean it (extract_clean.c, extract_phrases.c). Where next to nothing is left,
 * extract_relax.c takes a wider view. Arrays are indexed by node id.
 */
#ifndef TW_COLLECT_EXTRACT_INT_H
#define TW_COLLECT_EXTRACT_INT_H

#include "base/vec.h"
#include "collect/html/html_int.h"

/* Sums over the nodes with a smaller id, so that a subtree is the difference of its ends. */
struct sums {
	double chars, link_chars, out_chars, quote_chars, sentences, fields;
	double value, gain; /* gain: the positive values alone */
	double linked_headings;
};

/* A text node that is not empty. */
struct text {
	const struct dom_node *n;
	uint64_t hash;
	uint32_t chars, marks; /* without spaces; marks: commas and ends of sentences */
	char last;
	bool begins;	/* a block: what stands between two starts or ends of block elements */
	bool link, out; /* out: the link leads to another site */
	bool heading, code, cell, item, quote;
};
struct texts TW_VEC_BODY(struct text);

struct block {
	double chars, link_chars, marks, value;
	uint64_t hash;
	const struct dom_node *first; /* text node where its value is booked */
	size_t end;		      /* behind the id of its last text node */
	char last;
	bool heading, code, cell, item;
};
struct blocks TW_VEC_BODY(struct block);

struct node_list TW_VEC_BODY(const struct dom_node *);

struct extraction {
	const struct dom *d;
	unsigned char *drop;
	unsigned char *hints;		 /* found so far, plus 1; 0: not asked yet */
	struct sums *before;		 /* d->n + 1 of them */
	bool valued;			 /* nothing was dropped since value_blocks() */
	const char *title;		 /* folded; NULL unknown */
	const struct dom_node *first_h1; /* of the page, taken for its title; NULL: none */
	bool is_talk;			 /* a forum's thread: what others say is content too */
	bool is_article;		 /* the page says that it is one, not a list of them */
	struct tw_bytes site;		 /* of the page; empty: unknown */
	struct tw_arena *a;
	struct texts texts; /* of what is not dropped by its tag */
	size_t link_run;    /* of value_blocks(): how many blocks of links came one after another */
	struct blocks blocks; /* as value_blocks() found them the last time */
};

static inline struct sums sums_of(const struct extraction *e, const struct dom_node *n)
{
	const struct sums *from = &e->before[n->id], *to = &e->before[n->end];
	return (struct sums){
		.chars = to->chars - from->chars,
		.link_chars = to->link_chars - from->link_chars,
		.out_chars = to->out_chars - from->out_chars,
		.quote_chars = to->quote_chars - from->quote_chars,
		.sentences = to->sentences - from->sentences,
		.fields = to->fields - from->fields,
		.value = to->value - from->value,
		.gain = to->gain - from->gain,
		.linked_headings = to->linked_headings - from->linked_headings,
	};
}

/* What class, id and role say of a node. */
enum hint {
	HINT_NONE,
	HINT_CONTENT,	/* "article-body", "entry-content" */
	HINT_FRAME,	/* "sidebar", "menu", "share": around the content */
	HINT_CHROME,	/* "related", "promo": beside it */
	HINT_NOTICE,	/* "footer", "cookie-notice" */
	HINT_CAPTION,	/* below pictures */
	HINT_COMMENTS,	/* what others wrote below */
	HINT_FURNITURE, /* "byline", "tags", "caption": no content when short */
};
enum hint hint_of(const struct extraction *e, const struct dom_node *n);
/* Does the link lead to another site, and not to one where all are shared and followed? */
struct tw_bytes site_of(const char *url);
struct tw_bytes guess_site(const struct dom *d); /* of a page that does not say where it is */
bool leads_elsewhere(const struct dom_node *a, struct tw_bytes here);
bool is_hidden(const struct dom_node *n);

/* Links that are no words: the sign beside a heading that links to it. */
void drop_anchors(struct extraction *e, const struct dom_node *top);

/* Lines that are no writing: is_notice(), and lists of tags. */
void drop_notices(struct extraction *e, const struct dom_node *top);

/* What is no content by its tag, or hidden. */
void drop_by_tag(struct extraction *e);
bool notice_by_size(const struct extraction *e, const struct dom_node *n);
/* Characters, without spaces, that are left below `top`. */
double chars_kept(const struct extraction *e, const struct dom_node *top);
/* Where the strict way kept next to nothing: other ways that keep more. Returns the node that holds it. */
const struct dom_node *relax(struct extraction *e, const struct dom_node *top, double kept);

/* Once, after the tags that are never content were dropped. */
void find_texts(struct extraction *e);
/* Fills e->before and e->blocks from what is not dropped. */
void value_blocks(struct extraction *e);

/* Marks lists of other pages' titles, where the page has something else to say. */
void drop_teasers(struct extraction *e);
/* Marks the articles beside the one that the page's title names. */
void drop_next_articles(struct extraction *e);
/* Marks texts that the page shows more than once. */
void drop_repeats(struct extraction *e);

/* Marks what is not content inside the chosen node. */
void clean_content(struct extraction *e, const struct dom_node *top);

/* A line that was put into the text: "Advertisement", "Follow us on …". */
bool is_notice(const struct extraction *e, const struct block *b);

/* Does the heading say what the page is called? */
bool is_title(const struct extraction *e, const struct dom_node *heading);

/* Drops each element below `top` that is so. */
void drop_where(struct extraction *e, const struct dom_node *top,
		bool (*is)(const struct extraction *, const struct dom_node *));
void drop_block(struct extraction *e, const struct block *b);
void drop_subtree(struct extraction *e, const struct dom_node *n);

#endif
