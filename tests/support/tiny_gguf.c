#include "support/tiny_gguf.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "ggml.h"
#include "gguf.h"
#include "normal.h"

static const char *const chatml =
	"{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + "
	"message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}"
	"{{ '<|im_start|>assistant\n' }}{% endif %}";

/* Left and right of each merge, as GPT-2 spells bytes: "\u0120" is a space. */
static const char *const merges[24][2] = {
	{"t", "h"},	   {"th", "e"},	    {"i", "n"},	       {"a", "n"},	{"e", "r"},
	{"o", "n"},	   {"r", "e"},	    {"\u0120", "the"}, {"o", "r"},	{"e", "n"},
	{"a", "t"},	   {"i", "s"},	    {"e", "s"},	       {"\u0120", "a"}, {"in", "g"},
	{"\u0120", "w"},   {"\u0120", "s"}, {"a", "l"},	       {"l", "l"},	{"an", "d"},
	{"\u0120", "and"}, {"o", "u"},	    {"\u0120", "of"},  {"\u0120", "t"},
};

struct build {
	struct tiny_gguf spec;
	enum ggml_type type;
	struct ggml_context *ggml;
	struct gguf_context *gguf;
	uint64_t random;
	char vocab[TINY_VOCAB][24];
	bool failed;
};

/* GPT-2's bytes_to_unicode: printable bytes stand for themselves, the others for U+0100 and on. */
static void spell_byte(char out[8], int byte)
{
	int shift = 0;
	for (int b = 0; b < byte; b++)
		shift += b < 0x21 || (b > 0x7e && b < 0xa1) || b == 0xad;
	bool plain = !(byte < 0x21 || (byte > 0x7e && byte < 0xa1) || byte == 0xad);
	int cp = plain ? byte : 0x100 + shift;
	if (cp < 0x80)
		sprintf(out, "%c", cp);
	else
		sprintf(out, "%c%c", 0xc0 | cp >> 6, 0x80 | (cp & 0x3f));
}

static void add_tokenizer(struct build *b)
{
	static char merged[24][24];
	const char *tokens[TINY_VOCAB], *lines[24];
	int32_t types[TINY_VOCAB];
	for (int i = 0; i < 256; i++)
		spell_byte(b->vocab[i], i);
	for (int i = 0; i < 24; i++) {
		snprintf(b->vocab[256 + i], 24, "%s%s", merges[i][0], merges[i][1]);
		snprintf(merged[i], 24, "%s %s", merges[i][0], merges[i][1]);
		lines[i] = merged[i];
	}
	strcpy(b->vocab[TINY_ENDOFTEXT], "<|endoftext|>");
	strcpy(b->vocab[TINY_IM_START], "<|im_start|>");
	strcpy(b->vocab[TINY_IM_END], "<|im_end|>");
	for (int i = 0; i < TINY_VOCAB; i++) {
		tokens[i] = b->vocab[i];
		types[i] = i < TINY_ENDOFTEXT ? 1 : 3;
	}
	gguf_set_val_str(b->gguf, "tokenizer.ggml.model", "gpt2");
	gguf_set_val_str(b->gguf, "tokenizer.ggml.pre", "smollm");
	gguf_set_arr_str(b->gguf, "tokenizer.ggml.tokens", tokens, TINY_VOCAB);
	gguf_set_arr_data(b->gguf, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, types, TINY_VOCAB);
	gguf_set_arr_str(b->gguf, "tokenizer.ggml.merges", lines, 24);
	gguf_set_val_u32(b->gguf, "tokenizer.ggml.bos_token_id", TINY_IM_START);
	gguf_set_val_u32(b->gguf, "tokenizer.ggml.eos_token_id", TINY_IM_END);
	gguf_set_val_u32(b->gguf, "tokenizer.ggml.unknown_token_id", TINY_ENDOFTEXT);
	gguf_set_val_u32(b->gguf, "tokenizer.ggml.padding_token_id", TINY_IM_END);
	gguf_set_val_bool(b->gguf, "tokenizer.ggml.add_bos_token", false);
	if (!b->spec.no_template)
		gguf_set_val_str(b->gguf, "tokenizer.chat_template", chatml);
}

