/*
 * A BERT encoder as Hugging Face publishes it, to GGUF: the keys and names of
 * llama.cpp's own converter, no transposes. The pooler and position ids are left out, since
 * sentence embeddings use neither.
 */
#include "llm/import_int.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/safetensors.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "ggml.h"
#include "gguf.h"

struct bert {
	const char *dir;
	struct tw_arena arena;
	const struct tw_json *config;
	int64_t layers, context, width, ffn, heads, vocab;
	double epsilon;
	const char *prefix; /* "" or "bert." in front of tensor names */
	struct tw_safetensors st;
	struct gguf_context *gguf;
	struct ggml_context *ggml;
	struct tw_err *err;
};

static char *in_dir(struct bert *b, const char *name)
{
	return tw_path_join(&b->arena, b->dir, name);
}

/* NULL in *out when there is no such file. */
static enum tw_status read_json(const struct tw_json **out, struct bert *b, const char *name)
{
	struct tw_str text = TW_STR_INIT;
	struct tw_json *v = NULL;
	char *path = in_dir(b, name);
	enum tw_status st = TW_OK;
	*out = NULL;
	if (tw_exists(path)) {
		st = tw_read_file(&text, path, 64 << 20, b->err);
		if (st == TW_OK)
			st = tw_json_parse(&v, tw_str_c(&text), text.len, &b->arena, b->err);
		if (st != TW_OK)
			tw_wrap(b->err, st, "%s", path);
	}
	*out = v;
	tw_str_release(&text);
	return st;
}

/* --- config.json --- */

static enum tw_status must_be(struct bert *b, const char *key, const char *want)
{
	const char *is = tw_json_str(tw_json_get(b->config, key), want);
	if (strcmp(is, want) == 0)
		return TW_OK;
	return tw_fail(b->err, TW_UNSUPPORTED,
		       "%s/config.json: \"%s\" is \"%s\"; only \"%s\" can be converted here. "
		       "Convert it with llama.cpp's converter and import the GGUF",
		       b->dir, key, is, want);
}

static enum tw_status size_of(int64_t *out, struct bert *b, const char *key)
{
	*out = tw_json_int(tw_json_get(b->config, key), 0);
	if (*out < 1 || *out > 1 << 24)
		return tw_fail(b->err, TW_BAD_DATA, "%s/config.json: \"%s\" is missing or wrong",
			       b->dir, key);
	return TW_OK;
}

static enum tw_status read_config(struct bert *b)
{
	const struct {
		const char *key;
		int64_t *to;
	} sizes[] = {{"num_hidden_layers", &b->layers},	 {"max_position_embeddings", &b->context},
		     {"hidden_size", &b->width},	 {"intermediate_size", &b->ffn},
		     {"num_attention_heads", &b->heads}, {"vocab_size", &b->vocab}};
	enum tw_status st = read_json(&b->config, b, "config.json");
	if (st == TW_OK && (!b->config || b->config->type != TW_JSON_OBJECT))
		return tw_fail(
			b->err, TW_NOT_FOUND,
			"%s: no config.json; a model's folder has config.json, vocab.txt and "
			"model.safetensors",
			b->dir);
	if (st == TW_OK && !tw_json_get(b->config, "model_type"))
		return tw_fail(b->err, TW_BAD_DATA, "%s/config.json: no \"model_type\"", b->dir);
	if (st == TW_OK)
		st = must_be(b, "model_type", "bert");
	if (st == TW_OK)
		st = must_be(b, "hidden_act", "gelu");
	if (st == TW_OK)
		st = must_be(b, "position_embedding_type", "absolute");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes) && st == TW_OK; i++)
		st = size_of(sizes[i].to, b, sizes[i].key);
	if (st == TW_OK && b->width % b->heads)
		return tw_fail(b->err, TW_BAD_DATA,
			       "%s/config.json: %" PRId64 " wide can't be split into %" PRId64
			       " heads",
			       b->dir, b->width, b->heads);
	b->epsilon = tw_json_real(tw_json_get(b->config, "layer_norm_eps"), 1e-12);
	return st;
}

static void set_u32(struct bert *b, const char *key, int64_t v)
{
	gguf_set_val_u32(b->gguf, key, (uint32_t)v);
}

