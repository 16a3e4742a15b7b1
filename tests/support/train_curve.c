#include "support/train_curve.h"

#include <math.h>

void curves_add(void *ctx, const char *name, int64_t step, double value)
{
	for (struct curve *c = ctx; c->name; c++)
		if (strcmp(name, c->name) == 0 && c->n < sizeof(c->value) / sizeof(*c->value)) {
			c->step[c->n] = step;
			c->value[c->n++] = value;
		}
}

struct curve curve_of(const char *name, struct train_setup *s, struct tw_train_result *r)
{
	struct curve c[] = {{.name = name}, {.name = NULL}};
	struct tw_err err = TW_ERR_INIT;
	s->on_metric = curves_add;
	s->ctx = c;
	assert_ok(train_run(r, s, &err), &err);
	return c[0];
}

double curve_least(const struct curve *c)
{
	double x = INFINITY;
	for (size_t i = 0; i < c->n; i++)
		x = c->step[i] > 0 ? fmin(x, c->value[i]) : x;
	return x;
}

double curve_last(const struct curve *c)
{
	return c->value[c->n - 1];
}
