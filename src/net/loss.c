/*
 * The head and the loss, for tokens that predict an answer's token alone. They pass in portions, the
 * head in slices of the vocabulary: neither all logits nor the whole head as
 * float32 are ever in memory.
 */
#include "net/pass_int.h"
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
	ptrdiff_t at = (ptrdiff_t)begin * C;
	net->dev->gather(net->head_x + at, net->x_out, net->in.from + p->first + begin, end - begin,
			 C);
	net->dev->rmsnorm_forward(net->head_n + at, net->head_rstd + begin, net->head_x + at,
				  net->out_norm, end - begin, C, net->s->eps);
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

static void cap_logits(void *ctx, int begin, int end)
{
	const struct tw_net *net = ((struct portion *)ctx)->net;
	const ptrdiff_t V = net->s->V;
	if (net->s->final_cap > 0)
		net->dev->cap(net->logits + begin * V, (end - begin) * V, net->s->final_cap);
}

static void lose(void *ctx, int begin, int end)
{
	const struct portion *p = ctx;
	struct tw_net *net = p->net;
	const ptrdiff_t at = p->first + begin, V = net->s->V;
	net->dev->lose(
		&(struct tw_losing){.n = end - begin,
				    .V = (int)V,
				    .logits = net->logits + begin * V,
				    .target = net->in.target + at,
				    .weight = net->in.weight ? net->in.weight + at : NULL,
				    .scale = p->head->scale,
				    .smoothing = p->head->smoothing,
				    .cap = net->s->final_cap,
				    .loss = net->losses + begin,
				    .nll = net->losses + tw_net_head_tokens(net->s) + begin});
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
	const int C = net->s->C;
	const ptrdiff_t at = (ptrdiff_t)begin * C;
	net->dev->rmsnorm_backward_at(net->dx, net->in.from + p->first + begin, net->head_n + at,
				      net->head_rstd + begin, net->head_x + at, net->out_norm,
				      end - begin, C);
}

/* Sum of the losses, which the device has. */
static double sum_of(const struct portion *p)
{
	const double *loss = tw_give_losses(p->net), *nll = loss + tw_net_head_tokens(p->net->s);
	double sum = 0;
	for (int i = 0; i < p->n; i++)
		sum += loss[i];
	for (int i = 0; p->head->logp && i < p->n; i++)
		p->head->logp[p->first + i] = -nll[i];
	return sum;
}

static void run_pieces(struct portion *p, void (*fn)(void *portion, int begin, int end))
{
	p->net->dev->run(&p->net->c, p->n, 8, fn, p);
}

static double run_portion(struct portion *p)
{
	run_pieces(p, gather);
	compute_logits(p);
	run_pieces(p, lose);
	if (p->head->scale != 0) {
		logits_backward(p);
		run_pieces(p, scatter);
	}
	return sum_of(p);
}

double tw_net_head(struct tw_net *net, const struct tw_batch *b, const struct tw_head *h)
{
	const int most = tw_net_head_tokens(net->s);
	double sum = 0;
	tw_take_weights(net, b, h->weight);
	if (h->scale != 0)
		net->dev->clear(net->dx, (ptrdiff_t)b->T * net->s->C);
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
	run_pieces(&p, gather);
	compute_logits(&p);
	run_pieces(&p, cap_logits);
	return tw_give_logits(net, p.n);
}
