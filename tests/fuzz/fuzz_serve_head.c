/* The judge of request heads: a verdict never changes when more bytes come, and what it lets in is what it says. */
#include <stdlib.h>
#include <string.h>

#include "serve/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy without a NUL behind it, so that reading past the end is seen. */
	char *text = malloc(size + 1);
	struct tw_head all, part;
	memcpy(text, data, size);
	int verdict = tw_head_check(&all, text, size, 1 << 20);
	for (size_t n = 0; n < size && n < 600; n++) {
		int early = tw_head_check(&part, text, n, 1 << 20);
		if (early != 0 && (early != verdict || (early == 200 && part.len != all.len)))
			abort();
	}
	if (verdict == 200 &&
	    (all.len > size || all.len > TW_HEAD_MAX || all.content_length < 0 ||
	     all.content_length > 1 << 20 || memcmp(text + all.len - 4, "\r\n\r\n", 4) != 0))
		abort();
	if (verdict != 0 && verdict != 200 && !all.why)
		abort();
	free(text);
	return 0;
}
