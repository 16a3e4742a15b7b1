/* GET /v1/models, /v1/models/{id}: the twin and its embedder. */
#include <string.h>

#include "base/json.h"
#include "serve/server_int.h"

static void write_model(struct tw_json_writer *w, const struct tw_server *s, const char *id,
			const struct tw_serving_info *twin)
{
	tw_jw_object(w, NULL);
	tw_jw_str(w, "id", id);
	tw_jw_str(w, "object", "model");
	tw_jw_int(w, "created", s->started_ms / 1000);
	tw_jw_str(w, "owned_by", "twin");
	if (twin) {
		tw_jw_str(w, "deployment", twin->label);
		tw_jw_str(w, "base", twin->llm_spec);
		tw_jw_str(w, "chunks", twin->chunks_ref);
		tw_jw_str(w, "embeddings", twin->embeddings_ref);
	}
	tw_jw_end(w);
}

static void run_list(void *ctx)
{
	struct tw_call *c = ctx;
	struct tw_server *server = c->server;
	struct tw_serving *s = tw_current_take(server->current);
	struct tw_str json = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &json);
	tw_jw_object(&w, NULL);
	tw_jw_str(&w, "object", "list");
	tw_jw_array(&w, "data");
	write_model(&w, server, server->model_id, tw_serving_info(s));
	write_model(&w, server, server->embedder_id, NULL);
	tw_jw_end(&w);
	tw_jw_end(&w);
	tw_call_json(c, 200, &json);
	tw_current_give_back(server->current, s);
}

static void run_one(void *ctx)
{
	struct tw_call *c = ctx;
	struct tw_server *server = c->server;
	bool twin = strcmp(c->rest, server->model_id) == 0 || strcmp(c->rest, "twin") == 0;
	if (!twin && strcmp(c->rest, server->embedder_id) != 0) {
		tw_call_error(c, 404, "model", "model_not_found", "there is no model \"%.100s\"",
			      c->rest);
		return;
	}
	struct tw_serving *s = tw_current_take(server->current);
	struct tw_str json = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &json);
	write_model(&w, server, c->rest, twin ? tw_serving_info(s) : NULL);
	tw_call_json(c, 200, &json);
	tw_current_give_back(server->current, s);
}

void tw_api_models(struct tw_call *c)
{
	tw_call_enqueue(c, c->server->light, run_list);
}

void tw_api_model(struct tw_call *c)
{
	tw_call_enqueue(c, c->server->light, run_one);
}
