/*
 * core/model_registry.h: runs, model versions, aliases, deployments.
 *
 * The other place where the pipelines meet. Training writes model versions,
 * inference reads the deployed one. Files (adapters) are in the blob store,
 * by digest (core/blob_store.h). Histories are append-only. Every call is one transaction.
 * A handle may be used by several threads. Strings handed out live in the caller's arena.
 * Implemented in store/.
 */
#ifndef TW_CORE_MODEL_REGISTRY_H
#define TW_CORE_MODEL_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

struct tw_model_registry; /* opaque */

TW_MUST_USE enum tw_status tw_mr_open(struct tw_model_registry **out, const char *url,
				      struct tw_err *err);
void tw_mr_close(struct tw_model_registry *mr); /* NULL is fine */

/* --- runs: one execution of one step --- */

struct tw_run {
	int64_t id;
	const char *kind; /* "collect", "features", "dataset", "train", "eval", "promote", … */
	const char *
		key; /* digest of code version, parameters and inputs; equal keys give equal outputs */
	const char *params; /* JSON; likewise below */
	const char *inputs;
	const char *outputs;
	const char *status; /* "running", "done", "failed", "interrupted" */
	const char *error;
	int64_t started_ms, ended_ms;
};
struct tw_runs {
	const struct tw_run *at; /* newest first */
	size_t n;
};
struct tw_metric_point {
	const char *name;
	int64_t step;
	double value;
	int64_t at_ms;
};
struct tw_metrics {
	const struct tw_metric_point *at; /* by name, then step */
	size_t n;
};

/* Runs left "running" by a process that is gone are marked "interrupted" when the registry is opened. */
TW_MUST_USE enum tw_status tw_mr_run_start(int64_t *id, struct tw_model_registry *mr,
					   const char *kind, const char *key, const char *params,
					   const char *inputs, struct tw_err *err);
TW_MUST_USE enum tw_status
tw_mr_run_metric(struct tw_model_registry *mr, int64_t run, const char *name, int64_t step,
		 double value, struct tw_err *err); /* the same name and step again: replaced */
TW_MUST_USE enum tw_status tw_mr_run_end(struct tw_model_registry *mr, int64_t run,
					 const char *status, const char *outputs, const char *error,
					 struct tw_err *err);
TW_MUST_USE enum tw_status tw_mr_run(struct tw_run *out, struct tw_model_registry *mr, int64_t id,
				     struct tw_arena *a, struct tw_err *err);
/* The newest "done" run with this kind and key. TW_NOT_FOUND. */
TW_MUST_USE enum tw_status tw_mr_run_cached(struct tw_run *out, struct tw_model_registry *mr,
					    const char *kind, const char *key, struct tw_arena *a,
					    struct tw_err *err);
TW_MUST_USE enum tw_status tw_mr_runs(struct tw_runs *out, struct tw_model_registry *mr,
				      const char *kind, size_t limit, struct tw_arena *a,
				      struct tw_err *err);
TW_MUST_USE enum tw_status tw_mr_run_metrics(struct tw_metrics *out, struct tw_model_registry *mr,
					     int64_t run, struct tw_arena *a, struct tw_err *err);

/* --- model versions --- */

struct tw_model_version {
	int version;	     /* 1, 2, …: "v3" */
	int64_t run;	     /* that trained it */
	const char *dataset; /* id */
	const char *service; /* digest of the feature service that it is served with */
	const char *base_digest, *base_spec; /* of the LLM under the adapter */
	const char *
		adapter; /* blob digest of a GGUF LoRA adapter, or of a whole model; "": the base as it is */
	const char *
		signature; /* JSON: {"system", "template_digest", "context", "embedder_digest", …}: what serving must match */
	const char *metrics; /* JSON object, filled by evaluation: {"test_loss": …} */
	const char *
		tainted; /* why it should be replaced (a document in it was forgotten), "" when it need not */
	int64_t created_ms;
};
struct tw_model_versions {
	const struct tw_model_version *at; /* newest first */
	size_t n;
};
TW_MUST_USE enum tw_status tw_mr_model_put(struct tw_model_version *v, struct tw_model_registry *mr,
					   struct tw_err *err); /* fills version */
/* `ref`: "v3", "3" or an alias. */
TW_MUST_USE enum tw_status tw_mr_model(struct tw_model_version *out, struct tw_model_registry *mr,
				       const char *ref, struct tw_arena *a, struct tw_err *err);
TW_MUST_USE enum tw_status tw_mr_models(struct tw_model_versions *out, struct tw_model_registry *mr,
					struct tw_arena *a, struct tw_err *err);
TW_MUST_USE enum tw_status tw_mr_model_metrics(struct tw_model_registry *mr, int version,
					       const char *metrics, struct tw_err *err);
/* Marks every version trained on the dataset; *n counts them. Removes what was sampled on the way (core/samples.h). */
TW_MUST_USE enum tw_status tw_mr_taint(struct tw_model_registry *mr, const char *dataset,
				       const char *why, int64_t *n, struct tw_err *err);

/* --- aliases and deployments --- */

struct tw_deployment {
	int64_t revision;     /* 1, 2, … */
	int model;	      /* version */
	const char *service;  /* feature service digest */
	const char *settings; /* JSON: retrieval and prompt settings */
	const char *reason;   /* "promote", "rollback to 3" */
	int64_t created_ms;
};
struct tw_deployments {
	const struct tw_deployment *at; /* newest first: at[0] is active */
	size_t n;
};
struct tw_alias_event {
	const char *alias;
	int model, before; /* versions; before 0: it was new */
	int64_t revision, at_ms;
};
struct tw_alias_events {
	const struct tw_alias_event *at; /* newest first */
	size_t n;
};
/* Appends the revision, moves the alias "champion" and appends to its history, in one transaction. Fills d->revision. */
TW_MUST_USE enum tw_status tw_mr_deploy(struct tw_deployment *d, struct tw_model_registry *mr,
					struct tw_err *err);
/* Revision 0: the active one. TW_NOT_FOUND when nothing was deployed yet. */
TW_MUST_USE enum tw_status tw_mr_deployment(struct tw_deployment *out, struct tw_model_registry *mr,
					    int64_t revision, struct tw_arena *a,
					    struct tw_err *err);
TW_MUST_USE enum tw_status tw_mr_deployments(struct tw_deployments *out,
					     struct tw_model_registry *mr, size_t limit,
					     struct tw_arena *a, struct tw_err *err);
TW_MUST_USE enum tw_status tw_mr_alias_set(struct tw_model_registry *mr, const char *alias,
					   int model,
					   struct tw_err *err); /* any alias but "champion" */
TW_MUST_USE enum tw_status tw_mr_alias_history(struct tw_alias_events *out,
					       struct tw_model_registry *mr, struct tw_arena *a,
					       struct tw_err *err);

#endif
