/* Weights of a GGUF file through ggml: every type that ggml can make float32 of. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ggml.h"
#include "gguf.h"
#include "training/model_int.h"

struct reader {
	struct tw_weights *w;
	struct gguf_context *gguf;
	const char *path;
	uint8_t *used; /* tensors that were asked for */
	struct tw_err *err;
};

/* --- settings --- */

static int64_t key_of(const struct reader *r, const char *key)
{
	char name[160];
	snprintf(name, sizeof(name), "%s.%s", r->w->arch, key);
	return gguf_find_key(r->gguf, name);
}

static enum tw_status get_int(int *out, const struct reader *r, const char *key, int absent)
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
	if (v <= 0 || v > (1 << 24))
		return tw_fail(r->err, TW_BAD_DATA, "%s: %s.%s makes no sense", r->path, r->w->arch,
			       key);
	*out = (int)v;
	return TW_OK;
}

static enum tw_status get_float(float *out, const struct reader *r, const char *key, float absent)
{
	int64_t id = key_of(r, key);
	*out = absent;
	if (id >= 0 && gguf_get_kv_type(r->gguf, id) == GGUF_TYPE_FLOAT32)
		*out = gguf_get_val_f32(r->gguf, id);
	if (!(*out > 0))
		return tw_fail(r->err, TW_BAD_DATA, "%s: %s.%s makes no sense", r->path, r->w->arch,
			       key);
	return TW_OK;
}

/* What tells architectures of the family apart, besides the tensors that they have. */
static const struct arch {
	const char *name;
	bool rope_halves, qk_norm;
} archs[] = {
	{"llama", false, false},
	{"qwen2", true, false},
	{"qwen3", true, true},
};

static enum tw_status check_arch(const struct reader *r)
{
	int64_t id = gguf_find_key(r->gguf, "general.architecture");
	if (id < 0 || gguf_get_kv_type(r->gguf, id) != GGUF_TYPE_STRING)
		return tw_fail(r->err, TW_BAD_DATA, "%s: it does not say its architecture",
			       r->path);
	r->w->arch = tw_strdup(&r->w->arena, gguf_get_val_str(r->gguf, id));
	for (size_t i = 0; i < sizeof(archs) / sizeof(*archs); i++)
		if (strcmp(r->w->arch, archs[i].name) == 0) {
			r->w->shape.rope_halves = archs[i].rope_halves;
			r->w->shape.qk_norm = archs[i].qk_norm;
			return TW_OK;
		}
	return tw_fail(r->err, TW_UNSUPPORTED,
		       "%s: a \"%s\" model; the native trainer knows llama (Llama, SmolLM2, "
		       "Mistral, …), qwen2 and qwen3. Choose such a model under models.llm, or "
		       "`trainer: none` to serve this one as it is",
		       r->path, r->w->arch);
}

/* libllama takes a factor without a type for a linear one. */
static bool scales_positions(const struct reader *r, const char **type)
{
	int64_t id = key_of(r, "rope.scaling.type"), factor = key_of(r, "rope.scaling.factor");
	*type = "linear";
	if (id >= 0 && gguf_get_kv_type(r->gguf, id) == GGUF_TYPE_STRING)
		*type = gguf_get_val_str(r->gguf, id);
	if (factor < 0)
		factor = key_of(r, "rope.scale_linear");
	if (strcmp(*type, "none") == 0)
		return false;
	if (strcmp(*type, "linear") != 0)
		return true;
	return factor >= 0 && gguf_get_kv_type(r->gguf, factor) == GGUF_TYPE_FLOAT32 &&
	       gguf_get_val_f32(r->gguf, factor) != 0.0f &&
	       gguf_get_val_f32(r->gguf, factor) != 1.0f;
}

/* Better no adapter than one that was trained on other angles than it is served with. */
static enum tw_status check_rope_scaling(const struct reader *r)
{
	const char *type;
	if (scales_positions(r, &type))
		return tw_fail(
			r->err, TW_UNSUPPORTED,
			"%s: it scales its positions (\"%s\"), which the native trainer does "
			"not do; `trainer: none` serves it as it is",
			r->path, type);
	return TW_OK;
}

static enum tw_status read_shape(struct reader *r)
{
	struct tw_shape *s = &r->w->shape;
	enum tw_status st = check_arch(r);
	if (st == TW_OK)
		st = check_rope_scaling(r);
	if (st == TW_OK)
		st = get_int(&s->n_layer, r, "block_count", -1);
	if (st == TW_OK)
		st = get_int(&s->C, r, "embedding_length", -1);
	if (st == TW_OK)
		st = get_int(&s->F, r, "feed_forward_length", -1);
	if (st == TW_OK)
		st = get_int(&s->n_ctx, r, "context_length", -1);
	if (st == TW_OK)
		st = get_int(&s->H, r, "attention.head_count", -1);
	if (st == TW_OK)
		st = get_int(&s->H_kv, r, "attention.head_count_kv", s->H);
	if (st == TW_OK)
		st = get_int(&s->D, r, "attention.key_length", s->C / s->H);
	int d_v = s->D;
	if (st == TW_OK)
		st = get_int(&d_v, r, "attention.value_length", s->D);
	if (st == TW_OK)
		st = get_int(&s->n_rot, r, "rope.dimension_count", s->D);
	if (st == TW_OK)
		st = get_float(&s->rope_base, r, "rope.freq_base", 10000.0f);
	if (st == TW_OK)
		st = get_float(&s->eps, r, "attention.layer_norm_rms_epsilon", 0);
	if (st == TW_OK && (s->H % s->H_kv || s->n_rot > s->D || s->n_rot % 2 || s->D > 1024))
		st = tw_fail(r->err, TW_BAD_DATA, "%s: %d heads of %d do not fit %d KV heads",
			     r->path, s->H, s->D, s->H_kv);
	if (st == TW_OK && d_v != s->D)
		st = tw_fail(r->err, TW_UNSUPPORTED,
			     "%s: heads of keys (%d) and values (%d) differ in width", r->path,
			     s->D, d_v);
	return st;
}

