/*
 * What runs along at the edge of the pages: heads, feet and page numbers. A line
 * near the edge is one when it comes again on other pages, its numbers aside, or
 * stands apart at the height where such lines do.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "collect/office/pdf_int.h"

#define EDGE	   0.12 /* of the page's height */
#define EDGE_LINES 3	/* that are looked at, above and below */
#define SAME_PLACE 1.5	/* points */

struct edge {
	size_t at[2 * EDGE_LINES];
	size_t n;
};

static bool is_above(const struct pdf_line *l, const struct pdf_page *page)
{
	return l->y1 < page->height * EDGE;
}

static bool is_below(const struct pdf_line *l, const struct pdf_page *page)
{
	return l->y0 > page->height * (1 - EDGE);
}

/* Keeps the outermost. */
static void keep(size_t *at, size_t *n, size_t i, const struct pdf *p, bool above)
{
	const struct pdf_line *l = p->lines.at;
	size_t k = *n < EDGE_LINES ? (*n)++ : EDGE_LINES;
	while (k > 0 && (above ? l[i].y0 < l[at[k - 1]].y0 : l[i].y1 > l[at[k - 1]].y1)) {
		if (k < EDGE_LINES)
			at[k] = at[k - 1];
		k--;
	}
	if (k < EDGE_LINES)
		at[k] = i;
}

/* What is larger than the text of the first page is a title, though the pages behind may repeat it. */
static struct edge edge_of(const struct pdf *p, const struct pdf_page *page, double body)
{
	struct edge e = {.n = 0};
	size_t above[EDGE_LINES], below[EDGE_LINES], n_above = 0, n_below = 0;
	for (size_t i = page->first; i < page->end; i++) {
		if (page == p->pages.at && p->lines.at[i].height > PDF_TITLE * body)
			continue;
		if (is_above(&p->lines.at[i], page))
			keep(above, &n_above, i, p, true);
		else if (is_below(&p->lines.at[i], page))
			keep(below, &n_below, i, p, false);
	}
	for (size_t i = 0; i < n_above; i++)
		e.at[e.n++] = above[i];
	for (size_t i = 0; i < n_below; i++)
		e.at[e.n++] = below[i];
	return e;
}

/* Its words without their numbers: "Page 3 of 9" → "page # of #"; "xii" alone → "#". */
static const char *pattern_of(const char *text, bool above, struct tw_arena *a)
{
	struct tw_str s = TW_STR_INIT;
	bool roman = strspn(text, "ivxlcIVXLC") == strlen(text);
	tw_str_addc(&s, above ? 'a' : 'b');
	for (const char *c = roman ? "1" : text; *c; c++) {
		if (!isdigit((unsigned char)*c))
			tw_str_addc(&s, (char)tolower((unsigned char)*c));
		else if (s.data[s.len - 1] != '#')
			tw_str_addc(&s, '#');
	}
	const char *pattern = tw_str_dup(&s, a);
	tw_str_release(&s);
	return pattern;
}

static bool is_its_number(const char *text, size_t page)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);
	return isdigit((unsigned char)*text) && !*end && n == page + 1;
}

/* Pages that must have it. */
static int64_t enough(const struct pdf *p)
{
	return p->pages.n < 6 ? 2 : 3;
}

static void count(struct tw_map *counts, const struct pdf *p, const struct edge *edges)
{
	for (size_t i = 0; i < p->pages.n; i++)
		for (size_t k = 0; k < edges[i].n; k++) {
			const struct pdf_line *l = &p->lines.at[edges[i].at[k]];
			const char *s = pattern_of(l->text, is_above(l, &p->pages.at[i]), p->a);
			tw_map_at(counts, s, strlen(s))->v.i++;
		}
}

static void mark_repeated(struct pdf *p, const struct edge *edges, const struct tw_map *counts)
{
	for (size_t i = 0; i < p->pages.n; i++)
		for (size_t k = 0; k < edges[i].n; k++) {
			struct pdf_line *l = &p->lines.at[edges[i].at[k]];
			const char *s = pattern_of(l->text, is_above(l, &p->pages.at[i]), p->a);
			l->running = tw_map_get_int(counts, s, 0) >= enough(p) ||
				     is_its_number(l->text, i);
		}
}

/* How many of the lines that run along stand at this height. */
static int64_t *place(struct tw_map *places, double y)
{
	char key[32];
	int n = snprintf(key, sizeof(key), "%ld", lround(y / SAME_PLACE));
	return &tw_map_at(places, key, (size_t)n)->v.i;
}

static bool stands_apart(const struct pdf *p, const struct pdf_page *page, size_t at)
{
	const struct pdf_line *l = &p->lines.at[at];
	for (size_t i = page->first; i < page->end; i++) {
		const struct pdf_line *o = &p->lines.at[i];
		double gap = o->y0 > l->y1 ? o->y0 - l->y1 : l->y0 - o->y1;
		if (i != at && !o->running && gap < l->height * 0.8)
			return false;
	}
	return true;
}

/* A head that names a short chapter comes but once or twice. */
static void mark_by_place(struct pdf *p, const struct edge *edges)
{
	struct tw_map places = TW_MAP_INIT;
	for (size_t i = 0; i < p->pages.n; i++)
		for (size_t k = 0; k < edges[i].n; k++)
			if (p->lines.at[edges[i].at[k]].running)
				++*place(&places, p->lines.at[edges[i].at[k]].y0);
	for (size_t i = 0; i < p->pages.n; i++)
		for (size_t k = 0; k < edges[i].n; k++) {
			struct pdf_line *l = &p->lines.at[edges[i].at[k]];
			if (!l->running && *place(&places, l->y0) >= 3)
				l->running = stands_apart(p, &p->pages.at[i], edges[i].at[k]);
		}
	tw_map_release(&places);
}

/* "Naming . . . . . . 3" */
static bool has_leader(const char *s)
{
	return strstr(s, ". . . . .") || strstr(s, "......") || strstr(s, "…………");
}

/* A page of contents: many of its lines lead to others. */
static void mark_contents(struct pdf *p, const struct pdf_page *page)
{
	size_t leaders = 0;
	for (size_t i = page->first; i < page->end; i++)
		leaders += has_leader(p->lines.at[i].text);
	bool contents = leaders >= 3 && leaders * 4 > page->end - page->first;
	for (size_t i = page->first; i < page->end; i++)
		if (contents || has_leader(p->lines.at[i].text))
			p->lines.at[i].running = true;
}

void pdf_find_running(struct pdf *p, double body)
{
	struct tw_map counts = TW_MAP_INIT;
	struct edge *edges = tw_xcalloc(p->pages.n + 1, sizeof(*edges));
	for (size_t i = 0; i < p->pages.n; i++)
		edges[i] = edge_of(p, &p->pages.at[i], body);
	count(&counts, p, edges);
	mark_repeated(p, edges, &counts);
	mark_by_place(p, edges);
	for (size_t i = 0; i < p->pages.n; i++)
		mark_contents(p, &p->pages.at[i]);
	tw_map_release(&counts);
	free(edges);
}
