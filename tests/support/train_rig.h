/*
 * A small model with an adapter, ready for passes, for tests of the trainer.
 */
#ifndef TEST_SUPPORT_TRAIN_RIG_H
#define TEST_SUPPORT_TRAIN_RIG_H

#include "test.h"

#include "support/tiny_gguf.h"
#include "net/net.h"

struct rig {
	char path[512]; /* of the GGUF */
	struct tw_weights w;
	struct tw_lora lora; /* p is the rig's own */
	struct tw_compute c;
	struct tw_net net;
	struct tw_batch batch;
	struct tw_err err;
};

extern const struct tw_strings all_targets;

/* On a file that is there. `cap` tokens a pass, documents too. */
void rig_open(struct rig *r, const char *path, int rank, double alpha, int cap, int threads);
/* On a tiny model that is written first. Both halves of the adapter are random: nothing is zero by chance. */
void rig_tiny(struct rig *r, const struct tiny_gguf *spec, int rank, int cap, int threads);
/* The same with an adapter of any kind. */
void rig_tiny_with(struct rig *r, const struct tiny_gguf *spec, const struct tw_lora_config *conf,
		   int cap, int threads);
void rig_close(struct rig *r);

/* A document of random tokens whose loss lies on tokens from `loss_from` on. */
void rig_add_random(struct rig *r, int n, int loss_from, uint64_t seed);
void rig_add(struct rig *r, const int32_t *tokens, int n, int loss_from);

/* The batch: two documents that touch every path, small enough for differences of each kind of parameter. */
void rig_two_documents(struct rig *r);

/* Loss of the batch with parameter i at `value`, which does not stay so. */
double rig_loss_at(struct rig *r, size_t i, float value);

/* Logits of every token of the batch's only document; at most TW_HEAD_TOKENS. */
const float *all_logits(struct rig *r);

/* Uniform in ±size. */
void fill(float *x, size_t n, float size, uint64_t seed);

/* Largest |a - b|, and the same against the largest |b|. */
double worst(const float *a, const float *b, size_t n);
double worst_relative(const float *a, const float *b, size_t n);

#endif
