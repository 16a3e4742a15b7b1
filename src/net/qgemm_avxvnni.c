/* Products in whole numbers for AVX-VNNI, which many CPUs without AVX-512 have: qgemm_vnni.c in vectors half as wide. */
#include "net/cpu_int.h"
#include "net/qgemm_kernel.h"

#if defined(__x86_64__) && defined(__AVXVNNI__)

#include <immintrin.h>

static inline void dot_16(__m256i *sum, __m256i x, __m256i w)
{
	__asm__("%{vex%} vpdpwssd %2, %1, %0" : "+x"(*sum) : "x"(x), "x"(w));
}

static inline void dot_8(__m256i *sum, __m256i x, __m256i w)
{
	__asm__("%{vex%} vpdpbusd %1, %2, %0" : "+x"(*sum) : "x"(x), "x"(w));
}

#define LANES	       8
#define WHOLE	       __m256i
#define REAL	       __m256
#define MR	       6
#define X8_WORDS       1
#define ALL(i)	       _mm256_set1_epi32(i)
#define WORDS(p)       _mm256_loadu_si256((const __m256i *)(p))
#define WORD(p)	       _mm256_set1_epi32((int)*(p))
#define DOT16(s, x, w) dot_16(&(s), x, w)
#define DOT8(s, x, w)  dot_8(&(s), x, w)
#define HALF8(w, half) ((void)(half), w)
#define SET(x)	       _mm256_set1_ps(x)
#define LOAD(p)	       _mm256_loadu_ps(p)
#define STORE(p, v)    _mm256_storeu_ps(p, v)
#define FMA(a, b, c)   _mm256_fmadd_ps(a, b, c)
#define TO_REAL(s)     _mm256_cvtepi32_ps(s)

#include "net/qgemm_tile_int.h"

TILES(6)
TILES(4)
TILES(2)
TILES(1)

static void make_quads(const struct tw_q_row *r)
{
	make_row(r, QUADS);
}

static const struct tw_q_kernel avxvnni = {
	.name = "AVX-VNNI",
	.form = {[TW_Q16] = {2,
			     {{6, tile_16_6}, {4, tile_16_4}, {2, tile_16_2}, {1, tile_16_1}},
			     make_pairs},
		 [TW_Q8] = {4,
			    {{6, tile_8_6}, {4, tile_8_4}, {2, tile_8_2}, {1, tile_8_1}},
			    make_quads}}};

const struct tw_q_kernel *tw_q_avxvnni(void)
{
	return tw_cpu_has_avx2() && __builtin_cpu_supports("avxvnni") ? &avxvnni : NULL;
}

#else

const struct tw_q_kernel *tw_q_avxvnni(void)
{
	return NULL;
}

#endif
