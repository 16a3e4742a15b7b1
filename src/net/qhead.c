/*
 * The head in whole numbers. A row of dlogits is the hard one: the target's is one large number, the rest are very many
 * small ones, of which 8 bits lose most beside a large one. What is lost is of one sign and so would add up. Hence two things:
 *
 * - the target's is taken out, and goes its own way in float32;
 * - the rows of the head are taken without their mean, which is multiplied with the sum of the row's numbers instead: what
 *   is lost is then that of rows which point everywhere.
 *
 * dx = sum g_v W_v = g_t W_t + (sum' g_v) mean + sum' g_v (W_v - mean), sum' leaving the target out.
 */
#include <assert.h>
#include <stdlib.h>

#include "net/cut_int.h"
#include "net/qnet_int.h"

#define ROWS_A_TIME 8

/* --- packing --- */

static void find_mean(struct tw_net *net, float *mean)
{
	const int V = net->s->V, C = net->s->C, slice = tw_net_slice(net);
	double *sum = tw_xcalloc((size_t)C, sizeof(*sum));
	for (int v = 0, n; v < V; v += n) {
		n = tw_least(slice, V - v);
		tw_net_read_head(net, v, n, TW_MERGED_ROWS);
		for (ptrdiff_t i = 0; i < n; i++)
			for (int k = 0; k < C; k++)
				sum[k] += (double)net->merged[i * C + k];
	}
	for (int k = 0; k < C; k++)
		mean[k] = (float)(sum[k] / V);
	free(sum);
}

static void take_mean(float *w, int n, const float *mean, int C)
{
	for (int i = 0; i < n; i++, w += C)
		for (int k = 0; k < C; k++)
			w[k] -= mean[k];
}

enum tw_status tw_q_net_pack_head(struct tw_net *net, struct tw_q_net *q, struct tw_err *err)
{
	const int V = net->s->V, C = net->s->C, at = tw_q_head_at(net->s);
	const int part = tw_q_part(q->back, V), slice = tw_net_slice(net) / part * part;
	enum tw_status st = tw_q_net_room(q, at, C, V, err);
	assert(slice > 0); /* net->merged has room for a part */
	if (st != TW_OK)
		return st;
	find_mean(net, q->mean);
	for (int v = 0, n; v < V; v += n) {
		n = tw_least(slice, V - v);
		tw_net_read_head(net, v, n, TW_MERGED_ROWS);
		tw_q_pack(&net->c, &q->forward[at],
			  &(struct tw_q_piece){net->merged, C, 1, v, n, 0, C});
		take_mean(net->merged, n, q->mean, C);
		tw_q_pack(&net->c, &q->backward[at],
			  &(struct tw_q_piece){net->merged, 1, C, 0, C, v, n});
	}
	return TW_OK;
}

/* --- products --- */

void tw_net_q_head(const struct tw_net *net, float *logits, const float *x, int T)
{
	tw_q_net_run(net, tw_q_head_at(net->s), false,
		     (struct tw_q_product){.y = logits, .x = x, .T = T, .by = net->s->logit_scale});
}

struct rows {
	const struct tw_net *net;
	float *dx, *dlogits;
	const int32_t *target;
};

/* dx = what does not go through whole numbers; dlogits of the target become 0. */
static void set_apart(void *ctx, int begin, int end)
{
	const struct rows *r = ctx;
	const struct tw_net *net = r->net;
	const int V = net->s->V, C = net->s->C;
	const float *mean = net->q->mean;
	for (ptrdiff_t t = begin; t < end; t++) {
		float *dx = r->dx + t * C, *dlogits = r->dlogits + t * V, g = dlogits[r->target[t]];
		dlogits[r->target[t]] = 0;
		float rest = (float)tw_sum(dlogits, V);
		tw_matrix_rows(dx, &net->w->head, r->target[t], 1);
		for (int k = 0; k < C; k++)
			dx[k] = net->s->logit_scale * (g * dx[k] + rest * mean[k]);
	}
}

void tw_net_q_head_backward(const struct tw_net *net, float *dx, float *dlogits,
			    const int32_t *target, int T)
{
	struct rows r = {net, dx, dlogits, target};
	tw_for_pieces(&net->c, T, ROWS_A_TIME, set_apart, &r);
	tw_q_net_run(
		net, tw_q_head_at(net->s), true,
		(struct tw_q_product){
			.y = dx, .x = dlogits, .T = T, .by = net->s->logit_scale, .add = true});
}
