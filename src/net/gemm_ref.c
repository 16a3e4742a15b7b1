/*
 * The plain product: what a machine without OpenBLAS runs, and what the tests hold OpenBLAS against.
 *
 * Parts of op(a) and op(b) are copied into strips that lie as they are read; a tile of ROWS x
 * COLS sums then stays in registers over a whole strip. The innermost loops
 * have fixed lengths, so compilers make vector code of them.
 */
#include <stddef.h>
#include <string.h>

#include "net/gemm.h"

#define ROWS	4
#define COLS	8
#define BLOCK_K 256
#define BLOCK_N 128

struct panel {
	float b[BLOCK_N / COLS][BLOCK_K][COLS];
};

/* op(b)[k0.., n0..], strip by strip; what lies beyond the matrix is 0. */
static void copy_b(struct panel *p, const struct tw_gemm *g, int k0, int nk, int n0, int nn)
{
	for (int n = 0; n < BLOCK_N; n++)
		for (int k = 0; k < nk; k++)
			p->b[n / COLS][k][n % COLS] =
				n >= nn ? 0
				: g->tb ? g->b[(ptrdiff_t)(n0 + n) * g->ldb + k0 + k]
					: g->b[(ptrdiff_t)(k0 + k) * g->ldb + n0 + n];
}

static void copy_a(float a[BLOCK_K][ROWS], const struct tw_gemm *g, int i0, int k0, int nk)
{
	for (int r = 0; r < ROWS; r++)
		for (int k = 0; k < nk; k++)
			a[k][r] = i0 + r >= g->m ? 0
				  : g->ta	 ? g->a[(ptrdiff_t)(k0 + k) * g->lda + i0 + r]
						 : g->a[(ptrdiff_t)(i0 + r) * g->lda + k0 + k];
}

static void add_tile(float *c, int ldc, int rows, int cols, float alpha, float a[BLOCK_K][ROWS],
		     float b[BLOCK_K][COLS], int nk)
{
	float sum[ROWS][COLS] = {{0}};
	for (int k = 0; k < nk; k++)
		for (int r = 0; r < ROWS; r++)
			for (int n = 0; n < COLS; n++)
				sum[r][n] += a[k][r] * b[k][n];
	for (int r = 0; r < rows; r++)
		for (int n = 0; n < cols; n++)
			c[(ptrdiff_t)r * ldc + n] += alpha * sum[r][n];
}

static void add_panel(const struct tw_gemm *g, struct panel *p, int k0, int nk, int n0, int nn)
{
	float a[BLOCK_K][ROWS];
	for (int i = 0; i < g->m; i += ROWS) {
		int rows = g->m - i < ROWS ? g->m - i : ROWS;
		copy_a(a, g, i, k0, nk);
		for (int n = 0; n < nn; n += COLS)
			add_tile(g->c + (ptrdiff_t)i * g->ldc + n0 + n, g->ldc, rows,
				 nn - n < COLS ? nn - n : COLS, g->alpha, a, p->b[n / COLS], nk);
	}
}

static void scale(const struct tw_gemm *g)
{
	for (int i = 0; i < g->m; i++) {
		float *c = g->c + (ptrdiff_t)i * g->ldc;
		if (g->beta == 0)
			memset(c, 0, (size_t)g->n * sizeof(*c));
		else if (g->beta != 1)
			for (int n = 0; n < g->n; n++)
				c[n] *= g->beta;
	}
}

static void run(const struct tw_gemm *g)
{
	struct panel p;
	scale(g);
	for (int n0 = 0; n0 < g->n; n0 += BLOCK_N)
		for (int k0 = 0; k0 < g->k; k0 += BLOCK_K) {
			int nn = g->n - n0 < BLOCK_N ? g->n - n0 : BLOCK_N;
			int nk = g->k - k0 < BLOCK_K ? g->k - k0 : BLOCK_K;
			copy_b(&p, g, k0, nk, n0, nn);
			add_panel(g, &p, k0, nk, n0, nn);
		}
}

const struct tw_gemm_kernel tw_gemm_ref = {.name = "plain C", .run = run};