static void set_u32(struct build *b, const char *key, int v)
{
	char name[64];
	snprintf(name, sizeof(name), "%s.%s", b->spec.arch, key);
	gguf_set_val_u32(b->gguf, name, (uint32_t)v);
}

static void set_f32(struct build *b, const char *key, float v)
{
	char name[64];
	snprintf(name, sizeof(name), "%s.%s", b->spec.arch, key);
	gguf_set_val_f32(b->gguf, name, v);
}

/* One "key=value" of spec.keys. */
static void set_pair(struct build *b, const char *key, const char *value)
{
	char name[96], *end;
	snprintf(name, sizeof(name), "%s.%s", b->spec.arch, key);
	if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0)
		gguf_set_val_bool(b->gguf, name, value[0] == 't');
	else if (strchr(value, '.') && (strtof(value, &end), !*end))
		gguf_set_val_f32(b->gguf, name, strtof(value, NULL));
	else if (strtol(value, &end, 10), !*end)
		gguf_set_val_u32(b->gguf, name, (uint32_t)strtol(value, NULL, 10));
	else
		gguf_set_val_str(b->gguf, name, value);
}

static void add_keys(struct build *b)
{
	char key[64], value[32];
	int n = 0;
	for (const char *at = b->spec.keys;
	     at && sscanf(at, " %63[^=]=%31s%n", key, value, &n) == 2; at += n)
		set_pair(b, key, value);
}

static void add_settings(struct build *b)
{
	const struct tiny_gguf *s = &b->spec;
	gguf_set_val_str(b->gguf, "general.architecture", s->arch);
	gguf_set_val_str(b->gguf, "general.name", "tiny");
	set_u32(b, "block_count", s->n_layer);
	set_u32(b, "context_length", s->n_ctx);
	set_u32(b, "embedding_length", s->n_embd);
	set_u32(b, "feed_forward_length", s->n_ff);
	set_u32(b, "attention.head_count", s->n_head);
	set_u32(b, "attention.head_count_kv", s->n_head_kv);
	set_u32(b, "attention.key_length", s->head_dim);
	set_u32(b, "attention.value_length", s->head_dim);
	set_u32(b, "rope.dimension_count", s->n_rot);
	set_u32(b, "vocab_size", TINY_VOCAB);
	set_f32(b, "rope.freq_base", s->rope_base);
	set_f32(b, "attention.layer_norm_rms_epsilon", 1e-5f);
	add_keys(b);
}

/* Around `mean`; rows == 0 makes a vector, which stays float32. */
static void add_tensor(struct build *b, const char *name, int cols, int rows, float mean)
{
	bool typed = rows && (!b->spec.only || strstr(name, b->spec.only));
	enum ggml_type type = typed ? b->type : GGML_TYPE_F32;
	int64_t n = (int64_t)cols * (rows ? rows : 1);
	if (cols % (int)ggml_blck_size(type)) {
		b->failed = true;
		return;
	}
	float sd = b->spec.scale > 0 ? b->spec.scale : 1.0f / sqrtf((float)cols);
	struct ggml_tensor *t = rows ? ggml_new_tensor_2d(b->ggml, type, cols, rows)
				     : ggml_new_tensor_1d(b->ggml, type, cols);
	float *f = malloc((size_t)n * sizeof(*f));
	if (!f)
		abort();
	for (int64_t i = 0; i < n; i++)
		f[i] = mean + (rows ? sd : 0.1f) * (float)random_normal(&b->random);
	ggml_quantize_chunk(type, f, t->data, 0, rows ? rows : 1, cols, NULL);
	ggml_set_name(t, name);
	gguf_add_tensor(b->gguf, t);
	free(f);
}

