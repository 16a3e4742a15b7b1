/*
 * llm/model_file_int.h: a GGUF file as a spec names it: where it is, what its header
 * says, and the digests that stand for it. Weights are not touched.
 *
 * Hashing a file takes a while, so digests are kept in the cache folder,
 * under the file's path, and hold while size, time and inode stay the same.
 */
#ifndef TW_LLM_MODEL_FILE_INT_H
#define TW_LLM_MODEL_FILE_INT_H

#include <stdbool.h>

#include "base/hash.h"
#include "base/mem.h"

struct tw_model_file {
	const char *path; /* all strings in the arena given to tw_model_file_open() */
	const char *name; /* for people */
	const char *architecture;
	const char *chat_template; /* NULL: the file has none */
	bool encoder;		   /* made for embeddings: attention looks both ways */
	int context;		   /* tokens it was trained on */
	int width;		   /* of an embedding */
	int blocks;
	int max_tokens;		    /* of an embedder's text */
	int pooling;		    /* enum llama_pooling_type; -1: the file says nothing */
	struct tw_digest digest;    /* sha256 of the file */
	struct tw_digest tokenizer; /* of vocabulary, merges, types, special ids */
	struct tw_digest template_digest;
};

/* Absolute, or relative to `dir` (NULL: working folder); a bare name that isn't there is looked up in tw_models_dir(). TW_NOT_FOUND. */
TW_MUST_USE enum tw_status tw_model_path(const char **out, const char *name, const char *dir,
					 struct tw_arena *a, struct tw_err *err);

TW_MUST_USE enum tw_status tw_model_file_open(struct tw_model_file *out, const char *name,
					      const char *dir, struct tw_arena *a,
					      struct tw_err *err);

/* A LoRA adapter that fits `base`, by its header, or a whole model (`*whole`) of the same architecture, measures
 * and tokenizer. */
TW_MUST_USE enum tw_status tw_adapter_check(bool *whole, const char *path,
					    const struct tw_model_file *base, struct tw_err *err);

#endif
