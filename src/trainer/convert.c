#include "trainer/convert.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "trainer/factors_int.h"

/* --- a grid of factors --- */

enum tw_status tw_factors_fits(const struct tw_factors_base *b, int layer, enum tw_proj proj,
			       bool is_b, int64_t rows, int64_t cols, const char *name,
			       struct tw_err *err)
{
	if (layer < 0 || layer >= b->n_layer)
		return tw_fail(err, TW_BAD_DATA, "\"%s\": the base has only %d layers", name,
			       b->n_layer);
	const struct tw_factors_size s = b->size[(size_t)layer * TW_PROJ_COUNT + proj];
	int64_t rank = is_b ? cols : rows, other = is_b ? rows : cols;
	if (!s.in)
		return tw_fail(err, TW_BAD_DATA, "\"%s\": the base has no such matrix", name);
	if (other != (is_b ? s.out : s.in) || rank < 1 || rank > TW_FACTORS_MAX_RANK)
		return tw_fail(err, TW_BAD_DATA,
			       "\"%s\" is %lld x %lld, which does not fit the base's %d x %d", name,
			       (long long)rows, (long long)cols, s.out, s.in);
	return TW_OK;
}

enum tw_status tw_factors_take(struct tw_factors *p, int layer, enum tw_proj proj, bool is_b,
			       float *values, int64_t rows, int64_t cols, const char *name,
			       struct tw_err *err)
{
	enum tw_status st = tw_factors_fits(p->base, layer, proj, is_b, rows, cols, name, err);
	if (st != TW_OK)
		return st;
	struct tw_factor *to = &p->at[(size_t)layer * TW_PROJ_COUNT + proj];
	int64_t rank = is_b ? cols : rows;
	if (is_b ? to->b != NULL : to->a != NULL)
		return tw_fail(err, TW_BAD_DATA, "\"%s\" is there twice", name);
	if (to->rank && to->rank != (int)rank)
		return tw_fail(err, TW_BAD_DATA, "\"%s\" has rank %lld, its other half %d", name,
			       (long long)rank, to->rank);
	to->rank = (int)rank;
	*(is_b ? &to->b : &to->a) = values;
	return TW_OK;
}

static bool all_finite(const float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isfinite(x[i]))
			return false;
	return true;
}

enum tw_status tw_factors_check(const struct tw_factors *p, struct tw_err *err)
{
	int n = 0;
	for (size_t i = 0; i < tw_factors_n(p->base); i++) {
		const struct tw_factor *at = &p->at[i];
		const struct tw_factors_size s = p->base->size[i];
		const int layer = (int)(i / TW_PROJ_COUNT);
		const char *proj = tw_proj_names[i % TW_PROJ_COUNT].peft;
		if (!at->rank)
			continue;
		if (!at->a || !at->b)
			return tw_fail(err, TW_BAD_DATA, "%s of layer %d has only one half of two",
				       proj, layer);
		if (!all_finite(at->a, (size_t)at->rank * (size_t)s.in) ||
		    !all_finite(at->b, (size_t)at->rank * (size_t)s.out) || !isfinite(at->scale))
			return tw_fail(err, TW_BAD_DATA,
				       "%s of layer %d holds values that are no numbers", proj,
				       layer);
		n++;
	}
	return n ? TW_OK : tw_fail(err, TW_BAD_DATA, "it adapts nothing");
}

/*
 * llama.cpp's converter interleaves the halves of each head of q and k, since it rotates
 * neighbours where Hugging Face's code rotates halves: row 2j + t of a head is row t D/2 + j there.
 */
static void reorder(float *b, int rows, int rank, int heads, bool to_gguf)
{
	const int D = rows / heads;
	const size_t row = (size_t)rank * sizeof(*b);
	float *old = tw_xmalloc((size_t)rows * row);
	memcpy(old, b, (size_t)rows * row);
	for (int h = 0; h < heads; h++)
		for (int j = 0; j < D / 2; j++)
			for (int t = 0; t < 2; t++) {
				const int gguf = h * D + 2 * j + t, hf = h * D + t * (D / 2) + j;
				memcpy(b + (ptrdiff_t)(to_gguf ? gguf : hf) * rank,
				       old + (ptrdiff_t)(to_gguf ? hf : gguf) * rank, row);
			}
	free(old);
}

