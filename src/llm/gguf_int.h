/*
 * llm/gguf_int.h: reads the header of a GGUF file (ggml/docs/gguf.md) without
 * trusting it: every length is checked against the file before it is used, so
 * that half a download is refused here, with a message, and not by an abort
 * deep inside libllama.
 *
 * The file is mapped; names and values point into the mapping, are not
 * NUL-terminated, and live until tw_gguf_close(). Read-only: any thread.
 */
#ifndef TW_LLM_GGUF_INT_H
#define TW_LLM_GGUF_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fs.h"
#include "base/mem.h"

enum tw_gguf_type { /* as in the file */
		    TW_GGUF_U8,
		    TW_GGUF_I8,
		    TW_GGUF_U16,
		    TW_GGUF_I16,
		    TW_GGUF_U32,
		    TW_GGUF_I32,
		    TW_GGUF_F32,
		    TW_GGUF_BOOL,
		    TW_GGUF_STRING,
		    TW_GGUF_ARRAY,
		    TW_GGUF_U64,
		    TW_GGUF_I64,
		    TW_GGUF_F64,
		    TW_GGUF_TYPES
};

struct tw_gguf_value {
	struct tw_bytes key;
	enum tw_gguf_type type; /* of the elements when is_array */
	bool is_array;
	uint64_t n;	      /* 1, or elements of the array */
	struct tw_bytes data; /* little-endian; strings with their lengths in front */
};

struct tw_gguf_tensor {
	struct tw_bytes name;
	int type; /* enum ggml_type */
	int n_dims;
	int64_t ne[4];	 /* as ggml: ne[0] is a row's length */
	uint64_t offset; /* from the start of the file */
	uint64_t bytes;
};

struct tw_gguf {
	const char *path; /* the caller's */
	struct tw_mapping map;
	struct tw_arena arena;
	struct tw_gguf_value *kv;
	struct tw_gguf_tensor *tensors;
	size_t n_kv, n_tensors;
	uint64_t data_offset; /* of the first tensor */
};

/* TW_NOT_FOUND; TW_BAD_DATA for what is no GGUF or only a part of one (names file, expected and actual size);
 * TW_UNSUPPORTED for another version, byte order or tensor type. On failure nothing to close. */
TW_MUST_USE enum tw_status tw_gguf_open(struct tw_gguf *out, const char *path, struct tw_err *err);
void tw_gguf_close(struct tw_gguf *g);

/* NULL when absent. */
const struct tw_gguf_value *tw_gguf_find(const struct tw_gguf *g, const char *key);
const struct tw_gguf_tensor *tw_gguf_tensor_find(const struct tw_gguf *g, const char *name);

/* A scalar of any integer type (bool too), or `absent`. */
int64_t tw_gguf_int(const struct tw_gguf *g, const char *key, int64_t absent);
/* A string, copied into `a`; NULL when absent or of another type. */
char *tw_gguf_str(const struct tw_gguf *g, const char *key, struct tw_arena *a);
/* As tw_gguf_int() with "ARCHITECTURE.key". */
int64_t tw_gguf_arch_int(const struct tw_gguf *g, const char *arch, const char *key,
			 int64_t absent);

#endif
