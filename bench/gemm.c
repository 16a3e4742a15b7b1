/*
 * Matrix products of a training step (SmolLM2 135M: 576 wide, FFN 1536, vocabulary 49,152): our kernel, OpenBLAS, plain C and,
 * where their libraries are found, BLIS and oneDNN; against the rate of fused multiply-adds that a core reaches.
 *
 *	gemm [-t TOKENS] [-r ROUNDS]
 *
 * Figures are GFLOP a second of CPU time, so other programs on the machine disturb them little. Peers run on one
 * thread each, cut by Twin's pool where there are more.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "fma_peak.h"
#include "net/gemm.h"

enum { C = 576, F = 1536, QKV = 960, SLICE = 3072, RANK = 16, HEAD = 256, MOST_KERNELS = 6 };

/* T: 0 in the table, the number of tokens in a product. */
static const struct shape {
	const char *name;
	bool ta, tb;
	int m, n, k;
	double share; /* of a step, in products of this kind; for the mean */
} shapes[] = {
	{"qkv", false, true, 0, QKV, C, 30},
	{"o", false, true, 0, C, C, 30},
	{"gate_up", false, true, 0, 2 * F, C, 30},
	{"down", false, true, 0, C, F, 30},
	{"dx qkv", false, false, 0, C, QKV, 30},
	{"dx o", false, false, 0, C, C, 30},
	{"dx gate_up", false, false, 0, C, 2 * F, 30},
	{"dx down", false, false, 0, F, C, 30},
	{"head", false, true, HEAD, SLICE, C, 64},
	{"dx head", false, false, HEAD, C, SLICE, 64},
	{"xa", false, true, 0, 2 * RANK, C, 30},
	{"dy b", false, false, 0, RANK, F, 60},
	{"db", true, false, F, RANK, 0, 60},
	{"da", true, false, 2 * RANK, C, 0, 30},
	{"q k", false, true, 64, 256, 64, 0},
	{"p v", false, false, 64, 64, 256, 0},
	{"p dout", true, false, 256, 64, 64, 0},
};

enum { SHAPES = sizeof(shapes) / sizeof(*shapes) };

/* --- peers --- */

static void (*blis)(int order, int ta, int tb, int m, int n, int k, float alpha, const float *a,
		    int lda, const float *b, int ldb, float beta, float *c, int ldc);

static void run_blis(const struct tw_gemm *g)
{
	blis(101, g->ta ? 112 : 111, g->tb ? 112 : 111, g->m, g->n, g->k, g->alpha, g->a, g->lda,
	     g->b, g->ldb, g->beta, g->c, g->ldc);
}

static int (*dnnl)(char ta, char tb, int64_t m, int64_t n, int64_t k, float alpha, const float *a,
		   int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc);

static void run_dnnl(const struct tw_gemm *g)
{
	dnnl(g->ta ? 'T' : 'N', g->tb ? 'T' : 'N', g->m, g->n, g->k, g->alpha, g->a, g->lda, g->b,
	     g->ldb, g->beta, g->c, g->ldc);
}

static bool find(const char *library, const char *symbol, void *fn)
{
	void *lib = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	*(void **)fn = lib ? dlsym(lib, symbol) : NULL;
	return *(void **)fn != NULL;
}

static int kernels(const struct tw_gemm_kernel *list[MOST_KERNELS])
{
	static const struct tw_gemm_kernel with_blis = {.name = "BLIS", .run = run_blis};
	static const struct tw_gemm_kernel with_dnnl = {.name = "oneDNN", .run = run_dnnl};
	int n = 0;
	setenv("OMP_NUM_THREADS", "1", 1);
	if (tw_gemm_native())
		list[n++] = tw_gemm_native();
	if (tw_gemm_openblas())
		list[n++] = tw_gemm_openblas();
	if (find("libblis.so.4", "cblas_sgemm", &blis))
		list[n++] = &with_blis;
	if (find("libdnnl.so.2", "dnnl_sgemm", &dnnl))
		list[n++] = &with_dnnl;
	list[n++] = &tw_gemm_ref;
	return n;
}

/* --- measuring --- */

struct bench {
	struct tw_pool *pool;
	float *memory; /* a, b and c of the largest product */
	int T, rounds;
};

