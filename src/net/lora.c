#include "net/lora.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/str.h"

const struct tw_lora_pair *tw_lora_at(const struct tw_lora *l, int layer, enum tw_proj p)
{
	const struct tw_lora_pair *at = &l->pair[layer * TW_PROJ_COUNT + (int)p];
	return at->on && !l->off ? at : NULL;
}

int tw_group_on(const struct tw_lora *l, int layer, enum tw_group g)
{
	int n = 0;
	for (int i = 0; i < tw_groups[g].n; i++)
		n += tw_lora_at(l, layer, tw_groups[g].p[i]) != NULL;
	return n;
}

/* The fused matrix that does p's work in models that have it. */
static int whole_of(int p)
{
	return p <= TW_PROJ_V			      ? TW_PROJ_QKV
	       : p == TW_PROJ_GATE || p == TW_PROJ_UP ? TW_PROJ_GATE_UP
						      : p;
}

/* Whether target p means matrix i: itself, the one that it is a part of, or a part of it. */
static bool means(int p, int i)
{
	return p == i || p == TW_PROJ_COUNT || whole_of(p) == i || whole_of(i) == p;
}

static enum tw_status choose_target(bool *on, const struct tw_lora *l, const char *target,
				    struct tw_err *err)
{
	const char *names[TW_PROJ_COUNT + 2] = {0};
	int p = 0;
	for (; p < TW_PROJ_COUNT; p++)
		names[p] = tw_proj_names[p].peft;
	names[p] = "all-linear";
	for (p = 0; names[p] && strcmp(names[p], target) != 0;)
		p++;
	if (!names[p]) {
		const char *near = tw_nearest(target, names);
		return tw_fail(
			err, TW_BAD_USE,
			"training.targets: there is no \"%s\"%s%s%s; there are q_proj, k_proj, "
			"v_proj, o_proj, gate_proj, up_proj, down_proj, qkv_proj, gate_up_proj, "
			"and all-linear for all",
			target, near ? " (\"" : "", near ? near : "", near ? "\"?)" : "");
	}
	for (int i = 0; i < TW_PROJ_COUNT; i++)
		on[i] |= tw_proj_out(&l->shape, (enum tw_proj)i) > 0 && means(p, i);
	return TW_OK;
}

static enum tw_status choose_layers(bool *on, const struct tw_lora *l,
				    const struct tw_strings *layers, struct tw_err *err)
{
	bool all = !layers || layers->n == 0;
	for (int i = 0; i < l->shape.n_layer; i++)
		on[i] = all;
	for (size_t i = 0; !all && i < layers->n; i++) {
		char *end;
		long k = strtol(layers->at[i], &end, 10);
		if (!layers->at[i][0] || *end || k < 0 || k >= l->shape.n_layer)
			return tw_fail(err, TW_BAD_USE,
				       "training.layers_to_transform: \"%s\" is no layer of this "
				       "model; it has 0 to %d",
				       layers->at[i], l->shape.n_layer - 1);
		on[k] = true;
	}
	return TW_OK;
}

static enum tw_status choose(struct tw_lora *l, const struct tw_lora_config *conf,
			     struct tw_err *err)
{
	bool on[TW_PROJ_COUNT] = {0};
	enum tw_status st = TW_OK;
	if (conf->targets->n == 0)
		return tw_fail(err, TW_BAD_USE, "training.targets names no matrix to adapt");
	for (size_t i = 0; i < conf->targets->n && st == TW_OK; i++)
		st = choose_target(on, l, conf->targets->at[i], err);
	bool *layers = tw_xcalloc((size_t)l->shape.n_layer, sizeof(*layers));
	if (st == TW_OK)
		st = choose_layers(layers, l, conf->layers, err);
	for (int i = 0; i < l->shape.n_layer * TW_PROJ_COUNT; i++)
		l->pair[i].on = layers[i / TW_PROJ_COUNT] && on[i % TW_PROJ_COUNT];
	free(layers);
	return st;
}

enum { PART_A, PART_B, PART_M };

/* One part of a matrix's adapter, behind all that is there. */
static void place(struct tw_lora *l, struct tw_param *param, int layer, enum tw_proj p, int part,
		  double b_rate)
{
	struct tw_lora_pair *at = &l->pair[layer * TW_PROJ_COUNT + (int)p];
	const int in = tw_proj_in(&l->shape, p), out = tw_proj_out(&l->shape, p), r = l->rank;
	if (!at->on)
		return;
	const struct tw_param parts[] = {
		{l->n, r, in, 1}, {l->n, out, r, b_rate}, {l->n, out, 1, 1}};
	*(part == PART_A ? &at->a : part == PART_B ? &at->b : &at->m) = l->n;
	param[l->params.n++] = parts[part];
	l->n += tw_param_size(&parts[part]);
}

/* Group by group: all As, then all Bs, then all ms. */
static void place_all(struct tw_lora *l, struct tw_param *param, double b_rate)
{
	const int last = l->dora ? PART_M : PART_B;
	for (int layer = 0; layer < l->shape.n_layer; layer++)
		for (enum tw_group g = 0; g < TW_GROUP_COUNT; g++)
			for (int part = PART_A; part <= last; part++)
				for (int i = 0; i < tw_groups[g].n; i++)
					place(l, param, layer, tw_groups[g].p[i], part, b_rate);
}

