/* The writing of a merged model, whatever changes it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/fs.h"
#include "base/mem.h"
#include "ggml.h"
#include "gguf.h"
#include "net/file.h"
#include "trainer/merge_int.h"

struct merger {
	const char *base_path, *type;
	const struct tw_merge_source *source;
	const struct tw_compute *c;
	struct tw_mapping map; /* of the base */
	struct gguf_context *base, *out;
	struct ggml_context *shapes; /* of the tensors that are written */
};

/* --- the two files --- */

static enum tw_status open_base(struct merger *m, struct tw_err *err)
{
	enum tw_status st = tw_map_file(&m->map, m->base_path, err);
	if (st != TW_OK)
		return st;
	m->base = gguf_init_from_file(m->base_path, (struct gguf_init_params){.no_alloc = true});
	if (!m->base)
		return tw_fail(err, TW_BAD_DATA, "%s: not a GGUF file, or only a part of one",
			       m->base_path);
	for (int64_t i = 0; i < gguf_get_n_tensors(m->base); i++) {
		size_t from = gguf_get_data_offset(m->base) + gguf_get_tensor_offset(m->base, i);
		if (from > m->map.len || gguf_get_tensor_size(m->base, i) > m->map.len - from)
			return tw_fail(err, TW_BAD_DATA, "%s: only a part of the file is there",
				       m->base_path);
	}
	return TW_OK;
}

/* --- which tensors change --- */

/* By the base's tensor of that number. */
static enum tw_status find(struct tw_lora_change *out, const struct merger *m, int64_t tensor,
			   struct tw_err *err)
{
	return m->source->find(out, m->source->ctx, gguf_get_tensor_name(m->base, tensor),
			       gguf_get_tensor_ne(m->base, tensor), err);
}

static enum tw_status check_type(const struct merger *m, int64_t tensor, struct tw_err *err)
{
	const enum ggml_type type = gguf_get_tensor_type(m->base, tensor);
	if (!tw_ggml_to_float(type))
		return tw_fail(err, TW_UNSUPPORTED, "%s: %s has type %s, which can't be read",
			       m->base_path, gguf_get_tensor_name(m->base, tensor),
			       ggml_type_name(type));
	return TW_OK;
}

static bool can_pack(enum ggml_type t, int64_t cols)
{
	return cols % ggml_blck_size(t) == 0 && !ggml_quantize_requires_imatrix(t) &&
	       (t == GGML_TYPE_F32 || ggml_get_type_traits(t)->from_float_ref);
}

static enum ggml_type type_of(const struct merger *m, int64_t tensor)
{
	static const enum ggml_type types[] = {GGML_TYPE_F32, GGML_TYPE_F16, GGML_TYPE_BF16,
					       GGML_TYPE_Q8_0};
	const int64_t cols = gguf_get_tensor_ne(m->base, tensor)[0];
	enum ggml_type t = gguf_get_tensor_type(m->base, tensor);
	if (!m->type && ggml_is_quantized(t))
		t = GGML_TYPE_Q8_0;
	for (size_t i = 0; m->type && i < sizeof(types) / sizeof(*types); i++)
		if (strcasecmp(ggml_type_name(types[i]), m->type) == 0)
			t = types[i];
	if (!can_pack(t, cols))
		t = GGML_TYPE_Q8_0;
	return can_pack(t, cols) ? t : GGML_TYPE_F16;
}

/* The tensor as it will be. */
static enum tw_status plan_tensor(struct merger *m, int64_t i, int64_t *used, struct tw_err *err)
{
	struct tw_lora_change change;
	enum ggml_type type = gguf_get_tensor_type(m->base, i);
	enum tw_status st = find(&change, m, i, err);
	if (st == TW_OK && change.a)
		st = check_type(m, i, err);
	if (st != TW_OK)
		return st;
	if (change.a) {
		type = type_of(m, i);
		*used += 2;
	}
	struct ggml_tensor *t =
		ggml_new_tensor(m->shapes, type, GGML_MAX_DIMS, gguf_get_tensor_ne(m->base, i));
	ggml_set_name(t, gguf_get_tensor_name(m->base, i));
	gguf_add_tensor(m->out, t);
	return TW_OK;
}

