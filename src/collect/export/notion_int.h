/*
 * collect/export/notion_int.h: pages of Notion's export, in Markdown and in HTML.
 */
#ifndef TW_COLLECT_NOTION_INT_H
#define TW_COLLECT_NOTION_INT_H

#include "base/map.h"
#include "collect/export/export_int.h"

#define NOTION_ID 32 /* hexadecimal digits of a page */

/* What a property of a page says: "Tags", "Created", … Dates and tags go to *doc and *tags, all else is left. */
void notion_property(struct tw_document *doc, struct export_tags *tags, const char *name,
		     const char *value, struct tw_arena *a);
int64_t notion_date(const char *s,
		    struct tw_arena *a); /* "@August 1, 2022 10:00 AM → …"; 0: none */

/* Fills title, extra, dates and body; the key where the page says it. TW_DONE: it is no page of a person. */
TW_MUST_USE enum tw_status notion_html(struct tw_document *doc, const struct tw_str *html,
				       struct tw_arena *a, struct tw_err *err);

/* A page in Markdown. `folder` and `columns` as in struct notion of export_notion.c. */
void notion_markdown(struct tw_document *doc, const char *text, size_t len, const char *folder,
		     const struct tw_map *columns, struct tw_arena *a);
/* Whether the database whose folder this is has a property of this name. */
bool notion_has_column(const struct tw_map *columns, const char *folder, const char *name,
		       size_t len);

#endif
