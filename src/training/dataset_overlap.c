/*
 * Splits by near-duplicate group keep documents apart, not passages: an author
 * quotes an old post at length, or posts a paragraph twice. An example is left
 * out when at least half of its runs of 13 words are also in a split that is
 * kept apart from it (run length as in Brown et al. 2020, appendix C). A shared
 * closing line or licence note is less than that.
 */
#include <stdlib.h>

#include "base/hash.h"
#include "base/text.h"
#include "training/dataset_int.h"

#define RUN 13

struct runs TW_VEC_BODY(uint64_t);

/* Hashes of all runs of RUN words; the whole text when it is shorter. */
static void add_runs(struct runs *out, struct tw_bytes text)
{
	struct tw_str f = TW_STR_INIT;
	struct tw_arena a;
	tw_arena_init(&a);
	tw_text_fold(&f, text.data, text.len);
	const struct tw_spans w = tw_text_words(tw_str_c(&f), f.len, &a);
	uint64_t *h = TW_NEW_ARRAY(&a, w.n, uint64_t);
	for (size_t i = 0; i < w.n; i++)
		h[i] = tw_hash64(f.data + w.at[i].start, w.at[i].end - w.at[i].start, 0);
	const size_t len = w.n < RUN ? w.n : RUN;
	for (size_t i = 0; len && i + len <= w.n; i++)
		tw_vec_push(out, tw_hash64(h + i, len * sizeof(*h), len));
	tw_arena_release(&a);
	tw_str_release(&f);
}

static int by_value(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static bool is_shared(const struct runs *apart, struct tw_bytes text)
{
	struct runs own = {0};
	size_t same = 0;
	add_runs(&own, text);
	for (size_t i = 0; i < own.n; i++)
		same += bsearch(&own.at[i], apart->at, apart->n, sizeof(*apart->at), by_value) !=
			NULL;
	const bool shared = same && same * 2 >= own.n;
	tw_vec_release(&own);
	return shared;
}

void tw_dataset_part(struct candidates *c)
{
	/* What is kept apart comes first: nothing is taken out of the test split. */
	static const enum tw_split order[] = {TW_TEST, TW_VALID, TW_TRAIN};
	struct runs apart = {0};
	for (size_t k = 0; k < 3; k++) {
		for (size_t i = 0; apart.n && i < c->n; i++) {
			struct candidate *x = &c->at[i];
			if (!x->out && x->e.split == order[k] && is_shared(&apart, x->answer))
				x->out = OUT_SHARED;
		}
		for (size_t i = 0; k < 2 && i < c->n; i++)
			if (!c->at[i].out && c->at[i].e.split == order[k])
				add_runs(&apart, c->at[i].answer);
		if (apart.n)
			qsort(apart.at, apart.n, sizeof(*apart.at), by_value);
	}
	tw_vec_release(&apart);
}