/* What the blocks of an architecture have besides a Llama's, or instead of it. */
enum {
	NO_PRE_NORM = 1,
	POST_NORM = 2,
	HEAD_NORMS = 4,
	WHOLE_NORMS = 8,
	QKV_BIAS = 16,
	FUSED_QKV = 32,
	FUSED_FFN = 64,
	OTHER_FFN_NORM = 128,
	UNTIED = 256
};

static const struct {
	const char *arch;
	unsigned has;
} archs[] = {
	{"qwen2", QKV_BIAS},
	{"qwen3", HEAD_NORMS},
	{"gemma2", POST_NORM},
	{"gemma3", POST_NORM | HEAD_NORMS},
	{"phi3", FUSED_QKV | FUSED_FFN},
	{"olmo2", NO_PRE_NORM | POST_NORM | WHOLE_NORMS | UNTIED},
	{"exaone4", NO_PRE_NORM | POST_NORM | HEAD_NORMS},
	{"seed_oss", QKV_BIAS | OTHER_FFN_NORM},
	{"glm4", QKV_BIAS | POST_NORM | FUSED_FFN},
	{"xverse", UNTIED},
};

static unsigned parts_of(const struct tiny_gguf *s)
{
	unsigned has = (s->fused_qkv ? FUSED_QKV : 0) | (s->biases ? QKV_BIAS : 0);
	for (size_t i = 0; i < sizeof(archs) / sizeof(*archs); i++)
		if (strcmp(s->arch, archs[i].arch) == 0)
			has |= archs[i].has;
	return has;
}

static void add_block(struct build *b, int i)
{
	const struct tiny_gguf *s = &b->spec;
	const int d = s->n_embd, q = s->n_head * s->head_dim, kv = s->n_head_kv * s->head_dim;
	const int f = s->n_ff;
	const unsigned has = parts_of(s);
	const bool pre = !(has & NO_PRE_NORM), post = has & POST_NORM, whole = has & WHOLE_NORMS;
	const bool other = has & OTHER_FFN_NORM, norms = has & (HEAD_NORMS | WHOLE_NORMS);
	const bool qkv = has & FUSED_QKV, gu = has & FUSED_FFN, bias = s->biases;
	const bool qkv_bias = has & QKV_BIAS;
	const struct {
		bool there;
		const char *name;
		int cols, rows;
		float mean;
	} all[] = {
		{pre, "attn_norm.weight", d, 0, 1},
		{!qkv, "attn_q.weight", d, q, 0},
		{!qkv, "attn_k.weight", d, kv, 0},
		{!qkv, "attn_v.weight", d, kv, 0},
		{qkv, "attn_qkv.weight", d, q + 2 * kv, 0},
		{true, "attn_output.weight", q, d, 0},
		{pre, other ? "post_attention_norm.weight" : "ffn_norm.weight", d, 0, 1},
		{!gu, "ffn_gate.weight", d, f, 0},
		{true, "ffn_up.weight", d, gu ? 2 * f : f, 0},
		{true, "ffn_down.weight", f, d, 0},
		{qkv_bias && !qkv, "attn_q.bias", q, 0, 0},
		{qkv_bias && !qkv, "attn_k.bias", kv, 0, 0},
		{qkv_bias && !qkv, "attn_v.bias", kv, 0, 0},
		{qkv_bias && qkv, "attn_qkv.bias", q + 2 * kv, 0, 0},
		{bias, "attn_output.bias", d, 0, 0},
		{bias && !gu, "ffn_gate.bias", f, 0, 0},
		{bias, "ffn_up.bias", gu ? 2 * f : f, 0, 0},
		{bias, "ffn_down.bias", d, 0, 0},
		{norms, "attn_q_norm.weight", whole ? q : s->head_dim, 0, 1},
		{norms, "attn_k_norm.weight", whole ? kv : s->head_dim, 0, 1},
		{post, "post_attention_norm.weight", d, 0, 1},
		{post, "post_ffw_norm.weight", d, 0, 1},
	};
	for (size_t k = 0; k < sizeof(all) / sizeof(*all); k++) {
		char name[64];
		snprintf(name, sizeof(name), "blk.%d.%s", i, all[k].name);
		if (all[k].there)
			add_tensor(b, name, all[k].cols, all[k].rows, all[k].mean);
	}
}

