/*
 * training/lora_int.h: the parameters that are trained, and their place in the model.
 *
 * W' = W + (alpha / r) B A, with A (r, in) and B (out, r) (Hu et al. 2021, eq. 3). All parameters of an
 * adapter lie in one array, their gradients in another of the same layout, so that
 * the optimiser, the norm and the checkpoint know nothing of matrices.
 *
 * Projections that read the same vector form a group. Within a group the As
 * follow each other and are one matrix (n r, in) to a product.
 */
#ifndef TW_TRAINING_LORA_INT_H
#define TW_TRAINING_LORA_INT_H

#include "core/opt.h"
#include "training/model_int.h"

enum tw_group { TW_GROUP_QKV, TW_GROUP_O, TW_GROUP_GATE_UP, TW_GROUP_DOWN, TW_GROUP_COUNT };

struct tw_group_span {
	enum tw_proj first;
	int n;
};
extern const struct tw_group_span tw_groups[TW_GROUP_COUNT];

int tw_group_out(const struct tw_shape *s, enum tw_group g); /* sum over its projections */
int tw_group_in(const struct tw_shape *s, enum tw_group g);

struct tw_lora_pair {
	size_t a, b; /* offsets */
};

struct tw_lora {
	struct tw_shape shape;
	int rank;
	float alpha, scale; /* scale = alpha / rank */
	bool on[TW_PROJ_COUNT];
	struct tw_lora_pair *pair; /* n_layer x TW_PROJ_COUNT; only those that are on */
	size_t n;		   /* floats in all */
	float *p;		   /* n parameters; borrowed from the training state */
	float *g;		   /* n gradients; owned */
};

/* `targets` in PEFT's names. Finds places and allocates gradients; p is the caller's to set. TW_BAD_USE; on failure
 * nothing to release. */
TW_MUST_USE enum tw_status tw_lora_init(struct tw_lora *out, const struct tw_shape *shape, int rank,
					double alpha, const struct tw_strings *targets,
					struct tw_err *err);
void tw_lora_release(struct tw_lora *l);

const struct tw_lora_pair *tw_lora_at(const struct tw_lora *l, int layer, enum tw_proj p);
int tw_group_on(const struct tw_lora *l, enum tw_group g); /* how many of the group are adapted */

/* A uniform in ±1 / sqrt(in), B zero: as PEFT does (kaiming_uniform with a = sqrt 5). The adapter begins as no change. */
void tw_lora_seed(struct tw_lora *l, uint64_t seed);

#endif
