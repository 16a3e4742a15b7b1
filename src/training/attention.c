/* Attention by blocks of queries: the products run at the speed of sgemm, and the upper triangle is mostly left out. */
#include <math.h>
#include <string.h>

#include "training/kernels_int.h"

#define QUERIES 64

struct head {
	const struct tw_gemm_kernel *gemm;
	int ld, D, out_ld; /* from a token to the next, in qkv and in out */
	int q, k, v, o;	   /* columns */
	float scale;
};

static struct head head_of(const struct tw_heads *h, int kv, int head,
			   const struct tw_gemm_kernel *gemm)
{
	return (struct head){.gemm = gemm,
			     .ld = (h->H + 2 * h->H_kv) * h->D,
			     .D = h->D,
			     .out_ld = h->H * h->D,
			     .q = head * h->D,
			     .k = (h->H + kv) * h->D,
			     .v = (h->H + h->H_kv + kv) * h->D,
			     .o = head * h->D,
			     .scale = 1.0f / sqrtf((float)h->D)};
}

int64_t tw_attention_scratch(int T)
{
	return 2 * (int64_t)QUERIES * T;
}

/* s (n, keys) = q k^T for queries from i0 on. */
static void scores(float *s, const struct head *h, const float *qkv, int i0, int n)
{
	h->gemm->run(&(struct tw_gemm){.tb = true,
				       .m = n,
				       .n = i0 + n,
				       .k = h->D,
				       .alpha = h->scale,
				       .a = qkv + (ptrdiff_t)i0 * h->ld + h->q,
				       .lda = h->ld,
				       .b = qkv + h->k,
				       .ldb = h->ld,
				       .c = s,
				       .ldc = i0 + n});
}

static float most_of(const float *x, int n)
{
	float most = x[0];
	for (int i = 1; i < n; i++)
		most = x[i] > most ? x[i] : most;
	return most;
}

/* Rows of s become probabilities; what lies behind a query becomes 0. */
static void softmax(float *s, float *lse, int lse_ld, int i0, int n)
{
	int keys = i0 + n;
	for (int i = 0; i < n; i++, s += keys) {
		int seen = i0 + i + 1;
		float most = most_of(s, seen);
		tw_exp_row(s, seen, -most, 1.0f);
		float sum = (float)tw_sum(s, seen);
		for (int j = 0; j < seen; j++)
			s[j] /= sum;
		memset(s + seen, 0, (size_t)(keys - seen) * sizeof(*s));
		lse[(ptrdiff_t)i * lse_ld] = most + logf(sum);
	}
}

void tw_attention_forward(float *out, float *lse, const float *qkv, int T,
			  const struct tw_heads *hs, int kv, const struct tw_gemm_kernel *gemm,
			  float *scratch)
{
	int group = hs->H / hs->H_kv;
	for (int head = kv * group; head < (kv + 1) * group; head++) {
		struct head h = head_of(hs, kv, head, gemm);
		for (int i0 = 0; i0 < T; i0 += QUERIES) {
			int n = T - i0 < QUERIES ? T - i0 : QUERIES;
			scores(scratch, &h, qkv, i0, n);
			softmax(scratch, lse + (ptrdiff_t)i0 * hs->H + head, hs->H, i0, n);
			gemm->run(&(struct tw_gemm){.m = n,
						    .n = h.D,
						    .k = i0 + n,
						    .alpha = 1,
						    .a = scratch,
						    .lda = i0 + n,
						    .b = qkv + h.v,
						    .ldb = h.ld,
						    .c = out + (ptrdiff_t)i0 * h.out_ld + h.o,
						    .ldc = h.out_ld});
		}
	}
}

/* p (n, keys): probabilities again, from the sums that the forward pass kept. */
static void probabilities(float *p, const float *lse, int lse_ld, int i0, int n)
{
	int keys = i0 + n;
	for (int i = 0; i < n; i++, p += keys) {
		int seen = i0 + i + 1;
		tw_exp_row(p, seen, -lse[(ptrdiff_t)i * lse_ld], 1.0f);
		memset(p + seen, 0, (size_t)(keys - seen) * sizeof(*p));
	}
}

