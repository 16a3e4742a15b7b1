/* Citations of a stream: the pieces that it comes in change nothing, and no number out of range is left. */
#include <stdlib.h>
#include <string.h>

#include "inference/citations.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void filter(struct tw_str *out, uint64_t *cited, const char *text, size_t len, size_t step)
{
	struct tw_citations c;
	tw_citations_init(&c, 3);
	for (size_t i = 0; i < len; i += step)
		tw_citations_feed(&c, out, text + i, i + step < len ? step : len - i);
	tw_citations_end(&c, out);
	*cited = c.cited;
	tw_citations_release(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tw_str whole = TW_STR_INIT, pieces = TW_STR_INIT, again = TW_STR_INIT;
	uint64_t a, b, c;
	if (size < 2)
		return 0;
	const char *text = (const char *)data + 1;
	filter(&whole, &a, text, size - 1, size);
	filter(&pieces, &b, text, size - 1, (size_t)data[0] % 7 + 1);
	filter(&again, &c, tw_str_c(&whole), whole.len, 3);
	if (a != b || a >> 3 || whole.len > 2 * size ||
	    /* "[1 2]" becomes "[1, 2]" */ whole.len != pieces.len ||
	    memcmp(tw_str_c(&whole), tw_str_c(&pieces), whole.len) != 0)
		abort();
	tw_str_release(&whole);
	tw_str_release(&pieces);
	tw_str_release(&again);
	return 0;
}
