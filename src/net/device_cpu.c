/* The CPU's table: functions of kernels.h, and what is too small to be one. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/device.h"
#include "net/pass_int.h"
#include "net/qnet.h"

static void copy(void *to, const void *from, size_t bytes)
{
	memcpy(to, from, bytes);
}

static enum tw_status check(struct tw_err *err)
{
	(void)err;
	return TW_OK;
}

/* --- rows --- */

static void scale_row(float *x, float by, int n)
{
	for (int i = 0; by != 1 && i < n; i++)
		x[i] *= by;
}

static void embed(struct tw_pass *p, int begin, int end)
{
	const struct tw_shape *s = p->net->s;
	float *x = p->a->x_in;
	for (int t = begin; t < end; t++) {
		float *row = x + (ptrdiff_t)t * s->C;
		tw_matrix_rows(row, &p->net->w->embed, p->b->tokens[t], 1);
		scale_row(row, s->embed_scale, s->C);
	}
	tw_noise_add(x + (ptrdiff_t)begin * s->C, s->C, &p->net->noise, p->b, begin, end);
}

static void add_bias(float *x, const float *bias, int T, int n)
{
	for (int t = 0; t < T; t++)
		for (int i = 0; i < n; i++)
			x[(ptrdiff_t)t * n + i] += bias[i];
}

static void join(float *to, const float *x, float by, ptrdiff_t n)
{
	for (ptrdiff_t i = 0; i < n; i++)
		to[i] = x[i] + by * to[i];
}

static void multiply(float *to, const float *x, float by, ptrdiff_t n)
{
	for (ptrdiff_t i = 0; i < n; i++)
		to[i] = by * x[i];
}

static void add(float *to, const float *x, ptrdiff_t n)
{
	for (ptrdiff_t i = 0; i < n; i++)
		to[i] += x[i];
}

static void clear(float *x, ptrdiff_t n)
{
	memset(x, 0, (size_t)n * sizeof(*x));
}

static void cap(float *x, ptrdiff_t n, float most)
{
	tw_cap(x, (int)n, most);
}

static void gather(float *to, const float *x, const int32_t *at, int n, int C)
{
	for (int i = 0; i < n; i++)
		memcpy(to + (ptrdiff_t)i * C, x + (ptrdiff_t)at[i] * C, (size_t)C * sizeof(*to));
}

static void add_turned(float *g, const float *t, int rows, int cols)
{
	for (ptrdiff_t k = 0; k < cols; k++)
		for (ptrdiff_t i = 0; i < rows; i++)
			g[i * cols + k] += t[k * rows + i];
}

static void temper(float *x, const int32_t *pos, int T, const struct tw_temperature *t)
{
	for (int i = 0; i < T; i++)
		scale_row(x + (ptrdiff_t)i * t->ld,
			  1 + t->scale * logf(1 + floorf((float)pos[i] / (float)t->every)), t->n);
}

/* --- norms --- */

static void rmsnorm_backward_at(float *dx, const int32_t *at, const float *dy, const float *rstd,
				const float *x, const float *w, int n, int C)
{
	for (ptrdiff_t i = 0; i < n; i++)
		tw_rmsnorm_backward(dx + (ptrdiff_t)at[i] * C, dy + i * C, rstd + i, x + i * C, w,
				    1, C);
}

static void norm_heads(float *row, float *before, float *rstd, const struct tw_heads_norm *n)
{
	int q = n->H * n->D, kv = n->H_kv * n->D;
	memcpy(before, row, (size_t)(q + kv) * sizeof(*row));
	tw_rmsnorm_forward(row, rstd, before, n->q, n->whole ? 1 : n->H, n->whole ? q : n->D,
			   n->eps);
	tw_rmsnorm_forward(row + q, rstd + n->H, before + q, n->k, n->whole ? 1 : n->H_kv,
			   n->whole ? kv : n->D, n->eps);
}

static void heads_norm_forward(float *x, float *before, float *rstd, const struct tw_heads_norm *n,
			       int T)
{
	ptrdiff_t heads = n->H + n->H_kv;
	for (ptrdiff_t t = 0; t < T; t++)
		norm_heads(x + t * n->ld, before + t * heads * n->D, rstd + t * heads, n);
}

