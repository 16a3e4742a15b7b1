/* One request, with its retries and its errors. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/stop.h"
#include "base/text.h"
#include "base/time.h"
#include "llm/openai_int.h"

#define ATTEMPTS    4
#define MAX_WAIT_S  30.0
#define TIMEOUT_S   600
#define IDENTITY_S  15 /* for /models: opening a handle must not hang */
#define MAX_BODY    ((int64_t)64 * 1024 * 1024)
#define MAX_MESSAGE 400

struct call {
	struct tw_openai_answer *out;
	struct tw_http_response response;
	tw_openai_body_fn fn;
	void *fn_ctx;
	bool begun; /* fn has taken something */
};

/* An error's body is told from an answer's by its size: kept until the status is known, or until it can't be an error. */
static bool on_data(void *ctx, const char *data, size_t len)
{
	struct call *c = ctx;
	const char *type = tw_str_c(&c->response.content_type);
	if (!c->fn || strncmp(type, "text/event-stream", 17) != 0) {
		tw_str_add(&c->out->body, data, len);
		return true;
	}
	c->begun = true;
	return c->fn(c->fn_ctx, type, data, len);
}

static bool retriable(int status)
{
	return status == 408 || status == 409 || status == 429 || status >= 500;
}

/* Retry-After: seconds or a date (RFC 9110, 10.2.3); else twice as long each time. */
static double wait_for(const char *retry_after, int attempt)
{
	double seconds = 0.5 * (double)(1 << attempt);
	int64_t date;
	double asked;
	if (retry_after[0] && tw_parse_f64(&asked, retry_after, NULL) == TW_OK)
		seconds = asked;
	else if (retry_after[0] && tw_parse_date(&date, retry_after))
		seconds = (double)(date - tw_now_ms()) / 1000;
	return !(seconds > 0) ? 0 : seconds < MAX_WAIT_S ? seconds : MAX_WAIT_S;
}

static void nap(double seconds)
{
	const struct timespec tick = {0, 50 * 1000 * 1000};
	double end = tw_monotonic_s() + seconds;
	while (!tw_stopping() && tw_monotonic_s() < end)
		nanosleep(&tick, NULL);
}

static const char *without_key(const char *text, const char *key, struct tw_arena *a)
{
	char *copy = tw_strdup(a, text);
	size_t n = key ? strlen(key) : 0;
	for (char *p = copy; n && (p = strstr(p, key)); p += n)
		memset(p, '*', n);
	return copy;
}

const char *tw_openai_error_text(struct tw_openai *c, const char *body, size_t len,
				 struct tw_arena *a)
{
	struct tw_json *root = NULL;
	struct tw_str clean = TW_STR_INIT;
	const char *text = NULL;
	if (tw_json_parse(&root, body, len, a, NULL) == TW_OK) {
		const struct tw_json *e = tw_json_get(root, "error");
		text = tw_json_str(tw_json_get(e, "message"), tw_json_str(e, NULL));
		if (!text)
			text = tw_json_str(tw_json_get(root, "message"),
					   tw_json_str(tw_json_get(root, "detail"), NULL));
	}
	if (text)
		tw_utf8_repair(&clean, text, strlen(text));
	else
		tw_utf8_repair(&clean, body, len < MAX_MESSAGE ? len : MAX_MESSAGE);
	clean.len = clean.len < MAX_MESSAGE ? clean.len : tw_utf8_floor(clean.data, MAX_MESSAGE);
	for (size_t i = 0; i < clean.len; i++)
		if ((unsigned char)clean.data[i] < ' ' || clean.data[i] == 0x7f)
			clean.data[i] = ' ';
	if (clean.data)
		clean.data[clean.len] = '\0';
	tw_str_trim(&clean);
	text = without_key(tw_str_c(&clean), c->key, a);
	tw_str_release(&clean);
	return text;
}

