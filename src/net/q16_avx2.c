/* Products in whole numbers for AVX2: pairs of 16 bits are multiplied and added into 32 (pmaddwd), which cannot overflow. */
#include "net/cpu_int.h"
#include "net/q16.h"

#if defined(__x86_64__) && defined(__AVX2__) && defined(__FMA__)

#include <immintrin.h>

/* One after the other and in place: left to themselves, compilers do all products of a step first, and spill. */
static inline void add(__m256i *sum, __m256i x)
{
	__asm__ volatile("vpaddd %1, %0, %0" : "+x"(*sum) : "x"(x));
}

static void tile(float *c, const int16_t *a, const float *a_scale, const int16_t *b,
		 const float *b_scale, int blocks)
{
	enum { R = TW_Q16_ROWS };
	for (; blocks > 0; blocks--, a_scale += R, b_scale += TW_Q16_COLS) {
		__m256i s[R][2];
#pragma GCC unroll 6
		for (int i = 0; i < R; i++)
			s[i][0] = s[i][1] = _mm256_setzero_si256();
		for (int p = TW_Q16_BLOCK / 2; p > 0; p--, a += 2 * R, b += 2 * TW_Q16_COLS) {
			__m256i b0 = _mm256_loadu_si256((const __m256i *)b);
			__m256i b1 = _mm256_loadu_si256((const __m256i *)(b + 16));
#pragma GCC unroll 6
			for (int i = 0; i < R; i++) {
				__m256i x = _mm256_castps_si256(
					_mm256_broadcast_ss((const float *)(a + 2 * i)));
				add(&s[i][0], _mm256_madd_epi16(x, b0));
				add(&s[i][1], _mm256_madd_epi16(x, b1));
			}
		}
		__asm__ volatile("" ::: "memory"); /* nor may c wait in registers */
		__m256 w0 = _mm256_loadu_ps(b_scale), w1 = _mm256_loadu_ps(b_scale + 8);
#pragma GCC unroll 6
		for (int i = 0; i < R; i++) {
			__m256 x = _mm256_broadcast_ss(a_scale + i);
			float *to = c + TW_Q16_COLS * i;
			_mm256_storeu_ps(to, _mm256_fmadd_ps(_mm256_mul_ps(x, w0),
							     _mm256_cvtepi32_ps(s[i][0]),
							     _mm256_loadu_ps(to)));
			_mm256_storeu_ps(to + 8, _mm256_fmadd_ps(_mm256_mul_ps(x, w1),
								 _mm256_cvtepi32_ps(s[i][1]),
								 _mm256_loadu_ps(to + 8)));
		}
	}
}

static const struct tw_q16_kernel avx2 = {"AVX2", tile};

const struct tw_q16_kernel *tw_q16_avx2(void)
{
	return tw_cpu_has_avx2() ? &avx2 : NULL;
}

#else

const struct tw_q16_kernel *tw_q16_avx2(void)
{
	return NULL;
}

#endif
