/* HTML: the main content of a page, as Markdown. */
#include <string.h>

#include "collect/file/files_int.h"
#include "collect/html/html_int.h"

static enum tw_status parse(struct tw_document *doc, const struct file_input *in,
			    struct tw_arena *a, struct tw_err *err)
{
	struct page page;
	enum tw_status st = extract_page(&page, in->data.data, in->data.len, NULL, NULL, a, err);
	if (st != TW_OK)
		return st;
	doc->media = "text/markdown";
	doc->title = page.title;
	doc->author = page.author;
	doc->url = page.canonical;
	doc->lang = page.lang;
	doc->created_ms = page.created_ms;
	doc->modified_ms = page.modified_ms;
	doc->body = (struct tw_bytes){page.body, strlen(page.body)};
	return TW_OK;
}

static const char *const exts[] = {"html", "htm", "xhtml", NULL};

const struct file_format file_format_html = {.exts = exts, .parse = parse};
