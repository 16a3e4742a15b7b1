/* What all optimisers share. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "trainer/optim_int.h"

#define PIECE 16384

const struct tw_optim *tw_optim_by_name(const char *name)
{
	static const struct tw_optim *const all[] = {&tw_optim_adamw, &tw_optim_adamw_8bit,
						     &tw_optim_adafactor};
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}

struct params {
	void (*fn)(void *ctx, size_t i);
	void *ctx;
};

static void run_param(void *ctx, size_t i, int worker)
{
	const struct params *p = ctx;
	(void)worker;
	p->fn(p->ctx, i);
}

void tw_for_params(const struct tw_compute *c, const struct tw_params *ps,
		   void (*fn)(void *ctx, size_t i), void *ctx)
{
	struct params p = {fn, ctx};
	tw_pool_run(c->pool, ps->n, run_param, &p);
}

struct squares {
	const float *g;
	double *sum;
};

static void square_piece(void *ctx, int begin, int end)
{
	const struct squares *s = ctx;
	double sum = 0;
	for (int i = begin; i < end; i++)
		sum += (double)s->g[i] * (double)s->g[i];
	s->sum[begin / PIECE] = sum;
}

double tw_norm(const struct tw_compute *c, const float *g, size_t n)
{
	size_t pieces = n / PIECE + 1;
	struct squares s = {g, tw_xcalloc(pieces, sizeof(double))};
	double sum = 0;
	tw_for_pieces(c, (int)n, PIECE, square_piece, &s);
	for (size_t i = 0; i < pieces; i++)
		sum += s.sum[i];
	free(s.sum);
	return sqrt(sum);
}
