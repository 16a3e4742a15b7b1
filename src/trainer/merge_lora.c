/* An adapter as it is trained as what changes a model. */
#include <stdio.h>
#include <string.h>

#include "trainer/merge.h"
#include "trainer/merge_int.h"

struct trained {
	const struct tw_lora *l;
	const float *p;
};

static enum tw_status find(struct tw_lora_change *out, void *ctx, const char *name,
			   const int64_t *ne, struct tw_err *err)
{
	const struct trained *t = ctx;
	int layer, at = 0;
	(void)ne;
	(void)err;
	*out = (struct tw_lora_change){0};
	if (sscanf(name, "blk.%9d.%n", &layer, &at) != 1 || at == 0 || layer < 0 ||
	    layer >= t->l->shape.n_layer)
		return TW_OK;
	for (enum tw_proj p = 0; !out->a && p < TW_PROJ_COUNT; p++) {
		char own[64];
		snprintf(own, sizeof(own), "%s.weight", tw_proj_names[p].gguf);
		if (strcmp(name + at, own) == 0)
			*out = tw_lora_change_of(t->l, t->p, layer, p);
	}
	return TW_OK;
}

static int64_t halves(void *ctx)
{
	const struct trained *t = ctx;
	int64_t n = 0;
	for (int layer = 0; layer < t->l->shape.n_layer; layer++)
		for (enum tw_proj p = 0; p < TW_PROJ_COUNT; p++)
			n += tw_lora_at(t->l, layer, p) ? 2 : 0;
	return n;
}

enum tw_status tw_merge_lora(const char *to, const char *base, const struct tw_lora *l,
			     const float *p, const struct tw_compute *c, struct tw_err *err)
{
	struct trained t = {l, p};
	const struct tw_merge_source source = {
		.name = "this training", .find = find, .halves = halves, .ctx = &t};
	return tw_merge_write(to, base, NULL, &source, c, err);
}
