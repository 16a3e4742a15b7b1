/* Tiles of 14 x 32 for AVX-512. */
#include "net/gemm_native_int.h"

#if defined(__x86_64__) && defined(__AVX512F__)

#include <immintrin.h>

#define VEC	     __m512
#define LANES	     16
#define MR	     14
#define ZERO()	     _mm512_setzero_ps()
#define SET(x)	     _mm512_set1_ps(x)
#define LOAD(p)	     _mm512_loadu_ps(p)
#define STORE(p, v)  _mm512_storeu_ps(p, v)
#define MUL(a, b)    _mm512_mul_ps(a, b)
#define FMA(a, b, c) _mm512_fmadd_ps(a, b, c)

#include "net/gemm_tile_int.h"

static const struct tw_gemm_isa avx512 = {
	"AVX-512", MR, 2 * LANES, tile, tw_gemm_transpose_avx2, tw_gemm_copy_avx2};

const struct tw_gemm_isa *tw_gemm_avx512(void)
{
	return tw_gemm_avx2() && __builtin_cpu_supports("avx512f") &&
			       __builtin_cpu_supports("avx512bw") &&
			       __builtin_cpu_supports("avx512vl") &&
			       __builtin_cpu_supports("avx512dq")
		       ? &avx512
		       : NULL;
}

#else

const struct tw_gemm_isa *tw_gemm_avx512(void)
{
	return NULL;
}

#endif
