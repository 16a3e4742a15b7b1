/*
 * base/safetensors.h: files of tensors: eight bytes of length, a JSON object that
 * places the tensors, their data (little-endian, row-major).
 *
 * Reading maps the file and checks every place against its size, so nothing in
 * a file from elsewhere leads out of it. Names live in the arena given, data in the mapping.
 */
#ifndef TW_BASE_SAFETENSORS_H
#define TW_BASE_SAFETENSORS_H

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

/* The values of an F32, F16 or BF16 tensor as float32, in the arena; a tensor may lie at any byte of its file.
 * TW_UNSUPPORTED for another dtype. */
TW_MUST_USE enum tw_status tw_st_floats(float **out, const struct tw_st_tensor *t,
					struct tw_arena *a, struct tw_err *err);

/* In the order given. `format` is what Hugging Face's libraries look for in the metadata: "pt". The file appears whole
 * or not at all. */
TW_MUST_USE enum tw_status tw_safetensors_write(const char *path, const struct tw_st_tensor *at,
						size_t n, const char *format, struct tw_err *err);

#endif
