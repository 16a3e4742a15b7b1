/* Embeddings of any OpenAI-compatible server: the contract of core/embedder.h over HTTP. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "llm/llm_backends.h"
#include "llm/openai_int.h"

#define DEFAULT_TOKENS 8192
#define MAX_DIM	       65536
#define BATCH_TEXTS    64
#define BATCH_BYTES    ((size_t)256 * 1024)

struct remote {
	struct tw_openai client;
	int dim, max_tokens;
};

/* --- answer --- */

static int base64_value(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

/* RFC 4648, section 4. False for anything else. */
static bool base64_decode(struct tw_str *out, const char *s, size_t len)
{
	uint32_t bits = 0;
	int n = 0;
	while (len && s[len - 1] == '=')
		len--;
	for (size_t i = 0; i < len; i++) {
		int v = base64_value(s[i]);
		if (v < 0)
			return false;
		bits = bits << 6 | (uint32_t)v;
		n += 6;
		if (n >= 8) {
			n -= 8;
			tw_str_addc(out, (char)(bits >> n & 0xff));
		}
	}
	return true;
}

/* A list of numbers, or little-endian float32 in base64: whichever the server sends. Numbers read, or -1. */
static int read_vector(float *out, int room, const struct tw_json *v)
{
	int n = 0;
	if (v && v->type == TW_JSON_STRING) {
		struct tw_str bytes = TW_STR_INIT;
		bool ok = base64_decode(&bytes, v->s, v->len) && bytes.len % sizeof(float) == 0;
		n = ok && bytes.len / sizeof(float) <= (size_t)room
			    ? (int)(bytes.len / sizeof(float))
			    : -1;
		if (n > 0)
			memcpy(out, bytes.data, bytes.len);
		tw_str_release(&bytes);
		return n;
	}
	if (!v || v->type != TW_JSON_ARRAY || v->n > (size_t)room)
		return -1;
	for (const struct tw_json *x = v->child; x; x = x->next) {
		if (x->type != TW_JSON_REAL && x->type != TW_JSON_INT)
			return -1;
		out[n++] = (float)tw_json_real(x, 0);
	}
	return n;
}

static bool normalize(float *v, int dim)
{
	double sum = 0;
	for (int i = 0; i < dim; i++)
		sum += (double)v[i] * (double)v[i];
	if (!(sum > 0) || !isfinite(sum))
		return false;
	double scale = 1 / sqrt(sum);
	for (int i = 0; i < dim; i++)
		v[i] = (float)((double)v[i] * scale);
	return true;
}

static enum tw_status bad_answer(const struct remote *r, const char *why, struct tw_err *err)
{
	return tw_fail(err, TW_BAD_DATA, "%s/embeddings, model \"%s\": %s", r->client.host,
		       r->client.model, why);
}

/* Rows in the order of the texts, whatever the order in the answer. r->dim 0: taken from the first. */
static enum tw_status read_rows(float *out, size_t n, int room, struct remote *r,
				const struct tw_json *root, struct tw_err *err)
{
	const struct tw_json *data = tw_json_get(root, "data");
	enum tw_status st = TW_OK;
	if (!data || data->type != TW_JSON_ARRAY || data->n != n)
		return bad_answer(r, "not one vector for each text", err);
	uint8_t *seen = tw_xcalloc(n, 1);
	int64_t position = 0;
	for (const struct tw_json *e = data->child; e && st == TW_OK; e = e->next, position++) {
		int64_t i = tw_json_int(tw_json_get(e, "index"), position);
		if (i < 0 || i >= (int64_t)n || seen[i]) {
			st = bad_answer(r, "vectors with wrong numbers", err);
			break;
		}
		seen[i] = 1;
		float *row = out + (size_t)i * (size_t)room;
		int dim = read_vector(row, room, tw_json_get(e, "embedding"));
		if (r->dim == 0 && dim > 0)
			r->dim = dim;
		if (dim < 1 || dim != r->dim)
			st = bad_answer(r, "vectors of another length, or none", err);
		else if (!normalize(row, dim))
			st = bad_answer(r, "a vector that is zero or no number", err);
	}
	free(seen);
	return st;
}

/* --- request --- */

/* Longer text is cut at max_tokens by the estimate from above: a server may refuse what its model can't take. */
static void write_request(struct tw_str *out, const struct remote *r, const struct tw_bytes *texts,
			  size_t n)
{
	struct tw_json_writer w;
	struct tw_str text = TW_STR_INIT;
	const size_t most = 2 * (size_t)r->max_tokens;
	tw_jw_init(&w, out);
	tw_jw_object(&w, NULL);
	tw_jw_str(&w, "model", r->client.model);
	tw_jw_array(&w, "input");
	for (size_t i = 0; i < n; i++) {
		size_t len =
			texts[i].len <= most ? texts[i].len : tw_utf8_floor(texts[i].data, most);
		/* Servers refuse empty texts, and JSON readers NULs. */
		tw_str_clear(&text);
		tw_str_add(&text, len ? texts[i].data : " ", len ? len : 1);
		for (size_t k = 0; k < text.len; k++)
			text.data[k] = text.data[k] ? text.data[k] : ' ';
		tw_jw_strn(&w, NULL, text.data, text.len);
	}
	tw_str_release(&text);
	tw_jw_end(&w);
	tw_jw_str(&w, "encoding_format", "float");
	tw_jw_end(&w);
}

static enum tw_status embed_batch(float *out, int room, struct remote *r,
				  const struct tw_bytes *texts, size_t n, struct tw_err *err)
{
	struct tw_openai_answer answer = {0};
	struct tw_str body = TW_STR_INIT;
	struct tw_json *root;
	struct tw_arena a;
	tw_arena_init(&a);
	write_request(&body, r, texts, n);
	enum tw_status st =
		tw_openai_call(&answer, &r->client, "/embeddings", &body, NULL, NULL, err);
	if (st == TW_OK &&
	    tw_json_parse(&root, tw_str_c(&answer.body), answer.body.len, &a, NULL) != TW_OK)
		st = bad_answer(r, "an answer that is no JSON", err);
	else if (st == TW_OK)
		st = read_rows(out, n, room, r, root, err);
	tw_str_release(&body);
	tw_openai_answer_release(&answer);
	tw_arena_release(&a);
	return st;
}

static size_t batch_size(const struct tw_bytes *texts, size_t n)
{
	size_t bytes = 0, k = 0;
	while (k < n && k < BATCH_TEXTS && (k == 0 || bytes + texts[k].len <= BATCH_BYTES))
		bytes += texts[k++].len;
	return k;
}

static enum tw_status remote_embed(float *out, void *ctx, const struct tw_bytes *texts, size_t n,
				   struct tw_err *err)
{
	struct remote *r = ctx;
	enum tw_status st = TW_OK;
	for (size_t i = 0; i < n && st == TW_OK;) {
		size_t k = batch_size(texts + i, n - i);
		st = embed_batch(out + i * (size_t)r->dim, r->dim, r, texts + i, k, err);
		i += k;
	}
	return st;
}

/* --- open --- */

/* One text tells the length; it stays the same as long as the digest does. */
static enum tw_status find_dim(struct remote *r, struct tw_err *err)
{
	int64_t known = tw_openai_recall(&r->client, "dim");
	if (known > 0 && known <= MAX_DIM) {
		r->dim = (int)known;
		return TW_OK;
	}
	const struct tw_bytes probe = {"length", 6};
	float *v = tw_try_alloc(MAX_DIM * sizeof(*v), "a vector", err);
	if (!v)
		return TW_NO_MEMORY;
	enum tw_status st = embed_batch(v, MAX_DIM, r, &probe, 1, err);
	free(v);
	if (st == TW_OK)
		tw_openai_remember(&r->client, "dim", r->dim);
	return st;
}

static enum tw_status remote_open(void *ctx, const char *rest, const struct tw_llm_options *o,
				  struct tw_embedder_info *info, struct tw_err *err)
{
	struct remote *r = ctx;
	struct tw_llm_options plain = *o;
	plain.adapter = NULL;
	enum tw_status st = tw_openai_open(&r->client, rest, &plain, err);
	if (st != TW_OK)
		return st;
	r->max_tokens = r->client.context ? r->client.context : DEFAULT_TOKENS;
	st = find_dim(r, err);
	if (st != TW_OK) {
		tw_openai_close(&r->client);
		return st;
	}
	info->name = r->client.model;
	info->digest = info->tokenizer = r->client.digest;
	info->dim = r->dim;
	info->max_tokens = r->max_tokens;
	return TW_OK;
}

static void remote_close(void *ctx)
{
	struct remote *r = ctx;
	tw_openai_close(&r->client);
}

static int remote_count(void *ctx TW_UNUSED, const char *text, size_t len)
{
	return tw_openai_count(text, len);
}

const struct tw_embedder_type tw_embedder_openai = {
	.prefix = "openai",
	.help = "URL#MODEL: an OpenAI-compatible server; key in TWIN_OPENAI_API_KEY",
	.ctx_size = sizeof(struct remote),
	.open = remote_open,
	.embed = remote_embed,
	.count = remote_count,
	.close = remote_close,
	.hosts = tw_openai_hosts,
};
