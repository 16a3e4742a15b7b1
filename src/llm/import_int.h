/*
 * llm/import_int.h: the steps of tw_model_import(). Each writes `to`, a name of
 * nobody else's; model_import.c moves it into place.
 */
#ifndef TW_LLM_IMPORT_INT_H
#define TW_LLM_IMPORT_INT_H

#include <stdbool.h>

#include "base/err.h"

/* A folder with config.json, vocab.txt and model.safetensors of the BERT kind, in float32. */
TW_MUST_USE enum tw_status tw_import_bert(const char *dir, const char *to, struct tw_err *err);

/* `type` as in tw_model_import(): quantised by libllama. */
TW_MUST_USE enum tw_status tw_import_quantize(const char *from, const char *to, const char *type,
					      struct tw_err *err);

/* The same weights in float32. */
TW_MUST_USE enum tw_status tw_import_widen(const char *from, const char *to, struct tw_err *err);

/* TW_BAD_USE for a type that neither of the two above can write. */
TW_MUST_USE enum tw_status tw_import_check_type(const char *type, struct tw_err *err);

/* That a GGUF is whole and of sound mind: half a file and what libllama would abort on are refused. */
TW_MUST_USE enum tw_status tw_import_check(const char *path, bool *adapter, struct tw_err *err);

/* That libllama knows the architecture and finds every tensor in its shape. Adapters pass. */
TW_MUST_USE enum tw_status tw_import_verify(const char *path, struct tw_err *err);

const char *tw_import_type_name(int ggml_type);

#endif
