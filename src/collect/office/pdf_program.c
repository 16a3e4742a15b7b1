/* The program that knows PDF: it runs in a sandbox, gets the file as bytes, and is heard up to a limit. */
#include <string.h>

#include "base/filter.h"
#include "collect/office/pdf_int.h"

#define SECONDS 120
#define MEMORY	((int64_t)1 << 30)

static enum tw_status hear(void *pdf, const char *data, size_t len, struct tw_err *err)
{
	return pdf_take(pdf, data, len, err);
}

/* What it says of itself by its exit status (its manual page) and, of passwords, in words. */
static enum tw_status judge(int status, const char *said, const struct pdf *p, struct tw_err *err)
{
	if (status == 0)
		return TW_OK;
	if (strstr(said, "ncorrect password"))
		return tw_fail(err, TW_UNSUPPORTED, "it has a password; save it without one");
	if (status == 3)
		return tw_fail(err, TW_UNSUPPORTED, "it does not allow that its text is copied");
	if (status == 127)
		return tw_fail(err, TW_UNSUPPORTED, "pdftotext could not be started");
	if (status > 128)
		return tw_fail(err, TW_BAD_DATA,
			       "pdftotext was ended by signal %d: the file takes too much time or "
			       "memory",
			       status - 128);
	if (p->pages.n) /* what could be read */
		return TW_OK;
	return tw_fail(err, TW_BAD_DATA, "not a PDF, or a broken one");
}

enum tw_status pdf_run(struct pdf *p, const struct tw_bytes *file, struct tw_err *err)
{
	const char *const argv[] = {
		tw_filter_find(PDF_PROGRAM, p->a), "-enc", "UTF-8", "-bbox-layout", "-", "-", NULL};
	const struct tw_filter f = {.argv = argv,
				    .in = *file,
				    .memory = MEMORY,
				    .seconds = SECONDS,
				    .on_bytes = hear,
				    .ctx = p};
	char said[2000];
	int status;
	if (!argv[0])
		return tw_fail(err, TW_UNSUPPORTED,
			       "the program pdftotext, which reads PDF, is not there; on Debian: "
			       "apt-get install poppler-utils");
	enum tw_status st = tw_filter_run(&status, said, sizeof(said), &f, err);
	return st == TW_OK ? judge(status, said, p, err) : st;
}
