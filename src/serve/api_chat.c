/* POST /v1/chat/completions: RAG on the server, for any OpenAI client. */
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "base/time.h"
#include "inference/answer.h"
#include "serve/chat_response.h"
#include "serve/server_int.h"

struct chat {
	struct tw_call *call;
	struct tw_chat_request request;
	struct tw_chat_head head;
	struct tw_str frame; /* of the stream, reused */
	bool streaming;	     /* the first chunk is out */
};

static bool send_frame(struct chat *k)
{
	bool ok = tw_exchange_write(k->call->x, tw_str_c(&k->frame), k->frame.len);
	tw_str_clear(&k->frame);
	return ok;
}

static void on_sources(void *ctx, const struct tw_answer_source *s, size_t n)
{
	struct chat *k = ctx;
	if (!k->request.stream)
		return;
	k->streaming = true;
	tw_call_headers(k->call);
	tw_exchange_set_header(k->call->x, "Cache-Control", "no-cache");
	tw_exchange_set_header(k->call->x, "X-Accel-Buffering", "no");
	tw_exchange_stream(k->call->x, 200, "text/event-stream; charset=utf-8");
	tw_chat_chunk_first(&k->frame, &k->head, s, n);
	send_frame(k);
}

/* One token late at most: a client that left frees the model. */
static bool on_text(void *ctx, const char *text, size_t len)
{
	struct chat *k = ctx;
	if (atomic_load(&k->call->server->cancel))
		return false;
	if (!k->streaming)
		return !tw_exchange_gone(k->call->x);
	tw_chat_chunk_text(&k->frame, &k->head, text, len);
	return send_frame(k);
}

void tw_call_sampling(struct tw_gen_params *gen, const struct tw_chat_request *q,
		      const struct tw_answer_options *o)
{
	if (q->max_tokens > 0)
		gen->max_tokens = q->max_tokens;
	/* Clients ask for thousands of tokens by default: leave room for the passages. */
	int64_t most = (o->prompt_tokens > 0 ? o->prompt_tokens : 4096) / 2;
	if (most < o->max_tokens)
		most = o->max_tokens;
	if (gen->max_tokens > most)
		gen->max_tokens = (int)most;
	if (q->temperature >= 0)
		gen->temperature = q->temperature;
	if (q->top_p >= 0)
		gen->top_p = q->top_p;
	if (q->has_seed)
		gen->seed = q->seed;
	gen->stop = q->stop;
}

static void set_request(struct tw_answer_request *r, struct chat *k, const struct tw_serving *s)
{
	const struct tw_chat_request *q = &k->request;
	tw_answer_request_init(r, s);
	r->question = q->question;
	r->history = q->history;
	r->n_history = q->n_history;
	r->extra_system = q->system;
	tw_call_sampling(&r->gen, q, tw_serving_answer_options(s));
	r->on_sources = on_sources;
	r->on_text = on_text;
	r->ctx = k;
}

static void end_stream(struct chat *k, enum tw_status st, const struct tw_answer *a,
		       const struct tw_err *err)
{
	struct tw_call *c = k->call;
	bool cut = st == TW_OK && strcmp(a->finish, "cancelled") == 0;
	if (st == TW_OK && !cut) {
		tw_chat_chunk_last(&k->frame, &k->head, a, k->request.include_usage);
	} else if (cut) {
		tw_chat_chunk_error(&k->frame, 503, "the server is shutting down");
	} else {
		tw_warn("request %s: %s", tw_exchange_id(c->x), err->msg);
		tw_chat_chunk_error(&k->frame, tw_http_status(st),
				    "the answer broke off; the server's log says why");
	}
	send_frame(k);
	tw_call_done(c, tw_exchange_gone(c->x) ? 499 : 200);
	tw_exchange_end(c->x);
}

static void end_whole(struct chat *k, enum tw_status st, const struct tw_answer *a,
		      const struct tw_err *err)
{
	struct tw_str json = TW_STR_INIT;
	if (st != TW_OK) {
		tw_call_failed(k->call, err);
	} else if (strcmp(a->finish, "cancelled") == 0) {
		tw_call_error(k->call, tw_exchange_gone(k->call->x) ? 499 : 503, NULL, NULL,
			      "the server is shutting down");
	} else {
		tw_chat_whole(&json, &k->head, a);
		tw_call_json(k->call, 200, &json);
	}
	tw_str_release(&json);
}

/* On the chat lane. */
static void run(void *ctx)
{
	struct tw_call *c = ctx;
	struct chat *k = c->state;
	struct tw_server *server = c->server;
	struct tw_err err = TW_ERR_INIT;
	struct tw_answer_request r;
	struct tw_answer a;
	struct tw_serving *s = tw_current_take(server->current);
	k->head.label = tw_serving_info(s)->label;
	set_request(&r, k, s);
	enum tw_status st = tw_answer(&a, s, &r, tw_exchange_arena(c->x), &err);
	if (st == TW_OK)
		tw_metrics_answer(server->metrics, a.finish, a.prompt_tokens, a.completion_tokens,
				  a.retrieve_s, a.first_token_s, a.total_s);
	struct tw_str frame = k->frame;
	/* The end of either kind lets go of the arena that `k` lives in. */
	if (k->streaming) {
		k->frame = (struct tw_str)TW_STR_INIT;
		tw_str_release(&frame);
		struct chat last = *k;
		end_stream(&last, st, &a, &err);
		tw_str_release(&last.frame);
	} else {
		end_whole(k, st, &a, &err);
	}
	tw_current_give_back(server->current, s);
}

bool tw_call_knows_model(struct tw_call *c, const char *model)
{
	const char *id = c->server->model_id;
	if (!model || !model[0] || strcmp(model, "twin") == 0 || strcmp(model, id) == 0)
		return true;
	tw_call_error(c, 404, "model", "model_not_found",
		      "there is no model \"%.100s\" here; GET /v1/models lists \"%s\"", model, id);
	return false;
}

void tw_api_chat(struct tw_call *c)
{
	struct tw_arena *a = tw_exchange_arena(c->x);
	struct tw_bytes body = tw_exchange_body(c->x);
	struct chat *k = TW_NEW(a, struct chat);
	struct tw_api_error e;
	k->call = c;
	c->state = k;
	if (!tw_chat_request_parse(&k->request, body.data, body.len, a, &e)) {
		tw_call_api_error(c, &e);
		return;
	}
	if (!tw_call_knows_model(c, k->request.model))
		return;
	k->head = (struct tw_chat_head){
		.id = tw_sprintf(a, "chatcmpl-%s", tw_exchange_id(c->x)),
		.model = c->server->model_id,
		.created_s = tw_now_ms() / 1000,
		.label = "",
	};
	tw_call_enqueue(c, c->server->chat, run);
}
