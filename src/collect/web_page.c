#include "collect/web_page_int.h"

#include <string.h>
#include <strings.h>

#include "collect/file/files_int.h"
#include "collect/site/polite_int.h"

static bool type_is(const char *content_type, const char *prefix)
{
	return strncasecmp(content_type, prefix, strlen(prefix)) == 0;
}

bool web_page_is_html(const char *content_type)
{
	return !*content_type || type_is(content_type, "text/html") ||
	       type_is(content_type, "application/xhtml");
}

bool web_page_is_text(const char *content_type)
{
	return type_is(content_type, "text/plain") || type_is(content_type, "text/markdown") ||
	       type_is(content_type, "text/x-markdown");
}

/* The last name of the URL's path, with an ending that says text. */
static const char *file_name(const char *url, const char *content_type, struct tw_arena *a)
{
	size_t n = strcspn(url, "?#");
	const char *slash = memrchr(url, '/', n);
	const char *name = slash ? tw_strndup(a, slash + 1, n - (size_t)(slash + 1 - url)) : url;
	if (tw_ends_with_nocase(name, ".md") || tw_ends_with_nocase(name, ".markdown") ||
	    tw_ends_with_nocase(name, ".txt"))
		return name;
	return tw_sprintf(a, "%s%s", name, type_is(content_type, "text/plain") ? ".txt" : ".md");
}

static enum tw_status read_text(struct page *page, const struct tw_http_response *res,
				const char *charset, struct tw_arena *a, struct tw_err *err)
{
	struct tw_str text = TW_STR_INIT;
	struct tw_document doc = {0};
	struct reports reports = {0};
	enum tw_status st =
		html_to_utf8(&text, tw_str_c(&res->body), res->body.len, charset, a, err);
	if (st == TW_OK) {
		const char *copy = tw_strndup(a, tw_str_c(&text), text.len);
		struct file_input in = {
			.rel = file_name(tw_str_c(&res->url), tw_str_c(&res->content_type), a),
			.label = url_shown(tw_str_c(&res->url), a),
			.data = {copy, text.len},
			.report = &reports};
		st = parse_file(&doc, &in, a, err);
	}
	if (st == TW_OK) {
		page->title = doc.title;
		page->author = doc.author;
		page->lang = doc.lang;
		page->created_ms = doc.created_ms;
		page->modified_ms = doc.modified_ms;
		page->body = tw_strndup(a, doc.body.data, doc.body.len);
	}
	tw_str_release(&text);
	return st == TW_SKIPPED ? TW_BAD_DATA : st;
}

enum tw_status web_page_tree(struct dom *out, const struct tw_http_response *res,
			     struct tw_arena *a, struct tw_err *err)
{
	const char *used;
	return html_tree(out, &used, tw_str_c(&res->body), res->body.len,
			 charset_of_content_type(tw_str_c(&res->content_type), a), a, err);
}

enum tw_status web_page_read(struct page *page, const struct tw_http_response *res,
			     struct tw_arena *a, struct tw_err *err)
{
	const char *type = tw_str_c(&res->content_type);
	const char *charset = charset_of_content_type(type, a);
	*page = (struct page){.body = ""};
	if (web_page_is_html(type))
		return extract_page(page, tw_str_c(&res->body), res->body.len, tw_str_c(&res->url),
				    charset, a, err);
	if (!web_page_is_text(type))
		return tw_fail(err, TW_BAD_DATA, "%.80s is no page", type);
	return read_text(page, res, charset, a, err);
}
