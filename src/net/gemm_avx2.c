/* Tiles of 6 x 16 for AVX2 and FMA. */
#include "net/cpu_int.h"
#include "net/gemm_native_int.h"

#if defined(__x86_64__) && defined(__AVX2__) && defined(__FMA__)

#include <immintrin.h>
#include <string.h>

#define VEC	     __m256
#define LANES	     8
#define MR	     6
#define ZERO()	     _mm256_setzero_ps()
#define SET(x)	     _mm256_set1_ps(x)
#define LOAD(p)	     _mm256_loadu_ps(p)
#define STORE(p, v)  _mm256_storeu_ps(p, v)
#define MUL(a, b)    _mm256_mul_ps(a, b)
#define FMA(a, b, c) _mm256_fmadd_ps(a, b, c)

static inline __m256 load_part(const float *p, int n)
{
	float x[8] = {0};
	memcpy(x, p, (size_t)n * sizeof(*x));
	return _mm256_loadu_ps(x);
}

static inline void store_part(float *p, __m256 v, int n)
{
	float x[8];
	_mm256_storeu_ps(x, v);
	memcpy(p, x, (size_t)n * sizeof(*x));
}

#define LOAD_PART  load_part
#define STORE_PART store_part

#include "net/gemm_tile_int.h"

TILE(tile_6, MR, 2)
TILE(tile_4, 4, 2)
TILE(tile_2, 2, 2)
TILE(tile_1, 1, 2)

#define AHEAD 8 /* rows that are asked for early: each may lie on a page of its own */

/* Rows become columns. */
static inline void turn(__m256 r[8])
{
	__m256 a[8], b[8];
#pragma GCC unroll 4
	for (int i = 0; i < 8; i += 2) {
		a[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
		a[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
	}
#pragma GCC unroll 2
	for (int i = 0; i < 8; i += 4) {
		b[i] = _mm256_shuffle_ps(a[i], a[i + 2], 0x44);
		b[i + 1] = _mm256_shuffle_ps(a[i], a[i + 2], 0xee);
		b[i + 2] = _mm256_shuffle_ps(a[i + 1], a[i + 3], 0x44);
		b[i + 3] = _mm256_shuffle_ps(a[i + 1], a[i + 3], 0xee);
	}
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		r[i] = _mm256_permute2f128_ps(b[i], b[i + 4], 0x20);
		r[i + 4] = _mm256_permute2f128_ps(b[i], b[i + 4], 0x31);
	}
}

/* A group of `rows` (8, or fewer): what a store writes beyond them, the next one overwrites. */
static inline void transpose_group(float *to, const float *from, ptrdiff_t ld, int width, int rows)
{
	__m256 r[8];
#pragma GCC unroll 8
	for (int i = 0; i < 8; i++)
		r[i] = i < rows ? _mm256_loadu_ps(from + i * ld) : _mm256_setzero_ps();
	turn(r);
#pragma GCC unroll 8
	for (int i = 0; i < 8; i++)
		_mm256_storeu_ps(to + i * width, r[i]);
}

static void transpose(float *to, const float *from, ptrdiff_t ld, int width, int k)
{
	int p = 0;
	for (; p + 8 <= k; p += 8) {
		if (width < 8)
			transpose_group(to + p * width, from + p, ld, width, width);
		for (int i = 0; i < width && width >= 8; i += 8) {
			int at = i + 8 <= width ? i : width - 8; /* the last group may overlap */
			transpose_group(to + p * width + at, from + at * ld + p, ld, width, 8);
		}
	}
	for (; p < k; p++)
		for (int i = 0; i < width; i++)
			to[p * width + i] = from[i * ld + p];
}

/* Rows of all strips at a time: what lies side by side is read side by side. */
static void copy(float *to, ptrdiff_t pitch, const float *from, ptrdiff_t ld, int width, int n,
		 int k)
{
	for (int p = 0; p < k; p++, from += ld, to += width) {
		const float *next = from + AHEAD * ld;
		for (int i = 0; i < n * width && p + AHEAD < k; i += 16)
			__builtin_prefetch(next + i);
		for (int s = 0; s < n; s++) {
			const float *x = from + s * width;
			float *y = to + s * pitch;
			int i = 0;
			for (; i + 8 <= width; i += 8)
				_mm256_storeu_ps(y + i, _mm256_loadu_ps(x + i));
			for (; i < width; i++)
				y[i] = x[i];
		}
	}
}

static const struct tw_gemm_isa avx2 = {
	.name = "AVX2",
	.mr = MR,
	.nr = 2 * LANES,
	.block_m = 96,
	.block_n = 128,
	.part_k = 384,
	.tile = {{MR, tile_6}, {4, tile_4}, {2, tile_2}, {1, tile_1}},
	.transpose = transpose,
	.copy = copy};

const struct tw_gemm_isa *tw_gemm_avx2(void)
{
	return tw_cpu_has_avx2() ? &avx2 : NULL;
}

#else

const struct tw_gemm_isa *tw_gemm_avx2(void)
{
	return NULL;
}

#endif
