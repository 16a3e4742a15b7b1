/* /api/search, /api/features, /api/lineage, /api/about: what is behind the answers. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "core/document_store.h"
#include "inference/lineage.h"
#include "inference/render.h"
#include "serve/server_int.h"

#define SEARCH_MAX 50

/* --- search --- */

static void run_search(void *ctx)
{
	struct tw_call *c = ctx;
	struct tw_server *server = c->server;
	struct tw_arena *a = tw_exchange_arena(c->x);
	struct tw_err err = TW_ERR_INIT;
	const char *q = tw_exchange_query(c->x, "q"), *k = tw_exchange_query(c->x, "k");
	int64_t n = 10;
	if (k && (tw_parse_i64(&n, k, &err) != TW_OK || n < 1 || n > SEARCH_MAX)) {
		tw_call_error(c, 400, "k", "invalid_value", "k must be a whole number from 1 to %d",
			      SEARCH_MAX);
		return;
	}
	struct tw_serving *s = tw_current_take(server->current);
	struct tw_retriever *r = tw_serving_retriever(s);
	struct tw_passages found;
	if (r->search(&found, r, q, (size_t)n, a, &err) == TW_OK) {
		struct tw_str json = TW_STR_INIT;
		struct tw_json_writer w;
		tw_jw_init(&w, &json);
		tw_jw_object(&w, NULL);
		tw_jw_str(&w, "query", q);
		tw_jw_str(&w, "deployment", tw_serving_info(s)->label);
		tw_passages_json(&w, "passages", &found);
		tw_jw_end(&w);
		tw_call_json(c, 200, &json);
	} else {
		tw_call_failed(c, &err);
	}
	tw_current_give_back(server->current, s);
}

void tw_api_search(struct tw_call *c)
{
	const char *q = tw_exchange_query(c->x, "q");
	if (!q || !q[0])
		tw_call_error(c, 400, "q", "missing", "what to search for? /api/search?q=…");
	else
		tw_call_enqueue(c, c->server->light, run_search);
}

/* --- features --- */

static void write_rows(struct tw_str *json, const struct tw_view *v, const char *doc,
		       const struct tw_rows *rows)
{
	struct tw_json_writer w;
	tw_jw_init(&w, json);
	tw_jw_object(&w, NULL);
	tw_jw_str(&w, "view", v->name);
	tw_jw_int(&w, "version", v->version);
	tw_jw_str(&w, "digest", v->digest);
	tw_jw_str(&w, "doc", doc);
	tw_jw_array(&w, "rows");
	for (size_t i = 0; i < rows->n; i++)
		tw_row_json(&w, rows, &rows->at[i]);
	tw_jw_end(&w);
	tw_jw_end(&w);
}

/* {view}@{version}/{doc}; the document is an id or a key, which may have slashes in it. */
static void run_features(void *ctx)
{
	struct tw_call *c = ctx;
	struct tw_arena *a = tw_exchange_arena(c->x);
	struct tw_feature_store *fs = c->server->env->fs;
	struct tw_err err = TW_ERR_INIT;
	struct tw_view view;
	struct tw_document doc;
	struct tw_rows rows;
	const char *slash = strchr(c->rest, '/');
	const char *ref = tw_strndup(a, c->rest, (size_t)(slash - c->rest));
	enum tw_status st = tw_fs_view(&view, fs, ref, a, &err);
	if (st == TW_OK)
		st = tw_fs_document(&doc, fs, slash + 1, 0, a, &err);
	if (st == TW_OK)
		st = tw_fs_rows(&rows, fs, view.digest, doc.id, a, &err);
	if (st == TW_OK) {
		struct tw_str json = TW_STR_INIT;
		write_rows(&json, &view, doc.id, &rows);
		tw_call_json(c, 200, &json);
	} else {
		tw_call_failed(c, &err);
	}
}

void tw_api_features(struct tw_call *c)
{
	const char *slash = strchr(c->rest, '/'), *at = strchr(c->rest, '@');
	if (!slash || !slash[1])
		tw_call_error(c, 400, NULL, "invalid_value",
			      "name a view and a document: /api/features/chunks@v1/DOCUMENT");
	else if (!at || at > slash)
		tw_call_error(
			c, 400, NULL, "invalid_value",
			"name the version too, as in chunks@v1: features are never \"the latest\"");
	else
		tw_call_enqueue(c, c->server->light, run_features);
}

/* --- lineage --- */

static void run_lineage(void *ctx)
{
	struct tw_call *c = ctx;
	const struct tw_lineage_env env = {c->server->env->fs, c->server->env->mr};
	struct tw_err err = TW_ERR_INIT;
	struct tw_str json = TW_STR_INIT;
	if (tw_lineage(&json, &env, c->rest, tw_exchange_arena(c->x), &err) == TW_OK) {
		tw_call_json(c, 200, &json);
	} else {
		tw_str_release(&json);
		tw_call_failed(c, &err);
	}
}

void tw_api_lineage(struct tw_call *c)
{
	if (!c->rest[0])
		tw_call_error(c, 400, NULL, "missing",
			      "whose lineage? /api/lineage/ID (an answer, a document or a model)");
	else
		tw_call_enqueue(c, c->server->light, run_lineage);
}

/* --- about --- */

static void run_about(void *ctx)
{
	struct tw_call *c = ctx;
	struct tw_server *server = c->server;
	struct tw_serving *s = tw_current_take(server->current);
	const struct tw_serving_info *i = tw_serving_info(s);
	const char *name = server->env->conf->twin;
	struct tw_str json = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &json);
	tw_jw_object(&w, NULL);
	tw_jw_str(&w, "name", name && name[0] ? name : "the author");
	tw_jw_str(&w, "model", server->model_id);
	tw_jw_str(&w, "deployment", i->label);
	tw_jw_int(&w, "revision", i->revision);
	tw_jw_str(&w, "embedder", server->embedder_id);
	tw_jw_end(&w);
	tw_call_json(c, 200, &json);
	tw_current_give_back(server->current, s);
}

void tw_api_about(struct tw_call *c)
{
	tw_call_enqueue(c, c->server->light, run_about);
}
