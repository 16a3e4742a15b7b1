/*
 * bench/fma_peak.h: the rate at which a core multiplies and adds float32 when it has nothing else to do, in GFLOP a
 * second of CPU time: with AVX-512 or AVX2 where the CPU has them.
 */
#ifndef BENCH_FMA_PEAK_H
#define BENCH_FMA_PEAK_H

#include <time.h>

#define FMA_SUMS 12 /* a to l: enough to hide an addition's latency */

static double fma_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#if defined(__x86_64__)

#include <immintrin.h>

__attribute__((target("avx2,fma"))) static float fma_loop_avx2(long n)
{
	__m256 x = _mm256_set1_ps(1.0000001f), y = _mm256_set1_ps(1e-9f);
	__m256 a = _mm256_set1_ps(0), b = _mm256_set1_ps(1), c = _mm256_set1_ps(2);
	__m256 d = _mm256_set1_ps(3), e = _mm256_set1_ps(4), f = _mm256_set1_ps(5);
	__m256 g = _mm256_set1_ps(6), h = _mm256_set1_ps(7), i = _mm256_set1_ps(8);
	__m256 j = _mm256_set1_ps(9), k = _mm256_set1_ps(10), l = _mm256_set1_ps(11);
	while (n-- > 0) {
		a = _mm256_fmadd_ps(a, x, y);
		b = _mm256_fmadd_ps(b, x, y);
		c = _mm256_fmadd_ps(c, x, y);
		d = _mm256_fmadd_ps(d, x, y);
		e = _mm256_fmadd_ps(e, x, y);
		f = _mm256_fmadd_ps(f, x, y);
		g = _mm256_fmadd_ps(g, x, y);
		h = _mm256_fmadd_ps(h, x, y);
		i = _mm256_fmadd_ps(i, x, y);
		j = _mm256_fmadd_ps(j, x, y);
		k = _mm256_fmadd_ps(k, x, y);
		l = _mm256_fmadd_ps(l, x, y);
	}
	a = _mm256_add_ps(a, b);
	a = _mm256_add_ps(a, c);
	a = _mm256_add_ps(a, d);
	a = _mm256_add_ps(a, e);
	a = _mm256_add_ps(a, f);
	a = _mm256_add_ps(a, g);
	a = _mm256_add_ps(a, h);
	a = _mm256_add_ps(a, i);
	a = _mm256_add_ps(a, j);
	a = _mm256_add_ps(a, k);
	a = _mm256_add_ps(a, l);
	return _mm256_cvtss_f32(a);
}

__attribute__((target("avx512f"))) static float fma_loop_avx512(long n)
{
	__m512 x = _mm512_set1_ps(1.0000001f), y = _mm512_set1_ps(1e-9f);
	__m512 a = _mm512_set1_ps(0), b = _mm512_set1_ps(1), c = _mm512_set1_ps(2);
	__m512 d = _mm512_set1_ps(3), e = _mm512_set1_ps(4), f = _mm512_set1_ps(5);
	__m512 g = _mm512_set1_ps(6), h = _mm512_set1_ps(7), i = _mm512_set1_ps(8);
	__m512 j = _mm512_set1_ps(9), k = _mm512_set1_ps(10), l = _mm512_set1_ps(11);
	while (n-- > 0) {
		a = _mm512_fmadd_ps(a, x, y);
		b = _mm512_fmadd_ps(b, x, y);
		c = _mm512_fmadd_ps(c, x, y);
		d = _mm512_fmadd_ps(d, x, y);
		e = _mm512_fmadd_ps(e, x, y);
		f = _mm512_fmadd_ps(f, x, y);
		g = _mm512_fmadd_ps(g, x, y);
		h = _mm512_fmadd_ps(h, x, y);
		i = _mm512_fmadd_ps(i, x, y);
		j = _mm512_fmadd_ps(j, x, y);
		k = _mm512_fmadd_ps(k, x, y);
		l = _mm512_fmadd_ps(l, x, y);
	}
	a = _mm512_add_ps(a, b);
	a = _mm512_add_ps(a, c);
	a = _mm512_add_ps(a, d);
	a = _mm512_add_ps(a, e);
	a = _mm512_add_ps(a, f);
	a = _mm512_add_ps(a, g);
	a = _mm512_add_ps(a, h);
	a = _mm512_add_ps(a, i);
	a = _mm512_add_ps(a, j);
	a = _mm512_add_ps(a, k);
	a = _mm512_add_ps(a, l);
	return _mm512_cvtss_f32(a);
}

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
