/* Blocks of an ODT: paragraphs, headings, lists, tables, sections, boxes of text. */
#include <stdlib.h>
#include <string.h>

#include "collect/office/odt_int.h"
#include "collect/office/table_int.h"

static void blocks(struct odt *x, const struct dom_node *n, const char *list, int level);

/* --- paragraphs --- */

static void boxes(struct odt *x)
{
	const struct dom_node **mine = x->boxes.at;
	size_t n = x->boxes.n;
	x->boxes.at = NULL;
	x->boxes.n = x->boxes.cap = 0;
	for (size_t i = 0; i < n; i++)
		odt_blocks(x, mine[i]);
	free(mine);
}

static void open_block(struct odt *x, enum office_role role, int heading)
{
	enum rich_block kind = role == OFFICE_HEADING || role == OFFICE_TITLE ? RICH_HEADING
			       : role == OFFICE_QUOTE			      ? RICH_QUOTE
			       : role == OFFICE_CODE			      ? RICH_CODE
									      : RICH_PARAGRAPH;
	rich_open(&x->rich, kind, role == OFFICE_TITLE ? 1 : heading);
}

/* `level`: of the list that it stands in; -1 none. */
static void paragraph(struct odt *x, const struct dom_node *n, int level)
{
	const char *name = dom_attr(n, "style-name");
	const struct office_style *s = odt_style(x, "paragraph", name);
	enum office_role role = office_paragraph_role(s, &x->styles, x->typed);
	if (name && !*s->name) /* not described: known by its name, if it is one of old */
		role = office_role_of(odt_style_name(name, x->a));
	const char *outline = dom_attr(n, "outline-level");
	int heading = s->heading;
	if (strcmp(n->name, "h") == 0 && role != OFFICE_TITLE) {
		role = OFFICE_HEADING;
		heading = outline ? atoi(outline) : 1;
	}
	if (role == OFFICE_HEADING || role == OFFICE_TITLE || level < 0)
		rich_list_end(&x->rich, 0);
	x->paragraph = *s;
	open_block(x, role, heading);
	if (s->hidden != 1)
		odt_runs(x, n, &office_style_unsaid, NULL);
	if (role == OFFICE_TITLE)
		rich_title(&x->rich, &x->title);
	if (role == OFFICE_LIST_OF_CONTENTS)
		rich_drop(&x->rich);
	rich_close(&x->rich);
	boxes(x);
}

/* --- lists --- */

static bool is_list(const struct dom_node *n)
{
	return strcmp(n->name, "list") == 0;
}

/* An item that holds nothing but a deeper list has no mark of its own. */
static bool has_mark(const struct dom_node *item)
{
	const struct dom_node *c = item->first;
	while (c && (c->text || strcmp(c->name, "number") == 0))
		c = c->next;
	return c && !is_list(c) && strcmp(c->name, "h") != 0;
}

static void begin_item(struct odt *x, const struct dom_node *item, struct odt_list *l, int level)
{
	const char *start = dom_attr(item, "start-value");
	int i = level < ODT_LEVELS ? level : ODT_LEVELS - 1;
	if (!l) {
		rich_item(&x->rich, level, false, 0);
		return;
	}
	if (start)
		l->next[i] = atoi(start);
	rich_item(&x->rich, level, l->ordered[i], l->next[i]);
	if (l->next[i] < 1000000)
		l->next[i]++;
}

static void list(struct odt *x, const struct dom_node *n, const char *outer, int level)
{
	const char *own = dom_attr(n, "style-name"), *goes_on = dom_attr(n, "continue-numbering");
	const char *name = own ? own : outer;
	struct odt_list *l = name ? tw_map_get(&x->lists, name) : NULL;
	int i = level < ODT_LEVELS ? level : ODT_LEVELS - 1;
	if (l && !tw_streq(goes_on, "true") && !dom_attr(n, "continue-list"))
		l->next[i] = l->start[i];
	for (const struct dom_node *c = n->first; c; c = c->next) {
		if (strcmp(c->name, "list-item") == 0 && has_mark(c) && !(l && l->none[i]))
			begin_item(x, c, l, level);
		if (strcmp(c->name, "list-item") == 0 || strcmp(c->name, "list-header") == 0)
			blocks(x, c, name, level);
	}
	if (level > 0)
		rich_list_end(&x->rich, level);
}

/* --- tables --- */

static bool is_around_cells(const struct dom_node *n)
{
	static const char *const names[] = {"table-header-rows", "table-rows", "table-row-group",
					    NULL};
	return office_is_one_of(n->name, names);
}

/* Cells of one row that are the same. */
static int span_of(const struct dom_node *cell)
{
	const char *n = dom_attr(cell, "number-columns-repeated");
	return n ? atoi(n) : 1;
}

static void cell_blocks(void *x, const struct dom_node *cell)
{
	odt_blocks(x, cell);
}

static void table(struct odt *x, const struct dom_node *n)
{
	static const struct office_table type = {.table = "table",
						 .row = "table-row",
						 .cell = "table-cell",
						 .covered = "covered-table-cell",
						 .is_around = is_around_cells,
						 .span = span_of,
						 .blocks = cell_blocks};
	rich_list_end(&x->rich, 0);
	office_write_table(&x->rich, n, &type, x);
}

/* --- all --- */

/* Blocks around blocks; tables of contents, indexes and what changes deleted are not among them. */
static bool is_around_blocks(const struct dom_node *n)
{
	static const char *const names[] = {
		"section", "bibliography",	 "index-body",	  "text-box",
		"frame",   "numbered-paragraph", "page-sequence", NULL};
	return office_is_one_of(n->name, names) && !tw_streq(dom_attr(n, "display"), "none");
}

static void blocks(struct odt *x, const struct dom_node *n, const char *list_name, int level)
{
	for (const struct dom_node *c = n->first; c; c = c->next) {
		if (strcmp(c->name, "p") == 0 || strcmp(c->name, "h") == 0)
			paragraph(x, c, level);
		else if (is_list(c))
			list(x, c, list_name, level + 1);
		else if (strcmp(c->name, "table") == 0)
			table(x, c);
		else if (is_around_blocks(c))
			blocks(x, c, list_name, level);
	}
}

void odt_blocks(struct odt *x, const struct dom_node *n)
{
	blocks(x, n, NULL, -1);
}
