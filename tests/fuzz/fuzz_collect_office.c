/*
 * The parts of a DOCX, ODT or EPUB, and what pdftotext says of a PDF. The first line says which; a part begins with a
 * line "== its/name". ZIP itself is libarchive's, and would only keep changes out of the parts.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "collect/office/office_int.h"
#include "collect/office/pdf_int.h"

#define MOST_PARTS 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct package split(char *data, size_t len, struct tw_arena *a)
{
	struct package_part *parts = TW_NEW_ARRAY(a, MOST_PARTS, struct package_part);
	size_t n = 0;
	for (char *p = data, *next; p && n < MOST_PARTS; p = next) {
		char *name = p + 3, *nl = memchr(p, '\n', (size_t)(data + len - p));
		if (strncmp(p, "== ", 3) != 0 || !nl)
			break;
		*nl = '\0';
		next = strstr(nl + 1, "\n== ");
		size_t size = next ? (size_t)(next - nl - 1) : (size_t)(data + len - nl - 1);
		parts[n++] = (struct package_part){.name = name,
						   .data = {tw_strndup(a, nl + 1, size), size}};
		next = next ? next + 1 : NULL;
	}
	return package_of(parts, n);
}

static void check(const struct tw_document *doc)
{
	if (!tw_utf8_valid(doc->body.data, doc->body.len))
		abort();
}

static void try_package(enum tw_status (*read)(struct tw_document *, const struct package *,
					       struct tw_arena *, struct tw_err *),
			char *data, size_t len, struct tw_arena *a)
{
	struct package p = split(data, len, a);
	struct tw_document doc = {0};
	if (read(&doc, &p, a, NULL) == TW_OK)
		check(&doc);
}

static void try_pages(const char *data, size_t len, struct tw_arena *a)
{
	struct tw_document doc = {0};
	struct pdf p;
	pdf_begin(&p, a);
	enum tw_status st = TW_OK;
	for (size_t i = 0; i < len && st == TW_OK; i += 4096)
		st = pdf_take(&p, data + i, len - i < 4096 ? len - i : 4096, NULL);
	if (st == TW_OK) {
		pdf_write(&doc, &p);
		check(&doc);
	}
	pdf_release(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct tw_arena a;
	tw_arena_init(&a);
	char *data = tw_strndup(&a, (const char *)bytes, len), *rest = memchr(data, '\n', len);
	if (rest) {
		size_t skip = (size_t)(++rest - data);
		if (tw_starts_with(data, "docx\n"))
			try_package(docx_read, rest, len - skip, &a);
		else if (tw_starts_with(data, "odt\n"))
			try_package(odt_read, rest, len - skip, &a);
		else if (tw_starts_with(data, "epub\n"))
			try_package(epub_read, rest, len - skip, &a);
		else if (tw_starts_with(data, "pdf\n"))
			try_pages(rest, len - skip, &a);
	}
	tw_arena_release(&a);
	return 0;
}
