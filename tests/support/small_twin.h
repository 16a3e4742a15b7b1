/*
 * support/small_twin.h: a whole twin of a few lines of text: documents, chunks,
 * embeddings, a model version and a deployment, in real stores, with the models
 * of support/echo_models.h. For tests of what serves.
 *
 * A document's body is cut at empty lines: each piece is a chunk.
 */
#ifndef TEST_SUPPORT_SMALL_TWIN_H
#define TEST_SUPPORT_SMALL_TWIN_H

#include "test.h"

#include "inference/deployment.h"
#include "support/echo_models.h"

struct small_doc {
	const char *key, *title, *body;
	const char *url; /* may be NULL */
};

struct small_twin {
	struct tw_config *conf;
	struct tw_feature_store *fs;
	struct tw_model_registry *mr;
	struct tw_blob_store *blobs;
	struct tw_inference_env env;
	struct tw_arena a;
	struct tw_err err;
	char dir[512];
};

/* Views and service of one version of the features. */
struct small_features {
	const char *chunks, *embeddings, *service; /* digests */
};

/* `llm` is a mode of echo_llm; `more` is appended to twin.yaml (NULL: nothing). Nothing is collected yet. */
void small_twin_open(struct small_twin *t, const char *llm, const char *more);
/* One that is there already, as another process would open it. */
void small_twin_open_at(struct small_twin *t, const char *dir);
void small_twin_close(struct small_twin *t);

/* A pass that sees exactly these documents. */
void small_twin_collect(struct small_twin *t, const struct small_doc *docs, size_t n);

/* Declares chunks and embeddings whose parameters hold `version`, and a service of both. Computes nothing. */
struct small_features small_twin_declare(struct small_twin *t, const char *version);
/* Brings both up to date with the documents. */
void small_twin_compute(struct small_twin *t, const struct small_features *f);

/* Registers a model version with this service and the LLM of the configuration; returns its number. */
int small_twin_register(struct small_twin *t, const struct small_features *f);
/* Deploys it with the settings of the configuration; returns the revision. */
int64_t small_twin_deploy(struct small_twin *t, int model, const struct small_features *f);

/* All of the above, for the three documents of Mara that most tests ask about. */
void small_twin_mara(struct small_twin *t, const char *llm, const char *more);
extern const struct small_doc small_mara[]; /* wheel, bread, tea */
#define SMALL_MARA_N 3

#endif
