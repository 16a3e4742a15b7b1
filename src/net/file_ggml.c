#include <string.h>

#include "ggml.h"
#include "gguf.h"
#include "net/file.h"

const char *tw_ggml_text(const struct gguf_context *g, const char *key)
{
	int64_t id = gguf_find_key(g, key);
	return id >= 0 && gguf_get_kv_type(g, id) == GGUF_TYPE_STRING ? gguf_get_val_str(g, id)
								      : "";
}

double tw_ggml_lora_scale(const struct gguf_context *g, int64_t rank)
{
	int64_t id = gguf_find_key(g, "adapter.lora.alpha");
	double alpha = id >= 0 && gguf_get_kv_type(g, id) == GGUF_TYPE_FLOAT32
			       ? (double)gguf_get_val_f32(g, id)
			       : 0;
	return alpha != 0 ? alpha / (double)rank : 1;
}

static void copy_floats(const void *from, float *to, int64_t n)
{
	memcpy(to, from, (size_t)n * sizeof(*to));
}

tw_to_float_fn tw_ggml_to_float(int type)
{
	return type == GGML_TYPE_F32 ? copy_floats
				     : ggml_get_type_traits((enum ggml_type)type)->to_float;
}
