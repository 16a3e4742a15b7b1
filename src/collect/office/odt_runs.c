/* Text within a paragraph of an ODT: spans, links, spaces, marks of notes, boxes. */
#include <stdlib.h>
#include <string.h>

#include "collect/office/odt_int.h"

#define MOST_SPACES 20 /* that one element stands for */

static struct rich_format format_of(const struct odt *x, const struct office_style *s,
				    const char *link)
{
	struct rich_format f = office_format(s, &x->paragraph, &x->styles, x->typed);
	f.link = link;
	return f;
}

static void spaces(struct odt *x, const struct dom_node *n, const struct rich_format *f)
{
	const char *count = dom_attr(n, "c");
	int times = count ? atoi(count) : 1;
	if (times > 0)
		rich_text(&x->rich, "                    ",
			  times < MOST_SPACES ? (size_t)times : MOST_SPACES, f);
}

static void note(struct odt *x, const struct dom_node *n)
{
	const struct dom_node *body = dom_child(n, NULL, "note-body");
	if (!body)
		return;
	tw_vec_push(&x->notes, body);
	rich_note(&x->rich, (int)x->notes.n);
}

/* Pictures and shapes are no text, but boxes of it are; they stand behind the paragraph. */
static void find_boxes(struct odt *x, const struct dom_node *top)
{
	for (const struct dom_node *n = top; n;) {
		bool box = strcmp(n->name, "text-box") == 0 ||
			   (dom_child(n, NULL, "p") && strcmp(n->name, "annotation") != 0);
		bool other = strcmp(n->name, "object") == 0 || strcmp(n->name, "annotation") == 0;
		if (box)
			tw_vec_push(&x->boxes, n);
		n = box || other ? dom_skip(n, top) : dom_next(n, top);
	}
}

static void span(struct odt *x, const struct dom_node *n, const struct office_style *style,
		 const char *link)
{
	struct office_style own = *style;
	office_style_over(&own, odt_style(x, "text", dom_attr(n, "style-name")));
	if (own.hidden != 1)
		odt_runs(x, n, &own, link);
}

static bool is_shape(const char *name)
{
	static const char *const names[] = {
		"frame",  "custom-shape", "rect", "g",	      "ellipse",   "polygon", "path",
		"circle", "caption",	  "line", "polyline", "connector", "control", NULL};
	return office_is_one_of(name, names);
}

/* Of no text of the author's. */
static bool is_unshown(const char *name)
{
	static const char *const names[] = {"annotation",    "annotation-end", "placeholder",
					    "hidden-text",   "script",	       "ruby-text",
					    "note-citation", "note-body",      NULL};
	return office_is_one_of(name, names);
}

static void element(struct odt *x, const struct dom_node *c, const struct office_style *style,
		    const struct rich_format *f)
{
	const char *href = dom_attr(c, "href");
	if (strcmp(c->name, "span") == 0)
		span(x, c, style, f->link);
	else if (strcmp(c->name, "a") == 0)
		odt_runs(x, c, style, href && *href && *href != '#' ? href : f->link);
	else if (strcmp(c->name, "s") == 0)
		spaces(x, c, f);
	else if (strcmp(c->name, "tab") == 0)
		rich_text(&x->rich, "\t", 1, f);
	else if (strcmp(c->name, "line-break") == 0)
		rich_break(&x->rich);
	else if (strcmp(c->name, "note") == 0)
		note(x, c);
	else if (is_shape(c->name))
		find_boxes(x, c);
	else if (!is_unshown(c->name)) /* fields, marks of changes and of places */
		odt_runs(x, c, style, f->link);
}

void odt_runs(struct odt *x, const struct dom_node *n, const struct office_style *style,
	      const char *link)
{
	const struct rich_format f = format_of(x, style, link);
	for (const struct dom_node *c = n->first; c; c = c->next) {
		if (c->text)
			rich_text(&x->rich, c->text, c->len, &f);
		else
			element(x, c, style, &f);
	}
}
