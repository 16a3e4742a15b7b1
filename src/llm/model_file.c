#include "llm/model_file_int.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/map.h"
#include "base/str.h"
#include "base/time.h"
#include "llm/gguf_int.h"

/* Changes when a digest comes to cover something else: old cache entries then no longer count. */
#define DIGEST_FORMAT 3

/* BERT models are trained on 512 positions, and sentence encoders made of them on 256 (MiniLM's max_seq_length). */
#define ENCODER_TOKENS 256
/* Of a decoder that embeds: its text is evaluated in one piece, and scratch memory grows with that. */
#define DECODER_TOKENS 2048

#define MAX_BLOCKS 512 /* of libllama */

static const char *const token_keys[] = {
	"tokenizer.ggml.model",
	"tokenizer.ggml.pre",
	"tokenizer.ggml.tokens",
	"tokenizer.ggml.token_type",
	"tokenizer.ggml.scores",
	"tokenizer.ggml.merges",
	"tokenizer.ggml.token_type_count",
	"tokenizer.ggml.bos_token_id",
	"tokenizer.ggml.eos_token_id",
	"tokenizer.ggml.eot_token_id",
	"tokenizer.ggml.eom_token_id",
	"tokenizer.ggml.unknown_token_id",
	"tokenizer.ggml.seperator_token_id",
	"tokenizer.ggml.padding_token_id",
	"tokenizer.ggml.cls_token_id",
	"tokenizer.ggml.mask_token_id",
	"tokenizer.ggml.add_bos_token",
	"tokenizer.ggml.add_eos_token",
	"tokenizer.ggml.add_sep_token",
	"tokenizer.ggml.add_space_prefix",
	"tokenizer.ggml.remove_extra_whitespaces",
	"tokenizer.ggml.precompiled_charsmap",
	"tokenizer.ggml.normalizer.lowercase",
	"tokenizer.ggml.normalizer.strip_accents",
};

static struct tw_digest tokenizer_digest(const struct tw_gguf *g)
{
	struct tw_hasher *h = tw_hasher_new();
	tw_digest_str(h, "tokenizer");
	for (size_t i = 0; i < sizeof(token_keys) / sizeof(*token_keys); i++) {
		const struct tw_gguf_value *v = tw_gguf_find(g, token_keys[i]);
		tw_digest_str(h, v ? token_keys[i] : NULL);
		if (v)
			tw_digest_bytes(h, v->data.data, v->data.len);
	}
	return tw_hasher_end(h);
}

/* --- the cache of digests: one small text file a model file --- */

struct identity {
	int64_t size, mtime_ns, ctime_ns; /* ctime: nobody can set it back */
	uint64_t inode;
};

static enum tw_status identify(struct identity *out, const char *path, struct tw_err *err)
{
	struct stat sb;
	if (stat(path, &sb) < 0)
		return tw_fail_errno(err, TW_IO, "%s", path);
	out->size = sb.st_size;
	out->mtime_ns = (int64_t)sb.st_mtim.tv_sec * 1000000000 + sb.st_mtim.tv_nsec;
	out->ctime_ns = (int64_t)sb.st_ctim.tv_sec * 1000000000 + sb.st_ctim.tv_nsec;
	out->inode = (uint64_t)sb.st_ino;
	return TW_OK;
}

static char *cache_path(const char *path, struct tw_arena *a)
{
	struct tw_digest d = tw_sha256(path, strlen(path));
	return tw_path_join(a, tw_path_join(a, tw_cache_dir(a), "digests"), d.hex);
}

static char *cache_key(const struct identity *id, struct tw_arena *a)
{
	return tw_sprintf(a, "%d %" PRId64 " %" PRId64 " %" PRId64 " %" PRIu64, DIGEST_FORMAT,
			  id->size, id->mtime_ns, id->ctime_ns, id->inode);
}

static bool is_digest(const char *hex)
{
	return strlen(hex) == TW_DIGEST_LEN && strspn(hex, "0123456789abcdef") == TW_DIGEST_LEN;
}

static bool cache_read(struct tw_model_file *f, const char *path, const char *key)
{
	struct tw_str s = TW_STR_INIT;
	char digest[66], tokenizer[66];
	size_t n = strlen(key);
	bool hit = tw_read_file(&s, path, 4096, NULL) == TW_OK &&
		   strncmp(tw_str_c(&s), key, n) == 0 &&
		   sscanf(tw_str_c(&s) + n, " %65s %65s", digest, tokenizer) == 2 &&
		   is_digest(digest) && is_digest(tokenizer);
	if (hit) {
		memcpy(f->digest.hex, digest, sizeof(f->digest.hex));
		memcpy(f->tokenizer.hex, tokenizer, sizeof(f->tokenizer.hex));
	}
	tw_str_release(&s);
	return hit;
}

