/*
 * inference/evidence.h: which of the passages found are about the question.
 *
 * Reciprocal ranks say which passage is best, not whether any is good: a
 * question about Mongolia has a best passage on a bicycle blog too.
 */
#ifndef TW_INFERENCE_EVIDENCE_H
#define TW_INFERENCE_EVIDENCE_H

#include "inference/fuse.h"
#include "inference/retrieve.h"

/* Chunks that a word may be in and still count as rare: a share of all, at least 1. */
size_t tw_rare_limit(int64_t rows, double share);

/* Keeps of `f` what is evidence, in order. `vec` is the question's vector. */
TW_MUST_USE enum tw_status tw_evidence(struct tw_fusion *f, const struct tw_retrieve_env *env,
				       size_t rare_limit, const char *query, const float *vec,
				       int dim, struct tw_arena *a, struct tw_err *err);

/* The rule alone. */
bool tw_is_evidence(const struct tw_retrieval_options *o, const struct tw_fused *f);

#endif
