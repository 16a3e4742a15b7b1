/* Attention by blocks of queries: the products run at the speed of sgemm, and the upper triangle is mostly left out. */
#include <math.h>
#include <string.h>

#include "net/kernels.h"

#define QUERIES 64

struct head {
	const struct tw_gemm_kernel *gemm;
	const struct tw_heads *hs;
	int ld, D, out_ld; /* from a token to the next, in qkv and in out */
	int q, k, v, o;	   /* columns */
};

static struct head head_of(const struct tw_heads *h, int head, const struct tw_gemm_kernel *gemm)
{
	int kv = head / (h->H / h->H_kv);
	return (struct head){.gemm = gemm,
			     .hs = h,
			     .ld = (h->H + 2 * h->H_kv) * h->D,
			     .D = h->D,
			     .out_ld = h->H * h->D,
			     .q = head * h->D,
			     .k = (h->H + kv) * h->D,
			     .v = (h->H + h->H_kv + kv) * h->D,
			     .o = head * h->D};
}

/* Queries [i0, i0 + n) against the keys [k0, k0 + keys) that one of them sees. */
struct tile {
	int i0, n, k0, keys;
};

static struct tile tile_at(const struct tw_heads *h, int i0, int T)
{
	struct tile t = {.i0 = i0, .n = T - i0 < QUERIES ? T - i0 : QUERIES};
	t.k0 = h->window && i0 >= h->window ? i0 - h->window + 1 : 0;
	t.keys = i0 + t.n - t.k0;
	return t;
}

/* Columns [*from, *to) of row i of a tile are what its query sees. */
static void seen_by(int *from, int *to, const struct tile *t, const struct tw_heads *h, int i)
{
	int query = t->i0 + i;
	*to = query + 1 - t->k0;
	*from = h->window && query >= h->window ? query - h->window + 1 - t->k0 : 0;
}

int64_t tw_attention_scratch(int T)
{
	return 2 * (int64_t)QUERIES * T;
}

/* s (n, keys) = scaled and capped q k^T. */
static void scores(float *s, const struct head *h, const float *qkv, const struct tile *t)
{
	h->gemm->run(&(struct tw_gemm){.tb = true,
				       .m = t->n,
				       .n = t->keys,
				       .k = h->D,
				       .alpha = h->hs->scale,
				       .a = qkv + (ptrdiff_t)t->i0 * h->ld + h->q,
				       .lda = h->ld,
				       .b = qkv + (ptrdiff_t)t->k0 * h->ld + h->k,
				       .ldb = h->ld,
				       .c = s,
				       .ldc = t->keys});
	if (h->hs->cap > 0)
		tw_cap(s, t->n * t->keys, h->hs->cap);
}

/* What lies outside of [from, to) becomes 0. */
static void clear_rest(float *row, int from, int to, int keys)
{
	memset(row, 0, (size_t)from * sizeof(*row));
	memset(row + to, 0, (size_t)(keys - to) * sizeof(*row));
}

/* Rows of s become probabilities; what a query does not see becomes 0. */
static void softmax(float *s, float *lse, const struct head *h, const struct tile *t)
{
	for (int i = 0; i < t->n; i++, s += t->keys) {
		int from, to;
		seen_by(&from, &to, t, h->hs, i);
		float most = tw_max(s + from, to - from);
		tw_exp_row(s + from, to - from, -most, 1.0f);
		float sum = (float)tw_sum(s + from, to - from);
		for (int j = from; j < to; j++)
			s[j] /= sum;
		clear_rest(s, from, to, t->keys);
		lse[(ptrdiff_t)(t->i0 + i) * h->hs->H] = most + logf(sum);
	}
}

void tw_attention_forward(float *out, float *lse, const float *qkv, int T,
			  const struct tw_heads *hs, int head, const struct tw_gemm_kernel *gemm,
			  float *scratch)
{
	struct head h = head_of(hs, head, gemm);
	for (int i0 = 0; i0 < T; i0 += QUERIES) {
		struct tile t = tile_at(hs, i0, T);
		scores(scratch, &h, qkv, &t);
		softmax(scratch, lse + head, &h, &t);
		gemm->run(&(struct tw_gemm){.m = t.n,
					    .n = h.D,
					    .k = t.keys,
					    .alpha = 1,
					    .a = scratch,
					    .lda = t.keys,
					    .b = qkv + (ptrdiff_t)t.k0 * h.ld + h.v,
					    .ldb = h.ld,
					    .c = out + (ptrdiff_t)i0 * h.out_ld + h.o,
					    .ldc = h.out_ld});
	}
}

