/*
 * net/net.h: the model as it is trained: one pass forward, one backward.
 *
 * The weights of a group of projections are made float32 and merged with their adapter,
 * W' = W + s B A, in a scratch matrix, just before they are used. So forward
 * and dX have no path of their own for the adapter; its gradients come from the
 * inputs and output gradients of each group. What all this runs on is a table of device.h. Where `apart` is set, the adapter has a path of
 * its own, y = x W^T + s (drop(x) A^T) B^T: dropout and weights in whole numbers need it.
 *
 * Kept from the forward pass for each block and token: its input, q, k, v, the attention's output, the middle of the
 * residual stream, gate and up, and where adapters are apart what their As give. Normed vectors are computed again.
 */
#ifndef TW_NET_NET_H
#define TW_NET_NET_H

#include "net/device.h"
#include "net/gemm.h"
#include "net/head.h"
#include "net/kernels.h"
#include "net/lora.h"
#include "net/model.h"
#include "net/noise.h"

struct tw_block_acts {		   /* T is the capacity */
	float *x_in;		   /* (T, C) */
	float *rstd1;		   /* (T) */
	float *qkv;		   /* (T, (H + 2 H_kv) D), rotated */
	float *qk;		   /* (T, (H + H_kv) D), before their norms; where there are any */
	float *qk_rstd;		   /* (T, H + H_kv) */
	float *lse;		   /* (T, H) */
	float *att;		   /* (T, H D) */
	float *x_mid;		   /* (T, C) */
	float *rstd2;		   /* (T) */
	float *gu;		   /* (T, 2 F); the backward pass leaves its gradient here */
	float *xa[TW_GROUP_COUNT]; /* (T, adapters of the group, r): drop(x) A^T */
	/* Where there are norms after attention and feed-forward: what enters these. */
	float *o, *o_rstd; /* (T, C), (T) */
	float *d, *d_rstd;
};

struct tw_net_size {
	int cap;     /* tokens of a pass */
	int longest; /* tokens of a document */
	/* Of what a block computes keep its input alone, and compute the rest again on the way back: the same gradients (on
	 * the CPU to the last bit) for about a third more time and a fraction of the memory. Chen et al. 2016. */
	bool recompute;
	bool apart;    /* adapters are not merged; with dropout they never are */
	bool resident; /* for a device that keeps the weights; tw_net_init() sees to it */
};

struct tw_sent; /* what a net has on another device than the CPU; sent.c */

struct tw_net {
	const struct tw_weights *w;
	const struct tw_shape *s;
	struct tw_lora *lora;
	struct tw_compute c; /* gemm is the device's */
	const struct tw_device *dev;
	struct tw_sent *sent; /* NULL: on the CPU */
	struct tw_net_size size;
	float *memory;			      /* the device's, with all that is cut from it */
	const struct tw_block_weights *block; /* n_layer: their vectors, where kernels find them */
	const float *out_norm;
	struct tw_inputs in;
	struct tw_block_acts *acts; /* n_layer */
	float *x_out;		    /* (T, C): what the last block left */
	float *rope[TW_ROPE_COUNT]; /* (longest document, n_rot) */
	float *merged;		    /* scratch: weights of a group, or of a slice of the head */
	int64_t merged_size;	    /* floats */
	bool packed;		    /* by tw_gemm_pack() */
	float *rows;		    /* (workers, TW_LORA_ROWS, rows_ld): on their way to merged */
	int64_t rows_ld;
	float *merged_by;     /* (out): with DoRA, what each of its rows was multiplied with */
	float *norm;	      /* (T, C) */
	float *h;	      /* (T, F), (T, H D) */
	float *dx, *dn;	      /* (T, C) */
	float *dy;	      /* (T, C), where the residual stream is joined by more than a sum */
	float *dqkv;	      /* as qkv */
	float *dqk;	      /* as qk */
	float *xa, *dyb;      /* (T, most adapters of a group, r) */
	float *turned;	      /* (r, widest output) */
	float *part_y, *half; /* DoRA's scratch: (T, widest output), twice (widest output, r) */
	bool apart;
	bool keeps_xa; /* of each block and group from the way forward; or else they are made again */
	struct tw_q_net *q; /* NULL: the blocks' products are of float32 */
	int layer;	    /* of what was merged last */
	struct tw_dropout drop;
	float *dropped;	  /* (T, widest input), where there is dropout */
	float *attention; /* scratch of each worker */
	int64_t attention_ld;
	float *logits;		/* (tw_net_head_tokens(), V) */
	float *head_x, *head_n; /* (tw_net_head_tokens(), C) */
	float *head_rstd;
	double *losses;	       /* (2, tw_net_head_tokens()): with smoothing, and without */
	struct tw_noise noise; /* of the pass that comes; the caller's to set */
};

