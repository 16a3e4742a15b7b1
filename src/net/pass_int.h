/*
 * net/pass_int.h: what a pass through one block is made of; forward.c and backward.c share it.
 */
#ifndef TW_NET_PASS_INT_H
#define TW_NET_PASS_INT_H

#include "net/net.h"

/* For functions that work on tokens [begin, end) of a batch: what they work on. */
struct tw_pass {
	struct tw_net *net;
	const struct tw_batch *b;
	int layer;
	const struct tw_block_weights *w;
	struct tw_block_acts *a;
	float *out; /* (T, C): of the block */
};
struct tw_pass tw_pass_of(struct tw_net *net, const struct tw_batch *b, int layer);
void tw_pass_run(const struct tw_pass *p, void (*fn)(void *pass, int begin, int end));
/* On all threads. */
void tw_pass_attention(struct tw_pass *p, bool backward);
/* The block forward; `again`: as far as the backward pass needs it. */
void tw_pass_block(struct tw_pass *p, bool again);

/* Where something joins the residual stream: the group that it comes from, and where there is a norm, what entered that. */
struct tw_joint {
	enum tw_group g;
	float *y, *rstd;
	const float *norm;
};
struct tw_joint tw_joint_attention(const struct tw_pass *p);
struct tw_joint tw_joint_ffn(const struct tw_pass *p);
/* What the projections read at the point x of the residual stream: its norm, or itself. */
const float *tw_pass_input(const struct tw_pass *p, const float *x);
/* h = act(gate) up of tokens [begin, end). */
void tw_pass_activate(const struct tw_pass *p, int begin, int end);
void tw_pass_rotate(const struct tw_pass *p, float *qkv, int begin, int end, int direction);

#endif
