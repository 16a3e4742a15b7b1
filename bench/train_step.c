/*
 * Steps of Twin's trainer on tokens and first values that come from files, so that bench/train.py can have other trainers
 * do the same ones; what is around a step (tokenizer, examples, checkpoints) is not here.
 *
 *	train_step -m MODEL -i IDS -l MASK -a A [-r ROWS] [-s TOKENS] [-t THREADS] [-k RANK] [-c] [-q BITS] [-d]
 *
 * IDS: int32 (ROWS, TOKENS). MASK: a byte for each, 1 where the token carries loss. A: float32, the As of all seven
 * projections, block by block; B is 0. -c: gradient_checkpointing; -q 16|8: precision int16 or int8; -d: use_dora. Says how near the
 * first gradient is to float32's (cosine, and how many times as long), then reads commands, a line each, and answers in JSON:
 *
 *	step   one step of AdamW on all rows: loss, seconds, CPU seconds, norm of the gradient
 *	gemm   GFLOP a second of CPU time: a large product of this model, and the core's own peak
 *
 * At the end of its input: peak memory.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/time.h"
#include "fma_peak.h"
#include "net/net.h"
#include "net/qnet.h"
#include "trainer/optim_int.h"
#include "trainer/plan_int.h"

struct options {
	const char *model, *ids, *mask, *a;
	int rows, tokens, threads, rank;
	bool checkpointing, dora;
	int bits; /* of whole numbers; 0: float32 */
};

struct bench {
	struct options o;
	struct tw_err err;
	struct tw_str ids, mask;
	struct tw_weights w;
	struct tw_lora lora;
	struct tw_compute c;
	struct tw_net net;
	struct tw_batch batch;
	float *moments;
	double cosine, longer; /* of the gradient in whole numbers */
	int rows_a_pass, n_loss;
	int64_t step;
};

static void must(enum tw_status st, const struct tw_err *err)
{
	if (st == TW_OK)
		return;
	fprintf(stderr, "train_step: %s: %s\n", tw_status_name(st), err->msg);
	exit(1);
}

static struct tw_str bytes_of(const char *path, size_t want)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_err err = TW_ERR_INIT;
	must(tw_read_file(&s, path, 0, &err), &err);
	if (want && s.len != want) {
		fprintf(stderr, "train_step: %s has %zu bytes, not %zu\n", path, s.len, want);
		exit(1);
	}
	return s;
}

static void load_a(struct bench *b)
{
	const struct tw_shape *s = &b->w.shape;
	struct tw_str bytes = bytes_of(b->o.a, 0);
	const float *v = (const float *)bytes.data, *end = v + bytes.len / sizeof(*v);
	for (int layer = 0; layer < s->n_layer; layer++)
		for (enum tw_proj p = TW_PROJ_Q; p <= TW_PROJ_DOWN; p++) {
			size_t n = (size_t)b->lora.rank * (size_t)tw_proj_in(s, p);
			if (v + n > end) {
				fprintf(stderr, "train_step: %s is too short\n", b->o.a);
				exit(1);
			}
			memcpy(b->lora.p + tw_lora_at(&b->lora, layer, p)->a, v, n * sizeof(*v));
			v += n;
		}
	tw_str_release(&bytes);
}

static enum tw_q_bits bits_back(const struct options *o)
{
	return o->bits == 8 ? TW_Q8 : TW_Q16;
}

/* As many of the rows as the trainer would take at a time. */
static int rows_a_pass(struct bench *b)
{
	const struct options *o = &b->o;
	struct tw_plan plan;
	const struct tw_plan_request r = {.shape = &b->w.shape,
					  .lora = &b->lora,
					  .row = o->tokens,
					  .rows = o->rows,
					  .longest = o->tokens,
					  .weights = (int64_t)b->w.map.len,
					  .states = 4 * (int64_t)(b->lora.n * sizeof(float)),
					  .checkpointing = o->checkpointing,
					  .whole_numbers = o->bits > 0,
					  .back = bits_back(o)};
	must(tw_plan_make(&plan, &r, &b->err), &b->err);
	return plan.rows;
}

