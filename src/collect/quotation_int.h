/*
 * collect/quotation_int.h: words of others within a text of the author's: passages
 * of books, and what an answer quotes. They stand as block quotes of Markdown
 * ("> "), which no view of features takes for the author's answer.
 */
#ifndef TW_COLLECT_QUOTATION_INT_H
#define TW_COLLECT_QUOTATION_INT_H

#include "base/mem.h"
#include "base/str.h"

/* Plain text as inline Markdown: escaped, lines stay lines, and an empty one ends a paragraph. In the arena. */
char *plain_as_markdown(const char *text, struct tw_arena *a);

/* Append inline Markdown to Markdown, as paragraphs and as a block quote of its own. */
void markdown_add_text(struct tw_str *out, const char *md);
void markdown_add_quotation(struct tw_str *out, const char *md);

/* "> " at the start of a paragraph, where a service knows no quotes and people write them so. It stands there
 * escaped, as writers of Markdown leave it ("\>"), and becomes one. In the arena. */
char *markdown_find_quotations(const char *md, struct tw_arena *a);

/* Markdown down to its first block quote. In the arena. */
char *markdown_before_quotations(const char *md, struct tw_arena *a);

/* What is quoted, and what the author writes below it, as the member "exchanges" of a document's `extra`
 * (export/exchange_int.h); NULL when there is none. What stands before the first quotation answers `before` (NULL:
 * nothing). */
const char *exchanges_of_quotations(const char *md, const char *before, struct tw_arena *a);

#endif
