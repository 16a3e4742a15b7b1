/* normal.h: normal numbers that are the same on every machine, for tests and benchmarks. */
#ifndef TW_TESTS_NORMAL_H
#define TW_TESTS_NORMAL_H

#include <math.h>

#include "base/hash.h"

/* Mean 0, variance 1. Box and Muller 1958; the second number is dropped, so that the state is all there is. */
static inline double random_normal(uint64_t *state)
{
	double u = 1 - tw_random_unit(state); /* (0, 1] */
	double v = tw_random_unit(state);

	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

#endif
