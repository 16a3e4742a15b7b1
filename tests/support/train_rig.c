#include "support/train_rig.h"

#include <math.h>

#include "base/hash.h"

static const char *const names[] = {"q_proj",	 "k_proj",  "v_proj",	 "o_proj",
				    "gate_proj", "up_proj", "down_proj", NULL};
const struct tw_strings all_targets = {names, 7};

void fill(float *x, size_t n, float size, uint64_t seed)
{
	uint64_t state = seed;
	for (size_t i = 0; i < n; i++)
		x[i] = size * (float)(2 * tw_random_unit(&state) - 1);
}

double worst(const float *a, const float *b, size_t n)
{
	double most = 0;
	for (size_t i = 0; i < n; i++) {
		double d = fabs((double)a[i] - (double)b[i]);
		if (!(d <= most))
			most = d; /* NaN too */
	}
	return most;
}

double worst_relative(const float *a, const float *b, size_t n)
{
	double most = 0;
	for (size_t i = 0; i < n; i++)
		most = fmax(most, fabs((double)b[i]));
	return worst(a, b, n) / (most > 0 ? most : 1);
}

static void open_with(struct rig *r, const char *path, const struct tw_lora_config *conf, int cap,
		      int threads)
{
	memset(r, 0, sizeof(*r));
	snprintf(r->path, sizeof(r->path), "%s", path);
	assert_ok(tw_weights_open(&r->w, path, &r->err), &r->err);
	assert_ok(tw_lora_init(&r->lora, &r->w.shape, conf, &r->err), &r->err);
	r->lora.p = tw_xcalloc(r->lora.n, sizeof(*r->lora.p));
	r->c = (struct tw_compute){.pool = tw_pool_new(threads), .gemm = tw_gemm_best()};
	assert_ok(tw_batch_init(&r->batch, cap, &r->err), &r->err);
	const struct tw_net_size size = {.cap = cap, .longest = cap};
	assert_ok(tw_net_init(&r->net, &r->w, &r->lora, &r->c, &size, &r->err), &r->err);
	tw_batch_clear(&r->batch);
}

void rig_open(struct rig *r, const char *path, int rank, double alpha, int cap, int threads)
{
	const struct tw_lora_config conf = {.rank = rank, .alpha = alpha, .targets = &all_targets};
	open_with(r, path, &conf, cap, threads);
}

void rig_tiny_with(struct rig *r, const struct tiny_gguf *spec, const struct tw_lora_config *conf,
		   int cap, int threads)
{
	char path[500];
	snprintf(path, sizeof(path), "%s/tiny.gguf", tmp_dir());
	assert_true(tiny_gguf_write(path, spec));
	open_with(r, path, conf, cap, threads);
	fill(r->lora.p, r->lora.n, 0.1f, 99);
}

void rig_tiny(struct rig *r, const struct tiny_gguf *spec, int rank, int cap, int threads)
{
	rig_tiny_with(r, spec,
		      &(struct tw_lora_config){
			      .rank = rank, .alpha = 2.0 * rank, .targets = &all_targets},
		      cap, threads);
}

void rig_close(struct rig *r)
{
	tw_net_release(&r->net);
	tw_batch_release(&r->batch);
	tw_pool_free(r->c.pool);
	free(r->lora.p);
	tw_lora_release(&r->lora);
	tw_weights_close(&r->w);
}

void rig_add(struct rig *r, const int32_t *tokens, int n, int loss_from)
{
	uint8_t *answer = tw_xcalloc((size_t)n, 1);
	for (int i = loss_from; i < n; i++)
		answer[i] = 1;
	tw_batch_add(&r->batch, &(struct tw_sample){tokens, answer, n});
	free(answer);
}

void rig_add_random(struct rig *r, int n, int loss_from, uint64_t seed)
{
	int32_t *tokens = tw_xcalloc((size_t)n, sizeof(*tokens));
	uint64_t state = seed;
	for (int i = 0; i < n; i++)
		tokens[i] = (int32_t)(tw_random_u64(&state) % (uint64_t)r->w.shape.V);
	rig_add(r, tokens, n, loss_from);
	free(tokens);
}

const float *all_logits(struct rig *r)
{
	r->batch.n_loss = r->batch.T;
	for (int i = 0; i < r->batch.T; i++)
		r->batch.from[i] = i;
	return tw_net_logits(&r->net, &r->batch);
}

void rig_two_documents(struct rig *r)
{
	tw_batch_clear(&r->batch);
	rig_add_random(r, 23, 4, 8);
	rig_add_random(r, 17, 9, 9);
}

double rig_loss_at(struct rig *r, size_t i, float value)
{
	float keep = r->lora.p[i];
	r->lora.p[i] = value;
	double loss = tw_net_loss(&r->net, &r->batch);
	r->lora.p[i] = keep;
	return loss;
}
