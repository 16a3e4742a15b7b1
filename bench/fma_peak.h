/*
 * bench/fma_peak.h: the rate at which a core multiplies and adds float32 when it has nothing else to do, in GFLOP a
 * second of CPU time: with AVX-512 or AVX2 where the CPU has them.
 */
#ifndef BENCH_FMA_PEAK_H
#define BENCH_FMA_PEAK_H

#include <time.h>

#define FMA_SUMS 12 /* enough to hide an addition's latency */

static double fma_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#if defined(__x86_64__)

#include <immintrin.h>

/* A sum that waits for none of the others. */
#define FMA_STEP(F, i) s##i = F(fmadd_ps)(s##i, x, y)
/* Twelve of them, by name: in an array, some compilers leave them in memory. They are equal, which it must not
 * see. `F` is what the instruction set calls its functions. */
#define FMA_LOOP(name, isa, vec, F, first)                                                       \
	__attribute__((target(isa))) static float name(long n)                                   \
	{                                                                                        \
		vec x = F(set1_ps)(1.0000001f), y = F(set1_ps)(1e-9f);                           \
		vec s0 = x, s1 = x, s2 = x, s3 = x, s4 = x, s5 = x;                              \
		vec s6 = x, s7 = x, s8 = x, s9 = x, s10 = x, s11 = x;                            \
		while (n-- > 0) {                                                                \
			FMA_STEP(F, 0), FMA_STEP(F, 1), FMA_STEP(F, 2), FMA_STEP(F, 3);          \
			FMA_STEP(F, 4), FMA_STEP(F, 5), FMA_STEP(F, 6), FMA_STEP(F, 7);          \
			FMA_STEP(F, 8), FMA_STEP(F, 9), FMA_STEP(F, 10), FMA_STEP(F, 11);        \
			__asm__(""                                                               \
				: "+x"(s0), "+x"(s1), "+x"(s2), "+x"(s3), "+x"(s4), "+x"(s5),    \
				  "+x"(s6), "+x"(s7), "+x"(s8), "+x"(s9), "+x"(s10), "+x"(s11)); \
		}                                                                                \
		s0 = F(add_ps)(s0, s1) + F(add_ps)(s2, s3) + F(add_ps)(s4, s5);                  \
		s6 = F(add_ps)(s6, s7) + F(add_ps)(s8, s9) + F(add_ps)(s10, s11);                \
		return first(F(add_ps)(s0, s6));                                                 \
	}
#define FMA_256(f) _mm256_##f
#define FMA_512(f) _mm512_##f
FMA_LOOP(fma_loop_avx2, "avx2,fma", __m256, FMA_256, _mm256_cvtss_f32)
FMA_LOOP(fma_loop_avx512, "avx512f", __m512, FMA_512, _mm512_cvtss_f32)

/* 0 where there is neither. */
static double fma_peak(void)
{
	int lanes = __builtin_cpu_supports("avx512f")				      ? 16
		    : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? 8
										      : 0;
	const long n = 1000000;
	double best = 0;
	for (int i = 0; lanes && i < 3; i++) {
		double t = fma_seconds();
		volatile float sink = lanes == 16 ? fma_loop_avx512(n) : fma_loop_avx2(n);
		(void)sink;
		t = 2.0 * FMA_SUMS * lanes * (double)n / (fma_seconds() - t) * 1e-9;
		best = t > best ? t : best;
	}
	return best;
}

#else

static double fma_peak(void)
{
	return 0;
}

#endif
#endif
