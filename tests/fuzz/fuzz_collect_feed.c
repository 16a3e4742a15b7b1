/* A feed in any bytes: items with keys, and their text as Markdown. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "collect/feed/feed_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct feed f;
	struct tw_arena a;
	tw_arena_init(&a);
	if (feed_parse(&f, tw_strndup(&a, (const char *)data, len), len, "http://example.org/feed",
		       "", &a, NULL) == TW_OK) {
		for (size_t i = 0; i < f.n; i++) {
			if (!f.items[i].key)
				abort();
			feed_text_markdown(&f.items[i].content, f.items[i].link, &a);
			feed_text_markdown(&f.items[i].summary, f.items[i].link, &a);
		}
	}
	tw_arena_release(&a);
	return 0;
}
