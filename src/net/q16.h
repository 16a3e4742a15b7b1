/*
 * net/q16.h: products with frozen weights in whole numbers.
 *
 * Both operands are cut along the sum into blocks of 32 terms. A block of a row is whole numbers of 14 bits (±8191) times its
 * own scale, so its product fits into 32 bits exactly, and the blocks are summed in float32. That keeps about as many
 * digits as the activations have; with 8 bits the same scheme loses too much (docs/benchmarks.md).
 *
 * Weights are packed once: strips of 16 columns, pairs of terms side by side, as the instructions for pairs of 16 bits want
 * them (pmaddwd, vpdpwssd). The kernels agree on every whole number.
 */
#ifndef TW_NET_Q16_H
#define TW_NET_Q16_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "net/gemm.h"

enum { TW_Q16_BLOCK = 32, TW_Q16_ROWS = 6, TW_Q16_COLS = 16, TW_Q16_MOST = 8191 };

/* The weights of y (T, n) = x (T, k) w^T. */
struct tw_q16 {
	int n, k;
	int16_t *w;   /* (strips, blocks, 16 pairs, 16 columns, 2) */
	float *scale; /* (strips, blocks, 16 columns) */
};

/* Rows of x, made whole numbers. */
struct tw_q16_rows {
	int16_t *x;   /* (tiles, blocks, 16 pairs, 6 rows, 2) */
	float *scale; /* (tiles, blocks, 6 rows) */
};

/* c (6, 16) += a tile times a strip, over `blocks` of them. */
struct tw_q16_kernel {
	const char *name;
	void (*tile)(float *c, const int16_t *a, const float *a_scale, const int16_t *b,
		     const float *b_scale, int blocks);
};

extern const struct tw_q16_kernel tw_q16_ref;
/* NULL where the CPU or the compiler lacks it. */
const struct tw_q16_kernel *tw_q16_avx2(void);
const struct tw_q16_kernel *tw_q16_vnni(void);
/* The best that the CPU has and that agrees with the plain one. */
const struct tw_q16_kernel *tw_q16_best(void);

/* w[n, k] lies at from[n row + k column]. TW_NO_MEMORY. */
TW_MUST_USE enum tw_status tw_q16_init(struct tw_q16 *q, int n, int k, struct tw_err *err);
void tw_q16_pack(const struct tw_compute *c, struct tw_q16 *q, const float *from, ptrdiff_t row,
		 ptrdiff_t column);
void tw_q16_release(struct tw_q16 *q);
int64_t tw_q16_bytes(int n, int k);

/* For up to T rows of up to k terms. */
TW_MUST_USE enum tw_status tw_q16_rows_init(struct tw_q16_rows *r, int T, int k,
					    struct tw_err *err);
int64_t tw_q16_rows_bytes(int T, int k);
void tw_q16_rows_release(struct tw_q16_rows *r);

/* y (T, n) = x (T, k) w^T; `rows` is scratch. The result does not depend on the number of threads. */
void tw_q16_run(const struct tw_compute *c, const struct tw_q16_kernel *kernel,
		const struct tw_q16 *q, const struct tw_q16_rows *rows, float *y, const float *x,
		int T);

/* --- of a model --- */

struct tw_net;
struct tw_shape;

/* The frozen weights of all blocks, for the way forward and, transposed, for the way back. */
struct tw_q16_net {
	const struct tw_q16_kernel *kernel;
	struct tw_q16 *forward, *backward; /* (n_layer, TW_GROUP_COUNT) */
	int n;				   /* of each */
	struct tw_q16_rows rows;
};

/* From now on the net takes its blocks' products in whole numbers, and its adapters go a way of their own. Takes two
 * copies of the blocks' weights at 2.1 bytes each. TW_NO_MEMORY. */
TW_MUST_USE enum tw_status tw_net_use_q16(struct tw_net *net, struct tw_err *err);
int64_t tw_net_q16_bytes(const struct tw_shape *s); /* of those copies */
int64_t tw_net_q16_rows_bytes(const struct tw_shape *s,
			      int T);	    /* of the activations of T tokens besides */
void tw_q16_net_free(struct tw_q16_net *q); /* NULL is fine */

#endif
