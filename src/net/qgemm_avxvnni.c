/* Products in whole numbers for AVX-VNNI, which many CPUs without AVX-512 have: qgemm_vnni.c in vectors half as wide. */
#include "net/cpu_int.h"
#include "net/qgemm_kernel_int.h"

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

#define DOT16(s, x, w) dot_16(&(s), x, w)
#define DOT8(s, x, w)  dot_8(&(s), x, w)

#include "net/qgemm_ymm_int.h"

static const struct tw_q_kernel avxvnni = {
	.name = "AVX-VNNI",
	.form = {[TW_Q16] = {2, TILES_OF(16), make_pairs}, [TW_Q8] = {4, TILES_OF(8), make_quads}}};

const struct tw_q_kernel *tw_q_avxvnni(void)
{
	return tw_cpu_has_avxvnni() ? &avxvnni : NULL;
}

#else

const struct tw_q_kernel *tw_q_avxvnni(void)
{
	return NULL;
}

#endif
