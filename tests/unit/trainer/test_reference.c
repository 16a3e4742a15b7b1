/*
 * The trainer against transformers and PEFT, in float32, on a real model: values that were computed by them lie in
 * shared/data/lora-reference. Both that folder and the model may be absent; then a tiny model
 * stands in, and is held against the plain kernels.
 *
 * TWIN_REFERENCE_STEPS: how many of the ten steps of AdamW to take (3).
 */
#include <math.h>

#include "base/fs.h"
#include "base/json.h"
#include "support/tiny_gguf.h"
#include "support/train_rig.h"
#include "trainer/optim_int.h"
#include "trainer/preference_int.h"

static struct {
	struct tw_arena a;
	struct tw_json *root;
	char dir[1024], model[1024];
	bool there;
} ref;

static int setup(void **state)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_str s = TW_STR_INIT;
	const char *shared = getenv("TWIN_SHARED_DATA");
	(void)state;
	tw_arena_init(&ref.a);
	snprintf(ref.dir, sizeof(ref.dir), "%s/lora-reference", shared ? shared : "../shared/data");
	snprintf(ref.model, sizeof(ref.model), "%s/models/smollm2-135m-instruct.q4_1.gguf",
		 tw_cache_dir(&ref.a));
	ref.there = tw_is_dir(ref.dir) && tw_exists(ref.model);
	if (!ref.there) {
		print_message("no %s or no %s: only the tiny model is tested\n", ref.dir,
			      ref.model);
		return 0;
	}
	const char *path = tw_path_join(&ref.a, ref.dir, "reference.json");
	assert_ok(tw_read_file(&s, path, 0, &err), &err);
	assert_ok(tw_json_parse(&ref.root, s.data, s.len, &ref.a, &err), &err);
	tw_str_release(&s);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tw_arena_release(&ref.a);
	return 0;
}

/* --- reading the reference --- */

static const struct tw_json *at(const struct tw_json *v, const char *key)
{
	const struct tw_json *child = tw_json_get(v, key);
	assert_non_null(child);
	return child;
}

static double number(const struct tw_json *v, const char *key)
{
	return tw_json_real(at(v, key), NAN);
}

/* A .npy file of float32 in C order: 10 bytes, a text of the length that they say, the values. */
static const float *npy(const char *name)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_str s = TW_STR_INIT;
	assert_ok(tw_read_file(&s, tw_path_join(&ref.a, ref.dir, name), 0, &err), &err);
	assert_true(s.len > 10 && memcmp(s.data + 1, "NUMPY", 5) == 0);
	size_t header = 10 + (unsigned char)s.data[8] + 256u * (unsigned char)s.data[9];
	float *v = tw_alloc(&ref.a, s.len - header);
	memcpy(v, s.data + header, s.len - header);
	tw_str_release(&s);
	return v;
}

static int32_t *ints(const struct tw_json *list, int *n)
{
	int32_t *v = TW_NEW_ARRAY(&ref.a, list->n, int32_t);
	*n = 0;
	for (const struct tw_json *i = list->child; i; i = i->next)
		v[(*n)++] = (int32_t)tw_json_int(i, -1);
	return v;
}

static int32_t *sft_row(int row, int *n)
{
	const struct tw_json *v = at(at(ref.root, "sft"), "ids")->child;
	return ints(row ? v->next : v, n);
}

/* "blk.3.attn_q.weight.lora_b" to its place among the adapter's parameters. */
static size_t place_of(const struct rig *r, const char *name)
{
	for (int layer = 0; layer < r->w.shape.n_layer; layer++)
		for (enum tw_proj p = 0; p < TW_PROJ_COUNT; p++) {
			char full[80];
			int n = snprintf(full, sizeof(full), "blk.%d.%s.weight.lora_", layer,
					 tw_proj_names[p].gguf);
			if (strncmp(name, full, (size_t)n) == 0)
				return name[n] == 'a' ? tw_lora_at(&r->lora, layer, p)->a
						      : tw_lora_at(&r->lora, layer, p)->b;
		}
	fail_msg("no %s in the adapter", name);
	return 0;
}

