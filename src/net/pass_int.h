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
struct tw_heads tw_pass_heads(const struct tw_pass *p);
struct tw_heads_norm tw_pass_heads_norm(const struct tw_pass *p);
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

/* dropout.c: the CPU's, and what the mask of each token follows from. */
void tw_drop(const struct tw_net *net, int layer, enum tw_proj p, float *to, const float *x, int T,
	     bool add);
uint64_t tw_drop_key(const struct tw_net *net, int layer, enum tw_proj p, int t);

/* attention_cuda.c: floats of its scratch. */
int64_t tw_tiles_floats(const struct tw_shape *s, int longest);

/* --- what lies on another device; sent.c. On the CPU all is used where it is. --- */

/* Of weights: sends them. Cuts nothing: memory for the rest is in net->memory. */
enum tw_status tw_sent_init(struct tw_net *net, struct tw_err *err);
void tw_sent_free(struct tw_net *net);
/* Fills net->in, but for weights of targets; parameters go too. */
void tw_take_batch(struct tw_net *net, const struct tw_batch *b);
void tw_take_weights(struct tw_net *net, const struct tw_batch *b, const float *weight);
/* lora->g is where the kernels add to it, from the one to the other. */
void tw_take_gradients(struct tw_net *net);
void tw_give_gradients(struct tw_net *net);
const float *tw_params(const struct tw_net *net);
float *tw_gradients(const struct tw_net *net);
/* Of the last portion: net->losses on the host. */
const double *tw_give_losses(struct tw_net *net);
const float *tw_give_logits(struct tw_net *net, int n);
/* Where they are kept. */
float *tw_sent_group(const struct tw_net *net, int layer, enum tw_group g);
float *tw_sent_head(const struct tw_net *net);
const float *tw_sent_embed(const struct tw_net *net);
const uint64_t *tw_sent_drop_keys(const struct tw_net *net, int layer, enum tw_proj p); /* (T) */

#endif
