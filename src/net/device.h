/*
 * net/device.h: what a pass runs on, and where its arrays lie: the CPU, or a GPU (device_cuda.c).
 *
 * forward.c, backward.c, linear.c and loss.c say what a pass does and in which order. Whatever touches an array is a call of
 * this table, on arrays that lie where its alloc() put them. The CPU's are the functions of kernels.h, called by each thread
 * for some of the tokens; a GPU's start a kernel for all of them and return at once. So what a GPU has is read by
 * nobody before it was fetched.
 *
 * A GPU can fail at any call. The first failure is kept, calls after it do nothing, and check() tells of it:
 * until it says TW_OK, what a pass gave means nothing.
 *
 * To add one: a table like these two, and a word of training.device (trainer/train_setup.c) that chooses it.
 */
#ifndef TW_NET_DEVICE_H
#define TW_NET_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "net/kernels.h"
#include "net/model.h"

struct tw_net;
struct tw_pass;

/* What a pass is made of, where its kernels find it. */
struct tw_inputs {
	const int32_t *tokens, *pos, *from, *target;
	const float *weight; /* of targets; NULL: 1 each */
};

/* Norms of q and k, which lie side by side in rows that are ld apart. */
struct tw_heads_norm {
	int H, H_kv, D, ld;
	bool whole; /* all heads of q together, and all of k; else each */
	float eps;
	const float *q, *k; /* weights */
};

/* The first n of each row, ld apart, are multiplied by 1 + scale log(1 + floor(position / every)). */
struct tw_temperature {
	float scale;
	int every, n, ld;
};

/* A loss for each row of logits (n, V), and the gradient in place of the logits. */
struct tw_losing {
	int n, V;
	float *logits;
	const int32_t *target;
	const float *weight; /* (n); NULL: 1 each */
	float scale;	     /* of the gradient; 0: none, and logits are spent */
	double smoothing;    /* see tw_head */
	float cap;	     /* of the logits; 0: none */
	double *loss, *nll;  /* (n): with smoothing, and without */
};

struct tw_device {
	const char *name; /* for people */
	/* Frozen weights are kept there, all of them, as float32 and without adapters, which so go a way of their own. */
	bool resident;
	/* What computes products of arrays that lie there. NULL: the one of tw_compute. */
	const struct tw_gemm_kernel *gemm;

	void *(*alloc)(size_t bytes, const char *what,
		       struct tw_err *err);			/* TW_NO_MEMORY, TW_IO */
	void (*release)(void *at);				/* NULL is fine */
	void (*send)(void *to, const void *from, size_t bytes); /* from the host */
	/* To it, when all is done; after a failure, bytes that are no numbers. */
	void (*fetch)(void *to, const void *from, size_t bytes);
	enum tw_status (*check)(struct tw_err *err); /* TW_IO */
	/* fn on pieces of [0, n), or once on all of it. */
	void (*run)(const struct tw_compute *c, int n, int piece,
		    void (*fn)(void *ctx, int begin, int end), void *ctx);

	/* x_in of tokens [begin, end): embeddings, with the noise of the pass. */
	void (*embed)(struct tw_pass *p, int begin, int end);
	/* Of all documents of the pass. */
	void (*attention)(struct tw_pass *p, bool backward);
	/* See tw_net_drop(). */
	void (*drop)(const struct tw_net *net, int layer, enum tw_proj p, float *to, const float *x,
		     int T, bool add);
	void (*lose)(const struct tw_losing *l);

	/* As in kernels.h. */
	void (*rmsnorm_forward)(float *y, float *rstd, const float *x, const float *w, int T, int C,
				float eps);
	void (*rmsnorm_again)(float *y, const float *rstd, const float *x, const float *w, int T,
			      int C);
	void (*rmsnorm_backward)(float *dx, const float *dy, const float *rstd, const float *x,
				 const float *w, int T, int C);
	void (*rope)(float *x, int ld, const float *table, const int32_t *pos, int T,
		     const struct tw_rotation *r, int direction);
	void (*swiglu_forward)(float *y, const float *gu, int T, int F);
	void (*swiglu_backward)(float *dgu, const float *dy, const float *gu, int T, int F);
	void (*geglu_forward)(float *y, const float *gu, int T, int F);
	void (*geglu_backward)(float *dgu, const float *dy, const float *gu, int T, int F);

	/* The same as rmsnorm_backward, but row i of dx is row at[i]; these differ. */
	void (*rmsnorm_backward_at)(float *dx, const int32_t *at, const float *dy,
				    const float *rstd, const float *x, const float *w, int n,
				    int C);
	/* T rows of x, normed in place; `before` (T, (H + H_kv) D) and rstd (T, H + H_kv) are kept. */
	void (*heads_norm_forward)(float *x, float *before, float *rstd,
				   const struct tw_heads_norm *n, int T);
	/* dx in place of dy; `dy` (T, (H + H_kv) D) is scratch. */
	void (*heads_norm_backward)(float *dx, float *dy, const float *rstd, const float *before,
				    const struct tw_heads_norm *n, int T);
	void (*temper)(float *x, const int32_t *pos, int T, const struct tw_temperature *t);
	void (*add_bias)(float *x, const float *bias, int T, int n);	    /* x (T, n) */
	void (*join)(float *to, const float *x, float by, ptrdiff_t n);	    /* to = x + by to */
	void (*multiply)(float *to, const float *x, float by, ptrdiff_t n); /* to = by x */
	void (*add)(float *to, const float *x, ptrdiff_t n);		    /* to += x */
	void (*clear)(float *x, ptrdiff_t n);
	void (*cap)(float *x, ptrdiff_t n, float most);
	/* to (n, C) = rows at[i] of x. */
	void (*gather)(float *to, const float *x, const int32_t *at, int n, int C);
	/* g (rows, cols) += t^T, t (cols, rows). */
	void (*add_turned)(float *g, const float *t, int rows, int cols);
};

extern const struct tw_device tw_device_cpu;

/* NULL and *err when there is no NVIDIA GPU, no CUDA, or when it computes wrongly. Loads and tries it at the first call. It
 * is one a process: after a failure it is of no use to later nets either. TW_UNSUPPORTED, TW_IO. */
const struct tw_device *tw_device_cuda(struct tw_err *err);

#endif
