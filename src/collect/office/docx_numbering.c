/* numbering.xml: which paragraphs are items of lists, and what number they have. */
#include <stdlib.h>
#include <string.h>

#include "collect/office/docx_int.h"

static void read_level(struct docx_list *l, const struct dom_node *lvl)
{
	const char *at = dom_attr(lvl, "ilvl"), *format = docx_val(lvl, "numFmt");
	const char *start = docx_val(lvl, "start");
	int i = at ? atoi(at) : -1;
	if (i < 0 || i >= OFFICE_LEVELS)
		return;
	l->none[i] = tw_streq(format, "none");
	l->ordered[i] = format && strcmp(format, "bullet") != 0 && !l->none[i];
	l->start[i] = start ? atoi(start) : 1;
}

static struct docx_list *read_list(const struct dom_node *abstract, struct tw_arena *a)
{
	struct docx_list *l = TW_NEW(a, struct docx_list);
	for (int i = 0; i < OFFICE_LEVELS; i++)
		l->start[i] = 1;
	for (const struct dom_node *n = abstract->first; n; n = n->next)
		if (strcmp(n->name, "lvl") == 0)
			read_level(l, n);
	for (int i = 0; i < OFFICE_LEVELS; i++)
		l->next[i] = l->start[i];
	return l;
}

static struct docx_num *read_num(const struct dom_node *n, const struct tw_map *lists,
				 struct tw_arena *a)
{
	const char *id = docx_val(n, "abstractNumId");
	struct docx_list *list = id ? tw_map_get(lists, id) : NULL;
	if (!list)
		return NULL;
	struct docx_num *num = TW_NEW(a, struct docx_num);
	num->list = list;
	for (int i = 0; i < OFFICE_LEVELS; i++)
		num->restart[i] = -1;
	for (const struct dom_node *o = n->first; o; o = o->next) {
		const char *at = dom_attr(o, "ilvl"), *start = docx_val(o, "startOverride");
		int i = at ? atoi(at) : -1;
		if (strcmp(o->name, "lvlOverride") == 0 && start && i >= 0 && i < OFFICE_LEVELS)
			num->restart[i] = atoi(start);
	}
	return num;
}

/* A list that only names a style of lists is the one that this style belongs to. */
static void follow_style(struct tw_map *lists, const struct dom_node *root,
			 const struct office_styles *styles, const struct docx_numbering *nums)
{
	for (const struct dom_node *n = root->first; n; n = n->next) {
		const char *link = docx_val(n, "numStyleLink"), *id = dom_attr(n, "abstractNumId");
		const struct office_style *style = link ? office_style(styles, link) : NULL;
		const struct docx_num *num =
			style && style->num_id ? tw_map_get(&nums->nums, style->num_id) : NULL;
		struct docx_list *list = num && id ? tw_map_get(lists, id) : NULL;
		if (list)
			*list = *num->list;
	}
}

void docx_numbering_read(struct docx_numbering *out, const struct package *p, const char *part,
			 const struct office_styles *styles, struct tw_arena *a)
{
	struct tw_map lists = TW_MAP_INIT;
	struct dom d;
	*out = (struct docx_numbering){0};
	if (!part || package_xml(&d, p, part, a, NULL) != TW_OK)
		return;
	for (const struct dom_node *n = d.root->first; n; n = n->next) {
		const char *id = dom_attr(n, "abstractNumId");
		if (strcmp(n->name, "abstractNum") == 0 && id)
			tw_map_set(&lists, id, read_list(n, a));
	}
	for (const struct dom_node *n = d.root->first; n; n = n->next) {
		const char *id = dom_attr(n, "numId");
		struct docx_num *num =
			strcmp(n->name, "num") == 0 && id ? read_num(n, &lists, a) : NULL;
		if (num)
			tw_map_set(&out->nums, id, num);
	}
	follow_style(&lists, d.root, styles, out);
	tw_map_release(&lists);
}

void docx_numbering_release(struct docx_numbering *n)
{
	tw_map_release(&n->nums);
}

bool docx_number(const struct docx_numbering *n, const char *num_id, int level, bool *ordered,
		 int *number)
{
	struct docx_num *num = num_id ? tw_map_get(&n->nums, num_id) : NULL;
	if (!num || level < 0 || level >= OFFICE_LEVELS || num->list->none[level])
		return false;
	struct docx_list *l = num->list;
	if (num->restart[level] >= 0)
		l->next[level] = num->restart[level];
	num->restart[level] = -1;
	*ordered = l->ordered[level];
	*number = l->next[level];
	if (l->next[level] < 1000000)
		l->next[level]++;
	for (int i = level + 1; i < OFFICE_LEVELS; i++)
		l->next[i] = l->start[i];
	return true;
}
