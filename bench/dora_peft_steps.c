/*
 * What Twin's trainer makes of a DoRA adapter that comes from a file, for bench/dora_peft.py.
 *
 *	dora_peft_steps MODEL RANK ALPHA LR STEPS FIRST PARAMETERS TOKEN ...
 *
 * PARAMETERS: float32, block by block and projection by projection (q k v o gate up down) A (r, in), B (out, r), m (out).
 * Loss on tokens from number FIRST on. To stdout, float32: m as Twin would begin with, in the same order (A and B as they were);
 * logits (n, V); the loss; its gradient in the order of PARAMETERS; then STEPS steps of AdamW: their losses, and the
 * parameters after them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/str.h"
#include "net/net.h"
#include "trainer/optim_int.h"

static struct tw_err err;

static void must(enum tw_status st)
{
	if (st == TW_OK)
		return;
	fprintf(stderr, "dora_peft_steps: %s: %s\n", tw_status_name(st), err.msg);
	exit(1);
}

struct run {
	struct tw_weights w;
	struct tw_lora lora;
	struct tw_compute c;
	struct tw_net net;
	struct tw_batch b;
};

/* Between the order of the file and that of the array. */
static void each_part(const struct tw_lora *l, float *in_file, float *in_array, bool to_file)
{
	for (int layer = 0; layer < l->shape.n_layer; layer++)
		for (enum tw_proj p = 0; p <= TW_PROJ_DOWN; p++) {
			const struct tw_lora_pair *at = tw_lora_at(l, layer, p);
			const size_t in = (size_t)tw_proj_in(&l->shape, p);
			const size_t out = (size_t)tw_proj_out(&l->shape, p), r = (size_t)l->rank;
			const size_t places[] = {at->a, at->b, at->m};
			const size_t sizes[] = {r * in, r * out, out};
			for (int i = 0; i < 3; i++) {
				float *x = in_array + places[i];
				memcpy(to_file ? in_file : x, to_file ? x : in_file, 4 * sizes[i]);
				in_file += sizes[i];
			}
		}
}

static void write_array(const struct run *r, float *array)
{
	float *all = tw_xcalloc(r->lora.n, sizeof(*all));
	each_part(&r->lora, all, array, true);
	fwrite(all, sizeof(*all), r->lora.n, stdout);
	free(all);
}

static void open_all(struct run *r, char **argv, int n)
{
	static const char *const names[] = {"all-linear", NULL};
	const struct tw_strings targets = {names, 1};
	const struct tw_lora_config conf = {
		.rank = atoi(argv[2]), .alpha = atof(argv[3]), .dora = true, .targets = &targets};
	const struct tw_net_size size = {.cap = n, .longest = n};
	struct tw_str file = TW_STR_INIT;
	r->c = (struct tw_compute){.pool = tw_pool_new(2), .gemm = tw_gemm_best()};
	must(tw_weights_open(&r->w, argv[1], &err));
	must(tw_lora_init(&r->lora, &r->w.shape, &conf, &err));
	r->lora.p = tw_xcalloc(r->lora.n, sizeof(float));
	must(tw_read_file(&file, argv[7], 0, &err));
	if (file.len != r->lora.n * sizeof(float))
		exit(2);
	each_part(&r->lora, (float *)(void *)file.data, r->lora.p, false);
	tw_str_release(&file);
	must(tw_batch_init(&r->b, n, &err));
	must(tw_net_init(&r->net, &r->w, &r->lora, &r->c, &size, &err));
}

static void fill_batch(struct run *r, char **tokens, int n, int first)
{
	int32_t *ids = tw_xcalloc((size_t)n, sizeof(*ids));
	uint8_t *answer = tw_xcalloc((size_t)n, 1);
	for (int i = 0; i < n; i++) {
		ids[i] = atoi(tokens[i]);
		answer[i] = i >= first;
	}
	tw_batch_clear(&r->b);
	tw_batch_add(&r->b, &(struct tw_sample){ids, answer, n});
	free(ids);
	free(answer);
}

static void write_logits(struct run *r, int n)
{
	r->b.n_loss = n;
	for (int i = 0; i < n; i++)
		r->b.from[i] = i;
	fwrite(tw_net_logits(&r->net, &r->b), sizeof(float), (size_t)n * (size_t)r->w.shape.V,
	       stdout);
}

static float gradient(struct run *r)
{
	memset(r->lora.g, 0, r->lora.n * sizeof(float));
	double n = r->b.n_loss;
	return (float)(tw_net_train(&r->net, &r->b, (float)(1 / n)) / n);
}

int main(int argc, char **argv)
{
	struct run r = {0};
	const int n = argc - 8;
	if (n < 2 || n > TW_HEAD_TOKENS)
		return 2;
	open_all(&r, argv, n);
	float *keep = tw_xcalloc(r.lora.n, sizeof(*keep));
	memcpy(keep, r.lora.p, r.lora.n * sizeof(*keep));
	tw_lora_measure(&r.lora, &r.w, &r.c);
	write_array(&r, r.lora.p);
	memcpy(r.lora.p, keep, r.lora.n * sizeof(*keep));
	fill_batch(&r, argv + 8, n, atoi(argv[6]));
	write_logits(&r, n);
	fill_batch(&r, argv + 8, n, atoi(argv[6]));
	float loss = gradient(&r);
	fwrite(&loss, sizeof(loss), 1, stdout);
	write_array(&r, r.lora.g);
	void *state = tw_xcalloc(tw_optim_adamw.bytes(&r.lora.params), 1);
	const struct tw_optim_options o = {0.9, 0.999, 1e-8, 0.01};
	for (int64_t step = 1; step <= atoi(argv[5]); step++) {
		loss = gradient(&r);
		fwrite(&loss, sizeof(loss), 1, stdout);
		tw_optim_adamw.step(
			&r.c, state, &r.lora.params,
			&(struct tw_optim_step){r.lora.p, r.lora.g, 1, atof(argv[4]), step, &o});
	}
	write_array(&r, r.lora.p);
	return ferror(stdout) || fflush(stdout) != 0;
}
