/*
 * What core/embedder.h promises, asked of every backend. To add one: a row in
 * `backends`, with a function that says its spec.
 */
#include <math.h>

#include "base/fs.h"
#include "base/hash.h"
#include "base/log.h"
#include "core/embedder.h"
#include "llm/llm_backends.h"
#include "llm/model_import.h"
#include "support/backend_contract.h"
#include "support/tiny_gguf.h"

static const struct tw_embedder_type *const types[] = {&tw_embedder_llama, &tw_embedder_openai,
						       NULL};

/* False: this machine doesn't have it. */
static bool tiny_spec(char spec[600])
{
	struct tw_import_info info;
	char folder[540], gguf[540];
	snprintf(folder, sizeof(folder), "%s/bert", world.dir);
	snprintf(gguf, sizeof(gguf), "%s/bert.gguf", world.dir);
	snprintf(spec, 600, "llama:%s", gguf);
	return tw_exists(gguf) ||
	       (tw_mkdirs(folder, NULL) == TW_OK && tiny_bert_write(folder, 5, NULL) &&
		tw_model_import(&info, folder, gguf, NULL, NULL) == TW_OK);
}

static bool default_spec(char spec[600])
{
	struct tw_arena a;
	tw_arena_init(&a);
	snprintf(spec, 600, "%s", tw_embedder_default_spec);
	bool there = tw_exists(tw_path_join(&a, tw_models_dir(&a), strchr(spec, ':') + 1));
	tw_arena_release(&a);
	return there;
}

static bool peer_spec(char spec[600])
{
	snprintf(spec, 600, "openai:%s#peer-1", openai_peer_url(world.peer));
	return true;
}

struct backend {
	const char *name;
	bool (*spec)(char spec[600]);
	bool understands; /* paraphrases are near, not only the same words */
};

static struct backend backends[] = {
	{"llama, tiny", tiny_spec, false},
	{"llama, default", default_spec, true},
	{"openai", peer_spec, false},
};

static struct tw_embedder *open_it(const struct backend *b)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_embedder *e = NULL;
	const struct tw_llm_options o = {.http = world.http, .threads = 2};
	char spec[600];
	if (!b->spec(spec))
		skip_because("missing: the model of \"%s\" (`make models`)", b->name);
	assert_ok(tw_embedder_open(&e, types, spec, &o, &err), &err);
	return e;
}

static struct tw_bytes bytes(const char *s)
{
	return (struct tw_bytes){s, strlen(s)};
}

/* (n, dim) on the heap; every row is checked to have length 1. */
static float *embed(struct tw_embedder *e, const struct tw_bytes *texts, size_t n)
{
	struct tw_err err = TW_ERR_INIT;
	size_t dim = (size_t)tw_embedder_info(e)->dim;
	float *v = calloc(n * dim, sizeof(*v));
	assert_ok(tw_embed(v, e, texts, n, &err), &err);
	for (size_t i = 0; i < n; i++) {
		double sum = 0;
		for (size_t k = 0; k < dim; k++)
			sum += (double)v[i * dim + k] * v[i * dim + k];
		assert_true(fabs(sum - 1) < 1e-5);
	}
	return v;
}

static void info_names_the_model(void **state)
{
	struct tw_embedder *e = open_it(*state), *again = open_it(*state);
	const struct tw_embedder_info *i = tw_embedder_info(e);
	assert_true(i->name[0] != '\0');
	assert_int_equal(strlen(i->digest.hex), TW_DIGEST_LEN);
	assert_int_equal(strlen(i->tokenizer.hex), TW_DIGEST_LEN);
	assert_true(i->dim > 0 && i->max_tokens > 0);
	assert_string_equal(i->digest.hex, tw_embedder_info(again)->digest.hex);
	tw_embedder_close(e);
	tw_embedder_close(again);
}

/* Bit by bit: what stands beside a text, or came before it, leaves no trace. */
static void a_text_has_one_vector(void **state)
{
	static const char *const texts[] = {"the cat sat on the mat",
					    "",
					    "bread",
					    "a boat on the sea and another one behind it, far out",
					    "the cat sat on the mat",
					    "x",
					    "dogs bake bread in the oven; cats don't",
					    "   "};
	enum { N = sizeof(texts) / sizeof(*texts) };
	struct tw_embedder *e = open_it(*state), *fresh = open_it(*state);
	size_t dim = (size_t)tw_embedder_info(e)->dim;
	struct tw_bytes all[N], backwards[N];
	for (int i = 0; i < N; i++) {
		all[i] = bytes(texts[i]);
		backwards[N - 1 - i] = all[i];
	}
	float *together = embed(e, all, N), *other = embed(e, backwards, N);
	for (int i = 0; i < N; i++) {
		float *alone = embed(fresh, all + i, 1);
		assert_memory_equal(alone, together + (size_t)i * dim, dim * sizeof(float));
		assert_memory_equal(alone, other + (size_t)(N - 1 - i) * dim, dim * sizeof(float));
		free(alone);
	}
	assert_memory_equal(together, together + 4 * dim, dim * sizeof(float));
	assert_memory_not_equal(together, together + 2 * dim, dim * sizeof(float));
	free(together);
	free(other);
	tw_embedder_close(e);
	tw_embedder_close(fresh);
}

