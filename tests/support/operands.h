/*
 * support/operands.h: a matrix product to try a kernel on, and the result that it should have.
 */
#ifndef TEST_SUPPORT_OPERANDS_H
#define TEST_SUPPORT_OPERANDS_H

#include "support/train_rig.h"

struct operands {
	float *a, *b, *c, *want; /* want: as c before, for who computes it */
	size_t n;		 /* of c */
	struct tw_gemm g;
};

/* Floats between the rows of a, b and c. */
struct gaps {
	int a, b, c;
};

/* Random; with beta 0, c is not a number, for it may hold anything. Fives lie between the rows of c, and must stay. */
void operands_make(struct operands *o, int m, int n, int k, bool ta, bool tb, float beta,
		   const struct gaps *gaps);
void operands_drop(struct operands *o);

#endif
