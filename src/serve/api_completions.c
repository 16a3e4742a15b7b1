/* POST /v1/completions: text continued by the model that serves, as it is: no passages, no chat template. */
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "base/time.h"
#include "serve/chat_response.h"
#include "serve/server_int.h"

struct completion {
	struct tw_call *call;
	struct tw_chat_request request;
	const char *id;
	int64_t created_s;
	bool streaming; /* the head of the stream is out */
};

static const char *finish_reason(const char *finish)
{
	return strcmp(finish, "length") == 0 ? "length" : "stop";
}

static void begin(struct tw_json_writer *w, struct tw_str *out, const struct completion *k)
{
	tw_jw_init(w, out);
	tw_jw_object(w, NULL);
	tw_jw_str(w, "id", k->id);
	tw_jw_str(w, "object", "text_completion");
	tw_jw_int(w, "created", k->created_s);
	tw_jw_str(w, "model", k->call->server->model_id);
	tw_jw_array(w, "choices");
}

static void choice(struct tw_json_writer *w, const char *text, size_t len, const char *finish)
{
	tw_jw_object(w, NULL);
	tw_jw_strn(w, "text", text, len);
	tw_jw_int(w, "index", 0);
	tw_jw_null(w, "logprobs");
	tw_jw_str(w, "finish_reason", finish);
	tw_jw_end(w);
}

static void usage(struct tw_json_writer *w, const struct tw_generation *g)
{
	tw_jw_object(w, "usage");
	tw_jw_int(w, "prompt_tokens", g->prompt_tokens);
	tw_jw_int(w, "completion_tokens", g->completion_tokens);
	tw_jw_int(w, "total_tokens", g->prompt_tokens + g->completion_tokens);
	tw_jw_end(w);
}

static bool send_chunk(struct completion *k, const char *text, size_t len, const char *finish)
{
	struct tw_str json = TW_STR_INIT, frame = TW_STR_INIT;
	struct tw_json_writer w;
	begin(&w, &json, k);
	choice(&w, text, len, finish);
	tw_jw_end(&w);
	tw_jw_end(&w);
	tw_sse_frame(&frame, &json);
	bool ok = tw_exchange_write(k->call->x, tw_str_c(&frame), frame.len);
	tw_str_release(&frame);
	tw_str_release(&json);
	return ok;
}

static void begin_stream(struct completion *k)
{
	k->streaming = true;
	tw_call_headers(k->call);
	tw_exchange_set_header(k->call->x, "Cache-Control", "no-cache");
	tw_exchange_set_header(k->call->x, "X-Accel-Buffering", "no");
	tw_exchange_stream(k->call->x, 200, "text/event-stream; charset=utf-8");
}

static bool on_text(void *ctx, const char *text, size_t len)
{
	struct completion *k = ctx;
	if (atomic_load(&k->call->server->cancel))
		return false;
	if (!k->request.stream)
		return !tw_exchange_gone(k->call->x);
	if (!k->streaming)
		begin_stream(k);
	return send_chunk(k, text, len, NULL);
}

/* usage when asked for, then [DONE]. */
static void end_frames(struct tw_str *out, struct completion *k, const struct tw_generation *g)
{
	if (k->request.include_usage) {
		struct tw_str json = TW_STR_INIT;
		struct tw_json_writer w;
		begin(&w, &json, k);
		tw_jw_end(&w);
		usage(&w, g);
		tw_jw_end(&w);
		tw_sse_frame(out, &json);
		tw_str_release(&json);
	}
	tw_str_adds(out, "data: [DONE]\n\n");
}

static void end_stream(struct completion *k, enum tw_status st, const struct tw_generation *g)
{
	struct tw_call *c = k->call;
	struct tw_str out = TW_STR_INIT;
	if (!k->streaming)
		begin_stream(k);
	if (st != TW_OK) {
		tw_chat_chunk_error(&out, tw_http_status(st),
				    "the text broke off; the server's log says why");
	} else if (strcmp(g->finish, "cancelled") == 0) {
		tw_chat_chunk_error(&out, 503, "the server is shutting down");
	} else {
		send_chunk(k, "", 0, finish_reason(g->finish));
		end_frames(&out, k, g);
	}
	tw_exchange_write(c->x, tw_str_c(&out), out.len);
	tw_str_release(&out);
	tw_call_done(c, tw_exchange_gone(c->x) ? 499 : 200);
	tw_exchange_end(c->x);
}

static void end_whole(struct completion *k, const struct tw_generation *g)
{
	struct tw_str json = TW_STR_INIT;
	struct tw_json_writer w;
	if (strcmp(g->finish, "cancelled") == 0) {
		tw_call_error(k->call, tw_exchange_gone(k->call->x) ? 499 : 503, NULL, NULL,
			      "the server is shutting down");
		return;
	}
	begin(&w, &json, k);
	choice(&w, tw_str_c(&g->text), g->text.len, finish_reason(g->finish));
	tw_jw_end(&w);
	usage(&w, g);
	tw_jw_end(&w);
	tw_call_json(k->call, 200, &json);
}

/* On the chat lane: the model does one thing at a time. */
static void run(void *ctx)
{
	struct tw_call *c = ctx;
	struct completion *k = c->state;
	struct tw_server *server = c->server;
	struct tw_err err = TW_ERR_INIT;
	struct tw_serving *s = tw_current_take(server->current);
	const struct tw_answer_options *o = tw_serving_answer_options(s);
	struct tw_answer_request r;
	struct tw_generation g;
	struct tw_llm *llm;
	tw_answer_request_init(&r, s);
	tw_call_sampling(&r.gen, &k->request, o);
	enum tw_status st = tw_serving_llm(&llm, s, &err);
	if (st == TW_OK)
		st = tw_llm_complete(&g, llm, k->request.question, &r.gen, on_text, k, &err);
	if (st != TW_OK && !k->streaming) {
		tw_call_failed(c, &err);
	} else if (k->request.stream) {
		if (st != TW_OK)
			tw_warn("request %s: %s", tw_exchange_id(c->x), err.msg);
		end_stream(k, st, &g);
	} else {
		end_whole(k, &g);
	}
	if (st == TW_OK)
		tw_generation_release(&g);
	tw_current_give_back(server->current, s);
}

void tw_api_completions(struct tw_call *c)
{
	struct tw_arena *a = tw_exchange_arena(c->x);
	struct tw_bytes body = tw_exchange_body(c->x);
	struct completion *k = TW_NEW(a, struct completion);
	struct tw_api_error e;
	k->call = c;
	c->state = k;
	if (!tw_completion_request_parse(&k->request, body.data, body.len, a, &e)) {
		tw_call_api_error(c, &e);
		return;
	}
	if (!tw_call_knows_model(c, k->request.model))
		return;
	k->id = tw_sprintf(a, "cmpl-%s", tw_exchange_id(c->x));
	k->created_s = tw_now_ms() / 1000;
	tw_call_enqueue(c, c->server->chat, run);
}
