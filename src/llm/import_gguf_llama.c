/* A GGUF to another GGUF: quantised by libllama, or widened to float32. */
#include "llm/import_int.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/progress.h"
#include "base/stop.h"
#include "base/str.h"
#include "llm/gguf_int.h"
#include "llm/llama_int.h"

static const struct {
	const char *name;
	enum llama_ftype ftype;
} types[] = {
	{"F16", LLAMA_FTYPE_MOSTLY_F16},     {"BF16", LLAMA_FTYPE_MOSTLY_BF16},
	{"Q8_0", LLAMA_FTYPE_MOSTLY_Q8_0},   {"Q6_K", LLAMA_FTYPE_MOSTLY_Q6_K},
	{"Q5_0", LLAMA_FTYPE_MOSTLY_Q5_0},   {"Q5_1", LLAMA_FTYPE_MOSTLY_Q5_1},
	{"Q5_K", LLAMA_FTYPE_MOSTLY_Q5_K_M}, {"Q4_0", LLAMA_FTYPE_MOSTLY_Q4_0},
	{"Q4_1", LLAMA_FTYPE_MOSTLY_Q4_1},   {"Q4_K", LLAMA_FTYPE_MOSTLY_Q4_K_M},
	{"F32", LLAMA_FTYPE_ALL_F32},
};

static int find_type(const char *name)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (strcasecmp(types[i].name, name) == 0)
			return (int)i;
	return -1;
}

enum tw_status tw_import_check_type(const char *type, struct tw_err *err)
{
	struct tw_str known = TW_STR_INIT;
	if (find_type(type) >= 0)
		return TW_OK;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		tw_str_addf(&known, "%s%s", i ? ", " : "", types[i].name);
	enum tw_status st =
		tw_fail(err, TW_BAD_USE, "no type \"%s\"; there are %s", type, tw_str_c(&known));
	tw_str_release(&known);
	return st;
}

const char *tw_import_type_name(int ggml_type)
{
	return ggml_type_name((enum ggml_type)ggml_type);
}

enum tw_status tw_import_quantize(const char *from, const char *to, const char *type,
				  struct tw_err *err)
{
	tw_llama_start();
	tw_llama_forget_complaint();
	struct llama_model_quantize_params p = llama_model_quantize_default_params();
	p.ftype = types[find_type(type)].ftype;
	p.allow_requantize = true;
	p.nthread = tw_cores();
	if (llama_model_quantize(from, to, &p) != 0)
		return tw_fail(err, TW_UNSUPPORTED, "%s: can't be turned into %s: %s", from, type,
			       tw_llama_complaint());
	return TW_OK;
}

enum tw_status tw_import_check(const char *path, bool *adapter, struct tw_err *err)
{
	struct tw_model_file f;
	struct tw_gguf g;
	struct tw_arena a;
	enum tw_status st = tw_gguf_open(&g, path, err);
	if (st != TW_OK)
		return st;
	*adapter = tw_gguf_find(&g, "adapter.type") != NULL;
	tw_gguf_close(&g);
	if (*adapter)
		return TW_OK;
	tw_arena_init(&a);
	st = tw_model_file_open(&f, path, NULL, &a, err);
	tw_arena_release(&a);
	return st;
}

enum tw_status tw_import_verify(const char *path, struct tw_err *err)
{
	bool adapter;
	enum tw_status st = tw_import_check(path, &adapter, err);
	if (st != TW_OK || adapter)
		return st;
	tw_llama_start();
	tw_llama_forget_complaint();
	struct llama_model_params p = llama_model_default_params();
	p.use_extra_bufts = false; /* no repacking: the weights stay on disk */
	struct llama_model *m = llama_model_load_from_file(path, p);
	if (!m)
		return tw_fail(err, TW_UNSUPPORTED, "libllama can't load this model: %s",
			       tw_llama_complaint());
	llama_model_free(m);
	return TW_OK;
}

/* --- float32 --- */

struct widen {
	const struct tw_gguf *g;
	FILE *file;
	const char *to;
	struct tw_progress *progress;
	struct tw_err *err;
};

static enum tw_status put(struct widen *w, const void *data, size_t n)
{
	return fwrite(data, 1, n, w->file) == n ? TW_OK : tw_fail_errno(w->err, TW_IO, "%s", w->to);
}

