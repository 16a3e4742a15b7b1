/*
 * net/qgemm_make_int.h: rows of floats become whole numbers, in plain C, for the file that includes it to compile for its
 * instruction set: compilers make vectors of these loops.
 */
#include <math.h>
#include <string.h>

#include "net/qgemm_int.h"

/* How x lies in words: 2 numbers of 16 bits in each; 4 of 8 bits; or, where only numbers of 16 bits can be multiplied, those
 * of 8 bits 2 in each, the first and the third of four before the second and the fourth. */
enum order { PAIRS, QUADS, TURNED };

enum { MOST = 2 * TW_Q_STEP }; /* terms of a block */

ALWAYS float length_of(const float *x, int n)
{
	float s[16] = {0};
	for (int i = 0; i < n; i += 16)
		for (int k = 0; k < 16; k++)
			s[k] += x[i + k] * x[i + k];
	for (int k = 0; k < 8; k++)
		s[k] += s[k + 8];
	for (int k = 0; k < 4; k++)
		s[k] += s[k + 4];
	return sqrtf((s[0] + s[1]) + (s[2] + s[3]));
}

/* The largest |x|. Compared as bits, what is no number is larger than all numbers, and so not lost. */
ALWAYS float most_of(const float *x, int n)
{
	int32_t bits[MOST], most = 0;
	float as_float;
	memcpy(bits, x, (size_t)n * sizeof(*bits));
	for (int i = 0; i < n; i++) {
		int32_t size = bits[i] & 0x7fffffff;
		most = size > most ? size : most;
	}
	memcpy(&as_float, &most, sizeof(as_float));
	return as_float;
}

/* What 1 is worth in the block's whole numbers. */
ALWAYS float scale_of(const float *x, int n, enum order order)
{
	return order == PAIRS ? length_of(x, n) * (1.0f / TW_Q16_X_LENGTH)
			      : most_of(x, n) * (1.0f / TW_Q8_MOST);
}

/* The block's words, and with 8 bits what its sums begin with. */
ALWAYS int32_t round_block(uint32_t *to, const float *x, int n, float by, enum order order)
{
	int16_t whole[MOST], turned[MOST];
	int8_t small[MOST];
	int32_t sum = 0;
	for (int i = 0; i < n; i++)
		whole[i] = tw_q_round(x[i] * by);
	for (int i = 0; order != PAIRS && i < n; i++)
		sum += whole[i];
	for (int i = 0; order == QUADS && i < n; i++)
		small[i] = (int8_t)whole[i];
	for (int i = 0; order == TURNED && i < n; i++)
		turned[i] = whole[i / 4 * 4 + i % 2 * 2 + i / 2 % 2];
	if (order == QUADS)
		memcpy(to, small, (size_t)n * sizeof(*small));
	else
		memcpy(to, order == PAIRS ? whole : turned, (size_t)n * sizeof(*whole));
	return -TW_Q8_ZERO * sum;
}

/* A block whose size leaves float32, which is all zeros, or has what is no number: that makes the scale none, so that it
 * is not lost. */
static float make_odd(uint32_t *to, int32_t *start, const float *x, int n, enum order order)
{
	float y[MOST], most = most_of(x, n);
	bool finite = most < INFINITY;
	for (int i = 0; i < n; i++)
		y[i] = finite && most >= 1e-35f ? x[i] / most : 0;
	float scale = finite && most >= 1e-35f ? scale_of(y, n, order) : 1;
	*start = round_block(to, y, n, 1 / scale, order);
	return !finite ? NAN : most < 1e-35f ? 0 : scale * most;
}

/* n is whole steps. */
ALWAYS float make_block(uint32_t *to, int32_t *start, const float *x, int n, enum order order)
{
	float scale = scale_of(x, n, order);
	if (!(scale > 1e-17f && scale < 1e13f))
		return make_odd(to, start, x, n, order);
	*start = round_block(to, x, n, 1 / scale, order);
	return scale;
}

/* n terms from i on, and zeros up to `whole`. */
ALWAYS float make_terms(uint32_t *to, int32_t *start, const struct tw_q_row *r, int i, int n,
			int whole, enum order order)
{
	float x[MOST];
	for (int k = 0; k < n; k++)
		x[k] = order == PAIRS ? r->x[i + k] : r->x[i + k] * r->by[i + k];
	for (int k = n; k < whole; k++)
		x[k] = 0;
	return make_block(to, start, x, whole, order);
}

ALWAYS void make_row(const struct tw_q_row *r, enum order order)
{
	const int block = tw_q_block(order == PAIRS ? TW_Q16 : TW_Q8);
	uint32_t *to = r->to;
	int32_t start;
	for (int i = 0, b = 0; i < r->n; i += block, b++) {
		int left = r->n - i;
		r->scale[b] = left >= block ? make_terms(to, &start, r, i, block, block, order)
					    : make_terms(to, &start, r, i, left,
							 tw_whole(left, TW_Q_STEP), order);
		if (order != PAIRS)
			r->start[b] = start;
		to += block / (order == QUADS ? 4 : 2);
	}
}

static inline void make_pairs(const struct tw_q_row *r)
{
	make_row(r, PAIRS);
}

static inline void make_quads(const struct tw_q_row *r)
{
	make_row(r, QUADS);
}

static inline void make_turned(const struct tw_q_row *r)
{
	make_row(r, TURNED);
}