static double pass(struct bench *b, int from, int to)
{
	int n = b->o.tokens;
	tw_batch_clear(&b->batch);
	for (int row = from; row < to; row++) {
		size_t at = (size_t)row * (size_t)n;
		const struct tw_sample s = {(const int32_t *)b->ids.data + at,
					    (const uint8_t *)b->mask.data + at, n};
		tw_batch_add(&b->batch, &s);
	}
	return tw_net_train(&b->net, &b->batch, 1.0f / (float)b->n_loss);
}

/* All rows: the loss, and the gradient in lora.g. */
static double gradient(struct bench *b)
{
	double loss = 0;
	memset(b->lora.g, 0, b->lora.n * sizeof(*b->lora.g));
	for (int row = 0; row < b->o.rows; row += b->rows_a_pass) {
		int to = row + b->rows_a_pass;
		loss += pass(b, row, to < b->o.rows ? to : b->o.rows);
	}
	return loss / b->n_loss;
}

static double dot(const float *x, const float *y, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += (double)x[i] * (double)y[i];
	return sum;
}

/* Whole numbers from now on. */
static void use_whole_numbers(struct bench *b)
{
	const size_t n = b->lora.n;
	const float *now = b->lora.g;
	float *exact = tw_xcalloc(n, sizeof(*exact));
	gradient(b);
	memcpy(exact, now, n * sizeof(*exact));
	must(tw_net_use_q(&b->net, bits_back(&b->o), &b->err), &b->err);
	gradient(b);
	double length = sqrt(dot(exact, exact, n)), got = sqrt(dot(now, now, n));
	b->cosine = dot(exact, now, n) / (length * got);
	b->longer = got / length;
	free(exact);
}

static void bench_open(struct bench *b)
{
	static const char *const names[] = {"all-linear", NULL};
	const struct tw_strings targets = {names, 1};
	const struct options *o = &b->o;
	size_t all = (size_t)o->rows * (size_t)o->tokens;
	b->ids = bytes_of(o->ids, all * sizeof(int32_t));
	b->mask = bytes_of(o->mask, all);
	must(tw_weights_open(&b->w, o->model, &b->err), &b->err);
	const struct tw_lora_config conf = {
		.rank = o->rank, .alpha = 2.0 * o->rank, .dora = o->dora, .targets = &targets};
	must(tw_lora_init(&b->lora, &b->w.shape, &conf, &b->err), &b->err);
	b->lora.p = tw_xcalloc(b->lora.n, sizeof(float));
	b->moments = tw_xcalloc(2 * b->lora.n, sizeof(float));
	load_a(b);
	b->c = (struct tw_compute){.pool = tw_pool_new(o->threads), .gemm = tw_gemm_best()};
	tw_lora_measure(&b->lora, &b->w, &b->c);
	b->rows_a_pass = rows_a_pass(b);
	int cap = b->rows_a_pass * o->tokens;
	const struct tw_net_size size = {.cap = cap,
					 .longest = o->tokens,
					 .recompute = o->checkpointing,
					 .apart = o->bits > 0};
	must(tw_batch_init(&b->batch, cap, &b->err), &b->err);
	must(tw_net_init(&b->net, &b->w, &b->lora, &b->c, &size, &b->err), &b->err);
	/* The first token of a row is never a target. */
	for (size_t i = 0; i < all; i++)
		b->n_loss += b->mask.data[i] && i % (size_t)o->tokens != 0;
	if (o->bits)
		use_whole_numbers(b);
}

static void bench_close(struct bench *b)
{
	tw_net_release(&b->net);
	tw_batch_release(&b->batch);
	tw_pool_free(b->c.pool);
	free(b->lora.p);
	free(b->moments);
	tw_lora_release(&b->lora);
	tw_weights_close(&b->w);
	tw_str_release(&b->ids);
	tw_str_release(&b->mask);
}

