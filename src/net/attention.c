/* Attention by blocks of queries: the products run at the speed of sgemm, and the upper triangle is mostly left out. */
#include <math.h>
#include <string.h>

#include "net/kernels.h"

#define QUERIES TW_Q_QUERIES
#define VECTOR	16 /* floats; rows of scores are whole ones */

struct head {
	const struct tw_gemm_kernel *gemm;
	const struct tw_heads *hs;
	int T, D;
	int ld, out_ld; /* from a token to the next, in qkv and in out */
	int q, k, v, o; /* columns */
};

static struct head head_of(const struct tw_heads *h, int T, int head,
			   const struct tw_gemm_kernel *gemm)
{
	int kv = head / (h->H / h->H_kv);
	return (struct head){.gemm = gemm,
			     .hs = h,
			     .T = T,
			     .ld = (h->H + 2 * h->H_kv) * h->D,
			     .D = h->D,
			     .out_ld = h->H * h->D,
			     .q = head * h->D,
			     .k = (h->H + kv) * h->D,
			     .v = (h->H + h->H_kv + kv) * h->D,
			     .o = head * h->D};
}

/* Queries [i0, i0 + n) against the keys [k0, k0 + keys), which are all that one of them sees, and with a window a few before:
 * k0 is where a strip of keys begins (qscores.h). Rows of scores are ld apart. */
struct tile {
	int i0, n, k0, keys, ld;
};

/* An odd number of lines of the cache, lest columns meet in the same sets of it. */
static int scores_ld(int T)
{
	return ((T + VECTOR - 1) / VECTOR | 1) * VECTOR;
}

static struct tile tile_at(const struct tw_heads *h, int i0, int T)
{
	struct tile t = {.i0 = i0, .n = T - i0 < QUERIES ? T - i0 : QUERIES};
	t.k0 = h->window && i0 >= h->window ? (i0 - h->window + 1) / TW_Q_COLS * TW_Q_COLS : 0;
	t.keys = i0 + t.n - t.k0;
	t.ld = scores_ld(T);
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
	return 2 * (int64_t)QUERIES * scores_ld(T);
}

/* s (n, keys) = alpha x y^T, rows of x (n, D) and y (T, D) being ldx and h->ld apart: where a query sees the key. */
static void scores(float *s, const struct head *h, const struct tile *t, float alpha,
		   const float *x, int ldx, enum tw_q_keys of, const float *y)
{
	if (h->hs->q) {
		tw_q_scores_run(h->hs->q, &(struct tw_q_score_tile){.of = of,
								    .T = h->T,
								    .D = h->D,
								    .n = t->n,
								    .first = t->k0,
								    .keys = t->keys,
								    .diagonal = t->i0 - t->k0,
								    .by = alpha,
								    .x = x,
								    .x_ld = ldx,
								    .s = s,
								    .s_ld = t->ld});
		return;
	}
	h->gemm->run(&(struct tw_gemm){.tb = true,
				       .m = t->n,
				       .n = t->keys,
				       .k = h->D,
				       .alpha = alpha,
				       .a = x,
				       .lda = ldx,
				       .b = y + (ptrdiff_t)t->k0 * h->ld,
				       .ldb = h->ld,
				       .c = s,
				       .ldc = t->ld,
				       .causal = TW_GEMM_C_CAUSAL,
				       .diagonal = t->i0 - t->k0});
}

/* Past the last key that is seen, up to where vectors end. */
static int whole_vectors(int to)
{
	return (to + VECTOR - 1) / VECTOR * VECTOR;
}

/* What lies outside of [from, to) becomes 0. */
static void clear_rest(float *row, int from, int to, int keys)
{
	memset(row, 0, (size_t)from * sizeof(*row));
	memset(row + to, 0, (size_t)(keys - to) * sizeof(*row));
}

/* Rows of s, of what its query sees, are capped, and become e^(s - their maximum), the others 0; by (n) = 1 / their sum. */
static void softmax(float *s, float *by, float *lse, const struct head *h, const struct tile *t)
{
	for (int i = 0; i < t->n; i++, s += t->ld) {
		int from, to;
		seen_by(&from, &to, t, h->hs, i);
		if (h->hs->cap > 0)
			tw_cap(s + from, to - from, h->hs->cap);
		int end = whole_vectors(to);
		for (int j = to; j < end; j++)
			s[j] = -INFINITY;
		float most = tw_max(s + from, end - from);
		float sum = (float)tw_exp_sum(s + from, end - from, -most);
		clear_rest(s, from, to, t->keys);
		by[i] = 1 / sum;
		lse[(ptrdiff_t)(t->i0 + i) * h->hs->H] = most + logf(sum);
	}
}

/* y (n, D) = p x, rows of x (keys, D) and y being h->ld and ldy apart. */
static void weigh(float *y, int ldy, const struct head *h, const struct tile *t, const float *p,
		  const float *x)
{
	h->gemm->run(&(struct tw_gemm){.m = t->n,
				       .n = h->D,
				       .k = t->keys,
				       .alpha = 1,
				       .a = p,
				       .lda = t->ld,
				       .b = x,
				       .ldb = h->ld,
				       .c = y,
				       .ldc = ldy,
				       .causal = TW_GEMM_A_CAUSAL,
				       .diagonal = t->i0 - t->k0});
}

