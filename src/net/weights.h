/*
 * net/weights.h: how a GGUF becomes struct tw_weights: the table of architectures
 * (architectures.c), settings (settings_ggml.c), tensors (weights_ggml.c).
 *
 * To add an architecture: a line of architectures.c; a line of the tests' tables
 * in tests/support/architectures.c and tests/support/tiny_gguf.c.
 */
#ifndef TW_NET_WEIGHTS_H
#define TW_NET_WEIGHTS_H

#include "net/model.h"

/* Which angles the blocks with a window rotate by. */
enum tw_local_rope {
	TW_LOCAL_AS_GLOBAL,
	TW_LOCAL_OWN_BASE, /* rope.freq_base_swa, else the global one; stretched as the file says */
	TW_LOCAL_10000,	   /* rope.freq_base_swa, else 10000; not stretched */
	TW_LOCAL_PLAIN	   /* the global base; nothing of the scaling */
};

/* What tells architectures apart, besides the tensors that they have. Zero is what Llama does. */
struct tw_arch {
	const char *name;
	bool rope_halves, gelu, fused_ffn;
	bool no_pre_norm, post_norm;
	enum tw_qk_norm qk_norm;
	const char *ffn_norm; /* the tensor's name; NULL: ffn_norm */

	bool embed_sqrt; /* embeddings are multiplied by sqrt(C) */
	bool scales;	 /* reads embedding_scale, residual_scale, logit_scale, attention.scale */
	bool minicpm;	 /* has values of its own where the file gives none of them */
	bool caps;	 /* of attention's scores: attn_logit_softcapping, else 50 */
	float final_cap; /* where final_logit_softcapping is absent; 0: none */
	bool reads_final_cap;
	int broad_layers; /* a model of so many layers scales scores by 1 / sqrt(C / H), not 1 / sqrt(D) */
	bool temperature; /* reads attention.temperature_scale */

	bool window;	   /* reads attention.sliding_window */
	int window_absent; /* where it is absent */
	int window_layers; /* only a model of so many layers has a window; 0: any */
	int window_period; /* every so manieth block sees all; the file may say otherwise */
	enum tw_local_rope local;

	int rope_period;      /* every so manieth block is not rotated; 0: all are */
	bool rope_local_only; /* where there is a window, blocks without one are not rotated */
	bool rope_finetuned;  /* rope.scaling.finetuned = false: none is rotated */
	bool yarn_keys;	      /* reads YaRN's betas and multiplier; else 32, 1 and none */
};

/* NULL: not in the table. */
const struct tw_arch *tw_arch_find(const char *name);
/* Their names, "llama, qwen2, …". */
const char *tw_arch_names(struct tw_arena *a);

struct gguf_context;

struct tw_reader {
	struct tw_weights *w;
	const struct tw_arch *arch;
	struct gguf_context *gguf;
	const char *path;
	uint8_t *used; /* tensors that were asked for */
	struct tw_err *err;
};

/* w->shape and w->rope, but for what tensors tell: V, fused_qkv, factors. */
TW_MUST_USE enum tw_status tw_read_settings(struct tw_reader *r);
/* Windows and rotation of each block. */
TW_MUST_USE enum tw_status tw_read_pattern(struct tw_reader *r);

#endif
