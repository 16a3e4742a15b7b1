/* Where a pass begins and ends: embeddings, the loss; and dropout, which goes by tokens too. */
#define TW_ALSO_ON_GPU __device__
#include "net/cuda/block.cuh"
#include "net/cuda/kernels.cuh"
#include "net/mask_int.h"

/* --- rows by number --- */

static __global__ void gather_all(float *to, const float *x, const int32_t *at, float by, int64_t n,
				  int C)
{
	TW_EACH(i, n)
		to[i] = by * x[(int64_t)at[i / C] * C + i % C];
}

static const char *embed(float *to, const float *table, const int32_t *tokens, float by, int T,
			 int C)
{
	const int64_t n = (int64_t)T * C;
	return tw_start(gather_all, tw_blocks(n), TW_BLOCK_MOST, to, table, tokens, by, n, C);
}

static const char *gather(float *to, const float *x, const int32_t *at, int n, int C)
{
	return embed(to, x, at, 1, n, C);
}

/* --- dropout --- */

static __global__ void drop_all(float *to, const float *x, const uint64_t *keys, double p, bool add,
				int64_t all, int n)
{
	TW_EACH(i, all)
	{
		const struct tw_mask m = tw_mask_of(keys[i / n], p);
		const float kept = tw_dropped(&m, (int)(i % n)) ? 0 : x[i] * m.scale;
		to[i] = add ? to[i] + kept : kept;
	}
}

static const char *drop(float *to, const float *x, const uint64_t *keys, double p, bool add, int T,
			int n)
{
	const int64_t all = (int64_t)T * n;
	return tw_start(drop_all, tw_blocks(all), TW_BLOCK_MOST, to, x, keys, p, add, all, n);
}

/* --- loss --- */

static __global__ void cap_all(float *x, int64_t n, float most)
{
	TW_EACH(i, n)
		x[i] = most * tanhf(x[i] / most);
}

static const char *cap(float *x, int64_t n, float most)
{
	return tw_start(cap_all, tw_blocks(n), TW_BLOCK_MOST, x, n, most);
}

struct sums { /* of a row, known to all its threads */
	float most;
	double exp, plain;
};

static __device__ struct sums sums_of(float *logits, int V, float cap, float *shared,
				      double *shared_double)
{
	struct sums s;
	s.most = -INFINITY;
	s.exp = s.plain = 0;
	TW_EACH_OF_ROW(v, V)
	{
		if (cap > 0)
			logits[v] = cap * tanhf(logits[v] / cap);
		s.most = logits[v] > s.most ? logits[v] : s.most;
		s.plain += (double)logits[v];
	}
	s.most = tw_block_most(s.most, shared);
	TW_EACH_OF_ROW(v, V)
		s.exp += (double)expf(logits[v] - s.most);
	s.exp = tw_block_sum(s.exp, shared_double);
	s.plain = tw_block_sum(s.plain, shared_double);
	return s;
}

/* Szegedy et al. 2016, section 7: (1 - s) (-log p of the target) + s (mean of -log p), and its gradient. */
static __global__ void lose_row(struct tw_cuda_losing l)
{
	__shared__ float shared[TW_BLOCK_MOST];
	__shared__ double shared_double[TW_BLOCK_MOST];
	const int64_t i = blockIdx.x;
	float *logits = l.logits + i * l.V;
	const struct sums s = sums_of(logits, l.V, l.cap, shared, shared_double);
	const int target = l.target[i];
	const double lse = log(s.exp) + (double)s.most, nll = lse - (double)logits[target];
	const double scale = (double)(l.weight ? l.scale * l.weight[i] : l.scale);
	const float by = (float)(scale / s.exp), even = (float)(scale * l.smoothing / l.V);
	const float right = (float)(scale * (1 - l.smoothing));
	__syncthreads(); /* all have read logits[target] */
	if (threadIdx.x == 0) {
		l.nll[i] = nll;
		l.loss[i] = (1 - l.smoothing) * nll + l.smoothing * (lse - s.plain / l.V);
	}
	if (l.scale == 0)
		return;
	TW_EACH_OF_ROW(v, l.V)
	{
		const float x = logits[v], slope = l.cap > 0 ? 1 - x / l.cap * (x / l.cap) : 1;
		const float p = by * expf(x - s.most);
		logits[v] = (p - even - (v == target ? right : 0)) * slope;
	}
}

static const char *lose(const struct tw_cuda_losing *l)
{
	return tw_start(lose_row, l->n, tw_row_threads(l->V), *l);
}

void tw_cuda_fill_ends(struct tw_cuda *c)
{
	c->embed = embed;
	c->gather = gather;
	c->drop = drop;
	c->cap = cap;
	c->lose = lose;
}
