/* Books in EPUB 2 and 3: collect/office/epub.c. */
#include "collect/file/files_int.h"
#include "collect/office/office_int.h"

static enum tw_status parse(struct tw_document *doc, const struct file_input *in,
			    struct tw_arena *a, struct tw_err *err)
{
	static const char *const parts[] = {"xml", "opf", "xhtml", "html", "htm", NULL};
	struct package p;
	enum tw_status st = package_read(&p, &in->data, parts, a, err);
	return st == TW_OK ? epub_read(doc, &p, a, err) : st;
}

static const char *const exts[] = {"epub", NULL};

const struct file_format file_format_epub = {.exts = exts, .binary = true, .parse = parse};
