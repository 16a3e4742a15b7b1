/*
 * net/gemm.h: matrix products.
 *
 * Two layers: kernels (our own for x86-64 with AVX2 or AVX-512, OpenBLAS where it is installed, a plain one everywhere; on a
 * GPU, of arrays that lie there, cuBLAS: device.h), and tw_gemm_run(), which gives a product to all threads of a pool. Neither
 * the number of threads nor their speed changes a result.
 */
#ifndef TW_NET_GEMM_H
#define TW_NET_GEMM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pool.h"

struct tw_device;

/* What a product of causal attention can do without. Kernels may do it all the same. Of c, or of a as it is stored, row i
 * counts up to column i + diagonal: */
enum tw_gemm_causal {
	TW_GEMM_ALL,
	TW_GEMM_C_CAUSAL, /* beyond that, c may be left as it was */
	TW_GEMM_A_CAUSAL  /* beyond that, a has zeros */
};

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
	bool packed; /* b was written by tw_gemm_pack(), all of it */
	enum tw_gemm_causal causal;
	int diagonal;
};

enum { TW_GEMM_NR = 32 }; /* most columns that a kernel packs side by side */

/* A b by itself: op(b) is (k, n). Stored, it has n rows of k when tb, else k rows of n. */
struct tw_gemm_b {
	bool tb;
	int n, k;
};

struct tw_gemm_kernel {
	const char *name;		      /* for people: "OpenBLAS Haswell" */
	void (*run)(const struct tw_gemm *g); /* serial; may be called from several threads */
	/* On a pool's threads. NULL: gemm.c cuts the product into blocks for run(). */
	void (*run_on)(struct tw_pool *pool, const struct tw_gemm *g);
	/* See tw_gemm_pack(). NULL: the kernel wants b as it is stored. */
	void (*pack)(float *to, const struct tw_gemm_b *b, const float *x, int from, int rows);
};

extern const struct tw_gemm_kernel tw_gemm_ref;

/* NULL when there is no OpenBLAS. Loads it at the first call. */
const struct tw_gemm_kernel *tw_gemm_openblas(void);

/* NULL when this CPU has none of the instruction sets that gemm_native.c knows. */
const struct tw_gemm_kernel *tw_gemm_native(void);

/* Our own where the CPU is one that it knows, else OpenBLAS where it is installed, else the plain one. Never by timing: the
 * same machine always gives the same bytes. Our own comes first because with it a row's result does not depend on what
 * other rows are in the product, which OpenBLAS does not promise; they are equally fast. The environment's TWIN_GEMM
 * overrides: native, openblas, reference. */
const struct tw_gemm_kernel *tw_gemm_best(void);

/* What the parts of a training step run on. */
struct tw_compute {
	struct tw_pool *pool;
	const struct tw_gemm_kernel *gemm;
	const struct tw_device *device; /* of a net (device.h); NULL: the CPU. Never of the rest */
};

/* What our own kernel takes to pack operands, on one thread. The same on every machine, whatever it computes with. */
int64_t tw_gemm_bytes(void);

/* Whether run() gives for a product of some 75 x 75 x 75, with gaps between rows, what the plain kernel does; false also
 * where run() is. What was never seen on a machine like this one shall do no silent harm. It also tells float32 from
 * TF32, which is off by about 1e-3. */
bool tw_gemm_is_right(bool (*run)(void *ctx, const struct tw_gemm *g), void *ctx, bool ta, bool tb,
		      float beta);

void tw_gemm_run(const struct tw_compute *c, const struct tw_gemm *g);

/*
 * For weights, which are made a few rows at a time and then read by all threads: writes rows [from, from + rows) of b as it
 * is stored, which x has side by side, where the kernel wants them. `to` holds tw_gemm_packed_floats(); different rows may
 * be written by different threads. When all are, a product may take `to` as its b, packed, with the ldb of what is stored.
 */
void tw_gemm_pack(const struct tw_gemm_kernel *kernel, float *to, const struct tw_gemm_b *b,
		  const float *x, int from, int rows);
int64_t tw_gemm_packed_floats(int n, int k); /* for any kernel */

/* Calls fn(ctx, begin, end) on pieces of [0, n) that are `piece` long (the last may be shorter), on all threads. */
void tw_for_pieces(const struct tw_compute *c, int n, int piece,
		   void (*fn)(void *ctx, int begin, int end), void *ctx);

#endif
