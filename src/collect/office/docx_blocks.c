/* Blocks of a DOCX: paragraphs, headings, lists, tables, boxes of text. */
#include <stdlib.h>
#include <string.h>

#include "collect/office/docx_text_int.h"
#include "collect/office/table_int.h"

/* --- paragraphs --- */

struct look {
	enum office_role role;
	int heading;
	const char *num_id;
	int level;
};

static struct look look_of(struct docx *x, const struct dom_node *ppr)
{
	const char *id = docx_val(ppr, "pStyle"), *outline = docx_val(ppr, "outlineLvl");
	const struct dom_node *num = ppr ? dom_child(ppr, NULL, "numPr") : NULL;
	const struct office_style *s = office_style(&x->styles, id);
	const char *num_id = docx_val(num, "numId"), *level = docx_val(num, "ilvl");
	struct look l = {office_paragraph_role(s, &x->styles, x->typed), s->heading,
			 num_id ? num_id : s->num_id, s->list_level};
	if (id && !*s->name) { /* not described: known by its id, if it is one of Word's own */
		l.role = office_role_of(id);
		l.heading = office_heading_level(id);
	}
	int own = outline ? atoi(outline) : -1;
	if (own >= 0 && own < OFFICE_LEVELS && l.role != OFFICE_TITLE) {
		l.role = OFFICE_HEADING;
		l.heading = own + 1;
	} else if (own == OFFICE_LEVELS && l.role == OFFICE_HEADING) {
		l.role = OFFICE_TEXT;
	}
	l.level = level ? atoi(level) : l.level < 0 ? 0 : l.level;
	x->paragraph = *s;
	return l;
}

static void begin_block(struct docx *x, const struct look *l)
{
	bool ordered;
	int number;
	if (l->role == OFFICE_HEADING || l->role == OFFICE_TITLE) {
		rich_list_end(&x->rich, 0);
		rich_open(&x->rich, RICH_HEADING, l->role == OFFICE_TITLE ? 1 : l->heading);
	} else if (docx_number(&x->numbering, l->num_id, l->level, &ordered, &number)) {
		rich_item(&x->rich, l->level, ordered, number);
		rich_open(&x->rich, RICH_PARAGRAPH, 0);
	} else {
		rich_list_end(&x->rich, 0);
		rich_open(&x->rich,
			  l->role == OFFICE_QUOTE  ? RICH_QUOTE
			  : l->role == OFFICE_CODE ? RICH_CODE
						   : RICH_PARAGRAPH,
			  0);
	}
}

static bool is_paragraph(const struct dom_node *n)
{
	return strcmp(n->name, "p") == 0;
}

/* The end of the paragraph was deleted: it goes on in the next. */
static bool end_is_deleted(const struct dom_node *p)
{
	const struct dom_node *ppr = dom_child(p, NULL, "pPr");
	const struct dom_node *mark = ppr ? dom_child(ppr, NULL, "rPr") : NULL;
	const struct dom_node *frame = ppr ? dom_child(ppr, NULL, "framePr") : NULL;
	if (frame && dom_attr(frame, "dropCap")) /* the large first letter of the next */
		return true;
	return mark && (dom_child(mark, NULL, "del") || dom_child(mark, NULL, "moveFrom"));
}

static const struct dom_node *next_paragraph(const struct dom_node *p)
{
	const struct dom_node *n = p->next;
	while (n && n->text)
		n = n->next;
	return n && is_paragraph(n) ? n : NULL;
}

static void boxes(struct docx *x)
{
	struct docx_nodes mine = x->boxes;
	const struct office_style style = x->paragraph;
	x->boxes = (struct docx_nodes){0};
	for (size_t i = 0; i < mine.n; i++)
		docx_blocks(x, mine.at[i]);
	x->paragraph = style;
	tw_vec_release(&mine);
}

/* Returns its last, where several are one. */
static const struct dom_node *paragraph(struct docx *x, const struct dom_node *first)
{
	const struct dom_node *last = first;
	while (end_is_deleted(last) && next_paragraph(last))
		last = next_paragraph(last);
	const struct look l = look_of(x, dom_child(last, NULL, "pPr"));
	begin_block(x, &l);
	for (const struct dom_node *p = first; p; p = p == last ? NULL : next_paragraph(p))
		docx_runs(x, p);
	docx_end_programs(x);
	if (l.role == OFFICE_TITLE)
		rich_title(&x->rich, &x->title);
	if (l.role == OFFICE_LIST_OF_CONTENTS)
		rich_drop(&x->rich);
	rich_close(&x->rich);
	boxes(x);
	return last;
}

/* --- tables --- */

static bool is_around_blocks(const struct dom_node *n)
{
	return strcmp(n->name, "ins") == 0 || strcmp(n->name, "moveTo") == 0 ||
	       strcmp(n->name, "customXml") == 0 || strcmp(n->name, "smartTag") == 0 ||
	       strcmp(n->name, "sdtContent") == 0;
}

static bool is_around_cells(const struct dom_node *n)
{
	return is_around_blocks(n) || strcmp(n->name, "sdt") == 0;
}

static bool is_deleted_row(const struct dom_node *n)
{
	const struct dom_node *properties = dom_child(n, NULL, "trPr");
	return properties && dom_child(properties, NULL, "del");
}

static int span_of(const struct dom_node *cell)
{
	const char *span = docx_val(dom_child(cell, NULL, "tcPr"), "gridSpan");
	return span ? atoi(span) : 1;
}

static void cell_blocks(void *x, const struct dom_node *cell)
{
	docx_blocks(x, cell);
}

static void table(struct docx *x, const struct dom_node *n)
{
	static const struct office_table type = {.table = "tbl",
						 .row = "tr",
						 .cell = "tc",
						 .is_around = is_around_cells,
						 .is_gone = is_deleted_row,
						 .span = span_of,
						 .blocks = cell_blocks};
	rich_list_end(&x->rich, 0);
	office_write_table(&x->rich, n, &type, x);
}

/* --- all --- */

/* The content of a control, unless it is a table of contents or still says "Click here". */
static const struct dom_node *control(const struct dom_node *sdt)
{
	const struct dom_node *properties = dom_child(sdt, NULL, "sdtPr");
	const struct dom_node *part = properties ? dom_child(properties, NULL, "docPartObj") : NULL;
	const char *gallery = docx_val(part, "docPartGallery");
	if (properties && dom_child(properties, NULL, "showingPlcHdr"))
		return NULL;
	return tw_streq(gallery, "Table of Contents") ? NULL : dom_child(sdt, NULL, "sdtContent");
}

void docx_blocks(struct docx *x, const struct dom_node *n)
{
	for (const struct dom_node *c = n->first; c; c = c->next) {
		const struct dom_node *inner = NULL;
		if (is_paragraph(c))
			c = paragraph(x, c);
		else if (strcmp(c->name, "tbl") == 0)
			table(x, c);
		else if (strcmp(c->name, "sdt") == 0)
			inner = control(c);
		else if (strcmp(c->name, "AlternateContent") == 0)
			inner = docx_choice(c);
		else if (is_around_blocks(c))
			inner = c;
		if (inner)
			docx_blocks(x, inner);
	}
}
