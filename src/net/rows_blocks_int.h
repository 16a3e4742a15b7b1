/*
 * net/rows_blocks_int.h: the commonest of GGUF's quantised types made float32, in plain C that compilers make vectors of.
 * A block is 32 values: a scale of 16 bits, in Q4_1 a least value of 16 bits, and whole numbers of 8 or of 4 bits, of which
 * a byte holds values i and i + 16. As in the GGUF files themselves; ggml's own functions say the same, one value at a time.
 */
#ifndef TW_NET_ROWS_BLOCKS_INT_H
#define TW_NET_ROWS_BLOCKS_INT_H

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { BLOCK_VALUES = 32, BLOCK_HALF = 2 /* bytes of a number of 16 bits */ };

/* IEEE 754 binary16. Its bits, 13 further left, are a float that is 2^112 too small, whether normal or not. */
static inline float half_at(const uint8_t *p)
{
	uint16_t h;
	memcpy(&h, p, sizeof(h));
	uint32_t bits = (uint32_t)(h & 0x7fff) << 13;
	float x;
	memcpy(&x, &bits, sizeof(x));
	x *= 0x1p112f;
	if ((h & 0x7c00) == 0x7c00)
		x = h & 0x3ff ? NAN : INFINITY;
	return h & 0x8000 ? -x : x;
}

static inline void spread(float *restrict y, const uint8_t *restrict q, int zero, float d, float m)
{
#pragma GCC unroll 1
	for (int i = 0; i < BLOCK_VALUES / 2; i++) {
		y[i] = (float)((q[i] & 15) - zero) * d + m;
		y[BLOCK_VALUES / 2 + i] = (float)((q[i] >> 4) - zero) * d + m;
	}
}

static void from_q4_0(const void *from, float *to, int64_t n)
{
	const uint8_t *b = from;
	for (; n > 0; n -= BLOCK_VALUES, to += BLOCK_VALUES) {
		spread(to, b + BLOCK_HALF, 8, half_at(b), 0);
		b += BLOCK_HALF + BLOCK_VALUES / 2;
	}
}

static void from_q4_1(const void *from, float *to, int64_t n)
{
	const uint8_t *b = from;
	for (; n > 0; n -= BLOCK_VALUES, to += BLOCK_VALUES) {
		spread(to, b + 2 * BLOCK_HALF, 0, half_at(b), half_at(b + BLOCK_HALF));
		b += 2 * BLOCK_HALF + BLOCK_VALUES / 2;
	}
}

static void from_q8_0(const void *from, float *restrict to, int64_t n)
{
	const uint8_t *restrict b = from;
	for (; n > 0; n -= BLOCK_VALUES, to += BLOCK_VALUES, b += BLOCK_HALF + BLOCK_VALUES) {
		const int8_t *restrict q = (const int8_t *)b + BLOCK_HALF;
		float d = half_at(b);
#pragma GCC unroll 1
		for (int i = 0; i < BLOCK_VALUES; i++)
			to[i] = (float)q[i] * d;
	}
}

#endif
