/* JSON: whatever is taken is written and read back as the same text. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tw_str one = TW_STR_INIT, two = TW_STR_INIT;
	struct tw_json_writer w;
	struct tw_arena a;
	struct tw_json *v;

	tw_arena_init(&a);
	if (tw_json_parse(&v, (const char *)data, len, &a, NULL) == TW_OK) {
		tw_jw_init(&w, &one);
		tw_jw_value(&w, NULL, v);
		if (tw_json_parse(&v, one.data, one.len, &a, NULL) != TW_OK)
			abort();
		tw_jw_init(&w, &two);
		tw_jw_value(&w, NULL, v);
		if (one.len != two.len || memcmp(one.data, two.data, one.len) != 0)
			abort();
	}
	tw_arena_release(&a);
	tw_str_release(&one);
	tw_str_release(&two);
	return 0;
}
