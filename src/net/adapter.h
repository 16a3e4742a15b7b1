/*
 * net/adapter.h: a LoRA adapter as a GGUF file that libllama loads.
 */
#ifndef TW_NET_ADAPTER_H
#define TW_NET_ADAPTER_H

#include "net/lora.h"

struct tw_adapter_matrix { /* W' = W + alpha / rank B A of one matrix of a block */
	int layer;
	enum tw_proj proj;
	int in, rank, out;
	const float *a, *b; /* (rank, in), (out, rank) */
};
/* The file appears whole or not at all. */
TW_MUST_USE enum tw_status tw_adapter_write_matrices(const char *path, const char *arch,
						     double alpha,
						     const struct tw_adapter_matrix *m, size_t n,
						     struct tw_err *err);

/* Of a model that is trained: `p` in the layout of l. */
TW_MUST_USE enum tw_status tw_adapter_write(const char *path, const struct tw_lora *l,
					    const float *p, const char *arch, struct tw_err *err);

/* p, in the layout of l, from such a file, whoever wrote it, so that l's model is the one that the file's was: where its
 * alpha is another than l's, B is scaled. Errors call it `name`; NULL: by its path. TW_BAD_USE when its architecture, rank or matrices are not those of l;
 * TW_NOT_FOUND, TW_BAD_DATA. */
TW_MUST_USE enum tw_status tw_adapter_read(float *p, const struct tw_lora *l, const char *arch,
					   const char *path, const char *name, struct tw_err *err);

#endif
