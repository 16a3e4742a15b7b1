#include <math.h>

#include "trainer/optim_int.h"

/* 1 at the start, 0 at the end. */
static double fall(enum tw_schedule_kind kind, double done)
{
	const double pi = 3.14159265358979323846;
	done = done < 0 ? 0 : done < 1 ? done : 1;
	return kind == TW_SCHEDULE_LINEAR ? 1 - done : 0.5 * (1 + cos(pi * done));
}

double tw_schedule_lr(const struct tw_schedule *s, int64_t step)
{
	if (step < s->warmup)
		return s->peak * (double)(step + 1) / (double)s->warmup;
	int64_t falling = s->total - s->warmup;
	if (s->kind == TW_SCHEDULE_WSD && s->decay < falling)
		falling = s->decay;
	if (falling <= 0 || s->kind == TW_SCHEDULE_CONSTANT)
		return s->peak;
	double done = (double)(step - (s->total - falling)) / (double)falling;
	return s->peak * (s->least + (1 - s->least) * fall(s->kind, done));
}
