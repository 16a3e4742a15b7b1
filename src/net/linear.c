/* Products with the weights and their adapters, and the gradients of the adapters. */
#include <string.h>

#include "net/pass_int.h"
#include "net/qnet.h"

#define TOKENS 112 /* whose gradients stay in the second cache */

/* --- adapters of a group --- */

/* One adapted projection, and its columns in y (T, out) and in xa and dyb (T, width). */
struct part {
	enum tw_proj p;
	const struct tw_lora_pair *pair;
	int out, column, at;
};

struct parts {
	struct part part[TW_GROUP_MOST];
	int n;
	int in, out, rank, width; /* width = n rank */
	float *xa;		  /* of the group */
};

static struct parts parts_of(const struct tw_net *net, int layer, enum tw_group g)
{
	struct parts all = {.in = tw_group_in(net->s, g),
			    .rank = net->lora->rank,
			    .xa = net->acts[layer].xa[g]};
	for (int i = 0; i < tw_groups[g].n; i++) {
		enum tw_proj p = tw_groups[g].p[i];
		const struct tw_lora_pair *pair = tw_lora_at(net->lora, layer, p);
		int out = tw_proj_out(net->s, p);
		if (pair)
			all.part[all.n++] = (struct part){p, pair, out, all.out, all.width};
		all.width += pair ? all.rank : 0;
		all.out += out;
	}
	return all;
}

/* Parts that read the same input: all of them, or with dropout each alone. Their As are one matrix (width, in). */
struct span {
	const struct part *part;
	int n, at, width;
	const float *x;
};

static int next_span(struct span *s, const struct tw_net *net, const struct parts *all, int i)
{
	int n = net->drop.on ? 1 : all->n;
	*s = (struct span){
		.part = &all->part[i], .n = n, .at = all->part[i].at, .width = n * all->rank};
	return i + n;
}

/* s->x = drop(x) for the span, which its As read. */
static void drop_span(struct tw_net *net, struct span *s, int layer, const float *x, int T)
{
	s->x = x;
	if (net->drop.on) {
		tw_net_drop(net, layer, s->part->p, net->dropped, x, T, false);
		s->x = net->dropped;
	}
}

/* xa = s->x A^T in the span's columns. */
static void read_span(struct tw_net *net, const struct parts *all, const struct span *s, int T)
{
	tw_gemm_run(&net->c, &(struct tw_gemm){.tb = true,
					       .m = T,
					       .n = s->width,
					       .k = all->in,
					       .alpha = 1,
					       .a = s->x,
					       .lda = all->in,
					       .b = tw_params(net) + s->part->pair->a,
					       .ldb = all->in,
					       .c = all->xa + s->at,
					       .ldc = all->width});
}

/* Products that are added to what the frozen weights give, one for each part or one in all. */
struct added {
	struct tw_gemm g[TW_GROUP_MOST];
	int n;
};

/* y += s xa B^T in the part's columns. */
static struct tw_gemm writing(const struct tw_net *net, const struct parts *all,
			      const struct part *q, float *y, int T)
{
	return (struct tw_gemm){.tb = true,
				.m = T,
				.n = q->out,
				.k = all->rank,
				.alpha = net->lora->scale,
				.a = all->xa + q->at,
				.lda = all->width,
				.b = tw_params(net) + q->pair->b,
				.ldb = all->rank,
				.beta = 1,
				.c = y + q->column,
				.ldc = all->out};
}

/* y (T, out) += s (drop(x) A^T) B^T, of which the first product is made. */
static struct added read_adapters(struct tw_net *net, enum tw_group g, float *y, const float *x,
				  int T)
{
	const struct parts all = parts_of(net, net->layer, g);
	struct added added = {.n = all.n};
	struct span s;
	for (int i = 0; i < all.n;) {
		i = next_span(&s, net, &all, i);
		drop_span(net, &s, net->layer, x, T);
		read_span(net, &all, &s, T);
	}
	for (int i = 0; i < all.n; i++)
		added.g[i] = writing(net, &all, &all.part[i], y, T);
	return added;
}

/* A GPU has no second cache to think of. */
static int at_a_time(const struct tw_net *net, int T)
{
	return net->dev->resident ? T : TOKENS;
}

/* One projection of a group: g += s dy^T xa, and dyb = s dy b; a few tokens at a time, so that dy is fetched once. The
 * gradient is made as its transpose, of few rows, for which dy is read as it lies. */
