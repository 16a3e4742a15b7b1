/*
 * net/qgemm_make_int.h: rows of floats become whole numbers, in plain C, for the file that includes it to compile for its
 * instruction set: compilers make vectors of these loops.
 */
#include <math.h>
#include <string.h>

#include "net/qgemm_int.h"

#define ALWAYS static inline __attribute__((always_inline))

enum { BLOCK = TW_Q_BLOCK };

/* How a block of x lies in words: as 32 words of 2 numbers of 16 bits; as 16 of 4 of 8 bits; or, where only numbers of 16
 * bits can be multiplied, those of 8 bits as 32 of 2, the first and the third of four before the second and the fourth. */
enum order { PAIRS, QUADS, TURNED };

ALWAYS float length_of(const float *x)
{
	float s[16] = {0};
	for (int i = 0; i < BLOCK; i += 16)
		for (int k = 0; k < 16; k++)
			s[k] += x[i + k] * x[i + k];
	for (int k = 0; k < 8; k++)
		s[k] += s[k + 8];
	for (int k = 0; k < 4; k++)
		s[k] += s[k + 4];
	return sqrtf((s[0] + s[1]) + (s[2] + s[3]));
}

/* The largest |x|. Compared as bits, what is no number is larger than all numbers, and so not lost. */
ALWAYS float most_of(const float *x)
{
	int32_t bits[BLOCK], most = 0;
	float as_float;
	memcpy(bits, x, sizeof(bits));
	for (int i = 0; i < BLOCK; i++) {
		int32_t size = bits[i] & 0x7fffffff;
		most = size > most ? size : most;
	}
	memcpy(&as_float, &most, sizeof(as_float));
	return as_float;
}

/* What 1 is worth in the block's whole numbers. */
ALWAYS float scale_of(const float *x, enum order order)
{
	return order == PAIRS ? length_of(x) * (1.0f / TW_Q16_X_LENGTH)
			      : most_of(x) * (1.0f / TW_Q8_MOST);
}

/* The block's words, and with 8 bits what its sums begin with. */
ALWAYS int32_t round_block(uint32_t *to, const float *x, float by, enum order order)
{
	int16_t whole[BLOCK], turned[BLOCK];
	int8_t small[BLOCK];
	int32_t sum = 0;
	for (int i = 0; i < BLOCK; i++)
		whole[i] = tw_q_round(x[i] * by);
	for (int i = 0; order != PAIRS && i < BLOCK; i++)
		sum += whole[i];
	for (int i = 0; order == QUADS && i < BLOCK; i++)
		small[i] = (int8_t)whole[i];
	for (int i = 0; order == TURNED && i < BLOCK; i++)
		turned[i] = whole[i / 4 * 4 + i % 2 * 2 + i / 2 % 2];
	if (order == QUADS)
		memcpy(to, small, sizeof(small));
	else
		memcpy(to, order == PAIRS ? whole : turned, sizeof(whole));
	return -TW_Q8_ZERO * sum;
}

/* A block whose size leaves float32, which is all zeros, or has what is no number: that makes the scale none, so that it
 * is not lost. */
static float make_odd(uint32_t *to, int32_t *start, const float *x, enum order order)
{
	float y[BLOCK], most = most_of(x);
	bool finite = most < INFINITY;
	for (int i = 0; i < BLOCK; i++)
		y[i] = finite && most >= 1e-35f ? x[i] / most : 0;
	float scale = finite && most >= 1e-35f ? scale_of(y, order) : 1;
	*start = round_block(to, y, 1 / scale, order);
	return !finite ? NAN : most < 1e-35f ? 0 : scale * most;
}

ALWAYS float make_block(uint32_t *to, int32_t *start, const float *x, enum order order)
{
	float scale = scale_of(x, order);
	if (!(scale > 1e-17f && scale < 1e13f))
		return make_odd(to, start, x, order);
	*start = round_block(to, x, 1 / scale, order);
	return scale;
}

/* Terms from i on, of which `n` are there. */
ALWAYS float make_terms(uint32_t *to, int32_t *start, const struct tw_q_row *r, int i, int n,
			enum order order)
{
	float x[BLOCK] = {0};
	for (int k = 0; k < n; k++)
		x[k] = order == PAIRS ? r->x[i + k] : r->x[i + k] * r->by[i + k];
	return make_block(to, start, x, order);
}

ALWAYS void make_row(const struct tw_q_row *r, enum order order)
{
	uint32_t *to = r->to;
	int32_t start;
	for (int i = 0, b = 0; i < r->n; i += BLOCK, b++) {
		int left = r->n - i;
		r->scale[b] = left >= BLOCK ? make_terms(to, &start, r, i, BLOCK, order)
					    : make_terms(to, &start, r, i, left, order);
		if (order != PAIRS)
			r->start[b] = start;
		to += order == QUADS ? BLOCK / 4 : BLOCK / 2;
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
