/*
 * net/q16.h: products with frozen weights in whole numbers.
 *
 * A sum is cut into blocks of 64 terms, and a block's product of whole numbers fits into 32 bits exactly: |x w| <= |x| |w|
 * (Cauchy and Schwarz), so the 64 numbers of each row's block are scaled to a length of 2^15, and those of a column of
 * weights so that their longest block has at most 2^16, and no number more than 16 bits. A number is then some 4096 (x) and
 * 8192 (w) on average, whatever the largest of its block is. Blocks are summed in float32. That keeps about as many digits as
 * activations have; with 8 bits the same scheme loses too much (docs/benchmarks.md).
 *
 * Long sums are made in parts, one after the other. Weights are packed once: for each part strips of 32 columns, pairs of
 * terms side by side, as the instructions for pairs of 16 bits want them (pmaddwd, vpdpwssd). Rows of x become whole numbers
 * at each product and lie one after the other. The kernels agree on every whole number.
 */
#ifndef TW_NET_Q16_H
#define TW_NET_Q16_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "net/gemm.h"
#include "net/model.h"

enum {
	TW_Q16_BLOCK = 64,
	TW_Q16_COLS = 32,
	TW_Q16_PART = 1536, /* most terms of a part */
	TW_Q16_X_LENGTH = 32750,
	TW_Q16_W_LENGTH = 65500, /* with what rounding adds, 4 each, their product is below 2^31 */
	TW_Q16_MOST = 32767
};

/* The weights of y (T, n) = x (T, k) w^T. */
struct tw_q16 {
	int n, k;
	int16_t *w;   /* of each part (strips, pairs of terms, 32 columns, 2) */
	float *scale; /* (parts, strips, 32 columns) */
};

/* Scratch for a part of the rows of x. */
struct tw_q16_rows {
	int16_t *x;
	float *scale; /* of each row's blocks */
};

/* y (rows, cols) = by, and the sum over blocks of x w^T and their scales; `add`: y += that. */
struct tw_q16_tile {
	int blocks, cols;
	const int16_t *x; /* rows of whole blocks */
	ptrdiff_t x_ld;
	const float *x_scale; /* (rows, blocks) */
	const int16_t *w;     /* of a strip */
	const float *w_scale; /* (32) */
	float *y;
	ptrdiff_t y_ld;
	float by;
	bool add;
	const int16_t *
		ahead; /* half as much as w is from here on comes into the second cache meanwhile */
};

struct tw_q16_kernel {
	const char *name;
	/* Of most rows, then of fewer and fewer, the last of one. */
	struct {
		int rows;
		void (*run)(const struct tw_q16_tile *t);
	} tile[5];
	/* A row of n floats becomes whole blocks; scale has one for each. */
	void (*make)(int16_t *to, float *scale, const float *x, int n);
};

extern const struct tw_q16_kernel tw_q16_ref;
/* NULL where the CPU or the compiler lacks it. */
const struct tw_q16_kernel *tw_q16_avx2(void);
const struct tw_q16_kernel *tw_q16_vnni(void);
/* The best that the CPU has and that agrees with the plain one. */
const struct tw_q16_kernel *tw_q16_best(void);

/* --- weights --- */

TW_MUST_USE enum tw_status tw_q16_init(struct tw_q16 *q, int n, int k,
				       struct tw_err *err); /* TW_NO_MEMORY */
void tw_q16_release(struct tw_q16 *q);
int64_t tw_q16_bytes(int n, int k);
int tw_q16_part(int k); /* terms of each part but the last one, which may have fewer */

/* Columns [n0, n0 + n) and terms [k0, k0 + k): whole strips and whole parts, but for the last ones. w[n0 + i, k0 + p] lies
 * at from[i row + p column]. */
struct tw_q16_piece {
	const float *from;
	ptrdiff_t row, column;
	int n0, n, k0, k;
};
void tw_q16_pack(const struct tw_compute *c, struct tw_q16 *q, const struct tw_q16_piece *piece);

/* --- products --- */

/* For up to T rows of up to k terms. */
TW_MUST_USE enum tw_status tw_q16_rows_init(struct tw_q16_rows *r, int T, int k,
					    struct tw_err *err); /* TW_NO_MEMORY */
int64_t tw_q16_rows_bytes(int T, int k);
void tw_q16_rows_release(struct tw_q16_rows *r);

/* y (T, n) = by x (T, k) w^T; `rows` is scratch. Neither the number of threads nor other rows change a row's result. */
void tw_q16_run(const struct tw_compute *c, const struct tw_q16_kernel *kernel,
		const struct tw_q16 *q, const struct tw_q16_rows *rows, float *y, const float *x,
		int T, float by);

/* --- of a model --- */

struct tw_net;

/* The frozen weights of all blocks and of the head, for the way forward and, transposed, for the way back. */
struct tw_q16_net {
	const struct tw_q16_kernel *kernel;
	struct tw_q16 *forward, *backward; /* (n_layer, TW_GROUP_COUNT), then the head */
	int n;				   /* of each */
	struct tw_q16_rows rows;
};

/* From now on the net takes its products with frozen weights in whole numbers, and its adapters go a way of their own. Takes
 * two copies of the weights at 2 bytes each. TW_NO_MEMORY. */
TW_MUST_USE enum tw_status tw_net_use_q16(struct tw_net *net, struct tw_err *err);
int64_t tw_net_q16_bytes(const struct tw_shape *s); /* of those copies */
int64_t tw_net_q16_rows_bytes(const struct tw_shape *s,
			      int T);	    /* of the activations of T tokens besides */
void tw_q16_net_free(struct tw_q16_net *q); /* NULL is fine */
/* y (T, out) = x (T, in) W^T of a group of net->layer; `back`: y (T, in) = x (T, out) W. */
void tw_net_q16_group(struct tw_net *net, enum tw_group g, bool back, float *y, const float *x,
		      int T);
/* The same of the head, times logit_scale. */
void tw_net_q16_head(struct tw_net *net, bool back, float *y, const float *x, int T);

#endif
