/* Text documents of OpenDocument (ODF 1.2 and 1.3), in a ZIP or as one XML file: collect/office/. */
#include <string.h>

#include "collect/file/files_int.h"
#include "collect/office/office_int.h"

static enum tw_status parse(struct tw_document *doc, const struct file_input *in,
			    struct tw_arena *a, struct tw_err *err)
{
	static const char *const flat[] = {"fodt", NULL}, *const parts[] = {"xml", NULL};
	struct package p;
	if (file_has_ext(in->rel, flat))
		return odt_read_flat(doc, &in->data, a, err);
	enum tw_status st = package_read(&p, &in->data, parts, a, err);
	return st == TW_OK ? odt_read(doc, &p, a, err) : st;
}

static const char *const exts[] = {"odt", "fodt", NULL};

const struct file_format file_format_odt = {.exts = exts, .binary = true, .parse = parse};