/* Pooling (1 mean, 2 cls) and the length that the sentence encoder was made for, when its folder says. */
static enum tw_status read_sentence_files(struct bert *b)
{
	const struct tw_json *pooling, *sentence;
	enum tw_status st = read_json(&pooling, b, "1_Pooling/config.json");
	if (st == TW_OK)
		st = read_json(&sentence, b, "sentence_bert_config.json");
	if (st != TW_OK)
		return st;
	bool cls = tw_json_bool(tw_json_get(pooling, "pooling_mode_cls_token"), false);
	bool mean = tw_json_bool(tw_json_get(pooling, "pooling_mode_mean_tokens"), !cls);
	if (cls == mean)
		return tw_fail(b->err, TW_UNSUPPORTED,
			       "%s/1_Pooling/config.json: only mean or CLS pooling is known here",
			       b->dir);
	set_u32(b, "bert.pooling_type", mean ? 1 : 2);
	int64_t most = tw_json_int(tw_json_get(sentence, "max_seq_length"), 256);
	if (most > 2 && most <= b->context && most != 256)
		set_u32(b, "twin.max_tokens", most);
	return TW_OK;
}

static enum tw_status set_header(struct bert *b)
{
	gguf_set_val_str(b->gguf, "general.architecture", "bert");
	set_u32(b, "general.file_type", 0);
	set_u32(b, "bert.block_count", b->layers);
	set_u32(b, "bert.context_length", b->context);
	set_u32(b, "bert.embedding_length", b->width);
	set_u32(b, "bert.feed_forward_length", b->ffn);
	set_u32(b, "bert.attention.head_count", b->heads);
	gguf_set_val_f32(b->gguf, "bert.attention.layer_norm_epsilon", (float)b->epsilon);
	gguf_set_val_bool(b->gguf, "bert.attention.causal", false);
	return read_sentence_files(b);
}

/* --- vocab.txt --- */

/* As llama.cpp spells WordPiece: word starts get U+2581, continuations lose their "##". */
static char *spell(struct bert *b, const char *token, bool special)
{
	if (special)
		return tw_strdup(&b->arena, token);
	if (tw_starts_with(token, "##") && token[2])
		return tw_strdup(&b->arena, token + 2);
	return tw_sprintf(&b->arena, "\xe2\x96\x81%s", token);
}

static int special_of(const char *token)
{
	static const char *const names[] = {"[CLS]", "[SEP]", "[UNK]", "[PAD]", "[MASK]"};
	for (int i = 0; i < 5; i++)
		if (strcmp(token, names[i]) == 0)
			return i;
	return -1;
}

struct vocabulary {
	struct {
		const char **at;
		size_t n, cap;
	} tokens;
	struct {
		int32_t *at;
		size_t n, cap;
	} types;
	int64_t special[5]; /* ids of CLS SEP UNK PAD MASK; -1 */
};

static void split_lines(struct vocabulary *v, struct bert *b, const char *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end ? (size_t)(end - text) - at : len - at;
		size_t kept = n && text[at + n - 1] == '\r' ? n - 1 : n;
		char *token = tw_strndup(&b->arena, text + at, kept);
		int special = special_of(token);
		if (special >= 0)
			v->special[special] = (int64_t)v->tokens.n;
		tw_vec_push(&v->tokens, spell(b, token, special >= 0));
		tw_vec_push(&v->types, special >= 0 ? 3 : 1);
		at += n + 1;
	}
}

static enum tw_status set_vocabulary(struct bert *b, struct vocabulary *v)
{
	static const char *const keys[] = {"bos", "seperator", "unknown", "padding", "mask"};
	if ((int64_t)v->tokens.n > b->vocab)
		return tw_fail(b->err, TW_BAD_DATA,
			       "%s/vocab.txt: %zu tokens, but config.json says %" PRId64, b->dir,
			       v->tokens.n, b->vocab);
	for (int i = 0; i < 4; i++)
		if (v->special[i] < 0)
			return tw_fail(b->err, TW_BAD_DATA,
				       "%s/vocab.txt: one of [CLS] [SEP] [UNK] [PAD] is missing",
				       b->dir);
	while ((int64_t)v->tokens.n < b->vocab) { /* rows without a token */
		char *unused = tw_sprintf(&b->arena, "[PAD%zu]", v->tokens.n);
		tw_vec_push(&v->tokens, unused);
		tw_vec_push(&v->types, 5);
	}
	gguf_set_val_str(b->gguf, "tokenizer.ggml.model", "bert");
	set_u32(b, "tokenizer.ggml.token_type_count", 2);
	gguf_set_arr_str(b->gguf, "tokenizer.ggml.tokens", v->tokens.at, v->tokens.n);
	gguf_set_arr_data(b->gguf, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, v->types.at,
			  v->types.n);
	for (int i = 0; i < 5; i++)
		if (v->special[i] >= 0)
			set_u32(b, tw_sprintf(&b->arena, "tokenizer.ggml.%s_token_id", keys[i]),
				v->special[i]);
	set_u32(b, "tokenizer.ggml.eos_token_id", v->special[1]);
	return TW_OK;
}

