/*
 * What a net has on a GPU besides its activations. At the start the weights go there, as float32; before each pass its tokens
 * and the adapter's parameters; after it, losses and gradients come back. On the CPU everything is used where it is.
 */
#include <stdlib.h>
#include <string.h>

#include "net/cut_int.h"
#include "net/cutter_int.h"
#include "net/pass_int.h"

#define SLICE ((int64_t)1 << 24) /* floats that are made at a time */
#define ALIGN 64		 /* floats: where a GPU reads fast */

struct tw_sent {
	struct tw_block_weights *block; /* n_layer; on the host, what its vectors point to isn't */
	float *memory;			/* the GPU's, with all of the following */
	float **group;			/* (n_layer, TW_GROUP_COUNT); the array is the host's */
	float *embed, *head, *out_norm;
	int32_t *tokens, *pos, *from, *target; /* (cap) each */
	float *weight;			       /* (cap) */
	float *p, *g;			       /* as lora's */
	uint64_t *keys;			       /* (n_layer, TW_PROJ_COUNT, cap), with dropout */
	/* the host's */
	uint64_t *made_keys; /* as keys */
	double *losses;	     /* as net->losses */
	float *logits;	     /* NULL until somebody asks */
};

/* --- places --- */

/* A vector of a block: where it is on the host, and where `at` its place on the GPU is kept. */
struct vector {
	const float **at, *from; /* from NULL: the model has none */
	int n;
};

enum { VECTORS = 6 + TW_GROUP_COUNT };

static void vectors_of(struct vector v[VECTORS], const struct tw_net *net, int layer)
{
	const struct tw_shape *s = net->s;
	const struct tw_block_weights *w = &net->w->block[layer];
	struct tw_block_weights *to = &net->sent->block[layer];
	const bool whole = s->qk_norm == TW_QK_WHOLE;
	v[0] = (struct vector){&to->attn_norm, w->attn_norm, s->C};
	v[1] = (struct vector){&to->ffn_norm, w->ffn_norm, s->C};
	v[2] = (struct vector){&to->attn_post_norm, w->attn_post_norm, s->C};
	v[3] = (struct vector){&to->ffn_post_norm, w->ffn_post_norm, s->C};
	v[4] = (struct vector){&to->q_norm, w->q_norm, whole ? tw_q_dim(s) : s->D};
	v[5] = (struct vector){&to->k_norm, w->k_norm, whole ? tw_kv_dim(s) : s->D};
	for (enum tw_group g = 0; g < TW_GROUP_COUNT; g++)
		v[6 + g] = (struct vector){&to->bias[g], w->bias[g], tw_group_out(s, g)};
}

static void cut_block(struct tw_cutter *c, const struct tw_net *net, int layer)
{
	struct vector v[VECTORS];
	net->sent->block[layer] = net->w->block[layer];
	vectors_of(v, net, layer);
	for (int i = 0; i < VECTORS; i++)
		*v[i].at = v[i].from ? tw_cut(c, v[i].n) : NULL;
	for (enum tw_group g = 0; g < TW_GROUP_COUNT; g++)
		net->sent->group[layer * TW_GROUP_COUNT + (int)g] =
			tw_cut(c, (int64_t)tw_group_out(net->s, g) * tw_group_in(net->s, g));
}

static int64_t keys_of(const struct tw_net *net)
{
	return net->lora->dropout > 0 ? (int64_t)net->s->n_layer * TW_PROJ_COUNT * net->size.cap
				      : 0;
}

static void cut_all(struct tw_cutter *c, const struct tw_net *net)
{
	struct tw_sent *sent = net->sent;
	const int64_t table = (int64_t)net->s->V * net->s->C, cap = net->size.cap;
	for (int i = 0; i < net->s->n_layer; i++)
		cut_block(c, net, i);
	sent->embed = tw_cut(c, table);
	sent->head = net->w->head.data == net->w->embed.data ? sent->embed : tw_cut(c, table);
	sent->out_norm = tw_cut(c, net->s->C);
	sent->tokens = (int32_t *)(void *)tw_cut(c, cap);
	sent->pos = (int32_t *)(void *)tw_cut(c, cap);
	sent->from = (int32_t *)(void *)tw_cut(c, cap);
	sent->target = (int32_t *)(void *)tw_cut(c, cap);
	sent->weight = tw_cut(c, cap);
	sent->p = tw_cut(c, (int64_t)net->lora->n);
	sent->g = tw_cut(c, (int64_t)net->lora->n);
	sent->keys = (uint64_t *)(void *)tw_cut(
		c, keys_of(net) * (int64_t)(sizeof(uint64_t) / sizeof(float)));
}