static void pair_backward(struct tw_net *net, const struct parts *all, const struct part *q,
			  const float *b, float *g, const float *dy, int T)
{
	const float scale = net->lora->scale;
	const int most = at_a_time(net, T);
	for (int t = 0; t < T; t += most) {
		const float *rows = dy + (ptrdiff_t)t * all->out + q->column;
		const ptrdiff_t at = (ptrdiff_t)t * all->width + q->at;
		const int n = T - t < most ? T - t : most;
		tw_gemm_run(&net->c, &(struct tw_gemm){.m = n,
						       .n = all->rank,
						       .k = q->out,
						       .alpha = scale,
						       .a = rows,
						       .lda = all->out,
						       .b = b,
						       .ldb = all->rank,
						       .c = net->dyb + at,
						       .ldc = all->width});
		tw_gemm_run(&net->c, &(struct tw_gemm){.ta = true,
						       .m = all->rank,
						       .n = q->out,
						       .k = n,
						       .alpha = scale,
						       .a = all->xa + at,
						       .lda = all->width,
						       .b = rows,
						       .ldb = all->out,
						       .beta = t > 0,
						       .c = net->turned,
						       .ldc = q->out});
	}
	if (T > 0)
		net->dev->add_turned(g, net->turned, q->out, all->rank);
}

/* to (out, r) = D (out) times x (out, r); `add`: to += that. */
static void scale_halves(float *to, const float *by, const float *x, const struct parts *all,
			 const struct part *q, bool add)
{
	for (int i = 0; i < q->out; i++)
		for (int k = 0; k < all->rank; k++) {
			ptrdiff_t at = (ptrdiff_t)i * all->rank + k;
			to[at] = (add ? to[at] : 0) + by[i] * x[at];
		}
}

struct magnitudes {
	const float *dy, *y, *m;
	float *g;
	int T, dy_ld, y_ld;
};

static void magnitudes_backward(void *ctx, int begin, int end)
{
	const struct magnitudes *q = ctx;
	double sum[TW_LORA_ROWS] = {0};
	for (ptrdiff_t t = 0; t < q->T; t++)
		for (int i = begin; i < end; i++)
			sum[i - begin] +=
				(double)q->dy[t * q->dy_ld + i] * (double)q->y[t * q->y_ld + i];
	for (int i = begin; i < end; i++) /* where m is 0, so is y */
		if (q->m[i] != 0)
			q->g[i] += (float)(sum[i - begin] / (double)q->m[i]);
}

/* dm_i += sum over tokens of dy_i y_i / m_i, with y = x W'^T once more. */
static void measure_backward(struct tw_net *net, const struct parts *all, const struct part *q,
			     const float *x, const float *dy, int T)
{
	struct tw_lora *l = net->lora;
	tw_gemm_run(&net->c, &(struct tw_gemm){.tb = true,
					       .m = T,
					       .n = q->out,
					       .k = all->in,
					       .alpha = 1,
					       .a = x,
					       .lda = all->in,
					       .b = net->merged + (ptrdiff_t)q->column * all->in,
					       .ldb = all->in,
					       .c = net->part_y,
					       .ldc = q->out});
	struct magnitudes at = {
		dy + q->column, net->part_y, l->p + q->pair->m, l->g + q->pair->m, T,
		all->out,	q->out};
	tw_for_pieces(&net->c, q->out, TW_LORA_ROWS, magnitudes_backward, &at);
}

/* With DoRA, D = m / ||W + s B A|| being a constant: dB += D s dy^T xa, dyb = s dy (D B). */
static void part_backward(struct tw_net *net, const struct parts *all, const struct part *q,
			  const float *x, const float *dy, int T)
{
	const size_t n = (size_t)q->out * (size_t)all->rank;
	const float *b = tw_params(net) + q->pair->b;
	float *g = tw_gradients(net) + q->pair->b;
	if (!net->lora->dora) {
		pair_backward(net, all, q, b, g, dy, T);
		return;
	}
	const float *by = net->merged_by + q->column;
	float *b_by = net->half, *g_by = net->half + n;
	scale_halves(b_by, by, b, all, q, false);
	memset(g_by, 0, n * sizeof(*g_by));
	pair_backward(net, all, q, b_by, g_by, dy, T);
	scale_halves(g, by, g_by, all, q, true);
	measure_backward(net, all, q, x, dy, T);
}