/* --- tensors --- */

static void copy_floats(const void *from, float *to, int64_t n)
{
	memcpy(to, from, (size_t)n * sizeof(*to));
}

static enum tw_status check_tensor(const struct reader *r, int64_t id, const int64_t *ne, int cols,
				   int rows)
{
	enum ggml_type type = gguf_get_tensor_type(r->gguf, id);
	const char *name = gguf_get_tensor_name(r->gguf, id);
	if (ne[0] != cols || ne[1] != rows || ne[2] != 1 || ne[3] != 1)
		return tw_fail(r->err, TW_BAD_DATA, "%s: %s is %lld x %lld, it should be %d x %d",
			       r->path, name, (long long)ne[1], (long long)ne[0], rows, cols);
	if (type != GGML_TYPE_F32 && !ggml_get_type_traits(type)->to_float)
		return tw_fail(r->err, TW_UNSUPPORTED, "%s: %s has type %s, which can't be read",
			       r->path, name, ggml_type_name(type));
	size_t end = gguf_get_data_offset(r->gguf) + gguf_get_tensor_offset(r->gguf, id) +
		     gguf_get_tensor_size(r->gguf, id);
	if (end > r->w->map.len)
		return tw_fail(
			r->err, TW_BAD_DATA,
			"%s: only a part of the file is there (%zu bytes; %s ends at %zu); fetch "
			"it again",
			r->path, r->w->map.len, name, end);
	return TW_OK;
}

/* TW_NOT_FOUND, without a message, when the file has no such tensor. */
static enum tw_status get_matrix(struct tw_matrix *out, struct reader *r, const char *name,
				 int cols, int rows)
{
	int64_t id = gguf_find_tensor(r->gguf, name);
	if (id < 0)
		return TW_NOT_FOUND;
	r->used[id] = 1;
	enum tw_status st = check_tensor(r, id, gguf_get_tensor_ne(r->gguf, id), cols, rows);
	if (st != TW_OK)
		return st;
	enum ggml_type type = gguf_get_tensor_type(r->gguf, id);
	*out = (struct tw_matrix){
		.data = (const char *)r->w->map.data + gguf_get_data_offset(r->gguf) +
			gguf_get_tensor_offset(r->gguf, id),
		.row_bytes = ggml_row_size(type, cols),
		.rows = rows,
		.cols = cols,
		.to_float =
			type == GGML_TYPE_F32 ? copy_floats : ggml_get_type_traits(type)->to_float,
	};
	return TW_OK;
}

static enum tw_status need_matrix(struct tw_matrix *out, struct reader *r, const char *name,
				  int cols, int rows)
{
	enum tw_status st = get_matrix(out, r, name, cols, rows);
	if (st == TW_NOT_FOUND)
		st = tw_fail(r->err, TW_UNSUPPORTED,
			     "%s: it has no %s, so it is not built as the native trainer expects",
			     r->path, name);
	return st;
}

static enum tw_status need_vector(const float **out, struct reader *r, const char *name, int n)
{
	struct tw_matrix m;
	enum tw_status st = need_matrix(&m, r, name, n, 1);
	if (st != TW_OK)
		return st;
	float *v = TW_NEW_ARRAY(&r->w->arena, (size_t)n, float);
	tw_matrix_rows(v, &m, 0, 1);
	*out = v;
	return TW_OK;
}

/* Either q, k and v have biases, or none of them has. */
static enum tw_status read_biases(struct tw_block_weights *b, struct reader *r, int i)
{
	const struct tw_shape *s = &r->w->shape;
	float *all = TW_NEW_ARRAY(&r->w->arena, (size_t)tw_qkv_dim(s), float), *to = all;
	char name[80];
	snprintf(name, sizeof(name), "blk.%d.attn_q.bias", i);
	if (gguf_find_tensor(r->gguf, name) < 0)
		return TW_OK;
	enum tw_status st = TW_OK;
	for (enum tw_proj p = TW_PROJ_Q; p <= TW_PROJ_V && st == TW_OK; p++) {
		const float *one = NULL;
		int n = tw_proj_out(s, p);
		snprintf(name, sizeof(name), "blk.%d.%s.bias", i, tw_proj_names[p].gguf);
		st = need_vector(&one, r, name, n);
		if (st == TW_OK)
			memcpy(to, one, (size_t)n * sizeof(*to));
		to += n;
	}
	b->qkv_bias = all;
	return st;
}

