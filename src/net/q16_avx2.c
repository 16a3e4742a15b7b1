/* Products in whole numbers for AVX2: pairs of 16 bits are multiplied and added into 32 (pmaddwd), which cannot overflow. */
#include "net/cpu_int.h"
#include "net/q16.h"

#if defined(__x86_64__) && defined(__AVX2__) && defined(__FMA__)

#include <immintrin.h>
#include <string.h>

static inline __m256i pair_of(const int16_t *x)
{
	int32_t pair;
	memcpy(&pair, x, sizeof(pair));
	return _mm256_set1_epi32(pair);
}

/* One after the other and in place: left to themselves, compilers do all products of a step first, and spill. */
static inline void add(__m256i *sum, __m256i x)
{
	__asm__ volatile("vpaddd %1, %0, %0" : "+x"(*sum) : "x"(x));
}

#define LANES	     8
#define WHOLE	     __m256i
#define REAL	     __m256
#define MR	     6
#define NONE()	     _mm256_setzero_si256()
#define NUMBERS(p)   _mm256_loadu_si256((const __m256i *)(p))
#define PAIR	     pair_of
#define DOT(s, x, w) add(&(s), _mm256_madd_epi16(x, w))
#define SET(x)	     _mm256_set1_ps(x)
#define LOAD(p)	     _mm256_loadu_ps(p)
#define STORE(p, v)  _mm256_storeu_ps(p, v)
#define FMA(a, b, c) _mm256_fmadd_ps(a, b, c)
#define TO_REAL(s)   _mm256_cvtepi32_ps(s)

#include "net/q16_tile_int.h"

TILE(tile_6, MR)
TILE(tile_4, 4)
TILE(tile_2, 2)
TILE(tile_1, 1)

static const struct tw_q16_kernel avx2 = {
	.name = "AVX2",
	.tile = {{MR, tile_6}, {4, tile_4}, {2, tile_2}, {1, tile_1}},
	.make = make};

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
