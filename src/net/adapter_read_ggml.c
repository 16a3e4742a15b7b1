/* The other way round than adapter_ggml.c; files of other programs are read too. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "ggml.h"
#include "gguf.h"
#include "net/adapter.h"
#include "net/file.h"

struct reader {
	struct gguf_context *gguf;
	struct ggml_context *ggml; /* with the tensors' data */
	const char *name;	   /* for people */
	size_t used;		   /* tensors that found their place */
};

static enum tw_status open_reader(struct reader *r, const char *path, const char *name,
				  struct tw_err *err)
{
	*r = (struct reader){.name = name};
	if (!tw_exists(path))
		return tw_fail(err, TW_NOT_FOUND, "%s: no such adapter", name);
	r->gguf = gguf_init_from_file(
		path, (struct gguf_init_params){.no_alloc = false, .ctx = &r->ggml});
	if (!r->gguf)
		return tw_fail(err, TW_BAD_DATA, "%s: not a GGUF file, or not a whole one", name);
	return TW_OK;
}

static enum tw_status check_kind(const struct reader *r, const char *arch, struct tw_err *err)
{
	if (gguf_find_key(r->gguf, "tokenizer.ggml.tokens") >= 0)
		return tw_fail(err, TW_BAD_USE,
			       "%s is a whole model, not a LoRA adapter: what was changed in it "
			       "can't be told from the rest; go on from a version that is an "
			       "adapter, or start from the base (init: none)",
			       r->name);
	return tw_ggml_check_adapter(r->gguf, r->name, arch, err);
}

/* to (rows, cols) = the tensor, float32. */
static enum tw_status read_tensor(float *to, struct reader *r, const char *name, int cols, int rows,
				  struct tw_err *err)
{
	const struct ggml_tensor *t = ggml_get_tensor(r->ggml, name);
	if (!t)
		return tw_fail(
			err, TW_BAD_USE,
			"%s has no %s; set training.targets and layers_to_transform to those "
			"that it was made with",
			r->name, name);
	if (t->ne[0] != cols || t->ne[1] != rows || t->ne[2] != 1 || t->ne[3] != 1)
		return tw_fail(err, TW_BAD_USE,
			       "%s: %s is %lld by %lld, not %d by %d; set training.rank to that of "
			       "the adapter, and look whether it belongs to this base model",
			       r->name, name, (long long)t->ne[0], (long long)t->ne[1], cols, rows);
	int64_t n = (int64_t)cols * rows;
	tw_to_float_fn to_float = tw_ggml_to_float(t->type);
	if (!to_float)
		return tw_fail(err, TW_UNSUPPORTED, "%s: %s has type %s", r->name, name,
			       ggml_type_name(t->type));
	to_float(t->data, to, n);
	for (int64_t i = 0; i < n; i++)
		if (!isfinite(to[i]))
			return tw_fail(err, TW_BAD_DATA, "%s: %s holds %g", r->name, name,
				       (double)to[i]);
	r->used++;
	return TW_OK;
}

static enum tw_status read_pair(float *p, struct reader *r, const struct tw_lora *l, int layer,
				enum tw_proj proj, struct tw_err *err)
{
	const struct tw_lora_pair *at = tw_lora_at(l, layer, proj);
	char a[96], b[96];
	if (!at)
		return TW_OK;
	int in = tw_proj_in(&l->shape, proj), out = tw_proj_out(&l->shape, proj);
	snprintf(a, sizeof(a), "blk.%d.%s.weight.lora_a", layer, tw_proj_names[proj].gguf);
	snprintf(b, sizeof(b), "blk.%d.%s.weight.lora_b", layer, tw_proj_names[proj].gguf);
	enum tw_status st = read_tensor(p + at->a, r, a, in, l->rank, err);
	if (st == TW_OK)
		st = read_tensor(p + at->b, r, b, l->rank, out, err);
	if (st != TW_OK)
		return st;
	double by = tw_ggml_lora_scale(r->gguf, l->rank) / (double)l->scale;
	for (int i = 0; fabs(by - 1) > 1e-6 && i < l->rank * out; i++)
		p[at->b + (size_t)i] = (float)(by * (double)p[at->b + (size_t)i]);
	return TW_OK;
}

/* Whether a tensor's name is of a matrix that l adapts. */
static bool has_place(const struct tw_lora *l, const char *name)
{
	int layer, at = 0;
	if (sscanf(name, "blk.%d.%n", &layer, &at) != 1 || at == 0 || layer < 0 ||
	    layer >= l->shape.n_layer)
		return false;
	for (enum tw_proj q = 0; q < TW_PROJ_COUNT; q++) {
		size_t len = strlen(tw_proj_names[q].gguf);
		if (tw_lora_at(l, layer, q) &&
		    strncmp(name + at, tw_proj_names[q].gguf, len) == 0 &&
		    name[at + (int)len] == '.')
			return true;
	}
	return false;
}

/* What the file adapts and l does not would be lost. */
static enum tw_status check_all_used(const struct reader *r, const struct tw_lora *l,
				     struct tw_err *err)
{
	int64_t n = gguf_get_n_tensors(r->gguf);
	if ((size_t)n == r->used)
		return TW_OK;
	int64_t i = 0;
	while (i + 1 < n && has_place(l, gguf_get_tensor_name(r->gguf, i)))
		i++;
	return tw_fail(
		err, TW_BAD_USE,
		"%s also adapts %s, which this training would lose; set training.targets and "
		"layers_to_transform to those that it was made with",
		r->name, gguf_get_tensor_name(r->gguf, i));
}

static enum tw_status read_all(float *p, struct reader *r, const struct tw_lora *l,
			       struct tw_err *err)
{
	enum tw_status st = TW_OK;
	for (int layer = 0; layer < l->shape.n_layer; layer++)
		for (enum tw_proj proj = 0; st == TW_OK && proj < TW_PROJ_COUNT; proj++)
			st = read_pair(p, r, l, layer, proj, err);
	return st == TW_OK ? check_all_used(r, l, err) : st;
}

enum tw_status tw_adapter_read(float *p, const struct tw_lora *l, const char *arch,
			       const char *path, const char *name, struct tw_err *err)
{
	struct reader r;
	enum tw_status st = open_reader(&r, path, name ? name : path, err);
	if (st == TW_OK)
		st = check_kind(&r, arch, err);
	if (st == TW_OK)
		st = read_all(p, &r, l, err);
	if (r.gguf)
		gguf_free(r.gguf);
	if (r.ggml)
		ggml_free(r.ggml);
	return st == TW_OK ? st : tw_wrap(err, st, "training.init");
}
