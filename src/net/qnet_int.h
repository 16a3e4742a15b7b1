/* net/qnet_int.h: what qnet.c (the blocks) and qhead.c (the head) share. */
#ifndef TW_NET_QNET_INT_H
#define TW_NET_QNET_INT_H

#include "net/net.h"
#include "net/qnet.h"

struct tw_q_net {
	const struct tw_q_kernel *kernel;
	enum tw_q_bits back; /* size of the numbers on the way back; on the way forward it is 16 */
	struct tw_q_weights *forward, *backward; /* (n_layer, TW_GROUP_COUNT), then the head */
	int n;					 /* of each */
	struct tw_q_rows rows;
	float *mean;  /* (C): of the head's rows */
	char *scores; /* attention's scratch of each worker */
	int64_t scores_ld;
};

static inline int tw_q_head_at(const struct tw_shape *s)
{
	return s->n_layer * TW_GROUP_COUNT;
}

/* Room for a matrix (out, in), both ways. */
TW_MUST_USE enum tw_status tw_q_net_room(struct tw_q_net *q, int at, int in, int out,
					 struct tw_err *err);
TW_MUST_USE enum tw_status tw_q_net_pack_head(struct tw_net *net, struct tw_q_net *q,
					      struct tw_err *err);
/* The product p with these weights. */
void tw_q_net_run(const struct tw_net *net, int at, bool back, struct tw_q_product p);

#endif
