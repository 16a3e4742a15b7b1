/* How a call gets its answer. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "serve/chat_response.h"
#include "serve/server_int.h"

void tw_call_headers(struct tw_call *c)
{
	tw_exchange_set_header(c->x, "X-Request-Id", tw_exchange_id(c->x));
	tw_exchange_set_header(c->x, "X-Content-Type-Options", "nosniff");
	tw_exchange_set_header(c->x, "Referrer-Policy", "no-referrer");
	tw_exchange_set_header(c->x, "Cross-Origin-Resource-Policy", "same-origin");
}

void tw_call_done(struct tw_call *c, int status)
{
	const char *route = c->route ? c->route->path : "other";
	tw_metrics_request(c->server->metrics, route, status, tw_exchange_age(c->x));
	tw_debug("serve: %s %s %d %.3f s", tw_exchange_method(c->x), route, status,
		 tw_exchange_age(c->x));
}

void tw_call_reply(struct tw_call *c, int status, const char *type, const void *data, size_t len)
{
	tw_call_headers(c);
	if (!c->route || !tw_access_is_public(c->route->path))
		tw_exchange_set_header(c->x, "Cache-Control", "no-store");
	tw_call_done(c, status);
	tw_exchange_reply(c->x, status, type, data, len);
}

void tw_call_json(struct tw_call *c, int status, struct tw_str *json)
{
	/* Freed first: replying lets go of the exchange that the call lives in. */
	tw_str_addc(json, '\n');
	struct tw_str mine = *json;
	*json = (struct tw_str)TW_STR_INIT;
	tw_call_reply(c, status, "application/json", mine.data, mine.len);
	tw_str_release(&mine);
}

static void reply_error(struct tw_call *c, int status, const char *msg, const char *param,
			const char *code)
{
	struct tw_str json = TW_STR_INIT;
	tw_error_json(&json, status, msg, param, code);
	if (status == 401)
		tw_exchange_set_header(c->x, "WWW-Authenticate", "Bearer");
	tw_call_json(c, status, &json);
}

void tw_call_error(struct tw_call *c, int status, const char *param, const char *code,
		   const char *fmt, ...)
{
	char msg[600];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	reply_error(c, status, msg, param, code);
}

void tw_call_api_error(struct tw_call *c, const struct tw_api_error *e)
{
	reply_error(c, e->status, e->msg, e->param, e->code);
}

int tw_http_status(enum tw_status st)
{
	switch (st) {
	case TW_BAD_USE:
	case TW_UNSUPPORTED:
		return 400;
	case TW_NOT_FOUND:
		return 404;
	case TW_NETWORK:
		return 502;
	case TW_CONFLICT:
	case TW_BLOCKED:
	case TW_CANCELLED:
	case TW_NO_MEMORY:
		return 503;
	default:
		return 500;
	}
}

void tw_call_failed(struct tw_call *c, const struct tw_err *err)
{
	int status = tw_http_status(err->code);
	if (status < 500) {
		reply_error(c, status, err->msg, NULL, NULL);
		return;
	}
	tw_warn("request %s: %s", tw_exchange_id(c->x), err->msg);
	tw_call_error(c, status, NULL, NULL,
		      "the server could not answer; its log says why (request %s)",
		      tw_exchange_id(c->x));
}

/* --- lanes --- */

static bool job_gone(void *ctx)
{
	return tw_exchange_gone(((struct tw_call *)ctx)->x);
}

static void job_drop(void *ctx)
{
	struct tw_call *c = ctx;
	tw_exchange_set_header(c->x, "Retry-After", "5");
	tw_call_error(c, 503, NULL, NULL, "the server is shutting down");
}

static void refuse_full(struct tw_call *c, struct tw_lane *lane)
{
	char seconds[16];
	double each = lane == c->server->chat ? tw_metrics_mean_answer_s(c->server->metrics) : 0.1;
	double s = each * (double)(tw_lane_waiting(lane) + 1) / 2;
	snprintf(seconds, sizeof(seconds), "%d", s < 1 ? 1 : s > 60 ? 60 : (int)s);
	tw_exchange_set_header(c->x, "Retry-After", seconds);
	tw_call_error(c, 429, NULL, "queue_full",
		      "too many requests wait already; try again in %s s", seconds);
}

void tw_call_enqueue(struct tw_call *c, struct tw_lane *lane, void (*run)(void *call))
{
	const struct tw_job job = {.run = run, .drop = job_drop, .gone = job_gone, .ctx = c};
	if (!tw_lane_push(lane, &job))
		refuse_full(c, lane);
}
