/* Markdown and MDX with front matter, and plain text. */
#include <string.h>

#include "base/fs.h"
#include "collect/file/files_int.h"
#include "collect/notes/notes_int.h"

static const char *media_of(const char *path)
{
	static const char *const markdown[] = {"md", "markdown", "mkd", "mdown", "qmd", NULL};
	static const char *const mdx[] = {"mdx", NULL};
	if (file_has_ext(path, markdown))
		return "text/markdown";
	return file_has_ext(path, mdx) ? "text/mdx" : "text/plain";
}

static enum tw_status parse(struct tw_document *doc, const struct file_input *in,
			    struct tw_arena *a, struct tw_err *err)
{
	struct meta meta = {0};
	struct tw_bytes text;
	size_t skip = 0;
	enum tw_status st = file_to_utf8(&text, &in->data, a, err);
	if (st != TW_OK)
		return st;
	doc->media = media_of(in->rel);
	bool plain = strcmp(doc->media, "text/plain") == 0;
	if (!plain)
		front_matter_read(&meta, &skip, text.data, text.len, in->label, in->report, a);
	doc->body = (struct tw_bytes){text.data + skip, text.len - skip};
	if (file_is_blank(&doc->body))
		return tw_fail(err, TW_SKIPPED, skip ? "empty, but for its front matter" : "empty");
	if (in->vault && !plain)
		vault_markdown(&doc->body, &meta, in->vault, in->rel, a);
	doc->title = meta.title;
	if (!doc->title && !plain)
		doc->title = markdown_title(doc->body.data, doc->body.len, a);
	doc->author = meta.author;
	doc->url = meta.url;
	doc->lang = meta.lang;
	doc->extra = meta.extra;
	doc->created_ms = meta.created_ms;
	doc->modified_ms = meta.modified_ms;
	return TW_OK;
}

static const char *const exts[] = {NULL};

const struct file_format file_format_text = {.exts = exts, .parse = parse};
