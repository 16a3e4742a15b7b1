/*
 * Lines of a page in the order in which they are read. The program's blocks may
 * cut a paragraph where its letters change, and hold the marks of a list apart
 * from its items.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collect/office/pdf_int.h"

#define MOST_ITEM 2000 /* bytes of its line */
#define LOOK_AT	  200  /* lines before and behind a mark, among which its item may be */

size_t pdf_bullet(const char *s)
{
	static const char *const marks[] = {"•", "◦", "▪", "▫", "■", "□", "●",	    "○",      "‣",
					    "⁃", "∙", "·", "➢", "►", "✓", "\uf0b7", "\uf0a7", NULL};
	for (const char *const *m = marks; *m; m++)
		if (tw_starts_with(s, *m) && (s[strlen(*m)] == ' ' || !s[strlen(*m)]))
			return strlen(*m) + (s[strlen(*m)] == ' ');
	return 0;
}

/* A mark that stands by itself: "•", "3.", "(b)". */
static bool is_mark(const char *s)
{
	size_t bullet = pdf_bullet(s), n = strlen(s);
	bool number = n <= 4 && n >= 2 && (s[n - 1] == '.' || s[n - 1] == ')') &&
		      strspn(s, "0123456789") == n - 1;
	return (bullet && !s[bullet]) || number;
}

static bool is_beside(const struct pdf_line *x, const struct pdf_line *y)
{
	double h = x->height < y->height ? x->height : y->height;
	return fabs(x->y1 - y->y1) < 0.5 * h;
}

/* --- marks of lists --- */

static struct pdf_line *item_of(struct pdf *p, size_t at, const struct pdf_page *page)
{
	const struct pdf_line *mark = &p->lines.at[at];
	size_t from = at > page->first + LOOK_AT ? at - LOOK_AT : page->first;
	size_t end = page->end > at + LOOK_AT ? at + LOOK_AT : page->end;
	struct pdf_line *best = NULL;
	for (size_t i = from; i < end; i++) {
		struct pdf_line *l = &p->lines.at[i];
		if (i != at && l->x0 >= mark->x1 && l->x0 - mark->x1 < 6 * mark->height &&
		    is_beside(l, mark) && (!best || l->x0 < best->x0))
			best = l;
	}
	return best && !is_mark(best->text) && strlen(best->text) < MOST_ITEM ? best : NULL;
}

static void give_marks(struct pdf *p, struct pdf_page *page)
{
	size_t kept = page->first;
	for (size_t i = page->first; i < page->end; i++) {
		struct pdf_line *mark = &p->lines.at[i];
		struct pdf_line *item = is_mark(mark->text) ? item_of(p, i, page) : NULL;
		if (!item)
			continue;
		item->text = tw_sprintf(p->a, "%s %s", mark->text, item->text);
		item->x0 = mark->x0;
		mark->text = "";
	}
	for (size_t i = page->first; i < page->end; i++)
		if (*p->lines.at[i].text)
			p->lines.at[kept++] = p->lines.at[i];
	p->lines.n = page->end = kept;
}

/* --- columns --- */

struct box {
	double x0, x1;
};

static struct box box_of(const struct pdf_line *l, size_t n)
{
	struct box b = {l->x0, l->x1};
	for (size_t i = 1; i < n; i++) {
		b.x0 = l[i].x0 < b.x0 ? l[i].x0 : b.x0;
		b.x1 = l[i].x1 > b.x1 ? l[i].x1 : b.x1;
	}
	return b;
}

/* One stands over the other for at least half of its width. */
static bool is_same_column(struct box a, struct box b)
{
	double from = a.x0 > b.x0 ? a.x0 : b.x0, to = a.x1 < b.x1 ? a.x1 : b.x1;
	double narrow = a.x1 - a.x0 < b.x1 - b.x0 ? a.x1 - a.x0 : b.x1 - b.x0;
	return to - from >= 0.5 * narrow;
}

static int by_place(const void *x, const void *y)
{
	const struct pdf_line *a = x, *b = y;
	if (a->y1 < b->y1 || a->y1 > b->y1)
		return a->y1 < b->y1 ? -1 : 1;
	return (a->x0 > b->x0) - (a->x0 < b->x0);
}

static int by_x(const void *x, const void *y)
{
	const struct pdf_line *a = x, *b = y;
	return (a->x0 > b->x0) - (a->x0 < b->x0);
}

static void sort_column(struct pdf_line *l, size_t n)
{
	qsort(l, n, sizeof(*l), by_place);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && is_beside(&l[i], &l[end]);)
			end++;
		qsort(l + i, end - i, sizeof(*l), by_x);
	}
}

static size_t end_of_part(const struct pdf *p, size_t i, size_t end)
{
	size_t k = i;
	while (k < end && p->lines.at[k].part == p->lines.at[i].part)
		k++;
	return k;
}

/* The end of the parts of one flow that stand in one column. */
static size_t end_of_column(const struct pdf *p, size_t first, size_t page_end)
{
	const struct pdf_line *l = p->lines.at;
	size_t end = end_of_part(p, first, page_end);
	struct box column = box_of(l + first, end - first);
	while (end < page_end && l[end].flow == l[first].flow) {
		size_t next = end_of_part(p, end, page_end);
		struct box b = box_of(l + end, next - end);
		if (!is_same_column(column, b))
			break;
		column.x0 = b.x0 < column.x0 ? b.x0 : column.x0;
		column.x1 = b.x1 > column.x1 ? b.x1 : column.x1;
		end = next;
	}
	return end;
}

void pdf_order(struct pdf *p, struct pdf_page *page)
{
	give_marks(p, page);
	pdf_columns(p, page);
	for (size_t i = page->first, end; i < page->end; i = end) {
		end = end_of_column(p, i, page->end);
		sort_column(p->lines.at + i, end - i);
		for (size_t k = i; k < end; k++)
			p->lines.at[k].block = p->blocks;
		p->blocks++;
	}
}