static void step(struct bench *b)
{
	const struct tw_optim_options adam = {0.9, 0.999, 1e-8, 0.01};
	double wall = tw_monotonic_s(), cpu = fma_seconds(), loss = gradient(b);
	double norm = tw_norm(&b->c, b->lora.g, b->lora.n);
	tw_optim_adamw.step(
		&b->c, b->moments, &b->lora.params,
		&(struct tw_optim_step){b->lora.p, b->lora.g, 1, 2e-4, ++b->step, &adam});
	printf("{\"loss\": %.7f, \"norm\": %.7f, \"wall\": %.4f, \"cpu\": %.4f}\n", loss, norm,
	       tw_monotonic_s() - wall, fma_seconds() - cpu);
}

/* The largest product of a block, gate and up: x (T, C) W^T. Best of three. */
static void gemm(struct bench *b)
{
	const struct tw_shape *s = &b->w.shape;
	int n = tw_group_out(s, TW_GROUP_GATE_UP), T = b->o.tokens;
	float *w = tw_xcalloc((size_t)n * (size_t)s->C, sizeof(*w));
	float *x = tw_xcalloc((size_t)T * (size_t)s->C, sizeof(*x));
	float *y = tw_xcalloc((size_t)T * (size_t)n, sizeof(*y));
	const struct tw_gemm g = {.tb = true,
				  .m = T,
				  .n = n,
				  .k = s->C,
				  .alpha = 1,
				  .a = x,
				  .lda = s->C,
				  .b = w,
				  .ldb = s->C,
				  .c = y,
				  .ldc = n};
	double best = 0;
	for (int i = 0; i < 4; i++) { /* the first warms up */
		double t = fma_seconds();
		tw_gemm_run(&b->c, &g);
		double rate = 2e-9 * T * n * s->C / (fma_seconds() - t);
		best = i && rate > best ? rate : best;
	}
	printf("{\"gemm\": %.1f, \"peak\": %.1f, \"kernel\": \"%s\"}\n", best, fma_peak(),
	       b->c.gemm->name);
	free(w);
	free(x);
	free(y);
}

static bool read_options(struct options *o, int argc, char **argv)
{
	int opt;
	while ((opt = getopt(argc, argv, "m:i:l:a:r:s:t:k:cq:d")) != -1) {
		int n = atoi(optarg ? optarg : "");
		switch (opt) {
		case 'm':
			o->model = optarg;
			break;
		case 'i':
			o->ids = optarg;
			break;
		case 'l':
			o->mask = optarg;
			break;
		case 'a':
			o->a = optarg;
			break;
		case 'r':
			o->rows = n;
			break;
		case 's':
			o->tokens = n;
			break;
		case 't':
			o->threads = n;
			break;
		case 'k':
			o->rank = n;
			break;
		case 'c':
			o->checkpointing = true;
			break;
		case 'q':
			o->bits = n;
			break;
		case 'd':
			o->dora = true;
			break;
		default:
			return false;
		}
	}
	return o->model && o->ids && o->mask && o->a && o->rows > 0 && o->tokens > 1 &&
	       o->threads > 0 && o->rank > 0 && (o->bits == 0 || o->bits == 8 || o->bits == 16) &&
	       !(o->bits && o->dora);
}

int main(int argc, char **argv)
{
	struct bench b = {.o = {.rows = 2, .tokens = 512, .threads = 1, .rank = 16}};
	char line[64];
	if (!read_options(&b.o, argc, argv))
		return 2;
	bench_open(&b);
	printf("{\"ready\": true, \"rows_a_pass\": %d, \"cosine\": %.6f, \"longer\": %.5f}\n",
	       b.rows_a_pass, b.cosine, b.longer);
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (strcmp(line, "step\n") == 0)
			step(&b);
		else if (strcmp(line, "gemm\n") == 0)
			gemm(&b);
		fflush(stdout);
	}
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	printf("{\"rss\": %.1f}\n", (double)usage.ru_maxrss / 1024);
	bench_close(&b);
	return 0;
}
