/* Adapters in GGUF, and what the base's GGUF says about the tensors that they adapt. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "ggml.h"
#include "gguf.h"
#include "net/adapter.h"
#include "net/file.h"
#include "net/weights.h"
#include "trainer/factors_int.h"

/*
 * Those whose modules Hugging Face calls model.layers.N.self_attn and .mlp, and whose code there rotates halves of a
 * head. Where libllama rotates neighbours, the rows of q and k must lie interleaved in the GGUF.
 */
static const char *const archs[] = {"llama",  "qwen2",	 "qwen3",   "gemma",   "gemma2",
				    "gemma3", "phi3",	 "granite", "minicpm", "smollm3",
				    "olmo2",  "exaone4", "seed_oss"};

static int int_of(const struct gguf_context *g, const char *arch, const char *key, int absent)
{
	char name[160];
	snprintf(name, sizeof(name), "%s.%s", arch, key);
	int64_t id = gguf_find_key(g, name);
	if (id < 0 || gguf_get_kv_type(g, id) != GGUF_TYPE_UINT32)
		return absent;
	uint32_t v = gguf_get_val_u32(g, id);
	return v > 0 && v <= 1 << 20 ? (int)v : absent;
}

static enum tw_status open_gguf(struct gguf_context **out, const char *path, struct tw_err *err)
{
	struct tw_stat s;
	enum tw_status st = tw_stat_path(&s, path, err);
	if (st != TW_OK)
		return st;
	*out = gguf_init_from_file(path, (struct gguf_init_params){.no_alloc = true});
	return *out ? TW_OK
		    : tw_fail(err, TW_BAD_DATA, "%s: not a GGUF file, or only a part of one", path);
}

/* --- the base --- */

static enum tw_status know_arch(struct tw_factors_base *b, const char *arch, const char *path,
				struct tw_arena *a, struct tw_err *err)
{
	const struct tw_arch *known = tw_arch_find(arch);
	for (size_t i = 0; known && i < sizeof(archs) / sizeof(*archs); i++)
		if (strcmp(archs[i], arch) == 0) {
			b->interleaved = !known->rope_halves;
			b->arch = tw_strdup(a, arch);
			return TW_OK;
		}
	return tw_fail(err, TW_UNSUPPORTED,
		       "%s: adapters of architecture \"%s\" can't be converted: the order of its "
		       "rows is not known here",
		       path, arch);
}

static void measure(struct tw_factors_base *b, const struct gguf_context *g)
{
	for (size_t i = 0; i < tw_factors_n(b); i++) {
		char name[96];
		snprintf(name, sizeof(name), "blk.%d.%s.weight", (int)(i / TW_PROJ_COUNT),
			 tw_proj_names[i % TW_PROJ_COUNT].gguf);
		int64_t id = gguf_find_tensor(g, name);
		if (id < 0)
			continue;
		const int64_t *ne = gguf_get_tensor_ne(g, id);
		if (ne[0] > 0 && ne[0] <= 1 << 24 && ne[1] > 0 && ne[1] <= 1 << 24 && ne[2] == 1)
			b->size[i] = (struct tw_factors_size){(int)ne[0], (int)ne[1]};
	}
	for (int layer = 0; layer < b->n_layer; layer++) { /* both are called ffn_up */
		struct tw_factors_size *s = b->size + (ptrdiff_t)layer * TW_PROJ_COUNT;
		s[s[TW_PROJ_GATE].in ? TW_PROJ_GATE_UP : TW_PROJ_UP] =
			(struct tw_factors_size){0, 0};
	}
}

static enum tw_status check_heads(const struct tw_factors_base *b, const char *path,
				  struct tw_err *err)
{
	for (size_t i = 0; b->interleaved && i < tw_factors_n(b); i++) {
		enum tw_proj p = (enum tw_proj)(i % TW_PROJ_COUNT);
		int heads = p == TW_PROJ_Q ? b->heads : b->heads_kv;
		if (p <= TW_PROJ_K && b->size[i].in && (heads < 1 || b->size[i].out % (2 * heads)))
			return tw_fail(err, TW_BAD_DATA, "%s: %d rows of %s do not fit %d heads",
				       path, b->size[i].out, tw_proj_names[p].gguf, heads);
	}
	return TW_OK;
}

enum tw_status tw_factors_read_base(struct tw_factors_base *out, const char *path,
				    struct tw_arena *a, struct tw_err *err)
{
	struct gguf_context *g;
	*out = (struct tw_factors_base){0};
	enum tw_status st = open_gguf(&g, path, err);
	if (st != TW_OK)
		return st;
	const char *arch = tw_ggml_text(g, "general.architecture");
	st = know_arch(out, arch, path, a, err);
	if (st == TW_OK) {
		out->n_layer = int_of(g, arch, "block_count", 0);
		out->heads = int_of(g, arch, "attention.head_count", 0);
		out->heads_kv = int_of(g, arch, "attention.head_count_kv", out->heads);
		if (out->n_layer < 1 || out->n_layer > 4096)
			st = tw_fail(err, TW_BAD_DATA, "%s: it does not say its number of layers",
				     path);
	}
	if (st == TW_OK) {
		out->size = TW_NEW_ARRAY(a, tw_factors_n(out), struct tw_factors_size);
		measure(out, g);
		st = check_heads(out, path, err);
	}
	gguf_free(g);
	return st;
}

/* --- reading an adapter --- */

struct reader {
	struct tw_factors *p;
	const struct gguf_context *gguf;
	struct tw_mapping map;
	const char *path;
	struct tw_arena *a;
	struct tw_err *err;
};

