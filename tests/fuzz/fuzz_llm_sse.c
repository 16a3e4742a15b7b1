/* Server-sent events: the same events whether the stream comes at once or byte by byte. */
#include <stdlib.h>
#include <string.h>

#include "llm/sse_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool take(void *ctx, const char *event, size_t len)
{
	tw_str_add(ctx, event, len);
	tw_str_addc(ctx, '\0');
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tw_str one = TW_STR_INIT, two = TW_STR_INIT;
	struct tw_sse a = {.fn = take, .ctx = &one}, b = {.fn = take, .ctx = &two};

	tw_sse_feed(&a, (const char *)data, len);
	tw_sse_end(&a);
	for (size_t i = 0; i < len; i++)
		tw_sse_feed(&b, (const char *)data + i, 1);
	tw_sse_end(&b);
	if (one.len != two.len || (one.len && memcmp(one.data, two.data, one.len) != 0))
		abort();
	tw_str_release(&one);
	tw_str_release(&two);
	return 0;
}
