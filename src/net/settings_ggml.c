/* What a GGUF says of its model in keys, as libllama reads them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gguf.h"
#include "net/weights.h"

static int64_t key_of(const struct tw_reader *r, const char *key)
{
	char name[160];
	snprintf(name, sizeof(name), "%s.%s", r->w->arch, key);
	return gguf_find_key(r->gguf, name);
}

static enum tw_status no_sense(const struct tw_reader *r, const char *key)
{
	return tw_fail(r->err, TW_BAD_DATA, "%s: %s.%s makes no sense", r->path, r->w->arch, key);
}

/* `absent` below 0: it must be there. 0 is taken where `absent` is 0. */
static enum tw_status get_int(int *out, const struct tw_reader *r, const char *key, int absent)
{
	int64_t id = key_of(r, key), v = -1;
	if (id < 0 && absent >= 0) {
		*out = absent;
		return TW_OK;
	}
	if (id < 0)
		return tw_fail(r->err, TW_BAD_DATA, "%s: it does not say its %s.%s", r->path,
			       r->w->arch, key);
	enum gguf_type t = gguf_get_kv_type(r->gguf, id);
	if (t == GGUF_TYPE_ARRAY)
		return tw_fail(r->err, TW_UNSUPPORTED,
			       "%s: its blocks differ in %s; the native trainer takes models whose "
			       "blocks are alike",
			       r->path, key);
	if (t == GGUF_TYPE_UINT32)
		v = gguf_get_val_u32(r->gguf, id);
	else if (t == GGUF_TYPE_INT32)
		v = gguf_get_val_i32(r->gguf, id);
	else if (t == GGUF_TYPE_UINT64 && gguf_get_val_u64(r->gguf, id) < INT32_MAX)
		v = (int64_t)gguf_get_val_u64(r->gguf, id);
	if (v < (absent != 0) || v > (1 << 24))
		return no_sense(r, key);
	*out = (int)v;
	return TW_OK;
}

static bool has_real(const struct tw_reader *r, const char *key)
{
	int64_t id = key_of(r, key);
	return id >= 0 && gguf_get_kv_type(r->gguf, id) == GGUF_TYPE_FLOAT32;
}

static enum tw_status get_real(float *out, const struct tw_reader *r, const char *key, float absent)
{
	*out = has_real(r, key) ? gguf_get_val_f32(r->gguf, key_of(r, key)) : absent;
	return isfinite(*out) ? TW_OK : no_sense(r, key);
}

static enum tw_status get_positive(float *out, const struct tw_reader *r, const char *key,
				   float absent)
{
	enum tw_status st = get_real(out, r, key, absent);
	return st == TW_OK && !(*out > 0) ? no_sense(r, key) : st;
}

/* A factor that is 0 is none. */
static enum tw_status get_scale(float *out, const struct tw_reader *r, const char *key,
				float absent)
{
	enum tw_status st = get_real(out, r, key, absent);
	*out = *out == 0 ? 1 : *out;
	return st;
}

static enum tw_status check_arch(struct tw_reader *r)
{
	int64_t id = gguf_find_key(r->gguf, "general.architecture");
	if (id < 0 || gguf_get_kv_type(r->gguf, id) != GGUF_TYPE_STRING)
		return tw_fail(r->err, TW_BAD_DATA, "%s: it does not say its architecture",
			       r->path);
	r->w->arch = tw_strdup(&r->w->arena, gguf_get_val_str(r->gguf, id));
	r->arch = tw_arch_find(r->w->arch);
	if (r->arch)
		return TW_OK;
	return tw_fail(r->err, TW_UNSUPPORTED,
		       "%s: a \"%s\" model; the native trainer knows %s. Choose such a model under "
		       "models.llm, or `trainer: none` to serve this one as it is",
		       r->path, r->w->arch, tw_arch_names(&r->w->arena));
}

/* --- sizes --- */