void tw_factors_reorder(struct tw_factors *p, bool to_gguf)
{
	const struct tw_factors_base *base = p->base;
	for (int layer = 0; base->interleaved && layer < base->n_layer; layer++)
		for (enum tw_proj q = TW_PROJ_Q; q <= TW_PROJ_K; q++) {
			size_t i = (size_t)layer * TW_PROJ_COUNT + q;
			if (p->at[i].rank)
				reorder(p->at[i].b, base->size[i].out, p->at[i].rank,
					q == TW_PROJ_Q ? base->heads : base->heads_kv, to_gguf);
		}
}

double tw_factors_one_alpha(struct tw_factors *p)
{
	double alpha = 0;
	for (size_t i = 0; i < tw_factors_n(p->base); i++) {
		struct tw_factor *at = &p->at[i];
		if (!at->rank)
			continue;
		const double own = at->scale * at->rank;
		alpha = alpha != 0 ? alpha : own;
		if (fabs(own - alpha) <= 1e-9 * fabs(alpha))
			continue;
		const size_t n = (size_t)at->rank * (size_t)p->base->size[i].out;
		for (size_t k = 0; k < n; k++)
			at->b[k] = (float)((double)at->b[k] * own / alpha);
		at->scale = alpha / at->rank;
	}
	return alpha;
}

/* --- conversion --- */

struct work {
	struct tw_arena arena;
	struct tw_factors_base base;
	struct tw_factors factors;
};

static enum tw_status begin(struct work *w, const char *base, struct tw_err *err)
{
	*w = (struct work){0};
	tw_arena_init(&w->arena);
	enum tw_status st = tw_factors_read_base(&w->base, base, &w->arena, err);
	if (st != TW_OK)
		return st;
	w->factors.base = &w->base;
	w->factors.at = TW_NEW_ARRAY(&w->arena, tw_factors_n(&w->base), struct tw_factor);
	return TW_OK;
}

static void describe(struct tw_adapter_info *info, const struct work *w)
{
	if (!info)
		return;
	*info = (struct tw_adapter_info){0};
	snprintf(info->arch, sizeof(info->arch), "%s", w->base.arch);
	for (size_t i = 0; i < tw_factors_n(&w->base); i++) {
		const int rank = w->factors.at[i].rank;
		info->rank = rank > info->rank ? rank : info->rank;
		info->matrices += rank > 0;
		info->parameters += (int64_t)rank * (w->base.size[i].in + w->base.size[i].out);
	}
}

enum tw_status tw_adapter_import(struct tw_adapter_info *info, const char *to, const char *from,
				 const char *base, struct tw_err *err)
{
	struct work w;
	const bool folder = tw_is_dir(from);
	enum tw_status st = begin(&w, base, err);
	if (st == TW_OK)
		st = folder ? tw_factors_read_peft(&w.factors, from, &w.arena, err)
			    : tw_factors_read_gguf(&w.factors, from, &w.arena, err);
	if (st == TW_OK && (st = tw_factors_check(&w.factors, err)) != TW_OK)
		tw_wrap(err, st, "%s", from);
	if (st == TW_OK) {
		if (folder)
			tw_factors_reorder(&w.factors, true);
		describe(info, &w);
		st = to ? tw_factors_write_gguf(to, &w.factors, err) : TW_OK;
	}
	tw_arena_release(&w.arena);
	return st;
}

enum tw_status tw_adapter_export_peft(struct tw_adapter_info *info, const char *dir,
				      const char *gguf, const char *base, struct tw_err *err)
{
	struct work w;
	enum tw_status st = begin(&w, base, err);
	if (st == TW_OK)
		st = tw_factors_read_gguf(&w.factors, gguf, &w.arena, err);
	if (st == TW_OK && (st = tw_factors_check(&w.factors, err)) != TW_OK)
		tw_wrap(err, st, "%s", gguf);
	if (st == TW_OK) {
		tw_factors_reorder(&w.factors, false);
		describe(info, &w);
		st = tw_mkdirs(dir, err);
	}
	if (st == TW_OK)
		st = tw_factors_write_peft(dir, &w.factors, &w.arena, err);
	tw_arena_release(&w.arena);
	return st;
}
