/*
 * feature/materialize.h: brings feature views up to date.
 *
 * Owns which views there are under a configuration, which documents are
 * computed, in what batches, on how many threads. What is stale, and all rows,
 * belong to the feature store; how a row is computed is the transform's.
 * A run that was killed has committed whole batches; the next one goes on.
 * A call belongs to one thread; it starts threads of its own.
 */
#ifndef TW_FEATURE_MATERIALIZE_H
#define TW_FEATURE_MATERIALIZE_H

#include "core/config.h"
#include "core/embedder.h"
#include "core/feature_store.h"
#include "core/llm.h"
#include "core/transform.h"

struct tw_feature_env {
	struct tw_feature_store *fs;
	const struct tw_transform_type *const *types; /* NULL-terminated, in any order */
	const struct tw_config *conf;		      /* its `features:` section; NULL: defaults */
	/* Open (and cache) models by spec; handles are borrowed. spec NULL: the configured one. */
	enum tw_status (*llm)(void *ctx, const char *spec, struct tw_llm **out, struct tw_err *err);
	enum tw_status (*embedder)(void *ctx, const char *spec, struct tw_embedder **out,
				   struct tw_err *err);
	void *models; /* ctx of the two */
	int threads;  /* 0: all cores */
};

/* Declares the view of every type under the current configuration and returns them in dependency order, inputs first.
 * TW_BAD_USE for unknown views and options; TW_UNSUPPORTED names a cycle or an input that no type makes. */
TW_MUST_USE enum tw_status tw_features_declare(struct tw_views *out,
					       const struct tw_feature_env *env, struct tw_arena *a,
					       struct tw_err *err);

/* The same without writing anything: a view that the store does not have yet has version 0 and watermark -1. */
TW_MUST_USE enum tw_status tw_features_find(struct tw_views *out, const struct tw_feature_env *env,
					    struct tw_arena *a, struct tw_err *err);

struct tw_materialize_stats {
	int64_t computed;  /* documents whose rows were made anew */
	int64_t removed;   /* documents that left the inputs */
	int64_t unchanged; /* documents that were up to date */
	int64_t bad; /* of the computed: could not be read, stored without rows, reported as warnings */
	double seconds;
};

/* Brings one view up to date; its inputs must be. Works for any view of the store: parameters, inputs and model specs
 * are the view's own. TW_UNSUPPORTED says which backfill this binary cannot do: its code version or the model differs,
 * or the transform is gone. TW_CANCELLED after a polite stop, with all finished batches kept. */
TW_MUST_USE enum tw_status tw_materialize(struct tw_materialize_stats *out,
					  const struct tw_feature_env *env, const char *view_digest,
					  struct tw_err *err);

/* The view and all views that it is computed from, inputs first. */
TW_MUST_USE enum tw_status tw_view_closure(struct tw_views *out, struct tw_feature_store *fs,
					   const char *view_digest, struct tw_arena *a,
					   struct tw_err *err);

/* TW_BLOCKED when a row of this view of checks is past its threshold: says which, why, for which documents, and how to set it. */
TW_MUST_USE enum tw_status tw_checks_passed(struct tw_feature_store *fs, const char *view_digest,
					    struct tw_err *err);

#endif
