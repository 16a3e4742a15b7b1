/*
 * Attention on a GPU: all heads of some queries of a document at a time. The products are cuBLAS's, one call for all KV heads,
 * and so as many calls as query heads share one; what lies between them is a kernel (cuda/scores.cu). Half of the scores of
 * a tile are of keys that nobody sees, and computed in vain.
 */
#include "net/cut_int.h"
#include "net/device_cuda_int.h"
#include "net/pass_int.h"

#define SCORES ((int64_t)1 << 26) /* most floats of a tile; a row of each head at least */

int64_t tw_tiles_floats(const struct tw_shape *s, int longest)
{
	int64_t row = (int64_t)s->H * longest, rows = SCORES / row;
	return 2 * row * (rows < 1 ? 1 : rows < longest ? rows : longest);
}

struct tile {
	const struct tw_heads *h;
	int i0, n, k0, keys;
	int share;	/* query heads of a KV head */
	int ld, out_ld; /* from a token to the next, in qkv and in out */
	float *s, *ds;
};

/* Rows of queries that fit: all heads, all keys, twice. */
static int rows_of(const struct tw_heads *h, int T, int64_t scratch_floats)
{
	int64_t rows = scratch_floats / 2 / ((int64_t)h->H * T);
	return rows < T ? (int)rows : T;
}

static struct tile tile_at(const struct tw_heads *h, int i0, int T, float *scratch, int64_t floats)
{
	struct tile t = {.h = h,
			 .i0 = i0,
			 .n = tw_least(T - i0, rows_of(h, T, floats)),
			 .share = h->H / h->H_kv,
			 .ld = (h->H + 2 * h->H_kv) * h->D,
			 .out_ld = h->H * h->D,
			 .s = scratch,
			 .ds = scratch + floats / 2};
	t.k0 = h->window && i0 >= h->window ? i0 - h->window + 1 : 0;
	t.keys = i0 + t.n - t.k0;
	return t;
}

/* An operand of one query head of each KV head: its first number, and from a row, and from a head to the next. */
struct operand {
	const float *at;
	int ld;
	int64_t step;
};

/* Rows of queries in qkv, or of what is like them. */
static struct operand of_queries(const struct tile *t, const float *x, int ld, int shared)
{
	const int D = t->h->D;
	return (struct operand){x + (ptrdiff_t)t->i0 * ld + shared * D, ld, (int64_t)t->share * D};
}

static struct operand of_keys(const struct tile *t, const float *qkv)
{
	const struct tw_heads *h = t->h;
	return (struct operand){qkv + (ptrdiff_t)t->k0 * t->ld + h->H * h->D, t->ld, h->D};
}

static struct operand of_values(const struct tile *t, const float *qkv)
{
	const struct tw_heads *h = t->h;
	struct operand o = of_keys(t, qkv);
	o.at += h->H_kv * h->D;
	return o;
}

static struct operand of_scores(const struct tile *t, const float *s, int shared)
{
	const int64_t head = (int64_t)t->n * t->keys;
	return (struct operand){s + shared * head, t->keys, t->share * head};
}

/* c (m, n) = alpha op(a) op(b) + beta c, of all KV heads. */
static void multiply(const struct tile *t, struct operand c, struct operand a, bool ta,
		     struct operand b, bool tb, int m, int n, int k, float alpha, float beta)
{
	const struct tw_cuda_product p = {.ta = ta,
					  .tb = tb,
					  .m = m,
					  .n = n,
					  .k = k,
					  .alpha = alpha,
					  .beta = beta,
					  .a = a.at,
					  .b = b.at,
					  .c = (float *)c.at,
					  .lda = a.ld,
					  .ldb = b.ld,
					  .ldc = c.ld,
					  .a_step = a.step,
					  .b_step = b.step,
					  .c_step = c.step,
					  .count = t->h->H_kv};
	TW_GPU(product, &p);
}

/* s = alpha x y^T, rows of x being queries'. */
static void score(const struct tile *t, float *s, const float *x, int ld, struct operand y,
		  float alpha)
{
	for (int i = 0; i < t->share; i++)
		multiply(t, of_scores(t, s, i), of_queries(t, x, ld, i), false, y, true, t->n,
			 t->keys, t->h->D, alpha, 0);
}

/* Rows of queries of y = p x. */
static void weigh(const struct tile *t, float *y, int ld, const float *p, struct operand x)
{
	for (int i = 0; i < t->share; i++)
		multiply(t, of_queries(t, y, ld, i), of_scores(t, p, i), false, x, false, t->n,
			 t->h->D, t->keys, 1, 0);
}

/* Rows of keys or values, `to`, += p^T x, rows of x being queries'. */
static void add_transposed(const struct tile *t, struct operand to, const float *p, const float *x,
			   int ld)
{
	for (int i = 0; i < t->share; i++)
		multiply(t, to, of_scores(t, p, i), true, of_queries(t, x, ld, i), false, t->keys,
			 t->h->D, t->n, 1, 1);
}

static struct tw_cuda_scores scores_of(const struct tile *t, const float *lse)
{
	return (struct tw_cuda_scores){.s = t->s,
				       .H = t->h->H,
				       .n = t->n,
				       .keys = t->keys,
				       .i0 = t->i0,
				       .k0 = t->k0,
				       .window = t->h->window,
				       .cap = t->h->cap,
				       .lse = (float *)lse};
}

void tw_gpu_attention(float *out, float *lse, const float *qkv, int T, const struct tw_heads *h,
		      float *scratch, int64_t scratch_floats)
{
	struct tile t;
	for (int i0 = 0; i0 < T; i0 += t.n) {
		t = tile_at(h, i0, T, scratch, scratch_floats);
		const struct tw_cuda_scores s = scores_of(&t, lse);
		score(&t, t.s, qkv, t.ld, of_keys(&t, qkv), h->scale);
		TW_GPU(softmax, &s);
		weigh(&t, out, t.out_ld, t.s, of_values(&t, qkv));
	}
}

void tw_gpu_attention_backward(float *dqkv, const float *dout, const float *out, const float *lse,
			       const float *qkv, int T, const struct tw_heads *h, float *scratch,
			       int64_t scratch_floats)
{
	struct tile t = tile_at(h, 0, T, scratch, scratch_floats);
	TW_GPU(clear, dqkv, (int64_t)T * t.ld);
	for (int i0 = 0; i0 < T; i0 += t.n) {
		t = tile_at(h, i0, T, scratch, scratch_floats);
		const struct tw_cuda_scores_backward s = {.of = scores_of(&t, lse),
							  .ds = t.ds,
							  .out = out,
							  .dout = dout,
							  .D = h->D,
							  .scale = h->scale};
		score(&t, t.s, qkv, t.ld, of_keys(&t, qkv), h->scale);
		score(&t, t.ds, dout, t.out_ld, of_values(&t, qkv), 1);
		TW_GPU(softmax_backward, &s);
		add_transposed(&t, of_values(&t, dqkv), t.s, dout, t.out_ld);
		weigh(&t, dqkv, t.ld, t.ds, of_keys(&t, qkv));
		add_transposed(&t, of_keys(&t, dqkv), t.ds, qkv, t.ld);
	}
}
