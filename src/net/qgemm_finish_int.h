/*
 * net/qgemm_finish_int.h: what becomes of a tile's sums: they are scaled, a product of floats is added, and they go to y. For
 * qgemm_tile_int.h, whose vectors these are.
 */
#include "net/qgemm_int.h"

/* acc += a term of what is added. */
ALWAYS void add_term(REAL acc[MR][2], const float *const a[], ptrdiff_t ld, const float *b, int mr)
{
	REAL b0 = LOAD(b), b1 = LOAD(b + LANES);
	UNROLL
	for (int i = 0; i < mr; i++) {
		REAL x = SET(a[i / 3][i % 3 * ld]);
		acc[i][0] = FMA(x, b0, acc[i][0]);
		acc[i][1] = FMA(x, b1, acc[i][1]);
	}
}

/* sum = by w_scale sum, and what is added, which is summed by itself, from 0 on: of columns from n on. */
ALWAYS void finish_columns(float *sum, const struct tw_q_tile *t, int n, int mr)
{
	REAL acc[MR][2];
	const float *a[(MR + 2) / 3];
	ptrdiff_t ld = t->a_ld;
	UNROLL
	for (int i = 0; i < mr; i++)
		acc[i][0] = acc[i][1] = SET(0);
	UNROLL
	for (int i = 0; i < (mr + 2) / 3; i++)
		a[i] = t->terms ? t->a + 3 * i * ld : NULL;
	for (int k = 0; k < t->terms; k++) {
		add_term(acc, a, ld, t->b + k * TW_Q_COLS + n, mr);
		UNROLL
		for (int i = 0; i < (mr + 2) / 3; i++) {
			a[i]++;
			__asm__("" : "+r"(a[i]));
		}
	}
	REAL by0 = MUL(SET(t->by), LOAD(t->w_scale + n));
	REAL by1 = MUL(SET(t->by), LOAD(t->w_scale + n + LANES));
	UNROLL
	for (int i = 0; i < mr; i++) {
		float *to = sum + i * TW_Q_COLS + n;
		STORE(to, FMA(by0, LOAD(to), acc[i][0]));
		STORE(to + LANES, FMA(by1, LOAD(to + LANES), acc[i][1]));
	}
}

ALWAYS void store_row(float *y, const float *sum, bool add, int cols)
{
	for (int n = 0; n < cols; n++)
		y[n] = add ? y[n] + sum[n] : sum[n];
}
