#include <string.h>

#include "ggml.h"
#include "gguf.h"
#include "net/file.h"
#include "net/rows_int.h"

const char *tw_ggml_text(const struct gguf_context *g, const char *key)
{
	int64_t id = gguf_find_key(g, key);
	return id >= 0 && gguf_get_kv_type(g, id) == GGUF_TYPE_STRING ? gguf_get_val_str(g, id)
								      : "";
}

enum tw_status tw_ggml_check_adapter(const struct gguf_context *g, const char *name,
				     const char *arch, struct tw_err *err)
{
	const char *of = tw_ggml_text(g, "general.architecture");
	if (strcmp(tw_ggml_text(g, "general.type"), "adapter") != 0 ||
	    strcmp(tw_ggml_text(g, "adapter.type"), "lora") != 0)
		return tw_fail(err, TW_BAD_USE, "%s is not a LoRA adapter", name);
	if (strcmp(of, arch) != 0)
		return tw_fail(err, TW_BAD_USE, "%s is an adapter for %s, the base is a %s model",
			       name, of, arch);
	return TW_OK;
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
	const struct tw_row_kernels *rows = tw_row_kernels();
	switch (type) {
	case GGML_TYPE_F32:
		return copy_floats;
	case GGML_TYPE_Q4_0:
		return rows->from_q4_0;
	case GGML_TYPE_Q4_1:
		return rows->from_q4_1;
	case GGML_TYPE_Q8_0:
		return rows->from_q8_0;
	default:
		return ggml_get_type_traits((enum ggml_type)type)->to_float;
	}
}
