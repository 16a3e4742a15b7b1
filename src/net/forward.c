/* From tokens to the last block's output. */
#include "net/pass_int.h"

static void embed(void *ctx, int begin, int end)
{
	struct tw_pass *p = ctx;
	p->net->dev->embed(p, begin, end);
}

/* x (rows of n) += the bias of the group, if it has one. */
static void add_bias(const struct tw_pass *p, enum tw_group g, float *x, int n, int begin, int end)
{
	const float *bias = p->w->bias[g];
	if (bias)
		p->net->dev->add_bias(x + (ptrdiff_t)begin * n, bias, end - begin, n);
}

/* The norm before attention. */
static void enter_block(void *ctx, int begin, int end)
{
	struct tw_pass *p = ctx;
	int C = p->net->s->C;
	ptrdiff_t at = (ptrdiff_t)begin * C;
	if (p->net->s->pre_norm)
		p->net->dev->rmsnorm_forward(p->net->norm + at, p->a->rstd1 + begin,
					     p->a->x_in + at, p->w->attn_norm, end - begin, C,
					     p->net->s->eps);
}

/* What some architectures do to q, k and v, and nearly all do to q and k, which lie side by side. */
static void finish_qkv(void *ctx, int begin, int end)
{
	struct tw_pass *p = ctx;
	const struct tw_shape *s = p->net->s;
	int ld = tw_qkv_dim(s);
	float *qkv = p->a->qkv;
	add_bias(p, TW_GROUP_QKV, qkv, ld, begin, end);
	if (s->qk_norm) {
		const struct tw_heads_norm norm = tw_pass_heads_norm(p);
		ptrdiff_t heads = s->H + s->H_kv;
		p->net->dev->heads_norm_forward(qkv + (ptrdiff_t)begin * ld,
						p->a->qk + begin * heads * s->D,
						p->a->qk_rstd + begin * heads, &norm, end - begin);
	}
	tw_pass_rotate(p, qkv, begin, end, 1);
}

/* What attention or feed-forward gave, in `y`, joins the residual stream: to = x + scale norm(y). Without a norm, y is
 * `to`. */
static void join(const struct tw_pass *p, const struct tw_joint *j, float *to, const float *x,
		 int begin, int end)
{
	const struct tw_shape *s = p->net->s;
	ptrdiff_t at = (ptrdiff_t)begin * s->C;
	float by = s->residual_scale;
	float *y = s->post_norm ? j->y : to;
	add_bias(p, j->g, y, s->C, begin, end);
	if (s->post_norm)
		p->net->dev->rmsnorm_forward(to + at, j->rstd + begin, y + at, j->norm, end - begin,
					     s->C, s->eps);
	p->net->dev->join(to + at, x + at, by, (ptrdiff_t)(end - begin) * s->C);
}

static void enter_ffn(void *ctx, int begin, int end)
{
	struct tw_pass *p = ctx;
	const struct tw_joint j = tw_joint_attention(p);
	int C = p->net->s->C;
	ptrdiff_t at = (ptrdiff_t)begin * C;
	join(p, &j, p->a->x_mid, p->a->x_in, begin, end);
	if (p->net->s->pre_norm)
		p->net->dev->rmsnorm_forward(p->net->norm + at, p->a->rstd2 + begin,
					     p->a->x_mid + at, p->w->ffn_norm, end - begin, C,
					     p->net->s->eps);
}

static void activate(void *ctx, int begin, int end)
{
	struct tw_pass *p = ctx;
	add_bias(p, TW_GROUP_GATE_UP, p->a->gu, 2 * p->net->s->F, begin, end);
	tw_pass_activate(p, begin, end);
}

static void leave(void *ctx, int begin, int end)
{
	struct tw_pass *p = ctx;
	const struct tw_joint j = tw_joint_ffn(p);
	join(p, &j, p->out, p->a->x_mid, begin, end);
}

