/* The frozen weights of a model as whole numbers. */
#include <stdlib.h>

#include "net/cut_int.h"
#include "net/net.h"
#include "net/q16.h"

/* --- of what --- */

static int group_at(int layer, enum tw_group g)
{
	return layer * TW_GROUP_COUNT + (int)g;
}

static int head_at(const struct tw_shape *s)
{
	return s->n_layer * TW_GROUP_COUNT;
}

static int64_t both_bytes(int in, int out)
{
	return tw_q16_bytes(out, in) + tw_q16_bytes(in, out);
}

int64_t tw_net_q16_bytes(const struct tw_shape *s)
{
	int64_t n = 0;
	for (enum tw_group g = 0; g < TW_GROUP_COUNT; g++)
		n += both_bytes(tw_group_in(s, g), tw_group_out(s, g));
	return n * s->n_layer + both_bytes(s->C, s->V);
}

static int widest(const struct tw_shape *s)
{
	int n = tw_most(s->C, s->V);
	for (enum tw_group g = 0; g < TW_GROUP_COUNT; g++)
		n = tw_most(n, tw_most(tw_group_in(s, g), tw_group_out(s, g)));
	return n;
}

int64_t tw_net_q16_rows_bytes(const struct tw_shape *s, int T)
{
	return tw_q16_rows_bytes(T, widest(s));
}

/* --- packing --- */

static enum tw_status init_both(struct tw_q16_net *q, int at, int in, int out, struct tw_err *err)
{
	enum tw_status st = tw_q16_init(&q->forward[at], out, in, err);
	return st == TW_OK ? tw_q16_init(&q->backward[at], in, out, err) : st;
}

/* Rows [first, first + n) of a matrix (out, in), which net->merged has. */
static void pack_both(struct tw_net *net, struct tw_q16_net *q, int at, int in, int first, int n)
{
	tw_q16_pack(&net->c, &q->forward[at],
		    &(struct tw_q16_piece){net->merged, in, 1, first, n, 0, in});
	tw_q16_pack(&net->c, &q->backward[at],
		    &(struct tw_q16_piece){net->merged, 1, in, 0, in, first, n});
}

static enum tw_status pack_group(struct tw_net *net, struct tw_q16_net *q, int layer,
				 enum tw_group g, struct tw_err *err)
{
	int in = tw_group_in(net->s, g), out = tw_group_out(net->s, g), at = group_at(layer, g);
	enum tw_status st = init_both(q, at, in, out, err);
	if (st != TW_OK)
		return st;
	tw_net_merge(net, layer, g, TW_MERGED_ROWS);
	pack_both(net, q, at, in, 0, out);
	return TW_OK;
}

static enum tw_status pack_head(struct tw_net *net, struct tw_q16_net *q, struct tw_err *err)
{
	int V = net->s->V, part = tw_q16_part(V), slice = tw_net_slice(net) / part * part;
	enum tw_status st = init_both(q, head_at(net->s), net->s->C, V, err);
	for (int v = 0; st == TW_OK && v < V; v += slice) {
		int n = tw_least(slice, V - v);
		tw_net_read_head(net, v, n, TW_MERGED_ROWS);
		pack_both(net, q, head_at(net->s), net->s->C, v, n);
	}
	return st;
}

static enum tw_status pack_all(struct tw_net *net, struct tw_q16_net *q, struct tw_err *err)
{
	enum tw_status st = tw_q16_rows_init(&q->rows, net->size.cap, widest(net->s), err);
	for (int i = 0; st == TW_OK && i < net->s->n_layer; i++)
		for (enum tw_group g = 0; st == TW_OK && g < TW_GROUP_COUNT; g++)
			st = pack_group(net, q, i, g, err);
	return st == TW_OK ? pack_head(net, q, err) : st;
}

enum tw_status tw_net_use_q16(struct tw_net *net, struct tw_err *err)
{
	struct tw_q16_net *q = tw_xcalloc(1, sizeof(*q));
	q->kernel = tw_q16_best();
	q->n = head_at(net->s) + 1;
	q->forward = tw_xcalloc((size_t)q->n, sizeof(*q->forward));
	q->backward = tw_xcalloc((size_t)q->n, sizeof(*q->backward));
	net->apart = true; /* before anything is merged: these weights have no adapter */
	enum tw_status st = pack_all(net, q, err);
	if (st != TW_OK) {
		tw_q16_net_free(q);
		return st;
	}
	net->q16 = q;
	return TW_OK;
}

/* --- products --- */

void tw_net_q16_group(struct tw_net *net, enum tw_group g, bool back, float *y, const float *x,
		      int T)
{
	const struct tw_q16_net *q = net->q16;
	const struct tw_q16 *w = (back ? q->backward : q->forward) + group_at(net->layer, g);
	tw_q16_run(&net->c, q->kernel, w, &q->rows, y, x, T, 1);
}

void tw_net_q16_head(struct tw_net *net, bool back, float *y, const float *x, int T)
{
	const struct tw_q16_net *q = net->q16;
	const struct tw_q16 *w = (back ? q->backward : q->forward) + head_at(net->s);
	tw_q16_run(&net->c, q->kernel, w, &q->rows, y, x, T, net->s->logit_scale);
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
