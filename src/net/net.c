#include "net/cutter_int.h"
#include "net/pass_int.h"
#include "net/qnet.h"

#include <stdlib.h>

#define ALIGN	    16	      /* floats: a cache line */
#define SLICE_MIN   (1 << 20) /* floats of scratch, at least */
#define LOGITS_MOST (3 << 23) /* floats: 512 tokens of a vocabulary of 49,152 */
#define HEAD_LEAST  16	      /* tokens */
#define TOKEN_PIECE 16	      /* tokens that a thread takes at a time */

static int64_t most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t merged_size(const struct tw_shape *s, bool resident)
{
	if (resident)
		return 0;
	int64_t n = most(SLICE_MIN, tw_gemm_packed_floats(s->C, TW_Q_PART_TERMS));
	for (enum tw_group g = 0; g < TW_GROUP_COUNT; g++) {
		int in = tw_group_in(s, g), out = tw_group_out(s, g);
		n = most(n, tw_gemm_packed_floats(in, out));
		n = most(n, tw_gemm_packed_floats(out, in));
	}
	return n;
}

int tw_net_head_tokens(const struct tw_shape *s)
{
	int n = LOGITS_MOST / s->V;
	return n > TW_HEAD_TOKENS ? TW_HEAD_TOKENS : n < HEAD_LEAST ? HEAD_LEAST : n;
}

int tw_net_slice(const struct tw_net *net)
{
	if (net->sent)
		return net->s->V;
	return (int)(net->merged_size / tw_gemm_packed_floats(net->s->C, TW_GEMM_NR)) * TW_GEMM_NR;
}

static int64_t widest_in(const struct tw_shape *s)
{
	int64_t n = 0;
	for (enum tw_group g = 0; g < TW_GROUP_COUNT; g++)
		n = most(n, tw_group_in(s, g));
	return n;
}

static int64_t widest_out(const struct tw_shape *s)
{
	int64_t n = 0;
	for (enum tw_proj p = 0; p < TW_PROJ_COUNT; p++)
		n = most(n, tw_proj_out(s, p));
	return n;
}

static int64_t widest_group(const struct tw_shape *s)
{
	int64_t n = 0;
	for (enum tw_group g = 0; g < TW_GROUP_COUNT; g++)
		n = most(n, tw_group_out(s, g));
	return n;
}

static int most_adapters(const struct tw_lora *lora)
{
	int n = 0;
	for (int i = 0; i < lora->shape.n_layer; i++)
		for (enum tw_group g = 0; g < TW_GROUP_COUNT; g++)
			n = (int)most(n, tw_group_on(lora, i, g));
	return n;
}

static void cut_acts(struct tw_block_acts *a, struct tw_cutter *c, const struct tw_shape *s,
		     int64_t T)
{
	a->rstd1 = tw_cut(c, T);
	a->qkv = tw_cut(c, T * tw_qkv_dim(s));
	a->qk = tw_cut(c, s->qk_norm ? T * (s->H + s->H_kv) * s->D : 0);
	a->qk_rstd = tw_cut(c, s->qk_norm ? T * (s->H + s->H_kv) : 0);
	a->lse = tw_cut(c, T * s->H);
	a->att = tw_cut(c, T * tw_q_dim(s));
	a->x_mid = tw_cut(c, T * s->C);
	a->rstd2 = tw_cut(c, T);
	a->gu = tw_cut(c, T * 2 * s->F);
	a->o = tw_cut(c, s->post_norm ? T * s->C : 0);
	a->o_rstd = tw_cut(c, s->post_norm ? T : 0);
	a->d = tw_cut(c, s->post_norm ? T * s->C : 0);
	a->d_rstd = tw_cut(c, s->post_norm ? T : 0);
}

/* What a group's As give; of those that are not kept, in the scratch of all. */
static void cut_xa(struct tw_net *net, struct tw_block_acts *a, struct tw_cutter *c, int64_t T,
		   const struct tw_lora *lora, int layer)
{
	for (enum tw_group g = 0; g < TW_GROUP_COUNT; g++)
		a->xa[g] = net->keeps_xa ? tw_cut(c, T * tw_group_on(lora, layer, g) * lora->rank)
					 : net->xa;
}

