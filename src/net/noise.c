#include <math.h>

#include "base/hash.h"
#include "net/noise.h"

/* Adds to one token's embedding. The generator is started anew for each token, so any part can be computed alone. */
static void add_token(float *x, int C, double size, uint64_t key)
{
	for (int i = 0; i < C; i++)
		x[i] += (float)(size * (2 * tw_random_unit(&key) - 1));
}

void tw_noise_add(float *x, int C, const struct tw_noise *noise, const struct tw_batch *b,
		  int begin, int end)
{
	int doc = 0;
	if (noise->alpha <= 0)
		return;
	for (int t = begin; t < end; t++, x += C) {
		while (b->doc[doc + 1] <= t)
			doc++;
		int64_t place[3] = {noise->step, b->id[doc], b->pos[t]};
		double n = b->doc[doc + 1] - b->doc[doc];
		add_token(x, C, noise->alpha / sqrt(n * C),
			  tw_hash64(place, sizeof(place), noise->seed));
	}
}
