#include "app/model_kind.h"

#include "llm/llm_backends.h"

bool tw_model_is_whole(struct tw_app *app, const struct tw_model_version *v)
{
	const char *path;
	return v->adapter[0] &&
	       tw_blob_path(&path, app->blobs, v->adapter, &app->arena, NULL) == TW_OK &&
	       tw_is_whole_model(path);
}

const char *tw_model_kind(struct tw_app *app, const struct tw_model_version *v)
{
	return !v->adapter[0] ? "base" : tw_model_is_whole(app, v) ? "model" : "adapter";
}
