/*
 * Which element stands in which: the rules of the WHATWG's standard ("HTML",
 * 13.2.6) without those for misnested formatting and for text between the
 * parts of a table. No rule looks back further than the open elements, of
 * which there are at most MAX_OPEN.
 */
#include "collect/html/dom_html_int.h"

static struct dom_node *add_node(struct html_reader *r)
{
	return dom_add(&r->d, r->depth ? r->open[r->depth - 1].node : NULL, r->a);
}

void html_pop_to(struct html_reader *r, int depth)
{
	while (r->depth > depth)
		r->open[--r->depth].node->end = r->d.n;
}

static struct dom_node *add_element(struct html_reader *r, const struct html_name *name,
				    struct dom_attr *attrs)
{
	struct dom_node *n = add_node(r);
	n->tag = name->tag;
	n->name = name->text;
	n->attrs = attrs;
	return n;
}

static void push(struct html_reader *r, struct dom_node *n, const struct html_name *name)
{
	if (r->depth == MAX_OPEN) {
		r->too_deep++;
		return;
	}
	r->open[r->depth++] = (struct html_open){n, name};
}

static bool in_head(const struct html_reader *r)
{
	return r->head && !r->body && r->depth > 1;
}

static void begin_head(struct html_reader *r)
{
	if (in_head(r))
		return;
	if (!r->head)
		r->head = add_element(r, html_name(r, "head", 4), NULL);
	push(r, r->head, html_name(r, "head", 4));
}

static void begin_body(struct html_reader *r, struct dom_attr *attrs)
{
	if (r->body)
		return;
	html_pop_to(r, 1);
	r->body = add_element(r, html_name(r, "body", 4), attrs);
	push(r, r->body, html_name(r, "body", 4));
}

/* --- Closing what a new element ends --- */

/* Index of the innermost open element that is `want`, above the first that is one of `stop`; -1: none. */
static int find_open(const struct html_reader *r, unsigned want, unsigned stop)
{
	for (int i = r->depth - 1; i > 0; i--) {
		unsigned is = r->open[i].name->is;
		if (is & want)
			return i;
		if (is & stop)
			break;
	}
	return -1;
}

static void close_open(struct html_reader *r, unsigned want, unsigned stop)
{
	int i = find_open(r, want, stop);
	if (i > 0)
		html_pop_to(r, i);
}

/* Ends a link in whose blocks we are: their own end tags, still to come, end nothing then. */
static void close_link(struct html_reader *r)
{
	int at = find_open(r, HTML_LINK, HTML_SCOPE);
	for (int i = at + 1; at > 0 && i < r->depth; i++)
		if (r->open[i].name->is & HTML_SPECIAL)
			r->owed[r->open[i].name->tag]++;
	if (at > 0)
		html_pop_to(r, at);
}

static void close_before(struct html_reader *r, const struct html_name *name)
{
	unsigned is = name->is;
	if (is & HTML_LINK)
		close_link(r);
	if (is & HTML_ITEM)
		close_open(r, HTML_ITEM, HTML_SPECIAL & ~HTML_PLAIN);
	if (is & HTML_TERM)
		close_open(r, HTML_TERM, HTML_SPECIAL & ~HTML_PLAIN);
	if (is & HTML_ROWS)
		close_open(r, HTML_ROWS | HTML_CAPTION, HTML_TABLE);
	if (is & (HTML_ROW | HTML_ROWS))
		close_open(r, HTML_ROW | HTML_CAPTION, HTML_TABLE);
	if (is & HTML_CELL)
		close_open(r, HTML_CELL, HTML_TABLE | HTML_ROW);
	if (is & HTML_CLOSES_P)
		close_open(r, HTML_P, HTML_SCOPE);
	if (is & HTML_HEADING && r->open[r->depth - 1].name->is & HTML_HEADING)
		html_pop_to(r, r->depth - 1);
	if (is & HTML_OPTION && r->open[r->depth - 1].name->is & HTML_OPTION)
		html_pop_to(r, r->depth - 1);
}

