/* Products in whole numbers for AVX-512 VNNI: a pair of 16 bits is multiplied and added into its sum by one instruction. */
#include "net/cpu_int.h"
#include "net/q16.h"

#if defined(__x86_64__) && defined(__AVX512VNNI__)

#include <immintrin.h>
#include <string.h>

static inline __m512i pair_of(const int16_t *a)
{
	int32_t pair;
	memcpy(&pair, a, sizeof(pair));
	return _mm512_set1_epi32(pair);
}

static void tile(float *c, const int16_t *a, const float *a_scale, const int16_t *b,
		 const float *b_scale, int blocks)
{
	enum { R = TW_Q16_ROWS, N = TW_Q16_COLS };
	for (; blocks > 0; blocks--, a_scale += R, b_scale += N) {
		__m512i s[R][2]; /* of even and odd pairs: twice as many sums hide the latency */
#pragma GCC unroll 6
		for (int i = 0; i < R; i++)
			s[i][0] = s[i][1] = _mm512_setzero_si512();
		for (int p = TW_Q16_BLOCK / 4; p > 0; p--, a += 4 * R, b += 4 * N) {
			__m512i b0 = _mm512_loadu_si512(b), b1 = _mm512_loadu_si512(b + 2 * N);
#pragma GCC unroll 6
			for (int i = 0; i < R; i++) {
				s[i][0] = _mm512_dpwssd_epi32(s[i][0], pair_of(a + 2 * i), b0);
				s[i][1] =
					_mm512_dpwssd_epi32(s[i][1], pair_of(a + 2 * (R + i)), b1);
			}
		}
		__m512 w = _mm512_loadu_ps(b_scale);
#pragma GCC unroll 6
		for (int i = 0; i < R; i++) {
			__m512 sum = _mm512_cvtepi32_ps(_mm512_add_epi32(s[i][0], s[i][1]));
			__m512 scale = _mm512_mul_ps(_mm512_set1_ps(a_scale[i]), w);
			_mm512_storeu_ps(c + N * i,
					 _mm512_fmadd_ps(scale, sum, _mm512_loadu_ps(c + N * i)));
		}
	}
}

static const struct tw_q16_kernel vnni = {"AVX-512 VNNI", tile};

const struct tw_q16_kernel *tw_q16_vnni(void)
{
	return tw_cpu_has_avx512() && __builtin_cpu_supports("avx512vnni") ? &vnni : NULL;
}

#else

const struct tw_q16_kernel *tw_q16_vnni(void)
{
	return NULL;
}

#endif
