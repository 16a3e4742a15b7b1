/*
 * Keys as llama.cpp's loader reads them: adapter.lora.alpha, from which it makes
 * alpha / r, and for each adapted tensor NAME.lora_a with ne {in, r} and NAME.lora_b
 * with ne {r, out}. Rows of q and k stay in GGUF's order, which is the one that they were trained in.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/fs.h"
#include "ggml.h"
#include "gguf.h"
#include "net/adapter.h"

static void add(struct gguf_context *g, struct ggml_context *ctx, const struct tw_adapter_matrix *m,
		const char *half, int cols, int rows, const float *values)
{
	struct ggml_tensor *t = ggml_new_tensor_2d(ctx, GGML_TYPE_F32, cols, rows);
	ggml_format_name(t, "blk.%d.%s.weight.%s", m->layer, tw_proj_names[m->proj].gguf, half);
	t->data = (void *)(uintptr_t)values;
	gguf_add_tensor(g, t);
}

static enum tw_status write_gguf(void *ctx, FILE *f, struct tw_err *err)
{
	return gguf_write_to_file_ptr(ctx, f, false) ? TW_OK : tw_fail_errno(err, TW_IO, "writing");
}

enum tw_status tw_adapter_write_matrices(const char *path, const char *arch, double alpha,
					 const struct tw_adapter_matrix *m, size_t n,
					 struct tw_err *err)
{
	struct gguf_context *g = gguf_init_empty();
	struct ggml_context *ctx = ggml_init((struct ggml_init_params){
		.mem_size = (2 * n + 1) * ggml_tensor_overhead(), .no_alloc = true});
	gguf_set_val_str(g, "general.type", "adapter");
	gguf_set_val_str(g, "general.architecture", arch);
	gguf_set_val_str(g, "adapter.type", "lora");
	gguf_set_val_f32(g, "adapter.lora.alpha", (float)alpha);
	for (size_t i = 0; i < n; i++) {
		add(g, ctx, &m[i], "lora_a", m[i].in, m[i].rank, m[i].a);
		add(g, ctx, &m[i], "lora_b", m[i].rank, m[i].out, m[i].b);
	}
	enum tw_status st = tw_write_file_by(path, write_gguf, g, err);
	gguf_free(g);
	ggml_free(ctx);
	return st == TW_OK ? st : tw_wrap(err, st, "writing the adapter");
}

enum tw_status tw_adapter_write(const char *path, const struct tw_lora *l, const float *p,
				const char *arch, struct tw_err *err)
{
	struct tw_adapter_matrix *m =
		tw_xcalloc((size_t)l->shape.n_layer * TW_PROJ_COUNT, sizeof(*m));
	size_t n = 0;
	for (int layer = 0; layer < l->shape.n_layer; layer++)
		for (enum tw_proj q = 0; q < TW_PROJ_COUNT; q++) {
			const struct tw_lora_pair *at = tw_lora_at(l, layer, q);
			if (at)
				m[n++] = (struct tw_adapter_matrix){layer,
								    q,
								    tw_proj_in(&l->shape, q),
								    l->rank,
								    tw_proj_out(&l->shape, q),
								    p + at->a,
								    p + at->b};
		}
	enum tw_status st = tw_adapter_write_matrices(path, arch, (double)l->alpha, m, n, err);
	free(m);
	return st;
}