static void norm_heads_backward(float *row, float *dy, const float *rstd, const float *before,
				const struct tw_heads_norm *n)
{
	int q = n->H * n->D, kv = n->H_kv * n->D;
	size_t bytes = (size_t)(q + kv) * sizeof(*row);
	memcpy(dy, row, bytes);
	memset(row, 0, bytes);
	tw_rmsnorm_backward(row, dy, rstd, before, n->q, n->whole ? 1 : n->H, n->whole ? q : n->D);
	tw_rmsnorm_backward(row + q, dy + q, rstd + n->H, before + q, n->k, n->whole ? 1 : n->H_kv,
			    n->whole ? kv : n->D);
}

static void heads_norm_backward(float *dx, float *dy, const float *rstd, const float *before,
				const struct tw_heads_norm *n, int T)
{
	ptrdiff_t heads = n->H + n->H_kv;
	for (ptrdiff_t t = 0; t < T; t++)
		norm_heads_backward(dx + t * n->ld, dy + t * heads * n->D, rstd + t * heads,
				    before + t * heads * n->D, n);
}

/* --- attention --- */

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
	struct tw_heads heads = tw_pass_heads(at->p);
	heads.q = net->q ? &q : NULL;
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

static void attention(struct tw_pass *p, bool backward)
{
	struct attention at = {p, backward};
	int units = backward ? p->net->s->H_kv : p->net->s->H;
	tw_pool_run(p->net->c.pool, (size_t)p->b->n_docs * (size_t)units, attend, &at);
}

/* --- loss --- */

/* What smoothing makes of a row: the loss, and the gradient that was made without it. `logits` is the gradient by
 * then, `sum` and `target_logit` are of what it was made from. */
static double smooth(double nll, float *logits, int32_t target, int V, double s, float scale,
		     double sum, double target_logit)
{
	double even = (double)scale * s / V;
	double lse = nll + target_logit;
	if (scale != 0) {
		for (int v = 0; v < V; v++)
			logits[v] -= (float)even;
		logits[target] += (float)((double)scale * s);
	}
	return (1 - s) * nll + s * (lse - sum / V);
}

/* `capped` (V): scratch where logits have a cap. */
static void lose_row(const struct tw_losing *l, int i, float *capped)
{
	int V = l->V;
	float *logits = l->logits + (ptrdiff_t)i * V;
	const int32_t *target = l->target + i;
	float scale = l->weight ? l->scale * l->weight[i] : l->scale;
	if (capped)
		memcpy(capped, logits, (size_t)V * sizeof(*capped));
	double sum = l->smoothing > 0 ? tw_sum(logits, V) : 0, logit = (double)logits[*target];
	double *loss = l->loss + i;
	tw_cross_entropy(loss, logits, target, 1, V, scale);
	l->nll[i] = *loss;
	if (l->scale != 0 && scale == 0) /* of weight 0: no gradient, and logits are spent */
		memset(logits, 0, (size_t)V * sizeof(*logits));
	if (l->smoothing > 0)
		*loss = smooth(*loss, logits, *target, V, l->smoothing, scale, sum, logit);
	if (capped)
		tw_cap_backward(logits, capped, V, l->cap);
}

static void lose(const struct tw_losing *l)
{
	float *capped = NULL;
	for (int i = 0; l->cap > 0 && i < l->n; i++)
		tw_cap(l->logits + (ptrdiff_t)i * l->V, l->V, l->cap);
	if (l->cap > 0 && l->scale != 0)
		capped = tw_xmalloc((size_t)l->V * sizeof(*capped));
	for (int i = 0; i < l->n; i++)
		lose_row(l, i, capped);
	free(capped);
}

const struct tw_device tw_device_cpu = {.name = "CPU",
					.alloc = tw_try_alloc,
					.release = free,
					.send = copy,
					.fetch = copy,
					.check = check,
					.run = tw_for_pieces,
					.embed = embed,
					.attention = attention,
					.drop = tw_drop,
					.lose = lose,
					.rmsnorm_forward = tw_rmsnorm_forward,
					.rmsnorm_again = tw_rmsnorm_again,
					.rmsnorm_backward = tw_rmsnorm_backward,
					.rope = tw_rope,
					.swiglu_forward = tw_swiglu_forward,
					.swiglu_backward = tw_swiglu_backward,
					.geglu_forward = tw_geglu_forward,
					.geglu_backward = tw_geglu_backward,
					.rmsnorm_backward_at = rmsnorm_backward_at,
					.heads_norm_forward = heads_norm_forward,
					.heads_norm_backward = heads_norm_backward,
					.temper = temper,
					.add_bias = add_bias,
					.join = join,
					.multiply = multiply,
					.add = add,
					.clear = clear,
					.cap = cap,
					.gather = gather,
					.add_turned = add_turned};
