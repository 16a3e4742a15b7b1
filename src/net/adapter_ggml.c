/*
 * Keys as llama.cpp's loader reads them: adapter.lora.alpha, from which it makes
 * alpha / r, and for each adapted tensor NAME.lora_a with ne {in, r} and NAME.lora_b
 * with ne {r, out}. Rows of q and k stay in GGUF's order, which is the one that they were trained in.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "ggml.h"
#include "gguf.h"
#include "net/adapter.h"

struct writer {
	struct gguf_context *gguf;
	struct ggml_context *ggml;
	struct tw_str data;
	size_t align;
};

static void pad(struct writer *w)
{
	static const char zeros[64];
	size_t over = w->data.len % w->align;
	if (over)
		tw_str_add(&w->data, zeros, w->align - over);
}

static void add(struct writer *w, int layer, enum tw_proj p, const char *half, int cols, int rows,
		const float *values)
{
	char name[96];
	struct ggml_tensor *t = ggml_new_tensor_2d(w->ggml, GGML_TYPE_F32, cols, rows);
	snprintf(name, sizeof(name), "blk.%d.%s.weight.%s", layer, tw_proj_names[p].gguf, half);
	ggml_set_name(t, name);
	gguf_add_tensor(w->gguf, t);
	tw_str_add(&w->data, (const char *)values, (size_t)cols * (size_t)rows * sizeof(*values));
	pad(w);
}

static void add_all(struct writer *w, const struct tw_lora *l, const float *values)
{
	for (int layer = 0; layer < l->shape.n_layer; layer++)
		for (enum tw_proj p = 0; p < TW_PROJ_COUNT; p++) {
			const struct tw_lora_pair *at = tw_lora_at(l, layer, p);
			if (!at)
				continue;
			add(w, layer, p, "lora_a", tw_proj_in(&l->shape, p), l->rank,
			    values + at->a);
			add(w, layer, p, "lora_b", l->rank, tw_proj_out(&l->shape, p),
			    values + at->b);
		}
}

enum tw_status tw_adapter_write(const char *path, const struct tw_lora *l, const float *p,
				const char *arch, struct tw_err *err)
{
	struct tw_str file = TW_STR_INIT;
	size_t tensors = (size_t)l->shape.n_layer * TW_PROJ_COUNT * 2;
	struct writer w = {
		.gguf = gguf_init_empty(),
		.ggml = ggml_init((struct ggml_init_params){
			.mem_size = tensors * ggml_tensor_overhead(), .no_alloc = true})};
	gguf_set_val_str(w.gguf, "general.type", "adapter");
	gguf_set_val_str(w.gguf, "general.architecture", arch);
	gguf_set_val_str(w.gguf, "adapter.type", "lora");
	gguf_set_val_f32(w.gguf, "adapter.lora.alpha", l->alpha);
	w.align = gguf_get_alignment(w.gguf);
	add_all(&w, l, p);
	size_t meta = gguf_get_meta_size(w.gguf);
	tw_str_reserve(&file, meta + w.data.len);
	gguf_get_meta_data(w.gguf, file.data);
	file.len = meta;
	tw_str_add(&file, w.data.data, w.data.len);
	enum tw_status st = tw_write_file(path, file.data, file.len, err);
	tw_str_release(&file);
	tw_str_release(&w.data);
	gguf_free(w.gguf);
	ggml_free(w.ggml);
	return st == TW_OK ? st : tw_wrap(err, st, "writing the adapter");
}
