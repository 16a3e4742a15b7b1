/*
 * trainer/merge.h: a base model and its adapter as one GGUF: for programs that load no adapters, and for adapters that
 * have no file of their own.
 *
 * Settings, tokenizer and all other tensors are the base's, byte for byte. Any architecture: tensors are
 * found by the names in the adapter's file.
 */
#ifndef TW_TRAINER_MERGE_H
#define TW_TRAINER_MERGE_H

#include "base/err.h"
#include "net/lora.h"

/* Of the tensors that the adapter changes. */
#define TW_MERGE_TYPES "base|f32|f16|bf16|q8_0"

/*
 * W + s B A is computed in float32 and packed as `type`. "base": as the tensor was, or, where that type can't be made
 * without an importance matrix, Q8_0. `threads` 0: all cores; the bytes do not depend on it.
 * TW_BAD_USE: not an adapter, or of another base; TW_UNSUPPORTED; TW_NOT_FOUND, TW_BAD_DATA. The file appears whole or
 * not at all.
 */
TW_MUST_USE enum tw_status tw_merge_gguf(const char *to, const char *base, const char *adapter,
					 const char *type, int threads, struct tw_err *err);

/*
 * The same of an adapter that is trained, with parameters p in the layout of l; DoRA too. The base is the file that l's model is
 * of. What is packed becomes Q8_0, finer than most; the rest keeps its type.
 */
TW_MUST_USE enum tw_status tw_merge_lora(const char *to, const char *base, const struct tw_lora *l,
					 const float *p, const struct tw_compute *c,
					 struct tw_err *err);

#endif
