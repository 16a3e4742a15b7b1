/*
 * View "signatures": a MinHash signature (Broder 1997) of each document's word
 * 5-shingles. The share of equal positions of two signatures estimates the
 * Jaccard similarity of their shingle sets, with a standard error of at most
 * 1/(2 sqrt(128)) = .044. Documents without words have no row.
 */
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "feature/feature.h"
#include "feature/signatures_int.h"

#define SHINGLE 5

static const struct tw_field schema[] = {
	{"minhash", TW_FIELD_TEXT, 0, "128 minima of 32 bits, hexadecimal"},
	{"digest", TW_FIELD_TEXT, 0, "of the words in order: equal for exact duplicates"},
	{"shingles", TW_FIELD_INT, 0, "word 5-shingles"},
	{"created_ms", TW_FIELD_INT, 0, "first publication, 0 unknown"},
	{0},
};

static const char *const inputs[] = {"clean", NULL};

/* Random odd multiplier and offset of each position: multiply-shift hashing (Dietzfelbinger 1996). */
struct signatures {
	uint64_t mul[SIGNATURE_LEN], add[SIGNATURE_LEN];
};

static enum tw_status open_signatures(void *ctx, const struct tw_transform_env *env,
				      struct tw_err *err)
{
	struct signatures *g = ctx;
	uint64_t state = 0x7477696e; /* part of the view's meaning: never change it */
	(void)env;
	(void)err;
	for (size_t i = 0; i < SIGNATURE_LEN; i++) {
		g->mul[i] = tw_random_u64(&state) | 1;
		g->add[i] = tw_random_u64(&state);
	}
	return TW_OK;
}

static void add_shingle(uint32_t min[SIGNATURE_LEN], const struct signatures *g, uint64_t x)
{
	for (size_t i = 0; i < SIGNATURE_LEN; i++) {
		uint32_t h = (uint32_t)((g->mul[i] * x + g->add[i]) >> 32);
		min[i] = h < min[i] ? h : min[i];
	}
}

/* Hashes of the words, in order. */
static uint64_t *word_hashes(const char *s, const struct tw_spans *words, struct tw_arena *a)
{
	uint64_t *h = TW_NEW_ARRAY(a, words->n, uint64_t);
	for (size_t i = 0; i < words->n; i++)
		h[i] = tw_hash64(s + words->at[i].start, words->at[i].end - words->at[i].start, 1);
	return h;
}

static size_t sign(uint32_t min[SIGNATURE_LEN], const struct signatures *g, const uint64_t *words,
		   size_t n)
{
	size_t len = n < SHINGLE ? n : SHINGLE;
	memset(min, 0xFF, SIGNATURE_LEN * sizeof(*min));
	for (size_t i = 0; i + len <= n; i++)
		add_shingle(min, g, tw_hash64(words + i, len * sizeof(*words), 2));
	return n - len + 1;
}

static void set_minhash(struct tw_rows *out, struct tw_row *r, const uint32_t min[SIGNATURE_LEN])
{
	static const char digits[] = "0123456789abcdef";
	char hex[SIGNATURE_LEN * 8];
	for (size_t i = 0; i < SIGNATURE_LEN; i++)
		for (size_t k = 0; k < 8; k++)
			hex[i * 8 + k] = digits[min[i] >> (28 - 4 * k) & 15];
	tw_row_set_text(out, r, "minhash", hex, sizeof(hex));
}

static enum tw_status apply(struct tw_rows *out, void *ctx, const char *doc,
			    const struct tw_rows *in, struct tw_arena *a, struct tw_err *err)
{
	(void)err;
	for (size_t i = 0; i < in[0].n && i < 1; i++) {
		const struct tw_bytes text = tw_row_text(&in[0], &in[0].at[i], "text");
		struct tw_str folded = TW_STR_INIT;
		tw_text_fold(&folded, text.data ? text.data : "", text.len);
		const struct tw_spans words = tw_text_words(tw_str_c(&folded), folded.len, a);
		const uint64_t *h = word_hashes(tw_str_c(&folded), &words, a);
		tw_str_release(&folded);
		if (!words.n)
			continue;
		uint32_t min[SIGNATURE_LEN];
		size_t shingles = sign(min, ctx, h, words.n);
		struct tw_row *r = tw_rows_add(out, doc);
		set_minhash(out, r, min);
		tw_row_set_str(out, r, "digest", tw_sha256(h, words.n * sizeof(*h)).hex);
		tw_row_set_int(out, r, "shingles", (int64_t)shingles);
		tw_row_set_int(out, r, "created_ms",
			       tw_row_int(&in[0], &in[0].at[i], "created_ms"));
	}
	return TW_OK;
}

const struct tw_transform_type tw_transform_signatures = {
	.name = "signatures",
	.help = "MinHash signatures, by which near-duplicates are found",
	.code_version = 1,
	.inputs = inputs,
	.schema = schema,
	.ctx_size = sizeof(struct signatures),
	.open = open_signatures,
	.apply = apply,
};