static enum tw_status convert_vocabulary(struct bert *b)
{
	struct vocabulary v = {.special = {-1, -1, -1, -1, -1}};
	struct tw_str text = TW_STR_INIT;
	const struct tw_json *tokenizer = NULL;
	enum tw_status st = tw_read_file(&text, in_dir(b, "vocab.txt"), 64 << 20, b->err);
	if (st == TW_OK && !tw_utf8_valid(tw_str_c(&text), text.len))
		st = tw_fail(b->err, TW_BAD_DATA, "%s/vocab.txt: not UTF-8", b->dir);
	if (st == TW_OK)
		st = read_json(&tokenizer, b, "tokenizer_config.json");
	if (st == TW_OK) {
		split_lines(&v, b, tw_str_c(&text), text.len);
		st = set_vocabulary(b, &v);
	}
	if (st == TW_OK && !tw_json_bool(tw_json_get(tokenizer, "do_lower_case"), true)) {
		gguf_set_val_bool(b->gguf, "tokenizer.ggml.normalizer.lowercase", false);
		gguf_set_val_bool(b->gguf, "tokenizer.ggml.normalizer.strip_accents", false);
	}
	tw_str_release(&text);
	tw_vec_release(&v.tokens);
	tw_vec_release(&v.types);
	return st;
}

/* --- tensors --- */

/* The tensor's floats: in the mapping when they are float32 already, else converted into the arena. */
static enum tw_status as_f32(void **out, struct bert *b, const struct tw_st_tensor *t, int64_t n)
{
	enum ggml_type type = strcmp(t->dtype, "F16") == 0    ? GGML_TYPE_F16
			      : strcmp(t->dtype, "BF16") == 0 ? GGML_TYPE_BF16
							      : GGML_TYPE_F32;
	if (type == GGML_TYPE_F32 && strcmp(t->dtype, "F32") != 0)
		return tw_fail(b->err, TW_UNSUPPORTED, "%s: tensor \"%s\" is %s", b->dir, t->name,
			       t->dtype);
	/* ggml reads floats where the mapping may have them at any byte. */
	if (type == GGML_TYPE_F32 && (uintptr_t)t->data % sizeof(float) == 0) {
		union {
			const void *from;
			void *to;
		} unconst = {t->data};
		*out = unconst.to;
		return TW_OK;
	}
	*out = tw_alloc_array(&b->arena, (size_t)n, sizeof(float));
	if (type == GGML_TYPE_F32) {
		memcpy(*out, t->data, t->bytes);
	} else {
		void *aligned = tw_alloc(&b->arena, t->bytes);
		memcpy(aligned, t->data, t->bytes);
		ggml_get_type_traits(type)->to_float(aligned, *out, n);
	}
	return TW_OK;
}

/* rows 0: a vector. */
static enum tw_status add_tensor(struct bert *b, const char *from, const char *to, int64_t rows,
				 int64_t cols)
{
	char name[256];
	void *data = NULL;
	snprintf(name, sizeof(name), "%s%s", b->prefix, from);
	const struct tw_st_tensor *t = tw_safetensors_find(&b->st, name);
	if (!t)
		return tw_fail(b->err, TW_BAD_DATA, "%s/model.safetensors: no tensor \"%s\"",
			       b->dir, name);
	bool fits = rows ? t->n_dims == 2 && t->shape[0] == rows && t->shape[1] == cols
			 : t->n_dims == 1 && t->shape[0] == cols;
	if (!fits)
		return tw_fail(b->err, TW_BAD_DATA,
			       "%s/model.safetensors: tensor \"%s\" has a shape that config.json "
			       "doesn't explain",
			       b->dir, name);
	enum tw_status st = as_f32(&data, b, t, (rows ? rows : 1) * cols);
	if (st != TW_OK)
		return st;
	struct ggml_tensor *g = rows ? ggml_new_tensor_2d(b->ggml, GGML_TYPE_F32, cols, rows)
				     : ggml_new_tensor_1d(b->ggml, GGML_TYPE_F32, cols);
	ggml_set_name(g, to);
	g->data = data;
	gguf_add_tensor(b->gguf, g);
	return TW_OK;
}

