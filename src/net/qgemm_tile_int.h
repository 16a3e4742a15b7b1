/*
 * net/qgemm_tile_int.h: the tiles in registers, for any width of vectors. Included by qgemm_<isa>.c, which defines
 *
 *	LANES	      columns of a vector
 *	WHOLE, REAL   types of vectors of whole numbers and of floats
 *	MR	      most rows of a tile
 *	ALL(i)	      the whole number i in all columns
 *	WORDS(p)      words at p; WORD(p): the one at p in all columns
 *	DOT16(s, x, w), DOT8(s, x, w)	add the products of a word's numbers to s
 *	SET(x), LOAD(p), STORE(p, v), MUL(a, b), FMA(a, b, c), TO_REAL(s)
 *
 * and where a word of weights of 8 bits takes two words of x, X8_WORDS 2: DOT8 is then given HALF8(w, 0) and HALF8(w, 1).
 *
 * A strip is taken 2 vectors at a time. Of a block MR x 2 sums, two vectors of w and one of x are in registers; the sums of
 * blocks are floats in the first cache.
 */
#include "net/qgemm_finish_int.h"
#include "net/qgemm_make_int.h"

#ifndef X8_WORDS
#define X8_WORDS       1
#define HALF8(w, half) ((void)(half), w)
#endif

enum { BESIDE = 2 * LANES, LINE = 16 /* words in a line of the cache */ };

/* One word of x's rows, the `half`th of those that a word of w is for. */
ALWAYS void add_word(WHOLE s[MR][2], const uint32_t *const x[], ptrdiff_t ld, const uint32_t *w,
		     int mr, enum tw_q_bits bits, int half)
{
	WHOLE w0 = WORDS(w), w1 = WORDS(w + LANES);
	if (bits == TW_Q8) {
		w0 = HALF8(w0, half);
		w1 = HALF8(w1, half);
	}
	UNROLL
	for (int i = 0; i < mr; i++) {
		WHOLE word = WORD(x[i / 3] + i % 3 * ld + half);
		if (bits == TW_Q16) {
			DOT16(s[i][0], word, w0);
			DOT16(s[i][1], word, w1);
		} else {
			DOT8(s[i][0], word, w0);
			DOT8(s[i][1], word, w1);
		}
	}
}

/* sum (mr, 2 LANES of 32) of the columns whose words begin at w. */
ALWAYS void add_blocks(float *sum, const struct tw_q_tile *t, const uint32_t *w, int mr,
		       enum tw_q_bits bits)
{
	const int most = tw_q_block(bits) / tw_q_terms(bits),
		  x_words = bits == TW_Q8 ? X8_WORDS : 1;
	int left = t->steps * TW_Q_STEP / tw_q_terms(bits);
	const uint32_t *x[(MR + 2) / 3]; /* every third row: two steps reach the others */
	const uint32_t *ahead = t->ahead;
	ptrdiff_t ld = t->x_ld;
	UNROLL
	for (int i = 0; i < (mr + 2) / 3; i++)
		x[i] = t->x + 3 * i * ld;
	UNROLL
	for (int i = 0; i < mr; i++) {
		STORE(sum + i * TW_Q_COLS, SET(0));
		STORE(sum + i * TW_Q_COLS + LANES, SET(0));
	}
	for (int b = 0; b < t->blocks; b++) {
		WHOLE s[MR][2];
		UNROLL
		for (int i = 0; i < mr; i++)
			s[i][0] = s[i][1] = ALL(bits == TW_Q8 ? t->x_start[i * t->blocks + b] : 0);
		const int here = bits == TW_Q16 || left >= most ? most : left;
		left -= here;
		for (int k = 0; k < here; k++) {
			__builtin_prefetch(ahead, 0, 2);
			ahead += LINE;
			UNROLL
			for (int half = 0; half < x_words; half++)
				add_word(s, x, ld, w, mr, bits, half);
			w += TW_Q_COLS;
			UNROLL
			for (int i = 0; i < (mr + 2) / 3; i++) {
				x[i] += x_words;
				/* Compilers would keep a pointer for each row, and run out of registers. */
				__asm__("" : "+r"(x[i]));
			}
		}
		UNROLL
		for (int i = 0; i < mr; i++) {
			REAL by = SET(t->x_scale[i * t->blocks + b]);
			float *to = sum + i * TW_Q_COLS;
			__asm__("" : "+r"(to)); /* it is memory: there are no registers for these */
			STORE(to, FMA(by, TO_REAL(s[i][0]), LOAD(to)));
			STORE(to + LANES, FMA(by, TO_REAL(s[i][1]), LOAD(to + LANES)));
		}
	}
}

/* mr and bits are known to the compiler: each is a function of its own. */
ALWAYS void tile_of(const struct tw_q_tile *t, int mr, enum tw_q_bits bits)
{
	float sum[MR * TW_Q_COLS] __attribute__((aligned(64)));
	for (int i = 0; i < mr; i++) {
		__builtin_prefetch(t->y + i * t->y_ld);
		__builtin_prefetch(t->y + i * t->y_ld + TW_Q_COLS - 1);
	}
	for (int n = 0; n < TW_Q_COLS; n += BESIDE) {
		add_blocks(sum + n, t, t->w + n, mr, bits);
		finish_columns(sum, t, n, mr);
	}
	for (int i = 0; i < mr; i++)
		if (t->cols == TW_Q_COLS)
			store_row(t->y + i * t->y_ld, sum + i * TW_Q_COLS, t->add, TW_Q_COLS);
		else
			store_row(t->y + i * t->y_ld, sum + i * TW_Q_COLS, t->add, t->cols);
}

/* Functions for tiles of `rows` rows: tile_16_<rows>, tile_8_<rows>. */
#define TILES(rows)                                           \
	static void tile_16_##rows(const struct tw_q_tile *t) \
	{                                                     \
		tile_of(t, rows, TW_Q16);                     \
	}                                                     \
	static void tile_8_##rows(const struct tw_q_tile *t)  \
	{                                                     \
		tile_of(t, rows, TW_Q8);                      \
	}
