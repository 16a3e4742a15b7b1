/*
 * net/batch.h: what a pass of the model takes: documents side by side, with no attention between them.
 */
#ifndef TW_NET_BATCH_H
#define TW_NET_BATCH_H

#include <stdint.h>

#include "base/err.h"

struct tw_sample { /* one example */
	const int32_t *tokens;
	const uint8_t *answer;
	int n;
};

/* Documents side by side, as a pass of the model takes them. */
struct tw_batch {
	int cap, cap_docs; /* tokens, documents */
	int T, n_docs, n_loss;
	int32_t *tokens, *pos;	/* (T) */
	int32_t *doc;		/* (n_docs + 1): first token of each, and T */
	int32_t *doc_loss;	/* (n_docs + 1): first target of each, and n_loss */
	int64_t *id;		/* (n_docs): the caller's, 0 until it says: whose document it is */
	int32_t *from, *target; /* (n_loss): the token that predicts, and what it should say */
};
TW_MUST_USE enum tw_status tw_batch_init(struct tw_batch *b, int cap, struct tw_err *err);
void tw_batch_release(struct tw_batch *b);
void tw_batch_clear(struct tw_batch *b);
void tw_batch_add(struct tw_batch *b, const struct tw_sample *s); /* there must be room */

#endif
