/* net/q16_int.h: what the files of q16.h share. */
#ifndef TW_NET_Q16_INT_H
#define TW_NET_Q16_INT_H

#include <string.h>

#include "net/cut_int.h"
#include "net/q16.h"

/* The whole number next to x, which has 16 bits at most. */
static inline int16_t tw_q16_round(float x)
{
	int32_t bits;
	x += 12582912.0f; /* 1.5 x 2^23: the last bits are the number */
	memcpy(&bits, &x, sizeof(bits));
	return (int16_t)bits;
}

/* Where the part that begins with term k0, or a strip of `terms` terms in it, has its numbers. */
static inline ptrdiff_t tw_q16_at(const struct tw_q16 *q, int k0, int strip, int terms)
{
	return ((ptrdiff_t)tw_whole(q->n, TW_Q16_COLS) * k0) +
	       (ptrdiff_t)strip * TW_Q16_COLS * terms;
}

/* Numbers from a row of a part to the next: an odd number of lines, lest a tile's rows meet in the same sets of a cache. */
static inline int tw_q16_ld(int terms)
{
	return terms + 32;
}

#endif
