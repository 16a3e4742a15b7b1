/*
 * net/gemm_tile_int.h: the tile in registers, for any width of vectors. Included by gemm_<isa>.c, which defines
 *
 *	VEC, LANES	      the type of a vector, and its floats
 *	MR		      most rows of a tile, which is at most 2 vectors wide
 *	ZERO(), SET(x), LOAD(p), STORE(p, v), MUL(a, b), FMA(a, b, c)
 *	LOAD_PART(p, n), STORE_PART(p, v, n)	of the first n floats
 *
 * MR x 2 sums, two vectors of b and one of a: 15 of AVX2's 16 registers with MR 6, 31 of AVX-512's 32 with MR 14.
 */
#include "net/gemm_native_int.h"

#define ALWAYS static inline __attribute__((always_inline))

ALWAYS void add_step(VEC sum[MR][2], const float *const a[], ptrdiff_t row, const float *b, int mr,
		     int vecs)
{
	VEC b0 = LOAD(b), b1 = vecs > 1 ? LOAD(b + LANES) : ZERO();
	UNROLL
	for (int i = 0; i < mr; i++) {
		VEC x = SET(a[i / 3][i % 3 * row]);
		sum[i][0] = FMA(x, b0, sum[i][0]);
		if (vecs > 1)
			sum[i][1] = FMA(x, b1, sum[i][1]);
	}
}

ALWAYS void store_row(float *c, const VEC sum[2], const struct tw_gemm_tile *t, int vecs)
{
	UNROLL
	for (int j = 0; j < vecs; j++, c += LANES) {
		VEC y = MUL(SET(t->alpha), sum[j]);
		int cols = t->cols - j * LANES;
		if (cols >= LANES) {
			if (t->beta != 0)
				y = FMA(SET(t->beta), LOAD(c), y);
			STORE(c, y);
		} else if (cols > 0) {
			if (t->beta != 0)
				y = FMA(SET(t->beta), LOAD_PART(c, cols), y);
			STORE_PART(c, y, cols);
		}
	}
}

/* mr and vecs are known to the compiler: each pair is a function of its own. */
ALWAYS void tile_of(const struct tw_gemm_tile *t, int mr, int vecs)
{
	VEC sum[MR][2];
	const float *a[(MR + 2) / 3], *b = t->b; /* every third row: two steps reach the others */
	ptrdiff_t row = t->row_step, step = t->step, b_step = t->b_step;
	const float *ahead = t->ahead;
	UNROLL
	for (int i = 0; i < mr; i++) {
		sum[i][0] = sum[i][1] = ZERO();
		__builtin_prefetch(t->c + i * t->ldc);
		__builtin_prefetch(t->c + i * t->ldc + vecs * LANES - 1);
	}
	UNROLL
	for (int i = 0; i < (mr + 2) / 3; i++)
		a[i] = t->a + 3 * i * row;
	for (int k = t->k; k > 0; k--) {
		__builtin_prefetch(ahead, 0, 2);
		ahead += b_step;
		add_step(sum, a, row, b, mr, vecs);
		UNROLL
		for (int i = 0; i < (mr + 2) / 3; i++) {
			a[i] += step;
			/* Compilers would keep a pointer for each row, and run out of registers. */
			__asm__("" : "+r"(a[i]));
		}
		b += b_step;
	}
	UNROLL
	for (int i = 0; i < mr; i++)
		store_row(t->c + i * t->ldc, sum[i], t, vecs);
}

/* A function for tiles of `rows` rows. */
#define TILE(name, rows, vecs)                         \
	static void name(const struct tw_gemm_tile *t) \
	{                                              \
		tile_of(t, rows, vecs);                \
	}
