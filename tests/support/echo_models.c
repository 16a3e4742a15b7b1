#include "support/echo_models.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

#define DIM 64

struct echo {
	char mode[32];
	uint64_t seed;
};

static struct tw_digest digest_of(const char *kind, const char *rest)
{
	struct tw_hasher *h = tw_hasher_new();
	tw_digest_str(h, kind);
	tw_digest_str(h, rest);
	return tw_hasher_end(h);
}

static enum tw_status llm_open(void *ctx, const char *rest, const struct tw_llm_options *o,
			       struct tw_llm_info *info, struct tw_err *err)
{
	struct echo *e = ctx;
	(void)o;
	if (strcmp(rest, "broken") == 0)
		return tw_fail(err, TW_BAD_DATA, "echo:broken never opens");
	snprintf(e->mode, sizeof(e->mode), "%s", rest);
	info->name = "echo";
	info->digest = digest_of("llm", rest);
	info->tokenizer = digest_of("tokenizer", "");
	info->template_digest = digest_of("template", "");
	info->context = 2048;
	return TW_OK;
}

static int count(void *ctx, const char *text, size_t len)
{
	int n = 0;
	(void)ctx;
	for (size_t i = 0; i < len; i++)
		n += !isspace((unsigned char)text[i]) &&
		     (i + 1 == len || isspace((unsigned char)text[i + 1]));
	return n;
}

static bool give(struct tw_generation *out, const char *s, size_t len, tw_text_fn fn, void *fn_ctx)
{
	tw_str_add(&out->text, s, len);
	out->completion_tokens++;
	return !fn || fn(fn_ctx, s, len);
}

static enum tw_status speak(struct tw_generation *out, struct echo *e, const char *text,
			    const struct tw_gen_params *p, tw_text_fn fn, void *fn_ctx,
			    struct tw_err *err)
{
	bool forever = strcmp(e->mode, "long") == 0 || strcmp(e->mode, "slow") == 0;
	const struct timespec nap = {0, 20 * 1000000L};
	const char *at = text;
	while (out->completion_tokens < p->max_tokens) {
		if (!*at && !forever)
			break;
		if (!*at)
			at = text;
		if (strcmp(e->mode, "fail") == 0 && out->completion_tokens == 3) {
			tw_str_release(&out->text);
			return tw_fail(err, TW_BAD_DATA, "echo:fail fails");
		}
		if (strcmp(e->mode, "slow") == 0)
			nanosleep(&nap, NULL);
		size_t n = strcspn(at + 1, " ") + 1;
		if (!give(out, at, n, fn, fn_ctx)) {
			out->finish = "cancelled";
			return TW_OK;
		}
		at += n;
	}
	out->finish = *at || forever ? "length" : "stop";
	return TW_OK;
}

static enum tw_status llm_chat(struct tw_generation *out, void *ctx, const struct tw_message *m,
			       size_t n, const struct tw_gen_params *p, tw_text_fn fn, void *fn_ctx,
			       struct tw_err *err)
{
	struct echo *e = ctx;
	for (size_t i = 0; i < n; i++)
		out->prompt_tokens += count(NULL, m[i].content, strlen(m[i].content));
	char text[400];
	snprintf(text, sizeof(text), "Echo %.*s%s", 300, m[n - 1].content,
		 strcmp(e->mode, "cite") == 0 ? " [1] [9]." : "");
	text[tw_utf8_floor(text, strlen(text))] = '\0';
	return speak(out, e, text, p, fn, fn_ctx, err);
}

static enum tw_status llm_complete(struct tw_generation *out, void *ctx, const char *prompt,
				   const struct tw_gen_params *p, tw_text_fn fn, void *fn_ctx,
				   struct tw_err *err)
{
	return speak(out, ctx, prompt[0] ? prompt : "x", p, fn, fn_ctx, err);
}

const struct tw_llm_type echo_llm = {
	.prefix = "echo",
	.help = "for tests",
	.ctx_size = sizeof(struct echo),
	.open = llm_open,
	.chat = llm_chat,
	.complete = llm_complete,
	.count = count,
};

static enum tw_status embedder_open(void *ctx, const char *rest, const struct tw_llm_options *o,
				    struct tw_embedder_info *info, struct tw_err *err)
{
	struct echo *e = ctx;
	(void)o;
	(void)err;
	e->seed = tw_hash64(rest, strlen(rest), 1);
	info->name = "echo-embedder";
	info->digest = digest_of("embedder", rest);
	info->tokenizer = digest_of("tokenizer", "");
	info->dim = DIM;
	info->max_tokens = 256;
	return TW_OK;
}

static void embed_one(float *out, const struct echo *e, const struct tw_bytes *t)
{
	struct tw_arena a;
	struct tw_str word = TW_STR_INIT;
	tw_arena_init(&a);
	struct tw_spans words = tw_text_words(t->data, t->len, &a);
	double sum = 1e-6;
	memset(out, 0, DIM * sizeof(*out));
	out[0] = 1e-3f;
	for (size_t i = 0; i < words.n; i++) {
		tw_str_clear(&word);
		tw_text_fold(&word, t->data + words.at[i].start,
			     words.at[i].end - words.at[i].start);
		uint64_t h = tw_hash64(word.data, word.len, e->seed);
		if (word.len > 3)
			out[h % DIM] += 1;
	}
	for (int i = 0; i < DIM; i++)
		sum += (double)out[i] * (double)out[i];
	for (int i = 0; i < DIM; i++)
		out[i] = (float)((double)out[i] / sqrt(sum));
	tw_str_release(&word);
	tw_arena_release(&a);
}

static enum tw_status embed(float *out, void *ctx, const struct tw_bytes *texts, size_t n,
			    struct tw_err *err)
{
	(void)err;
	for (size_t i = 0; i < n; i++)
		embed_one(out + i * DIM, ctx, &texts[i]);
	return TW_OK;
}

const struct tw_embedder_type echo_embedder = {
	.prefix = "echo",
	.help = "for tests",
	.ctx_size = sizeof(struct echo),
	.open = embedder_open,
	.embed = embed,
	.count = count,
};

const struct tw_llm_type *const echo_llms[] = {&echo_llm, NULL};
const struct tw_embedder_type *const echo_embedders[] = {&echo_embedder, NULL};