void tw_pass_block(struct tw_pass *p, bool again)
{
	struct tw_net *net = p->net;
	struct tw_block_acts *a = p->a;
	bool post = net->s->post_norm;
	int T = p->b->T;
	tw_pass_run(p, enter_block);
	tw_net_merge(net, p->layer, TW_GROUP_QKV, TW_MERGED_FORWARD);
	tw_net_linear(net, TW_GROUP_QKV, a->qkv, tw_pass_input(p, a->x_in), T);
	tw_pass_run(p, finish_qkv);
	net->dev->attention(p, false);
	tw_net_merge(net, p->layer, TW_GROUP_O, TW_MERGED_FORWARD);
	tw_net_linear(net, TW_GROUP_O, post ? a->o : a->x_mid, a->att, T);
	tw_pass_run(p, enter_ffn);
	tw_net_merge(net, p->layer, TW_GROUP_GATE_UP, TW_MERGED_FORWARD);
	tw_net_linear(net, TW_GROUP_GATE_UP, a->gu, tw_pass_input(p, a->x_mid), T);
	tw_pass_run(p, activate);
	if (again && !post)
		return; /* what leaves the block is known */
	tw_net_merge(net, p->layer, TW_GROUP_DOWN, TW_MERGED_FORWARD);
	tw_net_linear(net, TW_GROUP_DOWN, post ? a->d : p->out, net->h, T);
	tw_pass_run(p, leave);
}

void tw_net_forward(struct tw_net *net, const struct tw_batch *b)
{
	int n = net->s->n_layer;
	struct tw_pass p = tw_pass_of(net, b, 0);
	tw_take_batch(net, b);
	tw_pass_run(&p, embed);
	for (int i = 0; i < n; i++) {
		p = tw_pass_of(net, b, i);
		p.out = i + 1 < n ? net->acts[i + 1].x_in : net->x_out;
		tw_pass_block(&p, false);
	}
}

/* --- what both directions do --- */

struct tw_joint tw_joint_attention(const struct tw_pass *p)
{
	return (struct tw_joint){TW_GROUP_O, p->a->o, p->a->o_rstd, p->w->attn_post_norm};
}

struct tw_joint tw_joint_ffn(const struct tw_pass *p)
{
	return (struct tw_joint){TW_GROUP_DOWN, p->a->d, p->a->d_rstd, p->w->ffn_post_norm};
}

const float *tw_pass_input(const struct tw_pass *p, const float *x)
{
	return p->net->s->pre_norm ? p->net->norm : x;
}

void tw_pass_activate(const struct tw_pass *p, int begin, int end)
{
	ptrdiff_t F = p->net->s->F;
	const struct tw_device *dev = p->net->dev;
	float *to = p->net->h + begin * F;
	const float *gu = p->a->gu + begin * 2 * F;
	if (p->net->s->gelu)
		dev->geglu_forward(to, gu, end - begin, (int)F);
	else
		dev->swiglu_forward(to, gu, end - begin, (int)F);
}

void tw_pass_rotate(const struct tw_pass *p, float *qkv, int begin, int end, int direction)
{
	const struct tw_shape *s = p->net->s;
	const struct tw_rotation rope = {s->H + s->H_kv, s->D, s->n_rot, s->rope_halves};
	const struct tw_temperature temperature = {s->temp_scale, s->temp_every, tw_q_dim(s),
						   tw_qkv_dim(s)};
	const int32_t *pos = p->net->in.pos + begin;
	int ld = tw_qkv_dim(s);
	float *x = qkv + (ptrdiff_t)begin * ld;
	if (p->w->rope != TW_ROPE_NONE)
		p->net->dev->rope(x, ld, p->net->rope[p->w->rope], pos, end - begin, &rope,
				  direction);
	if (s->temp_scale != 0) /* a factor of all of q: before or after the rotation is the same */
		p->net->dev->temper(x, pos, end - begin, &temperature);
}

struct tw_heads tw_pass_heads(const struct tw_pass *p)
{
	const struct tw_shape *s = p->net->s;
	return (struct tw_heads){.H = s->H,
				 .H_kv = s->H_kv,
				 .D = s->D,
				 .scale = s->attn_scale,
				 .cap = s->attn_cap,
				 .window = p->w->window};
}

struct tw_heads_norm tw_pass_heads_norm(const struct tw_pass *p)
{
	const struct tw_shape *s = p->net->s;
	return (struct tw_heads_norm){.H = s->H,
				      .H_kv = s->H_kv,
				      .D = s->D,
				      .ld = tw_qkv_dim(s),
				      .whole = s->qk_norm == TW_QK_WHOLE,
				      .eps = s->eps,
				      .q = p->w->q_norm,
				      .k = p->w->k_norm};
}
