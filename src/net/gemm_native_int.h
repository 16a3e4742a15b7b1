/*
 * net/gemm_native_int.h: our own sgemm. One driver (gemm_native.c) cuts, packs and shares; an instruction set
 * supplies the tile that stays in registers.
 *
 * To add one: gemm_<isa>.c with a struct tw_gemm_isa (gemm_tile_int.h has the body, given vectors), its line in
 * gemm_native.c, its flags in the Makefile.
 */
#ifndef TW_NET_GEMM_NATIVE_INT_H
#define TW_NET_GEMM_NATIVE_INT_H

#include <stddef.h>

#include "net/gemm.h"

/* c (rows, cols) = alpha a b + beta c, where a[i, p] lies at a[i row_step + p step] and b[p, j] at b[p b_step + j]. */
struct tw_gemm_tile {
	int k, cols; /* cols at most nr; the rows are the function's */
	const float *a;
	ptrdiff_t row_step, step;
	const float *b; /* there are nr columns, whatever cols is */
	ptrdiff_t b_step;
	float *c;
	ptrdiff_t ldc;
	float alpha, beta;  /* beta 0: c is only written */
	const float *ahead; /* k lines, b_step apart, that come into the second cache meanwhile */
};

typedef void (*tw_gemm_tile_fn)(const struct tw_gemm_tile *t);

struct tw_gemm_isa {
	const char *name;
	int mr, nr; /* nr at most TW_GEMM_NR */
	/* Rows of a and columns of b that stay in the second cache, of a part of the sum. block_n: at most 16 nr. */
	int block_m, block_n;
	int part_k; /* of a sum that is made in registers; at most TW_GEMM_PART */
	/* Of mr rows, then of fewer and fewer, the last of one. */
	struct {
		int rows;
		tw_gemm_tile_fn run;
	} tile[5];
	/* to[p width + i] = from[i ld + p] for i < width, p < k; width is nr. */
	void (*transpose)(float *to, const float *from, ptrdiff_t ld, int width, int k);
	/* to[s pitch + p width + i] = from[p ld + s width + i] for s < n. */
	void (*copy)(float *to, ptrdiff_t pitch, const float *from, ptrdiff_t ld, int width, int n,
		     int k);
	const struct tw_gemm_isa *narrow; /* takes products of up to narrow->nr columns; or NULL */
};

enum { TW_GEMM_PART = 768, TW_GEMM_LINE = 16 /* floats in a line of the cache */ };

/* NULL when this CPU lacks it, or the compiler did. */
const struct tw_gemm_isa *tw_gemm_avx2(void);
const struct tw_gemm_isa *tw_gemm_avx512(void);

/* A product by one instruction set; pool NULL: on this thread alone. The result does not depend on the pool. */
void tw_gemm_by(const struct tw_gemm_isa *isa, struct tw_pool *pool, const struct tw_gemm *g);
void tw_gemm_pack_by(const struct tw_gemm_isa *isa, float *to, const struct tw_gemm_b *b,
		     const float *x, int from, int rows);

#endif