int64_t tw_net_sent_bytes(const struct tw_weights *w)
{
	const struct tw_shape *s = &w->shape;
	int64_t n = (int64_t)s->V * s->C * (w->head.data == w->embed.data ? 1 : 2);
	for (enum tw_group g = 0; g < TW_GROUP_COUNT; g++)
		n += (int64_t)s->n_layer * tw_group_out(s, g) * tw_group_in(s, g);
	return n * (int64_t)sizeof(float);
}

/* --- sending weights --- */

struct making {
	const struct tw_matrix *m;
	float *to;
	int from;
};

static void make_rows(void *ctx, int begin, int end)
{
	const struct making *q = ctx;
	tw_matrix_rows(q->to + (ptrdiff_t)begin * q->m->cols, q->m, q->from + begin, end - begin);
}

/* Through `room` (SLICE, or a row where that is more). */
static void send_matrix(struct tw_net *net, float *to, const struct tw_matrix *m, float *room)
{
	const int most = m->cols ? tw_most(1, (int)(SLICE / m->cols)) : 1;
	for (int i = 0; i < m->rows; i += most) {
		const int n = tw_least(most, m->rows - i);
		struct making q = {m, room, i};
		tw_for_pieces(&net->c, n, TW_LORA_ROWS, make_rows, &q);
		net->dev->send(to + (ptrdiff_t)i * m->cols, room,
			       (size_t)n * (size_t)m->cols * sizeof(*to));
	}
}

static void send_vector(struct tw_net *net, const float *to, const float *from, int n)
{
	if (from)
		net->dev->send((float *)to, from, (size_t)n * sizeof(*to));
}

static void send_block(struct tw_net *net, int layer, float *room)
{
	struct vector v[VECTORS];
	vectors_of(v, net, layer);
	for (int i = 0; i < VECTORS; i++)
		send_vector(net, *v[i].at, v[i].from, v[i].n);
	for (enum tw_group g = 0; g < TW_GROUP_COUNT; g++) {
		float *at = tw_sent_group(net, layer, g);
		for (int k = 0; k < tw_groups[g].n; k++) {
			const struct tw_matrix *m = &net->w->block[layer].proj[tw_groups[g].p[k]];
			send_matrix(net, at, m, room);
			at += (ptrdiff_t)m->rows * m->cols;
		}
	}
}

static void send_all(struct tw_net *net, float *room)
{
	struct tw_sent *sent = net->sent;
	for (int i = 0; i < net->s->n_layer; i++)
		send_block(net, i, room);
	send_matrix(net, sent->embed, &net->w->embed, room);
	if (sent->head != sent->embed)
		send_matrix(net, sent->head, &net->w->head, room);
	send_vector(net, sent->out_norm, net->w->out_norm, net->s->C);
}

enum tw_status tw_sent_init(struct tw_net *net, struct tw_err *err)
{
	struct tw_sent *sent = net->sent = tw_xcalloc(1, sizeof(*sent));
	const size_t n = (size_t)net->s->n_layer;
	struct tw_cutter c = {.align = ALIGN};
	sent->block = tw_xcalloc(n, sizeof(*sent->block));
	sent->group = tw_xcalloc(n * TW_GROUP_COUNT, sizeof(*sent->group));
	sent->losses = tw_xcalloc(2 * (size_t)tw_net_head_tokens(net->s), sizeof(*sent->losses));
	cut_all(&c, net);
	sent->memory =
		net->dev->alloc((size_t)c.used * sizeof(float),
				"the weights as float32; a smaller base model needs less", err);
	if (!sent->memory)
		return TW_NO_MEMORY;
	c = (struct tw_cutter){.align = ALIGN, .base = sent->memory};
	cut_all(&c, net);
	if (keys_of(net))
		sent->made_keys = tw_xcalloc((size_t)keys_of(net), sizeof(*sent->made_keys));
	size_t widest = (size_t)tw_most(tw_most(net->s->C, net->s->F), tw_q_dim(net->s));
	float *room = tw_try_alloc(((size_t)SLICE + widest) * sizeof(*room),
				   "weights on their way to the GPU", err);
	if (!room)
		return TW_NO_MEMORY;
	send_all(net, room);
	free(room);
	net->block = sent->block;
	net->out_norm = sent->out_norm;
	return net->dev->check(err);
}

