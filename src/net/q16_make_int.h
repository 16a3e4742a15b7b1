/*
 * net/q16_make_int.h: rows of floats become whole numbers, in plain C, for the file that includes it to compile for its
 * instruction set: compilers make vectors of these loops.
 */
#include <math.h>
#include <string.h>

#include "net/q16_int.h"

static inline float square_of(const float *x)
{
	float s[16] = {0};
	for (int i = 0; i < TW_Q16_BLOCK; i += 16)
		for (int k = 0; k < 16; k++)
			s[k] += x[i + k] * x[i + k];
	for (int k = 0; k < 8; k++)
		s[k] += s[k + 8];
	for (int k = 0; k < 4; k++)
		s[k] += s[k + 4];
	return (s[0] + s[1]) + (s[2] + s[3]);
}

static inline void round_block(int16_t *restrict to, const float *restrict x, float by)
{
	for (int i = 0; i < TW_Q16_BLOCK; i++)
		to[i] = tw_q16_round(x[i] * by);
}

/* A block whose square leaves float32, which is all zeros, or has what is no number: that makes the scale none, so that it
 * is not lost. */
static float make_odd(int16_t *to, const float *x)
{
	float y[TW_Q16_BLOCK], most = 0;
	bool finite = true;
	for (int i = 0; i < TW_Q16_BLOCK; i++) {
		most = fmaxf(most, fabsf(x[i]));
		finite &= isfinite(x[i]);
	}
	memset(to, 0, TW_Q16_BLOCK * sizeof(*to));
	if (!finite || most < 1e-35f)
		return finite ? 0 : NAN;
	for (int i = 0; i < TW_Q16_BLOCK; i++)
		y[i] = x[i] / most;
	float length = sqrtf(square_of(y));
	round_block(to, y, TW_Q16_X_LENGTH / length);
	return length * (1.0f / TW_Q16_X_LENGTH) * most;
}

static inline float make_block(int16_t *to, const float *x)
{
	float square = square_of(x);
	if (!(square > 1e-25f && square < 1e35f))
		return make_odd(to, x);
	float length = sqrtf(square);
	round_block(to, x, TW_Q16_X_LENGTH / length);
	return length * (1.0f / TW_Q16_X_LENGTH);
}

static void make(int16_t *to, float *scale, const float *x, int n)
{
	float last[TW_Q16_BLOCK] = {0};
	for (; n >= TW_Q16_BLOCK; n -= TW_Q16_BLOCK, to += TW_Q16_BLOCK, x += TW_Q16_BLOCK)
		*scale++ = make_block(to, x);
	if (n > 0) {
		memcpy(last, x, (size_t)n * sizeof(*last));
		*scale = make_block(to, last);
	}
}