/* ds = p (dp - out . dout) scale, in place of dp. */
static void score_gradient(float *dp, const float *p, const float *out, const float *dout,
			   const struct head *h, int i0, int n)
{
	int keys = i0 + n;
	for (int i = 0; i < n; i++, dp += keys, p += keys) {
		ptrdiff_t at = (ptrdiff_t)(i0 + i) * h->out_ld + h->o;
		float mean = tw_dot(out + at, dout + at, h->D);
		for (int j = 0; j < keys; j++)
			dp[j] = p[j] * (dp[j] - mean) * h->scale;
	}
}

/* (keys, D) at column `to` of dqkv += p^T rows, rows (n, D) being ld apart. */
static void add_transposed(float *dqkv, int to, const struct head *h, const float *p, int keys,
			   int n, const float *rows, int ld)
{
	h->gemm->run(&(struct tw_gemm){.ta = true,
				       .m = keys,
				       .n = h->D,
				       .k = n,
				       .alpha = 1,
				       .a = p,
				       .lda = keys,
				       .b = rows,
				       .ldb = ld,
				       .beta = 1,
				       .c = dqkv + to,
				       .ldc = h->ld});
}

static void block_backward(float *dqkv, const float *dout, const float *out, const float *lse,
			   int lse_ld, const float *qkv, const struct head *h, int i0, int n,
			   float *p, float *dp)
{
	int keys = i0 + n;
	const float *go = dout + (ptrdiff_t)i0 * h->out_ld + h->o;
	scores(p, h, qkv, i0, n);
	probabilities(p, lse, lse_ld, i0, n);
	add_transposed(dqkv, h->v, h, p, keys, n, go, h->out_ld);
	h->gemm->run(&(struct tw_gemm){.tb = true,
				       .m = n,
				       .n = keys,
				       .k = h->D,
				       .alpha = 1,
				       .a = go,
				       .lda = h->out_ld,
				       .b = qkv + h->v,
				       .ldb = h->ld,
				       .c = dp,
				       .ldc = keys});
	score_gradient(dp, p, out, dout, h, i0, n);
	h->gemm->run(&(struct tw_gemm){.m = n,
				       .n = h->D,
				       .k = keys,
				       .alpha = 1,
				       .a = dp,
				       .lda = keys,
				       .b = qkv + h->k,
				       .ldb = h->ld,
				       .c = dqkv + (ptrdiff_t)i0 * h->ld + h->q,
				       .ldc = h->ld});
	add_transposed(dqkv, h->k, h, dp, keys, n, qkv + (ptrdiff_t)i0 * h->ld + h->q, h->ld);
}

void tw_attention_backward(float *dqkv, const float *dout, const float *out, const float *lse,
			   const float *qkv, int T, const struct tw_heads *hs, int kv,
			   const struct tw_gemm_kernel *gemm, float *scratch)
{
	int group = hs->H / hs->H_kv;
	struct head any = head_of(hs, kv, 0, gemm);
	for (int t = 0; t < T; t++) {
		float *row = dqkv + (ptrdiff_t)t * any.ld;
		memset(row + any.k, 0, (size_t)any.D * sizeof(*row));
		memset(row + any.v, 0, (size_t)any.D * sizeof(*row));
	}
	for (int head = kv * group; head < (kv + 1) * group; head++) {
		struct head h = head_of(hs, kv, head, gemm);
		for (int i0 = 0; i0 < T; i0 += QUERIES) {
			int n = T - i0 < QUERIES ? T - i0 : QUERIES;
			block_backward(dqkv, dout, out, lse + (ptrdiff_t)i0 * hs->H + head, hs->H,
				       qkv, &h, i0, n, scratch, scratch + (ptrdiff_t)QUERIES * T);
		}
	}
}
