/* What formats in XML share. */
#include "collect/export/export_xml_int.h"

#include <string.h>

enum tw_status slice_parse(const struct dom_node **out, const struct tw_bytes *slice,
			   const char *root, const char *name, struct tw_arena *a,
			   struct tw_err *err)
{
	struct dom d;
	struct tw_err why = TW_ERR_INIT;
	const char *end = tw_sprintf(a, "</%.*s>", (int)strcspn(root + 1, " >"), root + 1);
	const char *whole = tw_sprintf(a, "%s%s%s", root, slice->data, end);
	enum tw_status st = dom_parse_xml(&d, whole, strlen(whole), "UTF-8", a, &why);
	*out = st == TW_OK ? dom_child(d.root, NULL, name) : NULL;
	return *out ? TW_OK : tw_fail(err, TW_SKIPPED, "an element that is no XML");
}

const char *xml_text(const struct dom_node *n, const char *ns, const char *name, struct tw_arena *a)
{
	const struct dom_node *child = n ? dom_child(n, ns, name) : NULL;
	const char *s = child ? dom_text_folded(child, a) : NULL;
	return s && *s ? s : NULL;
}

/* "0000-00-00 00:00:00" is what WordPress writes for none. */
int64_t xml_date(const struct dom_node *n, const char *ns, const char *name, struct tw_arena *a)
{
	const char *s = xml_text(n, ns, name, a);
	return s && s[0] != '0' ? export_parse_date(s) : 0;
}
