/* What parts of a DOCX are related to (ECMA-376 part 2, clause 9): _rels/document.xml.rels beside document.xml. */
#include <string.h>

#include "collect/office/docx_int.h"

static const char *relations_of(const char *part, struct tw_arena *a)
{
	const char *slash = strrchr(part, '/'), *base = slash ? slash + 1 : part;
	return tw_sprintf(a, "%.*s_rels/%s.rels", (int)(base - part), part, base);
}

static const char *target_of(const char *part, const struct dom_node *n, struct tw_arena *a)
{
	const char *target = dom_attr(n, "Target"), *mode = dom_attr(n, "TargetMode");
	if (!target || tw_streq(mode, "External"))
		return target;
	return package_resolve(part, target, a);
}

const char *docx_related(const struct package *p, const char *from, const char *type,
			 struct tw_arena *a)
{
	struct dom d;
	if (package_xml(&d, p, relations_of(from, a), a, NULL) != TW_OK)
		return NULL;
	for (const struct dom_node *n = d.root->first; n; n = n->next) {
		const char *is = dom_attr(n, "Type");
		if (is && tw_ends_with(is, type))
			return target_of(from, n, a);
	}
	return NULL;
}

void docx_links_read(struct docx_links *out, const struct package *p, const char *part,
		     struct tw_arena *a)
{
	struct dom d;
	*out = (struct docx_links){0};
	if (!part || package_xml(&d, p, relations_of(part, a), a, NULL) != TW_OK)
		return;
	for (const struct dom_node *n = d.root->first; n; n = n->next) {
		const char *id = dom_attr(n, "Id"), *target = id ? target_of(part, n, a) : NULL;
		if (target)
			tw_map_set(&out->by_id, id, (void *)(uintptr_t)target);
	}
}

void docx_links_release(struct docx_links *l)
{
	tw_map_release(&l->by_id);
}
