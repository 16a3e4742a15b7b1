/* Products in whole numbers for AVX-512 VNNI: a word's numbers are multiplied and added into their sum by one instruction. */
#include "net/cpu_int.h"
#include "net/qgemm_kernel_int.h"

#if defined(__x86_64__) && defined(__AVX512VNNI__)

#include <immintrin.h>

/* In place: left to themselves, compilers copy sums, and spill. */
static inline void dot_16(__m512i *sum, __m512i x, __m512i w)
{
	__asm__("vpdpwssd %2, %1, %0" : "+v"(*sum) : "v"(x), "v"(w));
}

static inline void dot_8(__m512i *sum, __m512i x, __m512i w)
{
	__asm__("vpdpbusd %1, %2, %0" : "+v"(*sum) : "v"(x), "v"(w));
}

#define LANES	       16
#define WHOLE	       __m512i
#define REAL	       __m512
#define MR	       14
#define ALL(i)	       _mm512_set1_epi32(i)
#define WORDS(p)       _mm512_loadu_si512(p)
#define WORD(p)	       _mm512_set1_epi32((int)*(p))
#define DOT16(s, x, w) dot_16(&(s), x, w)
#define DOT8(s, x, w)  dot_8(&(s), x, w)
#define SET(x)	       _mm512_set1_ps(x)
#define LOAD(p)	       _mm512_loadu_ps(p)
#define STORE(p, v)    _mm512_storeu_ps(p, v)
#define MUL(a, b)      _mm512_mul_ps(a, b)
#define FMA(a, b, c)   _mm512_fmadd_ps(a, b, c)
#define TO_REAL(s)     _mm512_cvtepi32_ps(s)

#include "net/qgemm_tile_int.h"

TILES(14)
TILES(8)
TILES(4)
TILES(2)
TILES(1)

static const struct tw_q_kernel vnni = {.name = "AVX-512 VNNI",
					.form = {[TW_Q16] = {2,
							     {{14, tile_16_14},
							      {8, tile_16_8},
							      {4, tile_16_4},
							      {2, tile_16_2},
							      {1, tile_16_1}},
							     make_pairs},
						 [TW_Q8] = {4,
							    {{14, tile_8_14},
							     {8, tile_8_8},
							     {4, tile_8_4},
							     {2, tile_8_2},
							     {1, tile_8_1}},
							    make_quads}}};

const struct tw_q_kernel *tw_q_vnni(void)
{
	return tw_cpu_has_avx512() && __builtin_cpu_supports("avx512vnni") ? &vnni : NULL;
}

#else

const struct tw_q_kernel *tw_q_vnni(void)
{
	return NULL;
}

#endif
