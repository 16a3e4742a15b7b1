#include "inference/fuse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"

static struct tw_fused *slot(struct tw_fusion *f, struct tw_map *index, const struct tw_hit *h)
{
	char key[128];
	int len = snprintf(key, sizeof(key), "%.100s %d", h->doc, h->ord);
	struct tw_map_slot *s = tw_map_at(index, key, (size_t)len);
	if (!s->v.p) {
		s->v.p = &f->at[f->n++];
		*(struct tw_fused *)s->v.p =
			(struct tw_fused){.doc = h->doc, .ord = h->ord, .cosine = -1};
	}
	return s->v.p;
}

static int best_first(const void *a, const void *b)
{
	const struct tw_fused *x = a, *y = b;
	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	if (x->cosine != y->cosine)
		return x->cosine > y->cosine ? -1 : 1;
	int c = strcmp(x->doc, y->doc);
	return c != 0 ? c : (x->ord > y->ord) - (x->ord < y->ord);
}

void tw_fuse(struct tw_fusion *out, const struct tw_hits *text, const struct tw_hits *vector,
	     double k, struct tw_arena *a)
{
	struct tw_map index = TW_MAP_INIT;
	*out = (struct tw_fusion){.at = TW_NEW_ARRAY(a, text->n + vector->n + 1, struct tw_fused)};
	for (size_t i = 0; i < text->n; i++) {
		struct tw_fused *f = slot(out, &index, &text->at[i]);
		f->score += 1 / (k + (double)i + 1);
		f->bm25 = text->at[i].score;
	}
	for (size_t i = 0; i < vector->n; i++) {
		struct tw_fused *f = slot(out, &index, &vector->at[i]);
		f->score += 1 / (k + (double)i + 1);
		f->cosine = vector->at[i].score;
	}
	if (out->n > 0)
		qsort(out->at, out->n, sizeof(*out->at), best_first);
	tw_map_release(&index);
}