/* The span's dA += dyb^T x, a few tokens at a time, so that x is fetched once. */
static void as_backward(struct tw_net *net, const struct parts *all, const struct span *s, int T)
{
	const int most = at_a_time(net, T);
	for (int t = 0; t < T; t += most)
		tw_gemm_run(&net->c,
			    &(struct tw_gemm){.ta = true,
					      .m = s->width,
					      .n = all->in,
					      .k = T - t < most ? T - t : most,
					      .alpha = 1,
					      .a = net->dyb + (ptrdiff_t)t * all->width + s->at,
					      .lda = all->width,
					      .b = s->x + (ptrdiff_t)t * all->in,
					      .ldb = all->in,
					      .beta = 1,
					      .c = tw_gradients(net) + s->part->pair->a,
					      .ldc = all->in});
}

/*
 * y = x W^T + s (drop(x) A^T) B^T, so dB = s dy^T (drop(x) A^T) and dA = s (dy B)^T drop(x).
 */
void tw_net_lora_backward(struct tw_net *net, int layer, enum tw_group g, const float *x,
			  const float *dy, int T)
{
	const struct parts all = parts_of(net, layer, g);
	struct span s;
	for (int i = 0; i < all.n;) {
		i = next_span(&s, net, &all, i);
		drop_span(net, &s, layer, x, T);
		if (!net->keeps_xa)
			read_span(net, &all, &s, T);
		for (int k = 0; k < s.n; k++)
			part_backward(net, &all, &s.part[k], x, dy, T);
		as_backward(net, &all, &s, T);
	}
}

/* to = dyb A of the span; `add`: to += that. */
static struct tw_gemm leaving(const struct tw_net *net, const struct parts *all,
			      const struct span *s, float *to, bool add, int T)
{
	return (struct tw_gemm){.m = T,
				.n = all->in,
				.k = s->width,
				.alpha = 1,
				.a = net->dyb + s->at,
				.lda = all->width,
				.b = tw_params(net) + s->part->pair->a,
				.ldb = all->in,
				.beta = add,
				.c = to,
				.ldc = all->in};
}

/* dx += dyb A: what went through the adapters; none where there is dropout. */
static struct added leave_adapters(struct tw_net *net, enum tw_group g, float *dx, int T)
{
	const struct parts all = parts_of(net, net->layer, g);
	struct added added = {0};
	struct span s;
	if (all.n == 0 || net->drop.on)
		return added;
	next_span(&s, net, &all, 0);
	added.g[added.n++] = leaving(net, &all, &s, dx, true, T);
	return added;
}

/* dx += drop(dyb A), with a mask for each part. */
static void leave_dropout(struct tw_net *net, enum tw_group g, float *dx, int T)
{
	const struct parts all = parts_of(net, net->layer, g);
	struct span s;
	for (int i = 0; i < all.n;) {
		i = next_span(&s, net, &all, i);
		const struct tw_gemm p = leaving(net, &all, &s, net->dropped, false, T);
		tw_gemm_run(&net->c, &p);
		tw_net_drop(net, net->layer, s.part->p, dx, net->dropped, T, true);
	}
}

/* --- the group --- */

/* y (T, out) = x (T, in) W^T, or with `back` y (T, in) = x (T, out) W; and what is added. */
static void frozen(struct tw_net *net, enum tw_group g, bool back, float *y, const float *x, int T,
		   const struct added *added)
{
	int in = tw_group_in(net->s, g), out = tw_group_out(net->s, g);
	if (net->q) {
		tw_net_q_group(net, g, back,
			       &(struct tw_q_product){.y = y,
						      .x = x,
						      .T = T,
						      .by = 1,
						      .then = added->g,
						      .n_then = added->n});
		return;
	}
	tw_gemm_run(&net->c, &(struct tw_gemm){.tb = !back,
					       .m = T,
					       .n = back ? in : out,
					       .k = back ? out : in,
					       .alpha = 1,
					       .a = x,
					       .lda = back ? out : in,
					       .b = net->merged,
					       .ldb = in,
					       .c = y,
					       .ldc = back ? in : out,
					       .packed = net->packed});
	for (int i = 0; i < added->n; i++)
		tw_gemm_run(&net->c, &added->g[i]);
}

void tw_net_linear(struct tw_net *net, enum tw_group g, float *y, const float *x, int T)
{
	struct added added = {0};
	if (net->apart)
		added = read_adapters(net, g, y, x, T);
	frozen(net, g, false, y, x, T, &added);
}

void tw_net_linear_backward(struct tw_net *net, enum tw_group g, float *dx, const float *dy, int T)
{
	struct added added = {0};
	if (net->apart)
		added = leave_adapters(net, g, dx, T);
	frozen(net, g, true, dx, dy, T, &added);
	if (net->drop.on)
		leave_dropout(net, g, dx, T);
}
