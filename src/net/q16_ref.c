/* The plain kernel of products in whole numbers: what the fast ones are held against. */
#include "net/q16.h"

#include "net/q16_make_int.h"

static float column_of(const struct tw_q16_tile *t, int n)
{
	float sum = 0;
	for (int b = 0; b < t->blocks; b++) {
		const int16_t *x = t->x + b * TW_Q16_BLOCK;
		const int16_t *w = t->w + b * TW_Q16_BLOCK * TW_Q16_COLS + 2 * n;
		int32_t whole = 0;
		for (int k = 0; k < TW_Q16_BLOCK; k++)
			whole += x[k] * w[k / 2 * 2 * TW_Q16_COLS + k % 2];
		sum += t->x_scale[b] * (float)whole;
	}
	return t->by * t->w_scale[n] * sum;
}

static void tile(const struct tw_q16_tile *t)
{
	for (int n = 0; n < t->cols; n++)
		t->y[n] = column_of(t, n) + (t->add ? t->y[n] : 0);
}

const struct tw_q16_kernel tw_q16_ref = {.name = "plain C", .tile = {{1, tile}}, .make = make};
