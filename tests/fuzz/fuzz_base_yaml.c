/* YAML: no input crashes, and an error is said in one line. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_str out = TW_STR_INIT;
	struct tw_json_writer w;
	struct tw_arena a;
	struct tw_json *v;

	tw_arena_init(&a);
	if (tw_yaml_parse(&v, (const char *)data, len, "f", &a, &err) == TW_OK) {
		tw_jw_init(&w, &out);
		tw_jw_value(&w, NULL, v);
	} else if (!err.msg[0] || strchr(err.msg, '\n')) {
		abort();
	}
	tw_arena_release(&a);
	tw_str_release(&out);
	return 0;
}
