/*
 * Which part of a page is what its author wrote. The steps stand in
 * extract_int.h. Nothing here knows any site: tags, names, lengths of text and
 * link density decide.
 */
#include "collect/extract/extract_int.h"

#include <string.h>

#include "base/vec.h"

void drop_subtree(struct extraction *e, const struct dom_node *n)
{
	memset(e->drop + n->id, 1, n->end - n->id);
	e->valued = false;
}

void drop_block(struct extraction *e, const struct block *b)
{
	const struct dom_node *n = b->first;
	for (; n && n->id < b->end; n = dom_next(n, e->d->root))
		e->drop[n->id] |= n->text != NULL;
	e->valued = false;
}

void drop_where(struct extraction *e, const struct dom_node *top,
		bool (*is)(const struct extraction *, const struct dom_node *))
{
	for (const struct dom_node *n = dom_next(top, top); n;) {
		if (!n->text && !e->drop[n->id] && is(e, n))
			drop_subtree(e, n);
		n = e->drop[n->id] ? dom_skip(n, top) : dom_next(n, top);
	}
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

/* Unless it is nearly all that there is. */
bool notice_by_size(const struct extraction *e, const struct dom_node *n)
{
	double here = sums_of(e, n).chars, rest = sums_of(e, e->d->root).chars - here;
	return rest >= 20 && rest > 0.1 * here;
}

/* Names mislead on the frame of a page and on what holds most of its text ("content-with-sidebar"). */
static bool chrome_by_name(const struct extraction *e, const double *peak, const struct dom_node *n,
			   enum hint h)
{
	double most = peak[0], here = peak[n->id];
	struct sums s = sums_of(e, n);
	if (is_frame(n->tag) || s.quote_chars > 0.5 * s.chars) /* an embedded tweet is a "widget" */
		return false;
	switch (h) {
	case HINT_COMMENTS:
		return !e->is_talk && here < 0.8 * most;
	case HINT_NOTICE:
		return notice_by_size(e, n);
	case HINT_CAPTION:
		return here < 0.2 * most;
	case HINT_FRAME:
	case HINT_CHROME:
		return here < 0.4 * most || most <= 0;
	case HINT_FURNITURE:
		return s.chars < 200 && here < 0.2 * most;
	default:
		return false;
	}
}

/* Where next to nothing but comments is there, they are what the page is about: a thread. */
static void judge_talk(struct extraction *e)
{
	const struct dom_node *root = e->d->root;
	double said = 0, all = sums_of(e, root).gain;
	for (const struct dom_node *n = root; n;) {
		bool comments = !n->text && !e->drop[n->id] && !is_frame(n->tag) && n->attrs &&
				hint_of(e, n) == HINT_COMMENTS;
		if (comments)
			said += sums_of(e, n).gain;
		n = comments || e->drop[n->id] ? dom_skip(n, root) : dom_next(n, root);
	}
	if (said > 0.5 * all && all - said < (e->is_article ? 60 : 200))
		e->is_talk = true;
}

static bool is_never_shown(const struct extraction *e, const struct dom_node *n)
{
	(void)e;
	return never_content(n->tag) || is_hidden(n);
}

void drop_by_tag(struct extraction *e)
{
	drop_where(e, e->d->root, is_never_shown);
}

static void drop_by_name(struct extraction *e)
{
	const struct dom_node *root = e->d->root;
	const double *peak = find_peaks(e);
	for (const struct dom_node *n = root; n;) {
		bool gone = e->drop[n->id];
		if (!gone && n->attrs && chrome_by_name(e, peak, n, hint_of(e, n))) {
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

static bool says_content(const struct extraction *e, const struct dom_node *n)
{
	return n->tag == TAG_ARTICLE || n->tag == TAG_MAIN ||
	       (dom_is_block(n->tag) && hint_of(e, n) == HINT_CONTENT);
}

/*
 * Scraps between the sentences (signatures, names of parameters, entries of a catalogue) can
 * outweigh them, and then the best subtree is one section of many. Goes up to what holds most of
 * the page's sentences, where the page does not call itself an article (on pages of news most of
 * the rest is other articles).
 */
static const struct dom_node *widen(const struct extraction *e, const struct dom_node *top)
{
	const double most = 0.75, little = 0.5;
	const struct dom_node *n = top;
	double all = sums_of(e, e->d->root).gain;
	if (e->is_article || sums_of(e, top).gain > little * all)
		return top;
	while (n->parent && sums_of(e, n).gain < most * all)
		n = n->parent;
	return n;
}

static bool is_said(struct sums s)
{
	return s.chars >= 15 && s.value > 0 && s.link_chars < 0.5 * s.chars;
}

/* Does something of the same kind stand beside it, or beside what it is in? So do posts of a thread. */
static bool is_one_of_many(const struct extraction *e, const struct dom_node *n,
			   const struct dom_node *top)
{
	for (; n && n != top; n = n->parent) {
		const char *class = dom_attr(n, "class");
		enum hint h = hint_of(e, n);
		bool says = n->tag == TAG_ARTICLE ||
			    (class && (h == HINT_CONTENT || h == HINT_COMMENTS));
		for (const struct dom_node *s = n->parent->first; s && says; s = s->next)
			if (s != n && s->tag == n->tag && !e->drop[s->id] &&
			    tw_streq(dom_attr(s, "class"), class) && is_said(sums_of(e, s)))
				return true;
	}
	return false;
}

static const struct dom_node *best_child(const struct extraction *e, const struct dom_node *n,
					 const double *peak)
{
	const struct dom_node *best = NULL;
	for (const struct dom_node *c = n->first; c; c = c->next)
		if (!c->text && !e->drop[c->id] && (!best || peak[c->id] > peak[best->id]))
			best = c;
	return best;
}

/* Small gains around the text are seldom worth the frame that they stand in: goes down to a part that
 * calls itself content and holds nearly all of the value. */
static const struct dom_node *narrow(const struct extraction *e, const struct dom_node *top)
{
	const double nearly_all = 0.85;
	const double *peak = find_peaks(e);
	double least = sums_of(e, top).value * nearly_all;
	for (const struct dom_node *n = top; least > 0 && (n = best_child(e, n, peak));) {
		double v = sums_of(e, n).value;
		if (peak[n->id] < least)
			break;
		if (v >= least && says_content(e, n) && !is_one_of_many(e, n, top)) {
			top = n;
			least = v * nearly_all;
		}
	}
	return top;
}

/* A text of one paragraph and a list: what holds both is the text. */
static const struct dom_node *whole_text(const struct extraction *e, const struct dom_node *top)
{
	return top->tag == TAG_P && top->parent && says_content(e, top->parent) ? top->parent : top;
}

static const struct dom_node *strict(struct extraction *e)
{
	drop_by_tag(e);
	find_texts(e);
	value_blocks(e);
	judge_talk(e);
	drop_by_name(e);
	value_blocks(e);
	drop_next_articles(e);
	drop_teasers(e);
	value_blocks(e);
	drop_repeats(e);
	value_blocks(e);
	const struct dom_node *top = narrow(e, whole_text(e, widen(e, best_subtree(e))));
	clean_content(e, top);
	return top;
}

double chars_kept(const struct extraction *e, const struct dom_node *top)
{
	double n = 0;
	for (size_t i = 0; i < e->texts.n; i++) {
		const struct text *t = &e->texts.at[i];
		if (t->n->id >= top->id && t->n->id < top->end && !e->drop[t->n->id])
			n += t->chars;
	}
	return n;
}

const struct dom_node *extract_main(unsigned char *drop, const struct dom *d,
				    const struct page *page, struct tw_arena *a)
{
	struct extraction e = {.d = d,
			       .drop = drop,
			       .hints = TW_NEW_ARRAY(a, d->n, unsigned char),
			       .before = TW_NEW_ARRAY(a, d->n + 1, struct sums),
			       .title = page->title,
			       .first_h1 = dom_find(d->root, TAG_H1),
			       .is_article = page->is_article,
			       .is_talk = page->is_talk,
			       .site = site_of(page->url),
			       .a = a};
	if (!e.site.len)
		e.site = guess_site(d);
	const struct dom_node *top = strict(&e);
	double kept = chars_kept(&e, top);
	if (kept < (page->is_article ? 100 : 250))
		top = relax(&e, top, kept);
	tw_vec_release(&e.texts);
	tw_vec_release(&e.blocks);
	return top;
}
