/*
 * llm/llm_backends.h: the model backends that this folder supplies.
 *
 * Listed in app/plugins.c; everybody else reaches them through core/llm.h and
 * core/embedder.h. The names of the default models live here and nowhere else:
 * both files are Apache-2.0 and are made by `tw_model_import()` from what
 * tools/deps.sh fetches.
 */
#ifndef TW_LLM_LLM_BACKENDS_H
#define TW_LLM_LLM_BACKENDS_H

#include "core/embedder.h"
#include "core/llm.h"

extern const struct tw_llm_type tw_llm_llama;  /* "llama:PATH.gguf", in process */
extern const struct tw_llm_type tw_llm_openai; /* "openai:URL#MODEL" */

extern const struct tw_embedder_type tw_embedder_llama;
extern const struct tw_embedder_type tw_embedder_openai;

/* Whether a GGUF that a training left is a model by itself (DoRA), not an adapter. False when it can't be read. */
bool tw_is_whole_model(const char *path);

extern const char *const tw_llm_default_spec;
extern const char *const tw_embedder_default_spec;

#endif