static enum tw_status plan(struct merger *m, struct tw_err *err)
{
	const int64_t n = gguf_get_n_tensors(m->base);
	int64_t used = 0;
	enum tw_status st = TW_OK;
	m->out = gguf_init_empty();
	m->shapes = ggml_init((struct ggml_init_params){
		.mem_size = (size_t)(n + 1) * ggml_tensor_overhead(), .no_alloc = true});
	gguf_set_kv(m->out, m->base);
	for (int64_t i = 0; st == TW_OK && i < n; i++)
		st = plan_tensor(m, i, &used, err);
	if (st == TW_OK && (used == 0 || used != m->source->halves(m->source->ctx)))
		st = tw_fail(err, TW_BAD_USE, "%s adapts other tensors than %s has",
			     m->source->name, m->base_path);
	return st;
}

/* --- writing --- */

struct rows {
	const struct merger *m;
	struct tw_lora_change change;
	struct tw_matrix w;
	enum ggml_type type; /* to become */
	char *to;
};

static void merge_rows(void *ctx, int begin, int end)
{
	const struct rows *r = ctx;
	const int n = end - begin, cols = r->w.cols;
	float *w = tw_xmalloc((size_t)n * (size_t)cols * sizeof(*w));
	tw_lora_merge(w, NULL, &r->w, begin, n, &r->change, r->m->c->gemm);
	ggml_quantize_chunk(r->type, w, r->to + (size_t)begin * ggml_row_size(r->type, cols), 0, n,
			    cols, NULL);
	free(w);
}

static enum tw_status put(FILE *f, const void *data, size_t n, size_t align, struct tw_err *err)
{
	static const char zeros[256];
	size_t over = n % align;
	if (fwrite(data, 1, n, f) != n)
		return tw_fail_errno(err, TW_IO, "writing");
	for (size_t left = over ? align - over : 0; left > 0;) {
		size_t part = left < sizeof(zeros) ? left : sizeof(zeros);
		if (fwrite(zeros, 1, part, f) != part)
			return tw_fail_errno(err, TW_IO, "writing");
		left -= part;
	}
	return TW_OK;
}

static enum tw_status write_tensor(const struct merger *m, FILE *f, int64_t i, struct tw_err *err)
{
	const size_t align = gguf_get_alignment(m->out);
	const int64_t *ne = gguf_get_tensor_ne(m->base, i);
	const char *from = (const char *)m->map.data + gguf_get_data_offset(m->base) +
			   gguf_get_tensor_offset(m->base, i);
	struct rows r = {.m = m, .type = gguf_get_tensor_type(m->out, i)};
	enum tw_status st = find(&r.change, m, i, err);
	if (st != TW_OK)
		return st;
	if (!r.change.a)
		return put(f, from, gguf_get_tensor_size(m->base, i), align, err);
	const enum ggml_type was = gguf_get_tensor_type(m->base, i);
	r.w = (struct tw_matrix){.data = from,
				 .row_bytes = ggml_row_size(was, ne[0]),
				 .rows = (int)ne[1],
				 .cols = (int)ne[0],
				 .to_float = tw_ggml_to_float(was)};
	size_t bytes = gguf_get_tensor_size(m->out, i);
	r.to = tw_try_alloc(bytes, "a merged tensor", err);
	if (!r.to)
		return TW_NO_MEMORY;
	tw_for_pieces(m->c, (int)ne[1], TW_LORA_ROWS, merge_rows, &r);
	st = put(f, r.to, bytes, align, err);
	free(r.to);
	return st;
}

static enum tw_status write_all(void *ctx, FILE *f, struct tw_err *err)
{
	const struct merger *m = ctx;
	size_t meta = gguf_get_meta_size(m->out);
	void *head = tw_xmalloc(meta);
	gguf_get_meta_data(m->out, head);
	enum tw_status st = put(f, head, meta, 1, err); /* it ends aligned */
	free(head);
	for (int64_t i = 0; i < gguf_get_n_tensors(m->base) && st == TW_OK; i++)
		st = write_tensor(m, f, i, err);
	return st;
}

static void release(struct merger *m)
{
	gguf_free(m->base);
	gguf_free(m->out);
	ggml_free(m->shapes);
	ggml_quantize_free();
	tw_unmap_file(&m->map);
}

enum tw_status tw_merge_write(const char *to, const char *base, const char *type,
			      const struct tw_merge_source *source, const struct tw_compute *c,
			      struct tw_err *err)
{
	struct merger m = {.base_path = base, .type = type, .source = source, .c = c};
	enum tw_status st = open_base(&m, err);
	if (st == TW_OK && source->begin)
		st = source->begin(source->ctx, tw_ggml_text(m.base, "general.architecture"), err);
	if (st == TW_OK)
		st = plan(&m, err);
	if (st == TW_OK)
		st = tw_write_file_by(to, write_all, &m, err);
	release(&m);
	return st;
}
