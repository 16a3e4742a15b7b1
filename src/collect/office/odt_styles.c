/* Styles of an ODT: of paragraphs, letters and lists. */
#include <stdlib.h>
#include <string.h>

#include "collect/office/odt_int.h"

const struct office_style *odt_style(const struct odt *x, const char *family, const char *name)
{
	return office_style(&x->styles, name ? tw_sprintf(x->a, "%s:%s", family, name) : NULL);
}

const char *odt_style_name(const char *name, struct tw_arena *a)
{
	char *copy = tw_strdup(a, name), *to = copy;
	for (const char *p = name; *p;) {
		bool space = strncmp(p, "_20_", 4) == 0;
		*to++ = space ? ' ' : *p;
		p += space ? 4 : 1;
	}
	*to = '\0';
	return copy;
}

static signed char is_value(const char *value, const char *const *on)
{
	return value ? office_is_one_of(value, on) : -1;
}

/* fo:language="en" fo:country="GB" → en-GB. */
static const char *lang_of(const struct dom_node *n, const char *language, const char *country,
			   struct tw_arena *a)
{
	const char *l = dom_attr(n, language), *c = dom_attr(n, country);
	if (!l || !*l || strcmp(l, "none") == 0 || strcmp(l, "zxx") == 0)
		return NULL;
	return c && *c && strcmp(c, "none") != 0 ? tw_sprintf(a, "%s-%s", l, c) : l;
}

static void take_letters(struct office_style *s, const struct dom_node *n, struct tw_arena *a)
{
	static const char *const bold[] = {"bold", "600", "700", "800", "900", NULL};
	static const char *const italic[] = {"italic", "oblique", NULL};
	static const char *const hidden[] = {"none", NULL};
	const char *line = dom_attr(n, "text-line-through-style");
	const char *font = dom_attr(n, "font-name");
	font = font ? font : dom_attr(n, "font-family");
	s->bold = is_value(dom_attr(n, "font-weight"), bold);
	s->italic = is_value(dom_attr(n, "font-style"), italic);
	s->hidden = is_value(dom_attr(n, "display"), hidden);
	if (line)
		s->strike = strcmp(line, "none") != 0;
	if (font)
		s->mono = office_is_mono(font);
	s->lang[0] = lang_of(n, "language", "country", a);
	s->lang[1] = lang_of(n, "language-asian", "country-asian", a);
	s->lang[2] = lang_of(n, "language-complex", "country-complex", a);
}

static void read_style(struct odt *x, const struct dom_node *n, bool defaults)
{
	const char *family = dom_attr(n, "family"), *name = dom_attr(n, "name");
	const char *shown = dom_attr(n, "display-name"), *base = dom_attr(n, "parent-style-name");
	const struct dom_node *letters = dom_child(n, NULL, "text-properties");
	struct office_style *s = TW_NEW(x->a, struct office_style);
	*s = office_style_unsaid;
	if (letters)
		take_letters(s, letters, x->a);
	if (defaults && tw_streq(family, "paragraph"))
		office_style_over(&x->styles.defaults, s);
	if (defaults || !family || !name)
		return;
	s->name = shown ? shown : odt_style_name(name, x->a);
	s->based_on = base ? tw_sprintf(x->a, "%s:%s", family, base) : NULL;
	if (strcmp(family, "paragraph") == 0) {
		const char *known = base ? odt_style_name(base, x->a) : "";
		s->role = office_role_of(s->name);
		known = s->role == OFFICE_TEXT ? known
					       : s->name; /* the base may not be described */
		s->role = office_role_of(known);
		s->heading = office_heading_level(known);
	}
	tw_map_set(&x->styles.by_id, tw_sprintf(x->a, "%s:%s", family, name), s);
}

static void read_level(struct odt_list *l, const struct dom_node *n)
{
	const char *at = dom_attr(n, "level"), *start = dom_attr(n, "start-value");
	const char *format = dom_attr(n, "num-format");
	int i = at ? atoi(at) - 1 : -1;
	if (i < 0 || i >= ODT_LEVELS)
		return;
	l->ordered[i] = strcmp(n->name, "list-level-style-number") == 0;
	l->none[i] = l->ordered[i] && (!format || !*format);
	l->start[i] = start ? atoi(start) : 1;
}

static void read_list(struct odt *x, const struct dom_node *n)
{
	const char *name = dom_attr(n, "name");
	struct odt_list *l = TW_NEW(x->a, struct odt_list);
	for (int i = 0; i < ODT_LEVELS; i++)
		l->start[i] = 1;
	for (const struct dom_node *c = n->first; c; c = c->next)
		read_level(l, c);
	if (name)
		tw_map_set(&x->lists, name, l);
}

void odt_lists_restart(struct odt *x)
{
	const struct tw_map_slot *s;
	for (size_t it = 0; (s = tw_map_next(&x->lists, &it));) {
		struct odt_list *l = s->v.p;
		memcpy(l->next, l->start, sizeof(l->next));
	}
}

void odt_styles_read(struct odt *x, const struct dom_node *root, const char *group)
{
	const struct dom_node *all = root ? dom_child(root, NULL, group) : NULL;
	for (const struct dom_node *n = all ? all->first : NULL; n; n = n->next) {
		if (strcmp(n->name, "style") == 0)
			read_style(x, n, false);
		else if (strcmp(n->name, "default-style") == 0)
			read_style(x, n, true);
		else if (strcmp(n->name, "list-style") == 0)
			read_list(x, n);
	}
}
