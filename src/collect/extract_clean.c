/*
 * What is left in the chosen part and is no content: lists of links, forms,
 * captions, the title once more, headings without text below them.
 */
#include "collect/extract_int.h"

#include <string.h>

#include "base/text.h"

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

static bool is_clutter(const struct extraction *e, const struct dom_node *n)
{
	struct sums s = sums_of(e, n);
	double links = s.chars > 0 ? s.link_chars / s.chars : 0;
	if (s.chars == 0)
		return false;
	if (n->tag == TAG_FIGURE || n->tag == TAG_FIGCAPTION)
		return !holds_work(n) && !dom_find(n, TAG_TABLE);
	if (!is_container(n->tag))
		return false;
	if (n->tag == TAG_P || n->tag == TAG_LI)
		return links > 0.8 && s.chars < 200;
	if (s.fields > 0 && s.sentences < 2 && s.chars < 600)
		return true;
	if (links > 0.5 && s.sentences < 3)
		return true;
	return false;
}

/* Letters and digits only, folded: how a title is compared. */
static char *bare(const char *s, struct tw_arena *a)
{
	struct tw_str folded = TW_STR_INIT;
	tw_text_fold(&folded, s, strlen(s));
	size_t to = 0;
	for (size_t i = 0; i < folded.len; i++) {
		unsigned char c = (unsigned char)folded.data[i];
		if (c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'))
			folded.data[to++] = (char)c;
	}
	char *copy = tw_strndup(a, tw_str_c(&folded), to);
	tw_str_release(&folded);
	return copy;
}

static bool repeats_title(const struct extraction *e, const struct dom_node *n)
{
	if (n->tag == TAG_H1)
		return true;
	if (!e->title || !dom_is_heading(n->tag))
		return false;
	const char *here = bare(dom_text_folded(n, e->a), e->a), *title = bare(e->title, e->a);
	return *here && (strcmp(here, title) == 0 ||
			 (strlen(here) > 20 && strncmp(title, here, strlen(here)) == 0));
}

static void drop_clutter(struct extraction *e, const struct dom_node *top)
{
	for (const struct dom_node *n = dom_next(top, top); n;) {
		bool gone = e->drop[n->id];
		if (!gone && !n->text && (is_clutter(e, n) || repeats_title(e, n))) {
			drop_subtree(e, n);
			gone = true;
		}
		n = gone ? dom_skip(n, top) : dom_next(n, top);
	}
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

void clean_content(struct extraction *e, const struct dom_node *top)
{
	drop_clutter(e, top);
	drop_empty_headings(e, top);
}
