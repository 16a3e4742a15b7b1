/* The frozen weights of a model as whole numbers. */
#include <stdlib.h>

#include "net/net.h"
#include "net/q16.h"

static int most(int a, int b)
{
	return a > b ? a : b;
}

static enum tw_status pack_group(struct tw_net *net, struct tw_q16_net *q, int layer,
				 enum tw_group g, struct tw_err *err)
{
	int in = tw_group_in(net->s, g), out = tw_group_out(net->s, g);
	int at = layer * TW_GROUP_COUNT + (int)g;
	enum tw_status st = tw_q16_init(&q->forward[at], out, in, err);
	if (st == TW_OK)
		st = tw_q16_init(&q->backward[at], in, out, err);
	if (st != TW_OK)
		return st;
	tw_net_merge(net, layer, g, TW_MERGED_ROWS);
	tw_q16_pack(&net->c, &q->forward[at], net->merged, in, 1);
	tw_q16_pack(&net->c, &q->backward[at], net->merged, 1, in);
	return TW_OK;
}

int64_t tw_net_q16_bytes(const struct tw_shape *s)
{
	int64_t n = 0;
	for (enum tw_group g = 0; g < TW_GROUP_COUNT; g++)
		n += tw_q16_bytes(tw_group_out(s, g), tw_group_in(s, g)) +
		     tw_q16_bytes(tw_group_in(s, g), tw_group_out(s, g));
	return n * s->n_layer;
}

static int widest(const struct tw_shape *s)
{
	int n = 0;
	for (enum tw_group g = 0; g < TW_GROUP_COUNT; g++)
		n = most(n, most(tw_group_in(s, g), tw_group_out(s, g)));
	return n;
}

int64_t tw_net_q16_rows_bytes(const struct tw_shape *s, int T)
{
	return tw_q16_rows_bytes(T, widest(s));
}

enum tw_status tw_net_use_q16(struct tw_net *net, struct tw_err *err)
{
	struct tw_q16_net *q = tw_xcalloc(1, sizeof(*q));
	q->kernel = tw_q16_best();
	q->n = net->s->n_layer * TW_GROUP_COUNT;
	q->forward = tw_xcalloc((size_t)q->n, sizeof(*q->forward));
	q->backward = tw_xcalloc((size_t)q->n, sizeof(*q->backward));
	enum tw_status st = tw_q16_rows_init(&q->rows, net->size.cap, widest(net->s), err);
	net->apart = true; /* before anything is merged: these weights have no adapter */
	for (int i = 0; st == TW_OK && i < q->n; i++)
		st = pack_group(net, q, i / TW_GROUP_COUNT, (enum tw_group)(i % TW_GROUP_COUNT),
				err);
	if (st != TW_OK) {
		tw_q16_net_free(q);
		return st;
	}
	net->q16 = q;
	return TW_OK;
}

void tw_q16_net_free(struct tw_q16_net *q)
{
	if (!q)
		return;
	for (int i = 0; i < q->n; i++) {
		tw_q16_release(&q->forward[i]);
		tw_q16_release(&q->backward[i]);
	}
	tw_q16_rows_release(&q->rows);
	free(q->forward);
	free(q->backward);
	free(q);
}
