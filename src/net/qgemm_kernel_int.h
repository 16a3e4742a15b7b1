/*
 * net/qgemm_kernel_int.h: what an instruction set supplies for products in whole numbers: tiles that stay in registers, and making
 * rows whole numbers.
 *
 * To add one: qgemm_<isa>.c (qgemm_tile_int.h has the body, given vectors), its line in qgemm.c, its flags in the Makefile.
 */
#ifndef TW_NET_QGEMM_KERNEL_INT_H
#define TW_NET_QGEMM_KERNEL_INT_H

#include "net/qgemm.h"

/* y (rows, cols) = by times the sum over blocks of x w^T, times their scales; `add`: y += that. */
struct tw_q_tile {
	int steps, blocks, cols;
	const uint32_t *x;	/* rows of whole steps */
	ptrdiff_t x_ld;		/* words */
	const float *x_scale;	/* (rows, blocks) */
	const int32_t *x_start; /* the same; read with 8 bits alone */
	const uint32_t *w;	/* of a strip */
	const float *w_scale;	/* (32) */
	float *y;
	ptrdiff_t y_ld;
	float by;
	bool add;
	/* Added, too: a (rows, terms) times b (terms, 32). */
	int terms;
	const float *a;
	ptrdiff_t a_ld;
	const float *b;
	const uint32_t *
		ahead; /* half as much as w is from here on comes into the second cache meanwhile */
};

/* A row of floats that becomes whole steps. */
struct tw_q_row {
	uint32_t *to;
	float *scale;	/* of each block */
	int32_t *start; /* the same; written with 8 bits alone */
	const float *x;
	const float *by; /* (n); read with 8 bits alone */
	int n;
};

/* For numbers of one size. */
struct tw_q_form {
	int x_terms; /* in a word of x: 2 or 4. Those of weights always have as many as fit */
	/* Of most rows, then of fewer and fewer, the last of one. */
	struct {
		int rows;
		void (*run)(const struct tw_q_tile *t);
	} tile[5];
	void (*make)(const struct tw_q_row *r);
};

struct tw_q_kernel {
	const char *name;
	struct tw_q_form form[TW_Q_COUNT];
};

extern const struct tw_q_kernel tw_q_ref;
/* NULL where the CPU or the compiler lacks it. */
const struct tw_q_kernel *tw_q_avx2(void);
const struct tw_q_kernel *tw_q_avxvnni(void);
const struct tw_q_kernel *tw_q_vnni(void);

#endif
