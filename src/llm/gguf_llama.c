/* The header of a GGUF. ggml is asked for one thing: the sizes of its tensor types. */
#include "llm/gguf_int.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ggml.h"

struct cursor {
	const struct tw_gguf *g;
	const uint8_t *base;
	size_t at, len;
	struct tw_err *err;
};

static enum tw_status cut_short(struct cursor *c, uint64_t want)
{
	return tw_fail(c->err, TW_BAD_DATA,
		       "%s: only a part of a GGUF file: its header goes on to byte %" PRIu64
		       " or further, the file has %zu bytes; fetch it again",
		       c->g->path, (uint64_t)c->at + want, c->len);
}

static enum tw_status take(const uint8_t **out, struct cursor *c, uint64_t n)
{
	if (n > c->len - c->at)
		return cut_short(c, n);
	*out = c->base + c->at;
	c->at += (size_t)n;
	return TW_OK;
}

static enum tw_status take_u32(uint32_t *out, struct cursor *c)
{
	const uint8_t *p = NULL;
	enum tw_status st = take(&p, c, sizeof(*out));
	if (st == TW_OK)
		memcpy(out, p, sizeof(*out));
	return st;
}

static enum tw_status take_u64(uint64_t *out, struct cursor *c)
{
	const uint8_t *p = NULL;
	enum tw_status st = take(&p, c, sizeof(*out));
	if (st == TW_OK)
		memcpy(out, p, sizeof(*out));
	return st;
}

static enum tw_status take_string(struct tw_bytes *out, struct cursor *c)
{
	uint64_t n;
	const uint8_t *p = NULL;
	enum tw_status st = take_u64(&n, c);
	if (st == TW_OK)
		st = take(&p, c, n);
	if (st == TW_OK)
		*out = (struct tw_bytes){(const char *)p, (size_t)n};
	return st;
}

static size_t size_of_type(enum tw_gguf_type t)
{
	static const size_t size[TW_GGUF_TYPES] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
	return size[t];
}

static enum tw_status take_type(enum tw_gguf_type *out, struct cursor *c, struct tw_bytes key)
{
	uint32_t t;
	enum tw_status st = take_u32(&t, c);
	if (st != TW_OK)
		return st;
	if (t >= TW_GGUF_TYPES)
		return tw_fail(c->err, TW_BAD_DATA,
			       "%s: damaged GGUF file: \"%.*s\" has the unknown type %u",
			       c->g->path, (int)(key.len < 80 ? key.len : 80), key.data, t);
	*out = (enum tw_gguf_type)t;
	return TW_OK;
}

static enum tw_status take_value(struct tw_gguf_value *v, struct cursor *c)
{
	const uint8_t *p = NULL;
	v->n = 1;
	enum tw_status st = take_string(&v->key, c);
	if (st == TW_OK)
		st = take_type(&v->type, c, v->key);
	if (st == TW_OK && v->type == TW_GGUF_ARRAY) {
		v->is_array = true;
		st = take_type(&v->type, c, v->key);
		if (st == TW_OK)
			st = take_u64(&v->n, c);
	}
	if (st != TW_OK)
		return st;
	if (v->type == TW_GGUF_ARRAY)
		return tw_fail(c->err, TW_UNSUPPORTED, "%s: \"%.*s\" is an array of arrays",
			       c->g->path, (int)(v->key.len < 80 ? v->key.len : 80), v->key.data);
	size_t begin = c->at;
	if (v->type == TW_GGUF_STRING) {
		struct tw_bytes s;
		for (uint64_t i = 0; i < v->n && st == TW_OK; i++)
			st = take_string(&s, c);
	} else if (v->n > c->len) {
		st = cut_short(c, v->n);
	} else {
		st = take(&p, c, v->n * size_of_type(v->type));
	}
	v->data = (struct tw_bytes){(const char *)c->base + begin, c->at - begin};
	return st;
}

static enum tw_status bad_tensor(struct cursor *c, const struct tw_gguf_tensor *t, const char *why)
{
	return tw_fail(c->err, TW_BAD_DATA, "%s: damaged GGUF file: tensor \"%.*s\" %s", c->g->path,
		       (int)(t->name.len < 80 ? t->name.len : 80), t->name.data, why);
}

