/*
 * collect/web_page_int.h: what a server sent as a page of writing: HTML, plain
 * text or Markdown, in any charset.
 */
#ifndef TW_COLLECT_WEB_PAGE_INT_H
#define TW_COLLECT_WEB_PAGE_INT_H

#include "base/http.h"
#include "collect/html/html_int.h"

#define WEB_PAGE_ACCEPT \
	"Accept: text/html, application/xhtml+xml, text/markdown;q=0.9, text/plain;q=0.8"

/* Of a Content-Type; "" counts as HTML. */
bool web_page_is_html(const char *content_type);
bool web_page_is_text(const char *content_type); /* plain or Markdown */

/* Of HTML alone. */
TW_MUST_USE enum tw_status web_page_tree(struct dom *out, const struct tw_http_response *res,
					 struct tw_arena *a, struct tw_err *err);
/* The main content of HTML; the whole of a text, without front matter. TW_BAD_DATA for other types; an empty body is
 * no error. */
TW_MUST_USE enum tw_status web_page_read(struct page *page, const struct tw_http_response *res,
					 struct tw_arena *a, struct tw_err *err);

#endif
