#include "app/graph.h"
#include "app/pinned.h"
#include "inference/options.h"

enum tw_status tw_model_signature(const char **out, struct tw_graph *g, struct tw_err *err)
{
	const char *system;
	struct tw_llm *base;
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	enum tw_status st = tw_app_llm(g->app, NULL, &base, err);
	if (st == TW_OK)
		st = tw_answer_system_prompt(&system, g->app->conf, err);
	if (st != TW_OK)
		return st;
	tw_jw_init(&w, &s);
	tw_jw_object(&w, NULL);
	tw_jw_str(&w, "system", system);
	tw_jw_str(&w, "template_digest", tw_llm_info(base)->template_digest.hex);
	tw_jw_int(&w, "context", tw_llm_info(base)->context);
	tw_jw_str(&w, "embedder_digest", tw_graph_view(g, "embeddings")->model_digest);
	tw_jw_end(&w);
	*out = tw_str_dup(&s, &g->app->arena);
	tw_str_release(&s);
	return TW_OK;
}
