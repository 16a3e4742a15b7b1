#include "net/gemm.h"

#include <math.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "net/cut_int.h"

/* Blocks of the result: large enough that packing the operands costs little, small enough for several threads. */
#define BLOCK_M 256
#define BLOCK_N 512

struct blocks {
	const struct tw_compute *c;
	const struct tw_gemm *g;
	int across, bm, bn;
};

/* Equal blocks of at most `most`, in vectors of 16. */
static int block_of(int n, int most)
{
	return tw_whole(tw_even(n, most), 16);
}

static void run_block(void *ctx, size_t i, int worker)
{
	const struct blocks *b = ctx;
	struct tw_gemm g = *b->g;
	g.causal = TW_GEMM_ALL; /* a block's diagonal is elsewhere */
	int row = (int)i / b->across * b->bm, col = (int)i % b->across * b->bn;
	(void)worker;
	g.m = g.m - row < b->bm ? g.m - row : b->bm;
	g.n = g.n - col < b->bn ? g.n - col : b->bn;
	g.a += g.ta ? row : (ptrdiff_t)row * g.lda;
	g.b += g.tb ? (ptrdiff_t)col * g.ldb : col;
	g.c += (ptrdiff_t)row * g.ldc + col;
	b->c->gemm->run(&g);
}

void tw_gemm_run(const struct tw_compute *c, const struct tw_gemm *g)
{
	struct tw_gemm as = *g;
	as.packed &= c->gemm->pack != NULL;
	if (c->gemm->run_on) {
		c->gemm->run_on(c->pool, &as);
		return;
	}
	struct blocks b = {
		.c = c, .g = &as, .bm = block_of(g->m, BLOCK_M), .bn = block_of(g->n, BLOCK_N)};
	b.across = tw_pieces(g->n, b.bn);
	tw_pool_run(c->pool, (size_t)b.across * (size_t)tw_pieces(g->m, b.bm), run_block, &b);
}

void tw_gemm_pack(const struct tw_gemm_kernel *kernel, float *to, const struct tw_gemm_b *b,
		  const float *x, int from, int rows)
{
	size_t row = (size_t)(b->tb ? b->k : b->n);
	if (kernel->pack)
		kernel->pack(to, b, x, from, rows);
	else
		memcpy(to + (size_t)from * row, x, (size_t)rows * row * sizeof(*to));
}

int64_t tw_gemm_packed_floats(int n, int k)
{
	return (int64_t)tw_whole(n, TW_GEMM_NR) * k;
}

#define CHECK_SIZE 75

static void fill(float *x, int n, unsigned state)
{
	for (int i = 0; i < n; i++) {
		state = state * 1664525u + 1013904223u;
		x[i] = (float)(state >> 8) / 8388608.0f - 1;
	}
}

bool tw_gemm_is_right(bool (*run)(void *ctx, const struct tw_gemm *g), void *ctx, bool ta, bool tb,
		      float beta)
{
	enum { N = CHECK_SIZE };
	float a[N * N], b[N * N], c[2][N * N];
	fill(a, N * N, 1);
	fill(b, N * N, 2);
	fill(c[0], N * N, 3);
	memcpy(c[1], c[0], sizeof(c[0]));
	struct tw_gemm g = {ta, tb, N,	  N - 2, N - 4, 0.7f,  a,	    N,
			    b,	N,  beta, c[0],	 N,	false, TW_GEMM_ALL, 0};
	tw_gemm_ref.run(&g);
	g.c = c[1];
	bool right = run(ctx, &g);
	for (int i = 0; i < N * N; i++)
		right &= fabsf(c[0][i] - c[1][i]) < 1e-4f;
	return right;
}

struct pieces {
	int n, piece;
	void (*fn)(void *ctx, int begin, int end);
	void *ctx;
};

static void run_piece(void *ctx, size_t i, int worker)
{
	const struct pieces *p = ctx;
	int begin = (int)i * p->piece;
	(void)worker;
	p->fn(p->ctx, begin, p->n - begin < p->piece ? p->n : begin + p->piece);
}

void tw_for_pieces(const struct tw_compute *c, int n, int piece,
		   void (*fn)(void *ctx, int begin, int end), void *ctx)
{
	struct pieces p = {n, piece, fn, ctx};
	tw_pool_run(c->pool, (size_t)tw_pieces(n, piece), run_piece, &p);
}

static const struct tw_gemm_kernel *plain(void)
{
	return &tw_gemm_ref;
}

static const struct {
	const char *name;
	const struct tw_gemm_kernel *(*get)(void);
} kernels[] = {{"native", tw_gemm_native}, {"openblas", tw_gemm_openblas}, {"reference", plain}};

enum { KERNELS = sizeof(kernels) / sizeof(*kernels) };

static const struct tw_gemm_kernel *best;

/* The one that TWIN_GEMM names, if it is there; else the first that is. */
static void choose(void)
{
	const char *wanted = getenv("TWIN_GEMM");
	int i = 0;
	while (wanted && i < KERNELS && strcmp(wanted, kernels[i].name) != 0)
		i++;
	if (i < KERNELS && wanted)
		best = kernels[i].get();
	bool there = best != NULL;
	for (i = there ? i : 0; !best; i++)
		best = kernels[i].get();
	if (wanted && !there && i < KERNELS)
		tw_warn("TWIN_GEMM=%s can't be used, it is not there on this machine: matrix products "
			"are %s's",
			wanted, best->name);
	else if (wanted && !there)
		tw_warn("TWIN_GEMM is \"%s\"; native, openblas and reference are known", wanted);
	if (best == &tw_gemm_ref && !wanted)
		tw_warn("no OpenBLAS, and a CPU that Twin has no kernels for: training will be several times "
			"slower; on Debian or Ubuntu: apt-get install libopenblas0");
	tw_debug("matrix products by %s", best->name);
}

const struct tw_gemm_kernel *tw_gemm_best(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, choose);
	return best;
}
