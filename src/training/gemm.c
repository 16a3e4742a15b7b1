#include "training/gemm_int.h"

#include <stddef.h>

/* Blocks of the result: large enough that packing the operands costs little, small enough for several threads. */
#define BLOCK_M 256
#define BLOCK_N 512

struct blocks {
	const struct tw_compute *c;
	const struct tw_gemm *g;
	int across, bm, bn;
};

static int count(int n, int block)
{
	return (n + block - 1) / block;
}

/* Length of each of as few equal parts as are needed for parts of at most `most`; in vectors of 16. */
static int even(int n, int most)
{
	int parts = count(n, most);
	return count(count(n, parts), 16) * 16;
}

static void run_block(void *ctx, size_t i, int worker)
{
	const struct blocks *b = ctx;
	struct tw_gemm g = *b->g;
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
	struct blocks b = {.c = c, .g = g, .bm = even(g->m, BLOCK_M), .bn = even(g->n, BLOCK_N)};
	b.across = count(g->n, b.bn);
	tw_pool_run(c->pool, (size_t)b.across * (size_t)count(g->m, b.bm), run_block, &b);
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
	tw_pool_run(c->pool, (size_t)count(n, piece), run_piece, &p);
}

const struct tw_gemm_kernel *tw_gemm_best(void)
{
	const struct tw_gemm_kernel *blas = tw_gemm_openblas();
	return blas ? blas : &tw_gemm_ref;
}
