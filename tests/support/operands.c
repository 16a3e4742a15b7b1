#include "support/operands.h"

#include <math.h>

#include "base/mem.h"

void operands_make(struct operands *o, int m, int n, int k, bool ta, bool tb, float beta,
		   const struct gaps *gaps)
{
	int lda = (ta ? m : k) + gaps->a, ldb = (tb ? k : n) + gaps->b, ldc = n + gaps->c;
	size_t na = (size_t)(ta ? k : m) * (size_t)lda, nb = (size_t)(tb ? n : k) * (size_t)ldb;
	o->n = (size_t)m * (size_t)ldc;
	/* each of its own: reading beyond one is seen by the sanitizer */
	o->a = tw_xcalloc(na, sizeof(float));
	o->b = tw_xcalloc(nb, sizeof(float));
	o->c = tw_xcalloc(o->n, sizeof(float));
	o->want = tw_xcalloc(o->n, sizeof(float));
	fill(o->a, na, 1, 21);
	fill(o->b, nb, 1, 22);
	fill(o->c, o->n, beta == 0 ? NAN : 1, 23);
	for (int i = 0; i < m; i++)
		for (int e = n; e < ldc; e++)
			o->c[i * ldc + e] = 5;
	memcpy(o->want, o->c, o->n * sizeof(float));
	o->g = (struct tw_gemm){.ta = ta,
				.tb = tb,
				.m = m,
				.n = n,
				.k = k,
				.alpha = 0.7f,
				.a = o->a,
				.lda = lda,
				.b = o->b,
				.ldb = ldb,
				.beta = beta,
				.c = o->c,
				.ldc = ldc};
}

void operands_drop(struct operands *o)
{
	free(o->a);
	free(o->b);
	free(o->c);
	free(o->want);
}
