/* Products in whole numbers for AVX2: pairs of 16 bits are multiplied and added into 32 (pmaddwd), which cannot overflow.
 * Weights of 8 bits become pairs of 16 on the way, the even ones of four and the odd ones. */
#include "net/cpu_int.h"
#include "net/qgemm_kernel_int.h"

#if defined(__x86_64__) && defined(__AVX2__) && defined(__FMA__)

#include <immintrin.h>

/* One after the other and in place: left to themselves, compilers do all products of a step first, and spill. */
static inline void add(__m256i *sum, __m256i x)
{
	__asm__ volatile("vpaddd %1, %0, %0" : "+x"(*sum) : "x"(x));
}

static inline __m256i half_of(__m256i w, int half)
{
	return half ? _mm256_srli_epi16(w, 8) : _mm256_srli_epi16(_mm256_slli_epi16(w, 8), 8);
}

#define X8_WORDS       2
#define DOT16(s, x, w) add(&(s), _mm256_madd_epi16(x, w))
#define DOT8	       DOT16
#define HALF8	       half_of

#include "net/qgemm_ymm_int.h"

static const struct tw_q_kernel avx2 = {
	.name = "AVX2",
	.form = {
		[TW_Q16] = {2, TILES_OF(16), make_pairs}, [TW_Q8] = {2, TILES_OF(8), make_turned}}};

const struct tw_q_kernel *tw_q_avx2(void)
{
	return tw_cpu_has_avx2() ? &avx2 : NULL;
}

#else

const struct tw_q_kernel *tw_q_avx2(void)
{
	return NULL;
}

#endif
