/* The plain kernel of products in whole numbers: what the fast ones are held against. */
#include "net/qgemm_kernel_int.h"

#include "net/qgemm_make_int.h"

/* --- sums of a block --- */

static int32_t sum_of_16(const uint32_t *x, const uint32_t *w, int words)
{
	int32_t sum = 0;
	for (int i = 0; i < words; i++) {
		int16_t a[2], b[2];
		memcpy(a, x + i, sizeof(a));
		memcpy(b, w + (ptrdiff_t)i * TW_Q_COLS, sizeof(b));
		sum += a[0] * b[0] + a[1] * b[1];
	}
	return sum;
}

static int32_t sum_of_8(const uint32_t *x, const uint32_t *w, int words)
{
	int32_t sum = 0;
	for (int i = 0; i < words; i++) {
		int8_t a[4];
		uint8_t b[4];
		memcpy(a, x + i, sizeof(a));
		memcpy(b, w + (ptrdiff_t)i * TW_Q_COLS, sizeof(b));
		for (int k = 0; k < 4; k++)
			sum += a[k] * b[k];
	}
	return sum;
}

/* --- a row --- */

static void row_of(const struct tw_q_tile *t, enum tw_q_bits bits)
{
	const int words = t->steps * TW_Q_STEP / tw_q_terms(bits);
	const int most = tw_q_block(bits) / tw_q_terms(bits);
	for (int n = 0; n < t->cols; n++) {
		float sum = 0;
		for (int b = 0; b < t->blocks; b++) {
			const ptrdiff_t at = (ptrdiff_t)b * most;
			const uint32_t *x = t->x + at, *w = t->w + at * TW_Q_COLS + n;
			const int here = tw_least(most, words - (int)at);
			sum += t->x_scale[b] *
			       (float)(bits == TW_Q16 ? sum_of_16(x, w, here)
						      : t->x_start[b] + sum_of_8(x, w, here));
		}
		float more = t->add ? t->y[n] : 0;
		for (int k = 0; k < t->terms; k++)
			more += t->a[k] * t->b[k * TW_Q_COLS + n];
		t->y[n] = t->by * t->w_scale[n] * sum + more;
	}
}

static void row_of_16(const struct tw_q_tile *t)
{
	row_of(t, TW_Q16);
}

static void row_of_8(const struct tw_q_tile *t)
{
	row_of(t, TW_Q8);
}

const struct tw_q_kernel tw_q_ref = {.name = "plain C",
				     .form = {[TW_Q16] = {2, {{1, row_of_16}}, make_pairs},
					      [TW_Q8] = {4, {{1, row_of_8}}, make_quads}}};
