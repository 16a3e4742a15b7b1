/*
 * The head and the loss, for tokens that predict an answer's token alone. They pass in portions, the
 * head in slices of the vocabulary: neither all logits nor the whole head as
 * float32 are ever in memory.
 */
#include <stdlib.h>
#include <string.h>

#include "net/net.h"
#include "net/qnet.h"

struct portion {
	struct tw_net *net;
	const struct tw_batch *b;
	int first, n; /* of the batch's targets */
	const struct tw_head *head;
	int v0, slice; /* rows of the head in net->merged */
};

static void gather(void *ctx, int begin, int end)
{
	const struct portion *p = ctx;
	struct tw_net *net = p->net;
	int C = net->s->C;
	for (int i = begin; i < end; i++)
		memcpy(net->head_x + (ptrdiff_t)i * C,
		       net->x_out + (ptrdiff_t)p->b->from[p->first + i] * C,
		       (size_t)C * sizeof(float));
	ptrdiff_t at = (ptrdiff_t)begin * C;
	tw_rmsnorm_forward(net->head_n + at, net->head_rstd + begin, net->head_x + at,
			   net->w->out_norm, end - begin, C, net->s->eps);
}

static void next_slice(struct portion *p, enum tw_merged how)
{
	int left = p->net->s->V - p->v0, most = tw_net_slice(p->net);
	p->slice = left < most ? left : most;
	tw_net_read_head(p->net, p->v0, p->slice, how);
}

static void compute_logits(struct portion *p)
{
	struct tw_net *net = p->net;
	if (net->q) {
		tw_net_q_head(net, net->logits, net->head_n, p->n);
		return;
	}
	for (p->v0 = 0; p->v0 < net->s->V; p->v0 += p->slice) {
		next_slice(p, TW_MERGED_FORWARD);
		tw_gemm_run(&net->c, &(struct tw_gemm){.tb = true,
						       .m = p->n,
						       .n = p->slice,
						       .k = net->s->C,
						       .alpha = net->s->logit_scale,
						       .a = net->head_n,
						       .lda = net->s->C,
						       .b = net->merged,
						       .ldb = net->s->C,
						       .c = net->logits + p->v0,
						       .ldc = net->s->V,
						       .packed = net->packed});
	}
}

/* What smoothing makes of a row: the loss, and the gradient that was made without it. `logits` is the gradient by
 * then, `sum` and `target_logit` are of what it was made from. */
static double smooth(double nll, float *logits, int32_t target, int V, double s, float scale,
		     double sum, double target_logit)
{
	double even = (double)scale * s / V;
	double lse = nll + target_logit;
	if (scale != 0) {
		for (int v = 0; v < V; v++)
			logits[v] -= (float)even;
		logits[target] += (float)((double)scale * s);
	}
	return (1 - s) * nll + s * (lse - sum / V);
}

/* Row i of the portion. `capped` (V): scratch where logits have a cap. */
static void lose_row(const struct portion *p, int i, float *capped)
{
	struct tw_net *net = p->net;
	const struct tw_head *h = p->head;
	int V = net->s->V, at = p->first + i;
	float *logits = net->logits + (ptrdiff_t)i * V;
	const int32_t *target = p->b->target + at;
	float scale = h->weight ? h->scale * h->weight[at] : h->scale;
	if (capped)
		memcpy(capped, logits, (size_t)V * sizeof(*capped));
	double sum = h->smoothing > 0 ? tw_sum(logits, V) : 0, logit = (double)logits[*target];
	double *loss = net->losses + i;
	tw_cross_entropy(loss, logits, target, 1, V, scale);
	if (h->logp)
		h->logp[at] = -*loss;
	if (h->scale != 0 && scale == 0) /* of weight 0: no gradient, and logits are spent */
		memset(logits, 0, (size_t)V * sizeof(*logits));
	if (h->smoothing > 0)
		*loss = smooth(*loss, logits, *target, V, h->smoothing, scale, sum, logit);
	if (capped)
		tw_cap_backward(logits, capped, V, net->s->final_cap);
}

