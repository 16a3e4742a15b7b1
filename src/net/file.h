/*
 * net/file.h: what all who read models and adapters out of GGUF files need. Types of tensors are ggml's numbers.
 */
#ifndef TW_NET_FILE_H
#define TW_NET_FILE_H

#include <stdint.h>

#include "base/err.h"

struct gguf_context;

/* The text of a key; "" where there is none. */
const char *tw_ggml_text(const struct gguf_context *g, const char *key);

/* Whether the file, `name` to people, is a LoRA adapter for models of `arch`. TW_BAD_USE. */
TW_MUST_USE enum tw_status tw_ggml_check_adapter(const struct gguf_context *g, const char *name,
						 const char *arch, struct tw_err *err);

/* What an adapter's B A is multiplied with, as libllama has it: adapter.lora.alpha / rank, whatever its sign; 1 where it
 * says no alpha, or 0. */
double tw_ggml_lora_scale(const struct gguf_context *g, int64_t rank);

/* Makes n float32 of packed ones, from a row's beginning. */
typedef void (*tw_to_float_fn)(const void *from, float *to, int64_t n);
/* NULL: this type can't be read. */
tw_to_float_fn tw_ggml_to_float(int type);

#endif
