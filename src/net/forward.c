/* From tokens to the last block's output. */
#include <math.h>
#include <string.h>

#include "net/pass_int.h"
#include "net/qnet.h"

static void scale_row(float *x, float by, int n)
{
	for (int i = 0; by != 1 && i < n; i++)
		x[i] *= by;
}

static void embed(void *ctx, int begin, int end)
{
	struct tw_pass *p = ctx;
	const struct tw_shape *s = p->net->s;
	float *x = p->a->x_in;
	for (int t = begin; t < end; t++) {
		float *row = x + (ptrdiff_t)t * s->C;
		tw_matrix_rows(row, &p->net->w->embed, p->b->tokens[t], 1);
		scale_row(row, s->embed_scale, s->C);
	}
	tw_noise_add(x + (ptrdiff_t)begin * s->C, s->C, &p->net->noise, p->b, begin, end);
}

/* x (rows of n) += the bias of the group, if it has one. */
static void add_bias(const struct tw_pass *p, enum tw_group g, float *x, int n, int begin, int end)
{
	const float *bias = p->w->bias[g];
	for (int t = begin; bias && t < end; t++)
		for (int i = 0; i < n; i++)
			x[(ptrdiff_t)t * n + i] += bias[i];
}

/* The norm before attention. */
static void enter_block(void *ctx, int begin, int end)
{
	struct tw_pass *p = ctx;
	int C = p->net->s->C;
	ptrdiff_t at = (ptrdiff_t)begin * C;
	if (p->net->s->pre_norm)
		tw_rmsnorm_forward(p->net->norm + at, p->a->rstd1 + begin, p->a->x_in + at,
				   p->w->attn_norm, end - begin, C, p->net->s->eps);
}

static void norm_heads(struct tw_pass *p, float *row, int t)
{
	const struct tw_shape *s = p->net->s;
	int heads = s->H + s->H_kv, q = tw_q_dim(s), kv = tw_kv_dim(s);
	bool whole = s->qk_norm == TW_QK_WHOLE;
	float *before = p->a->qk + (ptrdiff_t)t * heads * s->D;
	float *rstd = p->a->qk_rstd + (ptrdiff_t)t * heads;
	memcpy(before, row, (size_t)(heads * s->D) * sizeof(*row));
	tw_rmsnorm_forward(row, rstd, before, p->w->q_norm, whole ? 1 : s->H, whole ? q : s->D,
			   s->eps);
	tw_rmsnorm_forward(row + q, rstd + s->H, before + q, p->w->k_norm, whole ? 1 : s->H_kv,
			   whole ? kv : s->D, s->eps);
}

/* What some architectures do to q, k and v, and nearly all do to q and k, which lie side by side. */
static void finish_qkv(void *ctx, int begin, int end)
{
	struct tw_pass *p = ctx;
	const struct tw_shape *s = p->net->s;
	int ld = tw_qkv_dim(s);
	float *qkv = p->a->qkv;
	add_bias(p, TW_GROUP_QKV, qkv, ld, begin, end);
	for (int t = begin; s->qk_norm && t < end; t++)
		norm_heads(p, qkv + (ptrdiff_t)t * ld, t);
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
		tw_rmsnorm_forward(to + at, j->rstd + begin, y + at, j->norm, end - begin, s->C,
				   s->eps);
	for (ptrdiff_t i = at; i < (ptrdiff_t)end * s->C; i++)
		to[i] = x[i] + by * to[i];
}

static void enter_ffn(void *ctx, int begin, int end)
{
	struct tw_pass *p = ctx;
	const struct tw_joint j = tw_joint_attention(p);
	int C = p->net->s->C;
	ptrdiff_t at = (ptrdiff_t)begin * C;
	join(p, &j, p->a->x_mid, p->a->x_in, begin, end);
	if (p->net->s->pre_norm)
		tw_rmsnorm_forward(p->net->norm + at, p->a->rstd2 + begin, p->a->x_mid + at,
				   p->w->ffn_norm, end - begin, C, p->net->s->eps);
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
	tw_pass_attention(p, false);
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
	float *to = p->net->h + begin * F;
	const float *gu = p->a->gu + begin * 2 * F;
	if (p->net->s->gelu)
		tw_geglu_forward(to, gu, end - begin, (int)F);
	else
		tw_swiglu_forward(to, gu, end - begin, (int)F);
}

static void scale_queries(const struct tw_pass *p, float *qkv, int begin, int end)
{
	const struct tw_shape *s = p->net->s;
	for (int t = begin; t < end; t++)
		scale_row(qkv + (ptrdiff_t)t * tw_qkv_dim(s),
			  1 + s->temp_scale * logf(1 + floorf((float)p->b->pos[t] /
							      (float)s->temp_every)),
			  tw_q_dim(s));
}

void tw_pass_rotate(const struct tw_pass *p, float *qkv, int begin, int end, int direction)
{
	const struct tw_shape *s = p->net->s;
	const struct tw_rotation rope = {s->H + s->H_kv, s->D, s->n_rot, s->rope_halves};
	int ld = tw_qkv_dim(s);
	if (p->w->rope != TW_ROPE_NONE)
		tw_rope(qkv + (ptrdiff_t)begin * ld, ld, p->net->rope[p->w->rope],
			p->b->pos + begin, end - begin, &rope, direction);
	if (s->temp_scale != 0) /* a factor of all of q: before or after the rotation is the same */
		scale_queries(p, qkv, begin, end);
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
	const struct tw_q_scores q = tw_net_q_scores(net, worker);
	const struct tw_heads heads = {s->H,
				       s->H_kv,
				       s->D,
				       s->attn_scale,
				       s->attn_cap,
				       at->p->w->window,
				       net->q ? &q : NULL};
	int units = at->backward ? s->H_kv : s->H;
	int doc = (int)i / units, head = (int)i % units;
	ptrdiff_t t = at->p->b->doc[doc];
	int n = at->p->b->doc[doc + 1] - (int)t;
	const float *qkv = a->qkv + t * tw_qkv_dim(s);
	float *out = a->att + t * tw_q_dim(s), *lse = a->lse + t * s->H;
	float *scratch = net->attention + worker * net->attention_ld;
	if (at->backward)
		tw_attention_backward(net->dqkv + t * tw_qkv_dim(s), net->h + t * tw_q_dim(s), out,
				      lse, qkv, n, &heads, head, net->c.gemm, scratch);
	else
		tw_attention_forward(out, lse, qkv, n, &heads, head, net->c.gemm, scratch);
}

void tw_pass_attention(struct tw_pass *p, bool backward)
{
	struct attention at = {p, backward};
	int units = backward ? p->net->s->H_kv : p->net->s->H;
	tw_pool_run(p->net->c.pool, (size_t)p->b->n_docs * (size_t)units, attend, &at);
}