static enum tw_status read_heads(struct tw_reader *r)
{
	struct tw_shape *s = &r->w->shape;
	enum tw_status st = get_int(&s->H, r, "attention.head_count", -1);
	if (st == TW_OK)
		st = get_int(&s->H_kv, r, "attention.head_count_kv", s->H);
	if (st == TW_OK)
		st = get_int(&s->D, r, "attention.key_length", s->C / s->H);
	int d_v = s->D;
	if (st == TW_OK)
		st = get_int(&d_v, r, "attention.value_length", s->C / s->H);
	if (st == TW_OK)
		st = get_int(&s->n_rot, r, "rope.dimension_count", s->D);
	if (st == TW_OK && (s->D < 1 || s->n_rot < 2 || s->H % s->H_kv || s->n_rot > s->D ||
			    s->n_rot % 2 || s->D > 1024))
		st = tw_fail(r->err, TW_BAD_DATA, "%s: %d heads of %d do not fit %d KV heads",
			     r->path, s->H, s->D, s->H_kv);
	if (st == TW_OK && d_v != s->D)
		st = tw_fail(r->err, TW_UNSUPPORTED,
			     "%s: heads of keys (%d) and values (%d) differ in width", r->path,
			     s->D, d_v);
	return st;
}

static enum tw_status read_sizes(struct tw_reader *r)
{
	struct tw_shape *s = &r->w->shape;
	enum tw_status st = get_int(&s->n_layer, r, "block_count", -1);
	if (st == TW_OK && s->n_layer > gguf_get_n_tensors(r->gguf))
		st = no_sense(r, "block_count");
	if (st == TW_OK)
		st = get_int(&s->C, r, "embedding_length", -1);
	if (st == TW_OK)
		st = get_int(&s->F, r, "feed_forward_length", -1);
	if (st == TW_OK)
		st = get_int(&s->n_ctx, r, "context_length", -1);
	if (st == TW_OK)
		st = get_positive(&s->eps, r, "attention.layer_norm_rms_epsilon", 0);
	return st == TW_OK ? read_heads(r) : st;
}

/* --- factors --- */

static enum tw_status read_scales(struct tw_reader *r)
{
	struct tw_shape *s = &r->w->shape;
	bool mini = r->arch->minicpm;
	float attn = 0, logit = 1;
	enum tw_status st = get_scale(&s->embed_scale, r, "embedding_scale", mini ? 12 : 1);
	if (st == TW_OK)
		st = get_scale(&s->residual_scale, r, "residual_scale",
			       mini ? 1.4f / sqrtf((float)s->n_layer) : 1);
	if (st == TW_OK)
		st = get_scale(&logit, r, "logit_scale", mini ? 256.0f / (float)s->C : 1);
	if (st == TW_OK && !mini)
		st = get_real(&attn, r, "attention.scale", 0);
	s->logit_scale = 1.0f / logit;
	if (attn != 0)
		s->attn_scale = attn;
	return st;
}

static enum tw_status read_temperature(struct tw_reader *r)
{
	struct tw_shape *s = &r->w->shape;
	enum tw_status st = get_real(&s->temp_scale, r, "attention.temperature_scale", 0);
	return st == TW_OK ? get_int(&s->temp_every, r, "rope.scaling.original_context_length",
				     s->n_ctx)
			   : st;
}

static enum tw_status read_factors(struct tw_reader *r)
{
	const struct tw_arch *a = r->arch;
	struct tw_shape *s = &r->w->shape;
	enum tw_status st = TW_OK;
	s->embed_scale = a->embed_sqrt ? sqrtf((float)s->C) : 1;
	s->residual_scale = s->logit_scale = 1;
	s->attn_scale =
		1.0f / sqrtf((float)(a->broad_layers && s->n_layer == a->broad_layers ? s->C / s->H
										      : s->D));
	if (a->scales)
		st = read_scales(r);
	if (st == TW_OK && a->caps)
		st = get_positive(&s->attn_cap, r, "attn_logit_softcapping", 50);
	if (st == TW_OK && a->reads_final_cap)
		st = get_real(&s->final_cap, r, "final_logit_softcapping", a->final_cap);
	return st == TW_OK && a->temperature ? read_temperature(r) : st;
}

/* --- positions --- */

enum scaling { SCALING_NONE, SCALING_LINEAR, SCALING_YARN, SCALING_LONGROPE, SCALING_COUNT };

