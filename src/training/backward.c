/* From the gradient of the last block's output to those of the adapters. */
#include <string.h>

#include "training/net_int.h"

/* h = what entered `down`, again. */
static void activate_again(void *ctx, int begin, int end)
{
	struct tw_pass *p = ctx;
	int F = p->net->s->F;
	tw_swiglu_forward(p->net->h + (ptrdiff_t)begin * F, p->a->gu + (ptrdiff_t)begin * 2 * F,
			  end - begin, F);
}

static void activate_backward(void *ctx, int begin, int end)
{
	struct tw_pass *p = ctx;
	int F = p->net->s->F;
	float *gu = p->a->gu + (ptrdiff_t)begin * 2 * F;
	ptrdiff_t at = (ptrdiff_t)begin * p->net->s->C;
	tw_swiglu_backward(gu, p->net->h + (ptrdiff_t)begin * F, gu, end - begin, F);
	tw_rmsnorm_again(p->net->norm + at, p->a->rstd2 + begin, p->a->x_mid + at, p->w->ffn_norm,
			 end - begin, p->net->s->C);
}

static void ffn_norm_backward(void *ctx, int begin, int end)
{
	struct tw_pass *p = ctx;
	ptrdiff_t at = (ptrdiff_t)begin * p->net->s->C;
	tw_rmsnorm_backward(p->net->dx + at, p->net->dn + at, p->a->rstd2 + begin, p->a->x_mid + at,
			    p->w->ffn_norm, end - begin, p->net->s->C);
}

static void norm_heads_backward(struct tw_pass *p, float *row, int t)
{
	const struct tw_shape *s = p->net->s;
	int heads = s->H + s->H_kv, q = tw_q_dim(s);
	ptrdiff_t at = (ptrdiff_t)t * heads * s->D;
	const float *before = p->a->qk + at, *rstd = p->a->qk_rstd + (ptrdiff_t)t * heads;
	float *dy = p->net->dqk + at;
	size_t bytes = (size_t)(heads * s->D) * sizeof(*row);
	memcpy(dy, row, bytes);
	memset(row, 0, bytes);
	tw_rmsnorm_backward(row, dy, rstd, before, p->w->q_norm, s->H, s->D);
	tw_rmsnorm_backward(row + q, dy + q, rstd + s->H, before + q, p->w->k_norm, s->H_kv, s->D);
}

/* Also makes the norm again that the projections read. */
static void finish_qkv_backward(void *ctx, int begin, int end)
{
	struct tw_pass *p = ctx;
	const struct tw_shape *s = p->net->s;
	int ld = tw_qkv_dim(s);
	ptrdiff_t at = (ptrdiff_t)begin * s->C;
	const struct tw_rotation rope = {s->H + s->H_kv, s->D, s->n_rot, s->rope_halves};
	tw_rope(p->net->dqkv + (ptrdiff_t)begin * ld, ld, p->net->rope, p->b->pos + begin,
		end - begin, &rope, -1);
	for (int t = begin; s->qk_norm && t < end; t++)
		norm_heads_backward(p, p->net->dqkv + (ptrdiff_t)t * ld, t);
	tw_rmsnorm_again(p->net->norm + at, p->a->rstd1 + begin, p->a->x_in + at, p->w->attn_norm,
			 end - begin, s->C);
}

static void attn_norm_backward(void *ctx, int begin, int end)
{
	struct tw_pass *p = ctx;
	ptrdiff_t at = (ptrdiff_t)begin * p->net->s->C;
	tw_rmsnorm_backward(p->net->dx + at, p->net->dn + at, p->a->rstd1 + begin, p->a->x_in + at,
			    p->w->attn_norm, end - begin, p->net->s->C);
}

static void linear(struct tw_pass *p, enum tw_group g, float *dx, const float *dy)
{
	tw_net_merge(p->net, p->layer, g);
	tw_net_linear_backward(p->net, g, dx, dy, p->b->T);
}

static void block_backward(struct tw_pass *p)
{
	struct tw_net *net = p->net;
	struct tw_block_acts *a = p->a;
	int T = p->b->T;
	tw_pass_run(p, activate_again);
	tw_net_lora_backward(net, p->layer, TW_GROUP_DOWN, net->h, net->dx, T);
	linear(p, TW_GROUP_DOWN, net->h, net->dx);
	tw_pass_run(p, activate_backward);
	tw_net_lora_backward(net, p->layer, TW_GROUP_GATE_UP, net->norm, a->gu, T);
	linear(p, TW_GROUP_GATE_UP, net->dn, a->gu);
	tw_pass_run(p, ffn_norm_backward);

	tw_net_lora_backward(net, p->layer, TW_GROUP_O, a->att, net->dx, T);
	linear(p, TW_GROUP_O, net->h, net->dx);
	tw_pass_attention(p, true);
	tw_pass_run(p, finish_qkv_backward);
	tw_net_lora_backward(net, p->layer, TW_GROUP_QKV, net->norm, net->dqkv, T);
	if (p->layer == 0)
		return; /* the embeddings are not trained */
	linear(p, TW_GROUP_QKV, net->dn, net->dqkv);
	tw_pass_run(p, attn_norm_backward);
}

void tw_net_backward(struct tw_net *net, const struct tw_batch *b)
{
	for (int i = net->s->n_layer - 1; i >= 0; i--) {
		struct tw_pass p = tw_pass_of(net, b, i);
		block_backward(&p);
	}
}
