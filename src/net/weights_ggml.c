/* Weights of a GGUF file through ggml: every type that ggml can make float32 of. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ggml.h"
#include "gguf.h"
#include "net/file.h"
#include "net/weights.h"

static enum tw_status check_tensor(const struct tw_reader *r, int64_t id, const int64_t *ne,
				   int cols, int rows)
{
	enum ggml_type type = gguf_get_tensor_type(r->gguf, id);
	const char *name = gguf_get_tensor_name(r->gguf, id);
	if (ne[0] != cols || ne[1] != rows || ne[2] != 1 || ne[3] != 1)
		return tw_fail(r->err, TW_BAD_DATA, "%s: %s is %lld x %lld, it should be %d x %d",
			       r->path, name, (long long)ne[1], (long long)ne[0], rows, cols);
	if (!tw_ggml_to_float(type))
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
static enum tw_status get_matrix(struct tw_matrix *out, struct tw_reader *r, const char *name,
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
		.to_float = tw_ggml_to_float(type),
	};
	return TW_OK;
}

static enum tw_status need_matrix(struct tw_matrix *out, struct tw_reader *r, const char *name,
				  int cols, int rows)
{
	enum tw_status st = get_matrix(out, r, name, cols, rows);
	if (st == TW_NOT_FOUND)
		st = tw_fail(r->err, TW_UNSUPPORTED,
			     "%s: it has no %s, so it is not built as the native trainer expects",
			     r->path, name);
	return st;
}

static enum tw_status need_vector(const float **out, struct tw_reader *r, const char *name, int n)
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

/* Those of a group side by side; 0 where one has none. */
static enum tw_status read_biases(struct tw_block_weights *b, struct tw_reader *r, int i,
				  enum tw_group g)
{
	const struct tw_shape *s = &r->w->shape;
	float *all = NULL;
	int at = 0;
	enum tw_status st = TW_OK;
	for (int k = 0; k < tw_groups[g].n && st == TW_OK; k++) {
		enum tw_proj p = tw_groups[g].p[k];
		int n = tw_proj_out(s, p);
		const float *one = NULL;
		char name[80];
		snprintf(name, sizeof(name), "blk.%d.%s.bias", i, tw_proj_names[p].gguf);
		if (n == 0 || gguf_find_tensor(r->gguf, name) < 0) {
			at += n;
			continue;
		}
		if (!all)
			all = TW_NEW_ARRAY(&r->w->arena, (size_t)tw_group_out(s, g), float);
		st = need_vector(&one, r, name, n);
		if (st == TW_OK)
			memcpy(all + at, one, (size_t)n * sizeof(*all));
		at += n;
	}
	b->bias[g] = all;
	return st;
}

static enum tw_status read_group(struct tw_block_weights *b, struct tw_reader *r, int i,
				 enum tw_group g)
{
	const struct tw_shape *s = &r->w->shape;
	enum tw_status st = TW_OK;
	for (int k = 0; k < tw_groups[g].n && st == TW_OK; k++) {
		enum tw_proj p = tw_groups[g].p[k];
		char name[80];
		snprintf(name, sizeof(name), "blk.%d.%s.weight", i, tw_proj_names[p].gguf);
		if (tw_proj_out(s, p) > 0)
			st = need_matrix(&b->proj[p], r, name, tw_proj_in(s, p), tw_proj_out(s, p));
	}
	return st == TW_OK ? read_biases(b, r, i, g) : st;
}

static enum tw_status read_norm(const float **out, struct tw_reader *r, int i, const char *norm,
				int n)
{
	char name[80];
	snprintf(name, sizeof(name), "blk.%d.%s.weight", i, norm);
	return need_vector(out, r, name, n);
}

