/*
 * app/model_kind.h: what the file of a model version is. Most are adapters; some trainings (DoRA) leave a whole model.
 */
#ifndef TW_APP_MODEL_KIND_H
#define TW_APP_MODEL_KIND_H

#include "app/app.h"

/* "base": there is none, the base serves as it is; "adapter"; "model": whole. A file that is gone counts as an adapter. */
const char *tw_model_kind(struct tw_app *app, const struct tw_model_version *v);
bool tw_model_is_whole(struct tw_app *app, const struct tw_model_version *v);

#endif