static size_t size_of(const struct tw_json *item)
{
	int n;
	int32_t *shape = ints(at(item, "shape"), &n);
	return (size_t)shape[0] * (size_t)shape[1];
}

static void load_first_a(struct rig *r)
{
	const struct tw_json *a = at(ref.root, "lora_A_init");
	const float *v = npy(tw_json_str(at(a, "file"), ""));
	memset(r->lora.p, 0, r->lora.n * sizeof(*r->lora.p));
	for (const struct tw_json *i = at(a, "index")->child; i; i = i->next)
		memcpy(r->lora.p + place_of(r, tw_json_str(at(i, "name"), "")),
		       v + tw_json_int(at(i, "offset"), 0), size_of(i) * sizeof(*v));
}

/* B by the formula of the reference's README. */
static void load_formula_b(struct rig *r)
{
	uint32_t t = 0;
	const struct tw_json *order = at(at(ref.root, "gradcheck"), "tensor_order");
	for (const struct tw_json *i = order->child; i; i = i->next, t++) {
		const char *name = tw_json_str(i, "");
		if (name[strlen(name) - 1] != 'b')
			continue;
		float *b = r->lora.p + place_of(r, name);
		int layer = atoi(name + 4);
		enum tw_proj p = 0;
		while (r->lora.p + tw_lora_at(&r->lora, layer, p)->b != b)
			p++;
		uint32_t n = (uint32_t)(tw_proj_out(&r->w.shape, p) * r->lora.rank);
		for (uint32_t k = 0; k < n; k++) {
			uint32_t u = k * 2654435761u + t * 40503u * 65536u + 12345u;
			b[k] = (float)(((double)u / 4294967296.0 - 0.5) * 0.02);
		}
	}
}

static double length(const float *x, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += (double)x[i] * (double)x[i];
	return sqrt(sum);
}

/* Gradients against whole tensors and against the norms of all. Returns the worst difference, relative to the tensor's largest. */
static double compare_gradients(const struct rig *r, const struct tw_json *grads)
{
	const float *v = npy(tw_json_str(at(grads, "file"), ""));
	double most = 0, most_norm = 0;
	for (const struct tw_json *i = at(grads, "index")->child; i; i = i->next)
		most = fmax(most,
			    worst_relative(r->lora.g + place_of(r, tw_json_str(at(i, "name"), "")),
					   v + tw_json_int(at(i, "offset"), 0), size_of(i)));
	for (const struct tw_json *i = at(grads, "norms")->child; i; i = i->next) {
		size_t from = place_of(r, i->key), next = r->lora.n;
		for (int k = 0; k < r->w.shape.n_layer * TW_PROJ_COUNT; k++) {
			const struct tw_lora_pair *p = &r->lora.pair[k];
			next = p->a > from && p->a < next ? p->a : next;
			next = p->b > from && p->b < next ? p->b : next;
		}
		double want = tw_json_real(i, NAN);
		most_norm =
			fmax(most_norm, fabs(length(r->lora.g + from, next - from) - want) / want);
	}
	print_message("gradients: worst value %.1e of the largest, worst norm %.1e\n", most,
		      most_norm);
	assert_true(most_norm < 2e-4);
	double total = tw_json_real(tw_json_get(grads, "total"), NAN);
	if (!isnan(total))
		assert_true(fabs(length(r->lora.g, r->lora.n) - total) < 1e-4 * total);
	return most;
}

static void open_real(struct rig *r, int cap)
{
	rig_open(r, ref.model, 16, 32, cap, 2);
	load_first_a(r);
}

/* Where the reference is absent: products by the best kernels and by plain C give the same loss and gradient. */
static void check_tiny(void)
{
	struct rig r;
	rig_tiny(&r, &(struct tiny_gguf){.seed = 3}, 4, 64, 2);
	rig_add_random(&r, 40, 3, 1);
	rig_add_random(&r, 24, 9, 2);
	double a = tw_net_train(&r.net, &r.batch, 1.0f);
	float *g = tw_xcalloc(r.lora.n, sizeof(*g));
	memcpy(g, r.lora.g, r.lora.n * sizeof(*g));
	memset(r.lora.g, 0, r.lora.n * sizeof(*g));
	r.net.c.gemm = &tw_gemm_ref;
	double b = tw_net_train(&r.net, &r.batch, 1.0f);
	assert_true(fabs(a - b) < 1e-5 * a);
	assert_true(worst_relative(g, r.lora.g, r.lora.n) < 1e-5);
	free(g);
	rig_close(&r);
}

