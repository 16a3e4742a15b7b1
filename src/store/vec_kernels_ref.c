/* Plain kernels of vector search, and the choice between them and faster ones. */
#include "store/vec_kernels.h"

static void dot_i8(int32_t *out, const int8_t *rows, size_t n, size_t width, const int16_t *q)
{
	for (size_t i = 0; i < n; i++, rows += width) {
		int32_t sum = 0;
		for (size_t j = 0; j < width; j++)
			sum += rows[j] * q[j];
		out[i] = sum;
	}
}

static float dot_f32(const float *a, const float *b, size_t width)
{
	float sum = 0;

	for (size_t j = 0; j < width; j++)
		sum += a[j] * b[j];
	return sum;
}

static void hamming(uint16_t *out, const uint64_t *rows, size_t n, size_t words, const uint64_t *q)
{
	for (size_t i = 0; i < n; i++, rows += words) {
		int bits = 0;
		for (size_t j = 0; j < words; j++)
			bits += __builtin_popcountll(rows[j] ^ q[j]);
		out[i] = (uint16_t)bits;
	}
}

const struct tw_vec_kernels tw_vec_kernels_ref = {"plain", dot_i8, dot_f32, hamming};

const struct tw_vec_kernels *tw_vec_kernels_best(void)
{
	const struct tw_vec_kernels *fast = tw_vec_kernels_avx2();

	return fast ? fast : &tw_vec_kernels_ref;
}
