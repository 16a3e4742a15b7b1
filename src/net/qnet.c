/* The frozen weights of a model as whole numbers. */
#include <stdlib.h>

#include "net/cut_int.h"
#include "net/qnet_int.h"

/* --- of what --- */

static int group_at(int layer, enum tw_group g)
{
	return layer * TW_GROUP_COUNT + (int)g;
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
	return n * s->n_layer + both_bytes(s->C, s->V, back);
}

static int widest(const struct tw_shape *s)
{
	int n = tw_most(s->C, s->V);
	for (enum tw_group g = 0; g < TW_GROUP_COUNT; g++)
		n = tw_most(n, tw_most(tw_group_in(s, g), tw_group_out(s, g)));
	return n;
}

/* Whole lines of the cache. */
static int64_t scores_bytes(const struct tw_shape *s, int longest)
{
	return (tw_q_scores_bytes(longest, s->D) + 63) / 64 * 64;
}

int64_t tw_net_q_scratch_bytes(const struct tw_shape *s, enum tw_q_bits back,
			       const struct tw_net_size *size, int workers)
{
	return tw_q_rows_bytes(back, size->cap, widest(s)) +
	       workers * scores_bytes(s, size->longest);
}

/* --- packing --- */

enum tw_status tw_q_net_room(struct tw_q_net *q, int at, int in, int out, struct tw_err *err)
{
	enum tw_status st = tw_q_weights_init(&q->forward[at], TW_Q16, out, in, err);
	return st == TW_OK ? tw_q_weights_init(&q->backward[at], q->back, in, out, err) : st;
}

static enum tw_status pack_group(struct tw_net *net, struct tw_q_net *q, int layer, enum tw_group g,
				 struct tw_err *err)
{
	int in = tw_group_in(net->s, g), out = tw_group_out(net->s, g), at = group_at(layer, g);
	enum tw_status st = tw_q_net_room(q, at, in, out, err);
	if (st != TW_OK)
		return st;
	tw_net_merge(net, layer, g, TW_MERGED_ROWS);
	tw_q_pack(&net->c, &q->forward[at],
		  &(struct tw_q_piece){net->merged, in, 1, 0, out, 0, in});
	tw_q_pack(&net->c, &q->backward[at],
		  &(struct tw_q_piece){net->merged, 1, in, 0, in, 0, out});
	return TW_OK;
}

static enum tw_status make_scratch(struct tw_q_net *q, const struct tw_net *net, struct tw_err *err)
{
	q->scores_ld = scores_bytes(net->s, net->size.longest);
	q->scores = tw_try_alloc((size_t)(q->scores_ld * tw_pool_size(net->c.pool)),
				 "attention; a shorter training.sequence needs less", err);
	return q->scores ? tw_q_rows_init(&q->rows, q->back, net->size.cap, widest(net->s), err)
			 : TW_NO_MEMORY;
}

static enum tw_status pack_all(struct tw_net *net, struct tw_q_net *q, struct tw_err *err)
{
	enum tw_status st = make_scratch(q, net, err);
	for (int i = 0; st == TW_OK && i < net->s->n_layer; i++)
		for (enum tw_group g = 0; st == TW_OK && g < TW_GROUP_COUNT; g++)
			st = pack_group(net, q, i, g, err);
	return st == TW_OK ? tw_q_net_pack_head(net, q, err) : st;
}

enum tw_status tw_net_use_q(struct tw_net *net, enum tw_q_bits back, struct tw_err *err)
{
	if (net->dev->resident)
		return tw_fail(err, TW_UNSUPPORTED, "whole numbers are the CPU's, not a GPU's");
	struct tw_q_net *q = tw_xcalloc(1, sizeof(*q));
	q->kernel = tw_q_best();
	q->back = back;
	q->n = tw_q_head_at(net->s) + 1;
	q->forward = tw_xcalloc((size_t)q->n, sizeof(*q->forward));
	q->backward = tw_xcalloc((size_t)q->n, sizeof(*q->backward));
	q->mean = tw_xcalloc((size_t)net->s->C, sizeof(*q->mean));
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

void tw_q_net_run(const struct tw_net *net, int at, bool back, struct tw_q_product p)
{
	const struct tw_q_net *q = net->q;
	p.q = (back ? q->backward : q->forward) + at;
	p.rows = &q->rows;
	tw_q_run(&net->c, q->kernel, &p);
}

void tw_net_q_group(const struct tw_net *net, enum tw_group g, bool back,
		    const struct tw_q_product *p)
{
	tw_q_net_run(net, group_at(net->layer, g), back, *p);
}

struct tw_q_scores tw_net_q_scores(const struct tw_net *net, int worker)
{
	const struct tw_q_net *q = net->q;
	return q ? (struct tw_q_scores){q->kernel, q->scores + worker * q->scores_ld}
		 : (struct tw_q_scores){0};
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
	free(q->mean);
	free(q->scores);
	free(q);
}