void tw_sent_free(struct tw_net *net)
{
	struct tw_sent *sent = net->sent;
	if (!sent)
		return;
	net->dev->release(sent->memory);
	free(sent->block);
	free(sent->group);
	free(sent->made_keys);
	free(sent->losses);
	free(sent->logits);
	free(sent);
	net->sent = NULL;
}

/* --- each pass --- */

/* `at` (n), or where it was sent. */
static const void *there(const struct tw_net *net, void *room, const void *at, int n, size_t size)
{
	if (!net->sent)
		return at;
	net->dev->send(room, at, (size_t)n * size);
	return room;
}

static void take_masks(struct tw_net *net, int T)
{
	struct tw_sent *sent = net->sent;
	uint64_t *key = sent->made_keys;
	const ptrdiff_t cap = net->size.cap;
	for (int layer = 0; layer < net->s->n_layer; layer++)
		for (enum tw_proj p = 0; p < TW_PROJ_COUNT; p++, key += cap)
			for (int t = 0; tw_lora_at(net->lora, layer, p) && t < T; t++)
				key[t] = tw_drop_key(net, layer, p, t);
	net->dev->send(sent->keys, sent->made_keys, (size_t)keys_of(net) * sizeof(*key));
}

void tw_take_batch(struct tw_net *net, const struct tw_batch *b)
{
	static const struct tw_sent none;
	const struct tw_sent *s = net->sent ? net->sent : &none;
	const size_t size = sizeof(int32_t);
	net->in = (struct tw_inputs){.tokens = there(net, s->tokens, b->tokens, b->T, size),
				     .pos = there(net, s->pos, b->pos, b->T, size),
				     .from = there(net, s->from, b->from, b->n_loss, size),
				     .target = there(net, s->target, b->target, b->n_loss, size)};
	if (!net->sent)
		return;
	net->dev->send(s->p, net->lora->p, net->lora->n * sizeof(*s->p));
	if (net->drop.on)
		take_masks(net, b->T);
}

void tw_take_weights(struct tw_net *net, const struct tw_batch *b, const float *weight)
{
	float *room = net->sent ? net->sent->weight : NULL;
	net->in.weight = weight ? there(net, room, weight, b->n_loss, sizeof(*weight)) : NULL;
}

void tw_take_gradients(struct tw_net *net)
{
	if (net->sent)
		net->dev->send(net->sent->g, net->lora->g, net->lora->n * sizeof(float));
}

void tw_give_gradients(struct tw_net *net)
{
	if (net->sent)
		net->dev->fetch(net->lora->g, net->sent->g, net->lora->n * sizeof(float));
}

const float *tw_params(const struct tw_net *net)
{
	return net->sent ? net->sent->p : net->lora->p;
}

float *tw_gradients(const struct tw_net *net)
{
	return net->sent ? net->sent->g : net->lora->g;
}

const double *tw_give_losses(struct tw_net *net)
{
	if (!net->sent)
		return net->losses;
	net->dev->fetch(net->sent->losses, net->losses,
			2 * (size_t)tw_net_head_tokens(net->s) * sizeof(double));
	return net->sent->losses;
}

const float *tw_give_logits(struct tw_net *net, int n)
{
	if (!net->sent)
		return net->logits;
	size_t V = (size_t)net->s->V, most = (size_t)tw_net_head_tokens(net->s);
	if (!net->sent->logits)
		net->sent->logits = tw_xcalloc(most * V, sizeof(float));
	net->dev->fetch(net->sent->logits, net->logits, (size_t)n * V * sizeof(float));
	return net->sent->logits;
}

/* --- what is kept --- */

float *tw_sent_group(const struct tw_net *net, int layer, enum tw_group g)
{
	return net->sent->group[layer * TW_GROUP_COUNT + (int)g];
}

float *tw_sent_head(const struct tw_net *net)
{
	return net->sent->head;
}

const float *tw_sent_embed(const struct tw_net *net)
{
	return net->sent->embed;
}

const uint64_t *tw_sent_drop_keys(const struct tw_net *net, int layer, enum tw_proj p)
{
	return net->sent->keys + ((ptrdiff_t)layer * TW_PROJ_COUNT + (int)p) * net->size.cap;
}
