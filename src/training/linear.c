/* Products with merged weights, and the gradients of the adapters. */
#include "training/net_int.h"

#define ROW_PIECE 64 /* rows of weights that a thread makes float32 at a time */

struct merge {
	struct tw_net *net;
	const struct tw_matrix *w;
	const float *a, *b; /* NULL: this one has no adapter */
	float *to;
};

static void merge_rows(void *ctx, int begin, int end)
{
	const struct merge *m = ctx;
	const struct tw_lora *l = m->net->lora;
	float *to = m->to + (ptrdiff_t)begin * m->w->cols;
	tw_matrix_rows(to, m->w, begin, end - begin);
	if (m->a)
		m->net->c.gemm->run(&(struct tw_gemm){.m = end - begin,
						      .n = m->w->cols,
						      .k = l->rank,
						      .alpha = l->scale,
						      .a = m->b + (ptrdiff_t)begin * l->rank,
						      .lda = l->rank,
						      .b = m->a,
						      .ldb = m->w->cols,
						      .beta = 1,
						      .c = to,
						      .ldc = m->w->cols});
}

void tw_net_merge(struct tw_net *net, int layer, enum tw_group g)
{
	const struct tw_lora *l = net->lora;
	float *to = net->merged;
	for (int i = 0; i < tw_groups[g].n; i++) {
		enum tw_proj p = tw_groups[g].first + (unsigned)i;
		struct merge m = {.net = net, .w = &net->w->block[layer].proj[p], .to = to};
		if (l->on[p]) {
			m.a = l->p + tw_lora_at(l, layer, p)->a;
			m.b = l->p + tw_lora_at(l, layer, p)->b;
		}
		tw_for_pieces(&net->c, m.w->rows, ROW_PIECE, merge_rows, &m);
		to += (ptrdiff_t)m.w->rows * m.w->cols;
	}
}

void tw_net_linear(struct tw_net *net, enum tw_group g, float *y, const float *x, int T)
{
	int in = tw_group_in(net->s, g), out = tw_group_out(net->s, g);
	tw_gemm_run(&net->c, &(struct tw_gemm){.tb = true,
					       .m = T,
					       .n = out,
					       .k = in,
					       .alpha = 1,
					       .a = x,
					       .lda = in,
					       .b = net->merged,
					       .ldb = in,
					       .c = y,
					       .ldc = out});
}

void tw_net_linear_backward(struct tw_net *net, enum tw_group g, float *dx, const float *dy, int T)
{
	int in = tw_group_in(net->s, g), out = tw_group_out(net->s, g);
	tw_gemm_run(&net->c, &(struct tw_gemm){.m = T,
					       .n = in,
					       .k = out,
					       .alpha = 1,
					       .a = dy,
					       .lda = out,
					       .b = net->merged,
					       .ldb = in,
					       .c = dx,
					       .ldc = in});
}

/* One projection of a group: dB += s dy^T xa, and dyb = s dy B, both in columns [at, at + r). */
static void projection_backward(struct tw_net *net, const struct tw_lora_pair *pair, int out,
				const float *dy, int ld, int T, int at, int width)
{
	struct tw_lora *l = net->lora;
	tw_gemm_run(&net->c, &(struct tw_gemm){.ta = true,
					       .m = out,
					       .n = l->rank,
					       .k = T,
					       .alpha = l->scale,
					       .a = dy,
					       .lda = ld,
					       .b = net->xa + at,
					       .ldb = width,
					       .beta = 1,
					       .c = l->g + pair->b,
					       .ldc = l->rank});
	tw_gemm_run(&net->c, &(struct tw_gemm){.m = T,
					       .n = l->rank,
					       .k = out,
					       .alpha = l->scale,
					       .a = dy,
					       .lda = ld,
					       .b = l->p + pair->b,
					       .ldb = l->rank,
					       .c = net->dyb + at,
					       .ldc = width});
}

/*
 * y = x W^T + s (x A^T) B^T, so dB = s dy^T (x A^T) and dA = s (dy B)^T x.
 * The As of a group are one matrix: x A^T and dA take one product each.
 */
void tw_net_lora_backward(struct tw_net *net, int layer, enum tw_group g, const float *x,
			  const float *dy, int T)
{
	struct tw_lora *l = net->lora;
	int width = tw_group_on(l, g) * l->rank, in = tw_group_in(net->s, g), at = 0, column = 0;
	size_t first = SIZE_MAX;
	for (int i = 0; i < tw_groups[g].n; i++) {
		enum tw_proj p = tw_groups[g].first + (unsigned)i;
		if (l->on[p] && tw_lora_at(l, layer, p)->a < first)
			first = tw_lora_at(l, layer, p)->a;
	}
	if (width == 0)
		return;
	tw_gemm_run(&net->c, &(struct tw_gemm){.tb = true,
					       .m = T,
					       .n = width,
					       .k = in,
					       .alpha = 1,
					       .a = x,
					       .lda = in,
					       .b = l->p + first,
					       .ldb = in,
					       .c = net->xa,
					       .ldc = width});
	for (int i = 0; i < tw_groups[g].n; i++) {
		enum tw_proj p = tw_groups[g].first + (unsigned)i;
		int out = tw_proj_out(net->s, p);
		if (l->on[p]) {
			projection_backward(net, tw_lora_at(l, layer, p), out, dy + column,
					    tw_group_out(net->s, g), T, at, width);
			at += l->rank;
		}
		column += out;
	}
	tw_gemm_run(&net->c, &(struct tw_gemm){.ta = true,
					       .m = width,
					       .n = in,
					       .k = T,
					       .alpha = 1,
					       .a = net->dyb,
					       .lda = width,
					       .b = x,
					       .ldb = in,
					       .beta = 1,
					       .c = l->g + first,
					       .ldc = in});
}
