/* From tokens to the last block's output. */
#include <string.h>

#include "training/net_int.h"

static void embed(void *ctx, int begin, int end)
{
	struct tw_pass *p = ctx;
	for (int t = begin; t < end; t++)
		tw_matrix_rows(p->a->x_in + (ptrdiff_t)t * p->net->s->C, &p->net->w->embed,
			       p->b->tokens[t], 1);
}

/* x += y on rows [begin, end). */
static void add_rows(float *x, const float *y, int C, int begin, int end)
{
	for (ptrdiff_t i = (ptrdiff_t)begin * C; i < (ptrdiff_t)end * C; i++)
		x[i] += y[i];
}

/* The block's input: what the one before left, and its residual. Then the norm before attention. */
static void enter_block(void *ctx, int begin, int end)
{
	struct tw_pass *p = ctx;
	int C = p->net->s->C;
	ptrdiff_t at = (ptrdiff_t)begin * C;
	if (p->layer > 0)
		add_rows(p->a->x_in, p->a[-1].x_mid, C, begin, end);
	tw_rmsnorm_forward(p->net->norm + at, p->a->rstd1 + begin, p->a->x_in + at, p->w->attn_norm,
			   end - begin, C, p->net->s->eps);
}

static void norm_heads(struct tw_pass *p, float *row, int t)
{
	const struct tw_shape *s = p->net->s;
	int heads = s->H + s->H_kv, q = tw_q_dim(s);
	float *before = p->a->qk + (ptrdiff_t)t * heads * s->D;
	float *rstd = p->a->qk_rstd + (ptrdiff_t)t * heads;
	memcpy(before, row, (size_t)(heads * s->D) * sizeof(*row));
	tw_rmsnorm_forward(row, rstd, before, p->w->q_norm, s->H, s->D, s->eps);
	tw_rmsnorm_forward(row + q, rstd + s->H, before + q, p->w->k_norm, s->H_kv, s->D, s->eps);
}

/* What some architectures do to q, k and v, and all do to q and k, which lie side by side. */
static void finish_qkv(void *ctx, int begin, int end)
{
	struct tw_pass *p = ctx;
	const struct tw_shape *s = p->net->s;
	int ld = tw_qkv_dim(s);
	const struct tw_rotation rope = {s->H + s->H_kv, s->D, s->n_rot, s->rope_halves};
	for (int t = begin; t < end; t++) {
		float *row = p->a->qkv + (ptrdiff_t)t * ld;
		for (int i = 0; p->w->qkv_bias && i < ld; i++)
			row[i] += p->w->qkv_bias[i];
		if (s->qk_norm)
			norm_heads(p, row, t);
	}
	tw_rope(p->a->qkv + (ptrdiff_t)begin * ld, ld, p->net->rope, p->b->pos + begin, end - begin,
		&rope, 1);
}

static void enter_ffn(void *ctx, int begin, int end)
{
	struct tw_pass *p = ctx;
	int C = p->net->s->C;
	ptrdiff_t at = (ptrdiff_t)begin * C;
	add_rows(p->a->x_mid, p->a->x_in, C, begin, end);
	tw_rmsnorm_forward(p->net->norm + at, p->a->rstd2 + begin, p->a->x_mid + at, p->w->ffn_norm,
			   end - begin, C, p->net->s->eps);
}

static void activate(void *ctx, int begin, int end)
{
	struct tw_pass *p = ctx;
	int F = p->net->s->F;
	tw_swiglu_forward(p->net->h + (ptrdiff_t)begin * F, p->a->gu + (ptrdiff_t)begin * 2 * F,
			  end - begin, F);
}

static void leave(void *ctx, int begin, int end)
{
	struct tw_pass *p = ctx;
	add_rows(p->net->x_out, p->a->x_mid, p->net->s->C, begin, end);
}

static void block(struct tw_pass *p, float *out)
{
	struct tw_net *net = p->net;
	struct tw_block_acts *a = p->a;
	int T = p->b->T;
	tw_pass_run(p, enter_block);
	tw_net_merge(net, p->layer, TW_GROUP_QKV);
	tw_net_linear(net, TW_GROUP_QKV, a->qkv, net->norm, T);
	tw_pass_run(p, finish_qkv);
	tw_pass_attention(p, false);
	tw_net_merge(net, p->layer, TW_GROUP_O);
	tw_net_linear(net, TW_GROUP_O, a->x_mid, a->att, T);
	tw_pass_run(p, enter_ffn);
	tw_net_merge(net, p->layer, TW_GROUP_GATE_UP);
	tw_net_linear(net, TW_GROUP_GATE_UP, a->gu, net->norm, T);
	tw_pass_run(p, activate);
	tw_net_merge(net, p->layer, TW_GROUP_DOWN);
	tw_net_linear(net, TW_GROUP_DOWN, out, net->h, T);
}

void tw_net_forward(struct tw_net *net, const struct tw_batch *b)
{
	int n = net->s->n_layer;
	struct tw_pass p = tw_pass_of(net, b, 0);
	tw_pass_run(&p, embed);
	for (int i = 0; i < n; i++) {
		p = tw_pass_of(net, b, i);
		block(&p, i + 1 < n ? net->acts[i + 1].x_in : net->x_out);
	}
	tw_pass_run(&p, leave);
}

/* --- attention on all threads, both directions --- */

struct attention {
	struct tw_pass *p;
	bool backward;
};

static void attend(void *ctx, size_t i, int worker)
{
	const struct attention *at = ctx;
	struct tw_net *net = at->p->net;
	struct tw_block_acts *a = at->p->a;
	const struct tw_shape *s = net->s;
	const struct tw_heads heads = {s->H, s->H_kv, s->D};
	int doc = (int)i / s->H_kv, kv = (int)i % s->H_kv;
	ptrdiff_t t = at->p->b->doc[doc];
	int n = at->p->b->doc[doc + 1] - (int)t;
	const float *qkv = a->qkv + t * tw_qkv_dim(s);
	float *out = a->att + t * tw_q_dim(s), *lse = a->lse + t * s->H;
	float *scratch = net->attention + worker * net->attention_ld;
	if (at->backward)
		tw_attention_backward(net->dqkv + t * tw_qkv_dim(s), net->h + t * tw_q_dim(s), out,
				      lse, qkv, n, &heads, kv, net->c.gemm, scratch);
	else
		tw_attention_forward(out, lse, qkv, n, &heads, kv, net->c.gemm, scratch);
}

void tw_pass_attention(struct tw_pass *p, bool backward)
{
	struct attention at = {p, backward};
	tw_pool_run(p->net->c.pool, (size_t)p->b->n_docs * (size_t)p->net->s->H_kv, attend, &at);
}
