/*
 * store/vec_kernels.h: the inner loops of vector search.
 *
 * Rows and query are padded with zeros to TW_VEC_PAD elements, so there are no tails.
 * The plain kernels are the reference; integer results agree to the bit.
 */
#ifndef TW_STORE_VEC_KERNELS_H
#define TW_STORE_VEC_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#define TW_VEC_PAD 64 /* elements: a multiple of every kernel's width, and of a word of bits */

struct tw_vec_kernels {
	const char *name;
	/* out (n) = rows (n, width) q (width). */
	void (*dot_i8)(int32_t *out, const int8_t *rows, size_t n, size_t width, const int16_t *q);
	/* a, b (width). */
	float (*dot_f32)(const float *a, const float *b, size_t width);
	/* out (n) = number of bits in which rows (n, words) differ from q (words). */
	void (*hamming)(uint16_t *out, const uint64_t *rows, size_t n, size_t words,
			const uint64_t *q);
};

extern const struct tw_vec_kernels tw_vec_kernels_ref;

/* The fastest that this CPU runs. */
const struct tw_vec_kernels *tw_vec_kernels_best(void);
/* NULL when this CPU has no AVX2. */
const struct tw_vec_kernels *tw_vec_kernels_avx2(void);

#endif
