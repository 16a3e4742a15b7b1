/*
 * net/head.h: the head and its loss, as objectives use them: log-probabilities of targets, and gradients in which
 * each target has a weight of its own. In loss.c and net.c.
 */
#ifndef TW_NET_HEAD_H
#define TW_NET_HEAD_H

#include "net/batch.h"

struct tw_net;

/* What is asked of the head for the batch's targets. All zero: their losses. */
struct tw_head {
	float scale; /* of the gradient; 0: none */
	const float *
		weight; /* (n_loss): of each target's loss in the gradient, negative ones too; NULL: 1 each */
	/* Share of each target that is spread evenly over the vocabulary: the loss is (1 - s) (-log p of the target) +
	 * s (mean of -log p). Szegedy et al. 2016, section 7. */
	double smoothing;
	double *logp; /* (n_loss) out: log p of each target; NULL: not wanted */
};

/* Sum of the losses (nats) of the batch's targets, not weighted; with h->scale also adds to lora->g. */
double tw_net_pass(struct tw_net *net, const struct tw_batch *b, const struct tw_head *h);
/* logp (n_loss) = log p of each target; gradients are not touched. tw_net_learn() may follow. */
void tw_net_logps(struct tw_net *net, const struct tw_batch *b, double *logp);
/* After a pass forward of the same batch: its head again, with gradient (h->scale is not 0), and the way back. Once. */
double tw_net_learn(struct tw_net *net, const struct tw_batch *b, const struct tw_head *h);
/* Returns the loss; with h->scale other than 0 writes dx. */
double tw_net_head(struct tw_net *net, const struct tw_batch *b, const struct tw_head *h);

#endif
