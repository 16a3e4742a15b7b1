/* A page in any bytes: a tree, metadata and Markdown, and the Markdown is UTF-8. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "collect/html_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *md = NULL;
	struct page page;
	struct tw_arena a;
	tw_arena_init(&a);
	if (extract_page(&page, (const char *)data, len, "http://example.org/a", NULL, &a, NULL) ==
		    TW_OK &&
	    !tw_utf8_valid(page.body, strlen(page.body)))
		abort();
	if (tw_utf8_valid((const char *)data, len) &&
	    fragment_markdown(&md, tw_strndup(&a, (const char *)data, len), len, NULL, &a, NULL) ==
		    TW_OK &&
	    !tw_utf8_valid(md, strlen(md)))
		abort();
	tw_arena_release(&a);
	return 0;
}
