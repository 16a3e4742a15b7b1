/*
 * Which split a group belongs to, and which examples a full split keeps.
 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "training/dataset_int.h"

/* A group's place in [0, 1): below `test` it is tested, below test + valid it validates. Nothing but seed and group
 * decide it, so a document stays in its split when others come. Only in a corpus so small that no group is below a limit
 * does the lowest one stand in, and it gives way to a new one that is lower. */
struct place {
	const char *group;
	double u;
};

struct places TW_VEC_BODY(struct place);

static double unit(const char *s, int64_t seed)
{
	uint64_t state = tw_hash64(s, strlen(s), (uint64_t)seed);
	return tw_random_unit(&state);
}

static int by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	if (x->u != y->u)
		return x->u < y->u ? -1 : 1;
	return strcmp(x->group, y->group);
}

static void collect_places(struct places *out, struct tw_map *seen, const struct candidates *c,
			   int64_t seed)
{
	for (size_t i = 0; i < c->n; i++) {
		const char *group = c->at[i].e.group;
		if (c->at[i].out || tw_map_has(seen, group))
			continue;
		const struct place p = {group, unit(group, seed)};
		tw_map_set_int(seen, group, TW_TRAIN);
		tw_vec_push(out, p);
	}
	if (out->n)
		qsort(out->at, out->n, sizeof(*out->at), by_place);
}

static size_t count_below(const struct places *p, double limit)
{
	size_t n = 0;
	while (n < p->n && p->at[n].u < limit)
		n++;
	return n;
}

static size_t within(size_t n, size_t least, size_t most)
{
	return n < least ? least : n > most ? most : n;
}

static enum tw_status too_few(size_t n, size_t least, struct tw_err *err)
{
	return tw_fail(err, TW_BLOCKED,
		       "only %zu document%s can be learnt from, at least %zu are needed to keep "
		       "some for testing: add writing, or set training.dataset.test and valid to 0",
		       n, n == 1 ? "" : "s", least);
}

enum tw_status tw_dataset_split(struct candidates *c, const struct tw_dataset_options *o,
				struct tw_err *err)
{
	struct places p = {0};
	struct tw_map splits = TW_MAP_INIT;
	enum tw_status st = TW_OK;
	const size_t tests = o->test > 0, valids = o->valid > 0, least = 1 + tests + valids;
	collect_places(&p, &splits, c, o->seed);
	if (p.n < least) {
		st = too_few(p.n, least, err);
		goto out;
	}
	/* A small corpus may have no group below the limit: then the lowest one stands in. */
	const size_t n_test = tests ? within(count_below(&p, o->test), 1, p.n - 1 - valids) : 0;
	const size_t valid_end = count_below(&p, o->test + o->valid);
	const size_t n_valid =
		valids ? within(valid_end > n_test ? valid_end - n_test : 0, 1, p.n - 1 - n_test)
		       : 0;
	for (size_t i = 0; i < n_test + n_valid; i++)
		tw_map_set_int(&splits, p.at[i].group, i < n_test ? TW_TEST : TW_VALID);
	for (size_t i = 0; i < c->n; i++)
		c->at[i].e.split =
			(enum tw_split)tw_map_get_int(&splits, c->at[i].e.group, TW_TRAIN);
out:
	tw_vec_release(&p);
	tw_map_release(&splits);
	return st;
}

struct ranked {
	struct candidate *c;
	uint64_t rank;
};

static int by_rank(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return strcmp(x->c->e.row_id, y->c->e.row_id);
}

static void cap(struct candidates *c, enum tw_split split, const struct tw_dataset_options *o)
{
	TW_VEC(struct ranked) in = {0};
	for (size_t i = 0; i < c->n; i++) {
		const char *id = c->at[i].e.row_id;
		const struct ranked r = {&c->at[i], tw_hash64(id, strlen(id), (uint64_t)o->seed)};
		if (!r.c->out && r.c->e.split == split)
			tw_vec_push(&in, r);
	}
	if (in.n > (size_t)o->max_examples)
		qsort(in.at, in.n, sizeof(*in.at), by_rank);
	for (size_t i = (size_t)o->max_examples; i < in.n; i++)
		in.at[i].c->out = OUT_CAPPED;
	tw_vec_release(&in);
}

void tw_dataset_cap(struct candidates *c, const struct tw_dataset_options *o)
{
	for (int split = 0; o->max_examples > 0 && split < 3; split++)
		cap(c, (enum tw_split)split, o);
}