/* libllama takes a factor without a type for a linear one. */
static enum tw_status read_scaling(enum scaling *out, const struct tw_reader *r)
{
	static const char *const names[] = {"none", "linear", "yarn", "longrope"};
	int64_t id = key_of(r, "rope.scaling.type");
	const char *name = "linear";
	if (id >= 0 && gguf_get_kv_type(r->gguf, id) == GGUF_TYPE_STRING)
		name = gguf_get_val_str(r->gguf, id);
	for (*out = 0; *out < SCALING_COUNT; (*out)++)
		if (strcmp(name, names[*out]) == 0)
			return TW_OK;
	/* Better no adapter than one that was trained on other angles than it is served with. */
	return tw_fail(r->err, TW_UNSUPPORTED,
		       "%s: it scales its positions (\"%s\") as the native trainer can't; "
		       "`trainer: none` serves it as it is",
		       r->path, name);
}

/* Peng et al. 2023, section 3.4. */
static float yarn_magnitude(float factor, float by)
{
	return factor <= 1 ? 1 : 0.1f * by * logf(factor) + 1;
}

/* The pair that turns `turns` times within the context that the model was first made for. */
static float yarn_pair(const struct tw_angles *a, int context, float turns)
{
	return (float)a->n_rot * logf((float)context / (turns * 2 * (float)M_PI)) /
	       (2 * logf(a->base));
}

struct yarn {
	int context;
	float fast, slow, multiplier;
	float factor; /* of the global angles */
};

static enum tw_status read_yarn(struct yarn *y, const struct tw_reader *r)
{
	*y = (struct yarn){.context = r->w->short_context, .fast = 32, .slow = 1};
	enum tw_status st = TW_OK;
	if (!r->arch->yarn_keys)
		return TW_OK;
	st = get_positive(&y->fast, r, "rope.scaling.yarn_beta_fast", 32);
	if (st == TW_OK)
		st = get_positive(&y->slow, r, "rope.scaling.yarn_beta_slow", 1);
	if (st == TW_OK)
		st = get_real(&y->multiplier, r, "rope.scaling.yarn_log_multiplier", 0);
	return st;
}

/* Of angles whose base and stretch are known. Those with a stretch of their own get the magnitude that libllama happens
 * to give them. */
static void apply_yarn(struct tw_angles *a, const struct yarn *y)
{
	float most = yarn_pair(a, y->context, y->slow), least = yarn_pair(a, y->context, y->fast);
	a->yarn = true;
	a->yarn_low = fmaxf(0, floorf(least));
	a->yarn_high = fminf((float)a->n_rot - 1, ceilf(most));
	a->magnitude *= yarn_magnitude(y->factor, 1);
	if (y->multiplier != 0)
		a->magnitude /= yarn_magnitude(y->factor, y->multiplier);
	a->magnitude *= (1 - 0.1f * logf(a->stretch)) / (1 + 0.1f * logf(y->factor));
}

static enum tw_status read_local(struct tw_angles *local, const struct tw_reader *r, float stretch)
{
	switch (r->arch->local) {
	case TW_LOCAL_OWN_BASE:
		local->stretch = stretch;
		return get_positive(&local->base, r, "rope.freq_base_swa", local->base);
	case TW_LOCAL_10000:
		local->stretch = 1;
		return get_positive(&local->base, r, "rope.freq_base_swa", 10000);
	case TW_LOCAL_PLAIN:
		local->stretch = local->magnitude = 1;
		return TW_OK;
	default:
		return TW_OK;
	}
}

static enum tw_status read_rope(struct tw_reader *r)
{
	struct tw_weights *w = r->w;
	struct tw_angles *global = &w->rope[TW_ROPE_GLOBAL], *local = &w->rope[TW_ROPE_LOCAL];
	enum scaling scaling;
	struct yarn yarn = {0};
	float factor = 0;
	enum tw_status st = read_scaling(&scaling, r);
	*global = (struct tw_angles){.n_rot = w->shape.n_rot};
	if (st == TW_OK)
		st = get_positive(&global->base, r, "rope.freq_base", 10000);
	if (st == TW_OK)
		st = get_real(&factor, r,
			      has_real(r, "rope.scaling.factor") ? "rope.scaling.factor"
								 : "rope.scale_linear",
			      0);
	if (st == TW_OK)
		st = get_positive(&global->magnitude, r, "rope.scaling.attn_factor", 1);
	if (st == TW_OK)
		st = get_int(&w->short_context, r, "rope.scaling.original_context_length",
			     w->shape.n_ctx);
	if (st == TW_OK && factor < 0)
		st = no_sense(r, "rope.scaling.factor");
	if (st != TW_OK)
		return st;
	float stretch = factor == 0 ? 1 : 1 / factor;
	global->stretch = scaling == SCALING_NONE ? 1 : stretch;
	*local = *global;
	st = read_local(local, r, stretch);
	if (st != TW_OK || scaling != SCALING_YARN)
		return st;
	st = read_yarn(&yarn, r);
	yarn.factor = 1 / global->stretch;
	apply_yarn(global, &yarn);
	if (r->arch->local != TW_LOCAL_PLAIN)
		apply_yarn(local, &yarn);
	return st;
}

