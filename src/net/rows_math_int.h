/*
 * net/rows_math_int.h: sums and functions in plain C that compilers make vectors of.
 */
#ifndef TW_NET_ROWS_MATH_INT_H
#define TW_NET_ROWS_MATH_INT_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* Sixteen running sums: compilers may not reorder one sum, but do make vectors of these. */
#define LANES 16

/* Of the lanes; s is spent. */
static inline float sum_of_lanes(float s[LANES])
{
	for (int half = LANES / 2; half > 0; half /= 2)
		for (int k = 0; k < half; k++)
			s[k] += s[k + half];
	return s[0];
}

static inline float dot(const float *a, const float *b, int n)
{
	float s[LANES] = {0}, sum = 0;
	int i = 0;
	for (; i + LANES <= n; i += LANES)
		for (int k = 0; k < LANES; k++)
			s[k] += a[i + k] * b[i + k];
	for (; i < n; i++)
		sum += a[i] * b[i];
	return sum + sum_of_lanes(s);
}

static inline double sum_of(const float *x, int n)
{
	float s[LANES] = {0};
	double sum = 0;
	int i = 0;
	for (; i + LANES <= n; i += LANES)
		for (int k = 0; k < LANES; k++)
			s[k] += x[i + k];
	for (; i < n; i++)
		sum += (double)x[i];
	for (int k = 0; k < LANES; k++)
		sum += (double)s[k];
	return sum;
}

/* A maximum has no order: two vectors of them, for one alone would wait for itself. */
static inline float most_of(const float *x, int n)
{
	enum { MANY = 2 * LANES };
	float m[MANY], most = x[0];
	int i = 0;
	for (int k = 0; k < MANY; k++)
		m[k] = x[0];
	for (; i + MANY <= n; i += MANY)
		for (int k = 0; k < MANY; k++)
			m[k] = x[i + k] > m[k] ? x[i + k] : m[k];
	for (; i < n; i++)
		most = x[i] > most ? x[i] : most;
	for (int half = MANY / 2; half > 0; half /= 2)
		for (int k = 0; k < half; k++)
			m[k] = m[k + half] > m[k] ? m[k + half] : m[k];
	return m[0] > most ? m[0] : most;
}

/*
 * e^x = 2^n e^r, n = round(x / ln 2), |r| <= ln 2 / 2; polynomial and split of ln 2 from
 * Cephes' expf (Moshier). Adding 1.5 * 2^23 rounds to an integer in the low bits.
 *
 * Limits are applied to the result: with x held within them, compilers compute what a limit gives, such as
 * 1 / (1 + e^88), for every x beside the rest, and products with a number as small as that take a hundred cycles each.
 */
static inline float exp_fast(float x)
{
	const float magic = 12582912.0f;
	float t = x * 1.44269504088896341f + magic, n = t - magic;
	float r = x - n * 0.693359375f + n * 2.12194440e-4f;
	float p = 1.9875691500e-4f;
	p = p * r + 1.3981999507e-3f;
	p = p * r + 8.3334519073e-3f;
	p = p * r + 4.1665795894e-2f;
	p = p * r + 1.6666665459e-1f;
	p = p * r + 5.0000001201e-1f;
	p = p * (r * r) + r + 1.0f;
	int32_t bits;
	memcpy(&bits, &t, sizeof(bits));
	bits = (int32_t)((uint32_t)(bits - 0x4b400000 + 127) << 23);
	float pow2;
	memcpy(&pow2, &bits, sizeof(pow2));
	float y = p * pow2;
	return x < -87.0f ? 0 : x > 88.0f ? INFINITY : y;
}

/* tanh by e^(-2 |x|): its absolute error is that of a float near 1. */
static inline float tanh_fast(float x)
{
	float e = exp_fast(-2.0f * fabsf(x)), t = (1.0f - e) / (1.0f + e);
	return x < 0 ? -t : t;
}

static void exp_row(float *x, int n, float shift, float scale)
{
	for (int i = 0; i < n; i++)
		x[i] = exp_fast(scale * x[i] + shift);
}

static double exp_sum(float *x, int n, float shift)
{
	float s[LANES] = {0};
	double sum = 0;
	int i = 0;
	for (; i + LANES <= n; i += LANES)
		for (int k = 0; k < LANES; k++) {
			x[i + k] = exp_fast(x[i + k] + shift);
			s[k] += x[i + k];
		}
	for (; i < n; i++) {
		x[i] = exp_fast(x[i] + shift);
		sum += (double)x[i];
	}
	for (int k = 0; k < LANES; k++)
		sum += (double)s[k];
	return sum;
}

static void score_backward(float *restrict ds, float *restrict s, int n, float lse, float mean,
			   float scale)
{
	for (int i = 0; i < n; i++) {
		s[i] = exp_fast(s[i] - lse);
		ds[i] = (ds[i] - mean) * scale * s[i];
	}
}

#endif
