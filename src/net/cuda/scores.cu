/* What attention does to scores between its products (attention_cuda.c): a block of threads a row, of one query and head. */
#include "net/cuda/block.cuh"
#include "net/cuda/kernels.cuh"

struct row {
	float *s;
	int64_t query; /* in the document */
	int head, from, to; /* columns [from, to) are what it sees */
};

static __device__ struct row row_of(const struct tw_cuda_scores *t, int64_t block)
{
	struct row r;
	r.head = (int)(block / t->n);
	r.query = t->i0 + block % t->n;
	r.s = t->s + block * t->keys;
	r.to = (int)r.query + 1 - t->k0;
	r.from = t->window && r.query >= t->window ? (int)r.query - t->window + 1 - t->k0 : 0;
	return r;
}

static __device__ float capped(float x, float cap)
{
	return cap > 0 ? cap * tanhf(x / cap) : x;
}

static __global__ void softmax_row(struct tw_cuda_scores t)
{
	__shared__ float shared[TW_BLOCK_MOST];
	const struct row r = row_of(&t, blockIdx.x);
	float most = -INFINITY, sum = 0;
	TW_EACH_OF_ROW(j, t.keys)
	{
		if (j < r.from || j >= r.to)
			continue;
		r.s[j] = capped(r.s[j], t.cap);
		most = r.s[j] > most ? r.s[j] : most;
	}
	most = tw_block_most(most, shared);
	TW_EACH_OF_ROW(j, t.keys)
	{
		r.s[j] = j < r.from || j >= r.to ? 0 : expf(r.s[j] - most);
		sum += r.s[j];
	}
	sum = tw_block_sum(sum, shared);
	TW_EACH_OF_ROW(j, t.keys)
		r.s[j] = r.s[j] / sum;
	if (threadIdx.x == 0)
		t.lse[r.query * t.H + r.head] = most + logf(sum);
}

static const char *softmax(const struct tw_cuda_scores *t)
{
	return tw_start(softmax_row, (int64_t)t->H * t->n, tw_row_threads(t->keys), *t);
}

/* ds = p (dp - out . dout) scale, p = e^(s - lse); where scores are capped, times 1 - (s / cap)^2. */
static __global__ void softmax_row_backward(struct tw_cuda_scores_backward b)
{
	__shared__ float shared[TW_BLOCK_MOST];
	const struct tw_cuda_scores t = b.of;
	const struct row r = row_of(&t, blockIdx.x);
	const int64_t at = (r.query * t.H + r.head) * b.D;
	const float lse = t.lse[r.query * t.H + r.head];
	float *ds = b.ds + (int64_t)blockIdx.x * t.keys, mean = 0;
	TW_EACH_OF_ROW(d, b.D)
		mean += b.out[at + d] * b.dout[at + d];
	mean = tw_block_sum(mean, shared);
	TW_EACH_OF_ROW(j, t.keys)
	{
		const bool seen = j >= r.from && j < r.to;
		const float s = seen ? capped(r.s[j], t.cap) : 0, p = seen ? expf(s - lse) : 0;
		const float slope = t.cap > 0 ? 1 - s / t.cap * (s / t.cap) : 1;
		r.s[j] = p;
		ds[j] = seen ? p * (ds[j] - mean) * b.scale * slope : 0;
	}
}

static const char *softmax_backward(const struct tw_cuda_scores_backward *b)
{
	return tw_start(softmax_row_backward, (int64_t)b->of.H * b->of.n,
			tw_row_threads(b->of.keys), *b);
}

void tw_cuda_fill_scores(struct tw_cuda *c)
{
	c->softmax = softmax;
	c->softmax_backward = softmax_backward;
}
