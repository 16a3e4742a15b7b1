/* net/qnet.h: a model whose products with frozen weights, and the scores of attention, are of whole numbers (qgemm.h). */
#ifndef TW_NET_QNET_H
#define TW_NET_QNET_H

#include "net/model.h"
#include "net/qgemm.h"
#include "net/qscores.h"

struct tw_net;
struct tw_net_size;

/* The frozen weights of all blocks and of the head, for the way forward and, transposed, for the way back. */
struct tw_q_net;

/* From now on the net takes its products with frozen weights in whole numbers, of 16 bits on the way forward and of `back`
 * on the way back, attention's scores in 16 bits both ways, and its adapters go a way of their own. Takes two copies of the weights at 2 bytes each, or at 2 and 1.
 * TW_NO_MEMORY; TW_UNSUPPORTED on a GPU. */
TW_MUST_USE enum tw_status tw_net_use_q(struct tw_net *net, enum tw_q_bits back,
					struct tw_err *err);
int64_t tw_net_q_bytes(const struct tw_shape *s, enum tw_q_bits back); /* of those copies */
/* Of scratch: rows as whole numbers, and for each worker the keys of attention. */
int64_t tw_net_q_scratch_bytes(const struct tw_shape *s, enum tw_q_bits back,
			       const struct tw_net_size *size, int workers);
void tw_q_net_free(struct tw_q_net *q); /* NULL is fine */
/* y (T, out) = x (T, in) W^T of a group of net->layer, or with `back` y (T, in) = x (T, out) W. Of p all but weights and
 * scratch. */
void tw_net_q_group(const struct tw_net *net, enum tw_group g, bool back,
		    const struct tw_q_product *p);
/* For attention on this worker's thread; nothing without whole numbers. */
struct tw_q_scores tw_net_q_scores(const struct tw_net *net, int worker);
/* logits (T, V) = logit_scale x (T, C) times the head. */
void tw_net_q_head(const struct tw_net *net, float *logits, const float *x, int T);
/* dx (T, C) = dlogits times the head, times logit_scale; dlogits are spent. target (T): whose numbers in them are the
 * large ones, and go in float32. */
void tw_net_q_head_backward(const struct tw_net *net, float *dx, float *dlogits,
			    const int32_t *target, int T);

#endif
