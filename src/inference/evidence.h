/*
 * inference/evidence.h: which of the passages found are about the question.
 *
 * Reciprocal ranks say which passage is best, not whether any is good: a
 * question about Mongolia has a best passage on a bicycle blog too. Evidence is
 *
 *	cosine + word_weight x coverage >= min_evidence
 *
 * Coverage: of the question's words, without function words, each weighted by
 * ln((N + 1) / (n + 1)) for n of N chunks that hold it, the share that stands in
 * the chunk or within two chunks of it. A word that no chunk holds weighs most:
 * that is what gives away "a Vulkan pipeline" where only pipelines were written about.
 *
 * Calibrated with all-MiniLM-L6-v2 on 33 long posts (120 chunks) and 1,871 short
 * ones (3,781 chunks). Questions answered rightly, and refused rightly, at 0.3 and 0.5:
 *
 *	                         33 posts           1,871 posts
 *	from a title             33 of 33           104 of 104    answered
 *	paraphrased              34 of 38            40 of 40     answered
 *	on a subject close by    27 of 30            26 of 30     refused
 *	on another subject       29 of 30            28 of 30     refused
 *	written afterwards:
 *	paraphrased              22 of 25            20 of 20     answered
 *	on a subject close by    18 of 20            16 of 20     refused
 *	on another subject       10 of 10            10 of 10     refused
 *
 * Of what is left, passages more than `margin` behind the best are dropped: with 0.3 a question
 * made from a title gets 3.0 passages instead of 4.7 (1,871 posts, k = 5), and its document is
 * first and among them as often as before (0.98, 1.00). The default is narrower: a small LLM answers from
 * whichever passage stands last. A large one makes use of more: 0.3, or 4 for all.
 *
 * 0.25 to 0.35 with 0.50 to 0.54 are within two questions of it. The cosine alone, at its
 * best (0.38), answers 18 of the 25 and refuses 29 of the 40 close by.
 */
#ifndef TW_INFERENCE_EVIDENCE_H
#define TW_INFERENCE_EVIDENCE_H

#include "inference/fuse.h"
#include "inference/retrieve.h"

/* Chunks that a word may be in and still count. */
size_t tw_common_limit(int64_t rows, double share);

/* Keeps of `f` what is evidence, in order. `vec` is the question's vector, `rows` how many chunks there are. */
TW_MUST_USE enum tw_status tw_evidence(struct tw_fusion *f, const struct tw_retrieve_env *env,
				       int64_t rows, const char *query, const float *vec, int dim,
				       struct tw_arena *a, struct tw_err *err);

/* The rule alone. */
bool tw_is_evidence(const struct tw_retrieval_options *o, const struct tw_fused *f);

#endif
