/*
 * Pages without much writing: lists, scraps, documentation of a few words. The
 * strict way finds little in them, for it values sentences. Here only what is
 * surely around the content goes: navigation, footers, notices; the page's own
 * landmarks say where the rest lies. The last way of all is all text there is.
 */
#include "collect/extract/extract_int.h"

#include <string.h>

static bool is_landmark(const struct dom_node *n)
{
	const char *role = dom_attr(n, "role");
	return n->tag == TAG_MAIN || (role && strcmp(role, "main") == 0);
}

/* The first element that calls itself the main part, by tag or role, or else by name; `least` characters are in it. */
static const struct dom_node *find_landmark(const struct extraction *e, double least)
{
	const struct dom_node *root = e->d->root, *named = NULL;
	for (const struct dom_node *n = root; n;) {
		bool shown = !n->text && !e->drop[n->id] && sums_of(e, n).chars >= least;
		if (shown && is_landmark(n))
			return n;
		if (shown && !named && n->attrs && dom_is_block(n->tag) && n->tag != TAG_BODY &&
		    hint_of(e, n) == HINT_CONTENT)
			named = n;
		n = shown ? dom_next(n, root) : dom_skip(n, root);
	}
	return named ? named : root;
}

static enum hint name_of(const struct extraction *e, const struct dom_node *n)
{
	bool named = n->attrs && !e->drop[n->id] && n->tag != TAG_HTML && n->tag != TAG_BODY;
	return named ? hint_of(e, n) : HINT_NONE;
}

static bool is_around(const struct extraction *e, const struct dom_node *n)
{
	struct sums s = sums_of(e, n);
	enum hint h = name_of(e, n);
	if (n->tag == TAG_HEADER && s.link_chars > 0.5 * s.chars)
		return true;
	return (h == HINT_NOTICE || h == HINT_FRAME) && notice_by_size(e, n);
}

static bool is_beside(const struct extraction *e, const struct dom_node *n)
{
	return name_of(e, n) == HINT_CHROME;
}

static double chars_beside(const struct extraction *e)
{
	const struct dom_node *root = e->d->root;
	double chars = 0;
	for (const struct dom_node *n = root; n;) {
		bool hit = !n->text && !e->drop[n->id] && is_beside(e, n);
		if (hit)
			chars += sums_of(e, n).chars;
		n = hit || e->drop[n->id] ? dom_skip(n, root) : dom_next(n, root);
	}
	return chars;
}

/* "teaser", "related": beside the content, or, where they are most of the page, the content of a list. */
static void drop_surroundings(struct extraction *e)
{
	drop_where(e, e->d->root, is_around);
	value_blocks(e);
	if (chars_beside(e) < 0.5 * sums_of(e, e->d->root).chars)
		drop_where(e, e->d->root, is_beside);
}

static bool is_program(const struct extraction *e, const struct dom_node *n)
{
	enum dom_tag t = n->tag;
	(void)e;
	return t == TAG_SCRIPT || t == TAG_STYLE || t == TAG_TEMPLATE || t == TAG_HEAD ||
	       t == TAG_SVG || t == TAG_OBJECT || t == TAG_CANVAS;
}

/* All but what never shows: <noscript> and hidden parts stay. */
static void drop_programs(struct extraction *e)
{
	memset(e->drop, 0, e->d->n);
	e->valued = false;
	drop_where(e, e->d->root, is_program);
}

const struct dom_node *relax(struct extraction *e, const struct dom_node *top, double kept)
{
	const struct dom_node *root = e->d->root;
	unsigned char *strict = TW_NEW_ARRAY(e->a, e->d->n, unsigned char);
	memcpy(strict, e->drop, e->d->n);
	memset(e->drop, 0, e->d->n);
	e->valued = false;
	drop_by_tag(e);
	value_blocks(e);
	drop_surroundings(e);
	value_blocks(e);
	const struct dom_node *wide = find_landmark(e, kept);
	drop_anchors(e, wide);
	drop_notices(e, wide);
	double found = chars_kept(e, wide);
	if (found > 1.2 * kept)
		return wide;
	if (kept > 0) {
		memcpy(e->drop, strict, e->d->n);
		return top;
	}
	drop_programs(e);
	return root;
}