/* A cache that can't be written costs time, no more. */
static void cache_write(const struct tw_model_file *f, const char *path, const char *key,
			struct tw_arena *a)
{
	char *text = tw_sprintf(a, "%s %s %s\n", key, f->digest.hex, f->tokenizer.hex);
	if (tw_mkdirs(tw_path_dir(a, path), NULL) != TW_OK ||
	    tw_write_file(path, text, strlen(text), NULL) != TW_OK)
		return;
}

/* What libllama would end the process for. Looked at once a file, like the digests. */
static enum tw_status check_vocabulary(const struct tw_model_file *f, const struct tw_gguf *g,
				       struct tw_err *err)
{
	const struct tw_gguf_value *v = tw_gguf_find(g, "tokenizer.ggml.tokens");
	const struct tw_gguf_value *types = tw_gguf_find(g, "tokenizer.ggml.token_type");
	struct tw_map seen = TW_MAP_INIT;
	enum tw_status st = TW_OK;
	const char *p = v->data.data;
	if (types && types->n != v->n)
		return tw_fail(err, TW_BAD_DATA,
			       "%s: damaged GGUF file: %" PRIu64 " tokens, but %" PRIu64
			       " types of tokens",
			       f->path, v->n, types->n);
	for (uint64_t i = 0; i < v->n && st == TW_OK; i++) {
		uint64_t len;
		memcpy(&len, p, sizeof(len));
		struct tw_map_slot *slot = tw_map_at(&seen, p + sizeof(len), (size_t)len);
		if (slot->v.i)
			st = tw_fail(err, TW_BAD_DATA,
				     "%s: damaged GGUF file: tokens %" PRId64 " and %" PRIu64
				     " are the same",
				     f->path, slot->v.i - 1, i);
		slot->v.i = (int64_t)i + 1;
		p += sizeof(len) + len;
	}
	tw_map_release(&seen);
	return st;
}

static enum tw_status find_digests(struct tw_model_file *f, const struct tw_gguf *g,
				   struct tw_arena *a, struct tw_err *err)
{
	struct identity before, after;
	enum tw_status st = identify(&before, f->path, err);
	if (st != TW_OK)
		return st;
	const char *cached = cache_path(f->path, a), *key = cache_key(&before, a);
	if (cache_read(f, cached, key))
		return TW_OK;
	st = check_vocabulary(f, g, err);
	if (st == TW_OK)
		st = tw_sha256_file(&f->digest, f->path, err);
	if (st == TW_OK)
		st = identify(&after, f->path, err);
	if (st != TW_OK)
		return st;
	f->tokenizer = tokenizer_digest(g);
	if (memcmp(&before, &after, sizeof(before)) != 0)
		return tw_fail(err, TW_CONFLICT, "%s: changed while it was read; try again",
			       f->path);
	/* A file written a moment ago may change again within one tick of the file system's clock. */
	if (before.ctime_ns / 1000000 < tw_now_ms() - 2000)
		cache_write(f, cached, key, a);
	return TW_OK;
}

/* --- what the header says --- */

static enum tw_status read_header(struct tw_model_file *f, const struct tw_gguf *g,
				  struct tw_arena *a, struct tw_err *err)
{
	f->architecture = tw_gguf_str(g, "general.architecture", a);
	if (!f->architecture)
		return tw_fail(err, TW_BAD_DATA, "%s: a GGUF file without an architecture",
			       f->path);
	const char *kind = tw_gguf_str(g, "general.type", a);
	if (kind && strcmp(kind, "model") != 0)
		return tw_fail(err, TW_BAD_USE, "%s: a GGUF file of type \"%s\", not a model",
			       f->path, kind);
	const struct tw_gguf_value *tokens = tw_gguf_find(g, "tokenizer.ggml.tokens");
	if (!tokens || !tokens->is_array || tokens->type != TW_GGUF_STRING || tokens->n == 0)
		return tw_fail(err, TW_UNSUPPORTED, "%s: has no vocabulary", f->path);
	const char *arch = f->architecture;
	f->name = tw_gguf_str(g, "general.name", a);
	if (!f->name || !f->name[0])
		f->name = tw_path_base(f->path);
	f->chat_template = tw_gguf_str(g, "tokenizer.chat_template", a);
	f->encoder = tw_gguf_arch_int(g, arch, "attention.causal", 1) == 0;
	int64_t context = tw_gguf_arch_int(g, arch, "context_length", 0);
	int64_t width = tw_gguf_arch_int(g, arch, "embedding_length", 0);
	int64_t heads = tw_gguf_arch_int(g, arch, "attention.head_count", 1);
	int64_t blocks = tw_gguf_arch_int(g, arch, "block_count", 0);
	if (context < 1 || context > 1 << 28 || width < 1 || width > 1 << 20 || heads < 1 ||
	    blocks < 1 || blocks > MAX_BLOCKS)
		return tw_fail(err, TW_BAD_DATA,
			       "%s: damaged or no language model: context %" PRId64
			       ", width %" PRId64 ", heads %" PRId64 ", blocks %" PRId64,
			       f->path, context, width, heads, blocks);
	f->context = (int)context;
	f->width = (int)width;
	f->blocks = (int)blocks;
	f->pooling = (int)tw_gguf_arch_int(g, arch, "pooling_type", -1);
	int64_t most =
		tw_gguf_int(g, "twin.max_tokens", f->encoder ? ENCODER_TOKENS : DECODER_TOKENS);
	f->max_tokens = most > 1 && most < context ? (int)most : (int)context;
	return TW_OK;
}