static void strange_texts_have_vectors_too(void **state)
{
	static const char *const texts[] = {"",
					    "\n\t ",
					    "\xff\xfe\x80",
					    "[CLS] [SEP] [MASK] [PAD] <s> </s>",
					    "\xf0\x9f\x98\x80\xf0\x9f\x8d\x9e",
					    "\xed\x95\x9c\xea\xb5\xad\xec\x96\xb4",
					    "%s%n",
					    "\xe2\x80\x8b\xe2\x80\x8b",
					    "\x01\x02\x03"};
	enum { N = sizeof(texts) / sizeof(*texts) };
	struct tw_embedder *e = open_it(*state);
	struct tw_bytes all[N];
	for (int i = 0; i < N; i++)
		all[i] = bytes(texts[i]);
	free(embed(e, all, N));
	const struct tw_bytes nul = {"a\0b\0\0c", 6};
	free(embed(e, &nul, 1));
	tw_embedder_close(e);
}

/* Behind the limit nothing counts, and a huge text does no harm. */
static void long_texts_are_cut(void **state)
{
	struct tw_embedder *e = open_it(*state);
	size_t dim = (size_t)tw_embedder_info(e)->dim;
	struct tw_str s = TW_STR_INIT;
	while (tw_embedder_count(e, tw_str_c(&s), s.len) < tw_embedder_info(e)->max_tokens + 10)
		for (int i = 0; i < 20; i++)
			tw_str_adds(&s, "bread and sea ");
	size_t first = s.len;
	while (s.len < 1 << 20)
		tw_str_adds(&s, "cat dog mat oven boat ");
	const struct tw_bytes texts[] = {{s.data, first}, {s.data, s.len}};
	float *v = embed(e, texts, 2);
	assert_memory_equal(v, v + dim, dim * sizeof(float));
	free(v);
	tw_str_release(&s);
	tw_embedder_close(e);
}

static void counts_grow_with_the_text(void **state)
{
	struct tw_embedder *e = open_it(*state);
	static const char text[] = "The cat sat on the mat, and the dog baked bread in the oven.";
	int last = 0;
	assert_int_equal(tw_embedder_count(e, "", 0), 0);
	for (size_t n = 8; n < sizeof(text); n += 8) {
		int count = tw_embedder_count(e, text, n);
		assert_true(count >= last - 1 && count > 0 && count <= (int)n);
		last = count;
	}
	tw_embedder_close(e);
}

static double cosine(const float *a, const float *b, size_t dim)
{
	double sum = 0;
	for (size_t k = 0; k < dim; k++)
		sum += (double)a[k] * b[k];
	return sum;
}

static void what_means_the_same_is_near(void **state)
{
	const struct backend *b = *state;
	static const char *const texts[] = {
		"How do I bake bread at home?", "Baking a loaf of bread in your own kitchen",
		"bread at home: How do I bake", "Stock prices fell sharply on Tuesday"};
	struct tw_embedder *e = open_it(b);
	size_t dim = (size_t)tw_embedder_info(e)->dim;
	struct tw_bytes all[4];
	for (int i = 0; i < 4; i++)
		all[i] = bytes(texts[i]);
	float *v = embed(e, all, 4);
	assert_true(cosine(v, v + 2 * dim, dim) > cosine(v, v + 3 * dim, dim));
	if (b->understands) {
		assert_true(cosine(v, v + dim, dim) > 0.6);
		assert_true(cosine(v, v + 3 * dim, dim) < 0.2);
	}
	free(v);
	tw_embedder_close(e);
}

static void two_models_have_two_digests(void **state)
{
	(void)state;
	struct tw_embedder *a = open_it(&backends[0]), *c = open_it(&backends[2]);
	assert_string_not_equal(tw_embedder_info(a)->digest.hex, tw_embedder_info(c)->digest.hex);
	tw_embedder_close(a);
	tw_embedder_close(c);
}

int main(void)
{
	static const struct promise promises[] = {
		PROMISE(info_names_the_model),		 PROMISE(a_text_has_one_vector),
		PROMISE(strange_texts_have_vectors_too), PROMISE(long_texts_are_cut),
		PROMISE(counts_grow_with_the_text),	 PROMISE(what_means_the_same_is_near),
		PROMISE(two_models_have_two_digests),
	};
	return run_promises(promises, sizeof(promises) / sizeof(*promises), backends,
			    sizeof(backends) / sizeof(*backends), sizeof(*backends));
}
