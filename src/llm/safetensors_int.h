/*
 * llm/safetensors_int.h: reads a .safetensors file: eight bytes of length, a JSON
 * object that places the tensors, their data. Every place is checked against
 * the file's size. The file is mapped; names live in the arena given.
 */
#ifndef TW_LLM_SAFETENSORS_INT_H
#define TW_LLM_SAFETENSORS_INT_H

#include <stdint.h>

#include "base/fs.h"
#include "base/mem.h"

#define TW_ST_MAX_DIMS 8

struct tw_st_tensor {
	const char *name;
	const char *dtype; /* "F32", "F16", "BF16", "I64", … */
	int n_dims;
	int64_t shape[TW_ST_MAX_DIMS]; /* row-major: the last is a row's length */
	const void *data;
	size_t bytes;
};

struct tw_safetensors {
	struct tw_mapping map;
	struct tw_st_tensor *at;
	size_t n;
};

/* TW_NOT_FOUND; TW_BAD_DATA. On failure nothing to close. */
TW_MUST_USE enum tw_status tw_safetensors_open(struct tw_safetensors *out, const char *path,
					       struct tw_arena *a, struct tw_err *err);
void tw_safetensors_close(struct tw_safetensors *s);
const struct tw_st_tensor *tw_safetensors_find(const struct tw_safetensors *s, const char *name);

#endif
