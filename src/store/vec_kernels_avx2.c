/* Kernels of vector search for AVX2 and FMA, chosen at run time. */
#include "store/vec_kernels.h"

#if defined(__x86_64__) && defined(__AVX2__) && defined(__FMA__)

#include <immintrin.h>

static int32_t sum_i32(__m256i v)
{
	__m128i s = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));

	s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4e));
	s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0xb1));
	return _mm_cvtsi128_si32(s);
}

static __m256i madd16(__m256i sum, const int8_t *row, const int16_t *q)
{
	__m256i x = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)row));
	__m256i y = _mm256_loadu_si256((const __m256i *)q);

	return _mm256_add_epi32(sum, _mm256_madd_epi16(x, y));
}

static void dot_i8(int32_t *out, const int8_t *rows, size_t n, size_t width, const int16_t *q)
{
	for (size_t i = 0; i < n; i++, rows += width) {
		__m256i a = _mm256_setzero_si256(), b = a, c = a, d = a;
		for (size_t j = 0; j < width; j += 64) {
			a = madd16(a, rows + j, q + j);
			b = madd16(b, rows + j + 16, q + j + 16);
			c = madd16(c, rows + j + 32, q + j + 32);
			d = madd16(d, rows + j + 48, q + j + 48);
		}
		out[i] = sum_i32(_mm256_add_epi32(_mm256_add_epi32(a, b), _mm256_add_epi32(c, d)));
	}
}

static __m256 fma8(__m256 sum, const float *a, const float *b)
{
	return _mm256_fmadd_ps(_mm256_loadu_ps(a), _mm256_loadu_ps(b), sum);
}

static float dot_f32(const float *a, const float *b, size_t width)
{
	__m256 s = _mm256_setzero_ps(), t = s, u = s, v = s;

	for (size_t j = 0; j < width; j += 32) {
		s = fma8(s, a + j, b + j);
		t = fma8(t, a + j + 8, b + j + 8);
		u = fma8(u, a + j + 16, b + j + 16);
		v = fma8(v, a + j + 24, b + j + 24);
	}
	s = _mm256_add_ps(_mm256_add_ps(s, t), _mm256_add_ps(u, v));
	__m128 h = _mm_add_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1));
	h = _mm_add_ps(h, _mm_movehl_ps(h, h));
	return _mm_cvtss_f32(_mm_add_ss(h, _mm_shuffle_ps(h, h, 1)));
}

static void hamming(uint16_t *out, const uint64_t *rows, size_t n, size_t words, const uint64_t *q)
{
	for (size_t i = 0; i < n; i++, rows += words) {
		int64_t bits = 0;
		for (size_t j = 0; j < words; j++)
			bits += _mm_popcnt_u64(rows[j] ^ q[j]);
		out[i] = (uint16_t)bits;
	}
}

static const struct tw_vec_kernels avx2 = {"avx2", dot_i8, dot_f32, hamming};

const struct tw_vec_kernels *tw_vec_kernels_avx2(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
			       __builtin_cpu_supports("popcnt")
		       ? &avx2
		       : NULL;
}

#else

const struct tw_vec_kernels *tw_vec_kernels_avx2(void)
{
	return NULL;
}

#endif
