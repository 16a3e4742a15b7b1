/*
 * net/cuda/cuda.h: what libtwin_cuda.so gives to the program, which opens it at run time (device_cuda.c) and so needs nothing
 * of CUDA to be built or to run. This folder is compiled by nvcc into that library, and by a C++ compiler, with the headers
 * of tests/standin/, into one that runs the same kernels on the CPU.
 *
 * All pointers but `name` and those of strings are the GPU's. Functions return NULL, or in words what CUDA says against it.
 * They only ask for work, which is done in order; fetch() waits for it, and tells of errors of what was asked for before.
 * One thread calls. Sums are taken in an order that follows from the shapes: the same GPU gives the same bytes.
 */
#ifndef TW_NET_CUDA_CUDA_H
#define TW_NET_CUDA_CUDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* c = alpha op(a) op(b) + beta c, row-major as in net/gemm.h; `count` of them, whose operands are so many floats apart. */
struct tw_cuda_product {
	bool ta, tb;
	int m, n, k;
	float alpha, beta;
	const float *a, *b;
	float *c;
	int lda, ldb, ldc;
	int64_t a_step, b_step, c_step;
	int count;
};

/* Scores s (H, n, keys) of queries [i0, i0 + n) of a document against its keys [k0, k0 + keys). */
struct tw_cuda_scores {
	float *s;
	int H, n, keys, i0, k0;
	int window; /* a token sees itself and the window - 1 before it; 0: all before it */
	float cap;  /* 0: none */
	float *lse; /* (T, H) of the document */
};

struct tw_cuda_scores_backward {
	struct tw_cuda_scores of; /* s again, without cap; becomes the probabilities */
	float *ds;		  /* as s: the probabilities' gradient; becomes that of q k */
	const float *out, *dout;  /* (T, H D) of the document */
	int D;
	float scale; /* of q k */
};

/* See struct tw_heads_norm, struct tw_losing, struct tw_mask. */
struct tw_cuda_heads {
	int H, H_kv, D, ld;
	bool whole;
	float eps;
	const float *q, *k;
};

struct tw_cuda_losing {
	int n, V;
	float *logits;
	const int32_t *target;
	const float *weight;
	float scale;
	double smoothing;
	float cap;
	double *loss, *nll;
};

struct tw_cuda_rope {
	const float *table;
	const int32_t *pos;
	int ld, heads, D, n_rot;
	bool halves;
	float direction;
};

struct tw_cuda {
	size_t size;	     /* of this struct, and */
	const char *version; /* of Twin: another one's library is not used */

	/* Once. The first GPU that CUDA names, or with several ranks on a machine one each; its name is written. */
	const char *(*open)(char *name, size_t size);
	const char *(*alloc)(void **at, size_t bytes);
	const char *(*release)(void *at);
	const char *(*room)(size_t *free_bytes);
	const char *(*send)(void *to, const void *from, size_t bytes);
	const char *(*fetch)(void *to, const void *from, size_t bytes);
	const char *(*product)(
		const struct tw_cuda_product *p); /* by cuBLAS, float32 without TF32 */

	const char *(*embed)(float *to, const float *table, const int32_t *tokens, float by, int T,
			     int C);
	const char *(*gather)(float *to, const float *x, const int32_t *at, int n, int C);
	const char *(*drop)(float *to, const float *x, const uint64_t *keys, double p, bool add,
			    int T, int n);
	const char *(*lose)(const struct tw_cuda_losing *l);
	const char *(*cap)(float *x, int64_t n, float most);

	const char *(*softmax)(const struct tw_cuda_scores *s); /* e^(s - lse) where seen, else 0 */
	const char *(*softmax_backward)(const struct tw_cuda_scores_backward *s);

	const char *(*rmsnorm)(float *y, float *rstd, const float *x, const float *w, int T, int C,
			       float eps);
	const char *(*rmsnorm_again)(float *y, const float *rstd, const float *x, const float *w,
				     int T, int C);
	/* Row at[i] of dx is added to; at NULL: row i. */
	const char *(*rmsnorm_backward)(float *dx, const int32_t *at, const float *dy,
					const float *rstd, const float *x, const float *w, int T,
					int C);
	const char *(*heads_norm)(float *x, float *before, float *rstd,
				  const struct tw_cuda_heads *n, int T);
	const char *(*heads_norm_backward)(float *dx, const float *rstd, const float *before,
					   const struct tw_cuda_heads *n, int T);

	const char *(*rope)(float *x, const struct tw_cuda_rope *r, int T);
	const char *(*temper)(float *x, const int32_t *pos, float scale, int every, int T, int n,
			      int ld);
	/* gelu: GeGLU, else SwiGLU. dgu may be gu. */
	const char *(*activate)(float *y, const float *gu, bool gelu, int T, int F);
	const char *(*activate_backward)(float *dgu, const float *dy, const float *gu, bool gelu,
					 int T, int F);
	const char *(*add_bias)(float *x, const float *bias, int T, int n);
	/* to = a x + b to; with b 0, `to` is only written. */
	const char *(*combine)(float *to, float a, const float *x, float b, int64_t n);
	const char *(*clear)(float *x, int64_t n);
	const char *(*add_turned)(float *g, const float *t, int rows, int cols);
};

#define TW_CUDA_FILE	 "libtwin_cuda.so"
#define TW_CUDA_FUNCTION "tw_cuda_table"

/* What TW_CUDA_FUNCTION names. */
typedef const struct tw_cuda *tw_cuda_fn(void);

#endif
