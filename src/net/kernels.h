/*
 * net/kernels.h: what a block does besides matrix products, as pure
 * functions over plain arrays, forward and backward. Shapes: T tokens, C
 * width, H heads, D width of a head, F width of the feed-forward, V vocabulary.
 * Sums of many terms are taken in a fixed order: results do not vary.
 */
#ifndef TW_NET_KERNELS_H
#define TW_NET_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

#include "net/gemm.h"
#include "net/qscores.h"

/* y (T, C) = x / rms(x) w; rstd (T) = 1 / rms is kept. Zhang & Sennrich 2019, eq. 4. */
void tw_rmsnorm_forward(float *y, float *rstd, const float *x, const float *w, int T, int C,
			float eps);
/* The same with rstd known. */
void tw_rmsnorm_again(float *y, const float *rstd, const float *x, const float *w, int T, int C);
/* dx += dL/dx; dx may not be dy. */
void tw_rmsnorm_backward(float *dx, const float *dy, const float *rstd, const float *x,
			 const float *w, int T, int C);

/* How fast each pair of dimensions turns with the position. */
struct tw_angles {
	int n_rot;
	float base;
	float stretch;	 /* positions are multiplied by it; 1: they are not scaled */
	float magnitude; /* rotated vectors are multiplied by it; 1 */
	/* YaRN (Peng et al. 2023, section 3.2): pairs below yarn_low turn as if not stretched, those from yarn_high on are
	 * stretched, between them a mixture. */
	bool yarn;
	float yarn_low, yarn_high;
	const float *factors; /* (n_rot / 2): frequencies are divided by these; NULL: none */
};

/* table (n, 2, n_rot / 2): cosines, then sines, of positions 0 to n - 1. */
void tw_rope_table(float *table, int n, const struct tw_angles *a);
/* How vectors of one token are rotated. */
struct tw_rotation {
	int heads, D, n_rot;
	bool halves; /* pairs (i, i + n_rot / 2), as in GPT-NeoX; else (2i, 2i + 1) */
};
/* Rotates each head's vector in rows of x, which are ld apart, by the angles of pos (T). Su et al. 2021, eq. 34.
 * direction -1 is the transpose: the backward pass. */
void tw_rope(float *x, int ld, const float *table, const int32_t *pos, int T,
	     const struct tw_rotation *r, int direction);

/* Heads of one token: q (H, D), k (H_kv, D), v (H_kv, D) side by side in a row of (H + 2 H_kv) D. */
struct tw_heads {
	int H, H_kv, D;
	float scale; /* of q k */
	float cap;   /* scores are cap tanh(score / cap); 0: none */
	int window;  /* a token sees itself and the window - 1 before it; 0: all before it */
	const struct tw_q_scores
		*q; /* its scores are computed in whole numbers; NULL: in float32 */
};

/*
 * Causal attention within one document of T tokens. out (T, H D); lse (T, H), log of the sum of exponentials, is kept.
 * Vaswani et al. 2017, eq. 1; grouped queries: Ainslie et al. 2023. Plain: the one that tests trust.
 */
void tw_attention_forward_ref(float *out, float *lse, const float *qkv, int T,
			      const struct tw_heads *h);
/* dqkv (T, (H + 2 H_kv) D) is written whole. Dao et al. 2022, algorithm 4. */
void tw_attention_backward_ref(float *dqkv, const float *dout, const float *out, const float *lse,
			       const float *qkv, int T, const struct tw_heads *h);

/*
 * The same by blocks of queries through matrix products, forward for one query head, backward for one KV head `kv` and
 * the query heads that share it: calls for different heads and documents are independent. `scratch` holds
 * tw_attention_scratch(T) floats.
 */
int64_t tw_attention_scratch(int T);
void tw_attention_forward(float *out, float *lse, const float *qkv, int T, const struct tw_heads *h,
			  int head, const struct tw_gemm_kernel *gemm, float *scratch);
void tw_attention_backward(float *dqkv, const float *dout, const float *out, const float *lse,
			   const float *qkv, int T, const struct tw_heads *h, int kv,
			   const struct tw_gemm_kernel *gemm, float *scratch);

/* y (T, F) = silu(gate) up, of rows (gate, up) of gu (T, 2 F). Shazeer 2020, eq. 6. */
void tw_swiglu_forward(float *y, const float *gu, int T, int F);
/* dgu (T, 2 F); it may be gu itself. */
void tw_swiglu_backward(float *dgu, const float *dy, const float *gu, int T, int F);
/* The same with gelu(gate) = gate / 2 (1 + tanh(sqrt(2 / pi) (gate + 0.044715 gate^3))). Hendrycks & Gimpel 2016. */
void tw_geglu_forward(float *y, const float *gu, int T, int F);
void tw_geglu_backward(float *dgu, const float *dy, const float *gu, int T, int F);

/* x = cap tanh(x / cap). */
void tw_cap(float *x, int n, float cap);
/* dx *= dy/dx of the above; y is what it left. */
void tw_cap_backward(float *dx, const float *y, int n, float cap);

/*
 * loss (T) = -log softmax(logits)[target], in nats; then logits (T, V) = scale dloss/dlogits in place.
 * scale 0: the losses alone, and logits are spent.
 */
void tw_cross_entropy(double *loss, float *logits, const int32_t *target, int T, int V,
		      float scale);

/* e^x for x <= 0, relative error below 3e-7, 0 below -87; compilers make vector code of a loop around it. */
void tw_exp_row(float *x, int n, float shift, float scale); /* x = e^(scale x + shift) */

double tw_exp_sum(float *x, int n, float shift); /* x = e^(x + shift), and their sum */
/* Of a row of attention: p = e^(s - lse) in place of s, and ds = scale p (ds - mean). */
void tw_score_backward(float *ds, float *s, int n, float lse, float mean, float scale);

float tw_max(const float *x, int n); /* n > 0 */
float tw_dot(const float *a, const float *b, int n);
double tw_sum(const float *x, int n);

#endif
