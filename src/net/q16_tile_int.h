/*
 * net/q16_tile_int.h: the tile in registers, for any width of vectors. Included by q16_<isa>.c, which defines
 *
 *	LANES	      columns of a vector
 *	WHOLE, REAL   types of vectors of whole numbers and of floats
 *	MR	      most rows of a tile
 *	NONE(), NUMBERS(p), PAIR(p)	whole numbers: zeros, those at p, and the pair at p in all columns
 *	DOT(s, x, w)  adds the products of pairs to s
 *	SET(x), LOAD(p), STORE(p, v), FMA(a, b, c), TO_REAL(s)
 *
 * A strip is taken 2 vectors at a time. Of a block MR x 2 sums, two vectors of w and one of x are in registers; the sums of
 * blocks are floats in the first cache.
 */
#include "net/q16_make_int.h"

#define ALWAYS static inline __attribute__((always_inline))

enum { BESIDE = 2 * LANES, NUMBERS_LINE = 32 /* in a line of the cache */ };

ALWAYS void add_pair(WHOLE s[MR][2], const int16_t *const x[], ptrdiff_t ld, const int16_t *w,
		     int mr)
{
	WHOLE w0 = NUMBERS(w), w1 = NUMBERS(w + 2 * LANES);
	UNROLL
	for (int i = 0; i < mr; i++) {
		WHOLE pair = PAIR(x[i / 3] + i % 3 * ld);
		DOT(s[i][0], pair, w0);
		DOT(s[i][1], pair, w1);
	}
}

/* sum (mr, 2 LANES of 32) of the columns whose numbers begin at w. */
ALWAYS void add_blocks(float *sum, const struct tw_q16_tile *t, const int16_t *w, int mr)
{
	const int16_t *x[(MR + 2) / 3]; /* every third row: two steps reach the others */
	const int16_t *ahead = t->ahead;
	ptrdiff_t ld = t->x_ld;
	UNROLL
	for (int i = 0; i < (mr + 2) / 3; i++)
		x[i] = t->x + 3 * i * ld;
	UNROLL
	for (int i = 0; i < mr; i++) {
		STORE(sum + i * TW_Q16_COLS, SET(0));
		STORE(sum + i * TW_Q16_COLS + LANES, SET(0));
	}
	for (int b = 0; b < t->blocks; b++) {
		WHOLE s[MR][2];
		UNROLL
		for (int i = 0; i < mr; i++)
			s[i][0] = s[i][1] = NONE();
		for (int k = 0; k < TW_Q16_BLOCK; k += 2) {
			__builtin_prefetch(ahead, 0, 2);
			ahead += NUMBERS_LINE;
			add_pair(s, x, ld, w, mr);
			w += 2 * TW_Q16_COLS;
			UNROLL
			for (int i = 0; i < (mr + 2) / 3; i++) {
				x[i] += 2;
				/* Compilers would keep a pointer for each row, and run out of registers. */
				__asm__("" : "+r"(x[i]));
			}
		}
		UNROLL
		for (int i = 0; i < mr; i++) {
			REAL by = SET(t->x_scale[i * t->blocks + b]);
			float *to = sum + i * TW_Q16_COLS;
			__asm__("" : "+r"(to)); /* it is memory: there are no registers for these */
			STORE(to, FMA(by, TO_REAL(s[i][0]), LOAD(to)));
			STORE(to + LANES, FMA(by, TO_REAL(s[i][1]), LOAD(to + LANES)));
		}
	}
}

ALWAYS void finish_row(float *y, const float *sum, const struct tw_q16_tile *t, int cols)
{
	for (int n = 0; n < cols; n++) {
		float x = t->by * t->w_scale[n] * sum[n];
		y[n] = t->add ? y[n] + x : x;
	}
}

/* mr is known to the compiler: each is a function of its own. */
ALWAYS void tile_of(const struct tw_q16_tile *t, int mr)
{
	float sum[MR * TW_Q16_COLS] __attribute__((aligned(64)));
	for (int i = 0; i < mr; i++) {
		__builtin_prefetch(t->y + i * t->y_ld);
		__builtin_prefetch(t->y + i * t->y_ld + TW_Q16_COLS - 1);
	}
	for (int n = 0; n < TW_Q16_COLS; n += BESIDE)
		add_blocks(sum + n, t, t->w + 2 * n, mr);
	for (int i = 0; i < mr; i++)
		if (t->cols == TW_Q16_COLS)
			finish_row(t->y + i * t->y_ld, sum + i * TW_Q16_COLS, t, TW_Q16_COLS);
		else
			finish_row(t->y + i * t->y_ld, sum + i * TW_Q16_COLS, t, t->cols);
}

/* A function for tiles of `rows` rows. */
#define TILE(name, rows)                              \
	static void name(const struct tw_q16_tile *t) \
	{                                             \
		tile_of(t, rows);                     \
	}
