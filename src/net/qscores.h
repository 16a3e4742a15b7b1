/*
 * net/qscores.h: the products of attention whose sums are as long as a head is wide, in whole numbers of 16 bits: of rows of
 * queries with rows of keys, and of gradients with values, which are keys here. Each 64 terms of a row have a scale of
 * their own.
 */
#ifndef TW_NET_QSCORES_H
#define TW_NET_QSCORES_H

#include "net/qgemm.h"

enum { TW_Q_QUERIES = 128 }; /* most rows of queries at a time */

/* Of one thread. */
struct tw_q_scores {
	const struct tw_q_kernel *kernel;
	char *memory; /* tw_q_scores_bytes() */
};
/* For T keys of D terms each, twice. */
int64_t tw_q_scores_bytes(int T, int D);

enum tw_q_keys { TW_Q_KEYS, TW_Q_VALUES };

/* Rows (T, D) of floats that are ld apart become the keys or the values. */
void tw_q_scores_set(const struct tw_q_scores *q, enum tw_q_keys of, const float *rows, int ld,
		     int T, int D);

/* s (n, keys) = by x y^T, of rows x (n, D) and the `keys` keys from `first` on, which is a multiple of 32. Row i needs its
 * columns up to i + diagonal; others may be left as they were. */
struct tw_q_score_tile {
	enum tw_q_keys of;
	int T, D; /* as set */
	int n, first, keys, diagonal;
	float by;
	const float *x;
	int x_ld;
	float *s;
	int s_ld;
};
void tw_q_scores_run(const struct tw_q_scores *q, const struct tw_q_score_tile *t);

#endif
