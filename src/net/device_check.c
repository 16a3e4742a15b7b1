/*
 * Cases of most of what a GPU does, there and on the CPU: rows of several warps, attention of several tiles. What was never
 * seen on a machine like this one shall do no silent harm.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/device_cuda_int.h"
#include "net/pass_int.h"

enum { PRODUCT = 75 * 75, N = 82 * 1024, PARTS = 8, TOKENS = 150, WIDE = 270 };

/* Each case works on parts of N floats, where anything may begin, which are random at first; the last but one has positions, and the last is not
 * compared. */
enum { NUMBERS = 6, REST = 7 };

enum { FEW = 2 * 4 * TOKENS * 10 }; /* scratch for the scores of ten queries */

static float *part(float *m, int i)
{
	return m + (ptrdiff_t)i * N;
}

static const int32_t *numbers(float *m)
{
	return (const int32_t *)(const void *)part(m, NUMBERS);
}

static void norms(const struct tw_device *d, float *m)
{
	const struct tw_heads_norm n = {2, 1, 8, WIDE, false, 1e-5f, part(m, 3), part(m, 3) + WIDE};
	d->rmsnorm_forward(part(m, 0), part(m, 1), part(m, 2), part(m, 3), TOKENS, WIDE, 1e-5f);
	d->rmsnorm_backward(part(m, 4), part(m, 5), part(m, 1), part(m, 2), part(m, 3), TOKENS,
			    WIDE);
	d->heads_norm_forward(part(m, 5), part(m, 2), part(m, 1), &n, TOKENS);
}

static void positions(const struct tw_device *d, float *m)
{
	const struct tw_rotation pairs = {3, 12, 8, false}, halves = {3, 12, 8, true};
	const struct tw_temperature t = {0.3f, 4, 20, WIDE};
	d->rope(part(m, 0), WIDE, part(m, 1), numbers(m), TOKENS, &pairs, 1);
	d->rope(part(m, 2), WIDE, part(m, 1), numbers(m), TOKENS, &halves, -1);
	d->temper(part(m, 3), numbers(m), TOKENS, &t);
}

static void feed_forward(const struct tw_device *d, float *m)
{
	d->swiglu_forward(part(m, 0), part(m, 1), TOKENS, WIDE);
	d->geglu_forward(part(m, 2), part(m, 1), TOKENS, WIDE);
	d->swiglu_backward(part(m, 3), part(m, 0), part(m, 1), TOKENS, WIDE);
	d->geglu_backward(part(m, 4), part(m, 0), part(m, 1), TOKENS, WIDE);
}

static void sums(const struct tw_device *d, float *m)
{
	d->add_bias(part(m, 0), part(m, 1), TOKENS, WIDE);
	d->join(part(m, 0), part(m, 2), 0.5f, N);
	d->multiply(part(m, 3), part(m, 2), 3, N);
	d->add_turned(part(m, 4), part(m, 2), TOKENS, WIDE);
	d->gather(part(m, 5), part(m, 2), numbers(m), TOKENS, WIDE);
}

static void losses(const struct tw_device *d, float *m)
{
	double *loss = (double *)(void *)part(m, REST);
	struct tw_losing l = {.n = TOKENS,
			      .V = WIDE,
			      .logits = part(m, 0),
			      .target = numbers(m),
			      .weight = part(m, 1),
			      .scale = 0.7f,
			      .smoothing = 0.1,
			      .loss = loss,
			      .nll = loss + TOKENS};
	d->lose(&l);
	l.logits = part(m, 2);
	l.cap = 1.5f;
	d->lose(&l);
}

