/*
 * net/model.h: the shapes of a decoder of the Llama kind, and its weights.
 *
 * Architectures differ in the flags of struct tw_shape alone; architectures.c has a line for each.
 *
 * Letters of shapes: T tokens, C width of the residual stream, H heads, D width
 * of a head, F width of the feed-forward, V vocabulary, r rank. All matrices are
 * row-major: W (out, in), so that y = x W^T.
 *
 * The weights stay in the mapped file in the type that they have there, and are made
 * float32 row by row where they are needed. Read-only: any thread.
 */
#ifndef TW_NET_MODEL_H
#define TW_NET_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fs.h"
#include "base/mem.h"
#include "net/file.h"
#include "net/kernels.h"

/* The matrices of a block that LoRA can adapt. A model has either q, k and v or one that is all three (gate and up
 * likewise): what it lacks has 0 rows. Numbers are part of what a seed means: new ones go last. */
enum tw_proj {
	TW_PROJ_Q,
	TW_PROJ_K,
	TW_PROJ_V,
	TW_PROJ_O,
	TW_PROJ_GATE,
	TW_PROJ_UP,
	TW_PROJ_DOWN,
	TW_PROJ_QKV,
	TW_PROJ_GATE_UP,
	TW_PROJ_COUNT
};

struct tw_proj_name {
	const char *peft; /* "q_proj", as targets are called in PEFT */
	const char *gguf; /* "attn_q" */
};
extern const struct tw_proj_name tw_proj_names[TW_PROJ_COUNT];

/* Projections that read the same vector form a group; their outputs lie side by side in this order. */
enum tw_group { TW_GROUP_QKV, TW_GROUP_O, TW_GROUP_GATE_UP, TW_GROUP_DOWN, TW_GROUP_COUNT };

enum { TW_GROUP_MOST = 4 };
struct tw_group_list {
	enum tw_proj p[TW_GROUP_MOST];
	int n;
};
extern const struct tw_group_list tw_groups[TW_GROUP_COUNT];

enum tw_qk_norm {
	TW_QK_AS_THEY_ARE,
	TW_QK_HEADS, /* each head's vector is normed before it is rotated */
	TW_QK_WHOLE  /* all heads together */
};

struct tw_shape {
	int n_layer;
	int C, H, H_kv, D, F, V;
	int n_ctx;
	int n_rot; /* the first n_rot of D dimensions are rotated */
	float eps;
	bool rope_halves; /* pairs (i, i + n_rot / 2), not (2i, 2i + 1) */
	enum tw_qk_norm qk_norm;
	bool fused_qkv, fused_ffn;
	bool pre_norm,
		post_norm; /* of what enters attention and feed-forward; of what leaves them */
	bool gelu;	   /* of the gate, by tanh; else silu */
	float embed_scale, residual_scale, logit_scale; /* 1: as they are */
	float attn_scale;				/* of q k */
	float attn_cap, final_cap; /* cap tanh(x / cap) of scores and of logits; 0: none */
	/* q of position t is scaled by 1 + temp_scale log(1 + floor(t / temp_every)); 0: none */
	float temp_scale;
	int temp_every;
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
int tw_proj_out(const struct tw_shape *s, enum tw_proj p); /* 0: the model has none */

int tw_group_out(const struct tw_shape *s, enum tw_group g); /* sum over its projections */
int tw_group_in(const struct tw_shape *s, enum tw_group g);

struct tw_matrix {
	const char *data; /* in the mapping */
	size_t row_bytes;
	int rows, cols;
	/* Makes n float32 of packed ones. */
	tw_to_float_fn to_float;
};

enum { TW_ROPE_GLOBAL, TW_ROPE_LOCAL, TW_ROPE_COUNT, TW_ROPE_NONE = TW_ROPE_COUNT };

struct tw_block_weights {
	const float *attn_norm, *ffn_norm;	     /* (C), where pre_norm */
	const float *attn_post_norm, *ffn_post_norm; /* (C), where post_norm */
	const float *bias[TW_GROUP_COUNT];	     /* (tw_group_out); NULL: none */
	const float *q_norm, *k_norm;		     /* (D), or all heads together: see qk_norm */
	struct tw_matrix proj[TW_PROJ_COUNT];
	int window; /* a token sees itself and the window - 1 before it; 0: all before it */
	int rope;   /* which angles its q and k are rotated by */
};

struct tw_weights {
	struct tw_shape shape;
	const char *arch;
	struct tw_matrix embed, head; /* (V, C); the same matrix when tied */
	const float *out_norm;	      /* (C) */
	struct tw_angles rope[TW_ROPE_COUNT];
	const float *
		rope_long; /* factors of a context above `short_context`; NULL: as in a short one */
	int short_context;
	struct tw_block_weights *block; /* n_layer */
	struct tw_mapping map;
	struct tw_arena arena;
};

/* TW_UNSUPPORTED names what this trainer lacks for the model; TW_BAD_DATA for half a file. On failure nothing to close. */
TW_MUST_USE enum tw_status tw_weights_open(struct tw_weights *out, const char *path,
					   struct tw_err *err);
/* Some models rotate by other angles where they are served with a long context (in tokens); until this is called it is
 * a short one. Before tw_net_init(). */
void tw_weights_set_context(struct tw_weights *w, int context);
void tw_weights_close(struct tw_weights *w);

/* dst (n, cols): rows [from, from + n). */
void tw_matrix_rows(float *dst, const struct tw_matrix *m, int from, int n);

#endif