/* Row by row, so that memory stays small. */
static enum tw_status put_tensor(struct widen *w, const struct tw_gguf_tensor *t)
{
	static const char zeros[GGUF_DEFAULT_ALIGNMENT];
	const size_t rows = (size_t)(t->ne[1] * t->ne[2] * t->ne[3]);
	const size_t cols = (size_t)t->ne[0], row = t->bytes / rows;
	const uint8_t *data = (const uint8_t *)w->g->map.data + t->offset;
	ggml_to_float_t to_float = ggml_get_type_traits((enum ggml_type)t->type)->to_float;
	enum tw_status st = TW_OK;
	if (t->type == GGML_TYPE_F32) {
		st = put(w, data, t->bytes);
	} else {
		float *f = tw_try_alloc(cols * sizeof(*f), "a row of weights", w->err);
		if (!f)
			return TW_NO_MEMORY;
		for (size_t i = 0; i < rows && st == TW_OK; i++) {
			to_float(data + i * row, f, (int64_t)cols);
			st = put(w, f, cols * sizeof(*f));
		}
		free(f);
	}
	size_t written = rows * cols * sizeof(float);
	size_t pad = (size_t)-written % sizeof(zeros);
	return st == TW_OK ? put(w, zeros, pad) : st;
}

/* Keys of the old header, float32 tensors, default alignment; written to the file already. */
static enum tw_status put_header(struct widen *w, const struct gguf_context *old)
{
	enum tw_status st = TW_OK;
	struct gguf_context *new = gguf_init_empty();
	struct ggml_context *ggml = ggml_init((struct ggml_init_params){
		.mem_size = (w->g->n_tensors + 1) * ggml_tensor_overhead(), .no_alloc = true});
	gguf_set_kv(new, old);
	gguf_remove_key(new, GGUF_KEY_GENERAL_ALIGNMENT);
	gguf_set_val_u32(new, "general.file_type", LLAMA_FTYPE_ALL_F32);
	for (size_t i = 0; i < w->g->n_tensors && st == TW_OK; i++) {
		const struct tw_gguf_tensor *t = &w->g->tensors[i];
		char name[GGML_MAX_NAME];
		snprintf(name, sizeof(name), "%.*s", (int)t->name.len, t->name.data);
		if (t->type != GGML_TYPE_F32 &&
		    !ggml_get_type_traits((enum ggml_type)t->type)->to_float) {
			st = tw_fail(w->err, TW_UNSUPPORTED,
				     "%s: tensor %s of type %s has no float32", w->g->path, name,
				     ggml_type_name((enum ggml_type)t->type));
			break;
		}
		struct ggml_tensor *f = ggml_new_tensor(ggml, GGML_TYPE_F32, t->n_dims, t->ne);
		ggml_set_name(f, name);
		gguf_add_tensor(new, f);
	}
	if (st == TW_OK && !gguf_write_to_file_ptr(new, w->file, true))
		st = tw_fail_errno(w->err, TW_IO, "%s", w->to);
	ggml_free(ggml);
	gguf_free(new);
	return st;
}

static enum tw_status widen_into(struct widen *w)
{
	struct gguf_context *old =
		gguf_init_from_file(w->g->path, (struct gguf_init_params){.no_alloc = true});
	if (!old)
		return tw_fail(w->err, TW_BAD_DATA, "%s: ggml refuses its header: %s", w->g->path,
			       tw_llama_complaint());
	enum tw_status st = put_header(w, old);
	gguf_free(old);
	w->progress = tw_progress_new("float32", "tensors", (int64_t)w->g->n_tensors);
	for (size_t i = 0; i < w->g->n_tensors && st == TW_OK; i++) {
		st = tw_stopping() ? tw_fail(w->err, TW_CANCELLED, "stopped")
				   : put_tensor(w, &w->g->tensors[i]);
		tw_progress_add(w->progress, 1);
	}
	tw_progress_free(w->progress);
	return st;
}

enum tw_status tw_import_widen(const char *from, const char *to, struct tw_err *err)
{
	struct tw_gguf g;
	tw_llama_start();
	tw_llama_forget_complaint();
	enum tw_status st = tw_gguf_open(&g, from, err);
	if (st != TW_OK)
		return st;
	struct widen w = {.g = &g, .to = to, .err = err, .file = fopen(to, "wbe")};
	if (!w.file) {
		st = tw_fail_errno(err, TW_IO, "%s", to);
	} else {
		st = widen_into(&w);
		if (fclose(w.file) != 0 && st == TW_OK)
			st = tw_fail_errno(err, TW_IO, "%s", to);
	}
	tw_gguf_close(&g);
	return st;
}
