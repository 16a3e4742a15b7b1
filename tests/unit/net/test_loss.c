/* The head: log-probabilities, and gradients in which each target has a weight of its own. */
#include <math.h>

#include "base/hash.h"
#include "support/train_rig.h"

enum { TARGETS = (23 - 4) + (17 - 9) };

static void open(struct rig *r)
{
	rig_tiny(r, &(struct tiny_gguf){.seed = 30}, 3, 40, 1);
	rig_add_random(r, 23, 4, 8);
	rig_add_random(r, 17, 9, 9);
	assert_int_equal(r->batch.n_loss, TARGETS);
}

static void log_probabilities_are_those_of_the_logits(void **state)
{
	struct rig r;
	double logp[TARGETS];
	(void)state;
	open(&r);
	fill(r.lora.g, r.lora.n, 1, 3);
	float kept = r.lora.g[7];
	tw_net_logps(&r.net, &r.batch, logp);
	assert_true(r.lora.g[7] == kept);
	const float *logits = tw_net_logits(&r.net, &r.batch);
	int V = r.w.shape.V;
	for (int i = 0; i < TARGETS; i++, logits += V) {
		double sum = 0;
		for (int v = 0; v < V; v++)
			sum += exp((double)logits[v]);
		double want = (double)logits[r.batch.target[i]] - log(sum);
		assert_true(fabs(logp[i] - want) < 1e-5);
	}
	rig_close(&r);
}

static void documents_know_their_targets(void **state)
{
	struct rig r;
	(void)state;
	open(&r);
	assert_int_equal(r.batch.doc_loss[0], 0);
	assert_int_equal(r.batch.doc_loss[1], 23 - 4);
	assert_int_equal(r.batch.doc_loss[2], TARGETS);
	rig_close(&r);
}

/* --- gradients by differences --- */

/* Sum over targets of weight times their loss with smoothing, from log-probabilities alone. */
static double weighted(struct rig *r, const struct tw_head *h)
{
	double sum = 0;
	int V = r->w.shape.V;
	const float *logits = tw_net_logits(&r->net, &r->batch);
	for (int i = 0; i < TARGETS; i++, logits += V) {
		double all = 0, mean = 0;
		for (int v = 0; v < V; v++)
			all += exp((double)logits[v]);
		for (int v = 0; v < V; v++)
			mean += (log(all) - (double)logits[v]) / V;
		double nll = log(all) - (double)logits[r->batch.target[i]];
		sum += (h->weight ? (double)h->weight[i] : 1) *
		       ((1 - h->smoothing) * nll + h->smoothing * mean);
	}
	return sum;
}

static double weighted_at(struct rig *r, const struct tw_head *h, size_t i, float value)
{
	float keep = r->lora.p[i];
	r->lora.p[i] = value;
	double loss = weighted(r, h);
	r->lora.p[i] = keep;
	return loss;
}

static void check(const struct tw_head *h)
{
	struct rig r;
	double most = 0, scale = 1e-9;
	const float step = 5e-3f;
	open(&r);
	double logp[TARGETS];
	tw_net_logps(&r.net, &r.batch, logp);
	double loss = tw_net_learn(&r.net, &r.batch, h);
	if (!h->weight)
		assert_true(fabs(loss - weighted(&r, h)) < 1e-4);
	for (size_t i = 0; i < r.lora.n; i++)
		scale = fmax(scale, fabs((double)r.lora.g[i]));
	for (size_t i = 5; i < r.lora.n; i += r.lora.n / 150) {
		float x = r.lora.p[i];
		double g = (weighted_at(&r, h, i, x + step) - weighted_at(&r, h, i, x - step)) /
			   (double)((x + step) - (x - step));
		most = fmax(most, fabs(g - (double)r.lora.g[i]));
	}
	print_message("gradients: worst difference %.1e of the largest\n", most / scale);
	assert_true(most < 1e-3 * scale);
	rig_close(&r);
}

static void gradients_are_those_of_the_weighted_loss(void **state)
{
	float weight[TARGETS];
	(void)state;
	for (int i = 0; i < TARGETS; i++) /* negative ones, zeros and large ones */
		weight[i] = i % 5 == 4 ? 0 : 0.7f * (float)(i % 5 - 1);
	check(&(struct tw_head){.scale = 1, .weight = weight});
	check(&(struct tw_head){.scale = 1, .smoothing = 0.2});
	check(&(struct tw_head){.scale = 1, .weight = weight, .smoothing = 0.1});
}

/* Gradient of the batch; the caller frees. */
static float *gradient(struct rig *r, const struct tw_head *h)
{
	float *g = tw_xcalloc(r->lora.n, sizeof(*g));
	memset(r->lora.g, 0, r->lora.n * sizeof(*g));
	tw_net_pass(&r->net, &r->batch, h);
	memcpy(g, r->lora.g, r->lora.n * sizeof(*g));
	return g;
}

