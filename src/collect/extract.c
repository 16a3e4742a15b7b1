/*
 * Which part of a page is what its author wrote. The steps stand in
 * extract_int.h. Nothing here knows any site: tags, names, lengths of text and
 * link density decide.
 */
#include "collect/extract_int.h"

#include <string.h>

#include "base/vec.h"

void drop_subtree(struct extraction *e, const struct dom_node *n)
{
	memset(e->drop + n->id, 1, n->end - n->id);
}

static bool never_content(enum dom_tag t)
{
	switch (t) {
	case TAG_HEAD:
	case TAG_SCRIPT:
	case TAG_STYLE:
	case TAG_NOSCRIPT:
	case TAG_TEMPLATE:
	case TAG_SVG:
	case TAG_IFRAME:
	case TAG_OBJECT:
	case TAG_EMBED:
	case TAG_CANVAS:
	case TAG_VIDEO:
	case TAG_AUDIO:
	case TAG_MAP:
	case TAG_NAV:
	case TAG_ASIDE:
	case TAG_DIALOG:
	case TAG_LINK:
	case TAG_META:
	case TAG_FOOTER:
		return true;
	default:
		return false;
	}
}

static bool is_frame(enum dom_tag t)
{
	return t == TAG_HTML || t == TAG_BODY || t == TAG_MAIN || t == TAG_ARTICLE;
}

/* peak[id]: the highest value of the subtrees below and at the node. */
static double *find_peaks(const struct extraction *e)
{
	const struct dom_node *root = e->d->root;
	double *peak = TW_NEW_ARRAY(e->a, e->d->n, double);
	const struct dom_node **order = TW_NEW_ARRAY(e->a, e->d->n, const struct dom_node *);
	for (const struct dom_node *n = root; n; n = dom_next(n, root))
		order[n->id] = n;
	for (size_t i = e->d->n; i-- > 0;) {
		double here = e->drop[i] ? 0 : sums_of(e, order[i]).value;
		peak[i] = here > peak[i] ? here : peak[i];
		if (order[i]->parent && peak[i] > peak[order[i]->parent->id])
			peak[order[i]->parent->id] = peak[i];
	}
	return peak;
}

/* Names mislead on the frame of a page and on what holds most of its text ("content-with-sidebar"). */
static bool chrome_by_name(const struct extraction *e, const double *peak, const struct dom_node *n,
			   enum hint h)
{
	double most = peak[0], here = peak[n->id];
	if (is_frame(n->tag))
		return false;
	switch (h) {
	case HINT_COMMENTS:
		return here < 0.8 * most;
	case HINT_CHROME:
		return here < 0.4 * most || most <= 0;
	case HINT_FURNITURE:
		return sums_of(e, n).chars < 200 && here < 0.2 * most;
	default:
		return false;
	}
}

static void drop_by_tag(struct extraction *e)
{
	const struct dom_node *root = e->d->root;
	for (const struct dom_node *n = root; n;) {
		bool drop = !n->text && (never_content(n->tag) || (n->parent && is_hidden(n)));
		if (drop)
			drop_subtree(e, n);
		n = drop ? dom_skip(n, root) : dom_next(n, root);
	}
}

static void drop_by_name(struct extraction *e)
{
	const struct dom_node *root = e->d->root;
	const double *peak = find_peaks(e);
	for (const struct dom_node *n = root; n;) {
		bool gone = e->drop[n->id];
		if (!gone && n->attrs && chrome_by_name(e, peak, n, hint_of(n))) {
			drop_subtree(e, n);
			gone = true;
		}
		n = gone ? dom_skip(n, root) : dom_next(n, root);
	}
}

/* The subtree of the highest value; of several with the same, the innermost. */
static const struct dom_node *best_subtree(const struct extraction *e)
{
	const struct dom_node *root = e->d->root, *best = root;
	double most = -1e300;
	for (const struct dom_node *n = root; n; n = dom_next(n, root)) {
		if (n->text || e->drop[n->id] || !(dom_is_block(n->tag) || n == root))
			continue;
		double v = sums_of(e, n).value;
		const char *itemprop = dom_attr(n, "itemprop");
		if (n->tag == TAG_ARTICLE || n->tag == TAG_MAIN)
			v *= 1.05;
		if (itemprop && strcmp(itemprop, "articleBody") == 0)
			v *= 1.1;
		if (v >= most) {
			most = v;
			best = n;
		}
	}
	return best;
}

static bool says_content(const struct dom_node *n)
{
	return n->tag == TAG_ARTICLE || n->tag == TAG_MAIN ||
	       (dom_is_block(n->tag) && hint_of(n) == HINT_CONTENT);
}

/* Small gains around the text are seldom worth the frame that they stand in: goes down to a part that
 * calls itself content and holds nearly all of the value. */
static const struct dom_node *narrow(const struct extraction *e, const struct dom_node *top)
{
	const double nearly_all = 0.85;
	for (;;) {
		const struct dom_node *best = NULL;
		double most = sums_of(e, top).value * nearly_all;
		for (const struct dom_node *n = dom_next(top, top); n; n = dom_next(n, top)) {
			double v = sums_of(e, n).value;
			if (n->text || e->drop[n->id] || v < most || !says_content(n))
				continue;
			most = v;
			best = n;
		}
		if (!best || most <= 0)
			return top;
		top = best;
	}
}

const struct dom_node *extract_main(unsigned char *drop, const struct dom *d, const char *title,
				    struct tw_arena *a)
{
	struct extraction e = {d, drop, TW_NEW_ARRAY(a, d->n + 1, struct sums), title, a};
	drop_by_tag(&e);
	value_blocks(&e);
	drop_by_name(&e);
	value_blocks(&e);
	const struct dom_node *top = narrow(&e, best_subtree(&e));
	clean_content(&e, top);
	return top;
}
