/* From the gradient of the last block's output to those of the adapters. */
#include "net/pass_int.h"

/* h = what entered `down`, again. */
static void activate_again(void *ctx, int begin, int end)
{
	tw_pass_activate(ctx, begin, end);
}

/* dy = gradient of what attention or feed-forward gave, dx being that of the residual stream which it joined. */
static void leave_joint(const struct tw_pass *p, const struct tw_joint *j, int begin, int end)
{
	const struct tw_shape *s = p->net->s;
	ptrdiff_t at = (ptrdiff_t)begin * s->C, n = (ptrdiff_t)(end - begin) * s->C;
	const float *dx = p->net->dx + at;
	float *dy = p->net->dy + at, *dn = p->net->dn + at, *to = s->post_norm ? dn : dy;
	p->net->dev->multiply(to, dx, s->residual_scale, n);
	if (!s->post_norm)
		return;
	p->net->dev->clear(dy, n);
	p->net->dev->rmsnorm_backward(dy, dn, j->rstd + begin, j->y + at, j->norm, end - begin,
				      s->C);
}

static void leave_ffn(void *ctx, int begin, int end)
{
	const struct tw_joint j = tw_joint_ffn(ctx);
	leave_joint(ctx, &j, begin, end);
}

static void leave_attention(void *ctx, int begin, int end)
{
	const struct tw_joint j = tw_joint_attention(ctx);
	leave_joint(ctx, &j, begin, end);
}

/* The gradient of what joined the residual stream: often that of the stream itself. */
static const float *before_joint(struct tw_pass *p, void (*leave)(void *pass, int begin, int end))
{
	if (!p->net->s->post_norm && p->net->s->residual_scale == 1)
		return p->net->dx;
	tw_pass_run(p, leave);
	return p->net->dy;
}

static void activate_backward(void *ctx, int begin, int end)
{
	struct tw_pass *p = ctx;
	const struct tw_shape *s = p->net->s;
	float *gu = p->a->gu + (ptrdiff_t)begin * 2 * s->F;
	const float *dh = p->net->h + (ptrdiff_t)begin * s->F;
	ptrdiff_t at = (ptrdiff_t)begin * s->C;
	if (s->gelu)
		p->net->dev->geglu_backward(gu, dh, gu, end - begin, s->F);
	else
		p->net->dev->swiglu_backward(gu, dh, gu, end - begin, s->F);
	if (s->pre_norm)
		p->net->dev->rmsnorm_again(p->net->norm + at, p->a->rstd2 + begin, p->a->x_mid + at,
					   p->w->ffn_norm, end - begin, s->C);
}

/* dx += gradient of x, dn being that of what the projections read. */
static void enter_backward(const struct tw_pass *p, const float *x, const float *rstd,
			   const float *norm, int begin, int end)
{
	int C = p->net->s->C;
	ptrdiff_t at = (ptrdiff_t)begin * C;
	float *dx = p->net->dx;
	const float *dn = p->net->dn;
	if (p->net->s->pre_norm)
		p->net->dev->rmsnorm_backward(dx + at, dn + at, rstd + begin, x + at, norm,
					      end - begin, C);
	else
		p->net->dev->add(dx + at, dn + at, (ptrdiff_t)(end - begin) * C);
}

static void enter_ffn_backward(void *ctx, int begin, int end)
{
	struct tw_pass *p = ctx;
	enter_backward(p, p->a->x_mid, p->a->rstd2, p->w->ffn_norm, begin, end);
}

static void enter_block_backward(void *ctx, int begin, int end)
{
	struct tw_pass *p = ctx;
	enter_backward(p, p->a->x_in, p->a->rstd1, p->w->attn_norm, begin, end);
}

/* Also makes the norm again that the projections read. */
static void finish_qkv_backward(void *ctx, int begin, int end)
{
	struct tw_pass *p = ctx;
	const struct tw_shape *s = p->net->s;
	int ld = tw_qkv_dim(s);
	ptrdiff_t at = (ptrdiff_t)begin * s->C;
	tw_pass_rotate(p, p->net->dqkv, begin, end, -1);
	if (s->qk_norm) {
		const struct tw_heads_norm norm = tw_pass_heads_norm(p);
		ptrdiff_t heads = s->H + s->H_kv;
		p->net->dev->heads_norm_backward(
			p->net->dqkv + (ptrdiff_t)begin * ld, p->net->dqk + begin * heads * s->D,
			p->a->qk_rstd + begin * heads, p->a->qk + begin * heads * s->D, &norm,
			end - begin);
	}
	if (s->pre_norm)
		p->net->dev->rmsnorm_again(p->net->norm + at, p->a->rstd1 + begin, p->a->x_in + at,
					   p->w->attn_norm, end - begin, s->C);
}

/* What read x and gave y: gradients of the adapters, and dx unless that is NULL. */
static void linear(struct tw_pass *p, enum tw_group g, float *dx, const float *x, const float *dy)
{
	struct tw_net *net = p->net;
	if (dx || net->lora->dora)
		tw_net_merge(net, p->layer, g,
			     net->lora->dora ? TW_MERGED_ROWS : TW_MERGED_BACKWARD);
	tw_net_lora_backward(net, p->layer, g, x, dy, p->b->T);
	if (dx)
		tw_net_linear_backward(net, g, dx, dy, p->b->T);
}

static void block_backward(struct tw_pass *p)
{
	struct tw_net *net = p->net;
	struct tw_block_acts *a = p->a;
	const float *dy = before_joint(p, leave_ffn);
	tw_pass_run(p, activate_again);
	linear(p, TW_GROUP_DOWN, net->h, net->h, dy);
	tw_pass_run(p, activate_backward);
	linear(p, TW_GROUP_GATE_UP, net->dn, tw_pass_input(p, a->x_mid), a->gu);
	tw_pass_run(p, enter_ffn_backward);

	dy = before_joint(p, leave_attention);
	linear(p, TW_GROUP_O, net->h, a->att, dy);
	net->dev->attention(p, true);
	tw_pass_run(p, finish_qkv_backward);
	const bool first = p->layer == 0; /* the embeddings are not trained */
	linear(p, TW_GROUP_QKV, first ? NULL : net->dn, tw_pass_input(p, a->x_in), net->dqkv);
	if (!first)
		tw_pass_run(p, enter_block_backward);
}

void tw_net_backward(struct tw_net *net, const struct tw_batch *b)
{
	for (int i = net->s->n_layer - 1; i >= 0; i--) {
		struct tw_pass p = tw_pass_of(net, b, i);
		p.out = net->dn;
		if (net->size.recompute)
			tw_pass_block(&p, true);
		block_backward(&p);
	}
}