static void fill(float *x, size_t n)
{
	uint64_t state = 5;
	for (size_t i = 0; i < n; i++)
		x[i] = (float)(2 * tw_random_unit(&state) - 1);
}

static struct tw_gemm product(const struct bench *b, const struct shape *s)
{
	int m = s->m ? s->m : b->T, n = s->n, k = s->k ? s->k : b->T;
	float *a = b->memory, *x = a + (size_t)m * (size_t)k, *c = x + (size_t)k * (size_t)n;
	return (struct tw_gemm){s->ta, s->tb,	      m, n, k, 1, a, s->ta ? m : k,
				x,     s->tb ? k : n, 0, c, n};
}

/* GFLOP a second of CPU time, once. */
static double rate(const struct bench *b, const struct tw_gemm_kernel *kernel,
		   const struct tw_gemm *g)
{
	struct tw_compute compute = {.pool = b->pool, .gemm = kernel};
	double flops = 2.0 * g->m * g->n * g->k;
	int times = (int)(1e8 / flops) + 1;
	tw_gemm_run(&compute, g);
	double t = fma_seconds();
	for (int r = 0; r < times; r++)
		tw_gemm_run(&compute, g);
	return flops * times / (fma_seconds() - t) * 1e-9;
}

static double higher(double a, double b)
{
	return a > b ? a : b;
}

/* Mean of all products of a step, by their time. */
static int run(struct bench *b, double mean[MOST_KERNELS + 1])
{
	const struct tw_gemm_kernel *list[MOST_KERNELS];
	int n = kernels(list);
	double time[MOST_KERNELS + 1] = {0}, flops = 0;
	printf("%-11s %4s x %4s x %4s", "", "m", "n", "k");
	for (int i = 0; i < n; i++)
		printf(" %16s", list[i]->name);
	printf(" %16s\n", "peak of a core");
	for (int s = 0; s < SHAPES; s++) {
		struct tw_gemm g = product(b, &shapes[s]);
		double work = shapes[s].share * 2.0 * g.m * g.n * g.k;
		printf("%-11s %4d x %4d x %4d", shapes[s].name, g.m, g.n, g.k);
		double best[MOST_KERNELS + 1] = {0};
		for (int r = 0; r < b->rounds;
		     r++) { /* by turns: the machine may be faster later */
			for (int i = 0; i < n; i++)
				best[i] = higher(best[i], rate(b, list[i], &g));
			best[n] = higher(best[n], fma_peak());
		}
		for (int i = 0; i <= n; i++)
			printf(" %16.1f", best[i]);
		printf("\n");
		fflush(stdout);
		for (int i = 0; i <= n; i++)
			time[i] += work / best[i];
		flops += work;
	}
	printf("%-25s", "mean of a step");
	for (int i = 0; i <= n; i++)
		printf(" %16.1f", mean[i] = flops / time[i]);
	printf("\n");
	return n;
}

int main(int argc, char **argv)
{
	struct bench b = {.T = 512, .rounds = 3};
	double mean[2][MOST_KERNELS + 1] = {{0}};
	int opt;
	while ((opt = getopt(argc, argv, "t:r:")) != -1) {
		int n = atoi(optarg ? optarg : "");
		if (n <= 0 || opt == '?')
			return 2;
		*(opt == 't' ? &b.T : &b.rounds) = n;
	}
	size_t rows = (size_t)(b.T > 2 * F ? b.T : 2 * F);
	b.memory = tw_xmalloc(3 * rows * 2 * F * sizeof(float));
	fill(b.memory, 3 * rows * 2 * F);
	int n = 0;
	for (int threads = 1; threads <= 2; threads++) {
		printf("\n%d tokens, %d thread%s\n", b.T, threads, threads > 1 ? "s" : "");
		b.pool = tw_pool_new(threads);
		n = run(&b, mean[threads - 1]);
		tw_pool_free(b.pool);
	}
	printf("gemm: tokens=%d peak=%.1f ours=%.1f ours_2threads=%.1f second=%.1f ratio=%.2f "
	       "of_peak=%.3f kernels=%s\n",
	       b.T, mean[0][n], mean[0][0], mean[1][0], mean[0][1], mean[0][0] / mean[0][1],
	       mean[0][0] / mean[0][n], tw_gemm_best()->name);
	free(b.memory);
	return 0;
}
