#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "training/optim_int.h"

#define PIECE 16384

struct update {
	float *p, *m, *v;
	const float *g;
	float scale, beta1, beta2, eps, step_size, root_correction, keep;
};

static void update_piece(void *ctx, int begin, int end)
{
	const struct update *u = ctx;
	for (int i = begin; i < end; i++) {
		float g = u->g[i] * u->scale;
		float m = u->beta1 * u->m[i] + (1 - u->beta1) * g;
		float v = u->beta2 * u->v[i] + (1 - u->beta2) * g * g;
		u->m[i] = m;
		u->v[i] = v;
		u->p[i] = u->p[i] * u->keep -
			  u->step_size * m / (sqrtf(v) * u->root_correction + u->eps);
	}
}

void tw_adamw_step(const struct tw_compute *c, float *p, float *m, float *v, const float *g,
		   size_t n, float scale, int64_t step, const struct tw_adamw *o)
{
	struct update u = {
		.p = p,
		.m = m,
		.v = v,
		.g = g,
		.scale = scale,
		.beta1 = (float)o->beta1,
		.beta2 = (float)o->beta2,
		.eps = (float)o->eps,
		.step_size = (float)(o->lr / (1 - pow(o->beta1, (double)step))),
		.root_correction = (float)(1 / sqrt(1 - pow(o->beta2, (double)step))),
		.keep = (float)(1 - o->lr * o->weight_decay),
	};
	tw_for_pieces(c, (int)n, PIECE, update_piece, &u);
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
