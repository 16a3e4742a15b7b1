/*
 * trainer/convert.h: adapters that other programs made or will read: a folder as
 * PEFT saves it (adapter_config.json, adapter_model.safetensors), and a GGUF LoRA as llama.cpp loads it.
 *
 * The base, a GGUF, is always needed: it says which tensors there are, their shapes, and, for architectures
 * whose rows of q and k lie in another order in a GGUF, how many heads they belong to. The values go over as
 * they are, in float32, so there and back gives the same bits.
 */
#ifndef TW_TRAINER_CONVERT_H
#define TW_TRAINER_CONVERT_H

#include <stdint.h>

#include "base/err.h"

struct tw_adapter_info {
	char arch[64];
	int rank;	    /* the largest */
	int matrices;	    /* that are adapted */
	int64_t parameters; /* in all pairs */
};

/*
 * `from`: such a folder, or a GGUF LoRA, checked against the base and written to `to` (NULL: only checked). TW_NOT_FOUND;
 * TW_BAD_DATA: damaged, or of another base; TW_UNSUPPORTED: DoRA, biases, whole modules, embeddings, and whatever else a GGUF
 * LoRA has no place for. `info` may be NULL.
 */
TW_MUST_USE enum tw_status tw_adapter_import(struct tw_adapter_info *info, const char *to,
					     const char *from, const char *base,
					     struct tw_err *err);

/* Writes the two files of PEFT into the folder `dir`, made when absent. */
TW_MUST_USE enum tw_status tw_adapter_export_peft(struct tw_adapter_info *info, const char *dir,
						  const char *gguf, const char *base,
						  struct tw_err *err);

#endif
