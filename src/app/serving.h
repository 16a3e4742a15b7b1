/*
 * app/serving.h: what ask, chat, batch, search and serve share: the deployment.
 */
#ifndef TW_APP_SERVING_H
#define TW_APP_SERVING_H

#include "app/app.h"
#include "inference/deployment.h"

struct tw_serving_options {
	const char *model; /* NULL: the active deployment */
};

struct tw_inference_env tw_inference_env_of(struct tw_app *app);

/* As tw_deployment_open(), and says on stderr which version answers. */
TW_MUST_USE enum tw_status tw_app_serving(struct tw_serving **out, struct tw_app *app,
					  const char *model, struct tw_err *err);

#endif
