/* Any OpenAI-compatible server: the contract of core/llm.h over HTTP. */
#include <string.h>

#include "base/log.h"
#include "base/stop.h"
#include "base/text.h"
#include "llm/llm_backends.h"
#include "llm/openai_int.h"
#include "llm/sse_int.h"
#include "llm/text_gate_int.h"

#define DEFAULT_CONTEXT 8192
#define MAX_STOPS	4 /* what OpenAI's own API takes; more are looked for here */

struct remote {
	struct tw_openai client;
	bool plain_params;   /* the server refused what isn't in OpenAI's own API */
	bool renamed_tokens; /* it wants max_completion_tokens */
};

static enum tw_status remote_open(void *ctx, const char *rest, const struct tw_llm_options *o,
				  struct tw_llm_info *info, struct tw_err *err)
{
	struct remote *r = ctx;
	enum tw_status st = tw_openai_open(&r->client, rest, o, err);
	if (st != TW_OK)
		return st;
	int known = r->client.context ? r->client.context : DEFAULT_CONTEXT;
	info->name = r->client.model;
	info->digest = info->tokenizer = r->client.digest;
	memset(info->template_digest.hex, '0', TW_DIGEST_LEN);
	info->context = o->context > 0 ? o->context : known;
	return TW_OK;
}

static void remote_close(void *ctx)
{
	struct remote *r = ctx;
	tw_openai_close(&r->client);
}

/* --- request --- */

static void add_extras(struct tw_json_writer *w, const struct tw_gen_params *p)
{
	if (p->top_k > 0)
		tw_jw_int(w, "top_k", p->top_k);
	if (p->min_p > 0)
		tw_jw_real(w, "min_p", p->min_p);
	if (p->repeat_penalty > 0 && (p->repeat_penalty < 1 || p->repeat_penalty > 1)) {
		tw_jw_real(w, "repeat_penalty", p->repeat_penalty);	/* llama-server, Ollama */
		tw_jw_real(w, "repetition_penalty", p->repeat_penalty); /* vLLM */
	}
}

static bool has_extras(const struct tw_gen_params *p)
{
	return p->top_k > 0 || p->min_p > 0 ||
	       (p->repeat_penalty > 0 && (p->repeat_penalty < 1 || p->repeat_penalty > 1));
}

static void add_stops(struct tw_json_writer *w, const struct tw_gen_params *p)
{
	int n = 0;
	if (!p->stop || !p->stop[0])
		return;
	tw_jw_array(w, "stop");
	for (size_t i = 0; p->stop[i] && n < MAX_STOPS; i++)
		if (p->stop[i][0]) {
			tw_jw_str(w, NULL, p->stop[i]);
			n++;
		}
	tw_jw_end(w);
}

/* `m` for a chat, `prompt` for plain text. */
static void write_request(struct tw_str *out, const struct remote *r, const struct tw_message *m,
			  size_t n, const char *prompt, const struct tw_gen_params *p)
{
	struct tw_json_writer w;
	tw_str_clear(out);
	tw_jw_init(&w, out);
	tw_jw_object(&w, NULL);
	tw_jw_str(&w, "model", r->client.model);
	if (prompt)
		tw_jw_str(&w, "prompt", prompt);
	else
		tw_jw_array(&w, "messages");
	for (size_t i = 0; !prompt && i < n; i++) {
		tw_jw_object(&w, NULL);
		tw_jw_str(&w, "role", m[i].role);
		tw_jw_str(&w, "content", m[i].content);
		tw_jw_end(&w);
	}
	if (!prompt)
		tw_jw_end(&w);
	tw_jw_int(&w, r->renamed_tokens ? "max_completion_tokens" : "max_tokens", p->max_tokens);
	tw_jw_real(&w, "temperature", p->temperature);
	if (p->top_p > 0 && p->top_p < 1)
		tw_jw_real(&w, "top_p", p->top_p);
	tw_jw_int(&w, "seed", (int64_t)(p->seed & INT32_MAX));
	add_stops(&w, p);
	if (!r->plain_params)
		add_extras(&w, p);
	tw_jw_bool(&w, "stream", true);
	tw_jw_object(&w, "stream_options");
	tw_jw_bool(&w, "include_usage", true);
	tw_jw_end(&w);
	tw_jw_end(&w);
}

/* --- answer --- */

struct reader {
	struct remote *r;
	struct tw_generation *out;
	struct tw_gate gate;
	struct tw_sse sse;
	struct tw_err *err;
	enum tw_status status;
	bool finished; /* a finish_reason or [DONE] came */
	bool hidden;   /* bytes of this frame travel as private characters */
	int deltas;
};

