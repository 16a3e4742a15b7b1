/* DOCX of Word, LibreOffice, Google Docs and others (ECMA-376, also ISO/IEC 29500): collect/office/. */
#include <string.h>

#include "collect/file/files_int.h"
#include "collect/office/office_int.h"

/* What Word makes of a document with a password, and its files of old: OLE's compound file. */
static bool is_compound(const struct tw_bytes *b)
{
	return b->len >= 8 && memcmp(b->data, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8) == 0;
}

static enum tw_status parse(struct tw_document *doc, const struct file_input *in,
			    struct tw_arena *a, struct tw_err *err)
{
	static const char *const parts[] = {"xml", "rels", "", NULL}; /* "_rels/.rels" */
	struct package p;
	if (is_compound(&in->data))
		return tw_fail(
			err, TW_UNSUPPORTED,
			"it has a password, or is a .doc of old; save it as .docx without one");
	enum tw_status st = package_read(&p, &in->data, parts, a, err);
	return st == TW_OK ? docx_read(doc, &p, a, err) : st;
}

static const char *const exts[] = {"docx", "docm", NULL};

const struct file_format file_format_docx = {.exts = exts, .binary = true, .parse = parse};