enum tw_status tw_read_settings(struct tw_reader *r)
{
	struct tw_shape *s = &r->w->shape;
	enum tw_status st = check_arch(r);
	if (st != TW_OK)
		return st;
	s->rope_halves = r->arch->rope_halves;
	s->gelu = r->arch->gelu;
	s->fused_ffn = r->arch->fused_ffn;
	s->qk_norm = r->arch->qk_norm;
	s->pre_norm = !r->arch->no_pre_norm;
	s->post_norm = r->arch->post_norm;
	st = read_sizes(r);
	if (st == TW_OK)
		st = read_factors(r);
	return st == TW_OK ? read_rope(r) : st;
}

/* --- which block sees how far --- */

/* A list for each block, or a period, or nothing: then the architecture's own period. */
static enum tw_status read_local_blocks(bool *local, const struct tw_reader *r)
{
	int n = r->w->shape.n_layer, period;
	int64_t id = key_of(r, "attention.sliding_window_pattern");
	if (id >= 0 && gguf_get_kv_type(r->gguf, id) == GGUF_TYPE_ARRAY) {
		enum gguf_type t = gguf_get_arr_type(r->gguf, id);
		const void *at = gguf_get_arr_data(r->gguf, id);
		if ((t != GGUF_TYPE_BOOL && t != GGUF_TYPE_UINT32 && t != GGUF_TYPE_INT32) ||
		    gguf_get_arr_n(r->gguf, id) != (size_t)n)
			return no_sense(r, "attention.sliding_window_pattern");
		for (int i = 0; i < n; i++)
			local[i] = t == GGUF_TYPE_BOOL ? ((const int8_t *)at)[i] != 0
						       : ((const int32_t *)at)[i] != 0;
		return TW_OK;
	}
	enum tw_status st =
		id < 0 ? TW_OK : get_int(&period, r, "attention.sliding_window_pattern", 0);
	if (id < 0)
		period = r->arch->window_period;
	for (int i = 0; i < n && st == TW_OK; i++)
		local[i] = period == 0 || i % period < period - 1;
	return st;
}

static bool rotates(const struct tw_reader *r)
{
	int64_t id = key_of(r, "rope.scaling.finetuned");
	return !r->arch->rope_finetuned || id < 0 ||
	       gguf_get_kv_type(r->gguf, id) != GGUF_TYPE_BOOL || gguf_get_val_bool(r->gguf, id);
}

static int rope_of(const struct tw_reader *r, int i, bool local, bool windows)
{
	const struct tw_arch *a = r->arch;
	if (!rotates(r) || (a->rope_period && (i + 1) % a->rope_period == 0) ||
	    (a->rope_local_only && windows && !local))
		return TW_ROPE_NONE;
	return local && a->local != TW_LOCAL_AS_GLOBAL ? TW_ROPE_LOCAL : TW_ROPE_GLOBAL;
}

enum tw_status tw_read_pattern(struct tw_reader *r)
{
	int n = r->w->shape.n_layer, window = 0;
	bool *local = TW_NEW_ARRAY(&r->w->arena, (size_t)n, bool);
	enum tw_status st = TW_OK;
	if (r->arch->window && (!r->arch->window_layers || n == r->arch->window_layers))
		st = get_int(&window, r, "attention.sliding_window", r->arch->window_absent);
	if (st == TW_OK && window > 0)
		st = read_local_blocks(local, r);
	for (int i = 0; i < n && st == TW_OK; i++) {
		r->w->block[i].window = local[i] ? window : 0;
		r->w->block[i].rope = rope_of(r, i, local[i], window > 0);
	}
	return st;
}
