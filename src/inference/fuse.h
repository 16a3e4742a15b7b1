/*
 * inference/fuse.h: two ranked lists into one, by reciprocal rank.
 *
 * score(d) = sum over lists of 1 / (k + rank of d in the list), ranks from 1
 * (Cormack, Clarke and Buettcher, SIGIR 2009). It needs no common scale of
 * BM25 and cosine. Rows of two views meet by document and ord.
 */
#ifndef TW_INFERENCE_FUSE_H
#define TW_INFERENCE_FUSE_H

#include "core/feature_store.h"

struct tw_fused {
	const char *doc;
	int ord;
	double score, cosine, bm25; /* cosine -1: not among the nearest; bm25 0: no word in it */
	/* Filled by the caller: */
	double known;	 /* cosine, also of one that was found by words alone */
	double coverage; /* 0 to 1: how much of the question's words stands here or close by */
};

struct tw_fusion {
	struct tw_fused *at; /* best first; ties by cosine, then document and ord */
	size_t n;
};

/* In the arena. */
void tw_fuse(struct tw_fusion *out, const struct tw_hits *text, const struct tw_hits *vector,
	     double k, struct tw_arena *a);

#endif
