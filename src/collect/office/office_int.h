/*
 * collect/office/office_int.h: documents of word processors and books, behind the
 * kinds of files that are called so (file/format_docx.c and its neighbours).
 *
 * A reader takes the parts of a document and fills the document as a kind of file does
 * (file/files_int.h). What they hold of others (comments), of the page (headers,
 * footers, tables of contents), and what was deleted, is no text.
 */
#ifndef TW_COLLECT_OFFICE_INT_H
#define TW_COLLECT_OFFICE_INT_H

#include "collect/office/package_int.h"
#include "core/document.h"

TW_MUST_USE enum tw_status docx_read(struct tw_document *doc, const struct package *p,
				     struct tw_arena *a, struct tw_err *err);
TW_MUST_USE enum tw_status odt_read(struct tw_document *doc, const struct package *p,
				    struct tw_arena *a, struct tw_err *err);
/* The same in one XML file (.fodt). */
TW_MUST_USE enum tw_status odt_read_flat(struct tw_document *doc, const struct tw_bytes *xml,
					 struct tw_arena *a, struct tw_err *err);
TW_MUST_USE enum tw_status epub_read(struct tw_document *doc, const struct package *p,
				     struct tw_arena *a, struct tw_err *err);

/* --- what a document says of itself --- */

struct office_meta {
	const char *title, *author, *description, *lang;
	const char *keywords; /* a list with commas or semicolons */
	const char *created, *modified;
};

/* The text of the child element, white space folded; NULL when absent or empty. */
const char *office_child_text(const struct dom_node *n, const char *name, struct tw_arena *a);
/* Fills what the document has not yet. What programs write when nobody says anything ("Microsoft Word - a.doc", "User")
 * is nothing. */
void office_take_meta(struct tw_document *doc, const struct office_meta *m, struct tw_arena *a);

/* Not NULL, no file's name, and nothing that programs write by themselves. */
bool office_is_title(const char *title);
/* Whether s is in the NULL-terminated list; ASCII letters match in either case. */
bool office_is_one_of(const char *s, const char *const *list);

#endif
