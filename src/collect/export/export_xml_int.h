/*
 * collect/export/export_xml_int.h: exports that are XML, read element by element,
 * however long the file.
 */
#ifndef TW_COLLECT_EXPORT_XML_INT_H
#define TW_COLLECT_EXPORT_XML_INT_H

#include "collect/html/dom_int.h"
#include "collect/export/export_int.h"

struct slices; /* opaque, heap: `<item>…</item>` of each entry that recognise() takes, one by one */

struct slices *slices_new(struct export_in *x, export_recognise recognise, const char *element);
void slices_free(struct slices *s); /* NULL is fine */
/* The whole next element as text in UTF-8, in the arena; the first answer of each entry is its head: what stands before the
 * first element (the root's tag). TW_DONE behind the last entry. TW_SKIPPED: one was too long. TW_BAD_DATA: the file is cut. */
TW_MUST_USE enum tw_status slices_next(struct tw_bytes *out, bool *is_head, struct slices *s,
				       struct tw_arena *a, struct tw_err *err);

/* An element as a tree. `root`: the tag with the namespaces that the file's root declares, "<rss xmlns:…>"; `name`: the
 * element's. TW_SKIPPED when it is no XML. */
TW_MUST_USE enum tw_status slice_parse(const struct dom_node **out, const struct tw_bytes *slice,
				       const char *root, const char *name, struct tw_arena *a,
				       struct tw_err *err);

/* Of a child element, as in dom_child(); NULL when it is absent, empty or no date. */
const char *xml_text(const struct dom_node *n, const char *ns, const char *name,
		     struct tw_arena *a);
int64_t xml_date(const struct dom_node *n, const char *ns, const char *name, struct tw_arena *a);

#endif