/* Bytes of the tensor; rows are whole blocks of the type. */
static enum tw_status measure(struct tw_gguf_tensor *t, struct cursor *c)
{
	if (t->type < 0 || t->type >= GGML_TYPE_COUNT ||
	    ggml_type_size((enum ggml_type)t->type) == 0)
		return tw_fail(c->err, TW_UNSUPPORTED,
			       "%s: tensor \"%.*s\" has type %d, which this libllama doesn't know",
			       c->g->path, (int)(t->name.len < 80 ? t->name.len : 80), t->name.data,
			       t->type);
	uint64_t block = (uint64_t)ggml_blck_size((enum ggml_type)t->type), n = 1;
	for (int i = 0; i < t->n_dims; i++) {
		if (t->ne[i] < 1 || (uint64_t)t->ne[i] > ((uint64_t)1 << 48) / n)
			return bad_tensor(c, t, "has an impossible shape");
		n *= (uint64_t)t->ne[i];
	}
	if ((uint64_t)t->ne[0] % block)
		return bad_tensor(c, t, "has rows that are no whole blocks of its type");
	t->bytes = n / block * ggml_type_size((enum ggml_type)t->type);
	return TW_OK;
}

static enum tw_status take_tensor(struct tw_gguf_tensor *t, struct cursor *c)
{
	uint32_t dims = 0, type = 0;
	enum tw_status st = take_string(&t->name, c);
	if (st == TW_OK)
		st = take_u32(&dims, c);
	if (st == TW_OK && (dims < 1 || dims > 4 || t->name.len >= GGML_MAX_NAME))
		return bad_tensor(c, t, "has an impossible name or shape");
	t->n_dims = (int)dims;
	for (int i = 0; i < 4; i++)
		t->ne[i] = 1;
	for (int i = 0; i < t->n_dims && st == TW_OK; i++) {
		uint64_t ne = 0;
		st = take_u64(&ne, c);
		t->ne[i] = (int64_t)ne;
	}
	if (st == TW_OK)
		st = take_u32(&type, c);
	if (st == TW_OK)
		st = take_u64(&t->offset, c);
	t->type = (int)type;
	return st == TW_OK ? measure(t, c) : st;
}

static enum tw_status take_start(uint64_t *n_tensors, uint64_t *n_kv, struct cursor *c)
{
	const uint8_t *magic;
	uint32_t version = 0;
	enum tw_status st;
	if (c->len < 4 || memcmp(c->base, "GGUF", 4) != 0)
		return tw_fail(c->err, TW_BAD_DATA,
			       "%s: not a GGUF file (%zu bytes, wrong first four)", c->g->path,
			       c->len);
	st = take(&magic, c, 4);
	if (st == TW_OK)
		st = take_u32(&version, c);
	if (st != TW_OK)
		return st;
	if (version == 0 || version > 0xffff)
		return tw_fail(c->err, TW_UNSUPPORTED,
			       "%s: a GGUF file for machines of the other byte order", c->g->path);
	if (version < 2 || version > 3)
		return tw_fail(c->err, TW_UNSUPPORTED,
			       "%s: GGUF version %u; this program reads versions 2 and 3",
			       c->g->path, version);
	st = take_u64(n_tensors, c);
	if (st == TW_OK)
		st = take_u64(n_kv, c);
	/* A tensor takes 24 bytes at the least, a value 13. */
	if (st == TW_OK && (*n_tensors > c->len / 24 || *n_kv > c->len / 13))
		st = cut_short(c, (*n_tensors > c->len ? c->len : *n_tensors) * 24 +
					  (*n_kv > c->len ? c->len : *n_kv) * 13);
	return st;
}

/* Offsets count from the end of the header, padded; tensors follow each other without gaps. */
static enum tw_status place_tensors(struct tw_gguf *g, struct cursor *c)
{
	uint64_t align = (uint64_t)tw_gguf_int(g, "general.alignment", 32);
	if (align == 0 || align > 1 << 20 || (align & (align - 1)))
		return tw_fail(c->err, TW_BAD_DATA, "%s: damaged GGUF file: alignment %" PRIu64,
			       g->path, align);
	g->data_offset = (c->at + align - 1) & ~(align - 1);
	uint64_t next = 0, end = c->at;
	for (size_t i = 0; i < g->n_tensors; i++) {
		struct tw_gguf_tensor *t = &g->tensors[i];
		if (t->offset != next)
			return bad_tensor(c, t, "does not follow the one before it");
		t->offset += g->data_offset;
		end = t->offset + t->bytes;
		next = (next + t->bytes + align - 1) & ~(align - 1);
	}
	if (end > c->len)
		return tw_fail(c->err, TW_BAD_DATA,
			       "%s: only a part of a GGUF file: %zu bytes of %" PRIu64
			       "; fetch it again",
			       g->path, c->len, end);
	return TW_OK;
}

