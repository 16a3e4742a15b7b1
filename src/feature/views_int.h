/*
 * feature/views_int.h: the models that a view is computed with.
 */
#ifndef TW_FEATURE_VIEWS_INT_H
#define TW_FEATURE_VIEWS_INT_H

#include "feature/materialize.h"

/* Borrowed from the models; "" where there is none. */
struct tw_transform_models {
	struct tw_transform_env env;
	const char *model, *tokenizer, *spec; /* digests, and what opens the model */
};

/* Opens what the type asks for; spec NULL: what is configured. */
TW_MUST_USE enum tw_status tw_transform_models(struct tw_transform_models *out,
					       const struct tw_transform_type *t,
					       const struct tw_feature_env *env, const char *spec,
					       struct tw_err *err);

#endif