/* "blk.3.attn_q.weight.lora_a" */
static bool parse_name(int *layer, enum tw_proj *proj, bool *is_b, const char *name,
		       const struct tw_factors_base *base)
{
	char matrix[32], half[8];
	int end = 0;
	if (sscanf(name, "blk.%9d.%31[a-z_].weight.%7[a-z_]%n", layer, matrix, half, &end) != 3 ||
	    name[end])
		return false;
	*is_b = strcmp(half, "lora_b") == 0;
	if ((!*is_b && strcmp(half, "lora_a") != 0) || *layer < 0 || *layer >= base->n_layer)
		return false;
	for (enum tw_proj q = 0; q < TW_PROJ_COUNT; q++)
		if (strcmp(tw_proj_names[q].gguf, matrix) == 0 &&
		    base->size[*layer * TW_PROJ_COUNT + (int)q].in) {
			*proj = q;
			return true;
		}
	return false;
}

static enum tw_status read_tensor(struct reader *r, int64_t id)
{
	const char *name = gguf_get_tensor_name(r->gguf, id);
	const int64_t *ne = gguf_get_tensor_ne(r->gguf, id);
	const enum ggml_type type = gguf_get_tensor_type(r->gguf, id);
	const size_t at = gguf_get_data_offset(r->gguf) + gguf_get_tensor_offset(r->gguf, id);
	const size_t bytes = gguf_get_tensor_size(r->gguf, id);
	enum tw_proj proj;
	bool is_b;
	int layer;
	if (!parse_name(&layer, &proj, &is_b, name, r->p->base))
		return tw_fail(r->err, TW_UNSUPPORTED,
			       "it adapts \"%s\", which is no matrix of the base's %d blocks", name,
			       r->p->base->n_layer);
	if (at > r->map.len || bytes > r->map.len - at)
		return tw_fail(r->err, TW_BAD_DATA, "only a part of the file is there");
	if (!tw_ggml_to_float(type))
		return tw_fail(r->err, TW_UNSUPPORTED, "\"%s\" has type %s, which can't be read",
			       name, ggml_type_name(type));
	if (ne[2] != 1 || ne[3] != 1)
		return tw_fail(r->err, TW_BAD_DATA, "\"%s\" is no matrix", name);
	/* A few bytes of a file may stand for many numbers: memory is taken for what the base has place for alone. */
	enum tw_status st =
		tw_factors_fits(r->p->base, layer, proj, is_b, ne[1], ne[0], name, r->err);
	if (st != TW_OK)
		return st;
	const int64_t n = ne[0] * ne[1];
	float *values = TW_NEW_ARRAY(r->a, (size_t)n + 1, float);
	tw_ggml_to_float(type)((const char *)r->map.data + at, values, n);
	return tw_factors_take(r->p, layer, proj, is_b, values, ne[1], ne[0], name, r->err);
}

static enum tw_status check_kind(const struct reader *r)
{
	const char *arch = tw_ggml_text(r->gguf, "general.architecture");
	if (strcmp(tw_ggml_text(r->gguf, "general.type"), "adapter") != 0 ||
	    strcmp(tw_ggml_text(r->gguf, "adapter.type"), "lora") != 0)
		return tw_fail(r->err, TW_BAD_DATA, "it is no LoRA adapter");
	if (strcmp(arch, r->p->base->arch) != 0)
		return tw_fail(r->err, TW_BAD_DATA,
			       "it is for architecture \"%s\", the base is \"%s\"", arch,
			       r->p->base->arch);
	if (gguf_find_key(r->gguf, "adapter.alora.invocation_tokens") >= 0)
		return tw_fail(r->err, TW_UNSUPPORTED,
			       "it is an activated LoRA, which works from certain tokens on");
	return TW_OK;
}

static void set_scales(struct reader *r)
{
	for (size_t i = 0; i < tw_factors_n(r->p->base); i++)
		if (r->p->at[i].rank)
			r->p->at[i].scale = tw_ggml_lora_scale(r->gguf, r->p->at[i].rank);
}

enum tw_status tw_factors_read_gguf(struct tw_factors *p, const char *path, struct tw_arena *a,
				    struct tw_err *err)
{
	struct gguf_context *g = NULL;
	struct reader r = {.p = p, .path = path, .a = a, .err = err};
	enum tw_status st = tw_map_file(&r.map, path, err);
	if (st != TW_OK)
		return st;
	st = open_gguf(&g, path, err);
	if (st != TW_OK)
		goto out;
	r.gguf = g;
	st = check_kind(&r);
	for (int64_t i = 0; st == TW_OK && i < gguf_get_n_tensors(g); i++)
		st = read_tensor(&r, i);
	if (st == TW_OK)
		set_scales(&r);
	else
		tw_wrap(err, st, "%s", path);
	gguf_free(g);
out:
	tw_unmap_file(&r.map);
	return st;
}

/* --- writing an adapter --- */

enum tw_status tw_factors_write_gguf(const char *path, struct tw_factors *p, struct tw_err *err)
{
	const double alpha = tw_factors_one_alpha(p);
	struct tw_adapter_matrix *m = tw_xcalloc(tw_factors_n(p->base), sizeof(*m));
	size_t n = 0;
	for (size_t i = 0; i < tw_factors_n(p->base); i++) {
		const struct tw_factor *at = &p->at[i];
		const struct tw_factors_size s = p->base->size[i];
		if (at->rank)
			m[n++] = (struct tw_adapter_matrix){(int)(i / TW_PROJ_COUNT),
							    (enum tw_proj)(i % TW_PROJ_COUNT),
							    s.in,
							    at->rank,
							    s.out,
							    at->a,
							    at->b};
	}
	enum tw_status st = tw_adapter_write_matrices(path, p->base->arch, alpha, m, n, err);
	free(m);
	return st;
}
