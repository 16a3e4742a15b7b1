/* styles.xml: what the styles of paragraphs and letters mean, whatever they are called in the author's language. */
#include <stdlib.h>
#include <string.h>

#include "collect/office/docx_int.h"

const char *docx_val(const struct dom_node *n, const char *child)
{
	const struct dom_node *c = n ? dom_child(n, NULL, child) : NULL;
	return c ? dom_attr(c, "val") : NULL;
}

signed char docx_toggle(const struct dom_node *property)
{
	const char *v = property ? dom_attr(property, "val") : NULL;
	if (!property)
		return -1;
	return !v || !(strcmp(v, "0") == 0 || strcmp(v, "false") == 0 || strcmp(v, "off") == 0);
}

static void take_lang(struct office_style *out, const struct dom_node *n)
{
	static const char *const attrs[] = {"val", "eastAsia", "bidi"};
	for (int i = 0; i < 3; i++) {
		const char *lang = dom_attr(n, attrs[i]);
		if (lang && *lang && strcmp(lang, "x-none") != 0)
			out->lang[i] = lang;
	}
}

static void take_property(struct office_style *out, const struct dom_node *c)
{
	if (strcmp(c->name, "b") == 0)
		out->bold = docx_toggle(c);
	else if (strcmp(c->name, "i") == 0)
		out->italic = docx_toggle(c);
	else if (strcmp(c->name, "strike") == 0 || strcmp(c->name, "dstrike") == 0)
		out->strike = docx_toggle(c);
	else if (strcmp(c->name, "vanish") == 0)
		out->hidden = docx_toggle(c);
	else if (strcmp(c->name, "rFonts") == 0 && dom_attr(c, "ascii"))
		out->mono = office_is_mono(dom_attr(c, "ascii"));
	else if (strcmp(c->name, "lang") == 0)
		take_lang(out, c);
}

void docx_run_properties(struct office_style *out, const struct dom_node *rpr,
			 const struct office_styles *s)
{
	const char *id = s ? docx_val(rpr, "rStyle") : NULL;
	if (id)
		office_style_over(out, office_style(s, id));
	for (const struct dom_node *c = rpr ? rpr->first : NULL; c; c = c->next)
		take_property(out, c);
}

static void take_paragraph_properties(struct office_style *out, const struct dom_node *ppr)
{
	const struct dom_node *num = ppr ? dom_child(ppr, NULL, "numPr") : NULL;
	const char *outline = docx_val(ppr, "outlineLvl");
	const char *level = docx_val(num, "ilvl");
	if (outline)
		out->outline = atoi(outline);
	out->num_id = docx_val(num, "numId");
	if (level)
		out->list_level = atoi(level);
}

static struct office_style *read_style(const struct dom_node *n, struct tw_arena *a)
{
	struct office_style *s = TW_NEW(a, struct office_style);
	*s = office_style_unsaid;
	const char *name = docx_val(n, "name");
	s->name = name ? name : "";
	s->based_on = docx_val(n, "basedOn");
	take_paragraph_properties(s, dom_child(n, NULL, "pPr"));
	docx_run_properties(s, dom_child(n, NULL, "rPr"), NULL);
	s->role = office_role_of(s->name);
	s->heading = office_heading_level(s->name);
	return s;
}

static void read_defaults(struct office_styles *out, const struct dom_node *root)
{
	const struct dom_node *n = dom_child(root, NULL, "docDefaults");
	n = n ? dom_child(n, NULL, "rPrDefault") : NULL;
	docx_run_properties(&out->defaults, n ? dom_child(n, NULL, "rPr") : NULL, NULL);
}

static bool is_default_paragraph(const struct dom_node *n)
{
	const char *type = dom_attr(n, "type"), *is = dom_attr(n, "default");
	return is && *is != '0' && *is != 'f' && tw_streq(type, "paragraph");
}

void docx_styles_read(struct office_styles *out, const struct package *p, const char *part,
		      struct tw_arena *a)
{
	struct dom d;
	*out = (struct office_styles){.defaults = office_style_unsaid};
	if (!part || package_xml(&d, p, part, a, NULL) != TW_OK)
		return;
	read_defaults(out, d.root);
	for (const struct dom_node *n = d.root->first; n; n = n->next) {
		const char *id = dom_attr(n, "styleId");
		if (strcmp(n->name, "style") != 0 || !id)
			continue;
		struct office_style *s = read_style(n, a);
		tw_map_set(&out->by_id, id, s);
		if (is_default_paragraph(n))
			office_style_over(&out->defaults, s);
	}
	office_styles_settle(out);
}
