/* PDF, where the program pdftotext is there: collect/office/pdf_int.h. */
#include "collect/file/files_int.h"
#include "collect/office/pdf_int.h"

static enum tw_status parse(struct tw_document *doc, const struct file_input *in,
			    struct tw_arena *a, struct tw_err *err)
{
	struct pdf p;
	pdf_begin(&p, a);
	enum tw_status st = pdf_run(&p, &in->data, err);
	if (st == TW_OK && !p.lines.n)
		st = tw_fail(err, TW_BAD_DATA,
			     "no text in it: its pages are pictures; a program that recognises "
			     "text (ocrmypdf) may add it");
	if (st == TW_OK)
		pdf_write(doc, &p);
	pdf_release(&p);
	return st;
}

static const char *const exts[] = {"pdf", NULL};

const struct file_format file_format_pdf = {
	.exts = exts, .binary = true, .program = PDF_PROGRAM, .parse = parse};
