/*
 * net/qgemm.h: products with frozen weights in whole numbers, of 16 or of 8 bits.
 *
 * A sum is cut into blocks of 64 or, with 8 bits, of 128 terms, whose products of whole numbers fit into 32 bits exactly.
 * Blocks are summed in float32, each times the scale of x's block; the last one of a part may be half as long. A column of
 * weights has one scale for all blocks of a part of the sum.
 *
 * Of 16 bits: |x w| <= |x| |w| (Cauchy and Schwarz), so the 64 numbers of each row's block are scaled to a length of 2^15,
 * and those of a column so that its longest block has at most 2^16. A number is then some 4096 (x) and 8192 (w) on average,
 * whatever the largest of its block is. That keeps about as many digits as activations have, and is good for both ways.
 *
 * Of 8 bits: the largest number of a block of x, and of a column of weights, becomes 127. Before that the weights of a term
 * are brought to the size of those of other terms by a factor, with which x is multiplied instead; columns alone would lose
 * three times as much of the gradient. It is good for the way back, and not for the way forward: docs/benchmarks.md.
 *
 * Weights are packed once: for each part strips of 32 columns, a word of 32 bits having 2 or 4 terms side by side, as the
 * instructions want them (pmaddwd, vpdpwssd, vpdpbusd). Rows of x become whole numbers at each product and lie one after
 * the other. The kernels agree on what the same whole numbers give.
 */
#ifndef TW_NET_QGEMM_H
#define TW_NET_QGEMM_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "net/gemm.h"

enum tw_q_bits { TW_Q16, TW_Q8, TW_Q_COUNT };

enum {
	TW_Q_STEP = 64, /* terms; of which there are whole ones */
	TW_Q_COLS = 32,
	TW_Q_PART = 768,		 /* most words of a column in a part */
	TW_Q_PART_TERMS = 4 * TW_Q_PART, /* most terms */
	TW_Q16_X_LENGTH = 32750,
	TW_Q16_W_LENGTH = 65500, /* with what rounding adds, 4 each, their product is below 2^31 */
	TW_Q16_MOST = 32767,
	TW_Q8_MOST = 127,
	TW_Q8_ZERO = 128 /* what weights of 8 bits are stored with: they have no sign then */
};

/* Terms of a block. */
static inline int tw_q_block(enum tw_q_bits bits)
{
	return bits == TW_Q16 ? TW_Q_STEP : 2 * TW_Q_STEP;
}

/* The weights of y (T, n) = x (T, k) w^T. */
struct tw_q_weights {
	enum tw_q_bits bits;
	int n, k;
	uint32_t *w;  /* words, of each part (strips, words of a column, 32 columns) */
	float *scale; /* (parts, strips, 32 columns) */
	float *by;    /* with 8 bits: (k), the factors of x's terms; else NULL */
};

/* Scratch for a part of the rows of x. */
struct tw_q_rows {
	uint32_t *x;
	float *scale;	/* of each row's blocks */
	int32_t *start; /* what their sums begin with: with 8 bits, what undoes TW_Q8_ZERO */
};

/* The best that the CPU has and that agrees with the plain one (qgemm_kernel_int.h). */
struct tw_q_kernel;
const struct tw_q_kernel *tw_q_best(void);
bool tw_q_is_fast(void); /* it is not the plain one */

/* --- weights --- */

TW_MUST_USE enum tw_status tw_q_weights_init(struct tw_q_weights *q, enum tw_q_bits bits, int n,
					     int k, struct tw_err *err); /* TW_NO_MEMORY */
void tw_q_weights_release(struct tw_q_weights *q);
int64_t tw_q_weights_bytes(enum tw_q_bits bits, int n, int k);
/* Terms of each part but the last one, which may have fewer. */
int tw_q_part(enum tw_q_bits bits, int k);

/* Columns [n0, n0 + n) and terms [k0, k0 + k): whole strips and whole parts, but for the last ones. w[n0 + i, k0 + p] lies
 * at from[i row + p column]. With 8 bits a piece has all columns. */
struct tw_q_piece {
	const float *from;
	ptrdiff_t row, column;
	int n0, n, k0, k;
};
void tw_q_pack(const struct tw_compute *c, struct tw_q_weights *q, const struct tw_q_piece *piece);

/* --- products --- */

/* For up to T rows of up to k terms, of numbers of this size, or of 16 bits. */
TW_MUST_USE enum tw_status tw_q_rows_init(struct tw_q_rows *r, enum tw_q_bits bits, int T, int k,
					  struct tw_err *err); /* TW_NO_MEMORY */
int64_t tw_q_rows_bytes(enum tw_q_bits bits, int T, int k);
void tw_q_rows_release(struct tw_q_rows *r);

/* y (T, n) = by x (T, k) w^T, with `add` y += that; and some products of floats are added while y is in the cache, each to
 * columns of it: .c is where they begin, .ldc is n, .beta 1, .ta and .packed false. Their .a have one .lda, and all
 * of their terms lie in one row of it. */
struct tw_q_product {
	const struct tw_q_weights *q;
	const struct tw_q_rows *rows; /* scratch */
	float *y;
	const float *x;
	int T;
	float by;
	bool add;
	const struct tw_gemm *then;
	int n_then;
};

/* Neither the number of threads nor other rows change a row's result. */
void tw_q_run(const struct tw_compute *c, const struct tw_q_kernel *kernel,
	      const struct tw_q_product *p);

#endif
