/*
 * net/gemm_tile_int.h: the tile in registers, for any width of vectors. Included by gemm_<isa>.c, which defines
 *
 *	VEC, LANES	      the type of a vector, and its floats
 *	MR		      rows of the tile; it is 2 vectors wide
 *	ZERO(), SET(x), LOAD(p), STORE(p, v), MUL(a, b), FMA(a, b, c)
 *
 * MR x 2 sums, two vectors of b and one of a: 15 of AVX2's 16 registers with MR 6, 31 of AVX-512's 32 with MR 14.
 */
#include "net/gemm_native_int.h"

static inline __attribute__((always_inline)) void add_step(VEC sum[MR][2], const float *const a[],
							   ptrdiff_t row, const float *b)
{
	VEC b0 = LOAD(b), b1 = LOAD(b + LANES);
#pragma GCC unroll 16
	for (int i = 0; i < MR; i++) {
		VEC x = SET(a[i / 3][i % 3 * row]);
		sum[i][0] = FMA(x, b0, sum[i][0]);
		sum[i][1] = FMA(x, b1, sum[i][1]);
	}
}

static inline __attribute__((always_inline)) void store_row(float *c, const VEC sum[2],
							    const struct tw_gemm_tile *t)
{
#pragma GCC unroll 2
	for (int j = 0; j < 2; j++) {
		VEC y = MUL(SET(t->alpha), sum[j]);
		if (t->beta != 0)
			y = FMA(SET(t->beta), LOAD(c + LANES * j), y);
		STORE(c + LANES * j, y);
	}
}

static void tile(const struct tw_gemm_tile *t)
{
	VEC sum[MR][2];
	const float *a[(MR + 2) / 3], *b = t->b; /* every third row: two steps reach the others */
	ptrdiff_t row = t->row_step, step = t->step;
#pragma GCC unroll 16
	for (int i = 0; i < MR; i++) {
		sum[i][0] = sum[i][1] = ZERO();
		__builtin_prefetch(t->c + i * t->ldc);
		__builtin_prefetch(t->c + i * t->ldc + 2 * LANES - 1);
	}
#pragma GCC unroll 16
	for (int i = 0; i < (MR + 2) / 3; i++)
		a[i] = t->a + 3 * i * row;
	for (int k = t->k; k > 0; k--) {
		__builtin_prefetch(a[0] + 64 * step);
		add_step(sum, a, row, b);
#pragma GCC unroll 16
		for (int i = 0; i < (MR + 2) / 3; i++) {
			a[i] += step;
			/* Compilers would keep a pointer for each row, and run out of registers. */
			__asm__("" : "+r"(a[i]));
		}
		b += 2 * LANES;
	}
#pragma GCC unroll 16
	for (int i = 0; i < MR; i++)
		store_row(t->c + i * t->ldc, sum[i], t);
}