/* --- the promises --- */

static void logits_are_those_of_transformers(void **state)
{
	struct rig r;
	int n;
	(void)state;
	if (!ref.there) {
		check_tiny();
		return;
	}
	open_real(&r, 64);
	int32_t *ids = ints(at(at(ref.root, "prompt"), "ids"), &n);
	tw_batch_add(&r.batch, &(struct tw_sample){ids, (const uint8_t *)"\1\1\1\1\1", n});
	r.batch.n_loss = n;
	for (int i = 0; i < n; i++)
		r.batch.from[i] = i;
	const float *logits = tw_net_logits(&r.net, &r.batch);
	size_t all = (size_t)n * (size_t)r.w.shape.V;
	double diff = worst(logits, npy("prompt_logits.npy"), all);
	print_message("logits: worst difference %.1e\n", diff);
	assert_true(diff < 1e-3);
	rig_close(&r);
}

/* Trains on what the batch holds, whose targets are `n`, and holds loss and gradients against `theirs`. */
static void compare_pass(struct rig *r, int n, const struct tw_json *theirs)
{
	double loss = tw_net_train(&r->net, &r->batch, 1.0f / (float)n) / n;
	print_message("loss %.7f, theirs %.7f\n", loss, number(theirs, "loss"));
	assert_true(fabs(loss - number(theirs, "loss")) < 1e-5);
	assert_true(compare_gradients(r, at(theirs, "grads")) < 1e-3);
}

static void gradients_are_those_of_peft(void **state)
{
	struct rig r;
	int n;
	(void)state;
	if (!ref.there) {
		check_tiny();
		return;
	}
	const struct tw_json *check = at(ref.root, "gradcheck");
	open_real(&r, 256);
	load_formula_b(&r);
	for (int row = 0; row < 2; row++)
		rig_add(&r, sft_row(row, &n), 128, 1);
	compare_pass(&r, 254, check);
	rig_close(&r);
}

static void packed_documents_train_as_peft_trains_them_apart(void **state)
{
	struct rig r;
	int n;
	(void)state;
	if (!ref.there) {
		check_tiny();
		return;
	}
	const struct tw_json *packed = at(ref.root, "packed");
	open_real(&r, 312);
	load_formula_b(&r);
	for (const struct tw_json *d = at(packed, "docs")->child; d; d = d->next)
		rig_add(&r, sft_row((int)number(d, "row"), &n), (int)number(d, "len"),
			(int)number(d, "loss_from"));
	assert_int_equal(r.batch.n_loss, (int)number(packed, "n_loss_tokens"));
	compare_pass(&r, 232, packed);
	rig_close(&r);
}

static void steps_of_adamw_follow_peft(void **state)
{
	struct rig r;
	int n;
	(void)state;
	if (!ref.there) {
		check_tiny();
		return;
	}
	const struct tw_json *sft = at(ref.root, "sft");
	const struct tw_json *loss = at(sft, "losses")->child, *norm = at(sft, "grad_norms")->child;
	const struct tw_optim_options adam = {0.9, 0.999, 1e-8, 0.01};
	const char *wanted = getenv("TWIN_REFERENCE_STEPS");
	int steps = wanted ? atoi(wanted) : 3;
	open_real(&r, 1024);
	for (int row = 0; row < 2; row++) {
		int32_t *ids = sft_row(row, &n);
		rig_add(&r, ids, n, 1);
	}
	float *moments = tw_xcalloc(2 * r.lora.n, sizeof(*moments));
	for (int i = 0; i < steps && loss; i++, loss = loss->next, norm = norm->next) {
		memset(r.lora.g, 0, r.lora.n * sizeof(*r.lora.g));
		double l = tw_net_train(&r.net, &r.batch, 1.0f / 1022) / 1022;
		double g = tw_norm(&r.c, r.lora.g, r.lora.n);
		print_message("step %d: loss %.6f, theirs %.6f; norm %.6f, theirs %.6f\n", i + 1, l,
			      tw_json_real(loss, NAN), g, tw_json_real(norm, NAN));
		assert_true(fabs(l - tw_json_real(loss, NAN)) < 5e-5);
		assert_true(fabs(g - tw_json_real(norm, NAN)) < 5e-4 * g);
		tw_optim_adamw.step(
			&r.c, moments, &r.lora.params,
			&(struct tw_optim_step){r.lora.p, r.lora.g, 1, 2e-4, i + 1, &adam});
	}
	free(moments);
	rig_close(&r);
}