/* Weight and bias; rows 0 for the two vectors of a LayerNorm. */
static enum tw_status add_pair(struct bert *b, const char *from, const char *to, int64_t rows,
			       int64_t cols)
{
	char f[200], t[100];
	snprintf(f, sizeof(f), "%s.weight", from);
	snprintf(t, sizeof(t), "%s.weight", to);
	enum tw_status st = add_tensor(b, f, t, rows, cols);
	snprintf(f, sizeof(f), "%s.bias", from);
	snprintf(t, sizeof(t), "%s.bias", to);
	return st == TW_OK ? add_tensor(b, f, t, 0, rows ? rows : cols) : st;
}

static enum tw_status add_block(struct bert *b, int64_t i)
{
	const int64_t d = b->width, f = b->ffn;
	const struct {
		const char *from, *to;
		int64_t rows, cols;
	} all[] = {{"attention.self.query", "attn_q", d, d},
		   {"attention.self.key", "attn_k", d, d},
		   {"attention.self.value", "attn_v", d, d},
		   {"attention.output.dense", "attn_output", d, d},
		   {"attention.output.LayerNorm", "attn_output_norm", 0, d},
		   {"intermediate.dense", "ffn_up", f, d},
		   {"output.dense", "ffn_down", d, f},
		   {"output.LayerNorm", "layer_output_norm", 0, d}};
	enum tw_status st = TW_OK;
	for (size_t k = 0; k < sizeof(all) / sizeof(*all) && st == TW_OK; k++)
		st = add_pair(b,
			      tw_sprintf(&b->arena, "encoder.layer.%" PRId64 ".%s", i, all[k].from),
			      tw_sprintf(&b->arena, "blk.%" PRId64 ".%s", i, all[k].to),
			      all[k].rows, all[k].cols);
	return st;
}

static enum tw_status add_tensors(struct bert *b)
{
	const int64_t d = b->width;
	const char *st_path = in_dir(b, "model.safetensors");
	enum tw_status st = tw_safetensors_open(&b->st, st_path, &b->arena, b->err);
	if (st == TW_NOT_FOUND)
		tw_wrap(b->err, st, "the weights must be safetensors");
	if (st != TW_OK)
		return st;
	b->prefix = tw_safetensors_find(&b->st, "bert.embeddings.word_embeddings.weight") ? "bert."
											  : "";
	st = add_tensor(b, "embeddings.word_embeddings.weight", "token_embd.weight", b->vocab, d);
	if (st == TW_OK)
		st = add_tensor(b, "embeddings.position_embeddings.weight", "position_embd.weight",
				b->context, d);
	if (st == TW_OK)
		st = add_tensor(b, "embeddings.token_type_embeddings.weight", "token_types.weight",
				2, d);
	if (st == TW_OK)
		st = add_pair(b, "embeddings.LayerNorm", "token_embd_norm", 0, d);
	for (int64_t i = 0; i < b->layers && st == TW_OK; i++)
		st = add_block(b, i);
	return st;
}

enum tw_status tw_import_bert(const char *dir, const char *to, struct tw_err *err)
{
	struct bert b = {.dir = dir, .err = err};
	tw_arena_init(&b.arena);
	enum tw_status st = read_config(&b);
	if (st != TW_OK)
		goto out;
	b.gguf = gguf_init_empty();
	b.ggml = ggml_init((struct ggml_init_params){.mem_size = ((size_t)b.layers * 16 + 16) *
								 ggml_tensor_overhead(),
						     .no_alloc = true});
	if (!b.ggml) {
		st = tw_fail(err, TW_NO_MEMORY, "%s: no memory for its tensors", dir);
		goto out;
	}
	st = set_header(&b);
	if (st == TW_OK)
		st = convert_vocabulary(&b);
	if (st == TW_OK)
		st = add_tensors(&b);
	if (st == TW_OK && !gguf_write_to_file(b.gguf, to, false))
		st = tw_fail_errno(err, TW_IO, "%s", to);
out:
	if (b.gguf)
		gguf_free(b.gguf);
	if (b.ggml)
		ggml_free(b.ggml);
	tw_safetensors_close(&b.st);
	tw_arena_release(&b.arena);
	return st;
}