static void attention(const struct tw_device *d, float *m)
{
	const struct tw_heads h = {
		.H = 4, .H_kv = 2, .D = 4, .scale = 0.5f, .cap = 2, .window = 100};
	float *out = part(m, 0), *lse = part(m, 1), *qkv = part(m, 2), *dqkv = part(m, 3);
	if (d->resident) {
		tw_gpu_attention(out, lse, qkv, TOKENS, &h, part(m, REST), FEW);
		tw_gpu_attention_backward(dqkv, part(m, 4), out, lse, qkv, TOKENS, &h,
					  part(m, REST), FEW);
	} else {
		tw_attention_forward_ref(out, lse, qkv, TOKENS, &h);
		tw_attention_backward_ref(dqkv, part(m, 4), out, lse, qkv, TOKENS, &h);
	}
}

static const struct {
	const char *name;
	void (*run)(const struct tw_device *d, float *m);
} cases[] = {{"norms", norms}, {"positions", positions}, {"feed-forward", feed_forward},
	     {"sums", sums},   {"losses", losses},	 {"attention", attention}};

static void fill(float *m)
{
	uint32_t state = 1;
	for (int i = 0; i < PARTS * N; i++) {
		state = state * 1664525u + 1013904223u;
		m[i] = (float)(state >> 8) / 8388608.0f - 1;
	}
	for (int i = 0; i < N; i++)
		((int32_t *)(void *)part(m, NUMBERS))[i] = i * 7 % TOKENS;
}

static bool same(const float *a, const float *b)
{
	bool good = true;
	for (int i = 0; i < NUMBERS * N; i++)
		good &= fabsf(a[i] - b[i]) < 1e-4f; /* no NaN */
	return good;
}

/* `host` and `back`: PARTS x N floats of the host's, `there` as many of the GPU's. */
static bool try_cases(const char **wrong, const struct tw_device *d, float *host, float *back,
		      float *there)
{
	const size_t bytes = sizeof(float) * PARTS * N;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		fill(host);
		d->send(there, host, bytes);
		cases[i].run(d, there);
		d->fetch(back, there, bytes);
		cases[i].run(&tw_device_cpu, host);
		*wrong = cases[i].name;
		if (!tw_gpu_good() || !same(host, back))
			return false;
	}
	return true;
}

struct trial {
	const struct tw_device *d;
	float *there;
};

/* A product of the host's arrays, of PRODUCT floats each. */
static bool multiply(void *ctx, const struct tw_gemm *g)
{
	const struct trial *t = ctx;
	struct tw_gemm on = *g;
	on.a = part(t->there, 0);
	on.b = part(t->there, 1);
	on.c = part(t->there, 2);
	t->d->send(part(t->there, 0), g->a, PRODUCT * sizeof(float));
	t->d->send(part(t->there, 1), g->b, PRODUCT * sizeof(float));
	t->d->send(part(t->there, 2), g->c, PRODUCT * sizeof(float));
	t->d->gemm->run_on(NULL, &on);
	t->d->fetch(g->c, part(t->there, 2), PRODUCT * sizeof(float));
	return tw_gpu_good();
}

static bool try_products(const char **wrong, struct trial *t)
{
	*wrong = "products";
	for (int i = 0; i < 8; i++)
		if (!tw_gemm_is_right(multiply, t, i & 1, i & 2, i & 4 ? 0.5f : 0))
			return false;
	return true;
}

enum tw_status tw_gpu_check(const struct tw_device *d, struct tw_err *err)
{
	const size_t bytes = sizeof(float) * PARTS * N;
	struct trial t = {d, d->alloc(bytes, "a trial", err)};
	const char *wrong = "";
	if (!t.there)
		return TW_NO_MEMORY;
	float *host = tw_xmalloc(2 * bytes);
	bool right =
		try_products(&wrong, &t) && try_cases(&wrong, d, host, host + PARTS * N, t.there);
	free(host);
	d->release(t.there);
	if (!tw_gpu_good())
		return tw_fail(err, TW_UNSUPPORTED, "CUDA: %s", tw_gpu_why());
	if (!right)
		return tw_fail(err, TW_UNSUPPORTED,
			       "%s computes wrong results on this machine (%s); please report it",
			       tw_gpu_name(), wrong);
	return TW_OK;
}
