/* Norms, a block of threads a row; and what is done to each number by itself. The formulas: net/kernels.h. */
#include "net/cuda/block.cuh"
#include "net/cuda/kernels.cuh"

#define GELU_A 0.7978845608028654f /* sqrt(2 / pi) */
#define GELU_B 0.044715f

/* --- RMSNorm --- */

static __device__ float rstd_of(const float *x, int C, float eps, float *shared)
{
	float sum = 0;
	TW_EACH_OF_ROW(c, C)
		sum += x[c] * x[c];
	return 1.0f / sqrtf(tw_block_sum(sum, shared) / (float)C + eps);
}

/* dx += r (w dy - x r^2 mean(x w dy)), or with `in_place`, dx being dy, dx = that. */
static __device__ void row_backward(float *dx, const float *dy, const float *x, const float *w,
				    float r, int C, bool in_place, float *shared)
{
	float sum = 0;
	TW_EACH_OF_ROW(c, C)
		sum += x[c] * w[c] * dy[c];
	float mean = tw_block_sum(sum, shared) * r * r / (float)C;
	TW_EACH_OF_ROW(c, C)
	{
		float d = r * (w[c] * dy[c] - x[c] * mean);
		dx[c] = in_place ? d : dx[c] + d;
	}
}

static __global__ void rmsnorm_row(float *y, float *rstd, const float *x, const float *w, int C,
				   float eps)
{
	__shared__ float shared[TW_BLOCK_MOST];
	const int64_t t = blockIdx.x;
	float r = rstd_of(x + t * C, C, eps, shared);
	if (threadIdx.x == 0)
		rstd[t] = r;
	TW_EACH_OF_ROW(c, C)
		y[t * C + c] = x[t * C + c] * r * w[c];
}

static const char *rmsnorm(float *y, float *rstd, const float *x, const float *w, int T, int C,
			   float eps)
{
	return tw_start(rmsnorm_row, T, tw_row_threads(C), y, rstd, x, w, C, eps);
}

static __global__ void rmsnorm_row_again(float *y, const float *rstd, const float *x,
					 const float *w, int C)
{
	const int64_t t = blockIdx.x;
	TW_EACH_OF_ROW(c, C)
		y[t * C + c] = x[t * C + c] * rstd[t] * w[c];
}

static const char *rmsnorm_again(float *y, const float *rstd, const float *x, const float *w, int T,
				 int C)
{
	return tw_start(rmsnorm_row_again, T, tw_row_threads(C), y, rstd, x, w, C);
}

static __global__ void rmsnorm_row_backward(float *dx, const int32_t *at, const float *dy,
					    const float *rstd, const float *x, const float *w,
					    int C)
{
	__shared__ float shared[TW_BLOCK_MOST];
	const int64_t t = blockIdx.x, to = at ? at[t] : t;
	row_backward(dx + to * C, dy + t * C, x + t * C, w, rstd[t], C, false, shared);
}

static const char *rmsnorm_backward(float *dx, const int32_t *at, const float *dy,
				    const float *rstd, const float *x, const float *w, int T, int C)
{
	return tw_start(rmsnorm_row_backward, T, tw_row_threads(C), dx, at, dy, rstd, x, w, C);
}

/* --- the same of q and k, which lie side by side: of each head, or of all of q and all of k --- */

struct vector { /* one that is normed */
	int64_t at, before, rstd;
	const float *w;
	int n;
};

static __host__ __device__ int vectors_of(const struct tw_cuda_heads *h)
{
	return h->whole ? 2 : h->H + h->H_kv;
}

static __device__ struct vector vector_of(const struct tw_cuda_heads *h, int64_t block)
{
	const int vectors = vectors_of(h), heads = h->H + h->H_kv;
	const int64_t t = block / vectors;
	const int v = (int)(block % vectors), head = h->whole && v == 1 ? h->H : v;
	struct vector out;
	out.at = t * h->ld + (int64_t)head * h->D;
	out.before = (t * heads + head) * h->D;
	out.rstd = t * heads + head;
	out.w = head < h->H ? h->q : h->k;
	out.n = (!h->whole ? 1 : v == 0 ? h->H : h->H_kv) * h->D;
	return out;
}

static __global__ void norm_head(float *x, float *before, float *rstd, struct tw_cuda_heads h)
{
	__shared__ float shared[TW_BLOCK_MOST];
	const struct vector v = vector_of(&h, blockIdx.x);
	float *row = x + v.at, *was = before + v.before;
	float r = rstd_of(row, v.n, h.eps, shared);
	if (threadIdx.x == 0)
		rstd[v.rstd] = r;
	TW_EACH_OF_ROW(c, v.n)
	{
		was[c] = row[c];
		row[c] = row[c] * r * v.w[c];
	}
}

static unsigned head_threads(const struct tw_cuda_heads *h)
{
	return tw_row_threads(h->whole ? h->H * h->D : h->D);
}

static const char *heads_norm(float *x, float *before, float *rstd, const struct tw_cuda_heads *h,
			      int T)
{
	return tw_start(norm_head, (int64_t)T * vectors_of(h), head_threads(h), x, before, rstd,
			*h);
}

static __global__ void norm_head_backward(float *dx, const float *rstd, const float *before,
					  struct tw_cuda_heads h)
{
	__shared__ float shared[TW_BLOCK_MOST];
	const struct vector v = vector_of(&h, blockIdx.x);
	row_backward(dx + v.at, dx + v.at, before + v.before, v.w, rstd[v.rstd], v.n, true, shared);
}

static const char *heads_norm_backward(float *dx, const float *rstd, const float *before,
				       const struct tw_cuda_heads *h, int T)
{
	return tw_start(norm_head_backward, (int64_t)T * vectors_of(h), head_threads(h), dx, rstd,
			before, *h);
}