/* ds = p (dp - out . dout) scale in place of dp, and p = e^(s - lse) in place of the scores s. */
static void score_gradient(float *dp, float *s, const float *lse, const float *out,
			   const float *dout, const struct head *h, const struct tile *t)
{
	for (int i = 0; i < t->n; i++, dp += t->keys, s += t->keys) {
		ptrdiff_t at = (ptrdiff_t)(t->i0 + i) * h->out_ld + h->o;
		float mean = tw_dot(out + at, dout + at, h->D), scale = h->hs->scale;
		int from, to;
		seen_by(&from, &to, t, h->hs, i);
		for (int j = from; j < to; j++)
			dp[j] = (dp[j] - mean) * scale;
		if (h->hs->cap > 0)
			tw_cap_backward(dp + from, s + from, to - from, h->hs->cap);
		tw_exp_row(s + from, to - from, -lse[(ptrdiff_t)(t->i0 + i) * h->hs->H], 1.0f);
		for (int j = from; j < to; j++)
			dp[j] *= s[j];
		clear_rest(s, from, to, t->keys);
		clear_rest(dp, from, to, t->keys);
	}
}

/* (keys, D) at column `to` of dqkv += p^T rows, rows (n, D) being ld apart. */
static void add_transposed(float *dqkv, int to, const struct head *h, const struct tile *t,
			   const float *p, const float *rows, int ld)
{
	h->gemm->run(&(struct tw_gemm){.ta = true,
				       .m = t->keys,
				       .n = h->D,
				       .k = t->n,
				       .alpha = 1,
				       .a = p,
				       .lda = t->keys,
				       .b = rows,
				       .ldb = ld,
				       .beta = 1,
				       .c = dqkv + (ptrdiff_t)t->k0 * h->ld + to,
				       .ldc = h->ld});
}

static void tile_backward(float *dqkv, const float *dout, const float *out, const float *lse,
			  const float *qkv, const struct head *h, const struct tile *t, float *p,
			  float *dp)
{
	const float *go = dout + (ptrdiff_t)t->i0 * h->out_ld + h->o;
	scores(p, h, qkv, t);
	h->gemm->run(&(struct tw_gemm){.tb = true,
				       .m = t->n,
				       .n = t->keys,
				       .k = h->D,
				       .alpha = 1,
				       .a = go,
				       .lda = h->out_ld,
				       .b = qkv + (ptrdiff_t)t->k0 * h->ld + h->v,
				       .ldb = h->ld,
				       .c = dp,
				       .ldc = t->keys});
	score_gradient(dp, p, lse, out, dout, h, t);
	add_transposed(dqkv, h->v, h, t, p, go, h->out_ld);
	h->gemm->run(&(struct tw_gemm){.m = t->n,
				       .n = h->D,
				       .k = t->keys,
				       .alpha = 1,
				       .a = dp,
				       .lda = t->keys,
				       .b = qkv + (ptrdiff_t)t->k0 * h->ld + h->k,
				       .ldb = h->ld,
				       .c = dqkv + (ptrdiff_t)t->i0 * h->ld + h->q,
				       .ldc = h->ld});
	add_transposed(dqkv, h->k, h, t, dp, qkv + (ptrdiff_t)t->i0 * h->ld + h->q, h->ld);
}

void tw_attention_backward(float *dqkv, const float *dout, const float *out, const float *lse,
			   const float *qkv, int T, const struct tw_heads *hs, int kv,
			   const struct tw_gemm_kernel *gemm, float *scratch)
{
	int group = hs->H / hs->H_kv;
	struct head any = head_of(hs, kv * group, gemm);
	for (int t = 0; t < T; t++) {
		float *row = dqkv + (ptrdiff_t)t * any.ld;
		memset(row + any.k, 0, (size_t)any.D * sizeof(*row));
		memset(row + any.v, 0, (size_t)any.D * sizeof(*row));
	}
	for (int head = kv * group; head < (kv + 1) * group; head++) {
		struct head h = head_of(hs, head, gemm);
		for (int i0 = 0; i0 < T; i0 += QUERIES) {
			struct tile t = tile_at(hs, i0, T);
			tile_backward(dqkv, dout, out, lse + head, qkv, &h, &t, scratch,
				      scratch + (ptrdiff_t)QUERIES * T);
		}
	}
}
