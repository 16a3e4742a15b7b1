/* The page, /healthz and /metrics. */
#include <string.h>

#include "base/json.h"
#include "base/time.h"
#include "serve/server_int.h"
#include "serve/web_assets.h"

/* Nothing from elsewhere, nothing inline, nobody may frame it. */
static const char policy[] =
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static void reply_asset(struct tw_call *c, const struct tw_web_asset *asset)
{
	size_t len = (size_t)(asset->end - asset->data);
	struct tw_digest d = tw_sha256(asset->data, len);
	const char *tag = tw_sprintf(tw_exchange_arena(c->x), "\"%.16s\"", d.hex);
	const char *have = tw_exchange_header(c->x, "If-None-Match");
	tw_exchange_set_header(c->x, "ETag", tag);
	tw_exchange_set_header(c->x, "Cache-Control", "no-cache");
	tw_exchange_set_header(c->x, "Content-Security-Policy", policy);
	tw_exchange_set_header(c->x, "Cross-Origin-Opener-Policy", "same-origin");
	tw_exchange_set_header(c->x, "X-Frame-Options", "DENY");
	if (have && strcmp(have, tag) == 0)
		tw_call_reply(c, 304, NULL, "", 0);
	else
		tw_call_reply(c, 200, asset->type, asset->data, len);
}

void tw_api_page(struct tw_call *c)
{
	for (const struct tw_web_asset *p = tw_web_assets; p->path; p++)
		if (strcmp(p->path, c->route->path) == 0) {
			reply_asset(c, p);
			return;
		}
	tw_call_error(c, 404, NULL, NULL, "there is nothing here");
}

void tw_api_health(struct tw_call *c)
{
	bool draining = atomic_load(&c->server->draining);
	struct tw_str json = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &json);
	tw_jw_object(&w, NULL);
	tw_jw_str(&w, "status", draining ? "draining" : "ok");
	tw_jw_end(&w);
	tw_call_json(c, draining ? 503 : 200, &json);
}

static void run_metrics(void *ctx)
{
	struct tw_call *c = ctx;
	struct tw_server *server = c->server;
	struct tw_serving *s = tw_current_take(server->current);
	const struct tw_metrics_now now = {
		.waiting = tw_lane_waiting(server->chat),
		.limit = (size_t)server->options.queue,
		.revision = tw_serving_info(s)->revision,
		.model = tw_serving_info(s)->label,
		.uptime_s = tw_monotonic_s() - server->started_s,
	};
	struct tw_str text = TW_STR_INIT;
	tw_metrics_render(&text, server->metrics, &now);
	tw_call_reply(c, 200, "text/plain; version=0.0.4; charset=utf-8", text.data, text.len);
	tw_str_release(&text);
	tw_current_give_back(server->current, s);
}

void tw_api_metrics(struct tw_call *c)
{
	tw_call_enqueue(c, c->server->light, run_metrics);
}