/* --- positions --- */

static __global__ void rotate(float *x, struct tw_cuda_rope r, int64_t n)
{
	const int half = r.n_rot / 2;
	TW_EACH(i, n)
	{
		const int pair = (int)(i % half);
		const int64_t head = i / half % r.heads, t = i / half / r.heads;
		const float *turn = r.table + (int64_t)r.pos[t] * r.n_rot;
		const float c = turn[pair], s = r.direction * turn[half + pair];
		float *v = x + t * r.ld + head * r.D;
		float *first = v + (r.halves ? pair : 2 * pair);
		float *second = first + (r.halves ? half : 1);
		const float a = *first, b = *second;
		*first = a * c - b * s;
		*second = a * s + b * c;
	}
}

static const char *rope(float *x, const struct tw_cuda_rope *r, int T)
{
	const int64_t n = (int64_t)T * r->heads * (r->n_rot / 2);
	return tw_start(rotate, tw_blocks(n), TW_BLOCK_MOST, x, *r, n);
}

static __global__ void temper_rows(float *x, const int32_t *pos, float scale, int every, int64_t all,
				   int n, int ld)
{
	TW_EACH(i, all)
	{
		const int64_t t = i / n;
		x[t * ld + i % n] *=
			1 + scale * logf(1 + floorf((float)pos[t] / (float)every));
	}
}

static const char *temper(float *x, const int32_t *pos, float scale, int every, int T, int n,
			  int ld)
{
	const int64_t all = (int64_t)T * n;
	return tw_start(temper_rows, tw_blocks(all), TW_BLOCK_MOST, x, pos, scale, every, all, n,
			ld);
}

/* --- feed-forward --- */

static __device__ float gelu_tanh(float g)
{
	return tanhf(GELU_A * g * (1.0f + GELU_B * g * g));
}

static __global__ void activate_all(float *y, const float *gu, bool gelu, int64_t n, int F)
{
	TW_EACH(i, n)
	{
		const int64_t at = i / F * 2 * F + i % F;
		const float g = gu[at];
		y[i] = (gelu ? 0.5f * g * (1.0f + gelu_tanh(g)) : g / (1.0f + expf(-g))) *
		       gu[at + F];
	}
}

static const char *activate(float *y, const float *gu, bool gelu, int T, int F)
{
	const int64_t n = (int64_t)T * F;
	return tw_start(activate_all, tw_blocks(n), TW_BLOCK_MOST, y, gu, gelu, n, F);
}

static __global__ void activate_all_backward(float *dgu, const float *dy, const float *gu,
					     bool gelu, int64_t n, int F)
{
	TW_EACH(i, n)
	{
		const int64_t at = i / F * 2 * F + i % F;
		const float g = gu[at], u = gu[at + F], d = dy[i];
		float value, slope;
		if (gelu) {
			const float th = gelu_tanh(g);
			value = 0.5f * g * (1.0f + th);
			slope = 0.5f * (1.0f + th) + 0.5f * g * (1.0f - th * th) * GELU_A *
							     (1.0f + 3.0f * GELU_B * g * g);
		} else {
			const float s = 1.0f / (1.0f + expf(-g));
			value = g * s;
			slope = s * (1.0f + g * (1.0f - s));
		}
		dgu[at] = d * u * slope;
		dgu[at + F] = d * value;
	}
}

static const char *activate_backward(float *dgu, const float *dy, const float *gu, bool gelu, int T,
				     int F)
{
	const int64_t n = (int64_t)T * F;
	return tw_start(activate_all_backward, tw_blocks(n), TW_BLOCK_MOST, dgu, dy, gu, gelu, n,
			F);
}

/* --- sums --- */

static __global__ void add_bias_all(float *x, const float *bias, int64_t all, int n)
{
	TW_EACH(i, all)
		x[i] += bias[i % n];
}

static const char *add_bias(float *x, const float *bias, int T, int n)
{
	const int64_t all = (int64_t)T * n;
	return tw_start(add_bias_all, tw_blocks(all), TW_BLOCK_MOST, x, bias, all, n);
}

static __global__ void combine_all(float *to, float a, const float *x, float b, int64_t n)
{
	TW_EACH(i, n)
		to[i] = b == 0 ? a * x[i] : a * x[i] + b * to[i];
}

static const char *combine(float *to, float a, const float *x, float b, int64_t n)
{
	return tw_start(combine_all, tw_blocks(n), TW_BLOCK_MOST, to, a, x, b, n);
}

static const char *clear(float *x, int64_t n)
{
	return tw_cuda_text(cudaMemsetAsync(x, 0, (size_t)n * sizeof(*x), 0));
}

static __global__ void add_turned_all(float *g, const float *t, int64_t n, int rows, int cols)
{
	TW_EACH(i, n)
		g[i] += t[i % cols * rows + i / cols];
}

static const char *add_turned(float *g, const float *t, int rows, int cols)
{
	const int64_t n = (int64_t)rows * cols;
	return tw_start(add_turned_all, tw_blocks(n), TW_BLOCK_MOST, g, t, n, rows, cols);
}

void tw_cuda_fill_rows(struct tw_cuda *c)
{
	c->rmsnorm = rmsnorm;
	c->rmsnorm_again = rmsnorm_again;
	c->rmsnorm_backward = rmsnorm_backward;
	c->heads_norm = heads_norm;
	c->heads_norm_backward = heads_norm_backward;
	c->rope = rope;
	c->temper = temper;
	c->activate = activate;
	c->activate_backward = activate_backward;
	c->add_bias = add_bias;
	c->combine = combine;
	c->clear = clear;
	c->add_turned = add_turned;
}
