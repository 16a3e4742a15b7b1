#include <math.h>

#include "trainer/optim_int.h"

struct adamw {
	const struct tw_params *ps;
	const struct tw_optim_step *s;
	float *m, *v;
};

struct tw_adamw_rates tw_adamw_rates_of(const struct tw_optim_step *s, double rate)
{
	const struct tw_optim_options *o = s->o;
	const double lr = s->lr * rate, step = (double)s->step;
	return (struct tw_adamw_rates){.scale = s->scale,
				       .beta1 = (float)o->beta1,
				       .beta2 = (float)o->beta2,
				       .size = (float)(lr / (1 - pow(o->beta1, step))),
				       .root = (float)(1 / sqrt(1 - pow(o->beta2, step))),
				       .keep = (float)(1 - lr * o->weight_decay),
				       .eps = (float)o->eps};
}

void tw_adamw_update(float *restrict p, float *restrict m, float *restrict v,
		     const float *restrict g, size_t n, const struct tw_adamw_rates *rates)
{
	const struct tw_adamw_rates r = *rates;
	for (size_t k = 0; k < n; k++) {
		float x = g[k] * r.scale;
		m[k] = r.beta1 * m[k] + (1 - r.beta1) * x;
		v[k] = r.beta2 * v[k] + (1 - r.beta2) * x * x;
		p[k] = p[k] * r.keep - r.size * m[k] / (sqrtf(v[k]) * r.root + r.eps);
	}
}

static void update(void *ctx, size_t i)
{
	const struct adamw *a = ctx;
	const struct tw_param *q = &a->ps->at[i];
	const struct tw_adamw_rates r = tw_adamw_rates_of(a->s, q->rate);
	tw_adamw_update(a->s->p + q->at, a->m + q->at, a->v + q->at, a->s->g + q->at,
			tw_param_size(q), &r);
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