/* With recompute, all blocks have the first one's but for x_in. */
static void cut_blocks(struct tw_net *net, struct tw_cutter *c, const struct tw_shape *s, int64_t T,
		       const struct tw_lora *lora)
{
	struct tw_block_acts first = {0};
	for (int i = 0; i < s->n_layer; i++) {
		struct tw_block_acts a = first;
		if (i == 0 || !net->size.recompute)
			cut_acts(&a, c, s, T);
		cut_xa(net, &a, c, T, lora, i);
		first = i == 0 ? a : first;
		a.x_in = tw_cut(c, T * s->C);
		if (net->acts)
			net->acts[i] = a;
	}
}

static void cut_all(struct tw_net *net, struct tw_cutter *c, const struct tw_shape *s,
		    const struct tw_lora *lora, int workers)
{
	int64_t T = net->size.cap, head = tw_net_head_tokens(s);
	int rank = lora->rank, longest = net->size.longest;
	const bool resident = net->size.resident;
	net->apart = net->size.apart || lora->dropout > 0 || resident;
	net->keeps_xa = net->apart && !net->size.recompute;
	net->dyb = tw_cut(c, T * most_adapters(lora) * rank);
	net->xa = tw_cut(c, net->keeps_xa ? 0 : T * most_adapters(lora) * rank);
	cut_blocks(net, c, s, T, lora);
	net->x_out = tw_cut(c, T * s->C);
	for (int i = 0; i < TW_ROPE_COUNT; i++)
		net->rope[i] = tw_cut(c, (int64_t)longest * s->n_rot);
	net->merged_size = merged_size(s, resident);
	net->merged = tw_cut(c, net->merged_size);
	net->rows_ld = widest_in(s);
	net->rows = tw_cut(c, resident ? 0 : workers * TW_LORA_ROWS * net->rows_ld);
	net->merged_by = tw_cut(c, resident ? 0 : widest_group(s));
	net->norm = tw_cut(c, T * s->C);
	net->h = tw_cut(c, T * most(s->F, tw_q_dim(s)));
	net->dx = tw_cut(c, T * s->C);
	net->dn = tw_cut(c, T * s->C);
	net->dy = tw_cut(c, s->post_norm || s->residual_scale != 1 ? T * s->C : 0);
	net->dqkv = tw_cut(c, T * tw_qkv_dim(s));
	net->dqk = tw_cut(c, s->qk_norm ? T * (s->H + s->H_kv) * s->D : 0);
	net->turned = tw_cut(c, widest_out(s) * rank);
	net->part_y = tw_cut(c, lora->dora ? T * widest_out(s) : 0);
	net->half = tw_cut(c, lora->dora ? 2 * widest_out(s) * rank : 0);
	net->dropped = tw_cut(c, lora->dropout > 0 ? T * widest_in(s) : 0);
	net->attention_ld = (tw_attention_scratch(longest) + ALIGN - 1) / ALIGN * ALIGN;
	net->attention =
		tw_cut(c, resident ? tw_tiles_floats(s, longest) : net->attention_ld * workers);
	net->logits = tw_cut(c, head * s->V);
	net->head_x = tw_cut(c, head * s->C);
	net->head_n = tw_cut(c, head * s->C);
	net->head_rstd = tw_cut(c, head);
	net->losses =
		(double *)(void *)tw_cut(c, 2 * head * (int64_t)(sizeof(double) / sizeof(float)));
}

int64_t tw_net_bytes(const struct tw_shape *s, const struct tw_lora *lora,
		     const struct tw_net_size *size, int workers)
{
	struct tw_net none = {.size = *size};
	struct tw_cutter c = {.align = ALIGN};
	cut_all(&none, &c, s, lora, workers);
	return c.used * (int64_t)sizeof(float);
}

