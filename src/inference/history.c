#include "inference/history.h"

#include <stdlib.h>
#include <string.h>

static void drop_first(struct tw_history *h, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free((char *)(uintptr_t)h->messages.at[i].content);
	h->messages.n -= n;
	if (h->messages.n > 0)
		memmove(h->messages.at, h->messages.at + n,
			h->messages.n * sizeof(*h->messages.at));
}

void tw_history_add(struct tw_history *h, const char *question, const char *answer)
{
	const struct tw_message q = {"user", tw_xstrdup(question)};
	const struct tw_message a = {"assistant", tw_xstrdup(answer)};
	tw_vec_push(&h->messages, q);
	tw_vec_push(&h->messages, a);
	if (h->messages.n > TW_HISTORY_MAX)
		drop_first(h, h->messages.n - TW_HISTORY_MAX);
}

void tw_history_clear(struct tw_history *h)
{
	drop_first(h, h->messages.n);
}

void tw_history_release(struct tw_history *h)
{
	tw_history_clear(h);
	tw_vec_release(&h->messages);
}
