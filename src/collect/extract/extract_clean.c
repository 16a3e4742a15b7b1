/*
 * What is left in the chosen part and is no content: lists of links, forms,
 * captions, the title once more, headings without text below them.
 */
#include "collect/extract/extract_int.h"

#include <string.h>

#include "base/text.h"

#define INTRODUCTION \
	60 /* letters of a paragraph at least; shorter ones are labels ("Read also:") */

static bool is_container(enum dom_tag t)
{
	return t == TAG_DIV || t == TAG_SECTION || t == TAG_UL || t == TAG_OL || t == TAG_TABLE ||
	       t == TAG_FORM || t == TAG_HEADER || t == TAG_DL || t == TAG_FIELDSET || t == TAG_P ||
	       t == TAG_FIGURE || t == TAG_LI || t == TAG_ARTICLE || t == TAG_CENTER;
}

static bool holds_work(const struct dom_node *n)
{
	return dom_find(n, TAG_PRE) || dom_find(n, TAG_BLOCKQUOTE);
}

/* "…and added them to the archives:" before a list says that it belongs to the text. */
static bool is_introduced(const struct extraction *e, const struct dom_node *list)
{
	const struct dom_node *n = list->prev;
	while (n && (e->drop[n->id] || sums_of(e, n).chars == 0))
		n = n->prev;
	if ((list->tag != TAG_UL && list->tag != TAG_OL) || !n || n->tag != TAG_P ||
	    sums_of(e, n).chars < INTRODUCTION)
		return false;
	const char *text = dom_text_folded(n, e->a);
	return text[0] && text[strlen(text) - 1] == ':';
}

static bool is_clutter(const struct extraction *e, const struct dom_node *n)
{
	struct sums s = sums_of(e, n);
	double links = s.link_chars - s.out_chars; /* to the site's own pages */
	if (s.chars == 0)
		return false;
	if (n->tag == TAG_FIGURE || n->tag == TAG_FIGCAPTION)
		return !holds_work(n) && !dom_find(n, TAG_TABLE);
	if (!is_container(n->tag))
		return false;
	if (n->tag == TAG_P || n->tag == TAG_LI)
		return links > 0.8 * s.chars && s.chars < 200 &&
		       !(n->tag == TAG_LI && n->parent && is_introduced(e, n->parent));
	if (s.fields > 0 && s.sentences < 2 && s.chars < 600)
		return true;
	return links > 0.5 * s.chars && s.sentences < 3 && !is_introduced(e, n);
}

/* Letters and digits only, folded: how a title is compared. */
static char *bare(const char *s, struct tw_arena *a)
{
	struct tw_str folded = TW_STR_INIT;
	tw_text_fold(&folded, s, strlen(s));
	size_t to = 0;
	for (size_t i = 0; i < folded.len; i++) {
		unsigned char c = (unsigned char)folded.data[i];
		if (c == 0xc2 || (c == 0xe2 && (unsigned char)folded.data[i + 1] == 0x80)) {
			i += c == 0xc2 ? 1 : 2; /* U+00A0 to U+00BF, dashes, quotes, dots */
			continue;
		}
		if (c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'))
			folded.data[to++] = (char)c;
	}
	char *copy = tw_strndup(a, tw_str_c(&folded), to);
	tw_str_release(&folded);
	return copy;
}

bool is_title(const struct extraction *e, const struct dom_node *heading)
{
	size_t longest = e->title ? strlen(e->title) : 0;
	if (!longest || sums_of(e, heading).chars > (double)longest)
		return false;
	const char *here = bare(dom_text_folded(heading, e->a), e->a),
		   *title = bare(e->title, e->a);
	size_t n = strlen(here);
	bool begins = strncmp(title, here, n) == 0; /* the site's name may follow */
	return n && begins && (!title[n] || n > 20 || (n >= 8 && 3 * n >= strlen(title)));
}

static bool is_no_content(const struct extraction *e, const struct dom_node *n)
{
	return n == e->first_h1 || (dom_is_heading(n->tag) && is_title(e, n)) || is_clutter(e, n);
}

static bool has_text(const struct dom_node *n)
{
	return n->text && strspn(n->text, " \t\r\n") < n->len;
}

/* Drops the open headings of this rank and below: no text stands under them. */
static void close_headings(struct extraction *e, const struct dom_node **open, int rank)
{
	for (int i = rank; i < 6; i++) {
		if (open[i])
			drop_subtree(e, open[i]);
		open[i] = NULL;
	}
}

/* A heading with no text before the next heading of its rank, or the end. */
static void drop_empty_headings(struct extraction *e, const struct dom_node *top)
{
	const struct dom_node *open[6] = {0};
	for (const struct dom_node *n = top; n;) {
		bool heading = dom_is_heading(n->tag) && !e->drop[n->id];
		if (heading) {
			close_headings(e, open, (int)(n->tag - TAG_H1));
			open[n->tag - TAG_H1] = n;
		} else if (!e->drop[n->id] && has_text(n)) {
			memset(open, 0, sizeof(open));
		}
		n = heading ? dom_skip(n, top) : dom_next(n, top);
	}
	close_headings(e, open, 0);
}

void drop_anchors(struct extraction *e, const struct dom_node *top)
{
	static const char *const signs[] = {"#",
					    "\xc2\xb6",
					    "\xc2\xa7",
					    "^",
					    "\xe2\x86\x91",
					    "\xe2\x86\xa9",
					    "\xf0\x9f\x94\x97",
					    NULL};
	for (const struct dom_node *n = top; n; n = dom_next(n, top)) {
		if (n->tag != TAG_A || e->drop[n->id] || sums_of(e, n).chars > 4)
			continue;
		const char *text = dom_text_folded(n, e->a);
		for (size_t i = 0; signs[i]; i++)
			if (strcmp(signs[i], text) == 0)
				drop_subtree(e, n);
	}
}

/* Links that say of themselves that they are the text's tags (the microformat rel-tag), and little else. */
static bool is_tag_list(const struct extraction *e, const struct block *b)
{
	if (b->link_chars < 0.6 * b->chars)
		return false;
	for (const struct dom_node *n = b->first; n && n->id < b->end;
	     n = dom_next(n, e->d->root)) {
		const struct dom_node *up = n->text ? n->parent : n;
		const char *rel = up->tag == TAG_A ? dom_attr(up, "rel") : NULL;
		if (rel && strstr(rel, "tag"))
			return true;
	}
	return false;
}

void drop_notices(struct extraction *e, const struct dom_node *top)
{
	for (size_t i = 0; i < e->blocks.n; i++) {
		const struct block *b = &e->blocks.at[i];
		if (b->first->id > top->id && b->end <= top->end && !b->code && !b->item &&
		    (is_notice(e, b) || is_tag_list(e, b)))
			drop_block(e, b);
	}
}

void clean_content(struct extraction *e, const struct dom_node *top)
{
	drop_anchors(e, top);
	drop_notices(e, top);
	drop_where(e, top, is_no_content);
	drop_empty_headings(e, top);
}