static enum tw_status judge(struct tw_openai *c, const char *path,
			    const struct tw_openai_answer *out, struct tw_err *err)
{
	const char *hint = "";
	struct tw_arena a;
	if (out->status >= 200 && out->status < 300)
		return TW_OK;
	if (out->status == 401 || out->status == 403)
		hint = c->key ? " (is the key in TWIN_OPENAI_API_KEY or OPENAI_API_KEY right?)"
			      : " (set TWIN_OPENAI_API_KEY)";
	else if (out->status == 404)
		hint = " (the URL of an OpenAI-compatible server mostly ends in /v1)";
	tw_arena_init(&a);
	const char *text = tw_openai_error_text(c, tw_str_c(&out->body), out->body.len, &a);
	enum tw_status st =
		tw_fail(err, TW_NETWORK, "%s%s answered %d for model \"%s\"%s%s%s", c->host, path,
			out->status, c->model, text[0] ? ": " : "", text, hint);
	tw_arena_release(&a);
	return st;
}

static enum tw_status attempt(struct call *k, struct tw_openai *c, const char *path,
			      const struct tw_str *body, struct tw_err *err)
{
	struct tw_str auth = TW_STR_INIT, url = TW_STR_INIT;
	const char *headers[4] = {"Content-Type: application/json",
				  "Accept: application/json, text/event-stream", NULL, NULL};
	if (c->key) {
		tw_str_addf(&auth, "Authorization: Bearer %s", c->key);
		headers[2] = auth.data;
	}
	tw_str_addf(&url, "%s%s", c->url, path);
	struct tw_http_request req = {
		.url = url.data,
		.headers = headers,
		.body = body ? tw_str_c(body) : NULL,
		.body_len = body ? body->len : 0,
		.timeout_s = body ? TIMEOUT_S : IDENTITY_S,
		.max_body = MAX_BODY,
		.on_data = on_data,
		.ctx = k,
	};
	tw_str_clear(&k->out->body);
	enum tw_status st = tw_http_fetch(&k->response, c->http, &req, err);
	k->out->status = k->response.status;
	if (auth.data) /* the key does not stay in freed memory */
		explicit_bzero(auth.data, auth.len);
	tw_str_release(&auth);
	tw_str_release(&url);
	return st;
}

/* An answer that came as a whole goes to fn as one piece. */
static void hand_over(struct call *k)
{
	if (k->fn && !k->begun && k->out->status >= 200 && k->out->status < 300)
		k->fn(k->fn_ctx, tw_str_c(&k->response.content_type), tw_str_c(&k->out->body),
		      k->out->body.len);
}

enum tw_status tw_openai_call(struct tw_openai_answer *out, struct tw_openai *c, const char *path,
			      const struct tw_str *body, tw_openai_body_fn fn, void *fn_ctx,
			      struct tw_err *err)
{
	struct call k = {.out = out, .fn = fn, .fn_ctx = fn_ctx};
	const bool offline = tw_http_policy_of(c->http).offline;
	enum tw_status st;
	for (int i = 0;; i++) {
		tw_err_clear(err);
		st = attempt(&k, c, path, body, err);
		/* A connection that broke gets one more try, a server that is busy some. */
		bool again = st == TW_NETWORK ? i == 0 && !offline && body
					      : st == TW_OK && retriable(out->status);
		if (!again || k.begun || i + 1 >= ATTEMPTS || tw_stopping())
			break;
		double seconds = wait_for(tw_str_c(&k.response.retry_after), i);
		tw_debug("%s%s: %s; trying again in %.1f s", c->host, path,
			 st == TW_OK ? "busy" : "no answer", seconds);
		nap(seconds);
	}
	if (st == TW_OK)
		st = judge(c, path, out, err);
	if (st == TW_OK)
		hand_over(&k);
	tw_http_response_release(&k.response);
	return st;
}

void tw_openai_answer_release(struct tw_openai_answer *a)
{
	tw_str_release(&a->body);
}

int tw_openai_count(const char *text TW_UNUSED, size_t len)
{
	return len / 2 < INT32_MAX ? (int)((len + 1) / 2) : INT32_MAX;
}
