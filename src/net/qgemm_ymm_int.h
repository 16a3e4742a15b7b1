/*
 * net/qgemm_ymm_int.h: vectors of 256 bits for qgemm_tile_int.h, whatever multiplies them. The file that includes it defines
 * the rest.
 */
#include <immintrin.h>

#define LANES	     8
#define WHOLE	     __m256i
#define REAL	     __m256
#define MR	     6
#define ALL(i)	     _mm256_set1_epi32(i)
#define WORDS(p)     _mm256_loadu_si256((const __m256i *)(p))
#define WORD(p)	     _mm256_set1_epi32((int)*(p))
#define SET(x)	     _mm256_set1_ps(x)
#define LOAD(p)	     _mm256_loadu_ps(p)
#define STORE(p, v)  _mm256_storeu_ps(p, v)
#define MUL(a, b)    _mm256_mul_ps(a, b)
#define FMA(a, b, c) _mm256_fmadd_ps(a, b, c)
#define TO_REAL(s)   _mm256_cvtepi32_ps(s)

#include "net/qgemm_tile_int.h"

TILES(6)
TILES(4)
TILES(2)
TILES(1)

/* Of a form whose numbers have so many bits. */
#define TILES_OF(bits)                                                            \
	{                                                                         \
		{6, tile_##bits##_6}, {4, tile_##bits##_4}, {2, tile_##bits##_2}, \
		{                                                                 \
			1, tile_##bits##_1                                        \
		}                                                                 \
	}
