/* Tiles of 14 x 32 for AVX-512; of 14 x 16 for fewer columns, of 8 and 4 rows for the last ones. */
#include "net/cpu_int.h"
#include "net/gemm_native_int.h"

#if defined(__x86_64__) && defined(__AVX512F__)

#include <immintrin.h>

#define VEC		    __m512
#define LANES		    16
#define MR		    14
#define ZERO()		    _mm512_setzero_ps()
#define SET(x)		    _mm512_set1_ps(x)
#define LOAD(p)		    _mm512_loadu_ps(p)
#define STORE(p, v)	    _mm512_storeu_ps(p, v)
#define MUL(a, b)	    _mm512_mul_ps(a, b)
#define FMA(a, b, c)	    _mm512_fmadd_ps(a, b, c)
#define FIRST(n)	    (__mmask16)((1u << (n)) - 1)
#define LOAD_PART(p, n)	    _mm512_maskz_loadu_ps(FIRST(n), p)
#define STORE_PART(p, v, n) _mm512_mask_storeu_ps(p, FIRST(n), v)

#include "net/gemm_tile_int.h"

TILE(tile_14, MR, 2)
TILE(tile_8, 8, 2)
TILE(tile_4, 4, 2)
TILE(tile_2, 2, 2)
TILE(tile_1, 1, 2)
TILE(narrow_14, MR, 1)
TILE(narrow_8, 8, 1)
TILE(narrow_4, 4, 1)
TILE(narrow_2, 2, 1)
TILE(narrow_1, 1, 1)

/* Pairs of rows, then pairs of pairs: in each quarter of 4 floats, rows become columns. */
ALWAYS void turn_quarters(__m512 r[16])
{
	__m512 t[16];
#pragma GCC unroll 8
	for (int i = 0; i < 16; i += 2) {
		t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
		t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
	}
#pragma GCC unroll 4
	for (int i = 0; i < 16; i += 4) {
		r[i] = _mm512_shuffle_ps(t[i], t[i + 2], 0x44);
		r[i + 1] = _mm512_shuffle_ps(t[i], t[i + 2], 0xee);
		r[i + 2] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0x44);
		r[i + 3] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0xee);
	}
}

/* Rows become columns: quarters change places. */
ALWAYS void turn(__m512 r[16])
{
	__m512 t[16];
	turn_quarters(r);
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		t[i] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88);
		t[i + 4] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xdd);
		t[i + 8] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
		t[i + 12] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xdd);
	}
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		r[i] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88);
		r[i + 4] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0x88);
		r[i + 8] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0xdd);
		r[i + 12] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0xdd);
	}
}

/* n terms of `rows` rows, both at most 16: what a store writes beyond `rows`, the next one overwrites. */
ALWAYS void transpose_group(float *to, const float *from, ptrdiff_t ld, int width, int rows, int n)
{
	__mmask16 there = (__mmask16)((1u << n) - 1);
	__m512 r[16];
#pragma GCC unroll 16
	for (int i = 0; i < 16; i++)
		r[i] = i < rows ? _mm512_maskz_loadu_ps(there, from + i * ld) : _mm512_setzero_ps();
	turn(r);
#pragma GCC unroll 16
	for (int i = 0; i < 16; i++)
		if (i < n)
			_mm512_storeu_ps(to + i * width, r[i]);
}

static void transpose(float *to, const float *from, ptrdiff_t ld, int width, int k)
{
	for (int p = 0; p < k; p += 16) {
		int n = k - p < 16 ? k - p : 16;
		if (width == MR)
			transpose_group(to + p * MR, from + p, ld, MR, MR, n);
		for (int i = 0; i < width && width != MR; i += 16)
			transpose_group(to + p * width + i, from + i * ld + p, ld, width, 16, n);
	}
}

static void copy(float *to, ptrdiff_t pitch, const float *from, ptrdiff_t ld, int width, int n,
		 int k)
{
	enum { AHEAD = 8 }; /* rows that are asked for early: each may lie on a page of its own */
	__mmask16 rest = (__mmask16)((1u << width % 16) - 1);
	for (int p = 0; p < k; p++, from += ld, to += width) {
		for (int i = 0; i < n * width && p + AHEAD < k; i += 16)
			__builtin_prefetch(from + AHEAD * ld + i);
		for (int s = 0; s < n; s++) {
			const float *x = from + s * width;
			float *y = to + s * pitch;
			int i = 0;
			for (; i + 16 <= width; i += 16)
				_mm512_storeu_ps(y + i, _mm512_loadu_ps(x + i));
			_mm512_mask_storeu_ps(y + i, rest, _mm512_maskz_loadu_ps(rest, x + i));
		}
	}
}

static const struct tw_gemm_isa narrow = {
	.name = "AVX-512",
	.mr = MR,
	.nr = LANES,
	.block_m = 16 * MR,
	.block_n = 256,
	.part_k = 768,
	.tile = {{MR, narrow_14}, {8, narrow_8}, {4, narrow_4}, {2, narrow_2}, {1, narrow_1}},
	.transpose = transpose,
	.copy = copy};
static const struct tw_gemm_isa avx512 = {
	.name = "AVX-512",
	.mr = MR,
	.nr = 2 * LANES,
	.block_m = 16 * MR,
	.block_n = 256,
	.part_k = 768,
	.tile = {{MR, tile_14}, {8, tile_8}, {4, tile_4}, {2, tile_2}, {1, tile_1}},
	.transpose = transpose,
	.copy = copy,
	.narrow = &narrow};

const struct tw_gemm_isa *tw_gemm_avx512(void)
{
	return tw_cpu_has_avx512() ? &avx512 : NULL;
}

#else

const struct tw_gemm_isa *tw_gemm_avx512(void)
{
	return NULL;
}

#endif