/*
 * Some servers cut an emoji in two and put the halves into two frames, as they are. JSON may not hold
 * them: they travel through the parser as private characters, U+10FE00 + byte.
 */
static void hide_bad_bytes(struct tw_str *out, const char *s, size_t len)
{
	while (len) {
		size_t good = 0;
		unsigned char c = (unsigned char)*s;
		for (size_t n = 1; n <= 4 && n <= len && !good; n++)
			good = tw_utf8_valid(s, n) ? n : 0;
		if (good)
			tw_str_add(out, s, good);
		else
			tw_str_addf(out, "\xf4\x8f%c%c", 0xb8 + (c >> 6), 0x80 | (c & 0x3f));
		s += good ? good : 1;
		len -= good ? good : 1;
	}
}

static bool add_text(struct reader *k, const char *s, size_t len)
{
	struct tw_str bytes = TW_STR_INIT;
	for (size_t i = 0; i < len;) {
		const unsigned char *c = (const unsigned char *)s + i;
		if (k->hidden && len - i >= 4 && c[0] == 0xf4 && c[1] == 0x8f && c[2] >= 0xb8 &&
		    c[2] <= 0xbb) {
			tw_str_addc(&bytes, (char)((c[2] - 0xb8) << 6 | (c[3] & 0x3f)));
			i += 4;
		} else {
			tw_str_addc(&bytes, s[i++]);
		}
	}
	bool more = tw_gate_add(&k->gate, tw_str_c(&bytes), bytes.len);
	tw_str_release(&bytes);
	return more;
}

static void take_usage(struct reader *k, const struct tw_json *usage)
{
	int64_t prompt = tw_json_int(tw_json_get(usage, "prompt_tokens"), 0);
	int64_t completion = tw_json_int(tw_json_get(usage, "completion_tokens"), 0);
	if (prompt > 0 && prompt < INT32_MAX)
		k->out->prompt_tokens = (int)prompt;
	if (completion > 0 && completion < INT32_MAX)
		k->out->completion_tokens = (int)completion;
}

/* One object: a frame of a stream, or an answer as a whole. False: enough. */
static bool take_object(struct reader *k, const struct tw_json *root, const char *raw, size_t len)
{
	struct tw_arena a;
	const struct tw_json *error = tw_json_get(root, "error");
	if (error && error->type != TW_JSON_NULL) {
		tw_arena_init(&a);
		k->status = tw_fail(k->err, TW_NETWORK, "%s: the answer broke off: %s",
				    k->r->client.host,
				    tw_openai_error_text(&k->r->client, raw, len, &a));
		tw_arena_release(&a);
		return false;
	}
	take_usage(k, tw_json_get(root, "usage"));
	const struct tw_json *list = tw_json_get(root, "choices");
	const struct tw_json *choice = list && list->type == TW_JSON_ARRAY ? list->child : NULL;
	const struct tw_json *delta = tw_json_get(choice, "delta");
	if (!delta)
		delta = tw_json_get(choice, "message");
	const struct tw_json *text =
		tw_json_get(delta ? delta : choice, delta ? "content" : "text");
	if (text && text->type == TW_JSON_STRING && text->len) {
		k->deltas++;
		if (!add_text(k, text->s, text->len))
			return false;
	}
	const char *reason = tw_json_str(tw_json_get(choice, "finish_reason"), NULL);
	if (reason) {
		k->finished = true;
		k->out->finish = strcmp(reason, "length") == 0 ? "length" : "stop";
	}
	return true;
}

static bool on_event(void *ctx, const char *data, size_t len)
{
	struct reader *k = ctx;
	struct tw_str safe = TW_STR_INIT;
	struct tw_json *root;
	struct tw_arena a;
	if (strcmp(data, "[DONE]") == 0) {
		k->finished = true;
		return false;
	}
	if (len == 0)
		return true;
	tw_arena_init(&a);
	bool more = false;
	k->hidden = !tw_utf8_valid(data, len);
	if (k->hidden)
		hide_bad_bytes(&safe, data, len);
	else
		tw_str_add(&safe, data, len);
	if (tw_json_parse(&root, safe.data, safe.len, &a, NULL) == TW_OK)
		more = take_object(k, root, safe.data, safe.len);
	else
		k->status =
			tw_fail(k->err, TW_BAD_DATA, "%s: sent a frame that is no JSON: %s",
				k->r->client.host,
				tw_openai_error_text(&k->r->client, data, len < 80 ? len : 80, &a));
	tw_str_release(&safe);
	tw_arena_release(&a);
	return more;
}