/* Of phi3, one list for short contexts and one for long ones. */
static void add_factors(struct build *b)
{
	int n = b->spec.n_rot / 2;
	if (strcmp(b->spec.arch, "phi3") == 0) {
		add_tensor(b, "rope_factors_long.weight", n, 0, 3);
		add_tensor(b, "rope_factors_short.weight", n, 0, 1.2f);
	} else if (b->spec.rope_factors) {
		add_tensor(b, b->spec.rope_factors, n, 0, 2);
	}
}

static struct tiny_gguf with_defaults(struct tiny_gguf s)
{
	s.arch = s.arch ? s.arch : "llama";
	s.n_layer = s.n_layer ? s.n_layer : 2;
	s.n_embd = s.n_embd ? s.n_embd : 64;
	s.n_head = s.n_head ? s.n_head : 4;
	s.n_head_kv = s.n_head_kv ? s.n_head_kv : s.n_head % 2 ? s.n_head : s.n_head / 2;
	s.head_dim = s.head_dim ? s.head_dim : s.n_embd / s.n_head;
	s.n_rot = s.n_rot ? s.n_rot : s.head_dim;
	s.n_ff = s.n_ff ? s.n_ff : 128;
	s.n_ctx = s.n_ctx ? s.n_ctx : 512;
	s.rope_base = s.rope_base > 0 ? s.rope_base : 10000.0f;
	s.type = s.type ? s.type : "F32";
	return s;
}

static bool type_by_name(enum ggml_type *out, const char *name)
{
	for (int t = 0; t < GGML_TYPE_COUNT; t++)
		if (ggml_blck_size((enum ggml_type)t) &&
		    strcasecmp(ggml_type_name((enum ggml_type)t), name) == 0) {
			*out = (enum ggml_type)t;
			return true;
		}
	return false;
}

bool tiny_gguf_write(const char *path, const struct tiny_gguf *spec)
{
	struct build b = {.spec = with_defaults(*spec)};
	const struct tiny_gguf *s = &b.spec;
	if (!type_by_name(&b.type, s->type) || s->n_head % s->n_head_kv || s->head_dim % 2)
		return false;
	size_t block =
		(size_t)s->n_embd * ((size_t)(2 * s->n_head + 2 * s->n_head_kv) * s->head_dim +
				     3 * (size_t)s->n_ff + 32) +
		4 * (size_t)s->n_ff;
	size_t bytes = 4 * (2 * (size_t)s->n_embd * TINY_VOCAB + block * (size_t)s->n_layer) +
		       (size_t)(s->n_layer * 24 + 16) * (ggml_tensor_overhead() + 256);
	b.random = s->seed * 2654435761u + 88172645463325252u;
	b.ggml = ggml_init((struct ggml_init_params){.mem_size = bytes + (1 << 20)});
	b.gguf = gguf_init_empty();
	add_settings(&b);
	add_tokenizer(&b);
	add_tensor(&b, "token_embd.weight", s->n_embd, TINY_VOCAB, 0);
	for (int i = 0; i < s->n_layer; i++)
		add_block(&b, i);
	add_tensor(&b, "output_norm.weight", s->n_embd, 0, 1);
	add_factors(&b);
	if (s->untied || parts_of(s) & UNTIED)
		add_tensor(&b, "output.weight", s->n_embd, TINY_VOCAB, 0);
	bool ok = !b.failed && gguf_write_to_file(b.gguf, path, false);
	gguf_free(b.gguf);
	ggml_free(b.ggml);
	return ok;
}

int gguf_type_in(const char *path, const char *tensor)
{
	struct gguf_context *g =
		gguf_init_from_file(path, (struct gguf_init_params){.no_alloc = true});
	int64_t i = g ? gguf_find_tensor(g, tensor) : -1;
	int type = i < 0 ? -1 : (int)gguf_get_tensor_type(g, i);
	gguf_free(g);
	return type;
}
