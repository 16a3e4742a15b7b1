#include <math.h>

#include "training/optim_int.h"

double tw_schedule_lr(const struct tw_schedule *s, int64_t step)
{
	const double pi = 3.14159265358979323846;
	if (step < s->warmup)
		return s->peak * (double)(step + 1) / (double)s->warmup;
	if (s->total <= s->warmup || s->kind == TW_SCHEDULE_CONSTANT)
		return s->peak;
	double done = (double)(step - s->warmup) / (double)(s->total - s->warmup);
	done = done < 1 ? done : 1;
	return s->kind == TW_SCHEDULE_COSINE ? s->peak * 0.5 * (1 + cos(pi * done))
					     : s->peak * (1 - done);
}
