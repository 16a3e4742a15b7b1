/* The frozen weights of a model as whole numbers. */
#include <stdlib.h>

#include "net/cut_int.h"
#include "net/net.h"
#include "net/qnet.h"

struct tw_q_net {
	const struct tw_q_kernel *kernel;
	enum tw_q_bits back; /* size of the numbers on the way back; on the way forward it is 16 */
	struct tw_q_weights *forward, *backward; /* (n_layer, TW_GROUP_COUNT), then the head */
	int n;					 /* of each */
	struct tw_q_rows rows;
};

/* --- of what --- */

static int group_at(int layer, enum tw_group g)
{
	return layer * TW_GROUP_COUNT + (int)g;
}

static int head_at(const struct tw_shape *s)
{
	return s->n_layer * TW_GROUP_COUNT;
}

static int64_t both_bytes(int in, int out, enum tw_q_bits back)
{
	return tw_q_weights_bytes(TW_Q16, out, in) + tw_q_weights_bytes(back, in, out);
}

int64_t tw_net_q_bytes(const struct tw_shape *s, enum tw_q_bits back)
{
	int64_t n = 0;
	for (enum tw_group g = 0; g < TW_GROUP_COUNT; g++)
		n += both_bytes(tw_group_in(s, g), tw_group_out(s, g), back);
	return n * s->n_layer + both_bytes(s->C, s->V, TW_Q16);
}

static int widest(const struct tw_shape *s)
{
	int n = tw_most(s->C, s->V);
	for (enum tw_group g = 0; g < TW_GROUP_COUNT; g++)
		n = tw_most(n, tw_most(tw_group_in(s, g), tw_group_out(s, g)));
	return n;
}

int64_t tw_net_q_rows_bytes(const struct tw_shape *s, enum tw_q_bits back, int T)
{
	return tw_q_rows_bytes(back, T, widest(s));
}

/* --- packing --- */

static enum tw_status init_both(struct tw_q_net *q, int at, int in, int out, enum tw_q_bits back,
				struct tw_err *err)
{
	enum tw_status st = tw_q_weights_init(&q->forward[at], TW_Q16, out, in, err);
	return st == TW_OK ? tw_q_weights_init(&q->backward[at], back, in, out, err) : st;
}

/* Rows [first, first + n) of a matrix (out, in), which net->merged has. */
static void pack_both(struct tw_net *net, struct tw_q_net *q, int at, int in, int first, int n)
{
	tw_q_pack(&net->c, &q->forward[at],
		  &(struct tw_q_piece){net->merged, in, 1, first, n, 0, in});
	tw_q_pack(&net->c, &q->backward[at],
		  &(struct tw_q_piece){net->merged, 1, in, 0, in, first, n});
}

static enum tw_status pack_group(struct tw_net *net, struct tw_q_net *q, int layer, enum tw_group g,
				 struct tw_err *err)
{
	int in = tw_group_in(net->s, g), out = tw_group_out(net->s, g), at = group_at(layer, g);
	enum tw_status st = init_both(q, at, in, out, q->back, err);
	if (st != TW_OK)
		return st;
	tw_net_merge(net, layer, g, TW_MERGED_ROWS);
	pack_both(net, q, at, in, 0, out);
	return TW_OK;
}

static enum tw_status pack_head(struct tw_net *net, struct tw_q_net *q, struct tw_err *err)
{
	int V = net->s->V, part = tw_q_part(TW_Q16, V), slice = tw_net_slice(net) / part * part;
	enum tw_status st = init_both(q, head_at(net->s), net->s->C, V, TW_Q16, err);
	for (int v = 0; st == TW_OK && v < V; v += slice) {
		int n = tw_least(slice, V - v);
		tw_net_read_head(net, v, n, TW_MERGED_ROWS);
		pack_both(net, q, head_at(net->s), net->s->C, v, n);
	}
	return st;
}

static enum tw_status pack_all(struct tw_net *net, struct tw_q_net *q, struct tw_err *err)
{
	enum tw_status st = tw_q_rows_init(&q->rows, q->back, net->size.cap, widest(net->s), err);
	for (int i = 0; st == TW_OK && i < net->s->n_layer; i++)
		for (enum tw_group g = 0; st == TW_OK && g < TW_GROUP_COUNT; g++)
			st = pack_group(net, q, i, g, err);
	return st == TW_OK ? pack_head(net, q, err) : st;
}

enum tw_status tw_net_use_q(struct tw_net *net, enum tw_q_bits back, struct tw_err *err)
{
	struct tw_q_net *q = tw_xcalloc(1, sizeof(*q));
	q->kernel = tw_q_best();
	q->back = back;
	q->n = head_at(net->s) + 1;
	q->forward = tw_xcalloc((size_t)q->n, sizeof(*q->forward));
	q->backward = tw_xcalloc((size_t)q->n, sizeof(*q->backward));
	net->apart = true; /* before anything is merged: these weights have no adapter */
	enum tw_status st = pack_all(net, q, err);
	if (st != TW_OK) {
		tw_q_net_free(q);
		return st;
	}
	net->q = q;
	return TW_OK;
}

/* --- products --- */

static void run(const struct tw_net *net, int at, bool back, struct tw_q_product p)
{
	const struct tw_q_net *q = net->q;
	p.q = (back ? q->backward : q->forward) + at;
	p.rows = &q->rows;
	tw_q_run(&net->c, q->kernel, &p);
}

void tw_net_q_group(const struct tw_net *net, enum tw_group g, bool back,
		    const struct tw_q_product *p)
{
	run(net, group_at(net->layer, g), back, *p);
}

void tw_net_q_head(const struct tw_net *net, bool back, float *y, const float *x, int T)
{
	run(net, head_at(net->s), back,
	    (struct tw_q_product){.y = y, .x = x, .T = T, .by = net->s->logit_scale});
}

void tw_q_net_free(struct tw_q_net *q)
{
	if (!q)
		return;
	for (int i = 0; i < q->n; i++) {
		tw_q_weights_release(&q->forward[i]);
		tw_q_weights_release(&q->backward[i]);
	}
	tw_q_rows_release(&q->rows);
	free(q->forward);
	free(q->backward);
	free(q);
}