static void begin(struct tw_net *net, const struct tw_weights *w, struct tw_lora *lora,
		  const struct tw_compute *compute, const struct tw_net_size *size)
{
	*net = (struct tw_net){.w = w,
			       .s = &w->shape,
			       .lora = lora,
			       .c = *compute,
			       .dev = compute->device ? compute->device : &tw_device_cpu,
			       .size = *size,
			       .block = w->block,
			       .out_norm = w->out_norm};
	net->size.resident = net->dev->resident;
	if (net->dev->gemm)
		net->c.gemm = net->dev->gemm;
}

/* The tables are made on the host. */
static enum tw_status make_ropes(struct tw_net *net, struct tw_err *err)
{
	const int n = net->size.longest;
	size_t bytes = (size_t)n * (size_t)net->s->n_rot * sizeof(float);
	float *table = tw_try_alloc(bytes, "angles", err);
	if (!table)
		return TW_NO_MEMORY;
	for (int i = 0; i < TW_ROPE_COUNT; i++) {
		tw_rope_table(table, n, &net->w->rope[i]);
		net->dev->send(net->rope[i], table, bytes);
	}
	free(table);
	return net->dev->check(err);
}

enum tw_status tw_net_init(struct tw_net *net, const struct tw_weights *w, struct tw_lora *lora,
			   const struct tw_compute *compute, const struct tw_net_size *size,
			   struct tw_err *err)
{
	const struct tw_shape *s = &w->shape;
	int workers = tw_pool_size(compute->pool);
	struct tw_cutter c = {.align = ALIGN};
	begin(net, w, lora, compute, size);
	if (net->dev->resident && lora->dora)
		return tw_fail(
			err, TW_UNSUPPORTED,
			"DoRA changes whole rows of the weights, which a GPU keeps as they are; "
			"the CPU can train it");
	int64_t bytes = tw_net_bytes(s, lora, &net->size, workers);
	net->memory = net->dev->alloc((size_t)bytes,
				      "activations; a shorter training.sequence needs less", err);
	if (!net->memory)
		return TW_NO_MEMORY;
	net->acts = tw_xcalloc((size_t)s->n_layer, sizeof(*net->acts));
	c.base = net->memory;
	cut_all(net, &c, s, lora, workers);
	enum tw_status st = net->dev->resident ? tw_sent_init(net, err) : TW_OK;
	if (st == TW_OK)
		st = make_ropes(net, err);
	if (st != TW_OK)
		tw_net_release(net);
	return st;
}

void tw_net_release(struct tw_net *net)
{
	tw_sent_free(net);
	if (net->dev)
		net->dev->release(net->memory);
	free(net->acts);
	tw_q_net_free(net->q);
	*net = (struct tw_net){0};
}

double tw_net_learn(struct tw_net *net, const struct tw_batch *b, const struct tw_head *h)
{
	double loss = tw_net_head(net, b, h);
	tw_take_gradients(net);
	tw_net_backward(net, b);
	tw_give_gradients(net);
	return loss;
}

double tw_net_pass(struct tw_net *net, const struct tw_batch *b, const struct tw_head *h)
{
	tw_net_forward(net, b);
	return h->scale != 0 ? tw_net_learn(net, b, h) : tw_net_head(net, b, h);
}

double tw_net_loss(struct tw_net *net, const struct tw_batch *b)
{
	return tw_net_pass(net, b, &(struct tw_head){0});
}

double tw_net_train(struct tw_net *net, const struct tw_batch *b, float scale)
{
	return tw_net_pass(net, b, &(struct tw_head){.scale = scale});
}

void tw_net_logps(struct tw_net *net, const struct tw_batch *b, double *logp)
{
	tw_net_pass(net, b, &(struct tw_head){.logp = logp});
}

struct tw_pass tw_pass_of(struct tw_net *net, const struct tw_batch *b, int layer)
{
	return (struct tw_pass){.net = net,
				.b = b,
				.layer = layer,
				.w = &net->block[layer],
				.a = &net->acts[layer]};
}

void tw_pass_run(const struct tw_pass *p, void (*fn)(void *pass, int begin, int end))
{
	struct tw_pass pass = *p;
	p->net->dev->run(&p->net->c, p->b->T, TOKEN_PIECE, fn, &pass);
}

enum tw_status tw_net_check(const struct tw_net *net, struct tw_err *err)
{
	return net->dev->check(err);
}
