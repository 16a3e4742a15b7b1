/*
 * training/model_int.h: the shapes of a Llama-family model, and its weights.
 *
 * Letters of shapes: T tokens, C width of the residual stream, H heads, D width
 * of a head, F width of the feed-forward, V vocabulary, r rank. All matrices are
 * row-major: W (out, in), so that y = x W^T.
 *
 * The weights stay in the mapped file in the type that they have there, and are made
 * float32 row by row where they are needed. Read-only: any thread.
 */
#ifndef TW_TRAINING_MODEL_INT_H
#define TW_TRAINING_MODEL_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fs.h"
#include "base/mem.h"

/* The matrices of a block that LoRA can adapt, in the order in which their outputs are used. */
enum tw_proj {
	TW_PROJ_Q,
	TW_PROJ_K,
	TW_PROJ_V,
	TW_PROJ_O,
	TW_PROJ_GATE,
	TW_PROJ_UP,
	TW_PROJ_DOWN,
	TW_PROJ_COUNT
};

struct tw_proj_name {
	const char *peft; /* "q_proj", as targets are called in PEFT */
	const char *gguf; /* "attn_q" */
};
extern const struct tw_proj_name tw_proj_names[TW_PROJ_COUNT];

struct tw_shape {
	int n_layer;
	int C, H, H_kv, D, F, V;
	int n_ctx;
	int n_rot; /* the first n_rot of D dimensions are rotated */
	float rope_base, eps;
	bool rope_halves; /* pairs (i, i + n_rot / 2), not (2i, 2i + 1) */
	bool qk_norm;	  /* q and k of each head are normed before they are rotated */
};

static inline int tw_q_dim(const struct tw_shape *s)
{
	return s->H * s->D;
}

static inline int tw_kv_dim(const struct tw_shape *s)
{
	return s->H_kv * s->D;
}

/* Width of q, k and v side by side. */
static inline int tw_qkv_dim(const struct tw_shape *s)
{
	return tw_q_dim(s) + 2 * tw_kv_dim(s);
}

int tw_proj_in(const struct tw_shape *s, enum tw_proj p);
int tw_proj_out(const struct tw_shape *s, enum tw_proj p);

struct tw_matrix {
	const char *data; /* in the mapping */
	size_t row_bytes;
	int rows, cols;
	/* Makes n float32 of packed ones. */
	void (*to_float)(const void *from, float *to, int64_t n);
};

struct tw_block_weights {
	const float *attn_norm, *ffn_norm; /* (C) */
	const float *qkv_bias;		   /* (tw_qkv_dim); NULL: none */
	const float *q_norm, *k_norm;	   /* (D), where qk_norm */
	struct tw_matrix proj[TW_PROJ_COUNT];
};

struct tw_weights {
	struct tw_shape shape;
	const char *arch;
	struct tw_matrix embed, head; /* (V, C); the same matrix when tied */
	const float *out_norm;	      /* (C) */
	const float *rope_factors;    /* (n_rot / 2) frequencies are divided by these; NULL: none */
	struct tw_block_weights *block; /* n_layer */
	struct tw_mapping map;
	struct tw_arena arena;
};

/* TW_UNSUPPORTED names what this trainer lacks for the model; TW_BAD_DATA for half a file. On failure nothing to close. */
TW_MUST_USE enum tw_status tw_weights_open(struct tw_weights *out, const char *path,
					   struct tw_err *err);
void tw_weights_close(struct tw_weights *w);

/* dst (n, cols): rows [from, from + n). */
void tw_matrix_rows(float *dst, const struct tw_matrix *m, int from, int n);

#endif
