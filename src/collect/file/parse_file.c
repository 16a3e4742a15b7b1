/* A file's bytes as a document. */
#include "collect/file/files_int.h"

#include <string.h>
#include <strings.h>

#include "base/fs.h"
#include "base/text.h"
#include "collect/html/html_int.h"

static bool ext_in(const char *path, const char *const *exts)
{
	const char *ext = tw_path_ext(path);
	for (; *exts; exts++)
		if (strcasecmp(ext, *exts) == 0)
			return true;
	return false;
}

static bool is_html(const char *path)
{
	static const char *const exts[] = {"html", "htm", "xhtml", NULL};
	return ext_in(path, exts);
}

static const char *media_of(const char *path)
{
	static const char *const markdown[] = {"md", "markdown", "mkd", "mdown", "qmd", NULL};
	static const char *const mdx[] = {"mdx", NULL};
	if (ext_in(path, markdown))
		return "text/markdown";
	return ext_in(path, mdx) ? "text/mdx" : "text/plain";
}

/* NULs and control characters do not stand in text of any encoding but UTF-16, which has its mark. */
static bool is_binary(const char *s, size_t len)
{
	size_t odd = 0, n = len < 8192 ? len : 8192;
	if (len >= 2 && (memcmp(s, "\xff\xfe", 2) == 0 || memcmp(s, "\xfe\xff", 2) == 0))
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		if (c == 0)
			return true;
		odd += c < ' ' && !strchr("\t\n\r\f\v\b\x1b", c);
	}
	return odd * 20 > n;
}

/* Valid UTF-8 is used where it lies; anything else is decoded into the arena. */
static enum tw_status to_utf8(struct tw_bytes *out, const struct tw_bytes *in, struct tw_arena *a,
			      struct tw_err *err)
{
	size_t mark = tw_utf8_mark(in->data, in->len);
	*out = (struct tw_bytes){in->data + mark, in->len - mark};
	if (tw_utf8_valid(out->data, out->len))
		return TW_OK;
	struct tw_str s = TW_STR_INIT;
	enum tw_status st = html_to_utf8(&s, in->data, in->len, NULL, a, err);
	out->data = tw_strndup(a, tw_str_c(&s), s.len);
	out->len = s.len;
	tw_str_release(&s);
	return st;
}

static bool is_blank(const struct tw_bytes *b)
{
	for (size_t i = 0; i < b->len; i++)
		if (!strchr(" \t\r\n\f\v", b->data[i]))
			return false;
	return true;
}

static const char *either(const char *a, const char *b)
{
	return a && *a ? a : b;
}

static enum tw_status parse_html(struct tw_document *doc, const struct file_input *in,
				 struct tw_arena *a, struct tw_err *err)
{
	struct page page;
	enum tw_status st = extract_page(&page, in->data.data, in->data.len, NULL, NULL, a, err);
	if (st != TW_OK)
		return st;
	doc->media = "text/markdown";
	doc->title = either(page.title, title_from_path(in->rel, a));
	doc->author = either(page.author, tw_strdup(a, in->author));
	doc->url = page.canonical;
	doc->lang = page.lang;
	doc->created_ms = page.created_ms ? page.created_ms : date_from_path(in->rel);
	doc->modified_ms = page.modified_ms;
	doc->body = (struct tw_bytes){page.body, strlen(page.body)};
	return TW_OK;
}

static enum tw_status parse_text(struct tw_document *doc, const struct file_input *in,
				 struct tw_arena *a, struct tw_err *err)
{
	struct meta meta = {0};
	struct tw_bytes text;
	size_t skip = 0;
	enum tw_status st = to_utf8(&text, &in->data, a, err);
	if (st != TW_OK)
		return st;
	doc->media = media_of(in->rel);
	bool plain = strcmp(doc->media, "text/plain") == 0;
	if (!plain)
		front_matter_read(&meta, &skip, text.data, text.len, in->label, in->report, a);
	doc->body = (struct tw_bytes){text.data + skip, text.len - skip};
	doc->title = meta.title;
	if (!doc->title && !plain)
		doc->title = markdown_title(doc->body.data, doc->body.len, a);
	if (!doc->title)
		doc->title = title_from_path(in->rel, a);
	doc->author = either(meta.author, tw_strdup(a, in->author));
	doc->url = meta.url;
	doc->lang = meta.lang;
	doc->extra = meta.extra;
	doc->created_ms = meta.created_ms ? meta.created_ms : date_from_path(in->rel);
	doc->modified_ms = meta.modified_ms;
	return TW_OK;
}

static const char *why_blank(const struct tw_document *doc, const struct file_input *in)
{
	if (is_blank(&in->data))
		return "empty";
	return is_html(in->rel) ? "no text in the page"
	       : doc->media	? "empty, but for its front matter"
				: "empty";
}

enum tw_status parse_file(struct tw_document *doc, const struct file_input *in, struct tw_arena *a,
			  struct tw_err *err)
{
	if (is_binary(in->data.data, in->data.len))
		return tw_fail(err, TW_SKIPPED, "%s: not a text file", in->label);
	enum tw_status st = is_blank(&in->data) ? TW_OK
			    : is_html(in->rel)	? parse_html(doc, in, a, err)
						: parse_text(doc, in, a, err);
	if (st != TW_OK) {
		tw_wrap(err, st, "%s", in->label);
		return TW_SKIPPED;
	}
	if (is_blank(&doc->body))
		return tw_fail(err, TW_SKIPPED, "%s: %s", in->label, why_blank(doc, in));
	return TW_OK;
}
