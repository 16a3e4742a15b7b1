/*
 * training/gemm_int.h: matrix products.
 *
 * Two layers: a serial sgemm (OpenBLAS where it is installed, a plain one elsewhere), and
 * tw_gemm_run(), which cuts a product into blocks for the threads of a pool. The cut
 * does not depend on the number of threads, so neither do the results.
 */
#ifndef TW_TRAINING_GEMM_INT_H
#define TW_TRAINING_GEMM_INT_H

#include <stdbool.h>

#include "base/pool.h"

/* c (m, n) = alpha op(a) op(b) + beta c, row-major. op(a) is (m, k): a is (m, k), or (k, m) when ta; likewise b. ld: floats
 * from a row to the next. With beta 0, c is only written. */
struct tw_gemm {
	bool ta, tb;
	int m, n, k;
	float alpha;
	const float *a;
	int lda;
	const float *b;
	int ldb;
	float beta;
	float *c;
	int ldc;
};

struct tw_gemm_kernel {
	const char *name;		      /* for people: "OpenBLAS Haswell" */
	void (*run)(const struct tw_gemm *g); /* serial; may be called from several threads */
};

extern const struct tw_gemm_kernel tw_gemm_ref;

/* NULL when there is no OpenBLAS. Loads it at the first call. */
const struct tw_gemm_kernel *tw_gemm_openblas(void);

/* The best that this machine has. */
const struct tw_gemm_kernel *tw_gemm_best(void);

/* What the parts of a training step run on. */
struct tw_compute {
	struct tw_pool *pool;
	const struct tw_gemm_kernel *gemm;
};

void tw_gemm_run(const struct tw_compute *c, const struct tw_gemm *g);

/* Calls fn(ctx, begin, end) on pieces of [0, n) that are `piece` long (the last may be shorter), on all threads. */
void tw_for_pieces(const struct tw_compute *c, int n, int piece,
		   void (*fn)(void *ctx, int begin, int end), void *ctx);

#endif