static enum tw_status read_norms(struct tw_block_weights *b, struct tw_reader *r, int i)
{
	const struct tw_shape *s = &r->w->shape;
	bool whole = s->qk_norm == TW_QK_WHOLE;
	enum tw_status st = TW_OK;
	if (s->pre_norm)
		st = read_norm(&b->attn_norm, r, i, "attn_norm", s->C);
	if (st == TW_OK && s->pre_norm)
		st = read_norm(&b->ffn_norm, r, i,
			       r->arch->ffn_norm ? r->arch->ffn_norm : "ffn_norm", s->C);
	if (st == TW_OK && s->post_norm)
		st = read_norm(&b->attn_post_norm, r, i, "post_attention_norm", s->C);
	if (st == TW_OK && s->post_norm)
		st = read_norm(&b->ffn_post_norm, r, i, "post_ffw_norm", s->C);
	if (st == TW_OK && s->qk_norm)
		st = read_norm(&b->q_norm, r, i, "attn_q_norm", whole ? tw_q_dim(s) : s->D);
	if (st == TW_OK && s->qk_norm)
		st = read_norm(&b->k_norm, r, i, "attn_k_norm", whole ? tw_kv_dim(s) : s->D);
	return st;
}

static enum tw_status read_block(struct tw_block_weights *b, struct tw_reader *r, int i)
{
	enum tw_status st = read_norms(b, r, i);
	for (enum tw_group g = 0; g < TW_GROUP_COUNT && st == TW_OK; g++)
		st = read_group(b, r, i, g);
	return st;
}

static enum tw_status read_embeddings(struct tw_reader *r)
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
static enum tw_status check_all_used(const struct tw_reader *r)
{
	for (int64_t i = 0; i < gguf_get_n_tensors(r->gguf); i++)
		if (!r->used[i])
			return tw_fail(r->err, TW_UNSUPPORTED,
				       "%s: the native trainer does not know its tensor %s; "
				       "`trainer: none` serves the model as it is",
				       r->path, gguf_get_tensor_name(r->gguf, i));
	return TW_OK;
}

/* What divides the frequencies: one list for all contexts, or one for short and one for long ones. */
static enum tw_status read_rope_factors(struct tw_reader *r)
{
	struct tw_weights *w = r->w;
	const float *one = NULL;
	int n = w->shape.n_rot / 2;
	enum tw_status st = TW_OK;
	if (gguf_find_tensor(r->gguf, "rope_freqs.weight") >= 0)
		st = need_vector(&one, r, "rope_freqs.weight", n);
	else if (gguf_find_tensor(r->gguf, "rope_factors_short.weight") >= 0)
		st = need_vector(&one, r, "rope_factors_short.weight", n);
	if (st == TW_OK && gguf_find_tensor(r->gguf, "rope_factors_long.weight") >= 0)
		st = need_vector(&w->rope_long, r, "rope_factors_long.weight", n);
	w->rope[TW_ROPE_GLOBAL].factors = one;
	if (r->arch->local == TW_LOCAL_AS_GLOBAL)
		w->rope[TW_ROPE_LOCAL].factors = one;
	return st;
}

static enum tw_status read_tensors(struct tw_reader *r)
{
	struct tw_weights *w = r->w;
	enum tw_status st = read_embeddings(r);
	w->shape.fused_qkv = gguf_find_tensor(r->gguf, "blk.0.attn_qkv.weight") >= 0;
	if (st == TW_OK)
		st = need_vector(&w->out_norm, r, "output_norm.weight", w->shape.C);
	if (st == TW_OK)
		st = read_rope_factors(r);
	for (int i = 0; i < w->shape.n_layer && st == TW_OK; i++)
		st = read_block(&w->block[i], r, i);
	return st == TW_OK ? check_all_used(r) : st;
}

enum tw_status tw_weights_open(struct tw_weights *out, const char *path, struct tw_err *err)
{
	struct tw_reader r = {.w = out, .path = path, .err = err};
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
	st = tw_read_settings(&r);
	if (st == TW_OK) {
		out->block = TW_NEW_ARRAY(&out->arena, (size_t)out->shape.n_layer,
					  struct tw_block_weights);
		st = tw_read_pattern(&r);
	}
	if (st == TW_OK)
		st = read_tensors(&r);
out:
	free(r.used);
	gguf_free(r.gguf);
	if (st != TW_OK)
		tw_weights_close(out);
	return st;
}

void tw_weights_set_context(struct tw_weights *w, int context)
{
	if (w->rope_long && context > w->short_context)
		w->rope[TW_ROPE_GLOBAL].factors = w->rope_long;
}

void tw_weights_close(struct tw_weights *w)
{
	tw_unmap_file(&w->map);
	tw_arena_release(&w->arena);
}
