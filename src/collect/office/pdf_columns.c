/*
 * Columns of a page: where a gap runs down between blocks of running text, what
 * is on its left comes before what is on its right. What spans both sides comes
 * in its place from the top; cells of tables, which hold words and no text, stay
 * in their rows. (A cut of the page along its gaps: Nagy and Seth, ICPR 1984.)
 */
#include <stdlib.h>
#include <string.h>

#include "collect/office/pdf_int.h"

#define MOST_PARTS 400 /* of a page; with more, they stay in the order in which they came */
#define MOST_DEPTH 12  /* columns within columns */
#define GUTTER	   6   /* points */
#define TEXT_LINES 3   /* that a column has at least */
#define TEXT_BYTES 18  /* that its lines have in the middle */

struct part {
	double x0, y0, x1, y1;
	size_t first, end; /* its lines */
	size_t bytes;
};

struct cutter {
	const struct pdf *p;
	TW_VEC(struct pdf_line) lines; /* in their new order */
	size_t flow;
};

static struct part part_of(const struct pdf_line *l, size_t first, size_t end)
{
	struct part b = {l[first].x0, l[first].y0, l[first].x1, l[first].y1, first, end, 0};
	for (size_t i = first; i < end; i++) {
		b.x0 = l[i].x0 < b.x0 ? l[i].x0 : b.x0;
		b.y0 = l[i].y0 < b.y0 ? l[i].y0 : b.y0;
		b.x1 = l[i].x1 > b.x1 ? l[i].x1 : b.x1;
		b.y1 = l[i].y1 > b.y1 ? l[i].y1 : b.y1;
		b.bytes += strlen(l[i].text);
	}
	return b;
}

static int by_left(const void *x, const void *y)
{
	const struct part *a = x, *b = y;
	if (a->x0 < b->x0 || a->x0 > b->x0)
		return a->x0 < b->x0 ? -1 : 1;
	return (a->first > b->first) - (a->first < b->first);
}

static int by_top(const void *x, const void *y)
{
	const struct part *a = x, *b = y;
	if (a->y0 < b->y0 || a->y0 > b->y0)
		return a->y0 < b->y0 ? -1 : 1;
	return (a->first > b->first) - (a->first < b->first);
}

static int by_order(const void *x, const void *y)
{
	const struct part *a = x, *b = y;
	return (a->first > b->first) - (a->first < b->first);
}

static bool is_text(const struct part *parts, size_t n)
{
	size_t lines = 0, bytes = 0;
	for (size_t i = 0; i < n; i++) {
		lines += parts[i].end - parts[i].first;
		bytes += parts[i].bytes;
	}
	return lines >= TEXT_LINES && bytes >= lines * TEXT_BYTES;
}

/* Sorts them from the left; how many stand left of the widest gap that runs all the way down, 0 when there is none. */
static size_t cut_down(struct part *parts, size_t n)
{
	double right = 0, widest = GUTTER;
	size_t at = 0;
	qsort(parts, n, sizeof(*parts), by_left);
	for (size_t i = 0; i < n; i++) {
		if (i && parts[i].x0 - right >= widest) {
			widest = parts[i].x0 - right;
			at = i;
		}
		right = i == 0 || parts[i].x1 > right ? parts[i].x1 : right;
	}
	return at;
}

static void emit(struct cutter *c, struct part *parts, size_t n)
{
	if (n)
		qsort(parts, n, sizeof(*parts), by_order);
	for (size_t i = 0; i < n; i++)
		for (size_t k = parts[i].first; k < parts[i].end; k++) {
			struct pdf_line l = c->p->lines.at[k];
			l.flow = c->flow;
			tw_vec_push(&c->lines, l);
		}
}

static void order(struct cutter *c, struct part *parts, size_t n, int depth);

static bool order_columns(struct cutter *c, struct part *parts, size_t n, int depth)
{
	size_t left = cut_down(parts, n);
	if (!left || !is_text(parts, left) || !is_text(parts + left, n - left))
		return false;
	c->flow++;
	order(c, parts, left, depth + 1);
	c->flow++;
	order(c, parts + left, n - left, depth + 1);
	c->flow++;
	return true;
}

/* The end of the band that begins at i, in parts that are sorted from the top: no part stands on both sides of it. */
static size_t end_of_band(const struct part *parts, size_t i, size_t n)
{
	double bottom = parts[i].y1;
	for (i++; i < n && parts[i].y0 < bottom - 1; i++)
		bottom = parts[i].y1 > bottom ? parts[i].y1 : bottom;
	return i;
}

static bool has_gap(const struct part *parts, size_t n, struct part *scratch)
{
	memcpy(scratch, parts, n * sizeof(*parts));
	return cut_down(scratch, n) > 0;
}

/* From the top: bands that one gap runs through are looked at together. */
static void order(struct cutter *c, struct part *parts, size_t n, int depth)
{
	if (n < 2 || depth >= MOST_DEPTH) {
		emit(c, parts, n);
		return;
	}
	struct part *scratch = tw_xcalloc(n, sizeof(*scratch));
	qsort(parts, n, sizeof(*parts), by_top);
	for (size_t i = 0, end; i < n; i = end) {
		size_t first = end_of_band(parts, i, n), next;
		for (end = first; end < n; end = next) {
			next = end_of_band(parts, end, n);
			if (!has_gap(parts + i, next - i, scratch))
				break;
		}
		memcpy(scratch, parts + i, (end - i) * sizeof(*parts));
		if (!order_columns(c, scratch, end - i, depth)) {
			end = first;
			emit(c, parts + i, end - i);
		}
	}
	free(scratch);
}

void pdf_columns(struct pdf *p, const struct pdf_page *page)
{
	TW_VEC(struct part) parts = {0};
	struct cutter c = {.p = p, .flow = p->flows};
	for (size_t i = page->first, end; i < page->end; i = end) {
		for (end = i + 1; end < page->end && p->lines.at[end].part == p->lines.at[i].part;)
			end++;
		struct part one = part_of(p->lines.at, i, end);
		tw_vec_push(&parts, one);
	}
	if (parts.n <= MOST_PARTS) {
		order(&c, parts.at, parts.n, 0);
		for (size_t i = 0; i < c.lines.n; i++)
			p->lines.at[page->first + i] = c.lines.at[i];
		p->flows = c.flow;
	}
	tw_vec_release(&parts);
	tw_vec_release(&c.lines);
}
