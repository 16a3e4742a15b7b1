/*
 * llm/model_import.h: turns a model as it is published into a GGUF that the
 * llama backends open: `twin import`.
 *
 * Takes a folder (safetensors, config.json, vocab.txt) of a BERT-kind encoder,
 * or a GGUF, which is copied, requantised or widened to float32. The output
 * appears whole or not at all; talk goes to the log. No state, any thread.
 */
#ifndef TW_LLM_MODEL_IMPORT_H
#define TW_LLM_MODEL_IMPORT_H

#include <stdint.h>

#include "base/hash.h"
#include "base/mem.h"

struct tw_import_info {
	char architecture[64]; /* "llama", "bert", … */
	char type[16];	       /* of most weights: "Q8_0", "F32", … */
	int64_t tensors, parameters, bytes;
	struct tw_digest digest; /* sha256 of the output */
};

/*
 * `type` is a ggml type that weights are quantised to: "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K", "F16", "BF16",
 * "F32" (the same weights, dequantised), upper or lower case. NULL: as they are. Replaces `to`; makes its folder.
 * TW_NOT_FOUND (no such input), TW_BAD_USE (unknown type), TW_BAD_DATA (half a file, missing tensor),
 * TW_UNSUPPORTED (another architecture or layout), TW_IO (disk), TW_CANCELLED.
 */
TW_MUST_USE enum tw_status tw_model_import(struct tw_import_info *out, const char *from,
					   const char *to, const char *type, struct tw_err *err);

/* ${XDG_CACHE_HOME:-~/.cache}/twin/models, where bare file names of specs are looked up. */
char *tw_models_dir(struct tw_arena *a);

#endif