static void cap_logits(void *ctx, int begin, int end)
{
	const struct tw_net *net = ((struct portion *)ctx)->net;
	for (int i = begin; net->s->final_cap > 0 && i < end; i++)
		tw_cap(net->logits + (ptrdiff_t)i * net->s->V, net->s->V, net->s->final_cap);
}

static void lose(void *ctx, int begin, int end)
{
	const struct portion *p = ctx;
	const struct tw_shape *s = p->net->s;
	float *capped = NULL;
	cap_logits(ctx, begin, end);
	if (s->final_cap > 0 && p->head->scale != 0)
		capped = tw_xmalloc((size_t)s->V * sizeof(*capped));
	for (int i = begin; i < end; i++)
		lose_row(p, i, capped);
	free(capped);
}

/* head_n becomes its own gradient: dlogits (n, V) times the head (V, C). */
static void logits_backward(struct portion *p)
{
	struct tw_net *net = p->net;
	if (net->q) {
		tw_net_q_head_backward(net, net->head_n, net->logits, p->b->target + p->first,
				       p->n);
		return;
	}
	for (p->v0 = 0; p->v0 < net->s->V; p->v0 += p->slice) {
		next_slice(p, TW_MERGED_BACKWARD);
		tw_gemm_run(&net->c, &(struct tw_gemm){.m = p->n,
						       .n = net->s->C,
						       .k = p->slice,
						       .alpha = net->s->logit_scale,
						       .a = net->logits + p->v0,
						       .lda = net->s->V,
						       .b = net->merged,
						       .ldb = net->s->C,
						       .beta = p->v0 > 0,
						       .c = net->head_n,
						       .ldc = net->s->C,
						       .packed = net->packed});
	}
}

/* Each target has a token of its own, so rows of dx are written by one thread. */
static void scatter(void *ctx, int begin, int end)
{
	const struct portion *p = ctx;
	struct tw_net *net = p->net;
	ptrdiff_t C = net->s->C;
	for (int i = begin; i < end; i++)
		tw_rmsnorm_backward(net->dx + p->b->from[p->first + i] * C, net->head_n + i * C,
				    net->head_rstd + i, net->head_x + i * C, net->w->out_norm, 1,
				    (int)C);
}

static double run_portion(struct portion *p)
{
	double sum = 0;
	tw_for_pieces(&p->net->c, p->n, 8, gather, p);
	compute_logits(p);
	tw_for_pieces(&p->net->c, p->n, 8, lose, p);
	for (int i = 0; i < p->n; i++)
		sum += p->net->losses[i];
	if (p->head->scale != 0) {
		logits_backward(p);
		tw_for_pieces(&p->net->c, p->n, 8, scatter, p);
	}
	return sum;
}

double tw_net_head(struct tw_net *net, const struct tw_batch *b, const struct tw_head *h)
{
	const int most = tw_net_head_tokens(net->s);
	double sum = 0;
	if (h->scale != 0)
		memset(net->dx, 0, (size_t)b->T * (size_t)net->s->C * sizeof(float));
	for (int first = 0; first < b->n_loss; first += most) {
		int left = b->n_loss - first;
		struct portion p = {.net = net,
				    .b = b,
				    .first = first,
				    .n = left < most ? left : most,
				    .head = h};
		sum += run_portion(&p);
	}
	return sum;
}

const float *tw_net_logits(struct tw_net *net, const struct tw_batch *b)
{
	struct portion p = {.net = net, .b = b, .n = b->n_loss};
	tw_net_forward(net, b);
	tw_for_pieces(&net->c, p.n, 8, gather, &p);
	compute_logits(&p);
	tw_for_pieces(&net->c, p.n, 8, cap_logits, &p);
	return net->logits;
}
