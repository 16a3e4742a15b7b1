/* An adapter's file as what changes a model. */
#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "ggml.h"
#include "gguf.h"
#include "net/file.h"
#include "trainer/merge.h"
#include "trainer/merge_int.h"

struct file {
	const char *path;
	struct gguf_context *gguf;
	struct ggml_context *ab; /* its tensors, with data */
};

static enum tw_status begin(void *ctx, const char *arch, struct tw_err *err)
{
	struct file *f = ctx;
	if (!tw_exists(f->path))
		return tw_fail(err, TW_NOT_FOUND, "%s: no such adapter", f->path);
	f->gguf = gguf_init_from_file(f->path, (struct gguf_init_params){.ctx = &f->ab});
	if (!f->gguf)
		return tw_fail(err, TW_BAD_DATA, "%s: not a GGUF file, or only a part of one",
			       f->path);
	return tw_ggml_check_adapter(f->gguf, f->path, arch, err);
}

static const struct ggml_tensor *half_of(const struct file *f, const char *name, char which)
{
	char full[GGML_MAX_NAME + 16];
	snprintf(full, sizeof(full), "%s.lora_%c", name, which);
	return gguf_find_tensor(f->gguf, full) < 0 ? NULL : ggml_get_tensor(f->ab, full);
}

static enum tw_status check_pair(const struct file *f, const struct ggml_tensor *a,
				 const struct ggml_tensor *b, const char *name, const int64_t *ne,
				 struct tw_err *err)
{
	if (!a || !b)
		return tw_fail(err, TW_BAD_DATA, "%s has only one half of %s", f->path, name);
	if (strcmp(name, "token_embd.weight") == 0 || ne[2] != 1)
		return tw_fail(err, TW_UNSUPPORTED, "%s changes %s, which can't be merged", f->path,
			       name);
	if (a->ne[0] != ne[0] || b->ne[1] != ne[1] || a->ne[1] != b->ne[0] || a->ne[2] != 1 ||
	    b->ne[2] != 1 || ne[1] > INT32_MAX || ne[0] > INT32_MAX)
		return tw_fail(err, TW_BAD_USE, "%s: %s does not fit the base's %lld x %lld",
			       f->path, name, (long long)ne[1], (long long)ne[0]);
	if (a->type != GGML_TYPE_F32 || b->type != GGML_TYPE_F32)
		return tw_fail(err, TW_UNSUPPORTED, "%s: %s is not float32", f->path, name);
	return TW_OK;
}

static enum tw_status find(struct tw_lora_change *out, void *ctx, const char *name,
			   const int64_t *ne, struct tw_err *err)
{
	const struct file *f = ctx;
	const struct ggml_tensor *a = half_of(f, name, 'a'), *b = half_of(f, name, 'b');
	*out = (struct tw_lora_change){0};
	if (!a && !b)
		return TW_OK;
	enum tw_status st = check_pair(f, a, b, name, ne, err);
	if (st == TW_OK)
		*out = (struct tw_lora_change){
			.a = a->data,
			.b = b->data,
			.rank = (int)b->ne[0],
			.scale = (float)tw_ggml_lora_scale(f->gguf, b->ne[0])};
	return st;
}

static int64_t halves(void *ctx)
{
	const struct file *f = ctx;
	return gguf_get_n_tensors(f->gguf);
}

enum tw_status tw_merge_gguf(const char *to, const char *base, const char *adapter,
			     const char *type, int threads, struct tw_err *err)
{
	struct file f = {.path = adapter};
	const struct tw_merge_source source = {
		.name = adapter, .begin = begin, .find = find, .halves = halves, .ctx = &f};
	const struct tw_compute c = {.pool = tw_pool_new(threads), .gemm = tw_gemm_best()};
	enum tw_status st = tw_merge_write(to, base, type, &source, &c, err);
	tw_pool_free(c.pool);
	if (f.gguf)
		gguf_free(f.gguf);
	ggml_free(f.ab);
	return st;
}
