#include "base/safetensors.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"

#define MAX_HEADER ((uint64_t)100 * 1000 * 1000) /* as the format's own library */

/* 0 for one that this file doesn't know: then its size can't be checked. */
static size_t dtype_size(const char *dtype)
{
	static const struct {
		const char *name;
		size_t size;
	} all[] = {{"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8},
		   {"I32", 4}, {"I16", 2}, {"I8", 1},  {"U8", 1},   {"BOOL", 1}};
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (strcmp(all[i].name, dtype) == 0)
			return all[i].size;
	return 0;
}

static enum tw_status damaged(const char *path, const char *name, const char *why,
			      struct tw_err *err)
{
	return tw_fail(err, TW_BAD_DATA, "%s: damaged: tensor \"%s\" %s", path, name, why);
}

static enum tw_status place(struct tw_st_tensor *t, const struct tw_json *node, const char *path,
			    const char *data, size_t len, struct tw_err *err)
{
	const struct tw_json *shape = tw_json_get(node, "shape");
	const struct tw_json *offsets = tw_json_get(node, "data_offsets");
	t->name = node->key;
	t->dtype = tw_json_str(tw_json_get(node, "dtype"), "");
	if (!shape || shape->type != TW_JSON_ARRAY || shape->n > TW_ST_MAX_DIMS || !offsets ||
	    offsets->type != TW_JSON_ARRAY || offsets->n != 2)
		return damaged(path, t->name, "lacks its shape or its place", err);
	int64_t begin = tw_json_int(offsets->child, -1), n = 1;
	int64_t end = tw_json_int(offsets->child->next, -1);
	for (const struct tw_json *d = shape->child; d; d = d->next) {
		int64_t size = tw_json_int(d, -1);
		if (size < 0 || (size && n > ((int64_t)1 << 48) / size))
			return damaged(path, t->name, "has an impossible shape", err);
		n *= size;
		t->shape[t->n_dims++] = size;
	}
	if (begin < 0 || end < begin)
		return damaged(path, t->name, "has an impossible place", err);
	if ((uint64_t)end > len)
		return tw_fail(err, TW_BAD_DATA,
			       "%s: only a part of a file: tensor \"%s\" ends at byte %" PRId64
			       " of %zu; fetch it again",
			       path, t->name, end, len);
	size_t size = dtype_size(t->dtype);
	if (size && (uint64_t)(end - begin) != (uint64_t)n * size)
		return damaged(path, t->name, "has a size that its shape doesn't explain", err);
	t->data = data + begin;
	t->bytes = (size_t)(end - begin);
	return TW_OK;
}

static enum tw_status read_header(struct tw_safetensors *s, const char *path, struct tw_arena *a,
				  struct tw_err *err)
{
	const char *base = s->map.data;
	uint64_t header;
	struct tw_json *root;
	if (s->map.len < sizeof(header))
		return tw_fail(err, TW_BAD_DATA, "%s: not a safetensors file (%zu bytes)", path,
			       s->map.len);
	memcpy(&header, base, sizeof(header));
	if (header > MAX_HEADER)
		return tw_fail(err, TW_BAD_DATA, "%s: not a safetensors file", path);
	if (header > s->map.len - sizeof(header))
		return tw_fail(err, TW_BAD_DATA,
			       "%s: only a part of a file: its header ends at byte %" PRIu64
			       " of %zu; fetch it again",
			       path, header + sizeof(header), s->map.len);
	enum tw_status st = tw_json_parse(&root, base + sizeof(header), (size_t)header, a, err);
	if (st != TW_OK)
		return tw_wrap(err, st, "%s: header", path);
	if (root->type != TW_JSON_OBJECT)
		return tw_fail(err, TW_BAD_DATA, "%s: not a safetensors file", path);
	const char *data = base + sizeof(header) + header;
	s->at = TW_NEW_ARRAY(a, root->n, struct tw_st_tensor);
	for (const struct tw_json *t = root->child; t && st == TW_OK; t = t->next)
		if (strcmp(t->key, "__metadata__") != 0)
			st = place(&s->at[s->n++], t, path, data,
				   s->map.len - sizeof(header) - (size_t)header, err);
	return st;
}

enum tw_status tw_safetensors_open(struct tw_safetensors *out, const char *path, struct tw_arena *a,
				   struct tw_err *err)
{
	*out = (struct tw_safetensors){.n = 0};
	enum tw_status st = tw_map_file(&out->map, path, err);
	if (st != TW_OK)
		return st;
	st = read_header(out, path, a, err);
	if (st != TW_OK)
		tw_safetensors_close(out);
	return st;
}

void tw_safetensors_close(struct tw_safetensors *s)
{
	tw_unmap_file(&s->map);
	s->n = 0;
}

const struct tw_st_tensor *tw_safetensors_find(const struct tw_safetensors *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->at[i].name, name) == 0)
			return &s->at[i];
	return NULL;
}
