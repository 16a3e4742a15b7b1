/*
 * The table of an NVIDIA GPU: calls of libtwin_cuda.so (cuda/), on arrays that lie there. What it calls was compiled by NVIDIA's
 * compiler, and its kernels were run on the CPU (tests/standin/); nobody has seen it run on a GPU yet. So it is used
 * only when somebody asks for it, and after cases of most of what it does came out as on the CPU.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/device_cuda_int.h"
#include "net/pass_int.h"

/* --- memory --- */

static enum tw_status check(struct tw_err *err)
{
	if (tw_gpu_good())
		return TW_OK;
	return tw_fail(
		err, TW_IO,
		"the GPU failed (%s). Started again, a training goes on from its checkpoint, with "
		"training.device: cpu too",
		tw_gpu_why());
}

static void *alloc(size_t bytes, const char *what, struct tw_err *err)
{
	void *at = NULL;
	size_t room = 0;
	if (check(err) != TW_OK)
		return NULL;
	const char *why = tw_gpu->alloc(&at, bytes);
	if (!why)
		return at;
	(void)tw_gpu->room(&room);
	tw_fail(err, TW_NO_MEMORY, "the GPU has no memory for %s (%zu MB wanted, %zu MB free: %s)",
		what, bytes / 1000000, room / 1000000, why);
	return NULL;
}

/* After a failure too: memory may be left for others. */
static void release(void *at)
{
	if (at)
		(void)tw_gpu->release(at);
}

static void send(void *to, const void *from, size_t bytes)
{
	if (bytes)
		TW_GPU(send, to, from, bytes);
}

/* What can't be had is NaN. */
static void fetch(void *to, const void *from, size_t bytes)
{
	if (bytes)
		TW_GPU(fetch, to, from, bytes);
	if (!tw_gpu_good())
		memset(to, 0xff, bytes);
}

static void run_whole(const struct tw_compute *c, int n, int piece,
		      void (*fn)(void *ctx, int begin, int end), void *ctx)
{
	(void)c;
	(void)piece;
	if (n > 0)
		fn(ctx, 0, n);
}

/* --- products --- */

static void product(struct tw_pool *pool, const struct tw_gemm *g)
{
	const struct tw_cuda_product p = {.ta = g->ta,
					  .tb = g->tb,
					  .m = g->m,
					  .n = g->n,
					  .k = g->k,
					  .alpha = g->alpha,
					  .beta = g->beta,
					  .a = g->a,
					  .b = g->b,
					  .c = g->c,
					  .lda = g->lda,
					  .ldb = g->ldb,
					  .ldc = g->ldc,
					  .count = 1};
	(void)pool;
	if (g->m && g->n)
		TW_GPU(product, &p);
}

static char kernel_name[160];
static const struct tw_gemm_kernel gemm = {.name = kernel_name, .run_on = product};

/* --- steps --- */

/* The noise is the host's: it is random numbers of double precision, and few trainings have any. */
static void add_noise(struct tw_pass *p, float *x, int begin, int end)
{
	struct tw_net *net = p->net;
	const size_t n = (size_t)(end - begin) * (size_t)net->s->C;
	if (net->noise.alpha <= 0)
		return;
	float *noise = tw_xcalloc(n, sizeof(*noise));
	tw_noise_add(noise, net->s->C, &net->noise, p->b, begin, end);
	send(net->norm, noise, n * sizeof(*noise)); /* which nobody needs yet */
	TW_GPU(combine, x, 1, net->norm, 1, (int64_t)n);
	free(noise);
}

static void embed(struct tw_pass *p, int begin, int end)
{
	const struct tw_net *net = p->net;
	const int C = net->s->C;
	float *x = p->a->x_in + (ptrdiff_t)begin * C;
	TW_GPU(embed, x, tw_sent_embed(net), net->in.tokens + begin, net->s->embed_scale,
	       end - begin, C);
	add_noise(p, x, begin, end);
}

static void attention(struct tw_pass *p, bool backward)
{
	const struct tw_net *net = p->net;
	const struct tw_shape *s = net->s;
	const struct tw_block_acts *a = p->a;
	const struct tw_heads heads = tw_pass_heads(p);
	const int64_t floats = tw_tiles_floats(s, net->size.longest);
	for (int i = 0; i < p->b->n_docs; i++) {
		const ptrdiff_t t = p->b->doc[i];
		const int n = p->b->doc[i + 1] - (int)t;
		const float *qkv = a->qkv + t * tw_qkv_dim(s);
		float *out = a->att + t * tw_q_dim(s), *lse = a->lse + t * s->H;
		if (backward)
			tw_gpu_attention_backward(net->dqkv + t * tw_qkv_dim(s),
						  net->h + t * tw_q_dim(s), out, lse, qkv, n,
						  &heads, net->attention, floats);
		else
			tw_gpu_attention(out, lse, qkv, n, &heads, net->attention, floats);
	}
}

static void drop(const struct tw_net *net, int layer, enum tw_proj p, float *to, const float *x,
		 int T, bool add)
{
	TW_GPU(drop, to, x, tw_sent_drop_keys(net, layer, p), net->lora->dropout, add, T,
	       tw_proj_in(net->s, p));
}

static void lose(const struct tw_losing *l)
{
	const struct tw_cuda_losing to = {.n = l->n,
					  .V = l->V,
					  .logits = l->logits,
					  .target = l->target,
					  .weight = l->weight,
					  .scale = l->scale,
					  .smoothing = l->smoothing,
					  .cap = l->cap,
					  .loss = l->loss,
					  .nll = l->nll};
	TW_GPU(lose, &to);
}

