/*
 * inference/lineage.h: what an answer, a document, a dataset or a model version
 * hangs together with, both ways: answer, passage, document, source; model,
 * dataset, views, documents. As JSON, the same for the command line and the API.
 */
#ifndef TW_INFERENCE_LINEAGE_H
#define TW_INFERENCE_LINEAGE_H

#include "base/str.h"
#include "core/feature_store.h"
#include "core/model_registry.h"

struct tw_lineage_env {
	struct tw_feature_store *fs;
	struct tw_model_registry *mr;
};

/* Fills *out with a JSON object. `ref`: id of an answer; id, prefix or key of a document; "v3", "3" or an alias of a
 * model; id or prefix of a dataset, "dataset-3", or "3" where no model has that number. TW_NOT_FOUND. */
TW_MUST_USE enum tw_status tw_lineage(struct tw_str *out, const struct tw_lineage_env *env,
				      const char *ref, struct tw_arena *a, struct tw_err *err);

#endif
