/* net/qgemm_int.h: what the files of qgemm.h share. */
#ifndef TW_NET_QGEMM_INT_H
#define TW_NET_QGEMM_INT_H

#include <string.h>

#include "net/cut_int.h"
#include "net/qgemm_kernel_int.h"

/* For functions that are compiled once for each constant they are given. */
#define ALWAYS static inline __attribute__((always_inline))

/* The whole number next to x, which has 16 bits at most. */
static inline int16_t tw_q_round(float x)
{
	int32_t bits;
	x += 12582912.0f; /* 1.5 x 2^23: the last bits are the number */
	memcpy(&bits, &x, sizeof(bits));
	return (int16_t)bits;
}

/* Terms of a column of weights in a word. */
static inline int tw_q_terms(enum tw_q_bits bits)
{
	return bits == TW_Q16 ? 2 : 4;
}

/* Where the part that begins with term k0, or a strip of `terms` terms in it, has its words. */
static inline ptrdiff_t tw_q_at(const struct tw_q_weights *q, int k0, int strip, int terms)
{
	return ((ptrdiff_t)tw_whole(q->n, TW_Q_COLS) * k0 + (ptrdiff_t)strip * TW_Q_COLS * terms) /
	       tw_q_terms(q->bits);
}

/* Words from a row of a part to the next: an odd number of lines, lest a tile's rows meet in the same sets of a cache. */
static inline int tw_q_ld(int words)
{
	return (tw_pieces(words, 16) | 1) * 16;
}

#endif
