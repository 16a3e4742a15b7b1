/*
 * Dropout of an adapter's inputs (Srivastava et al. 2014), inverted, with a mask of its own for
 * each projection, as PEFT has it. Bits come from a counter: whoever asks again,
 * in the backward pass or after a restart, sees the same mask.
 */
#include "base/hash.h"
#include "net/mask_int.h"
#include "net/pass_int.h"

#define TOKEN_PIECE 16

struct drop {
	const struct tw_net *net;
	int layer;
	enum tw_proj p;
	const float *x;
	float *to;
	int in;
	bool add;
};

static void drop_row(float *to, const float *x, int n, uint64_t row, double p, bool add)
{
	const struct tw_mask d = tw_mask_of(row, p);
	if (add)
		for (int i = 0; i < n; i++)
			to[i] += tw_dropped(&d, i) ? 0 : x[i] * d.scale;
	else
		for (int i = 0; i < n; i++)
			to[i] = tw_dropped(&d, i) ? 0 : x[i] * d.scale;
}

static void drop_tokens(void *ctx, int begin, int end)
{
	const struct drop *d = ctx;
	for (ptrdiff_t t = begin; t < end; t++)
		drop_row(d->to + t * d->in, d->x + t * d->in, d->in,
			 tw_drop_key(d->net, d->layer, d->p, (int)t), d->net->lora->dropout,
			 d->add);
}

uint64_t tw_drop_key(const struct tw_net *net, int layer, enum tw_proj p, int t)
{
	const int64_t name[4] = {net->drop.step, layer, (int64_t)p, net->drop.token + t};
	return tw_hash64(name, sizeof(name), net->drop.seed);
}

void tw_drop(const struct tw_net *net, int layer, enum tw_proj p, float *to, const float *x, int T,
	     bool add)
{
	struct drop d = {.net = net,
			 .layer = layer,
			 .p = p,
			 .x = x,
			 .to = to,
			 .in = tw_proj_in(net->s, p),
			 .add = add};
	tw_for_pieces(&net->c, T, TOKEN_PIECE, drop_tokens, &d);
}

void tw_net_drop(const struct tw_net *net, int layer, enum tw_proj p, float *to, const float *x,
		 int T, bool add)
{
	net->dev->drop(net, layer, p, to, x, T, add);
}
