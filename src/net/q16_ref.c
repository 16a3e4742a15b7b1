/* The plain kernel of products in whole numbers: what the fast ones are held against. */
#include "net/q16.h"

static void tile(float *c, const int16_t *a, const float *a_scale, const int16_t *b,
		 const float *b_scale, int blocks)
{
	enum { R = TW_Q16_ROWS, N = TW_Q16_COLS, PAIRS = TW_Q16_BLOCK / 2 };
	for (int block = 0; block < blocks; block++) {
		for (int i = 0; i < R; i++)
			for (int n = 0; n < N; n++) {
				int32_t sum = 0;
				for (int p = 0; p < PAIRS; p++)
					sum += a[(p * R + i) * 2] * b[(p * N + n) * 2] +
					       a[(p * R + i) * 2 + 1] * b[(p * N + n) * 2 + 1];
				c[i * N + n] += a_scale[i] * b_scale[n] * (float)sum;
			}
		a += PAIRS * R * 2;
		b += PAIRS * N * 2;
		a_scale += R;
		b_scale += N;
	}
}

const struct tw_q16_kernel tw_q16_ref = {"plain C", tile};
