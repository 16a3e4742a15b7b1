/* Weights become float32 a few rows at a time, and while these are in the cache, change and go where products want them. */
#include "net/cut_int.h"
#include "net/pass_int.h"

struct merging {
	struct tw_net *net;
	const struct tw_matrix *w;
	int first, n; /* rows of w */
	struct tw_lora_change change;
	enum tw_merged how;
	struct tw_gemm_b b; /* what these rows are a part of */
	int at;		    /* the first one's place in it */
};

static void merge_rows(void *ctx, size_t item, int worker)
{
	const struct merging *m = ctx;
	struct tw_net *net = m->net;
	const ptrdiff_t cols = m->w->cols;
	int i = (int)item * TW_LORA_ROWS, n = tw_least(m->n - i, TW_LORA_ROWS), at = m->at + i;
	bool plain = m->how == TW_MERGED_ROWS;
	float *rows = plain ? net->merged + at * cols
			    : net->rows + worker * (TW_LORA_ROWS * net->rows_ld);
	tw_lora_merge(rows, net->merged_by + at, m->w, m->first + i, n, &m->change, net->c.gemm);
	if (!plain)
		tw_gemm_pack(net->c.gemm, net->merged, &m->b, rows, at, n);
}

static void merge(const struct merging *m)
{
	size_t items = (size_t)tw_pieces(m->n, TW_LORA_ROWS);
	m->net->packed = m->how != TW_MERGED_ROWS;
	tw_pool_run(m->net->c.pool, items, merge_rows, (void *)m);
}

static struct tw_gemm_b operand(enum tw_merged how, int rows, int cols)
{
	bool tb = how == TW_MERGED_FORWARD;
	return (struct tw_gemm_b){tb, tb ? rows : cols, tb ? cols : rows};
}

void tw_net_merge(struct tw_net *net, int layer, enum tw_group g, enum tw_merged how)
{
	const struct tw_lora *l = net->lora;
	struct merging m = {.net = net, .how = how};
	net->layer = layer;
	if (net->q)
		return; /* packed already */
	if (net->sent) {
		net->merged = tw_sent_group(net, layer, g);
		return;
	}
	m.b = operand(how, tw_group_out(net->s, g), tw_group_in(net->s, g));
	for (int i = 0; i < tw_groups[g].n; i++, m.at += m.n) {
		enum tw_proj p = tw_groups[g].p[i];
		m.w = &net->w->block[layer].proj[p];
		m.n = m.w->rows;
		if (!net->apart)
			m.change = tw_lora_change_of(l, l->p, layer, p);
		merge(&m);
	}
}

void tw_net_read_head(struct tw_net *net, int first, int n, enum tw_merged how)
{
	const struct tw_matrix *w = &net->w->head;
	if (net->sent) {
		net->merged = tw_sent_head(net) + (ptrdiff_t)first * w->cols;
		return;
	}
	merge(&(struct merging){.net = net,
				.w = w,
				.first = first,
				.n = n,
				.how = how,
				.b = operand(how, n, w->cols)});
}
