/*
 * net/mask_int.h: which inputs dropout leaves out. The same on the CPU and on a GPU, whose compiler wants to be told of
 * functions for it: TW_ALSO_ON_GPU.
 */
#ifndef TW_NET_MASK_INT_H
#define TW_NET_MASK_INT_H

#include <stdbool.h>
#include <stdint.h>

#ifndef TW_ALSO_ON_GPU
#define TW_ALSO_ON_GPU
#endif

struct tw_mask { /* of one token */
	uint32_t low, high, below;
	float scale; /* of what is kept */
};

/* `key`: see tw_drop_key(); p: the share that is left out. */
TW_ALSO_ON_GPU static inline struct tw_mask tw_mask_of(uint64_t key, double p)
{
	struct tw_mask m;
	m.low = (uint32_t)key;
	m.high = (uint32_t)(key >> 32);
	m.below = (uint32_t)(p * 4294967296.0);
	m.scale = (float)(1 / (1 - p));
	return m;
}

/* A finaliser of 32-bit hashes: every bit of x moves every bit of the result. */
TW_ALSO_ON_GPU static inline uint32_t tw_mask_mix(uint32_t x)
{
	x = (x ^ (x >> 16)) * 0x7feb352dU;
	x = (x ^ (x >> 15)) * 0x846ca68bU;
	return x ^ (x >> 16);
}

/* Whether column i is left out. */
TW_ALSO_ON_GPU static inline bool tw_dropped(const struct tw_mask *m, int i)
{
	return tw_mask_mix(tw_mask_mix((uint32_t)i + m->low) ^ m->high) < m->below;
}

#endif
