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

enum { TW_GEMM_SLACK = 16 }; /* floats behind a packed operand that packing may overwrite */

/* c (mr, nr) = alpha a b + beta c, where a[i, p] lies at a[i row_step + p step] and b[p, j] at b[p nr + j]. */
struct tw_gemm_tile {
	int k;
	const float *a;
	ptrdiff_t row_step, step;
	const float *b;
	float *c;
	ptrdiff_t ldc;
	float alpha, beta; /* beta 0: c is only written */
};

typedef void (*tw_gemm_tile_fn)(const struct tw_gemm_tile *t);

struct tw_gemm_isa {
	const char *name;
	int mr, nr; /* at most TW_GEMM_MR, TW_GEMM_NR */
	/* Rows of a and columns of b that stay in the second cache, of a part of the sum. */
	int block_m, block_n;
	tw_gemm_tile_fn tile;
	/* Those of fewer rows, the lowest first; rows 0: there are no more. */
	struct {
		int rows;
		tw_gemm_tile_fn tile;
	} low[2];
	/* to[p width + i] = from[i ld + p] for i < width, p < k; may write SLACK floats more. */
	void (*transpose)(float *to, const float *from, ptrdiff_t ld, int width, int k);
	/* to[s pitch + p width + i] = from[p ld + s width + i] for s < n. */
	void (*copy)(float *to, ptrdiff_t pitch, const float *from, ptrdiff_t ld, int width, int n,
		     int k);
	const struct tw_gemm_isa *narrow; /* takes products of up to narrow->nr columns; or NULL */
};

enum { TW_GEMM_MR = 16, TW_GEMM_NR = 32 };

/* NULL when this CPU lacks it, or the compiler did. */
const struct tw_gemm_isa *tw_gemm_avx2(void);
const struct tw_gemm_isa *tw_gemm_avx512(void);

/* A product by one instruction set; pool NULL: on this thread alone. The result does not depend on the pool. */
void tw_gemm_by(const struct tw_gemm_isa *isa, struct tw_pool *pool, const struct tw_gemm *g);

#endif
