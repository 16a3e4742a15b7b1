/*
 * support/train_curve.h: what a training told of itself, by the metrics' names.
 */
#ifndef TEST_SUPPORT_TRAIN_CURVE_H
#define TEST_SUPPORT_TRAIN_CURVE_H

#include "support/train_fixture.h"

struct curve {
	const char *name;
	size_t n;
	int64_t step[200];
	double value[200];
};

/* For on_metric; ctx: curves, ended by one without a name. */
void curves_add(void *ctx, const char *name, int64_t step, double value);

/* Of a whole run. */
struct curve curve_of(const char *name, struct train_setup *s, struct tw_train_result *r);

/* The least value behind step 0. */
double curve_least(const struct curve *c);
double curve_last(const struct curve *c);

#endif
