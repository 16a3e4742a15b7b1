/*
 * net/lora.h: the parameters that are trained, and their place in the model.
 *
 * W' = W + (alpha / r) B A, with A (r, in) and B (out, r) (Hu et al. 2021, eq. 3). All parameters of an
 * adapter lie in one array, their gradients in another of the same layout, so that
 * the optimiser, the norm and the checkpoint know nothing of matrices.
 *
 * With DoRA (Liu et al. 2024, eq. 5), W' = diag(m / ||W + s B A||) (W + s B A), the norms being those of the rows: m (out)
 * is trained too. In gradients the norms are constants (section 4.3). A row of nothing but zeros stays one.
 *
 * Within a group of projections (model.h) the As
 * follow each other and are one matrix (n r, in) to a product.
 */
#ifndef TW_NET_LORA_H
#define TW_NET_LORA_H

#include "core/opt.h"
#include "net/model.h"

struct tw_lora_config {
	int rank;
	double alpha;
	double dropout; /* share of its inputs that is left out while it is trained; [0, 1) */
	bool rslora;	/* scale alpha / sqrt(r) instead of alpha / r; Kalajdzievski 2023 */
	bool dora;
	double b_rate; /* learning rate of B over that of A (LoRA+, Hayou et al. 2024); 0: 1 */
	/* In PEFT's names; "all-linear" is all. */
	const struct tw_strings *targets;
	const struct tw_strings *layers; /* their numbers from 0; NULL or empty: all */
};

struct tw_lora_pair {
	bool on;
	size_t a, b; /* offsets */
	size_t m;    /* of DoRA's magnitudes (out), where there are any */
};

/* What an optimiser sees. */
struct tw_param { /* one matrix */
	size_t at;
	int rows, cols;
	double rate; /* its learning rate is that of the step times this */
};

static inline size_t tw_param_size(const struct tw_param *p)
{
	return (size_t)p->rows * (size_t)p->cols;
}

struct tw_params {
	const struct tw_param *at; /* ascending, nothing between them */
	size_t n;
	size_t floats; /* of all together */
};

struct tw_lora {
	struct tw_shape shape;
	int rank;
	float alpha; /* so that alpha / r is the scale, with rsLoRA too: no file needs to know of it */
	float scale;
	double dropout;
	bool dora;
	struct tw_lora_pair *pair; /* n_layer x TW_PROJ_COUNT */
	bool off;		   /* for a while: as if there were none */
	struct tw_params params;   /* each A, B and m */
	size_t n;		   /* floats in all */
	float *p;		   /* n parameters; borrowed from the training state */
	float *g;		   /* n gradients; owned */
};

/* Finds places and allocates gradients; p is the caller's to set. TW_BAD_USE; on failure nothing to release. */
TW_MUST_USE enum tw_status tw_lora_init(struct tw_lora *out, const struct tw_shape *shape,
					const struct tw_lora_config *conf, struct tw_err *err);
void tw_lora_release(struct tw_lora *l);

/* NULL: this matrix has no adapter. */
const struct tw_lora_pair *tw_lora_at(const struct tw_lora *l, int layer, enum tw_proj p);
/* How many of the group are adapted. */
int tw_group_on(const struct tw_lora *l, int layer, enum tw_group g);

/* What becomes of a matrix w (rows, cols): w + scale b a, its rows made as long as m says. */
struct tw_lora_change {
	const float *a, *b; /* (rank, cols), (rows, rank); a NULL: as it is */
	const float *m;	    /* (rows); NULL: as long as they are */
	int rank;
	float scale;
};
/* By parameters p in the layout of l; a NULL where this matrix has no adapter. */
struct tw_lora_change tw_lora_change_of(const struct tw_lora *l, const float *p, int layer,
					enum tw_proj proj);

enum { TW_LORA_ROWS = 64 }; /* rows of weights that a thread makes float32 at a time */

/* to (n, cols) = rows [from, from + n) of w, changed. `by` (n): what m multiplied each row with; NULL: not wanted. */
void tw_lora_merge(float *to, float *by, const struct tw_matrix *w, int from, int n,
		   const struct tw_lora_change *change, const struct tw_gemm_kernel *gemm);

/* A uniform in ±1 / sqrt(in), B zero: as PEFT does (kaiming_uniform with a = sqrt 5). The adapter begins as no change. */
void tw_lora_seed(struct tw_lora *l, uint64_t seed);
/* DoRA's m = the norms of the rows of W + s B A, which so stays as it is. After A and B are set. */
void tw_lora_measure(struct tw_lora *l, const struct tw_weights *w, const struct tw_compute *c);

#endif