enum { TW_HEAD_TOKENS = 512 };
/* Tokens that go through the head at a time: at most TW_HEAD_TOKENS, fewer where the vocabulary is large. */
int tw_net_head_tokens(const struct tw_shape *s);

int64_t tw_net_bytes(const struct tw_shape *s, const struct tw_lora *lora,
		     const struct tw_net_size *size, int workers);

/* Of the weights where a device keeps them. */
int64_t tw_net_sent_bytes(const struct tw_weights *w);

/* Everything is borrowed and outlives the net. TW_NO_MEMORY; on a GPU also TW_IO, and
 * TW_UNSUPPORTED for DoRA. */
TW_MUST_USE enum tw_status tw_net_init(struct tw_net *net, const struct tw_weights *w,
				       struct tw_lora *lora, const struct tw_compute *c,
				       const struct tw_net_size *size, struct tw_err *err);
void tw_net_release(struct tw_net *net);

/* Sum of the losses (nats) of the batch's targets. */
double tw_net_loss(struct tw_net *net, const struct tw_batch *b);
/* The same, and adds `scale` times its gradient to lora->g. */
double tw_net_train(struct tw_net *net, const struct tw_batch *b, float scale);
/* Logits (n_loss, V) of the batch's `from` tokens; n_loss <= tw_net_head_tokens(). Borrowed until the next pass. */
const float *tw_net_logits(struct tw_net *net, const struct tw_batch *b);
/* Whether what passes gave since the start is good: on a GPU every call can fail. TW_IO. */
TW_MUST_USE enum tw_status tw_net_check(const struct tw_net *net, struct tw_err *err);

/* Parts, each in the file of its name. */
void tw_net_forward(struct tw_net *net, const struct tw_batch *b); /* to x_out */
void tw_net_backward(struct tw_net *net,
		     const struct tw_batch *b); /* from dx, the gradient of x_out */

/* How net->merged has a matrix (out, in): by rows, or packed for products y = x W^T, or for dx = dy W. */
enum tw_merged { TW_MERGED_ROWS, TW_MERGED_FORWARD, TW_MERGED_BACKWARD };

/* net->merged = the group's weights; with their adapters unless they are apart. */
void tw_net_merge(struct tw_net *net, int layer, enum tw_group g, enum tw_merged how);
/* net->merged = rows [first, first + n) of the head, n at most tw_net_slice(). */
void tw_net_read_head(struct tw_net *net, int first, int n, enum tw_merged how);
int tw_net_slice(const struct tw_net *net);
/* y (T, out) = x (T, in) W'^T of what was merged last. */
void tw_net_linear(struct tw_net *net, enum tw_group g, float *y, const float *x, int T);
/* Adds the gradients of the group's As and Bs, with DoRA of its ms: it must be merged last then, by rows. */
void tw_net_lora_backward(struct tw_net *net, int layer, enum tw_group g, const float *x,
			  const float *dy, int T);
/* dx (T, in) = dy (T, out) W' of what was merged last; after tw_net_lora_backward() of the same group. */
void tw_net_linear_backward(struct tw_net *net, enum tw_group g, float *dx, const float *dy, int T);
/* to (T, in) = x / (1 - p) where the mask of this projection keeps it, else 0; `add`: to += that. */
void tw_net_drop(const struct tw_net *net, int layer, enum tw_proj p, float *to, const float *x,
		 int T, bool add);

#endif
