/*
 * collect/html/dom_html_int.h: what the files of the HTML reader share.
 *
 * dom_html.c finds tags and texts, dom_html_tree.c builds the tree of them,
 * dom_html_names.c knows what each tag is for it, dom_html_refs.c what
 * "&eacute;" means. A reader lives for one page, in the
 * page's arena.
 */
#ifndef TW_COLLECT_DOM_HTML_INT_H
#define TW_COLLECT_DOM_HTML_INT_H

#include "collect/html/dom_int.h"

#define MAX_OPEN 250 /* elements; deeper ones become siblings of what they stand in */

/* What an element is to the rules of the tree; "scope" is what they don't look beyond. */
enum html_is {
	HTML_VOID = 1,	       /* never has an end: <br> */
	HTML_RAW = 1 << 1,     /* its content is no markup: <script> */
	HTML_TEXT = 1 << 2,    /* the same, but with references: <title> */
	HTML_OF_HEAD = 1 << 3, /* does not begin the body */
	HTML_SPECIAL =
		1
		<< 4, /* blocks, tables, frames: end tags of inline elements do not reach beyond */
	HTML_SCOPE = 1 << 5,
	HTML_CLOSES_P = 1 << 6,
	HTML_PLAIN = 1 << 7, /* <div>, <p>, <address>: an <li> closes one beyond it */
	HTML_P = 1 << 8,
	HTML_LINK = 1 << 9,
	HTML_ITEM = 1 << 10,
	HTML_TERM = 1 << 11,
	HTML_HEADING = 1 << 12,
	HTML_OPTION = 1 << 13,
	HTML_TABLE = 1 << 14,
	HTML_CAPTION = 1 << 15,
	HTML_ROWS = 1 << 16, /* <tbody>, <thead>, <tfoot> */
	HTML_ROW = 1 << 17,
	HTML_CELL = 1 << 18,
	HTML_LIST = 1 << 19,
};

struct html_name {
	const char *text; /* lower case */
	size_t len;
	enum dom_tag tag;
	unsigned is;
};

struct html_open {
	struct dom_node *node;
	const struct html_name *name;
};

#define HTML_NAMES 256 /* remembered */

struct html_reader {
	struct tw_arena *a;
	const struct html_name *names[HTML_NAMES];
	char *end; /* of the page */
	struct dom d;
	struct dom_node *head, *body;
	struct html_open open[MAX_OPEN];
	int depth;
	size_t too_deep;	/* elements that were not opened: their end tags end nothing */
	size_t owed[TAG_COUNT]; /* end tags to come of elements that ended before */
};

/* The same pointer for the same name, whatever its case. */
const struct html_name *html_name(struct html_reader *r, const char *s, size_t len);

/* The tree: its root; an element (with no end to come when `closed`); an end; a text, which is decoded in place. */
void html_begin(struct html_reader *r);
void html_start_tag(struct html_reader *r, const struct html_name *name, struct dom_attr *attrs,
		    bool closed);
void html_end_tag(struct html_reader *r, const struct html_name *name);
void html_add_text(struct html_reader *r, char *s, size_t len, bool decode);
/* Ends the open elements but the first `depth`. */
void html_pop_to(struct html_reader *r, int depth);

/* Replaces references to characters; returns the new length, which is not greater. */
size_t html_decode_refs(char *s, size_t len);

#endif
