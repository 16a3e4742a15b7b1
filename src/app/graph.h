/*
 * app/graph.h: the run graph: steps that do nothing when nothing changed.
 *
 * A step either knows by itself what is stale (collect, features), or has a
 * key: the digest of its code version, its parameters and its inputs. When an
 * earlier run with the same key is done and its outputs are still there and
 * intact, the step takes them up and does nothing. Steps meet in struct
 * tw_graph: each fills what later ones need, also when it did nothing.
 * Every run is recorded in the model registry; a step that was killed is run again and goes on.
 *
 * To add a step: app/step_x.c with one const struct, its extern here, its
 * place in the list of graph.c, and a command that runs up to it.
 */
#ifndef TW_APP_GRAPH_H
#define TW_APP_GRAPH_H

#include "app/app.h"
#include "base/hash.h"
#include "base/str.h"
#include "core/dataset.h"

struct tw_graph {
	struct tw_app *app;
	int64_t if_new; /* train only when so many documents are new since the last training; 0: always */
	struct tw_views views;	       /* after features: one of each transform, inputs first */
	struct tw_service service;     /* after features */
	struct tw_dataset dataset;     /* after dataset */
	struct tw_model_version model; /* after train */
	bool trained;		       /* model.version is set */
	const char *tracked;	       /* page of the training elsewhere, "" for none; after it */
	struct tw_err
		partial; /* a part of a step that failed while the rest went on: how the run ends, unless it fails */
	bool forced;  /* the last step runs although it is up to date */
	bool by_hand; /* the last step was asked for by name */
};

/* One execution of a step. */
struct tw_step_run {
	int64_t id;	 /* 0 until tw_step_begin() */
	const char *key; /* "" for steps without */
	const char *kind;
	struct tw_str params, inputs, outputs; /* JSON objects, "" for none */
	struct tw_str summary;		       /* for people: what was done, or why nothing was */
	bool changed;			       /* something was written */
};

struct tw_step {
	const char *name; /* kind of its runs */
	const char *help;
	const char *const *needs; /* names of steps that come before; NULL-terminated */

	/* Optional. Adds everything that the outcome depends on. TW_NOT_FOUND: what comes before is missing. */
	enum tw_status (*key)(struct tw_hasher *h, struct tw_graph *g, struct tw_err *err);
	/* With key: takes up the outputs of a run that is done. TW_NOT_FOUND: they are gone or damaged, run again. */
	enum tw_status (*reuse)(struct tw_graph *g, const struct tw_run *done,
				struct tw_step_run *r, struct tw_err *err);
	/* Does the work. Calls tw_step_begin() once it knows that there is some. */
	enum tw_status (*run)(struct tw_graph *g, struct tw_step_run *r, struct tw_err *err);
};

extern const struct tw_step tw_step_collect, tw_step_features, tw_step_dataset, tw_step_train,
	tw_step_eval, tw_step_promote;

/* Records the run as running. */
TW_MUST_USE enum tw_status tw_step_begin(struct tw_graph *g, struct tw_step_run *r,
					 struct tw_err *err);
/* A metric of the run; a failure to record it is logged with --verbose, never fatal. */
void tw_step_metric(struct tw_graph *g, const struct tw_step_run *r, const char *name, int64_t step,
		    double value);

/* Runs the steps before `last` only as far as needed to know their outputs (`all`: really runs them), then `last`.
 * Prints a line a step on stderr, with --json an object on stdout. `force` runs `last` even when it is up to date. */
TW_MUST_USE enum tw_status tw_graph_run(struct tw_graph *g, const struct tw_step *last, bool all,
					bool force, struct tw_err *err);

/* A step without running it: takes up what an earlier run left. TW_NOT_FOUND says which command to run. */
TW_MUST_USE enum tw_status tw_step_look_up(const struct tw_step *s, struct tw_graph *g,
					   struct tw_err *err);

/* What serving must match, as JSON: system prompt, chat template, context, embedder. After features. */
TW_MUST_USE enum tw_status tw_model_signature(const char **out, struct tw_graph *g,
					      struct tw_err *err);

extern const struct tw_step *const tw_steps[]; /* in the order of the journey, NULL-terminated */

#endif
