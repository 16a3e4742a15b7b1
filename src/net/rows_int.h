/*
 * net/rows_int.h: what kernels.h does to one row, in the instructions of this machine.
 *
 * Every sum has sixteen running ones whatever the instructions are, so all sets of kernels give the same, or where a
 * compiler fuses a product with a sum, nearly the same. Within one set, results never vary.
 */
#ifndef TW_NET_ROWS_INT_H
#define TW_NET_ROWS_INT_H

#include "net/file.h"

struct tw_row_kernels {
	const char *name;
	float (*dot)(const float *a, const float *b, int n);
	double (*sum)(const float *x, int n);
	float (*max)(const float *x, int n);			/* n > 0 */
	void (*exp)(float *x, int n, float shift, float scale); /* x = e^(scale x + shift) */
	double (*exp_sum)(float *x, int n, float shift);	/* x = e^(x + shift) */
	/* p = e^(s - lse) in place of s, and ds = scale p (ds - mean). */
	void (*score_backward)(float *ds, float *s, int n, float lse, float mean, float scale);
	void (*norm)(float *y, const float *x, const float *w, float rstd, int C);
	void (*norm_backward)(float *dx, const float *dy, const float *x, const float *w,
			      float rstd, int C); /* adds to dx */
	/* One head; `sign` of the sines. */
	void (*rotate_halves)(float *v, const float *cos, const float *sin, int half, float sign);
	void (*rotate_pairs)(float *v, const float *cos, const float *sin, int half, float sign);
	/* gu (2 F): gate, then up; dgu may be gu. */
	void (*swiglu)(float *y, const float *gu, int F);
	void (*swiglu_backward)(float *dgu, const float *dy, const float *gu, int F);
	void (*geglu)(float *y, const float *gu, int F);
	void (*geglu_backward)(float *dgu, const float *dy, const float *gu, int F);
	void (*cap)(float *x, int n, float cap);
	void (*cap_backward)(float *dx, const float *y, int n, float cap);
	/* Quantised rows as float32; n is a multiple of 32. */
	tw_to_float_fn from_q4_0, from_q4_1, from_q8_0;
};

const struct tw_row_kernels *tw_row_kernels_plain(void);
/* NULL: this machine lacks it. */
const struct tw_row_kernels *tw_row_kernels_avx2(void);
const struct tw_row_kernels *tw_row_kernels_avx512(void);
const struct tw_row_kernels *tw_row_kernels(void); /* the best of them */

#endif