enum tw_status tw_model_file_open(struct tw_model_file *out, const char *name, const char *dir,
				  struct tw_arena *a, struct tw_err *err)
{
	struct tw_gguf g;
	*out = (struct tw_model_file){0};
	enum tw_status st = tw_model_path(&out->path, name, dir, a, err);
	if (st == TW_OK)
		st = tw_gguf_open(&g, out->path, err);
	if (st != TW_OK)
		return st;
	st = read_header(out, &g, a, err);
	if (st == TW_OK)
		st = find_digests(out, &g, a, err);
	const char *t = out->chat_template ? out->chat_template : "";
	out->template_digest = tw_sha256(t, strlen(t));
	tw_gguf_close(&g);
	return st;
}

static bool has_both_halves(const struct tw_gguf *g, const struct tw_gguf_tensor *t)
{
	char other[80];
	int stem = (int)t->name.len - 7; /* ".lora_a" */
	snprintf(other, sizeof(other), "%.*s.lora_b", stem, t->name.data);
	return tw_gguf_tensor_find(g, other) != NULL;
}

static enum tw_status check_halves(const struct tw_gguf *g, struct tw_err *err)
{
	for (size_t i = 0; i < g->n_tensors; i++) {
		const struct tw_gguf_tensor *t = &g->tensors[i];
		if (t->name.len > 7 && memcmp(t->name.data + t->name.len - 7, ".lora_a", 7) == 0 &&
		    !has_both_halves(g, t))
			return tw_fail(err, TW_BAD_DATA, "%s: \"%.*s\" has no lora_b beside it",
				       g->path, (int)t->name.len, t->name.data);
	}
	return TW_OK;
}

/* That it was trained from the base. The same tokenizer is also what lets a vocabulary pass that was looked at once. */
static enum tw_status check_whole(const struct tw_gguf *g, const struct tw_model_file *base,
				  struct tw_arena *a, struct tw_err *err)
{
	struct tw_model_file f = {.path = g->path};
	enum tw_status st = read_header(&f, g, a, err);
	if (st != TW_OK)
		return st;
	f.tokenizer = tokenizer_digest(g);
	if (f.width == base->width && f.blocks == base->blocks && f.context == base->context &&
	    strcmp(f.tokenizer.hex, base->tokenizer.hex) == 0)
		return TW_OK;
	return tw_fail(err, TW_BAD_USE,
		       "%s: a model of other measures or another tokenizer than %s, so it was not "
		       "trained from that",
		       g->path, base->path);
}

static enum tw_status check_kind(bool *whole, const struct tw_gguf *g,
				 const struct tw_model_file *base, struct tw_arena *a,
				 struct tw_err *err)
{
	const char *type = tw_gguf_str(g, "adapter.type", a);
	const char *arch = tw_gguf_str(g, "general.architecture", a);
	*whole = !type && tw_gguf_find(g, "tokenizer.ggml.tokens");
	if (!*whole && (!type || strcmp(type, "lora") != 0))
		return tw_fail(err, TW_BAD_USE, "%s: a GGUF file, but not a LoRA adapter", g->path);
	if (!arch || strcmp(arch, base->architecture) != 0)
		return tw_fail(err, TW_BAD_USE, "%s: %s \"%s\" model; %s is a \"%s\" model",
			       g->path, *whole ? "a" : "an adapter of a", arch ? arch : "?",
			       base->path, base->architecture);
	return *whole ? check_whole(g, base, a, err) : check_halves(g, err);
}

enum tw_status tw_adapter_check(bool *whole, const char *path, const struct tw_model_file *base,
				struct tw_err *err)
{
	struct tw_gguf g;
	struct tw_arena a;
	enum tw_status st = tw_gguf_open(&g, path, err);
	if (st != TW_OK)
		return tw_wrap(err, st, "adapter");
	tw_arena_init(&a);
	st = check_kind(whole, &g, base, &a, err);
	tw_arena_release(&a);
	tw_gguf_close(&g);
	return st;
}

bool tw_is_whole_model(const char *path)
{
	struct tw_gguf g;
	if (tw_gguf_open(&g, path, NULL) != TW_OK)
		return false;
	bool whole = !tw_gguf_find(&g, "adapter.type") && tw_gguf_find(&g, "tokenizer.ggml.tokens");
	tw_gguf_close(&g);
	return whole;
}
