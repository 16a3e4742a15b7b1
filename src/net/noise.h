/*
 * net/noise.h: what is random in a pass. It follows from the seed, the step and a place alone: a run that goes
 * on, and portions of a step, see the same.
 */
#ifndef TW_NET_NOISE_H
#define TW_NET_NOISE_H

#include <stdbool.h>
#include <stdint.h>

#include "net/batch.h"

/* On embeddings (NEFTune, Jain et al. 2023): uniform in ±alpha / sqrt(n C) for a document of n tokens. The place is the
 * document's id and the token's number in it. */
struct tw_noise {
	double alpha; /* 0: none */
	uint64_t seed;
	int64_t step;
};

/* x (end - begin, C): embeddings of tokens [begin, end) of the batch. */
void tw_noise_add(float *x, int C, const struct tw_noise *noise, const struct tw_batch *b,
		  int begin, int end);

/* Which inputs are left out follows from these, layer, projection, token and column: a mask is made again, never kept. */
struct tw_dropout {
	bool on;       /* in this pass; never in a validation */
	uint64_t seed; /* of the training */
	int64_t step;
	int64_t token; /* number within the step of the batch's first: so portions of a step do not matter */
};

#endif
