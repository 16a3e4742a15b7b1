#include "app/serving.h"

#include "app/plugins.h"
#include "base/log.h"

struct tw_inference_env tw_inference_env_of(struct tw_app *app)
{
	return (struct tw_inference_env){
		.fs = app->fs,
		.mr = app->mr,
		.blobs = app->blobs,
		.llms = tw_llms,
		.embedders = tw_embedders,
		.conf = app->conf,
		.http = app->http,
	};
}

enum tw_status tw_app_serving(struct tw_serving **out, struct tw_app *app, const char *model,
			      struct tw_err *err)
{
	/* The serving keeps a pointer to its environment: it must live as long as the app. */
	struct tw_inference_env *env = TW_NEW(&app->arena, struct tw_inference_env);
	*env = tw_inference_env_of(app);
	enum tw_status st = tw_deployment_open(out, env, model, err);
	if (st == TW_OK)
		tw_debug("answering with model %s", tw_serving_info(*out)->label);
	return st;
}