static enum tw_status read_head_norms(struct tw_block_weights *b, struct reader *r, int i)
{
	char name[80];
	snprintf(name, sizeof(name), "blk.%d.attn_q_norm.weight", i);
	enum tw_status st = need_vector(&b->q_norm, r, name, r->w->shape.D);
	snprintf(name, sizeof(name), "blk.%d.attn_k_norm.weight", i);
	return st == TW_OK ? need_vector(&b->k_norm, r, name, r->w->shape.D) : st;
}

static enum tw_status read_block(struct tw_block_weights *b, struct reader *r, int i)
{
	const struct tw_shape *s = &r->w->shape;
	char name[80];
	snprintf(name, sizeof(name), "blk.%d.attn_norm.weight", i);
	enum tw_status st = need_vector(&b->attn_norm, r, name, s->C);
	snprintf(name, sizeof(name), "blk.%d.ffn_norm.weight", i);
	if (st == TW_OK)
		st = need_vector(&b->ffn_norm, r, name, s->C);
	for (enum tw_proj p = 0; p < TW_PROJ_COUNT && st == TW_OK; p++) {
		snprintf(name, sizeof(name), "blk.%d.%s.weight", i, tw_proj_names[p].gguf);
		st = need_matrix(&b->proj[p], r, name, tw_proj_in(s, p), tw_proj_out(s, p));
	}
	if (st == TW_OK)
		st = read_biases(b, r, i);
	if (st == TW_OK && s->qk_norm)
		st = read_head_norms(b, r, i);
	return st;
}

static enum tw_status read_embeddings(struct reader *r)
{
	struct tw_weights *w = r->w;
	int64_t id = gguf_find_tensor(r->gguf, "token_embd.weight");
	int64_t V = id < 0 ? 0 : gguf_get_tensor_ne(r->gguf, id)[1];
	if (V <= 0 || V > (1 << 24))
		return tw_fail(r->err, TW_BAD_DATA, "%s: it has no embeddings of tokens", r->path);
	w->shape.V = (int)V;
	enum tw_status st = need_matrix(&w->embed, r, "token_embd.weight", w->shape.C, w->shape.V);
	if (st != TW_OK)
		return st;
	st = get_matrix(&w->head, r, "output.weight", w->shape.C, w->shape.V);
	if (st == TW_NOT_FOUND) { /* tied */
		w->head = w->embed;
		st = TW_OK;
	}
	return st;
}

/* A tensor that nobody asked for is a part of the model that would be left out: experts, other norms. */
static enum tw_status check_all_used(const struct reader *r)
{
	for (int64_t i = 0; i < gguf_get_n_tensors(r->gguf); i++)
		if (!r->used[i])
			return tw_fail(r->err, TW_UNSUPPORTED,
				       "%s: the native trainer does not know its tensor %s; "
				       "`trainer: none` serves the model as it is",
				       r->path, gguf_get_tensor_name(r->gguf, i));
	return TW_OK;
}

static enum tw_status read_tensors(struct reader *r)
{
	struct tw_weights *w = r->w;
	enum tw_status st = read_embeddings(r);
	if (st == TW_OK)
		st = need_vector(&w->out_norm, r, "output_norm.weight", w->shape.C);
	if (st == TW_OK && gguf_find_tensor(r->gguf, "rope_freqs.weight") >= 0)
		st = need_vector(&w->rope_factors, r, "rope_freqs.weight", w->shape.n_rot / 2);
	w->block = TW_NEW_ARRAY(&w->arena, (size_t)w->shape.n_layer, struct tw_block_weights);
	for (int i = 0; i < w->shape.n_layer && st == TW_OK; i++)
		st = read_block(&w->block[i], r, i);
	return st == TW_OK ? check_all_used(r) : st;
}

enum tw_status tw_weights_open(struct tw_weights *out, const char *path, struct tw_err *err)
{
	struct reader r = {.w = out, .path = path, .err = err};
	*out = (struct tw_weights){.arch = ""};
	tw_arena_init(&out->arena);
	enum tw_status st = tw_map_file(&out->map, path, err);
	if (st != TW_OK)
		return st;
	r.gguf = gguf_init_from_file(path, (struct gguf_init_params){.no_alloc = true});
	if (!r.gguf) {
		st = tw_fail(err, TW_BAD_DATA,
			     "%s: not a GGUF file, or only a part of one; fetch it again", path);
		goto out;
	}
	r.used = tw_xcalloc((size_t)gguf_get_n_tensors(r.gguf) + 1, 1);
	st = read_shape(&r);
	if (st == TW_OK)
		st = read_tensors(&r);
out:
	free(r.used);
	gguf_free(r.gguf);
	if (st != TW_OK)
		tw_weights_close(out);
	return st;
}

void tw_weights_close(struct tw_weights *w)
{
	tw_unmap_file(&w->map);
	tw_arena_release(&w->arena);
}
