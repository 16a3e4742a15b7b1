/* POST /v1/embeddings: the vectors of the embedder that serves. */
#include <string.h>

#include "base/json.h"
#include "serve/embed_request.h"
#include "serve/server_int.h"

static void write_vector(struct tw_json_writer *w, const float *v, int dim, bool base64)
{
	if (base64) {
		struct tw_str s = TW_STR_INIT;
		for (int i = 0; i < dim; i++) {
			/* Little-endian whatever this machine is. */
			uint32_t bits;
			memcpy(&bits, &v[i], sizeof(bits));
			for (int b = 0; b < 4; b++)
				tw_str_addc(&s, (char)(bits >> 8 * b & 0xff));
		}
		struct tw_str text = TW_STR_INIT;
		tw_base64(&text, s.data, s.len);
		tw_jw_str(w, "embedding", tw_str_c(&text));
		tw_str_release(&text);
		tw_str_release(&s);
		return;
	}
	tw_jw_array(w, "embedding");
	for (int i = 0; i < dim; i++)
		tw_jw_real(w, NULL, (double)v[i]);
	tw_jw_end(w);
}

static void write_all(struct tw_str *out, const char *model, const struct tw_embed_request *r,
		      const float *vectors, int dim, int64_t tokens)
{
	struct tw_json_writer w;
	tw_jw_init(&w, out);
	tw_jw_object(&w, NULL);
	tw_jw_str(&w, "object", "list");
	tw_jw_array(&w, "data");
	for (size_t i = 0; i < r->n; i++) {
		tw_jw_object(&w, NULL);
		tw_jw_str(&w, "object", "embedding");
		tw_jw_int(&w, "index", (int64_t)i);
		write_vector(&w, vectors + i * (size_t)dim, dim, r->base64);
		tw_jw_end(&w);
	}
	tw_jw_end(&w);
	tw_jw_str(&w, "model", model);
	tw_jw_object(&w, "usage");
	tw_jw_int(&w, "prompt_tokens", tokens);
	tw_jw_int(&w, "total_tokens", tokens);
	tw_jw_end(&w);
	tw_jw_end(&w);
}

/* On the light lane. */
static void run(void *ctx)
{
	struct tw_call *c = ctx;
	struct tw_server *server = c->server;
	const struct tw_embed_request *r = c->state;
	struct tw_err err = TW_ERR_INIT;
	struct tw_serving *s = tw_current_take(server->current);
	const struct tw_embedder_info *info = tw_serving_embedder_info(s);
	float *vectors;
	int dim, max = info->max_tokens;
	int64_t tokens = 0;
	if (r->dimensions && r->dimensions != info->dim) {
		tw_call_error(c, 400, "dimensions", "unsupported_parameter",
			      "this embedder has %d dimensions", info->dim);
		goto out;
	}
	if (tw_serving_embed(&vectors, &dim, s, r->texts, r->n, tw_exchange_arena(c->x), &err) !=
	    TW_OK) {
		tw_call_failed(c, &err);
		goto out;
	}
	for (size_t i = 0; i < r->n; i++) {
		int n = tw_serving_count_embed(s, r->texts[i].data, r->texts[i].len);
		tokens += n < max ? n : max;
	}
	struct tw_str json = TW_STR_INIT;
	write_all(&json, server->embedder_id, r, vectors, dim, tokens);
	tw_call_json(c, 200, &json);
out:
	tw_current_give_back(server->current, s);
}

void tw_api_embeddings(struct tw_call *c)
{
	struct tw_arena *a = tw_exchange_arena(c->x);
	struct tw_bytes body = tw_exchange_body(c->x);
	struct tw_embed_request *r = TW_NEW(a, struct tw_embed_request);
	struct tw_api_error e;
	if (!tw_embed_request_parse(r, body.data, body.len, a, &e)) {
		tw_call_api_error(c, &e);
		return;
	}
	if (r->model && strcmp(r->model, c->server->embedder_id) != 0) {
		tw_call_error(c, 404, "model", "model_not_found",
			      "there is no embedder \"%.100s\" here; GET /v1/models lists \"%s\"",
			      r->model, c->server->embedder_id);
		return;
	}
	c->state = r;
	tw_call_enqueue(c, c->server->light, run);
}