static void weights_of_one_are_the_loss_without_weights(void **state)
{
	struct rig r;
	float weight[TARGETS];
	double logp[TARGETS];
	(void)state;
	open(&r);
	for (int i = 0; i < TARGETS; i++)
		weight[i] = 1;
	float *a = gradient(&r, &(struct tw_head){.scale = 0.5f});
	float *b = gradient(&r, &(struct tw_head){.scale = 0.5f, .weight = weight, .logp = logp});
	assert_memory_equal(a, b, r.lora.n * sizeof(*a));
	double sum = 0;
	for (int i = 0; i < TARGETS; i++)
		sum -= logp[i];
	assert_true(fabs(sum - tw_net_loss(&r.net, &r.batch)) < 1e-9);
	free(a);
	free(b);
	rig_close(&r);
}

static void a_target_of_weight_zero_is_as_if_it_were_not_there(void **state)
{
	struct rig r;
	float weight[TARGETS] = {0};
	(void)state;
	open(&r);
	for (int i = 23 - 4; i < TARGETS; i++) /* of the second document alone */
		weight[i] = 1;
	float *a = gradient(&r, &(struct tw_head){.scale = 1, .weight = weight});
	tw_batch_clear(&r.batch);
	rig_add_random(&r, 17, 9, 9);
	float *b = gradient(&r, &(struct tw_head){.scale = 1});
	assert_true(worst_relative(a, b, r.lora.n) < 1e-5);
	free(a);
	free(b);
	rig_close(&r);
}

/* --- noise on embeddings --- */

static void noise_follows_from_seed_step_and_place_alone(void **state)
{
	enum { C = 64, T = 40 };
	struct rig r;
	static float x[T * C], y[T * C], z[T * C];
	const struct tw_noise n = {.alpha = 5, .seed = 3, .step = 7}, m = {5, 3, 8};
	(void)state;
	open(&r);
	r.batch.id[0] = 4;
	r.batch.id[1] = 5;
	tw_noise_add(x, C, &n, &r.batch, 0, T);
	for (int t = 0; t < T; t += 8) /* in pieces */
		tw_noise_add(y + (ptrdiff_t)t * C, C, &n, &r.batch, t, t + 8);
	assert_memory_equal(x, y, sizeof(x));
	tw_noise_add(z, C, &m, &r.batch, 0, T);
	assert_true(worst(x, z, T * C) > 0.1);
	/* The second document alone, as it is in another portion of the step. */
	tw_batch_clear(&r.batch);
	rig_add_random(&r, 17, 9, 9);
	r.batch.id[0] = 5;
	memset(z, 0, sizeof(z));
	tw_noise_add(z, C, &n, &r.batch, 0, 17);
	assert_memory_equal(z, x + 23 * C, 17 * C * sizeof(*x));
	rig_close(&r);
}

static void noise_is_as_large_as_neftune_says(void **state)
{
	enum { C = 64, T = 40 };
	struct rig r;
	static float x[T * C];
	const struct tw_noise n = {.alpha = 5, .seed = 3};
	const double bound = 5 / sqrt(23.0 * C);
	double sum = 0, most = 0;
	(void)state;
	open(&r);
	tw_noise_add(x, C, &n, &r.batch, 0, T);
	for (int i = 0; i < 23 * C; i++) {
		sum += (double)x[i];
		most = fmax(most, fabs((double)x[i]));
	}
	assert_true(most <= bound && most > 0.98 * bound);
	assert_true(fabs(sum / (23 * C)) < 0.05 * bound);
	rig_close(&r);
}

static void noise_changes_a_pass_until_it_is_taken_away(void **state)
{
	struct rig r;
	(void)state;
	open(&r);
	double before = tw_net_loss(&r.net, &r.batch);
	r.net.noise = (struct tw_noise){.alpha = 15, .seed = 1};
	double with = tw_net_loss(&r.net, &r.batch);
	r.net.noise = (struct tw_noise){0};
	assert_true(fabs(with - before) > 1e-3);
	assert_true(tw_net_loss(&r.net, &r.batch) == before);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(log_probabilities_are_those_of_the_logits),
		cmocka_unit_test(documents_know_their_targets),
		cmocka_unit_test(gradients_are_those_of_the_weighted_loss),
		cmocka_unit_test(weights_of_one_are_the_loss_without_weights),
		cmocka_unit_test(a_target_of_weight_zero_is_as_if_it_were_not_there),
		cmocka_unit_test(noise_follows_from_seed_step_and_place_alone),
		cmocka_unit_test(noise_is_as_large_as_neftune_says),
		cmocka_unit_test(noise_changes_a_pass_until_it_is_taken_away),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