/* A document of the prompt and one of the answers, with the loss on the answer. */
static void add_answer(struct rig *r, const struct tw_json *dpo, const char *which)
{
	int n, more;
	int32_t *prompt = ints(at(dpo, "prompt"), &n), *answer = ints(at(dpo, which), &more);
	int32_t *all = TW_NEW_ARRAY(&ref.a, (size_t)(n + more), int32_t);
	memcpy(all, prompt, (size_t)n * sizeof(*all));
	memcpy(all + n, answer, (size_t)more * sizeof(*all));
	rig_add(r, all, n + more, n);
}

/* Sums over the targets of the batch's two documents. */
static void sum_logps(double sum[2], struct rig *r)
{
	double *logp = TW_NEW_ARRAY(&ref.a, (size_t)r->batch.n_loss, double);
	tw_net_logps(&r->net, &r->batch, logp);
	for (int d = 0; d < 2; d++) {
		sum[d] = 0;
		for (int i = r->batch.doc_loss[d]; i < r->batch.doc_loss[d + 1]; i++)
			sum[d] += logp[i];
	}
}

static void expect_near(const char *what, double got, double want, double tolerance)
{
	print_message("%s %.6f, theirs %.6f\n", what, got, want);
	if (!(fabs(got - want) < tolerance))
		fail_msg("%s: off by %g", what, got - want);
}

static void dpo_follows_the_reference(void **state)
{
	const struct tw_preference p = {.beta = 0.1};
	struct tw_pair pair = {0};
	struct rig r;
	float weight[256];
	(void)state;
	if (!ref.there) {
		check_tiny();
		return;
	}
	const struct tw_json *dpo = at(ref.root, "dpo");
	open_real(&r, 256);
	load_formula_b(&r);
	add_answer(&r, dpo, "chosen");
	add_answer(&r, dpo, "rejected");
	r.lora.off = true;
	sum_logps(pair.ref, &r);
	r.lora.off = false;
	sum_logps(pair.logp, &r);
	for (int d = 0; d < 2; d++)
		pair.n[d] = r.batch.doc_loss[d + 1] - r.batch.doc_loss[d];
	expect_near("chosen, without adapter", pair.ref[0], number(dpo, "ref_chosen"), 2e-3);
	expect_near("rejected, without adapter", pair.ref[1], number(dpo, "ref_rejected"), 2e-3);
	expect_near("chosen", pair.logp[0], number(dpo, "pol_chosen"), 2e-3);
	expect_near("rejected", pair.logp[1], number(dpo, "pol_rejected"), 2e-3);
	struct tw_pair_loss loss = tw_preference_loss(&p, &pair);
	/* beta / 2 times four sums of some hundred numbers, each off by its rounding, here and there */
	expect_near("loss", loss.loss, number(dpo, "loss"), 3e-5);
	for (int d = 0; d < 2; d++)
		for (int i = r.batch.doc_loss[d]; i < r.batch.doc_loss[d + 1]; i++)
			weight[i] = (float)-loss.dlogp[d];
	tw_net_learn(&r.net, &r.batch, &(struct tw_head){.scale = 1, .weight = weight});
	assert_true(compare_gradients(&r, at(dpo, "grads")) < 1e-3);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logits_are_those_of_transformers),
		cmocka_unit_test(gradients_are_those_of_peft),
		cmocka_unit_test(packed_documents_train_as_peft_trains_them_apart),
		cmocka_unit_test(steps_of_adamw_follow_peft),
		cmocka_unit_test(dpo_follows_the_reference),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