void tw_attention_forward(float *out, float *lse, const float *qkv, int T,
			  const struct tw_heads *hs, int head, const struct tw_gemm_kernel *gemm,
			  float *scratch)
{
	struct head h = head_of(hs, T, head, gemm);
	if (hs->q)
		tw_q_scores_set(hs->q, TW_Q_KEYS, qkv + h.k, h.ld, T, h.D);
	for (int i0 = 0; i0 < T; i0 += QUERIES) {
		struct tile t = tile_at(hs, i0, T);
		const float *rows = qkv + (ptrdiff_t)t.k0 * h.ld;
		float *o = out + (ptrdiff_t)i0 * h.out_ld + h.o, by[QUERIES];
		scores(scratch, &h, &t, hs->scale, qkv + (ptrdiff_t)i0 * h.ld + h.q, h.ld,
		       TW_Q_KEYS, qkv + h.k);
		softmax(scratch, by, lse + head, &h, &t);
		weigh(o, h.out_ld, &h, &t, scratch, rows + h.v);
		for (int i = 0; i < t.n; i++)
			for (int d = 0; d < h.D; d++)
				o[(ptrdiff_t)i * h.out_ld + d] *= by[i];
	}
}

/* ds = p (dp - out . dout) scale in place of dp, and p = e^(s - lse) in place of the scores s; s is capped before. */
static void score_gradient(float *dp, float *s, const float *lse, const float *out,
			   const float *dout, const struct head *h, const struct tile *t)
{
	float mean[QUERIES];
	for (int i = 0; i < t->n; i++) {
		ptrdiff_t at = (ptrdiff_t)(t->i0 + i) * h->out_ld + h->o;
		mean[i] = tw_dot(out + at, dout + at, h->D);
	}
	for (int i = 0; i < t->n; i++, dp += t->ld, s += t->ld) {
		int from, to;
		seen_by(&from, &to, t, h->hs, i);
		if (h->hs->cap > 0) {
			tw_cap(s + from, to - from, h->hs->cap);
			for (int j = from; j < to; j++)
				dp[j] -= mean[i];
			tw_cap_backward(dp + from, s + from, to - from, h->hs->cap);
			mean[i] = 0;
		}
		tw_score_backward(dp + from, s + from, whole_vectors(to) - from,
				  lse[(ptrdiff_t)(t->i0 + i) * h->hs->H], mean[i], h->hs->scale);
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
				       .lda = t->ld,
				       .b = rows,
				       .ldb = ld,
				       .beta = 1,
				       .c = dqkv + (ptrdiff_t)t->k0 * h->ld + to,
				       .ldc = h->ld,
				       .causal = TW_GEMM_A_CAUSAL,
				       .diagonal = t->i0 - t->k0});
}

static void tile_backward(float *dqkv, const float *dout, const float *out, const float *lse,
			  const float *qkv, const struct head *h, const struct tile *t, float *p,
			  float *dp)
{
	const float *go = dout + (ptrdiff_t)t->i0 * h->out_ld + h->o;
	const float *queries = qkv + (ptrdiff_t)t->i0 * h->ld + h->q;
	const float *rows = qkv + (ptrdiff_t)t->k0 * h->ld;
	scores(p, h, t, h->hs->scale, queries, h->ld, TW_Q_KEYS, qkv + h->k);
	scores(dp, h, t, 1, go, h->out_ld, TW_Q_VALUES, qkv + h->v);
	score_gradient(dp, p, lse, out, dout, h, t);
	add_transposed(dqkv, h->v, h, t, p, go, h->out_ld);
	weigh(dqkv + (ptrdiff_t)t->i0 * h->ld + h->q, h->ld, h, t, dp, rows + h->k);
	add_transposed(dqkv, h->k, h, t, dp, queries, h->ld);
}

void tw_attention_backward(float *dqkv, const float *dout, const float *out, const float *lse,
			   const float *qkv, int T, const struct tw_heads *hs, int kv,
			   const struct tw_gemm_kernel *gemm, float *scratch)
{
	int group = hs->H / hs->H_kv;
	struct head any = head_of(hs, T, kv * group, gemm);
	if (hs->q) {
		tw_q_scores_set(hs->q, TW_Q_KEYS, qkv + any.k, any.ld, T, any.D);
		tw_q_scores_set(hs->q, TW_Q_VALUES, qkv + any.v, any.ld, T, any.D);
	}
	for (int t = 0; t < T; t++) {
		float *row = dqkv + (ptrdiff_t)t * any.ld;
		memset(row + any.k, 0, (size_t)any.D * sizeof(*row));
		memset(row + any.v, 0, (size_t)any.D * sizeof(*row));
	}
	for (int head = kv * group; head < (kv + 1) * group; head++) {
		struct head h = head_of(hs, T, head, gemm);
		for (int i0 = 0; i0 < T; i0 += QUERIES) {
			struct tile t = tile_at(hs, i0, T);
			tile_backward(dqkv, dout, out, lse + head, qkv, &h, &t, scratch,
				      scratch + (ptrdiff_t)QUERIES * t.ld);
		}
	}
}
