/* Products in whole numbers for AVX-512 VNNI: a pair of 16 bits is multiplied and added into its sum by one instruction. */
#include "net/cpu_int.h"
#include "net/q16.h"

#if defined(__x86_64__) && defined(__AVX512VNNI__)

#include <immintrin.h>
#include <string.h>

static inline __m512i pair_of(const int16_t *x)
{
	int32_t pair;
	memcpy(&pair, x, sizeof(pair));
	return _mm512_set1_epi32(pair);
}

/* In place: left to themselves, compilers copy sums, and spill. */
static inline void dot(__m512i *sum, __m512i x, __m512i w)
{
	__asm__("vpdpwssd %2, %1, %0" : "+v"(*sum) : "v"(x), "v"(w));
}

#define LANES	     16
#define WHOLE	     __m512i
#define REAL	     __m512
#define MR	     14
#define NONE()	     _mm512_setzero_si512()
#define NUMBERS(p)   _mm512_loadu_si512(p)
#define PAIR	     pair_of
#define DOT(s, x, w) dot(&(s), x, w)
#define SET(x)	     _mm512_set1_ps(x)
#define LOAD(p)	     _mm512_loadu_ps(p)
#define STORE(p, v)  _mm512_storeu_ps(p, v)
#define FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
#define TO_REAL(s)   _mm512_cvtepi32_ps(s)

#include "net/q16_tile_int.h"

TILE(tile_14, MR)
TILE(tile_8, 8)
TILE(tile_4, 4)
TILE(tile_2, 2)
TILE(tile_1, 1)

static const struct tw_q16_kernel vnni = {
	.name = "AVX-512 VNNI",
	.tile = {{MR, tile_14}, {8, tile_8}, {4, tile_4}, {2, tile_2}, {1, tile_1}},
	.make = make};

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
