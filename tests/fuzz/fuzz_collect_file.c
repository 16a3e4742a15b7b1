/* A file in any bytes under several names, robots.txt, and globs: the first line is the pattern. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "collect/site/robots_int.h"
#include "collect/file/files_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void try_file(const char *rel, const char *data, size_t len, struct tw_arena *a)
{
	struct reports quiet = {MAX_REPORTS};
	struct tw_document doc = {0};
	struct file_input in = {.rel = rel, .label = rel, .data = {data, len}, .report = &quiet};
	if (parse_file(&doc, &in, a, NULL) != TW_OK)
		return;
	if (!tw_utf8_valid(doc.body.data, doc.body.len) || !doc.title)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct tw_arena a;
	struct robots r;
	tw_arena_init(&a);
	const char *data = tw_strndup(&a, (const char *)bytes, len);
	try_file("2020-01-01-a.md", data, len, &a);
	try_file("a.txt", data, len, &a);
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