enum tw_status tw_gguf_open(struct tw_gguf *out, const char *path, struct tw_err *err)
{
	uint64_t n_tensors = 0, n_kv = 0;
	*out = (struct tw_gguf){.path = path};
	tw_arena_init(&out->arena);
	enum tw_status st = tw_map_file(&out->map, path, err);
	if (st != TW_OK)
		return st;
	struct cursor c = {out, out->map.data, 0, out->map.len, err};
	st = take_start(&n_tensors, &n_kv, &c);
	if (st == TW_OK) {
		out->kv = TW_NEW_ARRAY(&out->arena, n_kv, struct tw_gguf_value);
		out->tensors = TW_NEW_ARRAY(&out->arena, n_tensors, struct tw_gguf_tensor);
	}
	for (; st == TW_OK && out->n_kv < n_kv; out->n_kv++)
		st = take_value(&out->kv[out->n_kv], &c);
	for (; st == TW_OK && out->n_tensors < n_tensors; out->n_tensors++)
		st = take_tensor(&out->tensors[out->n_tensors], &c);
	if (st == TW_OK)
		st = place_tensors(out, &c);
	if (st != TW_OK)
		tw_gguf_close(out);
	return st;
}

void tw_gguf_close(struct tw_gguf *g)
{
	tw_unmap_file(&g->map);
	tw_arena_release(&g->arena);
	g->n_kv = g->n_tensors = 0;
}

static bool is(struct tw_bytes b, const char *s)
{
	size_t n = strlen(s);
	return b.len == n && memcmp(b.data, s, n) == 0;
}

const struct tw_gguf_value *tw_gguf_find(const struct tw_gguf *g, const char *key)
{
	for (size_t i = 0; i < g->n_kv; i++)
		if (is(g->kv[i].key, key))
			return &g->kv[i];
	return NULL;
}

const struct tw_gguf_tensor *tw_gguf_tensor_find(const struct tw_gguf *g, const char *name)
{
	for (size_t i = 0; i < g->n_tensors; i++)
		if (is(g->tensors[i].name, name))
			return &g->tensors[i];
	return NULL;
}

#define READ_AS(type)                                  \
	do {                                           \
		type x_;                               \
		memcpy(&x_, v->data.data, sizeof(x_)); \
		return (int64_t)x_;                    \
	} while (0)

int64_t tw_gguf_int(const struct tw_gguf *g, const char *key, int64_t absent)
{
	const struct tw_gguf_value *v = tw_gguf_find(g, key);
	if (!v || v->is_array)
		return absent;
	switch (v->type) {
	case TW_GGUF_U8:
	case TW_GGUF_BOOL:
		READ_AS(uint8_t);
	case TW_GGUF_I8:
		READ_AS(int8_t);
	case TW_GGUF_U16:
		READ_AS(uint16_t);
	case TW_GGUF_I16:
		READ_AS(int16_t);
	case TW_GGUF_U32:
		READ_AS(uint32_t);
	case TW_GGUF_I32:
		READ_AS(int32_t);
	case TW_GGUF_U64:
	case TW_GGUF_I64:
		READ_AS(int64_t);
	default:
		return absent;
	}
}

char *tw_gguf_str(const struct tw_gguf *g, const char *key, struct tw_arena *a)
{
	const struct tw_gguf_value *v = tw_gguf_find(g, key);
	if (!v || v->is_array || v->type != TW_GGUF_STRING)
		return NULL;
	return tw_strndup(a, v->data.data + sizeof(uint64_t), v->data.len - sizeof(uint64_t));
}

int64_t tw_gguf_arch_int(const struct tw_gguf *g, const char *arch, const char *key, int64_t absent)
{
	char name[160];
	snprintf(name, sizeof(name), "%s.%s", arch, key);
	return tw_gguf_int(g, name, absent);
}