static bool on_body(void *ctx, const char *type, const char *data, size_t len)
{
	struct reader *k = ctx;
	if (strncmp(type, "text/event-stream", 17) == 0 || tw_starts_with(data, "data:"))
		return tw_sse_feed(&k->sse, data, len);
	return on_event(k, data, len); /* a server that doesn't stream */
}

static enum tw_status conclude(struct reader *k, enum tw_status st)
{
	tw_sse_end(&k->sse);
	tw_gate_end(&k->gate);
	if (k->out->completion_tokens == 0)
		k->out->completion_tokens = k->deltas;
	if (k->status != TW_OK)
		return k->status;
	if (k->sse.too_long)
		return tw_fail(k->err, TW_BAD_DATA, "%s: sent an endless line", k->r->client.host);
	if (k->gate.stopped || k->gate.refused || (st == TW_CANCELLED && tw_stopping())) {
		tw_err_clear(k->err);
		k->out->finish = k->gate.stopped ? "stop" : "cancelled";
		return TW_OK;
	}
	if (st == TW_CANCELLED && k->finished) { /* we hung up behind [DONE] */
		tw_err_clear(k->err);
		st = TW_OK;
	}
	if (st == TW_OK && !k->finished)
		return tw_fail(k->err, TW_NETWORK, "%s: the answer broke off", k->r->client.host);
	if (k->out->finish[0] == '\0')
		k->out->finish = "stop";
	return st;
}

/* Changes the request to what the server said it takes; false when that doesn't help. */
static bool adapt(struct remote *r, const struct tw_openai_answer *answer,
		  const struct tw_gen_params *p)
{
	if (answer->status != 400 && answer->status != 422)
		return false;
	if (!r->renamed_tokens && strstr(tw_str_c(&answer->body), "max_completion_tokens"))
		return r->renamed_tokens = true;
	if (!r->plain_params && has_extras(p)) {
		tw_debug("%s takes no top_k, min_p or repeat_penalty; going on without",
			 r->client.host);
		return r->plain_params = true;
	}
	return false;
}

static enum tw_status ask(struct tw_generation *out, struct remote *r, const struct tw_message *m,
			  size_t n, const char *prompt, const struct tw_gen_params *p,
			  tw_text_fn fn, void *fn_ctx, struct tw_err *err)
{
	struct tw_str body = TW_STR_INIT;
	struct tw_err own = TW_ERR_INIT;
	enum tw_status st;
	for (bool again = true; again;) {
		struct tw_openai_answer answer = {0};
		struct reader k = {.r = r, .out = out, .err = &own};
		k.gate = (struct tw_gate){
			.stop = p->stop, .fn = fn, .fn_ctx = fn_ctx, .out = &out->text};
		k.sse = (struct tw_sse){.fn = on_event, .ctx = &k};
		tw_err_clear(&own);
		write_request(&body, r, m, n, prompt, p);
		st = tw_openai_call(&answer, &r->client,
				    prompt ? "/completions" : "/chat/completions", &body, on_body,
				    &k, &own);
		again = st != TW_OK && adapt(r, &answer, p);
		st = conclude(&k, st);
		tw_openai_answer_release(&answer);
	}
	tw_str_release(&body);
	return st == TW_OK ? st : tw_fail(err, st, "%s", own.msg);
}

static enum tw_status remote_chat(struct tw_generation *out, void *ctx, const struct tw_message *m,
				  size_t n, const struct tw_gen_params *p, tw_text_fn fn,
				  void *fn_ctx, struct tw_err *err)
{
	int estimate = 0;
	for (size_t i = 0; i < n; i++)
		estimate += tw_openai_count(m[i].content, strlen(m[i].content));
	out->prompt_tokens = estimate; /* until the server says */
	return ask(out, ctx, m, n, NULL, p, fn, fn_ctx, err);
}

static enum tw_status remote_complete(struct tw_generation *out, void *ctx, const char *prompt,
				      const struct tw_gen_params *p, tw_text_fn fn, void *fn_ctx,
				      struct tw_err *err)
{
	out->prompt_tokens = tw_openai_count(prompt, strlen(prompt));
	return ask(out, ctx, NULL, 0, prompt, p, fn, fn_ctx, err);
}

static int remote_count(void *ctx TW_UNUSED, const char *text, size_t len)
{
	return tw_openai_count(text, len);
}

const struct tw_llm_type tw_llm_openai = {
	.prefix = "openai",
	.help = "URL#MODEL: an OpenAI-compatible server; key in TWIN_OPENAI_API_KEY",
	.ctx_size = sizeof(struct remote),
	.open = remote_open,
	.chat = remote_chat,
	.complete = remote_complete,
	.count = remote_count,
	.close = remote_close,
	.hosts = tw_openai_hosts,
};
