/*
 * trainer/factors_int.h: an adapter between two file formats: the factors A and B of each matrix, and their scale.
 *
 * Each reader fills a grid of the base's layers and projections; rows stand in the order of
 * the format that they were read from until tw_factors_reorder().
 */
#ifndef TW_TRAINER_FACTORS_INT_H
#define TW_TRAINER_FACTORS_INT_H

#include "base/mem.h"
#include "net/model.h"

#define TW_FACTORS_MAX_RANK 65536

/* What of the base an adapter must fit. */
struct tw_factors_base {
	const char *arch;
	int n_layer, heads, heads_kv;
	/* Rows of q and k are interleaved in the GGUF: of a head, 0, D/2, 1, D/2 + 1, … */
	bool interleaved;
	struct tw_factors_size {
		int in, out; /* 0: it has no such matrix */
	} * size;	     /* n_layer x TW_PROJ_COUNT */
};

/* W' = W + scale B A */
struct tw_factor {
	int rank;     /* 0: not adapted */
	float *a, *b; /* (rank, in), (out, rank); NULL until read */
	double scale;
};

struct tw_factors {
	const struct tw_factors_base *base;
	struct tw_factor *at; /* n_layer x TW_PROJ_COUNT */
};

static inline size_t tw_factors_n(const struct tw_factors_base *b)
{
	return (size_t)b->n_layer * TW_PROJ_COUNT;
}

/* The module of a block in which Hugging Face's code has the matrix. */
static inline const char *tw_factors_part(enum tw_proj p)
{
	return p <= TW_PROJ_O || p == TW_PROJ_QKV ? "self_attn" : "mlp";
}

/* Whether one half, (rows, cols), of `name` is of a matrix that the base has. TW_BAD_DATA. */
TW_MUST_USE enum tw_status tw_factors_fits(const struct tw_factors_base *b, int layer,
					   enum tw_proj proj, bool is_b, int64_t rows, int64_t cols,
					   const char *name, struct tw_err *err);

/* Takes one half that was read, (rows, cols), of `name`, after a check against the base. */
TW_MUST_USE enum tw_status tw_factors_take(struct tw_factors *p, int layer, enum tw_proj proj,
					   bool is_b, float *values, int64_t rows, int64_t cols,
					   const char *name, struct tw_err *err);

/* Both halves of each pair are there, there is one at least, and all values are numbers. */
TW_MUST_USE enum tw_status tw_factors_check(const struct tw_factors *p, struct tw_err *err);

/* Rows of B of q and k, from Hugging Face's order to the GGUF's or back. */
void tw_factors_reorder(struct tw_factors *p, bool to_gguf);

/* One alpha for all: scale = alpha / rank of each pair. Where they differ, B takes up what is left. */
double tw_factors_one_alpha(struct tw_factors *p);

TW_MUST_USE enum tw_status tw_factors_read_base(struct tw_factors_base *out, const char *path,
						struct tw_arena *a, struct tw_err *err);
TW_MUST_USE enum tw_status tw_factors_read_gguf(struct tw_factors *p, const char *path,
						struct tw_arena *a, struct tw_err *err);
TW_MUST_USE enum tw_status tw_factors_write_gguf(const char *path, struct tw_factors *p,
						 struct tw_err *err);
TW_MUST_USE enum tw_status tw_factors_read_peft(struct tw_factors *p, const char *dir,
						struct tw_arena *a, struct tw_err *err);
TW_MUST_USE enum tw_status tw_factors_write_peft(const char *dir, const struct tw_factors *p,
						 struct tw_arena *a, struct tw_err *err);

#endif
