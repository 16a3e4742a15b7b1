/*
 * Dropout of an adapter's inputs (Srivastava et al. 2014), inverted, with a mask of its own for
 * each projection, as PEFT has it. Bits come from a counter: whoever asks again,
 * in the backward pass or after a restart, sees the same mask.
 */
#include "base/hash.h"
#include "net/net.h"

#define TOKEN_PIECE 16

struct drop {
	const struct tw_net *net;
	int64_t name[4]; /* step, layer, projection, token */
	const float *x;
	float *to;
	int in;
	bool add;
};

/* A finaliser of 32-bit hashes: every bit of x moves every bit of the result. */
static inline uint32_t mix(uint32_t x)
{
	x = (x ^ (x >> 16)) * 0x7feb352dU;
	x = (x ^ (x >> 15)) * 0x846ca68bU;
	return x ^ (x >> 16);
}

static void drop_row(float *to, const float *x, int n, uint64_t row, double p, bool add)
{
	const uint32_t low = (uint32_t)row, high = (uint32_t)(row >> 32);
	const uint32_t below = (uint32_t)(p * 4294967296.0);
	const float scale = (float)(1 / (1 - p));
	if (add)
		for (int i = 0; i < n; i++)
			to[i] += mix(mix((uint32_t)i + low) ^ high) < below ? 0 : x[i] * scale;
	else
		for (int i = 0; i < n; i++)
			to[i] = mix(mix((uint32_t)i + low) ^ high) < below ? 0 : x[i] * scale;
}

static void drop_tokens(void *ctx, int begin, int end)
{
	const struct drop *d = ctx;
	int64_t name[4] = {d->name[0], d->name[1], d->name[2], 0};
	for (ptrdiff_t t = begin; t < end; t++) {
		name[3] = d->name[3] + t;
		drop_row(d->to + t * d->in, d->x + t * d->in, d->in,
			 tw_hash64(name, sizeof(name), d->net->drop.seed), d->net->lora->dropout,
			 d->add);
	}
}

void tw_net_drop(const struct tw_net *net, int layer, enum tw_proj p, float *to, const float *x,
		 int T, bool add)
{
	struct drop d = {.net = net,
			 .name = {net->drop.step, layer, (int64_t)p, net->drop.token},
			 .x = x,
			 .to = to,
			 .in = tw_proj_in(net->s, p),
			 .add = add};
	tw_for_pieces(&net->c, T, TOKEN_PIECE, drop_tokens, &d);
}