/* --- Tags --- */

/* Which elements of a <noscript> in the head do not end the head. */
static bool stays_in_head(const struct html_reader *r, const struct html_name *name)
{
	bool noscript = in_head(r) && r->open[r->depth - 1].name->tag == TAG_NOSCRIPT;
	return name->is & HTML_OF_HEAD ||
	       (noscript && (name->tag == TAG_IMG || name->tag == TAG_IFRAME));
}

void html_start_tag(struct html_reader *r, const struct html_name *name, struct dom_attr *attrs,
		    bool closed)
{
	switch (name->tag) {
	case TAG_HTML:
		if (!r->d.root->attrs)
			r->d.root->attrs = attrs;
		return;
	case TAG_HEAD:
		if (!r->body)
			begin_head(r);
		return;
	case TAG_BODY:
		if (r->body && !r->body->attrs)
			r->body->attrs = attrs;
		begin_body(r, attrs);
		return;
	default:
		break;
	}
	if (!r->body && stays_in_head(r, name))
		begin_head(r);
	else
		begin_body(r, NULL);
	close_before(r, name);
	struct dom_node *n = add_element(r, name, attrs);
	if (!(name->is & HTML_VOID) && !closed)
		push(r, n, name);
}

/* Index of the open element that the end tag ends, or -1. */
static int ended_by(const struct html_reader *r, const struct html_name *name)
{
	bool table = name->is & (HTML_TABLE | HTML_ROWS | HTML_ROW | HTML_CELL | HTML_CAPTION);
	bool special = name->is & HTML_SPECIAL, heading = name->is & HTML_HEADING;
	for (int i = r->depth - 1; i > 0; i--) {
		const struct html_name *o = r->open[i].name;
		if (o == name || (heading && o->is & HTML_HEADING))
			return i;
		if (o->tag == TAG_BODY || o->tag == TAG_HEAD)
			return -1;
		if (table ? (o->is & HTML_TABLE) != 0
			  : (o->is & (special ? HTML_SCOPE : HTML_SPECIAL)) != 0)
			return -1;
	}
	return -1;
}

void html_end_tag(struct html_reader *r, const struct html_name *name)
{
	if (name->tag == TAG_BR) {
		html_start_tag(r, name, NULL, false);
		return;
	}
	if (name->tag == TAG_HEAD && in_head(r))
		html_pop_to(r, 1);
	if (name->tag == TAG_HTML || name->tag == TAG_BODY || name->tag == TAG_HEAD ||
	    name->is & HTML_VOID)
		return;
	if (r->too_deep) {
		r->too_deep--;
		return;
	}
	if (r->owed[name->tag] && name->tag != TAG_OTHER) {
		r->owed[name->tag]--;
		return;
	}
	if (name->is & HTML_LINK) {
		close_link(r);
		return;
	}
	int at = ended_by(r, name);
	if (at > 0)
		html_pop_to(r, at);
}

/* --- Text --- */

static bool is_blank(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] > ' ')
			return false;
	return true;
}

static bool takes_text(const struct html_reader *r)
{
	return !(r->open[r->depth - 1].name->is &
		 (HTML_TABLE | HTML_ROWS | HTML_ROW | HTML_LIST)) &&
	       r->depth > 1;
}

void html_add_text(struct html_reader *r, char *s, size_t len, bool decode)
{
	if (!len)
		return;
	bool in_title = in_head(r) && r->open[r->depth - 1].node != r->head;
	if (!r->body && !in_title) {
		if (is_blank(s, len))
			return;
		begin_body(r, NULL);
	}
	if (!takes_text(r) && is_blank(s, len))
		return;
	struct dom_node *n = add_node(r);
	n->tag = TAG_TEXT;
	n->text = s;
	n->len = decode ? html_decode_refs(s, len) : len;
}

void html_begin(struct html_reader *r)
{
	const struct html_name *html = html_name(r, "html", 4);
	push(r, add_element(r, html, NULL), html);
}