/* --- kernels --- */

static void rmsnorm_forward(float *y, float *rstd, const float *x, const float *w, int T, int C,
			    float eps)
{
	TW_GPU(rmsnorm, y, rstd, x, w, T, C, eps);
}

static void rmsnorm_again(float *y, const float *rstd, const float *x, const float *w, int T, int C)
{
	TW_GPU(rmsnorm_again, y, rstd, x, w, T, C);
}

static void rmsnorm_backward_at(float *dx, const int32_t *at, const float *dy, const float *rstd,
				const float *x, const float *w, int n, int C)
{
	TW_GPU(rmsnorm_backward, dx, at, dy, rstd, x, w, n, C);
}

static void rmsnorm_backward(float *dx, const float *dy, const float *rstd, const float *x,
			     const float *w, int T, int C)
{
	rmsnorm_backward_at(dx, NULL, dy, rstd, x, w, T, C);
}

static struct tw_cuda_heads heads_of(const struct tw_heads_norm *n)
{
	return (struct tw_cuda_heads){n->H, n->H_kv, n->D, n->ld, n->whole, n->eps, n->q, n->k};
}

static void heads_norm_forward(float *x, float *before, float *rstd, const struct tw_heads_norm *n,
			       int T)
{
	const struct tw_cuda_heads heads = heads_of(n);
	TW_GPU(heads_norm, x, before, rstd, &heads, T);
}

static void heads_norm_backward(float *dx, float *dy, const float *rstd, const float *before,
				const struct tw_heads_norm *n, int T)
{
	const struct tw_cuda_heads heads = heads_of(n);
	(void)dy; /* a block of threads has all of a row before it writes */
	TW_GPU(heads_norm_backward, dx, rstd, before, &heads, T);
}

static void rope(float *x, int ld, const float *table, const int32_t *pos, int T,
		 const struct tw_rotation *r, int direction)
{
	const struct tw_cuda_rope to = {.table = table,
					.pos = pos,
					.ld = ld,
					.heads = r->heads,
					.D = r->D,
					.n_rot = r->n_rot,
					.halves = r->halves,
					.direction = (float)direction};
	TW_GPU(rope, x, &to, T);
}

static void temper(float *x, const int32_t *pos, int T, const struct tw_temperature *t)
{
	TW_GPU(temper, x, pos, t->scale, t->every, T, t->n, t->ld);
}

static void swiglu_forward(float *y, const float *gu, int T, int F)
{
	TW_GPU(activate, y, gu, false, T, F);
}

static void swiglu_backward(float *dgu, const float *dy, const float *gu, int T, int F)
{
	TW_GPU(activate_backward, dgu, dy, gu, false, T, F);
}

static void geglu_forward(float *y, const float *gu, int T, int F)
{
	TW_GPU(activate, y, gu, true, T, F);
}

static void geglu_backward(float *dgu, const float *dy, const float *gu, int T, int F)
{
	TW_GPU(activate_backward, dgu, dy, gu, true, T, F);
}

static void add_bias(float *x, const float *bias, int T, int n)
{
	TW_GPU(add_bias, x, bias, T, n);
}

static void join(float *to, const float *x, float by, ptrdiff_t n)
{
	TW_GPU(combine, to, 1, x, by, n);
}

static void multiply(float *to, const float *x, float by, ptrdiff_t n)
{
	TW_GPU(combine, to, by, x, 0, n);
}

static void add(float *to, const float *x, ptrdiff_t n)
{
	TW_GPU(combine, to, 1, x, 1, n);
}

static void clear(float *x, ptrdiff_t n)
{
	TW_GPU(clear, x, n);
}

static void cap(float *x, ptrdiff_t n, float most)
{
	TW_GPU(cap, x, n, most);
}

static void gather(float *to, const float *x, const int32_t *at, int n, int C)
{
	TW_GPU(gather, to, x, at, n, C);
}

static void add_turned(float *g, const float *t, int rows, int cols)
{
	TW_GPU(add_turned, g, t, rows, cols);
}

static const struct tw_device gpu = {.name = kernel_name,
				     .resident = true,
				     .gemm = &gemm,
				     .alloc = alloc,
				     .release = release,
				     .send = send,
				     .fetch = fetch,
				     .check = check,
				     .run = run_whole,
				     .embed = embed,
				     .attention = attention,
				     .drop = drop,
				     .lose = lose,
				     .rmsnorm_forward = rmsnorm_forward,
				     .rmsnorm_again = rmsnorm_again,
				     .rmsnorm_backward = rmsnorm_backward,
				     .rope = rope,
				     .swiglu_forward = swiglu_forward,
				     .swiglu_backward = swiglu_backward,
				     .geglu_forward = geglu_forward,
				     .geglu_backward = geglu_backward,
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

/* --- at the start --- */

static struct tw_err why_not = TW_ERR_INIT;
static bool usable;

static void start(void)
{
	enum tw_status st = tw_gpu_open(&why_not);
	if (st == TW_OK)
		st = tw_gpu_check(&gpu, &why_not);
	usable = st == TW_OK;
	snprintf(kernel_name, sizeof(kernel_name), "CUDA on %s", tw_gpu_name());
}

const struct tw_device *tw_device_cuda(struct tw_err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, start);
	if (usable)
		return check(err) == TW_OK ? &gpu : NULL;
	tw_fail(err, TW_UNSUPPORTED, "%s", why_not.msg);
	return NULL;
}
