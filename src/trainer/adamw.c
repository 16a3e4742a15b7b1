#include <math.h>

#include "trainer/optim_int.h"

struct adamw {
	const struct tw_params *ps;
	const struct tw_optim_step *s;
	float *m, *v;
};

static void update(void *ctx, size_t i)
{
	const struct adamw *a = ctx;
	const struct tw_optim_step *s = a->s;
	const struct tw_param *q = &a->ps->at[i];
	const double lr = s->lr * q->rate, step = (double)s->step;
	const float scale = s->scale, beta1 = (float)s->o->beta1, beta2 = (float)s->o->beta2;
	const float size = (float)(lr / (1 - pow(s->o->beta1, step)));
	const float root = (float)(1 / sqrt(1 - pow(s->o->beta2, step)));
	const float keep = (float)(1 - lr * s->o->weight_decay), eps = (float)s->o->eps;
	float *p = s->p + q->at, *m = a->m + q->at, *v = a->v + q->at;
	const float *grad = s->g + q->at;
	for (size_t k = 0; k < tw_param_size(q); k++) {
		float g = grad[k] * scale;
		m[k] = beta1 * m[k] + (1 - beta1) * g;
		v[k] = beta2 * v[k] + (1 - beta2) * g * g;
		p[k] = p[k] * keep - size * m[k] / (sqrtf(v[k]) * root + eps);
	}
}

static size_t bytes(const struct tw_params *ps)
{
	return 2 * ps->floats * sizeof(float);
}

static void run_step(const struct tw_compute *c, void *state, const struct tw_params *ps,
		     const struct tw_optim_step *s)
{
	struct adamw a = {ps, s, state, (float *)state + ps->floats};
	tw_for_params(c, ps, update, &a);
}

const struct tw_optim tw_optim_adamw = {.name = "adamw", .bytes = bytes, .step = run_step};