enum tw_status tw_lora_init(struct tw_lora *out, const struct tw_shape *shape,
			    const struct tw_lora_config *conf, struct tw_err *err)
{
	double alpha = conf->rslora ? conf->alpha * sqrt(conf->rank) : conf->alpha;
	*out = (struct tw_lora){.shape = *shape,
				.rank = conf->rank,
				.alpha = (float)alpha,
				.scale = (float)(alpha / conf->rank),
				.dropout = conf->dropout,
				.dora = conf->dora};
	out->pair = tw_xcalloc((size_t)shape->n_layer * TW_PROJ_COUNT, sizeof(*out->pair));
	enum tw_status st = choose(out, conf, err);
	if (st != TW_OK)
		goto failed;
	struct tw_param *param =
		tw_xcalloc((size_t)shape->n_layer * TW_PROJ_COUNT * 3, sizeof(*param));
	out->params.at = param;
	place_all(out, param, conf->b_rate > 0 ? conf->b_rate : 1);
	out->params.floats = out->n;
	out->g = tw_try_alloc(out->n * sizeof(*out->g), "gradients of the adapter", err);
	if (out->g)
		return TW_OK;
	st = TW_NO_MEMORY;
failed:
	tw_lora_release(out);
	return st;
}

void tw_lora_release(struct tw_lora *l)
{
	free(l->pair);
	free((void *)l->params.at);
	free(l->g);
	l->params = (struct tw_params){0};
	l->pair = NULL;
	l->g = NULL;
}

struct tw_lora_change tw_lora_change_of(const struct tw_lora *l, const float *p, int layer,
					enum tw_proj proj)
{
	const struct tw_lora_pair *at = tw_lora_at(l, layer, proj);
	if (!at)
		return (struct tw_lora_change){0};
	return (struct tw_lora_change){.a = p + at->a,
				       .b = p + at->b,
				       .m = l->dora ? p + at->m : NULL,
				       .rank = l->rank,
				       .scale = l->scale};
}

/* Euclidean; lane by lane, so that it can be done many at a time. */
static float norm_of(const float *x, int n)
{
	double lane[8] = {0}, sum = 0;
	int i = 0;
	for (; i + 8 <= n; i += 8)
		for (int k = 0; k < 8; k++)
			lane[k] += (double)x[i + k] * (double)x[i + k];
	for (; i < n; i++)
		sum += (double)x[i] * (double)x[i];
	for (int k = 0; k < 8; k++)
		sum += lane[k];
	return (float)sqrt(sum);
}

/* Rows x (n, cols) times m / their norms. */
static void scale_rows(float *x, float *by, const float *m, int n, int cols)
{
	for (int i = 0; i < n; i++, x += cols) {
		const float norm = norm_of(x, cols), d = norm > 0 ? m[i] / norm : 0;
		for (int k = 0; k < cols; k++)
			x[k] *= d;
		if (by)
			by[i] = d;
	}
}

void tw_lora_merge(float *to, float *by, const struct tw_matrix *w, int from, int n,
		   const struct tw_lora_change *change, const struct tw_gemm_kernel *gemm)
{
	tw_matrix_rows(to, w, from, n);
	if (change->a)
		gemm->run(&(struct tw_gemm){.m = n,
					    .n = w->cols,
					    .k = change->rank,
					    .alpha = change->scale,
					    .a = change->b + (ptrdiff_t)from * change->rank,
					    .lda = change->rank,
					    .b = change->a,
					    .ldb = w->cols,
					    .beta = 1,
					    .c = to,
					    .ldc = w->cols});
	if (change->m)
		scale_rows(to, by, change->m + from, n, w->cols);
}

struct measure {
	const struct tw_matrix *w;
	struct tw_lora_change change;
	const struct tw_gemm_kernel *gemm;
	float *m;
};

static void measure_rows(void *ctx, int begin, int end)
{
	const struct measure *q = ctx;
	const int n = end - begin, cols = q->w->cols;
	float *rows = tw_xmalloc((size_t)n * (size_t)cols * sizeof(*rows));
	tw_lora_merge(rows, NULL, q->w, begin, n, &q->change, q->gemm);
	for (int i = 0; i < n; i++)
		q->m[begin + i] = norm_of(rows + (ptrdiff_t)i * cols, cols);
	free(rows);
}

void tw_lora_measure(struct tw_lora *l, const struct tw_weights *w, const struct tw_compute *c)
{
	for (int layer = 0; l->dora && layer < l->shape.n_layer; layer++)
		for (enum tw_proj p = 0; p < TW_PROJ_COUNT; p++) {
			struct measure q = {.w = &w->block[layer].proj[p],
					    .change = tw_lora_change_of(l, l->p, layer, p),
					    .gemm = c->gemm};
			if (!q.change.a)
				continue;
			q.m = l->p + tw_lora_at(l, layer, p)->m;
			q.change.m = NULL;
			tw_for_pieces(c, q.w->rows, TW_LORA_ROWS, measure_rows, &q);
		}
}

void tw_lora_seed(struct tw_lora *l, uint64_t seed)
{
	memset(l->p, 0, l->n * sizeof(*l->p));
	for (int layer = 0; layer < l->shape.n_layer; layer++)
		for (enum tw_proj p = 0; p < TW_PROJ_COUNT; p++) {
			const struct tw_lora_pair *at = tw_lora_at(l, layer, p);
			if (!at)
				continue;
			int in = tw_proj_in(&l->shape, p);
			int64_t name[2] = {layer, (int64_t)p};
			uint64_t state = tw_hash64(name, sizeof(name), seed);
			double bound = 1.0 / sqrt(in);
			float *a = l->p + at->a;
			for (int i = 0; i < l->rank * in; i++)
				a[i] = (float)(bound * (2 * tw_random_unit(&state) - 1));
		}
}
