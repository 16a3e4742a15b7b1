#include "training/lora_int.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/str.h"

const struct tw_group_span tw_groups[TW_GROUP_COUNT] = {
	[TW_GROUP_QKV] = {TW_PROJ_Q, 3},
	[TW_GROUP_O] = {TW_PROJ_O, 1},
	[TW_GROUP_GATE_UP] = {TW_PROJ_GATE, 2},
	[TW_GROUP_DOWN] = {TW_PROJ_DOWN, 1},
};

int tw_group_out(const struct tw_shape *s, enum tw_group g)
{
	int n = 0;
	for (int i = 0; i < tw_groups[g].n; i++)
		n += tw_proj_out(s, tw_groups[g].first + (unsigned)i);
	return n;
}

int tw_group_in(const struct tw_shape *s, enum tw_group g)
{
	return tw_proj_in(s, tw_groups[g].first);
}

const struct tw_lora_pair *tw_lora_at(const struct tw_lora *l, int layer, enum tw_proj p)
{
	return &l->pair[layer * TW_PROJ_COUNT + (int)p];
}

int tw_group_on(const struct tw_lora *l, enum tw_group g)
{
	int n = 0;
	for (int i = 0; i < tw_groups[g].n; i++)
		n += l->on[tw_groups[g].first + (unsigned)i];
	return n;
}

static enum tw_status choose(struct tw_lora *l, const struct tw_strings *targets,
			     struct tw_err *err)
{
	const char *names[TW_PROJ_COUNT + 1] = {0};
	for (int p = 0; p < TW_PROJ_COUNT; p++)
		names[p] = tw_proj_names[p].peft;
	if (targets->n == 0)
		return tw_fail(err, TW_BAD_USE, "training.targets names no matrix to adapt");
	for (size_t i = 0; i < targets->n; i++) {
		int p = 0;
		while (names[p] && strcmp(names[p], targets->at[i]) != 0)
			p++;
		if (!names[p]) {
			const char *near = tw_nearest(targets->at[i], names);
			return tw_fail(
				err, TW_BAD_USE,
				"training.targets: there is no \"%s\"%s%s%s; there are "
				"q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj",
				targets->at[i], near ? " (\"" : "", near ? near : "",
				near ? "\"?)" : "");
		}
		l->on[p] = true;
	}
	return TW_OK;
}

/* Group by group: all As, then all Bs. */
static void place(struct tw_lora *l)
{
	const struct tw_shape *s = &l->shape;
	size_t r = (size_t)l->rank;
	for (int layer = 0; layer < s->n_layer; layer++)
		for (enum tw_group g = 0; g < TW_GROUP_COUNT; g++)
			for (int half = 0; half < 2; half++)
				for (int i = 0; i < tw_groups[g].n; i++) {
					enum tw_proj p = tw_groups[g].first + (unsigned)i;
					struct tw_lora_pair *at =
						&l->pair[layer * TW_PROJ_COUNT + (int)p];
					if (!l->on[p])
						continue;
					*(half ? &at->b : &at->a) = l->n;
					l->n += r * (size_t)(half ? tw_proj_out(s, p)
								  : tw_proj_in(s, p));
				}
}

enum tw_status tw_lora_init(struct tw_lora *out, const struct tw_shape *shape, int rank,
			    double alpha, const struct tw_strings *targets, struct tw_err *err)
{
	*out = (struct tw_lora){.shape = *shape,
				.rank = rank,
				.alpha = (float)alpha,
				.scale = (float)(alpha / rank)};
	enum tw_status st = choose(out, targets, err);
	if (st != TW_OK)
		return st;
	out->pair = tw_xcalloc((size_t)shape->n_layer * TW_PROJ_COUNT, sizeof(*out->pair));
	place(out);
	out->g = tw_try_alloc(out->n * sizeof(*out->g), "gradients of the adapter", err);
	if (!out->g) {
		free(out->pair);
		return TW_NO_MEMORY;
	}
	return TW_OK;
}

void tw_lora_release(struct tw_lora *l)
{
	free(l->pair);
	free(l->g);
	l->pair = NULL;
	l->g = NULL;
}

void tw_lora_seed(struct tw_lora *l, uint64_t seed)
{
	memset(l->p, 0, l->n * sizeof(*l->p));
	for (int layer = 0; layer < l->shape.n_layer; layer++)
		for (enum tw_proj p = 0; p < TW_PROJ_COUNT; p++) {
			if (!l->on[p])
				continue;
			int in = tw_proj_in(&l->shape, p);
			int64_t name[2] = {layer, (int64_t)p};
			uint64_t state = tw_hash64(name, sizeof(name), seed);
			double bound = 1.0 / sqrt(in);
			float *a = l->p + tw_lora_at(l, layer, p)->a;
			for (int i = 0; i < l->rank * in; i++)
				a[i] = (float)(bound * (2 * tw_random_unit(&state) - 1));
		}
}
