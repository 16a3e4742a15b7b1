#include "net/batch.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

enum tw_status tw_batch_init(struct tw_batch *b, int cap, struct tw_err *err)
{
	size_t docs = (size_t)cap / 2 + 1;
	size_t bytes = docs * sizeof(*b->id) + ((size_t)cap * 4 + 2 * docs + 2) * sizeof(int32_t);
	*b = (struct tw_batch){.cap = cap, .cap_docs = (int)docs};
	b->id = tw_try_alloc(bytes, "tokens of a batch", err);
	if (!b->id)
		return TW_NO_MEMORY;
	b->tokens = (int32_t *)(void *)(b->id + docs);
	b->pos = b->tokens + cap;
	b->from = b->pos + cap;
	b->target = b->from + cap;
	b->doc = b->target + cap;
	b->doc_loss = b->doc + docs + 1;
	return TW_OK;
}

void tw_batch_release(struct tw_batch *b)
{
	free(b->id);
	b->id = NULL;
}

void tw_batch_clear(struct tw_batch *b)
{
	b->T = b->n_docs = b->n_loss = 0;
	b->doc[0] = b->doc_loss[0] = 0;
}

void tw_batch_add(struct tw_batch *b, const struct tw_sample *s)
{
	assert(b->T + s->n <= b->cap && b->n_docs < b->cap_docs);
	for (int i = 0; i < s->n; i++) {
		b->tokens[b->T + i] = s->tokens[i];
		b->pos[b->T + i] = i;
		if (i == 0 || !s->answer[i])
			continue;
		b->from[b->n_loss] = b->T + i - 1;
		b->target[b->n_loss++] = s->tokens[i];
	}
	b->T += s->n;
	b->id[b->n_docs++] = 0;
	b->doc[b->n_docs] = b->T;
	b->doc_loss[b->n_docs] = b->n_loss;
}
