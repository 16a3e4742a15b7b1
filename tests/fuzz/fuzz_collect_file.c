/* A file in any bytes as Markdown and text, as a note of a vault, and as the kind that its first line names; robots.txt, and globs: the first
 * line is the pattern. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "collect/site/robots_int.h"
#include "collect/file/files_int.h"
#include "collect/notes/notes_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void try_as(const char *rel, const char *data, size_t len, const struct vault *vault,
		   struct tw_arena *a)
{
	struct reports quiet = {MAX_REPORTS};
	struct tw_document doc = {0};
	struct tw_json *extra;
	struct file_input in = {
		.rel = rel, .label = rel, .data = {data, len}, .report = &quiet, .vault = vault};
	if (parse_file(&doc, &in, a, NULL) != TW_OK)
		return;
	if (!tw_utf8_valid(doc.body.data, doc.body.len) || !doc.title)
		abort();
	if (vault && doc.extra &&
	    tw_json_parse(&extra, doc.extra, strlen(doc.extra), a, NULL) != TW_OK)
		abort();
}

static void try_file(const char *rel, const char *data, size_t len, struct tw_arena *a)
{
	try_as(rel, data, len, NULL, a);
}

static void try_note(const char *data, size_t len, struct tw_arena *a)
{
	const struct vault vaults[] = {{.kind = VAULT_OBSIDIAN, .root = ""},
				       {.kind = VAULT_LOGSEQ, .root = ""}};
	char *copy = malloc(len ? len : 1); /* so that reading beyond it is seen */
	memcpy(copy, data, len);
	try_as("a.md", copy, len, &vaults[0], a);
	try_as("pages/a.md", copy, len, &vaults[1], a);
	free(copy);
}

/* The extension that the first line is, or else the one that the first byte chooses, of those that are read by no other
 * program; NULL when there is no further line. */
static const char *kind_of(const char *data, size_t len)
{
	const char *all[64] = {0}, *nl = memchr(data, '\n', len);
	size_t n = 0;
	for (const struct file_format *const *f = file_formats; *f && nl; f++) {
		for (const char *const *ext = (*f)->exts; *ext && !(*f)->program && n < 64; ext++) {
			if (strlen(*ext) == (size_t)(nl - data) &&
			    memcmp(*ext, data, strlen(*ext)) == 0)
				return *ext;
			all[n++] = *ext;
		}
	}
	return n ? all[(unsigned char)data[0] % n] : NULL;
}

static void try_kind(const char *data, size_t len, struct tw_arena *a)
{
	const char *ext = kind_of(data, len), *nl = memchr(data, '\n', len);
	if (!ext)
		return;
	size_t skip = (size_t)(nl - data) + 1;
	char *copy = malloc(len > skip ? len - skip : 1); /* so that reading beyond it is seen */
	memcpy(copy, nl + 1, len - skip);
	try_file(tw_sprintf(a, "2020-01-01-a.%s", ext), copy, len - skip, a);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct tw_arena a;
	struct robots r;
	tw_arena_init(&a);
	const char *data = tw_strndup(&a, (const char *)bytes, len);
	try_file("2020-01-01-a.md", data, len, &a);
	try_file("a.txt", data, len, &a);
	try_kind(data, len, &a);
	try_note(data, len, &a);
	robots_parse(&r, data, len, "twin", &a);
	robots_allow(&r, "/some/path?query");
	char *rest = strchr(data, '\n');
	if (rest && len < 4096) {
		*rest = '\0';
		glob_match(data, rest + 1, false);
		key_from_path(rest + 1, &a);
		title_from_path(rest + 1, &a);
	}
	tw_arena_release(&a);
	return 0;
}
